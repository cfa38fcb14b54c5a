/*
 * Collectives whose sizes differ between ranks by design: a gather into tensors of as many sizes as there are ranks; an exchange, in
 * which each must give what the other takes.
 */
#include "diff_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../mismatch/mismatch_rule.h"
#include "process_groups.h"

static bool
sizes_equal(const struct operand *one, const struct operand *other)
{
	return one->ndim == other->ndim && one->ndim >= 0 &&
	       memcmp(one->sizes, other->sizes, (size_t)one->ndim * sizeof *one->sizes) == 0;
}

/* What EVENT gives, and the tensors that it gathers into. */
struct gather { const struct operand *input, *outputs; int output_count; };

static bool
gather_of(const struct event *event, struct gather *out)
{
	*out = (struct gather){ 0 };
	if (strcmp(event->operation, "c10d::allgather_") != 0)
		return false;
	for (int i = 0; i < event->operand_count; i++) {
		const struct operand *operand = &event->operands[i];

		if (strcmp(operand->kind, "tensor") != 0)
			continue;
		if (strncmp(operand->name, "output_tensors[", 15) == 0) {
			out->outputs = out->outputs ? out->outputs : operand;
			out->output_count++;
		} else if (strncmp(operand->name, "input_tensors[", 14) == 0 && !out->input)
			out->input = operand;
	}
	return out->input && out->output_count > 1;
}

/* Is there room for GIVEN among the gathered? A group of all ranks has it at the rank's own place. */
static bool
has_room(const struct gather *gather, const struct operand *given, const struct member *member)
{
	if (gather->output_count == member->info->world_size)
		return member->rank < gather->output_count && sizes_equal(&gather->outputs[member->rank], given);
	for (int i = 0; i < gather->output_count; i++)
		if (sizes_equal(&gather->outputs[i], given))
			return true;
	return false;
}

bool
collective_is_uneven(const struct member *left, int64_t left_event, const struct member *right, int64_t right_event)
{
	struct event a, b;
	struct gather x, y;

	return trace_event(left->trace, left->process, left_event, &a) && gather_of(&a, &x) &&
	       trace_event(right->trace, right->process, right_event, &b) && gather_of(&b, &y) && x.output_count == y.output_count &&
	       has_room(&x, x.input, left) && has_room(&x, y.input, right) && has_room(&y, x.input, left) && has_room(&y, y.input, right);
}

static int64_t
elements(const struct operand *tensor, int from)
{
	int64_t count = 1;

	if (!tensor || tensor->ndim < from)
		return -1;
	for (int i = from; i < tensor->ndim; i++)
		count *= tensor->sizes[i];
	return count;
}

/* The PEER-th number of the JSON list TEXT; -1: it has none. */
static int64_t
number_at(const char *text, int peer)
{
	text += *text == '[';
	for (; peer > 0 && *text; peer--)
		text += strcspn(text, ",") + (text[strcspn(text, ",")] == ',');
	return *text >= '0' && *text <= '9' ? strtoll(text, NULL, 10) : -1;
}

/* How many elements EVENT's SIDE ("input", "output") has for the one at place PEER of SIZE; -1: not known. */
static int64_t
exchange_part(const struct event *event, const char *side, int peer, int size)
{
	const struct operand *tensor, *splits;
	char name[64];

	if (strcmp(event->operation, "c10d::alltoall_") == 0) {
		snprintf(name, sizeof name, "%s_tensors[%d]", side, peer);
		return elements(rule_operand(event, name), 0);
	}
	if (strcmp(event->operation, "c10d::alltoall_base_") != 0)
		return -1;
	tensor = rule_operand(event, side);
	snprintf(name, sizeof name, "%s_split_sizes", side);
	splits = rule_operand(event, name);
	if (!tensor || tensor->ndim < 1 || !splits || !splits->value)
		return -1;
	if (strcmp(splits->value, "[]") == 0)
		return elements(tensor, 0) % size ? -1 : elements(tensor, 0) / size;
	return number_at(splits->value, peer) < 0 ? -1 : number_at(splits->value, peer) * elements(tensor, 1);
}

bool
collective_exchange_differs(const struct member *giver, int64_t giver_event, const struct member *taker, int64_t taker_event,
			    int64_t *given, int64_t *expected)
{
	struct process_groups groups, taker_groups;
	const struct process_group *group, *same;
	struct event a, b;
	int from, to;

	if (!trace_event(giver->trace, giver->process, giver_event, &a) || !trace_event(taker->trace, taker->process, taker_event, &b) ||
	    strcmp(a.operation, b.operation) != 0)
		return false;
	process_groups_load(&groups, giver->trace, giver->process);
	process_groups_load(&taker_groups, taker->trace, taker->process);
	group = process_groups_of(&groups, &a);
	same = process_groups_of(&taker_groups, &b);
	*given = *expected = -1;
	/* Only where the group's ranks are known it is known which part is whose. */
	if (group && same && group->print == same->print && (from = process_group_place(group, giver->rank)) >= 0 &&
	    (to = process_group_place(group, taker->rank)) >= 0) {
		*given = exchange_part(&a, "input", to, group->count);
		*expected = exchange_part(&b, "output", from, group->count);
	}
	process_groups_free(&groups);
	process_groups_free(&taker_groups);
	return *given >= 0 && *expected >= 0 && *given != *expected;
}
