/*
 * What the files that tell of ranks (ranks*.c) share. Included by them alone.
 */
#ifndef SHAPEBOX_VIEWER_ANALYSIS_RANKS_PARTS_H
#define SHAPEBOX_VIEWER_ANALYSIS_RANKS_PARTS_H

#include "ranks.h"

/* DIVERGENCE, a collective that two ranks called with other sizes: as evidence of CAUSE, and FAILURE's mismatch and origin where it has none, which dimension,
 * which rank's size is new, and what made it. */
void ranks_tell_sizes(const struct source *source, const json_t *divergence, json_t *failure, json_t *cause);

#endif
