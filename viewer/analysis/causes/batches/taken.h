/*
 * Rows that one line took off the batches of what later came in ready-made: put together as arrays (numpy), which isn't recorded.
 *
 * A slice (or index) along dimension 0 counts if what its calls left, newest first, adds up to just the one size, and what they were taken of to just
 * the other. Pure.
 */
#ifndef SHAPEBOX_VIEWER_ANALYSIS_TAKEN_H
#define SHAPEBOX_VIEWER_ANALYSIS_TAKEN_H

#include "../../lineage/lineage.h"

struct taken {
	int side;                  /* which of the two has less */
	int64_t is, was;           /* what it came in with, and what it would have had */
	struct event event;        /* the newest of the calls */
	int64_t calls, each;       /* EACH of them took so many off; 0: not all as many */
};

/* One of SIDES, of SIZES that disagree, came in ready-made with fewer rows (dimension 0) than the other has. False if no line took them off. */
bool taken_find(const struct source *source, int process, const struct lineage *const sides[2], const int64_t sizes[2], struct taken *out);
/* Where SIDE's story ends: a tensor that came in ready-made, in dimension 0; NULL if it isn't that. */
const struct lineage_step *taken_entry(const struct lineage *side);

#endif
