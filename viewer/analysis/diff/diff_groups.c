#include "diff_groups.h"

#include <stdlib.h>
#include <string.h>

#include "diff_divergence.h"

int64_t
parting_step(const struct parting *parting)
{
	return parting->past.found ? parting->past.step : parting->meeting.step;
}

static int64_t
parting_event(const struct parting *parting)
{
	return parting->past.found ? 0 : parting->meeting.has_left ? parting->meeting.left.id : parting->meeting.right.id;
}

static bool
parting_is_before(const struct parting *one, const struct parting *other)
{
	int64_t a = parting_step(one), b = parting_step(other);

	return a != b ? a < b : parting_event(one) < parting_event(other);
}

static void
parting_keep(struct parting *kept, const struct parting *parting)
{
	if (!kept->found || (parting->waits != kept->waits ? kept->waits : parting_is_before(parting, kept)))
		*kept = *parting;
}

/* Did this member stop by itself, or was it stopped from outside, without an exception of its own that tells why? */
static bool
stopped_silently(const struct member *member)
{
	return !member->failed || (strcmp(member->failure.kind, "signal") == 0 && !member_crashed(&member->failure));
}

static bool
waits_elsewhere(const struct member *member, const struct member *other)
{
	struct brief last;

	return member_last(member, &last) && last.collective && !member_takes_part(other, member, &last);
}

/* One side of PARTING has ended: by itself, silently? Then it is told as the left one. */
static void
stopped_keep(struct groups *groups, const struct members *members, const struct parting *parting)
{
	struct parting stopped = *parting;

	stopped.past.found = false;
	if (parting->meeting.kind == MEET_RIGHT_ENDED) {
		stopped.left = parting->right;
		stopped.right = parting->left;
		stopped.meeting.kind = MEET_LEFT_ENDED;
		stopped.meeting.has_right = parting->meeting.has_left;
		stopped.meeting.right = parting->meeting.left;
		stopped.meeting.left_last = parting->meeting.right_last;
		stopped.meeting.right_last = parting->meeting.left_last;
	}
	if (stopped.meeting.kind != MEET_LEFT_ENDED || !stopped_silently(&members->list[stopped.left]))
		return;
	stopped.waits = waits_elsewhere(&members->list[stopped.left], &members->list[stopped.right]);
	parting_keep(&groups->stopped, &stopped);
}

/* What the steps tell that are overwritten. */
static void
past_add(struct groups *groups, struct members *members, struct parting *parting)
{
	struct past *past = &parting->past;

	*past = past_compare(&members->list[parting->left], &members->list[parting->right]);
	groups->past_usual += past->usual;
	groups->past_unknown |= past->unknown;
	if (groups->past_end == 0 || (past->end > 0 && past->end < groups->past_end))
		groups->past_end = past->end;
	if (past->found && past->kept_parts && parting->meeting.kind < MEET_CONTROL) {
		past->found = false; /* what is kept shows that it is usual here */
		groups->past_usual++;
	}
}

/* Member I beside group G: joins it, or returns false. PARTING: where they met, or part. */
static bool
group_join(struct groups *groups, struct members *members, int g, int i, int64_t limit, struct parting *parting)
{
	struct group *group = &groups->list[g];

	*parting = (struct parting){ .found = true, .left = group->longest, .right = i };
	parting->meeting = sequence_compare(&members->list[group->longest], &members->list[i], limit);
	if (limit < 0)
		past_add(groups, members, parting);
	if (parting->meeting.kind >= MEET_CONTROL)
		return false;
	stopped_keep(groups, members, parting);
	if (parting->past.found)
		return false;
	groups->usual += parting->meeting.usual;
	group->count++;
	members->list[i].group = g;
	if (parting->meeting.kind == MEET_LEFT_ENDED)
		group->longest = i;
	return true;
}

static bool
sends_messages(const struct member *member)
{
	for (int64_t i = 0; i < member->block_count; i++)
		if (member->blocks[i].messages)
			return true;
	return false;
}

/* How many ranks the group has in which MEETING's collective differs; 0: it is no collective of a smaller group. */
static int
subgroup_size(const struct members *members, const struct parting *parting)
{
	const struct member *member = &members->list[parting->left];
	struct event event;
	int size = 0;

	if (parting->meeting.kind != MEET_COLLECTIVE || !trace_event(member->trace, member->process, parting->meeting.left.id, &event))
		return 0;
	for (int i = 0; i < event.operand_count; i++)
		if (strcmp(event.operands[i].name, "process_group") == 0 && event.operands[i].value)
			size = atoi(event.operands[i].value + (event.operands[i].value[0] == '"'));
	return size > 1 && size < member->info->world_size ? size : 0;
}

