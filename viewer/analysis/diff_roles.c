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

/* How the members of GROUP begin: CLASS of most of them (of equally many the lowest); ALIKE: of all. False: one of them isn't here. */
static bool
group_class(const struct members *members, const struct process_group *group, int *class, bool *alike)
{
	int most = 0;

	*alike = true;
	for (int i = 0; i < group->count; i++) {
		int one = member_of(members, group->ranks[i]), same = 0;

		for (int n = 0; one >= 0 && n < group->count; n++) {
			int other = member_of(members, group->ranks[n]);

			same += other >= 0 && members->list[other].group == members->list[one].group;
		}
		if (one < 0)
			return false;
		*alike = *alike && same == group->count;
		if (same > most || (same == most && members->list[one].group < *class)) {
			most = same;
			*class = members->list[one].group;
		}
	}
	return most > 0;
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
kind_try(const struct members *members, const struct process_groups *told, int64_t number, int *roles)
{
	int groups = 0, alike_groups = 0;

	for (int i = 0; i < members->count; i++) {
		const struct process_group *group = NULL;
		bool alike;

		for (int n = 0; n < told[i].count; n++)
			if (told[i].list[n].number == number)
				group = &told[i].list[n];
		if (!group || group->count < 2 || group->count >= members->world_size || group->count > ROLE_RANKS_MOST ||
		    !group_class(members, group, &roles[i], &alike))
			return false;
		groups++;
		alike_groups += alike;
	}
	return alike_groups * 2 >= groups && equally_many(roles, members->count);
}

bool
roles_by_groups(struct members *members)
{
	struct process_groups *told = calloc((size_t)members->count + 1, sizeof *told);
	int *roles = calloc((size_t)members->count + 1, sizeof *roles);
	bool found = false;

	for (int i = 0; told && i < members->count; i++) {
		process_groups_load(&told[i], members->list[i].trace, members->list[i].process);
		trace_rest(members->list[i].trace, members->list[i].process);
	}
	for (int n = 0; told && roles && n < told[0].count && !found; n++)
		found = kind_try(members, told, told[0].list[n].number, roles);
	for (int i = 0; found && i < members->count; i++)
		members->list[i].group = roles[i];
	for (int i = 0; told && i < members->count; i++)
		process_groups_free(&told[i]);
	free(told);
	free(roles);
	return found;
}
