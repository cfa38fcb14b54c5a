/*
 * CUDA's side of a trace: calls, counts of the whole run, devices, live memory. Part of the reader: rules as in trace.h.
 *
 * A process that called nothing of CUDA, and a trace from before these tables, have none of it: nothing is visited.
 */
#ifndef SHAPEBOX_VIEWER_READER_TRACE_CUDA_H
#define SHAPEBOX_VIEWER_READER_TRACE_CUDA_H

#include "trace.h"

struct cuda_device {             /* bytes; see table cuda_device */
	int device;              /* -1: pinned memory of the host */
	int64_t live, peak, allocated, peak_allocated, reserved, peak_reserved, peak_step;
};

struct cuda_memory {             /* a piece that was live at the end */
	const char *kind;        /* device, host, physical, address, foreign, block */
	int device;              /* -1 unknown */
	int64_t address, bytes, step;
	int64_t site;            /* -1 unknown */
	const char *operation;   /* NULL: allocated outside any */
};

struct cuda_call {
	int64_t id, time_ns, step;
	int64_t event, site;     /* -1 if none */
	int thread, device /* -1 unknown */, result;
	int64_t stream;
	const char *kind, *function;
	const char *operation;   /* NULL: outside any */
	const char *kernel;      /* NULL unless a launch */
	const char *grid, *block;/* the same */
	int64_t address, bytes;  /* 0 where it has none */
	int64_t allocated, reserved; /* -1 where it has none */
	bool captured, driver, ours;
};

/* What one operation did at CUDA. */
struct cuda_sum { int64_t event, launches, allocated /* bytes of blocks; without PyTorch's, of memory */, freed, copies, copied, failed; };

struct cuda_filter {
	int64_t first, last;     /* ids, inclusive; -1 = no bound */
	bool failed;             /* only calls that returned an error */
	const char *kind;        /* NULL = any; "block*" as in a shell */
	int64_t event;           /* -1 = any */
	bool backward;           /* newest first */
};
extern const struct cuda_filter cuda_filter_all;

/* The count NAME (BOX_CUDA_COUNTS in schema/box.h); 0 without one. */
int64_t trace_cuda_count(struct trace *trace, int process, const char *name);
void trace_each_cuda_count(struct trace *trace, int process, void (*visit)(const char *name, int64_t count, void *context),
			   void *context);
void trace_each_cuda_device(struct trace *trace, int process, void (*visit)(const struct cuda_device *device, void *context),
			    void *context);
/* Largest first. */
void trace_each_cuda_memory(struct trace *trace, int process, void (*visit)(const struct cuda_memory *memory, void *context),
			    void *context);
/* The sums of the events from FIRST on that did anything, in order. */
void trace_each_cuda_sum(struct trace *trace, int process, int64_t first, void (*visit)(const struct cuda_sum *sum, void *context), void *context);
/* Stops when VISIT returns false. */
void trace_each_cuda_call(struct trace *trace, int process, const struct cuda_filter *filter,
			  bool (*visit)(const struct cuda_call *call, void *context), void *context);

#endif