/* Ranks that differ in a collective of groups of SIZE are of different groups, if so many agree that groups can be made of them. What is left
 * over is one role. */
static void
incomplete_join(struct groups *groups, struct members *members, int size)
{
	int first = -1;

	for (int g = 0; g < groups->count; g++) {
		struct group *group = &groups->list[g];

		if (group->count % size == 0)
			continue;
		for (int i = 0; first >= 0 && i < members->count; i++)
			if (members->list[i].group == g)
				members->list[i].group = first;
		if (first < 0) {
			first = g;
			continue;
		}
		groups->list[first].count += group->count;
		group->count = 0;
	}
}

/*
 * Pipeline stages do different work by design, and so do groups of experts. They talk from one to one, or in smaller groups; so where ranks
 * do, those that begin alike are a role, if all roles are of the same size.
 */
static void
roles_find(struct groups *groups, struct members *members)
{
	struct parting parting;
	bool messages = false;
	int size = 0;

	for (int i = 0; i < members->count; i++)
		messages = messages || sends_messages(&members->list[i]);
	groups->roles = 1;
	if (!messages || members->two_runs || members->list[0].step >= 0)
		return;
	for (int i = 0; i < members->count; i++) {
		int g = 0;

		while (g < groups->count && !group_join(groups, members, g, i, members->list[i].first_step + 1, &parting)) {
			size = size ? size : subgroup_size(members, &parting);
			g++;
		}
		if (g == groups->count && g < GROUPS_MOST) {
			groups->list[groups->count++] = (struct group){ .longest = i, .count = 1 };
			members->list[i].group = g;
		}
	}
	if (size)
		incomplete_join(groups, members, size);
	groups->roles = groups->count;
	for (int g = 1; g < groups->count; g++)
		if (groups->list[g].count && groups->list[g].count != groups->list[0].count)
			groups->roles = 1;
	if (groups->roles == 1 && groups->count > 1 && roles_by_groups(members))
		groups->roles = groups->count;
	for (int i = 0; i < members->count; i++)
		members->list[i].role = groups->roles > 1 ? members->list[i].group : 0;
	groups->count = 0;
	groups->usual = 0;
	groups->stopped.found = false;
}

/* PARTING is of a collective of another group of ranks than that of the right side, in which nobody of group G of MEMBERS is: theirs may be
 * of other sizes. */
static bool
is_others_collective(const struct members *members, const struct parting *parting, int g)
{
	const struct member *right = &members->list[parting->right];

	if (parting->meeting.kind != MEET_COLLECTIVE)
		return false;
	for (int i = 0; i < members->count; i++)
		if (members->list[i].group == g && member_takes_part(&members->list[i], right, &parting->meeting.right))
			return false;
	return true;
}

/* Now that all members are in groups: where did group G part from those before it that it can be held against? */
static void
first_keep(struct groups *groups, struct members *members, int g)
{
	struct group *group = &groups->list[g];
	int other = group->first.found ? members->list[group->first.left].group : -1;

	if (other < 0)
		return;
	if (!is_others_collective(members, &group->first, other)) {
		parting_keep(&groups->parting, &group->first);
		return;
	}
	for (int i = 0; i < g; i++) {
		struct parting parting = { .found = true, .left = groups->list[i].longest, .right = group->first.right };

		if (i == other || groups->list[i].role != group->role || is_others_collective(members, &group->first, i))
			continue;
		parting.meeting = sequence_compare(&members->list[parting.left], &members->list[parting.right], -1);
		if (parting.meeting.kind >= MEET_CONTROL && !is_others_collective(members, &parting, i))
			parting_keep(&groups->parting, &parting);
	}
}

void
groups_make(struct groups *groups, struct members *members, void (*progress)(const char *what, int done, int total))
{
	memset(groups, 0, sizeof *groups);
	roles_find(groups, members);
	for (int i = 0; i < members->count; i++) {
		struct parting parting, first = { 0 };
		int g;

		for (g = 0; g < groups->count; g++) {
			if (groups->list[g].role != members->list[i].role)
				continue;
			/* Of two runs, each rank is compared with itself. */
			if (members->two_runs && members->list[groups->list[g].longest].rank != members->list[i].rank)
				continue;
			if (group_join(groups, members, g, i, -1, &parting))
				break;
			if (!first.found || parting_is_before(&first, &parting)) /* the group that it goes with the longest */
				first = parting;
		}
		if (g == groups->count) {
			g = groups->count < GROUPS_MOST ? groups->count++ : GROUPS_MOST - 1;
			members->list[i].group = g;
			groups->list[g] = (struct group){ .longest = i, .count = 1, .role = members->list[i].role, .first = first };
		}
		if (progress)
			progress("compared", i + 1, members->count);
	}
	for (int g = 0; g < groups->count; g++)
		first_keep(groups, members, g);
}
