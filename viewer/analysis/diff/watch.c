#include "watch.h"

#include <stdlib.h>
#include <string.h>

#include "../../../schema/fingerprint.h"
#include "diff_parts.h"
#include "process_groups.h"
#include "../where.h"

#define WORLD_MOST 65536

static double
for_seconds(const struct live_process *process, int64_t now_ns)
{
	return process->any && now_ns > process->since_ns ? (double)(now_ns - process->since_ns) / 1e9 : 0;
}

static json_t *
where_of(const struct live_process *process)
{
	json_t *frames = json_array(), *where = json_null();
	int chosen;

	for (int i = 0; i < process->frame_count; i++) {
		json_t *frame = json_object();

		text_set(frame, "file", process->frames[i].file);
		json_object_set_new(frame, "line", json_integer(process->frames[i].line));
		text_set(frame, "function", process->frames[i].function);
		json_array_append_new(frames, frame);
	}
	chosen = where_choose(frames);
	if (chosen >= 0)
		where = json_incref(json_array_get(frames, (size_t)chosen));
	json_decref(frames);
	return where;
}

static json_t *
process_json(const struct live_process *process, int64_t now_ns)
{
	json_t *json = json_object();

	text_set_integer(json, "rank", process->rank, -1);
	text_set_integer(json, "pid", process->pid, -1);
	text_set(json, "host", process->host);
	text_set(json, "role", process->worker ? "worker" : "rank");
	json_object_set_new(json, "running", process->away ? json_null() : json_boolean(process->running));
	text_set_integer(json, "step", process->step, -1);
	text_set(json, "operation", process->any && process->operation[0] ? process->operation : NULL);
	json_object_set_new(json, "open", json_boolean(process->open));
	json_object_set_new(json, "for_s", process->any ? json_real(for_seconds(process, now_ns)) : json_null());
	json_object_set_new(json, "where", where_of(process));
	return json;
}

/* A collective returns before its work is done, where it is waited for in Python: it counts while nothing follows. */
static bool
is_waiting(const struct live_process *process, int64_t now_ns, double after_s)
{
	return process->any && fingerprint_waits(process->operation) && for_seconds(process, now_ns) >= after_s;
}

static void
waited_for(const struct live_process *process, int64_t now_ns, struct text *text)
{
	double seconds = for_seconds(process, now_ns);

	if (!process->running)
		text_add(text, "rank %d has ended at step %lld", process->rank, (long long)process->step);
	else if (!process->any)
		text_add(text, "rank %d has run no operation yet", process->rank);
	else if (process->open)
		text_add(text, "rank %d has been in %s for %.0f s", process->rank, process->operation, seconds);
	else
		text_add(text, "rank %d has run nothing for %.0f s after %s", process->rank, seconds, process->operation);
	if (process->running && process->any) {
		json_t *where = where_of(process);

		if (json_is_object(where))
			text_add(text, " at %s:%d", text_basename(text_get(where, "file")), (int)json_integer_value(json_object_get(where, "line")));
		json_decref(where);
	}
}

/* How many processes are on each other host. */
static json_t *
elsewhere_json(const struct live_process *processes, int count)
{
	json_t *list = json_array(), *host = NULL;
	size_t at;

	for (int i = 0; i < count; i++) {
		if (!processes[i].away)
			continue;
		json_array_foreach(list, at, host)
			if (strcmp(text_get(host, "host"), processes[i].host) == 0)
				break;
		if (at == json_array_size(list)) {
			host = json_object();
			text_set(host, "host", processes[i].host);
			json_array_append_new(list, host);
		}
		json_object_set_new(host, "processes", json_integer(json_integer_value(json_object_get(host, "processes")) + 1));
	}
	return list;
}

/* --- who waits for whom ---------------------------------------------------------------------- */

/* A rank that waits, and the ranks of the group that it waits in. */
struct waiter { const struct live_process *process; int *ranks, rank_count /* 0: not known */; };

static void
waiter_fill(struct waiter *waiter, const struct live_process *process)
{
	json_t *groups = process->groups ? json_loads(process->groups, 0, NULL) : NULL;

	*waiter = (struct waiter){ .process = process };
	waiter->rank_count = process->group ? process_groups_ranks(groups, process->group, &waiter->ranks) : 0;
	json_decref(groups);
}

static bool
waits_for(const struct waiter *waiter, int rank)
{
	bool found = waiter->rank_count == 0;

	for (int i = 0; i < waiter->rank_count && !found; i++)
		found = waiter->ranks[i] == rank;
	return found;
}

static bool
anybody_waits_for(const struct waiter *waiters, int count, int rank)
{
	for (int i = 0; i < count; i++)
		if (waits_for(&waiters[i], rank))
			return true;
	return false;
}

/* Do both wait in the same call of the same step? */
static bool
waits_alike(const struct waiter *one, const struct waiter *other)
{
	const struct live_process *a = one->process, *b = other->process;

	return strcmp(a->operation, b->operation) == 0 && a->step == b->step && a->group_size == b->group_size &&
	       one->rank_count == other->rank_count &&
	       (!one->rank_count || memcmp(one->ranks, other->ranks, (size_t)one->rank_count * sizeof *one->ranks) == 0) &&
	       a->frame_count == b->frame_count && (!a->frame_count || a->frames[0].line == b->frames[0].line);
}

