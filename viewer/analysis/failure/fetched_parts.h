/*
 * What the files of fetched.h share. Pure, but for where_source.
 */
#ifndef SHAPEBOX_VIEWER_ANALYSIS_FETCHED_PARTS_H
#define SHAPEBOX_VIEWER_ANALYSIS_FETCHED_PARTS_H

#include "fetched.h"

/* The loop that a loader's operations are called from: the frame that asks for batches (of a library's, which may do so at several lines, the
 * function), and all around it. FILE and LINE: the program's own. */
struct loop { uint64_t print; const char *file; int line; bool received; /* from workers, which put the batches together */ };

/* A batch: the operation by which it, or a part of it, was FETCHed, in the loader's RANGE. */
struct batch { const struct source *source; int process; const struct loop *loop; const struct event *fetch; int64_t range; };

/* Of the batch, until VISIT returns false: the loop's operations in its range, outwards from the one that was fetched. */
void fetched_each_beside(const struct batch *batch, bool (*visit)(const struct event *event, void *context), void *context);
/* Which samples OUT's batch has: the loader that the loop's line names takes them in order, as many as the collator put side by side. */
void fetched_samples(const struct failure *failure, const struct batch *batch, struct fetched *out);
/* The loader's range around EVENT; -1. */
int64_t fetched_range(const struct source *source, int process, const struct event *event);
/* Visits what the batch's operation did for its loop before event BEFORE, newest first. How often it did over the whole run; 0: not known. */
int64_t fetched_each(const struct batch *batch, int64_t before, bool (*visit)(const struct event *event, void *context), void *context);
/* fetched_received.c: which batch of its epoch (which began at event FROM; -1: that is no longer kept, ONLY: but it is the only one) it is, where workers put them together
 * and some come before their turn; -1. */
int64_t fetched_received(const struct failure *failure, const struct batch *batch, int64_t from, bool only);

#endif
