/* Which device the calling thread works on, whether a stream is being captured, and waiting for one. See cuda.h. */
#include <dlfcn.h>

#include "cuda.h"
#include "cuda_rows.h"
#include "dynamic.h"

__thread struct cuda_self cuda_self;

int cuda_captures;

/* A function of either library that is asked and never wrapped; found once. FOUND is atomic. */
static void *
helper(void **found, const char *symbol, const char *const *libraries)
{
	void *function = __atomic_load_n(found, __ATOMIC_ACQUIRE);

	if (function)
		return function;
	function = dynamic_symbol(RTLD_NEXT, symbol);
	for (; !function && *libraries; libraries++)
		function = dynamic_symbol_of(*libraries, symbol);
	__atomic_store_n(found, function, __ATOMIC_RELEASE);
	return function;
}

static const char *const runtimes[] = { "libcudart.so.13", "libcudart.so.12", "libcudart.so.11.0", NULL };
static const char *const drivers[] = { "libcuda.so.1", NULL };

int
cuda_device_ask(void)
{
	static void *runtime, *driver;
	int (*get)(int *);
	int device = -1;

	get = (int (*)(int *))helper(&runtime, "cudaGetDevice", runtimes);
	if (!get)
		get = (int (*)(int *))helper(&driver, "cuCtxGetDevice", drivers);
	uint8_t inside = cuda_self.inside;
	cuda_self.inside = 1;
	if (!get || get(&device) != CUDA_SUCCESS || device < 0 || device > INT16_MAX)
		device = -1;
	cuda_self.inside = inside;
	cuda_self.device = (int16_t)device;
	cuda_self.device_known = true;
	return device;
}

void
cuda_device_set(int device)
{
	cuda_self.device = (int16_t)device;
	cuda_self.device_known = device >= 0;
}

void
cuda_capture_began(void)
{
	__atomic_fetch_add(&cuda_captures, 1, __ATOMIC_RELAXED);
}

void
cuda_capture_ended(void)
{
	__atomic_fetch_sub(&cuda_captures, 1, __ATOMIC_RELAXED);
}

bool
cuda_capturing_ask(const void *stream)
{
	static void *runtime, *driver;
	int (*get)(const void *, int *);
	int status = 0;

	if ((uintptr_t)stream <= 1)
		return false; /* the legacy stream can't be captured, and asking it would count as an error */
	get = (int (*)(const void *, int *))helper(&runtime, "cudaStreamIsCapturing", runtimes);
	if (!get)
		get = (int (*)(const void *, int *))helper(&driver, "cuStreamIsCapturing", drivers);
	uint8_t inside = cuda_self.inside;
	cuda_self.inside = 1;
	int result = get ? get(stream, &status) : CUDA_NO_SYMBOL;
	cuda_self.inside = inside;
	return result == CUDA_SUCCESS && status == 1;
}

int
cuda_wait(const void *stream)
{
	int (*wait)(const void *) = (int (*)(const void *))cuda_real_of(CUDA_ROW_cudaStreamSynchronize, 0);

	if (!wait)
		wait = (int (*)(const void *))cuda_real_of(CUDA_ROW_cuStreamSynchronize, 0);
	cuda_self.inside = 1;
	int result = wait ? wait(stream) : CUDA_SUCCESS;
	cuda_self.inside = 0;
	return result;
}
