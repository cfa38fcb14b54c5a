/*
 * The rows of features that pictures of several sizes bring: for each its grid, and the picture's own height and width, before it was padded to
 * the largest of the batch.
 *
 * Follows what a cat put together, picture by picture, through the strided layer to what was written into the batch, padded or stacked; and how
 * the lines of its grid were laid out one after the other.
 */
#ifndef SHAPEBOX_VIEWER_ANALYSIS_PICTURE_ROWS_H
#define SHAPEBOX_VIEWER_ANALYSIS_PICTURE_ROWS_H

#include "grids.h"

#define PICTURE_ROWS_MOST 32

/* Rows that are laid out as a grid's lines, one after the other: HIGH x (WIDE + ENDS) + BESIDE. */
struct picture_laid {
	struct grid_sides grid;    /* 0: not known */
	int64_t ends, beside;      /* columns that were joined to each line (a newline); rows that aren't of the grid (an overview) */
	struct lineage_step step;  /* that put the lines one after the other */
	int dim;                   /* of what it was given: the lines */
};

struct picture_row {
	int64_t rows;
	struct grid_sides grid;  /* whose product that is; 0 where it isn't known to be one */
	struct grid_sides stride, size; /* of the layer that made it, of the picture itself; 0: not known */
	struct lineage_step by[2]; /* who decided its height and width; event.operation NULL: not known */
	struct picture_laid laid;
};

struct picture_rows { int count; struct picture_row list[PICTURE_ROWS_MOST]; };

/* False where ROWS' story puts no pieces together. OUT is large: allocate it. */
bool picture_rows_find(const struct source *source, const struct lineage *rows, struct picture_rows *out);
/* As many rows as ROW's picture would have with its height and width exchanged; its own where that makes no difference, or isn't known. */
int64_t picture_row_turned(const struct picture_row *row);

#endif
