/*
 * CUDA calls: what the wrappers of cuda_runtime.def and cuda_driver.def share.
 *
 * A wrapper calls the real function exactly once, with the same arguments, and hands on its result. Around it, on the
 * calling thread, it tells what the call did. A call made while another wrapper's is under way on the thread (the runtime
 * ends in the driver) is that call's affair: it goes straight through. Nothing here is locked across the real call.
 * Until the first allocation, launch or failure no box is made; a process without CUDA never comes here.
 *
 * Values and layouts of others, from the CUDA toolkit's headers (12.x and 13.0; these are promised by NVIDIA's ABI):
 * cudaLaunchConfig_st, CUlaunchConfig_st, cudaMemcpy3DParms, CUDA_MEMCPY2D, CUDA_MEMCPY3D, dim3, cudaPitchedPtr, cudaExtent.
 */
#ifndef SHAPEBOX_LIBSHIM_CUDA_H
#define SHAPEBOX_LIBSHIM_CUDA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../schema/box.h"

#define CUDA_SUCCESS 0
#define CUDA_UNLOADING 4     /* cudaErrorCudartUnloading, CUDA_ERROR_DEINITIALIZED: libraries clean up as the process ends: no failure */
#define CUDA_NOT_READY 600   /* cudaErrorNotReady, CUDA_ERROR_NOT_READY: no failure */
#define CUDA_NO_SYMBOL 302   /* cudaErrorSharedObjectSymbolNotFound, CUDA_ERROR_...: the real function isn't there */

/* What a call did, as far as its kind has it. Out-parameters are read after a success only. */
struct cuda_facts {
	const void *out;      /* where an address (8 bytes) was left */
	const void *bytes_out;/* where a pitch was left: `bytes` is then the number of rows */
	const void *address;
	const void *source;
	uint64_t bytes;
	const void *stream;
};

struct cuda_launch {
	const void *kernel;   /* host function, cudaKernel_t, CUfunction or CUkernel */
	const void *stream;
	uint32_t grid[3], block[3], shared_bytes;
};

/* A row of cuda_runtime.def or cuda_driver.def. */
struct cuda_row {
	const char *symbol;   /* "cuMemAlloc_v2" */
	const char *asked;    /* name that cuGetProcAddress is asked for; NULL: a runtime function */
	int version, before;  /* CUDA versions asked for from which to (exclusive) which this form is answered */
	bool per_thread;      /* the form for per-thread default streams */
	uint8_t kind;         /* enum box_cuda_kind */
};

/* The real function behind a wrapper and the wrapper's state; indices as the rows'. A function of the driver may be met at
 * two addresses (exported, and handed out by cuGetProcAddress): each has a wrapper and a real pointer of its own. */
#define CUDA_FORMS 2
extern void *cuda_real[][CUDA_FORMS];   /* atomic; NULL: not known yet */
extern const struct cuda_row cuda_rows[];
extern void *const cuda_wrappers[][CUDA_FORMS];
extern const int cuda_row_count;

/* The thread's state. */
struct cuda_self {
	uint8_t inside;       /* a wrapper's real call is under way */
	uint8_t writing;      /* a record is being made */
	bool device_known;
	int16_t device;
	int32_t last_error;   /* the last failure recorded; 0 none */
	int32_t gone_device;  /* of what is being freed; gone_bytes UINT64_MAX: it was not known */
	uint64_t gone_bytes;
};
extern __thread struct cuda_self cuda_self __attribute__((tls_model("initial-exec"), visibility("hidden")));

extern bool cuda_wanted[BOX_CUDA_KIND_COUNT]; /* by --cuda; a failure of any kind is recorded unless all is off */
extern bool cuda_on;                          /* false: --cuda off */

/* Called in the constructor once the settings are read. */
void cuda_start(void);
/* Put what was counted beside the records into the box: now and then, and at the process's end. */
void cuda_report(void);
void cuda_forked(void);

/* The library's only numbers that are met before there is a box; atomic (cuda_resolve.c). */
extern uint64_t cuda_queries, cuda_handed_out[2] /* runtime, driver */, cuda_not_wrapped;

/* Is a CUDA library loaded now? */
bool cuda_is_loaded(void);

/* The real function behind FORM of ROW, looked up on first need; NULL if no loaded library has it. */
void *cuda_find_real(int row, int form);

