/*
 * Two sizes that disagree, each with its story: where both were last the same, and what became of each since.
 *
 * Pure; the steps are those of the lineages, which it borrows nothing of.
 */
#ifndef SHAPEBOX_VIEWER_ANALYSIS_WAYS_H
#define SHAPEBOX_VIEWER_ANALYSIS_WAYS_H

#include "../lineage/lineage.h"

#define WAY_CHANGES_MOST 8

struct way_change { int step; int64_t from, to; };

struct way {
	int at;                  /* the step at which both were the same, -1 if none is known */
	bool known;              /* every size on the way is */
	int count;
	struct way_change changes[WAY_CHANGES_MOST]; /* since then (else: ever), newest first; left out is what was undone, and what
	                          * the other side went through alike */
};

struct ways {
	bool met;                /* it is one and the same tensor; else two of equal size */
	int64_t size;            /* that both had, -1 */
	struct way sides[2];
};

void ways_find(const struct lineage *one, const struct lineage *other, struct ways *out);

/* Are FROM -> TO and OTHERS_FROM -> OTHERS_TO, both changes, one change: by as many, or by one factor? */
bool ways_alike(int64_t from, int64_t to, int64_t others_from, int64_t others_to);

/* ONE ends where a size was asked for (zeros, arange), and whose it was isn't recorded: goes on with a tensor of that size
 * that was in use just before, if its story meets OTHER's; or, where a library asked, one that the same function used. What
 * was added is `possible`; it decides where PyTorch's own code asked. */
bool ways_bridge(const struct source *source, struct lineage *one, const struct lineage *other);

#endif
