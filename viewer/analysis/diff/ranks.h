/*
 * "ranks" of the report: what the other ranks were doing, and where their ways parted (diff.h).
 */
#ifndef SHAPEBOX_VIEWER_ANALYSIS_RANKS_H
#define SHAPEBOX_VIEWER_ANALYSIS_RANKS_H

#include <jansson.h>

#include "../failure/failure.h"

/* Fills RANKS["first_divergence"] and, ahead of what RANKS["text"] says already, tells it in words. A trace of one rank, or
 * one that can't be compared, is left as it is. Where CHOSEN (NULL: none) is no rank's own failure, ranks of its job of whom there is no
 * trace are named: one of them may have failed before its first operation. */
void ranks_add(struct trace *trace, const struct failure *chosen, json_t *ranks);

/* Where CHOSEN is no rank's own failure: what RANKS["first_divergence"] tells, as one of the failure's "causes". NULL: nothing to tell. Where ranks gave other
 * sizes to a collective, FAILURE (of the report) gets the mismatch and its origin, if it has none. SOURCE may be NULL. New reference. */
json_t *ranks_cause(const struct source *source, const struct failure *chosen, const json_t *ranks, json_t *failure);

#endif
