/*
 * One dimension of one operand at one line, call after call: what a page plots.
 *
 * The newest HISTORY_POINTS_MOST kept calls of the failed operation from its line, on its own process and on the other ranks.
 */
#ifndef SHAPEBOX_VIEWER_ANALYSIS_HISTORY_SERIES_H
#define SHAPEBOX_VIEWER_ANALYSIS_HISTORY_SERIES_H

#include "../source.h"

#define HISTORY_POINTS_MOST 400 /* of each process */
#define HISTORY_RANKS_MOST 15   /* besides the failed one */

/* {"operand","dim","size","ranks":[{"rank","failed","points":[[step, size, event], ...]}]} of dimension DIM of operand PLACE of
 * EVENT, oldest call first, EVENT's own last; null where EVENT has no such dimension or no call site. New reference. */
json_t *history_series(const struct source *source, int process, const struct event *event, int place, int dim);

#endif
