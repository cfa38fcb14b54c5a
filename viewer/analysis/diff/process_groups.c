#include "process_groups.h"

#include <stdlib.h>
#include <string.h>

#include "../../../schema/fingerprint.h"
#include "../text.h"

#define RANKS_MOST (1 << 20) /* of one group */
#define GROUPS_MOST 256      /* of one process */
#define ALL_MOST (1 << 23)   /* ranks of all of them */

/* The ranks that the note's list of runs [first, last, step] stands for; false: it is none. */
static bool
runs_read(struct process_group *group, const json_t *runs)
{
	const json_t *run;
	size_t at;

	*group = (struct process_group){ .name = "" };
	json_array_foreach(runs, at, run) {
		int64_t first = json_integer_value(json_array_get(run, 0)), last = json_integer_value(json_array_get(run, 1));
		int64_t step = json_integer_value(json_array_get(run, 2)), count;
		int *grown;

		if (first < 0 || last < first || last > INT32_MAX || step < 1 || (count = (last - first) / step + 1) > RANKS_MOST - group->count ||
		    !(grown = realloc(group->ranks, (size_t)(group->count + count) * sizeof *grown))) {
			free(group->ranks);
			return false;
		}
		group->ranks = grown;
		for (int64_t i = 0; i < count; i++)
			group->ranks[group->count++] = (int)(first + i * step);
	}
	group->print = fingerprint_bytes(5, group->ranks, (size_t)group->count * sizeof *group->ranks);
	return group->count > 0;
}

void
process_groups_load(struct process_groups *groups, struct trace *trace, int process)
{
	const struct note *notes;
	int count = trace_notes(trace, process, "groups", &notes), world = trace_process(trace, process)->world_size;
	const json_t *list = count > 0 ? json_object_get(notes[count - 1].json, "groups") : NULL, *one;
	json_t *all = json_pack("[[i, i, i]]", 0, world - 1, 1);
	int64_t total = 0;
	size_t at;

	*groups = (struct process_groups){ .list = calloc(GROUPS_MOST, sizeof *groups->list) };
	if (groups->list && world > 0 && runs_read(&groups->list[0], all))
		groups->count = 1;
	json_decref(all);
	json_array_foreach(list, at, one) {
		struct process_group *group = groups->list && groups->count < GROUPS_MOST ? &groups->list[groups->count] : NULL;

		if (!group || total > ALL_MOST || !runs_read(group, json_object_get(one, "ranks")))
			continue;
		group->number = json_integer_value(json_object_get(one, "group"));
		group->name = text_get(one, "name");
		total += group->count;
		groups->count++;
	}
}

void
process_groups_free(struct process_groups *groups)
{
	for (int i = 0; i < groups->count; i++)
		free(groups->list[i].ranks);
	free(groups->list);
	*groups = (struct process_groups){ 0 };
}

/* NAME as a value is told: in quotes. */
static const struct process_group *
by_name(const struct process_groups *groups, const char *name)
{
	for (int i = 0; i < groups->count; i++) {
		size_t size = strlen(groups->list[i].name);

		if (size && name[0] == '"' && strncmp(name + 1, groups->list[i].name, size) == 0 && strcmp(name + 1 + size, "\"") == 0)
			return &groups->list[i];
	}
	return NULL;
}

const struct process_group *
process_groups_of(const struct process_groups *groups, const struct event *event)
{
	const char *value = NULL, *name = NULL, *sign;
	long size, number;

	for (int i = 0; i < event->operand_count && !value; i++)
		if (strcmp(event->operands[i].name, "process_group") == 0)
			value = event->operands[i].value;
		else if (strcmp(event->operands[i].name, "group_name") == 0)
			name = event->operands[i].value;
	if (!value)
		return name ? by_name(groups, name) : NULL;
	size = strtol(value + (value[0] == '"'), NULL, 10);
	sign = strchr(value, '#');
	number = sign ? strtol(sign + 1, NULL, 10) : 0;
	for (int i = 0; i < groups->count; i++)
		if (groups->list[i].count == size && (number ? groups->list[i].number == number : groups->list[i].number == 0))
			return &groups->list[i];
	return groups->count && groups->list[0].number == 0 && groups->list[0].count == size ? &groups->list[0] : NULL;
}

int
process_group_place(const struct process_group *group, int rank)
{
	for (int i = 0; i < group->count; i++)
		if (group->ranks[i] == rank)
			return i;
	return -1;
}

static int
rank_order(const void *left, const void *right)
{
	int a = *(const int *)left, b = *(const int *)right;

	return (a > b) - (a < b);
}

int
process_groups_ranks(const json_t *json, int64_t number, int **out)
{
	struct process_group group;
	const json_t *one;
	size_t at;

	*out = NULL;
	json_array_foreach(json_object_get(json, "groups"), at, one) {
		if (json_integer_value(json_object_get(one, "group")) != number || !runs_read(&group, json_object_get(one, "ranks")))
			continue;
		qsort(group.ranks, (size_t)group.count, sizeof *group.ranks, rank_order);
		*out = group.ranks;
		return group.count;
	}
	return 0;
}
