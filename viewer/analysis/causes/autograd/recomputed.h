/*
 * What a checkpointed block ran again for the backward, and the calls of its forward that are the same.
 *
 * Pure. Reads at most some ten thousand events.
 */
#ifndef SHAPEBOX_VIEWER_ANALYSIS_RECOMPUTED_H
#define SHAPEBOX_VIEWER_ANALYSIS_RECOMPUTED_H

#include "../causes.h"

/* The operations that ran as the block was run again: FIRST and LAST by id, on one thread. */
struct recomputed { const struct cause_facts *facts; int64_t first, last; int thread; };

/* The block that was being run again when it failed; false where none was. */
bool recomputed_find(const struct cause_facts *facts, struct recomputed *out);

/* A call of forward that is the same as one of the recomputation, by id: it shares a tensor (a weight) with it, or has its sizes; -1. */
struct recomputed_call { int64_t shares, alike; };

struct recomputed_call recomputed_first_time(const struct recomputed *again, const struct event *of);

#endif
