/*
 * The fake libcudart: what PyTorch and the test programs use of the runtime's public interface (cuda_runtime_api.h, and
 * crt/host_runtime.h for what compiled kernels call). It reaches the driver by name, as the real one does.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake.h"

#ifndef RUNTIME_VERSION
#error "RUNTIME_VERSION: 12080 or 13000"
#endif

#define EXPORT __attribute__((visibility("default")))

static __thread int last_error;

static int
leave(int result)
{
	if (result != OK && result != 600)
		last_error = result;
	return fake_leave(result);
}

#define API(name, parameters, arguments) \
	static int body_##name parameters; \
	EXPORT int name parameters; \
	EXPORT int name parameters \
	{ \
		fake_enter(); \
		return leave(body_##name arguments); \
	} \
	static int body_##name parameters
#define API_TWIN(name, twin, parameters, arguments) \
	EXPORT int twin parameters; \
	EXPORT int name parameters; \
	EXPORT int twin parameters { return name arguments; } \
	API(name, parameters, arguments)

/* --- the driver, by name -------------------------------------------------------------------- */

#define DRIVER(X) \
	X(cuMemAlloc) X(cuMemAllocManaged) X(cuMemAllocPitch) X(cuMemAllocAsync) X(cuMemAllocFromPoolAsync) X(cuMemFree) \
	X(cuMemFreeAsync) X(cuMemHostAlloc) X(cuMemFreeHost) X(cuMemHostRegister) X(cuMemHostUnregister) X(cuMemcpy) X(cuMemcpyAsync) \
	X(cuMemcpyPeerAsync) X(cuMemsetD8) X(cuMemsetD8Async) X(cuLaunchKernel) X(cuLaunchKernelEx) X(cuLaunchCooperativeKernel) \
	X(cuLaunchHostFunc) X(cuGraphLaunch) X(cuStreamSynchronize) X(cuCtxSynchronize) X(cuEventSynchronize) X(cuStreamCreate) \
	X(cuStreamDestroy) X(cuEventCreate) X(cuEventDestroy) X(cuEventRecord) X(cuStreamQuery) X(cuEventQuery) X(cuStreamWaitEvent) \
	X(cuStreamIsCapturing) X(cuStreamBeginCapture) X(cuStreamEndCapture) X(cuGraphCreate) X(cuGraphInstantiateWithFlags) \
	X(cuGraphDestroy) X(cuGraphExecDestroy) X(cuIpcGetMemHandle) X(cuIpcOpenMemHandle) X(cuIpcCloseMemHandle) \
	X(cuLibraryLoadData) X(cuLibraryGetKernel) X(cuCtxSetCurrent) X(cuMemcpyBatchAsync)