static inline void *
cuda_real_of(int row, int form)
{
	void *real = __atomic_load_n(&cuda_real[row][form], __ATOMIC_ACQUIRE);

	return __builtin_expect(real != NULL, 1) ? real : cuda_find_real(row, form);
}

/* May this call be recorded? Then it is "inside" until cuda_leave... */
static inline bool
cuda_enter(void)
{
	if (!cuda_on || cuda_self.inside)
		return false;
	cuda_self.inside = 1;
	return true;
}

/* cuda_record.c: in a forked child, whose box has other references. */
void cuda_record_forked(void);

/* A call of KIND is about to free what FACTS says. */
void cuda_freeing(enum box_cuda_kind kind, const struct cuda_facts *facts);

/* The call of ROW has returned RESULT. */
void cuda_called(int row, int result, const struct cuda_facts *facts);
void cuda_launched(int row, int result, const struct cuda_launch *launch);
/* The same, for calls that are of interest only when they fail. */
void cuda_failed(int row, int result);
/* PyTorch's caching allocator: KIND is BLOCK, BLOCK_FREE or OUT_OF_MEMORY. */
void cuda_block(enum box_cuda_kind kind, int device, const void *address, uint64_t bytes, uint64_t allocated, uint64_t reserved);

static inline void
cuda_leave(int row, int result, const struct cuda_facts *facts)
{
	cuda_self.inside = 0;
	cuda_called(row, result, facts);
}

static inline void
cuda_leave_launch(int row, int result, const struct cuda_launch *launch)
{
	cuda_self.inside = 0;
	cuda_launched(row, result, launch);
}

static inline void
cuda_leave_plain(int row, int result)
{
	cuda_self.inside = 0;
	if (__builtin_expect(result != CUDA_SUCCESS && result != CUDA_NOT_READY, 0))
		cuda_failed(row, result);
}

/* cuda_device.c: the calling thread's device, asked for where it isn't known; -1 if nobody can say. */
int cuda_device_ask(void);

static inline int
cuda_device(void)
{
	return __builtin_expect(cuda_self.device_known, 1) ? cuda_self.device : cuda_device_ask();
}

/* The thread's device changed (cudaSetDevice succeeded), or its context did (DEVICE -1: to be asked for). */
void cuda_device_set(int device);
/* Captures that were begun and not ended, on any stream, at either level (a runtime's counts at both); atomic. */
extern int cuda_captures __attribute__((visibility("hidden")));
bool cuda_capturing_ask(const void *stream);

/* Is STREAM being captured into a graph? Asks CUDA only while some capture is under way. */
static inline bool
cuda_is_capturing(const void *stream)
{
	return __builtin_expect(__atomic_load_n(&cuda_captures, __ATOMIC_RELAXED) > 0, 0) && cuda_capturing_ask(stream);
}

void cuda_capture_began(void);
void cuda_capture_ended(void);
/* Wait for STREAM with the real function; the result, 0 if there is nothing to wait with. */
int cuda_wait(const void *stream);

/* cuda_memory.c: the table of live memory. CLASS is enum box_memory_class. */
struct box_cuda;
void cuda_memory_add(unsigned class, uint64_t address, uint64_t bytes, const struct box_cuda *where, uint32_t thread, uint64_t event);
/* The bytes of what was live at ADDRESS, which is now gone; DEVICE gets its device. False: not known. */
bool cuda_memory_remove(unsigned class, uint64_t address, uint64_t *bytes, int *device);
/* The caching allocator told how much of DEVICE it has handed out and holds. */
void cuda_memory_allocator(int device, uint64_t allocated, uint64_t reserved);
/* Live bytes of DEVICE (-1: pinned host memory) grow by BYTES (or shrink). */
void cuda_memory_count(int device, int64_t bytes);
struct box_cuda_counts *cuda_counts(void); /* NULL: the box has no room for them */

/* cuda_kernel.c: names of kernels, met where they are registered or looked up. */
bool cuda_kernels_start(void);
void cuda_kernel_registered(const void *binary, const void *function, const char *name); /* NAME lives as long as BINARY */
void cuda_kernel_unregistered(const void *binary);
void cuda_kernel_named(const void *handle, const char *name);    /* NAME is copied */
void cuda_kernel_same(const void *handle, const void *function); /* HANDLE is FUNCTION's, known before */
uint32_t cuda_kernel_string(const void *handle);                 /* reference into the box; 0 unknown */

#endif
