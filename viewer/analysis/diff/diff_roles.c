/*
 * Ranks of equal role, by the groups that they have told of.
 *
 * Every rank makes its groups in the same order, so the k-th group of each is of one kind: data parallel, tensor parallel, a pipeline's. A
 * kind of whose groups at least half have members that all begin alike, is of ranks that do the same: one that doesn't is the odd one of its group,
 * not a role of its own.
 */
#include "diff_groups.h"

#include <stdlib.h>
#include <string.h>

#include "process_groups.h"

/* Which member has RANK; -1: none. Members are sorted by rank. */
static int
member_of(const struct members *members, int rank)
{
	int low = 0, high = members->count;

	while (low < high) {
		int middle = low + (high - low) / 2;

		if (members->list[middle].rank < rank)
			low = middle + 1;
		else
			high = middle;
	}
	return low < members->count && members->list[low].rank == rank ? low : -1;
}

/* All members of GROUP take the class of most of them (of equally many the lowest) as their role; ALIKE: they all begin so. False: one of
 * them isn't here. */
static bool
group_join(const struct members *members, const struct process_group *group, int *roles, bool *alike)
{
	int counts[GROUPS_MOST] = { 0 }, class = 0;

	for (int i = 0; i < group->count; i++) {
		int one = member_of(members, group->ranks[i]);

		if (one < 0)
			return false;
		counts[members->list[one].group]++;
	}
	for (int i = 1; i < GROUPS_MOST; i++)
		class = counts[i] > counts[class] ? i : class;
	for (int i = 0; i < group->count; i++)
		roles[member_of(members, group->ranks[i])] = class;
	*alike = counts[class] == group->count;
	return true;
}

static bool
equally_many(const int *roles, int count)
{
	int *sizes = calloc((size_t)count + 1, sizeof *sizes), first = 0;
	bool equal = sizes != NULL;

	for (int i = 0; equal && i < count; i++)
		first = ++sizes[roles[i]] > first ? sizes[roles[i]] : first;
	for (int i = 0; equal && i < count; i++)
		equal = sizes[i] == 0 || sizes[i] == first;
	free(sizes);
	return equal;
}

/* The members' groups of kind NUMBER: each takes the class of most of its own. ROLES: one for each member. */
static bool
kind_try(const struct members *members, int64_t number, int *roles)
{
	int groups = 0, alike_groups = 0;
	bool ok = true;

	for (int i = 0; i < members->count; i++)
		roles[i] = -1;
	for (int i = 0; i < members->count && ok; i++) {
		struct process_groups told;
		bool alike = false;

		if (roles[i] >= 0)
			continue;
		process_groups_load(&told, members->list[i].trace, members->list[i].process);
		trace_rest(members->list[i].trace, members->list[i].process);
		for (int n = 0; n < told.count && roles[i] < 0 && ok; n++)
			if (told.list[n].number == number)
				ok = told.list[n].count > 1 && told.list[n].count < members->world_size &&
				     group_join(members, &told.list[n], roles, &alike);
		process_groups_free(&told);
		ok = ok && roles[i] >= 0; /* in a group of its own telling */
		groups++;
		alike_groups += alike;
	}
	return ok && alike_groups * 2 >= groups && equally_many(roles, members->count);
}

bool
roles_by_groups(struct members *members)
{
	int *roles = calloc((size_t)members->count + 1, sizeof *roles);
	struct process_groups told;
	bool found = false;

	process_groups_load(&told, members->list[0].trace, members->list[0].process);
	for (int n = 0; roles && n < told.count && !found; n++)
		found = kind_try(members, told.list[n].number, roles);
	for (int i = 0; found && i < members->count; i++)
		members->list[i].group = roles[i];
	process_groups_free(&told);
	free(roles);
	return found;
}
