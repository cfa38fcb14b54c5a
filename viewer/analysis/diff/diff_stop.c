/*
 * One rank stopped, and others wait for it in a collective: which, by the groups that the ranks have told of.
 */
#include "diff_divergence.h"

#include <stdlib.h>
#include <string.h>

#include "../../../schema/fingerprint.h"
#include "process_groups.h"

static bool
keep_collective(const struct brief *brief, void *context)
{
	struct brief *last = context;

	if (brief->collective)
		*last = *brief;
	return true;
}

bool
member_last_collective(const struct member *member, struct brief *last)
{
	last->id = -1;
	for (int64_t i = member->block_count - 1; i >= 0 && last->id < 0; i--)
		if (member->blocks[i].stream == 0 && member->blocks[i].collectives > 0)
			trace_each_brief(member->trace, member->process, member->blocks[i].thread, member->blocks[i].first,
					 member->blocks[i].last, keep_collective, last);
	return last->id >= 0;
}

/* The ranks of the group that COLLECTIVE of MEMBER names, in RANKS, which is the caller's to free; how many, 0 if they are not known. */
static int
group_ranks(const struct member *member, const struct brief *collective, int **ranks)
{
	const struct process_group *group = NULL;
	struct process_groups groups;
	struct event event;
	int count = 0;

	process_groups_load(&groups, member->trace, member->process);
	if (trace_event(member->trace, member->process, collective->id, &event))
		group = process_groups_of(&groups, &event);
	*ranks = group ? malloc((size_t)group->count * sizeof **ranks) : NULL;
	if (*ranks) {
		count = group->count;
		memcpy(*ranks, group->ranks, (size_t)count * sizeof **ranks);
	}
	process_groups_free(&groups);
	return count;
}

static bool
has_rank(const int *ranks, int count, int rank)
{
	for (int i = 0; i < count; i++)
		if (ranks[i] == rank)
			return true;
	return false;
}

bool
member_takes_part(const struct member *member, const struct member *owner, const struct brief *collective)
{
	int *ranks, count = group_ranks(owner, collective, &ranks);
	bool takes_part = !count || has_rank(ranks, count, member->rank);

	free(ranks);
	return takes_part;
}

/* MEMBER waits at AT, in a group of RANKS (RANK_COUNT 0: not known). */
struct wait { int member; struct brief at; int *ranks, rank_count; };

static void
wait_fill(struct wait *wait, const struct members *members, int member, const struct brief *at)
{
	*wait = (struct wait){ .member = member, .at = *at };
	wait->rank_count = group_ranks(&members->list[member], at, &wait->ranks);
}

static bool
wait_has(const struct wait *wait, int rank)
{
	return has_rank(wait->ranks, wait->rank_count, rank);
}

/* The last collective of each member; id -1: it has none, or ended well. */
static struct brief *
lasts_read(const struct members *members)
{
	struct brief *lasts = calloc((size_t)members->count + 1, sizeof *lasts);

	for (int i = 0; lasts && i < members->count; i++) {
		const struct member *member = &members->list[i];

		if (strcmp(member->info->status, "ok") == 0 || !member_last_collective(member, &lasts[i]))
			lasts[i].id = -1;
		trace_rest(member->trace, member->process);
	}
	return lasts;
}

/* Is member I in the collective that WAIT's is in? Same operation and line, in the same step. */
static bool
waits_too(const struct wait *wait, const struct members *members, const struct brief *lasts, int i)
{
	return lasts[i].id >= 0 && lasts[i].control == wait->at.control && lasts[i].step == wait->at.step &&
	       (!wait->rank_count || wait_has(wait, members->list[i].rank));
}

/* Among those whose last collective waits for STOPPED the one in which all others of its group wait; of several that of the smallest group. */
static bool
wait_by_groups(struct wait *found, const struct members *members, int stopped, const struct brief *lasts)
{
	const struct member *member = &members->list[stopped];

	*found = (struct wait){ .member = -1 };
	for (int i = 0; i < members->count; i++) {
		struct wait wait;
		int count = 0;

		if (i == stopped || lasts[i].id < 0)
			continue;
		wait_fill(&wait, members, i, &lasts[i]);
		for (int n = 0; wait_has(&wait, member->rank) && n < members->count; n++)
			count += n != stopped && waits_too(&wait, members, lasts, n);
		if (count && count == wait.rank_count - 1 && (found->member < 0 || wait.rank_count < found->rank_count)) {
			free(found->ranks);
			*found = wait;
		} else {
			free(wait.ranks);
		}
		trace_rest(members->list[i].trace, members->list[i].process);
	}
	return found->member >= 0;
}

int64_t
member_waits_inside(const struct member *member)
{
	const struct failure *failure = &member->failure;
	struct brief last;

	if (!member->failed || !failure->has_event || !failure->operation_name || !fingerprint_waits(failure->operation_name) ||
	    !member_last(member, &last) || failure->event.id <= last.id)
		return -1;
	return failure->event.id;
}

