/* What the files of lineage share. Included by viewer/analysis/lineage*.c alone. */
#ifndef SHAPEBOX_VIEWER_ANALYSIS_LINEAGE_PARTS_H
#define SHAPEBOX_VIEWER_ANALYSIS_LINEAGE_PARTS_H

#include "lineage.h"

/* The next step, empty; NULL where the walk is as long as it may be. */
struct lineage_step *lineage_add_step(struct lineage *lineage);
/* STEP decides; the first that does is the lineage's decider. */
void lineage_decide(struct lineage *lineage, struct lineage_step *step);

/* lineage_live.c: no kept event made TENSOR: what the whole-run table says of it, or its first use. DIM of it is followed, -1. */
void lineage_add_entry(const struct source *source, struct lineage *lineage, int64_t tensor, int dim);

#endif
