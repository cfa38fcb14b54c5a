/*
 * What the files of fetched.h share. Pure, but for where_source.
 */
#ifndef SHAPEBOX_VIEWER_ANALYSIS_FETCHED_PARTS_H
#define SHAPEBOX_VIEWER_ANALYSIS_FETCHED_PARTS_H

#include "fetched.h"

/* The loop that a loader's operations are called from: the frame that asks for batches (of a library's, which may do so at several lines, the
 * function), and all around it. FILE and LINE: the program's own. */
struct loop { uint64_t print; const char *file; int line; };

/* A batch: the operation by which it, or a part of it, was FETCHed, in the loader's RANGE. */
struct batch { const struct source *source; int process; const struct loop *loop; const struct event *fetch; int64_t range; };

/* Of the batch, until VISIT returns false: the loop's operations in its range, outwards from the one that was fetched. */
void fetched_each_beside(const struct batch *batch, bool (*visit)(const struct event *event, void *context), void *context);
/* Which samples OUT's batch has: the loader that the loop's line names takes them in order, as many as the collator put side by side. */
void fetched_samples(const struct failure *failure, const struct batch *batch, struct fetched *out);

#endif
