/* The wrappers of the CUDA runtime: cuda_runtime.def, made by cuda_wrap.h; and those that record nothing. */
#include "cuda_wrap.h"

#define CUDA_CALL(symbol, kind, parameters, arguments, ...) \
	CUDA_WRAP_CALL(SHIM_EXPORT, symbol, symbol, 0, BOX_CUDA_##kind, parameters, arguments, __VA_ARGS__)
#define CUDA_LAUNCH(symbol, parameters, arguments, ...) \
	CUDA_WRAP_LAUNCH(SHIM_EXPORT, symbol, symbol, 0, parameters, arguments, __VA_ARGS__)
#define CUDA_STATE(symbol, kind, parameters, arguments, after) \
	CUDA_WRAP_STATE(SHIM_EXPORT, symbol, symbol, 0, parameters, arguments, after)
#define CUDA_PLAIN(symbol) CUDA_WRAP_PLAIN(SHIM_EXPORT, symbol, symbol, 0)
#include "cuda_runtime.def"

/* Called some ten thousand times when a library with kernels is loaded: `name` is the kernel's, mangled, and lives as long
 * as the library (crt/host_runtime.h). */
SHIM_EXPORT void
__cudaRegisterFunction(void **binary, const char *function, char *device_function, const char *name, int thread_limit,
		       void *thread, void *block, void *block_size, void *grid_size, int *warp_size)
{
	void (*real)(void **, const char *, char *, const char *, int, void *, void *, void *, void *, int *) =
		(void (*)(void **, const char *, char *, const char *, int, void *, void *, void *, void *, int *))
			cuda_real_of(CUDA_ROW___cudaRegisterFunction, 0);

	if (real)
		real(binary, function, device_function, name, thread_limit, thread, block, block_size, grid_size, warp_size);
	if (cuda_on)
		cuda_kernel_registered(binary, function, name);
}

SHIM_EXPORT void
__cudaUnregisterFatBinary(void **binary)
{
	void (*real)(void **) = (void (*)(void **))cuda_real_of(CUDA_ROW___cudaUnregisterFatBinary, 0);

	if (cuda_on)
		cuda_kernel_unregistered(binary);
	if (real)
		real(binary);
}
