/*
 * A size that strides divide one after the other, with a rest, and that is then brought back: what comes back isn't what was kept (an
 * encoder's and decoder's skip connection). What came in is no multiple of the product of the strides.
 *
 * Pure; the steps are those of the lineages.
 */
#ifndef SHAPEBOX_VIEWER_ANALYSIS_STRIDES_H
#define SHAPEBOX_VIEWER_ANALYSIS_STRIDES_H

#include "../../lineage/lineage.h"

#define STRIDES_MOST 12

struct strides {
	int side;                /* whose story was divided and brought back: 0 of ONE, 1 of OTHER */
	int entry, rounds;       /* its steps: where the size came in, and the first that left a rest */
	int64_t entered, by;     /* what came in, and the product of the strides */
	int count, path_count;
	int64_t each[STRIDES_MOST];         /* the strides, newest first */
	int64_t path[2 * STRIDES_MOST + 1]; /* the sizes, from what came back to what came in */
};

/* False where that isn't so: nothing was rounded, other sizes come back than were divided, or the way isn't known. */
bool strides_find(const struct lineage *one, const struct lineage *other, struct strides *out);

#endif
