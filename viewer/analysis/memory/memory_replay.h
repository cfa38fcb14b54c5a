/*
 * Live memory, replayed: what was allocated when, by whom, from the calls that are kept. Part of memory.c.
 *
 * A holder is an operation at a call site, on one device. What was allocated before the kept calls is known from the table
 * of live memory if it is still there, else it has no holder that could be named.
 */
#ifndef SHAPEBOX_VIEWER_ANALYSIS_MEMORY_REPLAY_H
#define SHAPEBOX_VIEWER_ANALYSIS_MEMORY_REPLAY_H

#include "../../reader/arena.h"
#include "../../reader/trace_cuda.h"

struct holder {
	const char *kind;
	int device;
	int64_t site;                 /* -1: none; then EVENT is one of its operations, -1 unknown */
	int64_t event;
	char operation[128];          /* "" outside any */
	int64_t bytes, pieces;
	int64_t made, largest;        /* pieces that kept calls made, freed or not; the largest of them */
	int64_t before_kept;          /* pieces that were there before the first kept call */
	int64_t first_step, at_first, last_step, at_last; /* bytes held when the first and the last kept step ended */
	int steps_grown, steps_seen;
	int64_t before;               /* bytes at the end of the step before */
};

struct piece { int64_t address, bytes; uint32_t holder; bool live; };

struct replay {
	struct holder *holders;
	uint32_t holder_count, holder_room;
	struct piece *pieces;
	uint64_t piece_count, piece_room;
	struct map by_address, by_key;
	bool failed;                  /* out of memory */
};

void replay_free(struct replay *replay);
/* The holder's number; UINT32_MAX without memory. */
uint32_t replay_holder(struct replay *replay, const char *kind, int device, int64_t site, const char *operation, int64_t event);
void replay_add(struct replay *replay, uint32_t holder, int64_t address, int64_t bytes);
/* False: nothing known lay there. */
bool replay_remove(struct replay *replay, int64_t address);

#endif
