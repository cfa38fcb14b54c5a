/*
 * A count of positions that is a grid's height times its width: which sides, and the picture that a strided layer made the grid of.
 *
 * Pure; the steps are those of the lineage.
 */
#ifndef SHAPEBOX_VIEWER_ANALYSIS_GRIDS_H
#define SHAPEBOX_VIEWER_ANALYSIS_GRIDS_H

#include "../../lineage/lineage.h"

struct grid_sides { int64_t high, wide; };

struct grid {
	int at;                  /* the step that put the two sides into one */
	struct grid_sides sides;
	int made;                /* the strided layer that made a grid of a picture; -1: none is recorded */
	struct grid_sides whole, picture, stride; /* of that layer: what it made (SIDES may be cut from it) and of what, by which stride */
};

/* The two neighbouring dimensions of what STEP was given that it put into one, the first of them in DIM; false where it is no view that did. */
bool grid_read_sides(const struct lineage_step *step, struct grid_sides *out, int *dim);
/* The grid that LINEAGE's first size is the product of; false where it isn't known to be one. */
bool grid_find(const struct lineage *lineage, struct grid *out);
/* The largest number whose square is no more than COUNT. */
int64_t grid_root(int64_t count);
/* Is COUNT no square? */
bool grid_is_uneven(int64_t count);

#endif
