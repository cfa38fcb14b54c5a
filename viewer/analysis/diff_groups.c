#include "diff_groups.h"

#include <string.h>

static bool
parting_is_before(const struct meeting *one, const struct meeting *other)
{
	int64_t a = one->has_left ? one->left.id : one->right.id, b = other->has_left ? other->left.id : other->right.id;

	return one->step != other->step ? one->step < other->step : a < b;
}

static void
parting_keep(struct parting *parting, int left, int right, const struct meeting *meeting)
{
	if (!parting->found || parting_is_before(meeting, &parting->meeting))
		*parting = (struct parting){ true, left, right, *meeting };
}

/* Did this member stop by itself, or was it stopped from outside, without an exception of its own that tells why? */
static bool
stopped_silently(const struct member *member)
{
	return !member->failed || (strcmp(member->failure.kind, "signal") == 0 && !member_crashed(&member->failure));
}

/* Member I beside group G: joins it, or returns false. FIRST: the meeting, if they part. */
static bool
group_join(struct groups *groups, struct members *members, int g, int i, int64_t limit, struct meeting *first)
{
	struct group *group = &groups->list[g];
	struct meeting meeting = sequence_compare(&members->list[group->longest], &members->list[i], limit);
	int other = group->longest;

	*first = meeting;
	if (meeting.kind >= MEET_CONTROL)
		return false;
	groups->usual += meeting.usual;
	group->count++;
	members->list[i].group = g;
	if (meeting.kind == MEET_LEFT_ENDED) {
		if (stopped_silently(&members->list[other]))
			parting_keep(&groups->stopped, other, i, &meeting);
		group->longest = i;
	} else if (meeting.kind == MEET_RIGHT_ENDED && stopped_silently(&members->list[i])) {
		struct meeting turned = meeting;

		turned.kind = MEET_LEFT_ENDED;
		turned.has_right = meeting.has_left;
		turned.right = meeting.left;
		turned.left_last = meeting.right_last;
		turned.right_last = meeting.left_last;
		parting_keep(&groups->stopped, i, other, &turned);
	}
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

/*
 * Pipeline stages do different work by design. They talk from one to one; so where ranks do, those that begin alike are a
 * role, if all roles are of the same size.
 */
static void
roles_find(struct groups *groups, struct members *members)
{
	struct meeting meeting;
	bool messages = false;

	for (int i = 0; i < members->count; i++)
		messages = messages || sends_messages(&members->list[i]);
	groups->roles = 1;
	if (!messages || members->two_runs || members->list[0].step >= 0)
		return;
	for (int i = 0; i < members->count; i++) {
		int g = 0;

		while (g < groups->count && !group_join(groups, members, g, i, members->list[i].first_step + 1, &meeting))
			g++;
		if (g == groups->count && g < GROUPS_MOST) {
			groups->list[groups->count++] = (struct group){ .longest = i, .count = 1 };
			members->list[i].group = g;
		}
	}
	groups->roles = groups->count;
	for (int g = 1; g < groups->count; g++)
		if (groups->list[g].count != groups->list[0].count)
			groups->roles = 1;
	for (int i = 0; i < members->count; i++)
		members->list[i].role = groups->roles > 1 ? members->list[i].group : 0;
	groups->count = 0;
	groups->usual = 0;
	groups->stopped.found = false;
}

void
groups_make(struct groups *groups, struct members *members, void (*progress)(const char *what, int done, int total))
{
	memset(groups, 0, sizeof *groups);
	roles_find(groups, members);
	for (int i = 0; i < members->count; i++) {
		struct meeting meeting, first = { MEET_SAME };
		int met = -1, g;

		for (g = 0; g < groups->count; g++) {
			if (groups->list[g].role != members->list[i].role)
				continue;
			/* Of two runs, each rank is compared with itself. */
			if (members->two_runs && members->list[groups->list[g].longest].rank != members->list[i].rank)
				continue;
			if (group_join(groups, members, g, i, -1, &meeting))
				break;
			if (met < 0 || parting_is_before(&first, &meeting)) { /* the group that it goes with the longest */
				met = groups->list[g].longest;
				first = meeting;
			}
		}
		if (g == groups->count) {
			if (met >= 0)
				parting_keep(&groups->parting, met, i, &first);
			g = groups->count < GROUPS_MOST ? groups->count++ : GROUPS_MOST - 1;
			members->list[i].group = g;
			groups->list[g] = (struct group){ .longest = i, .count = 1, .role = members->list[i].role };
		}
		if (progress)
			progress("compared", i + 1, members->count);
	}
}