json_t *
divergence_of_stop(struct members *members, const struct parting *stopped)
{
	const struct member *member = &members->list[stopped->left], *other;
	struct brief last, next, *lasts;
	struct text text = { { 0 }, 0 };
	struct wait wait;
	int *against, count = 0;
	int64_t own = member_waits_inside(member), at = own;
	bool has_last, by_groups;
	json_t *json;

	if (!stopped->meeting.has_right || !member_next_collective(&members->list[stopped->right], stopped->meeting.right.id, &next))
		return NULL;
	lasts = lasts_read(members);
	against = calloc((size_t)members->count + 1, sizeof *against);
	if (!lasts || !against) {
		free(lasts);
		free(against);
		return NULL;
	}
	by_groups = wait_by_groups(&wait, members, stopped->left, lasts);
	if (!by_groups)
		wait_fill(&wait, members, stopped->right, &next);
	other = &members->list[wait.member];
	for (int i = 0; i < members->count; i++)
		if (i != stopped->left && (by_groups ? waits_too(&wait, members, lasts, i) : members->list[i].group == member->group))
			against[count++] = members->list[i].rank;
	has_last = member_last(member, &last);
	text_add(&text, "rank %d never arrived at ", member->rank);
	side_text(other, wait.at.id, &text);
	text_add(&text, " (collective %lld of step %lld), where ", (long long)member_collectives_before(other, wait.at.id) + 1,
		 (long long)wait.at.step);
	ranks_text(&text, against, count);
	text_add(&text, "%s", count == 1 ? SAY(" waits") : SAY(" wait"));
	if (by_groups && wait.rank_count < members->world_size) {
		text_add(&text, " (the group is ");
		ranks_text(&text, wait.ranks, wait.rank_count);
		text_add(&text, ")");
	}
	if (own >= 0 || has_last) {
		at = own >= 0 ? own : last.id;
		text_add(&text, "%s", own >= 0 ? SAY(": it waits itself in ") : last.open ? SAY(": it is inside ") : SAY(": its last operation is "));
		side_text(member, at, &text);
	}
	divergence_add_lost(members, stopped->left, wait.member, &text);
	json = side_divergence("missing", wait.at.step, &member->rank, 1, against, count,
			       at >= 0 ? side_json(member, at) : json_null(), side_json(other, wait.at.id), text.data);
	json_object_set_new(json, "collective", json_integer(member_collectives_before(other, wait.at.id)));
	json_object_set_new(json, "group", by_groups ? ranks_json(wait.ranks, wait.rank_count) : json_null());
	free(wait.ranks);
	free(against);
	free(lasts);
	return json;
}

/* The ranks of WAIT's group of which there is no trace, into OUT; how many. */
static int
absent_ranks(const struct members *members, const struct wait *wait, int *out)
{
	int count = 0;

	for (int i = 0; i < members->missing_count; i++)
		if (wait_has(wait, members->missing[i]))
			out[count++] = members->missing[i];
	return count;
}

json_t *
divergence_of_absent(struct members *members)
{
	int *absent = calloc((size_t)members->missing_count + 1, sizeof *absent), *against = calloc((size_t)members->count + 1, sizeof *against);
	struct brief *lasts = members->missing_count ? lasts_read(members) : NULL, last;
	struct wait wait = { 0 };
	struct text text = { { 0 }, 0 };
	int absences = 0, count = 0;
	json_t *json = NULL;

	for (int i = 0; lasts && absent && against && i < members->count && !absences; i++) {
		const struct member *member = &members->list[i];

		if (lasts[i].id < 0 || !member_last(member, &last) || last.id != lasts[i].id)
			continue;
		wait_fill(&wait, members, i, &lasts[i]);
		absences = absent_ranks(members, &wait, absent);
		if (!absences)
			free(wait.ranks);
	}
	for (int i = 0; absences && i < members->count; i++)
		if (waits_too(&wait, members, lasts, i))
			against[count++] = members->list[i].rank;
	if (absences) {
		ranks_text(&text, against, count);
		text_add(&text, "%s", count == 1 ? SAY(" waits") : SAY(" wait"));
		text_add(&text, " in ");
		side_text(&members->list[wait.member], wait.at.id, &text);
		text_add(&text, " for ");
		ranks_text(&text, absent, absences);
		text_add(&text, ", of which there is no trace: no operation run yet, or on another host");
		json = side_divergence("missing", wait.at.step, absent, absences, against, count, json_null(),
				       side_json(&members->list[wait.member], wait.at.id), text.data);
		json_object_set_new(json, "group", ranks_json(wait.ranks, wait.rank_count));
		free(wait.ranks);
	}
	free(absent);
	free(against);
	free(lasts);
	return json;
}