static struct {
#define X(name) int (*name)();
	DRIVER(X)
#undef X
} driver;
static int (*ask)(const char *, void **, int, uint64_t, int *);
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void
driver_find(void)
{
	void *library = dlopen("libcuda.so.1", RTLD_NOW), *found;
	int status;

	ask = library ? (int (*)(const char *, void **, int, uint64_t, int *))dlsym(library, "cuGetProcAddress_v2") : NULL;
	if (!ask)
		abort();
#define X(name) \
	found = NULL; \
	ask(#name, &found, RUNTIME_VERSION, 0, &status); \
	driver.name = (int (*)())found; \
	if (!found) \
		fprintf(stderr, "fake libcudart: the driver has no %s\n", #name);
	DRIVER(X)
#undef X
}

#define D(name) (pthread_once(&once, driver_find), driver.name)

/* --- devices -------------------------------------------------------------------------------- */

API(cudaGetDeviceCount, (int *out), (out)) { *out = fake_device_count(); return *out ? OK : 100; }
API(cudaGetDevice, (int *out), (out)) { *out = fake_device_now(); return OK; }
API(cudaSetDevice, (int device), (device)) { return fake_device_set(device); }
API(cudaInitDevice, (int device, unsigned a, unsigned b), (device, a, b)) { (void)a; (void)b; return fake_device_set(device); }
API(cudaDeviceGetAttribute, (int *out, int attribute, int device), (out, attribute, device)) { (void)device; return fake_attribute(out, attribute); }
API(cudaDeviceCanAccessPeer, (int *out, int one, int other), (out, one, other)) { *out = one != other; return OK; }
API(cudaDeviceEnablePeerAccess, (int device, unsigned flags), (device, flags)) { (void)device; (void)flags; return OK; }
API(cudaDeviceGetPCIBusId, (char *out, int room, int device), (out, room, device)) { snprintf(out, (size_t)room, "0000:%02x:00.0", device + 1); return OK; }
API(cudaDeviceGetStreamPriorityRange, (int *least, int *most), (least, most)) { *least = 0; *most = -5; return OK; }
API(cudaDeviceSynchronize, (void), ()) { return D(cuCtxSynchronize)(NULL); }
API(cudaDriverGetVersion, (int *out), (out)) { *out = 13000; return OK; }
API(cudaRuntimeGetVersion, (int *out), (out)) { *out = RUNTIME_VERSION; return OK; }
API(cudaMemGetInfo, (size_t *free_bytes, size_t *total), (free_bytes, total)) { fake_memory_info(free_bytes, total); return OK; }
API(cudaDeviceGetDefaultMemPool, (void **out, int device), (out, device)) { *out = (void *)(uintptr_t)(0x2000 + device); return OK; }
API(cudaMemPoolSetAttribute, (void *pool, int attribute, void *value), (pool, attribute, value)) { (void)pool; (void)attribute; (void)value; return OK; }
API(cudaMemPoolGetAttribute, (void *pool, int attribute, void *value), (pool, attribute, value)) { (void)pool; (void)attribute; memset(value, 0, 8); return OK; }
API(cudaMemPoolSetAccess, (void *pool, const void *list, size_t n), (pool, list, n)) { (void)pool; (void)list; (void)n; return OK; }
API(cudaMemPoolTrimTo, (void *pool, size_t n), (pool, n)) { (void)pool; (void)n; return OK; }
API(cudaThreadExchangeStreamCaptureMode, (int *mode), (mode)) { (void)mode; return OK; }
API(cudaProfilerStart, (void), ()) { return OK; }
API(cudaProfilerStop, (void), ()) { return OK; }

/* struct cudaDeviceProp of CUDA 13.0, in bytes from its start */
static void
put(char *properties, int offset, long value, int bytes)
{
	memcpy(properties + offset, &value, (size_t)bytes);
}

API(cudaGetDeviceProperties, (char *out, int device), (out, device))
{
	size_t unused, total;

	if (device < 0 || device >= fake_device_count())
		return INVALID_DEVICE;
	memset(out, 0, 1008);
	strcpy(out, "Fake GPU");
	out[256] = (char)(device + 1);
	fake_memory_info(&unused, &total);
	put(out, 288, (long)total, 8);
	put(out, 296, 49152, 8);
	put(out, 304, 65536, 4);
	put(out, 308, 32, 4);
	put(out, 320, 1024, 4);
	put(out, 324, 1024, 4);
	put(out, 328, 1024, 4);
	put(out, 332, 64, 4);
	put(out, 336, 2147483647, 4);
	put(out, 340, 65535, 4);
	put(out, 344, 65535, 4);
	put(out, 360, 8, 4);
	put(out, 384, 8, 4);     /* multiprocessors */
	put(out, 568, device + 1, 4);
	put(out, 588, 1, 4);
	put(out, 596, 4 << 20, 4);
	put(out, 604, 1536, 4);
	put(out, 624, 167936, 8);
	put(out, 632, 65536, 4);
	put(out, 672, 101376, 8);
	return OK;
}

/* --- errors --------------------------------------------------------------------------------- */

EXPORT int cudaGetLastError(void);
EXPORT int cudaPeekAtLastError(void);
EXPORT const char *cudaGetErrorString(int code);
EXPORT const char *cudaGetErrorName(int code);

int
cudaPeekAtLastError(void)
{
	return last_error ? last_error : fake_broken(false);
}

int
cudaGetLastError(void)
{
	int result = cudaPeekAtLastError();

	last_error = 0;
	return result;
}

const char *
cudaGetErrorString(int code)
{
	return code == OK ? "no error" : code == OUT_OF_MEMORY ? "out of memory" : code == 710 ? "device-side assert triggered"
	       : code == 700 ? "an illegal memory access was encountered" : code == INVALID_VALUE ? "invalid argument"
	       : code == NOT_SUPPORTED ? "operation not supported" : "an error";
}

const char *
cudaGetErrorName(int code)
{
	return code == 710 ? "cudaErrorAssert" : code == 700 ? "cudaErrorIllegalAddress" : code == 2 ? "cudaErrorMemoryAllocation" : "cudaError";
}

/* --- memory --------------------------------------------------------------------------------- */

API(cudaMalloc, (void **out, size_t n), (out, n)) { return D(cuMemAlloc)(out, n); }
API(cudaMallocManaged, (void **out, size_t n, unsigned flags), (out, n, flags)) { return D(cuMemAllocManaged)(out, n, flags); }
API(cudaMallocPitch, (void **out, size_t *pitch, size_t w, size_t h), (out, pitch, w, h)) { return D(cuMemAllocPitch)(out, pitch, w, h, 4); }
API(cudaMalloc3D, (struct cuda_pitched *out, struct cuda_extent e), (out, e))
{
	out->width = e.width;
	out->height = e.height;
	return D(cuMemAllocPitch)(&out->at, &out->pitch, e.width, e.height * e.depth, 4);
}
API_TWIN(cudaMallocAsync, cudaMallocAsync_ptsz, (void **out, size_t n, void *q), (out, n, q)) { return D(cuMemAllocAsync)(out, n, q); }
API_TWIN(cudaMallocFromPoolAsync, cudaMallocFromPoolAsync_ptsz, (void **out, size_t n, void *pool, void *q), (out, n, pool, q)) { return D(cuMemAllocFromPoolAsync)(out, n, pool, q); }
API(cudaFree, (void *at), (at)) { return D(cuMemFree)(at); }
API_TWIN(cudaFreeAsync, cudaFreeAsync_ptsz, (void *at, void *q), (at, q)) { return D(cuMemFreeAsync)(at, q); }
API(cudaMallocHost, (void **out, size_t n), (out, n)) { return D(cuMemHostAlloc)(out, n, 0); }
API(cudaHostAlloc, (void **out, size_t n, unsigned flags), (out, n, flags)) { return D(cuMemHostAlloc)(out, n, flags); }
API(cudaFreeHost, (void *at), (at)) { return D(cuMemFreeHost)(at); }
API(cudaHostRegister, (void *at, size_t n, unsigned flags), (at, n, flags)) { return D(cuMemHostRegister)(at, n, flags); }
API(cudaHostUnregister, (void *at), (at)) { return D(cuMemHostUnregister)(at); }
API(cudaIpcGetMemHandle, (struct cuda_ipc *out, void *at), (out, at)) { return D(cuIpcGetMemHandle)(out, at); }
API(cudaIpcOpenMemHandle, (void **out, struct cuda_ipc handle, unsigned flags), (out, handle, flags))
{
	return ((int (*)(void **, struct cuda_ipc, unsigned))D(cuIpcOpenMemHandle))(out, handle, flags);
}
API(cudaIpcCloseMemHandle, (void *at), (at)) { return D(cuIpcCloseMemHandle)(at); }

struct pointer_attributes { int type, device; void *device_pointer, *host_pointer; long reserved[8]; };
API(cudaPointerGetAttributes, (struct pointer_attributes *out, void *at), (out, at))
{
	memset(out, 0, 24);
	out->type = fake_memory_type(at, &out->device, NULL, NULL);
	out->device_pointer = out->type ? at : NULL;
	out->host_pointer = out->type == 2 ? NULL : at;
	if (!out->type)
		out->device = -2;
	return OK;
}

API_TWIN(cudaMemcpy, cudaMemcpy_ptds, (void *to, const void *from, size_t n, int kind), (to, from, n, kind)) { (void)kind; return D(cuMemcpy)(to, from, n); }
API_TWIN(cudaMemcpyAsync, cudaMemcpyAsync_ptsz, (void *to, const void *from, size_t n, int kind, void *q), (to, from, n, kind, q)) { (void)kind; return D(cuMemcpyAsync)(to, from, n, q); }
API(cudaMemcpyPeer, (void *to, int td, const void *from, int fd, size_t n), (to, td, from, fd, n)) { (void)td; (void)fd; return D(cuMemcpy)(to, from, n); }
API(cudaMemcpyPeerAsync, (void *to, int td, const void *from, int fd, size_t n, void *q), (to, td, from, fd, n, q)) { (void)td; (void)fd; return D(cuMemcpyAsync)(to, from, n, q); }
API_TWIN(cudaMemcpy2DAsync, cudaMemcpy2DAsync_ptsz, (char *to, size_t tp, const char *from, size_t fp, size_t w, size_t h, int kind, void *q), (to, tp, from, fp, w, h, kind, q))
{
	(void)kind; (void)q;
	for (size_t row = 0; row < h; row++)
		memmove(to + row * tp, from + row * fp, w);
	fake_count(FAKE_copies);
	return OK;
}
API_TWIN(cudaMemcpy3D, cudaMemcpy3D_ptds, (const struct cuda_copy3d *p), (p))
{
	for (size_t row = 0; row < p->extent.height * p->extent.depth; row++)
		memmove((char *)p->to.at + row * p->to.pitch, (char *)p->from.at + row * p->from.pitch, p->extent.width);
	fake_count(FAKE_copies);
	return OK;
}
API_TWIN(cudaMemcpyToSymbol, cudaMemcpyToSymbol_ptds, (void *to, const void *from, size_t n, size_t offset, int kind), (to, from, n, offset, kind))
{
	(void)to; (void)from; (void)n; (void)offset; (void)kind;
	fake_count(FAKE_copies);
	return OK;
}
#if RUNTIME_VERSION >= 13000
API_TWIN(cudaMemcpyBatchAsync, cudaMemcpyBatchAsync_ptsz, (void **to, void **from, size_t *n, size_t count, void *a, void *i, size_t k, void *q), (to, from, n, count, a, i, k, q))
{
	return ((int (*)(void **, void **, size_t *, size_t, void *, void *, size_t, void *))D(cuMemcpyBatchAsync))(to, from, n, count, a, i, k, q);
}
#else
API_TWIN(cudaMemcpyBatchAsync, cudaMemcpyBatchAsync_ptsz, (void **to, void **from, size_t *n, size_t count, void *a, void *i, size_t k, size_t *fail, void *q), (to, from, n, count, a, i, k, fail, q))
{
	return ((int (*)(void **, void **, size_t *, size_t, void *, void *, size_t, size_t *, void *))D(cuMemcpyBatchAsync))(to, from, n, count, a, i, k, fail, q);
}
#endif
API_TWIN(cudaMemset, cudaMemset_ptds, (void *at, int value, size_t n), (at, value, n)) { return D(cuMemsetD8)(at, value, n); }
API_TWIN(cudaMemsetAsync, cudaMemsetAsync_ptsz, (void *at, int value, size_t n, void *q), (at, value, n, q)) { return D(cuMemsetD8Async)(at, value, n, q); }

/* --- streams, events, graphs ---------------------------------------------------------------- */

API(cudaStreamCreate, (void **out), (out)) { return D(cuStreamCreate)(out, 0); }
API(cudaStreamCreateWithFlags, (void **out, unsigned flags), (out, flags)) { return D(cuStreamCreate)(out, flags); }
API(cudaStreamCreateWithPriority, (void **out, unsigned flags, int priority), (out, flags, priority)) { (void)priority; return D(cuStreamCreate)(out, flags); }
API(cudaStreamDestroy, (void *q), (q)) { return D(cuStreamDestroy)(q); }
API_TWIN(cudaStreamSynchronize, cudaStreamSynchronize_ptsz, (void *q), (q)) { return D(cuStreamSynchronize)(q); }
API_TWIN(cudaStreamQuery, cudaStreamQuery_ptsz, (void *q), (q)) { return D(cuStreamQuery)(q); }
API_TWIN(cudaStreamWaitEvent, cudaStreamWaitEvent_ptsz, (void *q, void *event, unsigned flags), (q, event, flags)) { return D(cuStreamWaitEvent)(q, event, flags); }
API_TWIN(cudaStreamGetPriority, cudaStreamGetPriority_ptsz, (void *q, int *out), (q, out)) { (void)q; *out = 0; return OK; }
API_TWIN(cudaStreamIsCapturing, cudaStreamIsCapturing_ptsz, (void *q, int *out), (q, out)) { return D(cuStreamIsCapturing)(q, out); }
API_TWIN(cudaStreamGetCaptureInfo, cudaStreamGetCaptureInfo_ptsz, (struct fake_stream *q, int *status, unsigned long long *id, void **graph, const void **deps, const void **edges, size_t *n), (q, status, id, graph, deps, edges, n))
{
	bool on = (uintptr_t)q > 2 && q->capturing;

	*status = on;
	if (id)
		*id = on ? (uintptr_t)q->graph : 0;
	if (graph)
		*graph = on ? q->graph : NULL;
	if (deps)
		*deps = NULL;
#if RUNTIME_VERSION >= 13000
	if (edges)
		*edges = NULL;
	if (n)
		*n = 0;
#else
	(void)n; /* the sixth is the count here */
	if (edges)
		*(size_t *)edges = 0;
#endif
	return OK;
}
API_TWIN(cudaStreamBeginCapture, cudaStreamBeginCapture_ptsz, (void *q, int mode), (q, mode)) { return D(cuStreamBeginCapture)(q, mode); }
API_TWIN(cudaStreamEndCapture, cudaStreamEndCapture_ptsz, (void *q, void **graph), (q, graph)) { return D(cuStreamEndCapture)(q, graph); }
API(cudaGraphCreate, (void **out, unsigned flags), (out, flags)) { return D(cuGraphCreate)(out, flags); }
API(cudaGraphInstantiateWithFlags, (void **out, void *graph, unsigned long long flags), (out, graph, flags)) { return D(cuGraphInstantiateWithFlags)(out, graph, flags); }
API(cudaGraphInstantiate, (void **out, void *graph, unsigned long long flags), (out, graph, flags)) { return D(cuGraphInstantiateWithFlags)(out, graph, flags); }
API_TWIN(cudaGraphLaunch, cudaGraphLaunch_ptsz, (void *graph, void *q), (graph, q)) { return D(cuGraphLaunch)(graph, q); }
API(cudaGraphDestroy, (void *graph), (graph)) { return D(cuGraphDestroy)(graph); }
API(cudaGraphExecDestroy, (void *graph), (graph)) { return D(cuGraphExecDestroy)(graph); }
API(cudaGraphGetNodes, (struct fake_graph *graph, void **nodes, size_t *n), (graph, nodes, n)) { (void)nodes; *n = (size_t)graph->nodes; return OK; }
API(cudaGraphRetainUserObject, (void *g, void *o, unsigned n, unsigned flags), (g, o, n, flags)) { (void)g; (void)o; (void)n; (void)flags; return OK; }
API(cudaUserObjectCreate, (void **out, void *p, void *d, unsigned n, unsigned flags), (out, p, d, n, flags)) { (void)p; (void)d; (void)n; (void)flags; *out = malloc(1); return OK; }
API(cudaEventCreate, (void **out), (out)) { return D(cuEventCreate)(out, 0); }
API(cudaEventCreateWithFlags, (void **out, unsigned flags), (out, flags)) { return D(cuEventCreate)(out, flags); }
API(cudaEventDestroy, (void *event), (event)) { return D(cuEventDestroy)(event); }
API_TWIN(cudaEventRecord, cudaEventRecord_ptsz, (void *event, void *q), (event, q)) { return D(cuEventRecord)(event, q); }
API_TWIN(cudaEventRecordWithFlags, cudaEventRecordWithFlags_ptsz, (void *event, void *q, unsigned flags), (event, q, flags)) { (void)flags; return D(cuEventRecord)(event, q); }
API(cudaEventQuery, (void *event), (event)) { return D(cuEventQuery)(event); }
API(cudaEventSynchronize, (void *event), (event)) { return D(cuEventSynchronize)(event); }
API(cudaEventElapsedTime, (float *out, void *one, void *other), (out, one, other)) { (void)one; (void)other; *out = 1; return OK; }

/* --- kernels -------------------------------------------------------------------------------- */

/* By host function, as compiled code registers them. */
#define KERNELS (1u << 16)
static struct { const void *function; struct fake_kernel kernel; } *kernels;
static pthread_mutex_t kernels_lock = PTHREAD_MUTEX_INITIALIZER;

static struct fake_kernel *
kernel_of(const void *function, const char *name)
{
	struct fake_kernel *found = NULL;

	pthread_mutex_lock(&kernels_lock);
	if (!kernels)
		kernels = calloc(KERNELS, sizeof *kernels);
	for (uint32_t i = (uint32_t)((uintptr_t)function * 0x9e3779b97f4a7c15ull >> 48), n = 0; kernels && n < KERNELS; n++, i = (i + 1) % KERNELS) {
		if (kernels[i].function && kernels[i].function != function)
			continue;
		if (!kernels[i].function && !name)
			break;
		if (name) {
			kernels[i].function = function;
			snprintf(kernels[i].kernel.name, sizeof kernels[i].kernel.name, "%s", name);
		}
		found = &kernels[i].kernel;
		break;
	}
	pthread_mutex_unlock(&kernels_lock);
	return found;
}

EXPORT void **__cudaRegisterFatBinary(void *binary);
EXPORT void __cudaRegisterFatBinaryEnd(void **handle);
EXPORT void __cudaUnregisterFatBinary(void **handle);
EXPORT void __cudaRegisterFunction(void **handle, const char *function, char *device, const char *name, int limit, void *t, void *b, void *bd, void *gd, int *warp);
EXPORT void __cudaRegisterVar(void **handle, char *host, char *device, const char *name, int e, size_t size, int c, int g);
EXPORT void __cudaRegisterManagedVar(void **handle, void **host, char *device, const char *name, int e, size_t size, int c, int g);
EXPORT char __cudaInitModule(void **handle);
EXPORT unsigned __cudaPushCallConfiguration(struct cuda_dim3 grid, struct cuda_dim3 block, size_t shared, void *stream);
EXPORT int __cudaPopCallConfiguration(struct cuda_dim3 *grid, struct cuda_dim3 *block, size_t *shared, void *stream);

void **__cudaRegisterFatBinary(void *binary) { void **handle = malloc(sizeof *handle); *handle = binary; return handle; }
void __cudaRegisterFatBinaryEnd(void **handle) { (void)handle; }
void __cudaUnregisterFatBinary(void **handle) { free(handle); }
char __cudaInitModule(void **handle) { (void)handle; return 1; }
void
__cudaRegisterFunction(void **handle, const char *function, char *device, const char *name, int limit, void *t, void *b, void *bd, void *gd, int *warp)
{
	(void)handle; (void)device; (void)limit; (void)t; (void)b; (void)bd; (void)gd; (void)warp;
	kernel_of(function, name);
}
void
__cudaRegisterVar(void **handle, char *host, char *device, const char *name, int e, size_t size, int c, int g)
{
	(void)handle; (void)host; (void)device; (void)name; (void)e; (void)size; (void)c; (void)g;
}
void
__cudaRegisterManagedVar(void **handle, void **host, char *device, const char *name, int e, size_t size, int c, int g)
{
	(void)handle; (void)host; (void)device; (void)name; (void)e; (void)size; (void)c; (void)g;
}

static __thread struct { struct cuda_dim3 grid, block; size_t shared; void *stream; } pushed;
unsigned
__cudaPushCallConfiguration(struct cuda_dim3 grid, struct cuda_dim3 block, size_t shared, void *stream)
{
	pushed.grid = grid;
	pushed.block = block;
	pushed.shared = shared;
	pushed.stream = stream;
	return 0;
}
int
__cudaPopCallConfiguration(struct cuda_dim3 *grid, struct cuda_dim3 *block, size_t *shared, void *stream)
{
	*grid = pushed.grid;
	*block = pushed.block;
	*shared = pushed.shared;
	*(void **)stream = pushed.stream;
	return OK;
}

/* A kernel handle is its struct fake_kernel; a launch takes it or the host function. */
API(__cudaGetKernel, (void **out, const void *function), (out, function)) { *out = kernel_of(function, NULL); return *out ? OK : 98; }
API(cudaGetKernel, (void **out, const void *function), (out, function)) { *out = kernel_of(function, NULL); return *out ? OK : 98; }
API(cudaLibraryLoadData, (void **out, const void *image, void *a, void *b, unsigned c, void *d, void *e, unsigned f), (out, image, a, b, c, d, e, f))
{
	return D(cuLibraryLoadData)(out, image, a, b, c, d, e, f);
}
API(cudaLibraryGetKernel, (void **out, void *library, const char *name), (out, library, name)) { return D(cuLibraryGetKernel)(out, library, name); }

static int
launch(int (*call)(), const void *f, struct cuda_dim3 g, struct cuda_dim3 b, size_t s, void *q, void **a)
{
	const struct fake_kernel *kernel = f ? kernel_of(f, NULL) : NULL;

	return call(f ? kernel ? kernel : f : NULL, g.x, g.y, g.z, b.x, b.y, b.z, (unsigned)s, q, a, NULL);
}

API_TWIN(cudaLaunchKernel, cudaLaunchKernel_ptsz, (const void *f, struct cuda_dim3 g, struct cuda_dim3 b, void **a, size_t s, void *q), (f, g, b, a, s, q))
{
	return f && !kernel_of(f, NULL) ? 98 : launch(D(cuLaunchKernel), f, g, b, s, q, a); /* no such function registered */
}
API_TWIN(__cudaLaunchKernel, __cudaLaunchKernel_ptsz, (const void *f, struct cuda_dim3 g, struct cuda_dim3 b, void **a, size_t s, void *q), (f, g, b, a, s, q)) { return launch(D(cuLaunchKernel), f, g, b, s, q, a); }
API_TWIN(cudaLaunchCooperativeKernel, cudaLaunchCooperativeKernel_ptsz, (const void *f, struct cuda_dim3 g, struct cuda_dim3 b, void **a, size_t s, void *q), (f, g, b, a, s, q)) { return launch(D(cuLaunchCooperativeKernel), f, g, b, s, q, a); }
API_TWIN(cudaLaunchKernelExC, cudaLaunchKernelExC_ptsz, (const struct cuda_launch_config *c, const void *f, void **a), (c, f, a))
{
	return c ? launch(D(cuLaunchKernel), f, c->grid, c->block, c->shared_bytes, c->stream, a) : INVALID_VALUE;
}
API_TWIN(cudaLaunchHostFunc, cudaLaunchHostFunc_ptsz, (void *q, void (*function)(void *), void *data), (q, function, data)) { return D(cuLaunchHostFunc)(q, function, data); }

struct function_attributes { size_t shared, constant, local; int threads, registers, ptx, binary, rest[25]; };
API(cudaFuncGetAttributes, (struct function_attributes *out, const void *f), (out, f))
{
	(void)f;
	memset(out, 0, 144);
	out->threads = 1024;
	out->registers = 32;
	out->ptx = out->binary = 80;
	return OK;
}
API(cudaFuncSetAttribute, (const void *f, int attribute, int value), (f, attribute, value)) { (void)f; (void)attribute; (void)value; return OK; }
API(cudaOccupancyMaxActiveBlocksPerMultiprocessor, (int *out, const void *f, int n, size_t s), (out, f, n, s)) { (void)f; (void)n; (void)s; *out = 1; return OK; }
API(cudaOccupancyMaxActiveBlocksPerMultiprocessorWithFlags, (int *out, const void *f, int n, size_t s, unsigned flags), (out, f, n, s, flags)) { (void)f; (void)n; (void)s; (void)flags; *out = 1; return OK; }

/* --- functions of the driver, by name -------------------------------------------------------- */

static int
entry_point(const char *name, void **out, unsigned version, unsigned long long flags, int *status)
{
	int answer = 0;

	(void)D(cuMemAlloc);
	*out = NULL;
	ask(name, out, (int)version, flags, &answer);
	if (status)
		*status = *out ? 0 : 1;
	return OK;
}

API_TWIN(cudaGetDriverEntryPoint, cudaGetDriverEntryPoint_ptsz, (const char *name, void **out, unsigned long long flags, int *status), (name, out, flags, status)) { return entry_point(name, out, RUNTIME_VERSION, flags, status); }
API_TWIN(cudaGetDriverEntryPointByVersion, cudaGetDriverEntryPointByVersion_ptsz, (const char *name, void **out, unsigned version, unsigned long long flags, int *status), (name, out, version, flags, status)) { return entry_point(name, out, version, flags, status); }
