/*
 * A process's memory calls, followed in order: who held what when it peaked or when a call failed, step by step. Part of
 * memory.c and memory_out.c.
 */
#ifndef SHAPEBOX_VIEWER_ANALYSIS_MEMORY_WALK_H
#define SHAPEBOX_VIEWER_ANALYSIS_MEMORY_WALK_H

#include <jansson.h>

#include "memory_replay.h"
#include "../source.h"

struct memory_walk {
	const struct source *source;
	int process;
	int64_t until;           /* the last call that is followed: `at_peak` is then of that moment; -1: all, and the peak */
	/* filled: */
	bool blocks;             /* PyTorch's blocks are known: they are what is followed, else what the driver gave */
	int64_t peak_id, peak;
	struct replay replay;
	json_t *steps, *step, *failed; /* as memory.h has them */
	struct held **held;      /* by holder's number, the first HOLDERS_DRAWN_FROM: what each held when a step ended; NULL: nothing */
	int64_t step_now, allocated, reserved;
	json_t *at_peak;         /* NULL: it lies before the kept calls */
};

void memory_walk_run(struct memory_walk *walk);
void memory_walk_free(struct memory_walk *walk);
/* "cuda:1", "host" (KIND host), "cuda" (unknown). */
void memory_device(char *out, size_t size, int device, const char *kind);
/* Appended to OUT: the holders of REPLAY that hold something, of blocks (1), of all but blocks (0), or all (-1), largest first. */
void memory_holders(const struct memory_walk *walk, const struct replay *replay, int blocks, json_t *out);
/* Holders that held more at the end of nearly every step than at the end of the one before. New reference. */
json_t *memory_growth(const struct memory_walk *walk);
/* The holder of most of DEVICE's memory, if it made one piece of like size in each of its calls and none was freed, while other lines that
 * were called as often freed theirs: something keeps what it makes. NULL if it isn't so. New reference. */
json_t *memory_kept(const struct memory_walk *walk, int device);
/* What the largest holders held, step by step: each with "points". New reference. */
json_t *memory_over_time(const struct memory_walk *walk);

#endif
