/*
 * What the user asked for, read once from the environment (names and defaults: schema/config.def).
 * settings_read runs in the constructor, single-threaded; afterwards everything here is read-only.
 */
#ifndef SHAPEBOX_LIBSHIM_SETTINGS_H
#define SHAPEBOX_LIBSHIM_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

enum cuda_level { CUDA_LEVEL_OFF, CUDA_LEVEL_MEMORY, CUDA_LEVEL_LAUNCHES, CUDA_LEVEL_ALL };
enum cuda_sync { CUDA_SYNC_OFF, CUDA_SYNC_INDEX, CUDA_SYNC_ALL };

struct settings {
	bool disabled;         /* SHAPEBOX_DISABLE */
	bool under_run;        /* SHAPEBOX_RUN: `shapebox run` speaks, the library is silent */
	char directory[4096];  /* SHAPEBOX_OUTPUT, absolute */
	char local[4096];      /* SHAPEBOX_LOCAL, absolute; "": the trace's directory where that can be */
	uint64_t size_bytes;   /* SHAPEBOX_SIZE: box of a rank process */
	uint64_t total_bytes;  /* SHAPEBOX_SIZE_TOTAL: all boxes of the trace on this host */
	int depth;             /* SHAPEBOX_DEPTH: 1, 2, or 0 for all */
	bool summaries;        /* SHAPEBOX_SUMMARIES: counts of integer and bool tensors at a failure */
	enum cuda_level cuda;  /* SHAPEBOX_CUDA: which CUDA calls are recorded */
	enum cuda_sync sync;   /* SHAPEBOX_SYNC: after which kernels to wait */
	bool frames;           /* SHAPEBOX_FRAMES: Python lines of operations and calls */
	bool native_stacks;    /* SHAPEBOX_NATIVE_STACKS: C++ frames of a throw */
	bool keep_all;         /* SHAPEBOX_KEEP=all: go on in further files instead of overwriting */
};

extern struct settings settings __attribute__((visibility("hidden")));

/* Read the environment; where no directory is named, name one and put it into the environment, so that the
 * processes this one starts record beside it. */
void settings_read(void);

#endif
