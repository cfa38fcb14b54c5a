/*
 * PyTorch's caching allocator, block by block: it reports each to the profiler, whether there is one or not.
 *
 * c10/core/Allocator.h, torch 1.12 and later: void reportMemoryUsageToProfiler(void *ptr, int64_t alloc_size, size_t
 * total_allocated, size_t total_reserved, Device), alloc_size negative for a free; reportOutOfMemoryToProfiler the same
 * without ptr. c10::Device is two bytes, type and index, in one register. Type 1 is CUDA.
 */
#include <stdint.h>

#include "cuda.h"
#include "hooks.h"
#include "shim.h"

#define DEVICE_CUDA 1u

SHIM_EXPORT void
_ZN3c1027reportMemoryUsageToProfilerEPvlmmNS_6DeviceE(void *address, int64_t bytes, uint64_t allocated, uint64_t reserved,
						      uint16_t device)
{
	void (*real)(void *, int64_t, uint64_t, uint64_t, uint16_t) =
		(void (*)(void *, int64_t, uint64_t, uint64_t, uint16_t))hook_real(HOOK_MEMORY_REPORT);

	if ((device & 0xff) == DEVICE_CUDA && bytes)
		cuda_block(bytes > 0 ? BOX_CUDA_BLOCK : BOX_CUDA_BLOCK_FREE, (int8_t)(device >> 8), address,
			   (uint64_t)(bytes > 0 ? bytes : -bytes), allocated, reserved);
	if (real)
		real(address, bytes, allocated, reserved, device);
}

SHIM_EXPORT void
_ZN3c1027reportOutOfMemoryToProfilerElmmNS_6DeviceE(int64_t bytes, uint64_t allocated, uint64_t reserved, uint16_t device)
{
	void (*real)(int64_t, uint64_t, uint64_t, uint16_t) =
		(void (*)(int64_t, uint64_t, uint64_t, uint16_t))hook_real(HOOK_MEMORY_OUT);

	if ((device & 0xff) == DEVICE_CUDA)
		cuda_block(BOX_CUDA_OUT_OF_MEMORY, (int8_t)(device >> 8), NULL, (uint64_t)bytes, allocated, reserved);
	if (real)
		real(bytes, allocated, reserved, device);
}
