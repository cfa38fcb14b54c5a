/* The fake libcuda.so.1: what PyTorch, Triton and the fake runtime use of the driver's public interface (cuda.h). */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "fake.h"

#define EXPORT __attribute__((visibility("default")))

/* A public function: its body returns a result; the failure of an outermost call is counted. */
#define API(name, parameters, arguments) \
	static int body_##name parameters; \
	EXPORT int name parameters \
	{ \
		fake_enter(); \
		return fake_leave(body_##name arguments); \
	} \
	static int body_##name parameters

/* The same under the name for per-thread default streams. */
#define API_TWIN(name, twin, parameters, arguments) \
	EXPORT int twin parameters; \
	EXPORT int name parameters; \
	EXPORT int twin parameters { return name arguments; } \
	API(name, parameters, arguments)

/* --- start, devices, contexts --------------------------------------------------------------- */

API(cuInit, (unsigned flags), (flags)) { (void)flags; return OK; }
API(cuDriverGetVersion, (int *out), (out)) { *out = 13000; return OK; }
API(cuDeviceGetCount, (int *out), (out)) { *out = fake_device_count(); return OK; }
API(cuDeviceGet, (int *out, int device), (out, device))
{
	*out = device;
	return device >= 0 && device < fake_device_count() ? OK : INVALID_DEVICE;
}
API(cuDeviceGetName, (char *out, int room, int device), (out, room, device))
{
	(void)device;
	snprintf(out, (size_t)room, "Fake GPU");
	return OK;
}
API(cuDeviceGetAttribute, (int *out, int attribute, int device), (out, attribute, device)) { (void)device; return fake_attribute(out, attribute); }
API(cuDeviceTotalMem_v2, (size_t *out, int device), (out, device)) { size_t unused; (void)device; fake_memory_info(&unused, out); return OK; }
API(cuDeviceGetUuid, (char *out, int device), (out, device)) { memset(out, device + 1, 16); return OK; }
API(cuDevicePrimaryCtxRetain, (void **out, int device), (out, device)) { *out = (void *)(uintptr_t)(0x1000 + device); return OK; }
API(cuDevicePrimaryCtxGetState, (int device, unsigned *flags, int *active), (device, flags, active)) { (void)device; *flags = 0; *active = 1; return OK; }
API(cuDevicePrimaryCtxRelease_v2, (int device), (device)) { (void)device; return OK; }
API(cuCtxGetCurrent, (void **out), (out)) { *out = (void *)(uintptr_t)(0x1000 + fake_device_now()); return OK; }
API(cuCtxSetCurrent, (void *context), (context)) { return context ? fake_device_set((int)((uintptr_t)context - 0x1000)) : OK; }
API(cuCtxPushCurrent_v2, (void *context), (context)) { return fake_device_set((int)((uintptr_t)context - 0x1000)); }
API(cuCtxPopCurrent_v2, (void **out), (out)) { if (out) *out = (void *)(uintptr_t)(0x1000 + fake_device_now()); return OK; }
API(cuCtxGetDevice, (int *out), (out)) { *out = fake_device_now(); return OK; }
API(cuGetErrorString, (int code, const char **out), (code, out)) { *out = code == OUT_OF_MEMORY ? "out of memory" : code == 710 ? "device-side assert triggered" : "an error"; return OK; }
API(cuGetErrorName, (int code, const char **out), (code, out)) { (void)code; *out = "CUDA_ERROR"; return OK; }
EXPORT int cuGetExportTable(const void **table, const void *id);
EXPORT int cuGetExportTable(const void **table, const void *id) { (void)id; *table = NULL; return NOT_FOUND; } /* nobody's private business */

/* --- memory --------------------------------------------------------------------------------- */

static int
allocate(void *out, size_t bytes)
{
	int broken = fake_broken(false);

	return broken ? broken : fake_allocate(out, bytes);
}

static int
copy(void *to, const void *from, size_t bytes, void *stream)
{
	int broken = fake_broken(false);
	struct fake_stream *on = (uintptr_t)stream > 2 ? stream : NULL;

	if (broken)
		return broken;
	if (bytes && (!to || !from))
		return INVALID_VALUE;
	fake_count(FAKE_copies);
	if (!on || !on->capturing)
		memmove(to, from, bytes);
	return OK;
}

static int
set(void *at, int value, size_t element, size_t n)
{
	int broken = fake_broken(false);

	if (broken)
		return broken;
	if (n && !at)
		return INVALID_VALUE;
	fake_count(FAKE_memsets);
	for (size_t i = 0; i < n; i++)
		memcpy((char *)at + i * element, &value, element);
	return OK;
}

API(cuMemAlloc_v2, (void **out, size_t bytes), (out, bytes)) { return allocate(out, bytes); }
API(cuMemAllocManaged, (void **out, size_t bytes, unsigned flags), (out, bytes, flags)) { (void)flags; return allocate(out, bytes); }
API(cuMemAllocPitch_v2, (void **out, size_t *pitch, size_t w, size_t h, unsigned element), (out, pitch, w, h, element))
{
	(void)element;
	size_t row = (w + 511) / 512 * 512;
	int result = allocate(out, row * h);
	if (result == OK)
		*pitch = row;
	return result;
}
API_TWIN(cuMemAllocAsync, cuMemAllocAsync_ptsz, (void **out, size_t bytes, void *q), (out, bytes, q)) { (void)q; return allocate(out, bytes); }
API_TWIN(cuMemAllocFromPoolAsync, cuMemAllocFromPoolAsync_ptsz, (void **out, size_t bytes, void *pool, void *q), (out, bytes, pool, q)) { (void)q; (void)pool; return allocate(out, bytes); }
API(cuMemFree_v2, (void *at), (at)) { int broken = fake_broken(true); return broken ? broken : fake_free(at); }
API_TWIN(cuMemFreeAsync, cuMemFreeAsync_ptsz, (void *at, void *q), (at, q)) { (void)q; return fake_free(at); }
API(cuMemAllocHost_v2, (void **out, size_t bytes), (out, bytes)) { return fake_host_allocate(out, bytes); }
API(cuMemHostAlloc, (void **out, size_t bytes, unsigned flags), (out, bytes, flags)) { (void)flags; return fake_host_allocate(out, bytes); }
API(cuMemFreeHost, (void *at), (at)) { return fake_host_free(at); }
API(cuMemHostRegister_v2, (void *at, size_t bytes, unsigned flags), (at, bytes, flags)) { (void)flags; return fake_register(at, bytes); }
API(cuMemHostUnregister, (void *at), (at)) { return fake_unregister(at); }
API(cuMemGetInfo_v2, (size_t *free_bytes, size_t *total), (free_bytes, total)) { fake_memory_info(free_bytes, total); return OK; }
API(cuMemGetAddressRange_v2, (void **base, size_t *bytes, void *at), (base, bytes, at)) { return fake_memory_type(at, NULL, base, bytes) ? OK : INVALID_VALUE; }
API(cuPointerGetAttribute, (void *out, int attribute, void *at), (out, attribute, at))
{
	int device = 0, type = fake_memory_type(at, &device, NULL, NULL);

	if (!type)
		return INVALID_VALUE;
	if (attribute == 2)       /* memory type */
		*(unsigned *)out = (unsigned)type;
	else if (attribute == 3)  /* device pointer */
		*(void **)out = at;
	else if (attribute == 9)  /* device ordinal */
		*(int *)out = device;
	else
		memset(out, 0, 4);
	return OK;
}

API(cuIpcGetMemHandle, (struct cuda_ipc *out, void *at), (out, at)) { memset(out, 0, sizeof *out); memcpy(out, &at, sizeof at); return OK; }
API(cuIpcOpenMemHandle_v2, (void **out, struct cuda_ipc handle, unsigned flags), (out, handle, flags)) { (void)flags; memcpy(out, &handle, sizeof *out); return *out ? OK : INVALID_VALUE; }
API(cuIpcCloseMemHandle, (void *at), (at)) { return at ? OK : INVALID_VALUE; }

/* piece by piece */
struct physical { size_t bytes; };
API(cuMemAddressReserve, (void **out, size_t bytes, size_t align, void *at, unsigned long long flags), (out, bytes, align, at, flags))
{
	(void)align; (void)at; (void)flags;
	void *memory = mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	*out = memory;
	return memory == MAP_FAILED ? OUT_OF_MEMORY : OK;
}
API(cuMemAddressFree, (void *at, size_t bytes), (at, bytes)) { return munmap(at, bytes) ? INVALID_VALUE : OK; }
API(cuMemCreate, (void **out, size_t bytes, const void *properties, unsigned long long flags), (out, bytes, properties, flags))
{
	(void)properties; (void)flags;
	return allocate(out, bytes);
}
API(cuMemRelease, (void *handle), (handle)) { return fake_free(handle); }
API(cuMemMap, (void *at, size_t bytes, size_t offset, void *handle, unsigned long long flags), (at, bytes, offset, handle, flags))
{
	(void)offset; (void)handle; (void)flags;
	return mprotect(at, bytes, PROT_READ | PROT_WRITE) ? INVALID_VALUE : OK;
}
API(cuMemUnmap, (void *at, size_t bytes), (at, bytes))
{
	return mmap(at, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0) == MAP_FAILED ? INVALID_VALUE : OK;
}
API(cuMemSetAccess, (void *at, size_t bytes, const void *access, size_t n), (at, bytes, access, n)) { (void)at; (void)bytes; (void)access; (void)n; return OK; }
API(cuMemGetAllocationGranularity, (size_t *out, const void *properties, int option), (out, properties, option)) { (void)properties; (void)option; *out = 2u << 20; return OK; }

/* --- copies --------------------------------------------------------------------------------- */

API_TWIN(cuMemcpy, cuMemcpy_ptds, (void *to, const void *from, size_t n), (to, from, n)) { return copy(to, from, n, NULL); }
API_TWIN(cuMemcpyAsync, cuMemcpyAsync_ptsz, (void *to, const void *from, size_t n, void *q), (to, from, n, q)) { return copy(to, from, n, q); }
API_TWIN(cuMemcpyHtoD_v2, cuMemcpyHtoD_v2_ptds, (void *to, const void *from, size_t n), (to, from, n)) { return copy(to, from, n, NULL); }
API_TWIN(cuMemcpyDtoH_v2, cuMemcpyDtoH_v2_ptds, (void *to, const void *from, size_t n), (to, from, n)) { return copy(to, from, n, NULL); }
API_TWIN(cuMemcpyDtoD_v2, cuMemcpyDtoD_v2_ptds, (void *to, const void *from, size_t n), (to, from, n)) { return copy(to, from, n, NULL); }
API_TWIN(cuMemcpyHtoDAsync_v2, cuMemcpyHtoDAsync_v2_ptsz, (void *to, const void *from, size_t n, void *q), (to, from, n, q)) { return copy(to, from, n, q); }
API_TWIN(cuMemcpyDtoHAsync_v2, cuMemcpyDtoHAsync_v2_ptsz, (void *to, const void *from, size_t n, void *q), (to, from, n, q)) { return copy(to, from, n, q); }
API_TWIN(cuMemcpyDtoDAsync_v2, cuMemcpyDtoDAsync_v2_ptsz, (void *to, const void *from, size_t n, void *q), (to, from, n, q)) { return copy(to, from, n, q); }
API_TWIN(cuMemcpyPeer, cuMemcpyPeer_ptds, (void *to, void *tc, const void *from, void *fc, size_t n), (to, tc, from, fc, n)) { (void)tc; (void)fc; return copy(to, from, n, NULL); }
API_TWIN(cuMemcpyPeerAsync, cuMemcpyPeerAsync_ptsz, (void *to, void *tc, const void *from, void *fc, size_t n, void *q), (to, tc, from, fc, n, q)) { (void)tc; (void)fc; return copy(to, from, n, q); }
API_TWIN(cuMemcpy2D_v2, cuMemcpy2D_v2_ptds, (const struct cuda_driver_copy2d *p), (p))
{
	char *to = p->to_type == 1 ? p->to_host : p->to_device;
	const char *from = p->from_type == 1 ? p->from_host : p->from_device;
	for (size_t row = 0; to && from && row < p->height; row++)
		memmove(to + row * p->to_pitch, from + row * p->from_pitch, p->width);
	fake_count(FAKE_copies);
	return OK;
}
API_TWIN(cuMemcpyBatchAsync, cuMemcpyBatchAsync_ptsz, (void **to, void **from, size_t *n, size_t count, void *a, void *i, size_t k, size_t *fail, void *q), (to, from, n, count, a, i, k, fail, q))
{
	(void)a; (void)i; (void)k; (void)q;
	*fail = SIZE_MAX;
	for (size_t each = 0; each < count; each++)
		memmove(to[each], from[each], n[each]);
	fake_count(FAKE_copies);
	return OK;
}
API_TWIN(cuMemcpyBatchAsync_v2, cuMemcpyBatchAsync_v2_ptsz, (void **to, void **from, size_t *n, size_t count, void *a, void *i, size_t k, void *q), (to, from, n, count, a, i, k, q))
{
	(void)a; (void)i; (void)k; (void)q;
	for (size_t each = 0; each < count; each++)
		memmove(to[each], from[each], n[each]);
	fake_count(FAKE_copies);
	return OK;
}
API_TWIN(cuMemsetD8_v2, cuMemsetD8_v2_ptds, (void *at, unsigned char v, size_t n), (at, v, n)) { return set(at, v, 1, n); }
API_TWIN(cuMemsetD16_v2, cuMemsetD16_v2_ptds, (void *at, unsigned short v, size_t n), (at, v, n)) { return set(at, v, 2, n); }
API_TWIN(cuMemsetD32_v2, cuMemsetD32_v2_ptds, (void *at, unsigned v, size_t n), (at, v, n)) { return set(at, (int)v, 4, n); }
API_TWIN(cuMemsetD8Async, cuMemsetD8Async_ptsz, (void *at, unsigned char v, size_t n, void *q), (at, v, n, q)) { (void)q; return set(at, v, 1, n); }
API_TWIN(cuMemsetD32Async, cuMemsetD32Async_ptsz, (void *at, unsigned v, size_t n, void *q), (at, v, n, q)) { (void)q; return set(at, (int)v, 4, n); }

/* --- streams, events, graphs ---------------------------------------------------------------- */

static int
stream_make(void **out)
{
	struct fake_stream *stream = calloc(1, sizeof *stream);

	*out = stream;
	return stream ? OK : OUT_OF_MEMORY;
}

static int
wait_for(void)
{
	return fake_broken(true);
}

API(cuStreamCreate, (void **out, unsigned flags), (out, flags)) { (void)flags; return stream_make(out); }
API(cuStreamCreateWithPriority, (void **out, unsigned flags, int priority), (out, flags, priority)) { (void)flags; (void)priority; return stream_make(out); }
API(cuStreamDestroy_v2, (void *q), (q)) { if ((uintptr_t)q > 2) free(q); return OK; }
API_TWIN(cuStreamSynchronize, cuStreamSynchronize_ptsz, (void *q), (q)) { (void)q; return wait_for(); }
API_TWIN(cuStreamQuery, cuStreamQuery_ptsz, (void *q), (q)) { (void)q; return fake_broken(false); }
API_TWIN(cuStreamWaitEvent, cuStreamWaitEvent_ptsz, (void *q, void *event, unsigned flags), (q, event, flags)) { (void)q; (void)event; (void)flags; return OK; }
API(cuCtxSynchronize, (void), ()) { return wait_for(); }
API(cuCtxSynchronize_v2, (void *context), (context)) { (void)context; return wait_for(); }
API(cuEventCreate, (void **out, unsigned flags), (out, flags)) { (void)flags; *out = malloc(1); return *out ? OK : OUT_OF_MEMORY; }
API(cuEventDestroy_v2, (void *event), (event)) { free(event); return OK; }
API_TWIN(cuEventRecord, cuEventRecord_ptsz, (void *event, void *q), (event, q)) { (void)event; (void)q; return OK; }
API(cuEventSynchronize, (void *event), (event)) { (void)event; return wait_for(); }
API(cuEventQuery, (void *event), (event)) { (void)event; return fake_broken(false); }
API_TWIN(cuStreamIsCapturing, cuStreamIsCapturing_ptsz, (void *q, int *out), (q, out)) { *out = (uintptr_t)q > 2 ? ((struct fake_stream *)q)->capturing : 0; return OK; }
API_TWIN(cuStreamBeginCapture_v2, cuStreamBeginCapture_v2_ptsz, (struct fake_stream *q, int mode), (q, mode))
{
	(void)mode;
	if ((uintptr_t)q <= 2)
		return CAPTURE_UNSUPPORTED;
	q->capturing = 1;
	q->graph = calloc(1, sizeof(struct fake_graph));
	return OK;
}
API_TWIN(cuStreamEndCapture, cuStreamEndCapture_ptsz, (struct fake_stream *q, void **graph), (q, graph))
{
	q->capturing = 0;
	*graph = q->graph;
	q->graph = NULL;
	return *graph ? OK : INVALID_VALUE;
}
API(cuGraphCreate, (void **out, unsigned flags), (out, flags)) { (void)flags; *out = calloc(1, sizeof(struct fake_graph)); return OK; }
API(cuGraphInstantiateWithFlags, (void **out, void *graph, unsigned long long flags), (out, graph, flags)) { (void)flags; *out = calloc(1, sizeof(struct fake_graph)); return graph && *out ? OK : INVALID_VALUE; }
API(cuGraphDestroy, (void *graph), (graph)) { free(graph); return OK; }
API(cuGraphExecDestroy, (void *graph), (graph)) { free(graph); return OK; }
API_TWIN(cuGraphLaunch, cuGraphLaunch_ptsz, (void *graph, void *q), (graph, q))
{
	int broken = fake_broken(false);

	(void)q;
	if (broken || !graph)
		return broken ? broken : INVALID_VALUE;
	fake_count(FAKE_graph_launches);
	return OK;
}

/* --- kernels -------------------------------------------------------------------------------- */

static int
kernel_make(struct fake_kernel **out, const char *name)
{
	struct fake_kernel *kernel = calloc(1, sizeof *kernel);

	if (!kernel || !name)
		return INVALID_VALUE;
	snprintf(kernel->name, sizeof kernel->name, "%s", name);
	*out = kernel;
	return OK;
}

API(cuModuleLoad, (void **out, const char *path), (out, path)) { (void)path; *out = malloc(1); return OK; }
API(cuModuleLoadData, (void **out, const void *image), (out, image)) { (void)image; *out = malloc(1); return OK; }
API(cuModuleLoadDataEx, (void **out, const void *image, unsigned n, void *o, void *v), (out, image, n, o, v)) { (void)image; (void)n; (void)o; (void)v; *out = malloc(1); return OK; }
API(cuModuleUnload, (void *module), (module)) { free(module); return OK; }
API(cuModuleGetFunction, (struct fake_kernel **out, void *module, const char *name), (out, module, name)) { (void)module; return kernel_make(out, name); }
API(cuLibraryLoadData, (void **out, const void *image, void *a, void *b, unsigned c, void *d, void *e, unsigned f), (out, image, a, b, c, d, e, f))
{
	(void)image; (void)a; (void)b; (void)c; (void)d; (void)e; (void)f;
	*out = malloc(1);
	return OK;
}
API(cuLibraryGetKernel, (struct fake_kernel **out, void *library, const char *name), (out, library, name)) { (void)library; return kernel_make(out, name); }
API(cuKernelGetFunction, (void **out, void *kernel), (out, kernel)) { *out = kernel; return kernel ? OK : INVALID_VALUE; }
API(cuFuncGetAttribute, (int *out, int attribute, void *f), (out, attribute, f)) { (void)f; *out = attribute == 0 ? 1024 : attribute == 4 ? 32 : 0; return OK; }
API(cuFuncSetAttribute, (void *f, int attribute, int value), (f, attribute, value)) { (void)f; (void)attribute; (void)value; return OK; }
API(cuFuncSetCacheConfig, (void *f, int config), (f, config)) { (void)f; (void)config; return OK; }
API(cuOccupancyMaxActiveBlocksPerMultiprocessor, (int *out, void *f, int n, size_t s), (out, f, n, s)) { (void)f; (void)n; (void)s; *out = 1; return OK; }
API(cuOccupancyMaxActiveClusters, (int *out, void *f, const void *c), (out, f, c)) { (void)f; (void)c; *out = 1; return OK; }
API(cuTensorMapEncodeTiled, (void *map), (map)) { (void)map; return OK; }

static int
launch(void *f, unsigned gx, unsigned bx, void *stream)
{
	return f && gx && bx ? fake_launch(f, stream) : INVALID_VALUE;
}

API_TWIN(cuLaunchKernel, cuLaunchKernel_ptsz, (void *f, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz, unsigned s, void *q, void **a, void **x), (f, gx, gy, gz, bx, by, bz, s, q, a, x))
{
	(void)s; (void)a; (void)x;
	return gy && gz && by && bz ? launch(f, gx, bx, q) : INVALID_VALUE;
}
API_TWIN(cuLaunchKernelEx, cuLaunchKernelEx_ptsz, (const struct cuda_driver_config *c, void *f, void **a, void **x), (c, f, a, x))
{
	(void)a; (void)x;
	return c ? launch(f, c->grid[0], c->block[0], c->stream) : INVALID_VALUE;
}
API_TWIN(cuLaunchCooperativeKernel, cuLaunchCooperativeKernel_ptsz, (void *f, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz, unsigned s, void *q, void **a), (f, gx, gy, gz, bx, by, bz, s, q, a))
{
	(void)gy; (void)gz; (void)by; (void)bz; (void)s; (void)a;
	return launch(f, gx, bx, q);
}
API_TWIN(cuLaunchHostFunc, cuLaunchHostFunc_ptsz, (void *q, void (*function)(void *), void *data), (q, function, data)) { (void)q; function(data); return OK; }

/* --- asked for by PyTorch when it starts, and not supported here ------------------------------- */

API(cuMemGetAllocationPropertiesFromHandle, (void), ()) { return NOT_SUPPORTED; }
API(cuGreenCtxCreate, (void), ()) { return NOT_SUPPORTED; }
API(cuGreenCtxDestroy, (void), ()) { return NOT_SUPPORTED; }
API(cuGreenCtxStreamCreate, (void), ()) { return NOT_SUPPORTED; }
API(cuCtxFromGreenCtx, (void), ()) { return NOT_SUPPORTED; }
API(cuDevSmResourceSplitByCount, (void), ()) { return NOT_SUPPORTED; }
API(cuDeviceGetDevResource, (void), ()) { return NOT_SUPPORTED; }
API(cuDevResourceGenerateDesc, (void), ()) { return NOT_SUPPORTED; }


API(cuLogsRegisterCallback, (void *callback, void *data, void **out), (callback, data, out)) { (void)callback; (void)data; *out = NULL; return OK; }
API(cuLogsUnregisterCallback, (void *callback), (callback)) { (void)callback; return OK; }

/* --- by name -------------------------------------------------------------------------------- */

EXPORT int cuGetProcAddress(const char *name, void **out, int version, uint64_t flags);
EXPORT int cuGetProcAddress_v2(const char *name, void **out, int version, uint64_t flags, int *status);

int
cuGetProcAddress_v2(const char *name, void **out, int version, uint64_t flags, int *status)
{
	fake_count(FAKE_queries);
	if (!name || !out)
		return INVALID_VALUE;
	*out = !strcmp(name, "cuGetProcAddress") ? (version >= 12000 ? (void *)cuGetProcAddress_v2 : (void *)cuGetProcAddress)
						 : fake_function(name, version, flags);
	if (status)
		*status = *out ? 0 : 1;
	return *out ? OK : NOT_FOUND;
}

int
cuGetProcAddress(const char *name, void **out, int version, uint64_t flags)
{
	return cuGetProcAddress_v2(name, out, version, flags, NULL);
}
