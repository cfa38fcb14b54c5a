/*
 * Members that go the same way, as groups; and where the groups part. Included within viewer/analysis/diff/ alone.
 */
#ifndef SHAPEBOX_VIEWER_ANALYSIS_DIFF_GROUPS_H
#define SHAPEBOX_VIEWER_ANALYSIS_DIFF_GROUPS_H

#include "diff_past.h"

#define GROUPS_MOST 256

/* Two members of which one stopped where the other went on, or which part: in what is kept (unless meeting.kind is below
 * MEET_CONTROL), or before (past.found). */
struct parting {
	bool found;
	bool waits;    /* the left one's last operation is a collective of a group that the right one isn't in: it may wait for a third */
	int left, right;
	struct meeting meeting;
	struct past past;
};

struct group {
	int longest;   /* the member that goes farthest; it stands for the group */
	int count, role;
	struct parting first; /* where its first member parted from the group that it went with the longest */
};

/* The step in which they part first. */
int64_t parting_step(const struct parting *parting);

struct groups {
	struct group list[GROUPS_MOST];
	int count;
	int roles;             /* groups of ranks that do different work by design: compared within */
	struct parting parting;  /* the first where sequences part */
	struct parting stopped;  /* the first member that stopped without a failure of its own while others went on */
	int64_t usual;
	int64_t past_end;      /* of overwritten steps, those before it were compared by their fingerprints; 0: none */
	bool past_unknown;     /* of some members there is nothing to compare them by */
	int64_t past_usual;    /* ranges of such steps that differ as they may */
};

/* The members' `group` tells who begin alike, and these aren't equally many: with the groups that they are in, are they? Then `group` is changed,
 * to those of equal role. diff_roles.c. */
bool roles_by_groups(struct members *members);

void groups_make(struct groups *groups, struct members *members, void (*progress)(const char *what, int done, int total));

#endif
