/*
 * A size that is the product of several, one of which was cut from a table that ends before it.
 *
 * table[:h, :w] gives what there is: where w is more than the table has, the product of both is too small and nothing says so. Pure.
 */
#ifndef SHAPEBOX_VIEWER_ANALYSIS_CLIPPED_H
#define SHAPEBOX_VIEWER_ANALYSIS_CLIPPED_H

#include "../../lineage/lineage.h"
#include "../../history/usual.h"

#define CLIPPED_FACTORS_MOST 4

struct clipped_factors { int count; int64_t sizes[CLIPPED_FACTORS_MOST]; };

struct clipped {
	struct clipped_factors is, other; /* of the side that was clipped, and what they should be */
	int64_t extent, wanted;  /* of the factor that differs */
	int dim;                 /* of the table, or of what was cut from it */
	int at;                  /* the step of the clipped side's lineage that cut it, -1 if none is recorded */
	struct lineage_step table; /* who made the table; event.operation NULL: not known */
	struct usual usual;      /* what was cut from it in earlier calls */
};

/* Of the stories ONE and OTHER: which was clipped, 0 or 1; -1 if neither was. */
int clipped_find(const struct source *source, int process, const struct lineage *one, const struct lineage *other, struct clipped *out);

#endif