/* "ranks 0, 2 wait in c10d::allreduce_ at train.py:12 (the group is ranks 0, 2)": those of MEMBERS that wait as the first does. */
static void
alike_add(struct text *text, const struct waiter *waiters, const int *members, int count, bool place)
{
	const struct waiter *first = &waiters[members[0]];
	int *ranks = calloc((size_t)count, sizeof *ranks);

	for (int i = 0; ranks && i < count; i++)
		ranks[i] = waiters[members[i]].process->rank;
	if (ranks)
		ranks_text(text, ranks, count);
	free(ranks);
	text_add(text, " %s in %s", count == 1 ? SAY("waits") : SAY("wait"), first->process->operation);
	if (place) {
		json_t *where = where_of(first->process);

		if (json_is_object(where))
			text_add(text, " at %s:%d", text_basename(text_get(where, "file")), (int)json_integer_value(json_object_get(where, "line")));
		json_decref(where);
	}
	if (first->rank_count && first->rank_count < first->process->world_size) {
		text_add(text, " (the group is ");
		ranks_text(text, first->ranks, first->rank_count);
		text_add(text, ")");
	}
}

/* The waiters, those together that wait alike; only those who wait for one of FOR (NULL: all). How many such sets there are. */
static int
waits_add(struct text *text, const struct waiter *waiters, int count, const json_t *for_ranks)
{
	bool *told = calloc((size_t)count + 1, sizeof *told);
	int *alike = calloc((size_t)count + 1, sizeof *alike), sets = 0;

	for (int i = 0; told && alike && i < count; i++) {
		bool asked = !for_ranks;
		const json_t *one;
		size_t at;
		int found = 0;

		json_array_foreach(for_ranks, at, one)
			asked = asked || waits_for(&waiters[i], (int)json_integer_value(json_object_get(one, "rank")));
		if (told[i] || !asked)
			continue;
		for (int n = i; n < count; n++)
			if (!told[n] && (n == i || waits_alike(&waiters[i], &waiters[n]) || (for_ranks && !waiters[i].rank_count && !waiters[n].rank_count))) {
				told[n] = true;
				alike[found++] = n;
			}
		if (text->used < 300) {
			text_add(text, "%s", sets ? SAY(", ") : "");
			alike_add(text, waiters, alike, found, !for_ranks);
		}
		sets++;
	}
	free(told);
	free(alike);
	return sets;
}

/* Ranks of the world that waiters wait for and that have no box at all. */
static bool
unseen_add(struct text *text, const struct live_process *processes, int count, const struct waiter *waiters, int waits)
{
	int world = waiters[0].process->world_size, missing = 0;
	int *ranks = world > 1 && world <= WORLD_MOST ? calloc((size_t)world, sizeof *ranks) : NULL;

	for (int i = 0; ranks && i < count; i++)
		if (processes[i].rank >= 0 && processes[i].rank < world)
			ranks[processes[i].rank] = 1;
	for (int rank = 0; ranks && rank < world; rank++)
		if (!ranks[rank] && anybody_waits_for(waiters, waits, rank))
			ranks[missing++] = rank;
	if (missing) {
		text_add(text, "no box of ");
		ranks_text(text, ranks, missing);
		text_add(text, ": no operation run yet, or on another host");
	}
	free(ranks);
	return missing > 0;
}

json_t *
watch_build(const struct live_process *processes, int count, int ended, int64_t now_ns, double after_s)
{
	json_t *json = json_object(), *list = json_array(), *waiting = json_array(), *others = json_array();
	struct waiter *waiters = calloc((size_t)count + 1, sizeof *waiters);
	struct text all = { { 0 }, 0 };
	int waits = 0;

	for (int i = 0; waiters && i < count; i++)
		if (!processes[i].worker && is_waiting(&processes[i], now_ns, after_s)) {
			waiter_fill(&waiters[waits++], &processes[i]);
			json_array_append_new(waiting, json_integer(processes[i].rank));
		}
	for (int i = 0; i < count; i++) {
		struct text text = { { 0 }, 0 };
		json_t *one;

		json_array_append_new(list, process_json(&processes[i], now_ns));
		if (processes[i].worker || processes[i].away || waits == 0 || is_waiting(&processes[i], now_ns, after_s) ||
		    (processes[i].any && for_seconds(&processes[i], now_ns) < after_s && processes[i].running) ||
		    !anybody_waits_for(waiters, waits, processes[i].rank))
			continue;
		waited_for(&processes[i], now_ns, &text);
		one = json_object();
		json_object_set_new(one, "rank", json_integer(processes[i].rank));
		text_set(one, "text", text.data);
		json_array_append_new(others, one);
		if (all.used < 300)
			text_add(&all, "%s%s", all.used ? ", " : "", text.data);
	}
	if (all.used || (waits && ended == 0 && unseen_add(&all, processes, count, waiters, waits))) {
		text_add(&all, " while ");
		waits_add(&all, waiters, waits, json_array_size(others) ? others : NULL);
	} else if (waits > 1) {
		/* All wait, and not in the same call: they wait for each other. */
		struct text text = { { 0 }, 0 };

		if (waits_add(&text, waiters, waits, NULL) > 1)
			text_add(&all, "%s: none of these calls can end", text.data);
	}
	for (int i = 0; i < waits; i++)
		free(waiters[i].ranks);
	free(waiters);
	json_object_set_new(json, "time_ns", json_integer(now_ns));
	json_object_set_new(json, "processes", list);
	json_object_set_new(json, "ended", json_integer(ended));
	json_object_set_new(json, "waiting", waiting);
	json_object_set_new(json, "waited_for", others);
	text_set(json, "text", all.used ? all.data : NULL);
	json_object_set_new(json, "elsewhere", elsewhere_json(processes, count));
	return json;
}
