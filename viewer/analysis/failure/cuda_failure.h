/*
 * An asynchronous error of CUDA: a kernel failed after its launch had returned, and a later call told it.
 *
 * Between the last moment when the device was known good (a wait for it that succeeded) and the call that told the error
 * lie the launches of which one is guilty. They are gathered by operation. The guilty one is *located* where nothing else
 * is left: it alone ran; the launch was waited for (CUDA_LAUNCH_BLOCKING); the values of its index are known and lie outside
 * (all certain); or it is the only one that takes an index and a kernel's own check failed (likely). Reads the trace through
 * struct source only; texts that it keeps are copies.
 */
#ifndef SHAPEBOX_VIEWER_ANALYSIS_CUDA_FAILURE_H
#define SHAPEBOX_VIEWER_ANALYSIS_CUDA_FAILURE_H

#include "../../reader/trace_cuda.h"
#include "failure.h"
#include "../mismatch/mismatch.h"

#define CUDA_SUSPECTS_MOST 48
#define CUDA_ASSERT 710

struct cuda_error { int code; const char *name, *text; bool asynchronous; };
/* NULL: not a known one. */
const struct cuda_error *cuda_error_of(int code);

/* A call: where something came out, or was good. */
struct cuda_place { int64_t call, event, site, step; bool ours; char function[96], operation[96] /* "": outside any */; };

/* The launches of one operation. */
struct cuda_suspect {
	int64_t event, site, step;   /* -1 unknown */
	int launches;
	bool takes_index, proven;    /* proven: its index's values are known, and lie outside */
	int64_t limit;               /* an index must be smaller; -1 unknown */
	char operation[96], kernel[200]; /* the last one's */
	char index[96], table[96];   /* names of operands; "" unknown */
};

struct cuda_failure {
	const struct cuda_error *error;
	int device;                  /* -1 unknown */
	struct cuda_place told, good;
	bool has_good;               /* else: as far back as is kept */
	int64_t launches, operations;/* since then */
	bool blocking;               /* each launch was waited for */
	struct cuda_suspect suspects[CUDA_SUSPECTS_MOST]; /* likeliest first */
	int suspect_count;
	int located;                 /* in suspects; -1 */
	const char *confidence;      /* of `located`: certain, likely */
};

/* The asynchronous error that FAILURE is; NULL if it is none (or no memory). FRAMES are FAILURE's, with locals. To be freed. */
struct cuda_failure *cuda_failure_find(const struct source *source, const struct failure *failure, const json_t *frames);
/* FAILURE becomes the located operation's; where it came out goes into `surfaced`. Returns its frames in place of FRAMES, which it
 * takes over: those of the operation's call site, with the locals of the frames that are still the same. */
json_t *cuda_failure_turn(const struct source *source, const struct cuda_failure *cuda, struct failure *failure, json_t *frames);
/* "cuda" of the report's failure. New reference. */
json_t *cuda_failure_json(const struct source *source, int process, const struct cuda_failure *cuda);

#endif
