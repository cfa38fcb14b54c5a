/*
 * A program of CUDA calls and nothing else, for tests/fake/run.sh: linked against the fake runtime and driver. It goes every
 * way there is to a function, and prints what went wrong; the counts are compared afterwards.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../libshim/cuda_types.h"

int cudaMalloc(void **, size_t);
int cudaFree(void *);
int cudaMallocAsync(void **, size_t, void *);
int cudaFreeAsync(void *, void *);
int cudaMallocPitch(void **, size_t *, size_t, size_t);
int cudaHostAlloc(void **, size_t, unsigned);
int cudaFreeHost(void *);
int cudaHostRegister(void *, size_t, unsigned);
int cudaHostUnregister(void *);
int cudaMemcpy(void *, const void *, size_t, int);
int cudaMemcpyAsync(void *, const void *, size_t, int, void *);
int cudaMemcpyPeerAsync(void *, int, const void *, int, size_t, void *);
int cudaMemset(void *, int, size_t);
int cudaLaunchKernel(const void *, struct cuda_dim3, struct cuda_dim3, void **, size_t, void *);
int __cudaLaunchKernel(const void *, struct cuda_dim3, struct cuda_dim3, void **, size_t, void *);
int cudaLaunchKernelExC(const struct cuda_launch_config *, const void *, void **);
int cudaLaunchCooperativeKernel(const void *, struct cuda_dim3, struct cuda_dim3, void **, size_t, void *);
int __cudaGetKernel(void **, const void *);
void **__cudaRegisterFatBinary(void *);
void __cudaUnregisterFatBinary(void **);
void __cudaRegisterFunction(void **, const char *, char *, const char *, int, void *, void *, void *, void *, int *);
int cudaStreamCreate(void **);
int cudaStreamSynchronize(void *);
int cudaDeviceSynchronize(void);
int cudaStreamBeginCapture(void *, int);
int cudaStreamEndCapture(void *, void **);
int cudaGraphInstantiate(void **, void *, unsigned long long);
int cudaGraphLaunch(void *, void *);
int cudaSetDevice(int);
int cudaGetLastError(void);
int cudaGetDriverEntryPointByVersion(const char *, void **, unsigned, unsigned long long, int *);
int cuMemAlloc_v2(void **, size_t);
int cuMemFree_v2(void *);
int cuMemAddressReserve(void **, size_t, size_t, void *, unsigned long long);
int cuMemAddressFree(void *, size_t);
int cuMemCreate(void **, size_t, const void *, unsigned long long);
int cuMemRelease(void *);
int cuMemMap(void *, size_t, size_t, void *, unsigned long long);
int cuMemUnmap(void *, size_t);
int cuModuleLoadData(void **, const void *);
int cuModuleGetFunction(void **, void *, const char *);
int cuLaunchKernel(void *, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, void *, void **, void **);
int cuLaunchKernelEx(const struct cuda_driver_config *, void *, void **, void **);

static int wrong;
#define MUST(expression) do { if (!(expression)) { printf("line %d: %s\n", __LINE__, #expression); wrong = 1; } } while (0)

static const char kernel_one, kernel_two; /* stand for host functions */
static const struct cuda_dim3 grid = { 7, 5, 3 }, block = { 32, 4, 2 };

static void
runtime(void *stream)
{
	void *at, *pinned, *handle, *graph, *ready;
	size_t pitch;
	char bytes[256] = { 1 };
	struct cuda_launch_config config = { .grid = grid, .block = block, .stream = stream };

	MUST(cudaMalloc(&at, 1000) == 0);
	MUST(cudaMemcpy(at, bytes, 256, 1) == 0);
	MUST(cudaMemcpyAsync(bytes, at, 256, 2, stream) == 0 && bytes[0] == 1);
	MUST(cudaMemcpyPeerAsync(at, 0, bytes, 0, 16, stream) == 0);
	MUST(cudaMemset(at, 0, 1000) == 0);
	MUST(cudaFree(at) == 0 && cudaFree(NULL) == 0);
	MUST(cudaMallocAsync(&at, 2000, stream) == 0 && cudaFreeAsync(at, stream) == 0);
	MUST(cudaMallocPitch(&at, &pitch, 100, 10) == 0 && pitch == 512 && cudaFree(at) == 0);
	MUST(cudaHostAlloc(&pinned, 4096, 0) == 0 && cudaFreeHost(pinned) == 0);
	MUST(cudaHostRegister(bytes, sizeof bytes, 0) == 0 && cudaHostUnregister(bytes) == 0);
	MUST(cudaLaunchKernel(&kernel_one, grid, block, NULL, 48, stream) == 0);
	MUST(__cudaGetKernel(&handle, &kernel_two) == 0 && __cudaLaunchKernel(handle, grid, block, NULL, 0, stream) == 0);
	MUST(cudaLaunchKernelExC(&config, &kernel_one, NULL) == 0);
	MUST(cudaLaunchCooperativeKernel(&kernel_one, grid, block, NULL, 0, stream) == 0);
	MUST(cudaStreamBeginCapture(stream, 0) == 0);
	MUST(cudaLaunchKernel(&kernel_two, grid, block, NULL, 0, stream) == 0);
	MUST(cudaStreamEndCapture(stream, &graph) == 0);
	MUST(cudaGraphInstantiate(&ready, graph, 0) == 0);
	for (int i = 0; i < 3; i++)
		MUST(cudaGraphLaunch(ready, stream) == 0);
	MUST(cudaStreamSynchronize(stream) == 0 && cudaDeviceSynchronize() == 0);
	MUST(cudaMalloc(&at, (size_t)1 << 60) == 2); /* fails, is told once */
	MUST(cudaGetLastError() == 2 && cudaGetLastError() == 0);
	MUST(cudaLaunchKernel(&kernel_one, (struct cuda_dim3){ 0, 0, 0 }, block, NULL, 0, stream) == 1);
	MUST(cudaGetLastError() == 1);
	MUST(cudaLaunchKernelExC(NULL, &kernel_one, NULL) == 1);
	MUST(cudaGetLastError() == 1);
	MUST(cudaSetDevice(0) == 0);
}

static void
driver(void)
{
	void *at, *handle, *module, *function, *range;
	struct cuda_driver_config config = { .grid = { 2, 1, 1 }, .block = { 64, 1, 1 } };

	MUST(cuMemAlloc_v2(&at, 3000) == 0 && cuMemFree_v2(at) == 0);
	MUST(cuMemAddressReserve(&range, 1 << 21, 0, NULL, 0) == 0 && cuMemCreate(&handle, 1 << 21, NULL, 0) == 0);
	MUST(cuMemMap(range, 1 << 21, 0, handle, 0) == 0);
	memset(range, 1, 1 << 21);
	MUST(cuMemUnmap(range, 1 << 21) == 0 && cuMemRelease(handle) == 0 && cuMemAddressFree(range, 1 << 21) == 0);
	MUST(cuModuleLoadData(&module, "") == 0 && cuModuleGetFunction(&function, module, "triton_kernel") == 0);
	MUST(cuLaunchKernel(function, 1, 1, 1, 32, 1, 1, 0, NULL, NULL, NULL) == 0);
	MUST(cuLaunchKernelEx(&config, function, NULL, NULL) == 0);
}

/* By name, in each of the ways that libraries take. */
static void
by_name(void)
{
	void *library = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL), *found, *again, *at;
	int (*ask)(const char *, void **, int, uint64_t, int *), status;
	int (*allocate)(void **, size_t), (*release)(void *);

	MUST(library);
	ask = (int (*)(const char *, void **, int, uint64_t, int *))dlsym(library, "cuGetProcAddress_v2");
	MUST(ask && ask("cuMemAlloc", &found, 12000, 0, &status) == 0 && status == 0);
	allocate = (int (*)(void **, size_t))found;
	MUST(allocate(&at, 500) == 0);
	MUST(cudaGetDriverEntryPointByVersion("cuMemFree", &found, 12000, 0, &status) == 0 && found);
	release = (int (*)(void *))found;
	MUST(release(at) == 0);
	MUST(ask("cuLaunchKernel", &found, 12000, 0, &status) == 0 && ask("cuLaunchKernel", &again, 12000, 2, &status) == 0);
	MUST(found != again); /* the form for per-thread default streams is another */
	MUST(ask("cuMemAlloc", &found, 2000, 0, &status) != 0 || found != (void *)allocate); /* an older form is never the newer one */
	MUST(ask("cuNoSuchThing", &found, 12000, 0, &status) != 0 && !found && status == 1);
	found = dlsym(library, "cuMemAlloc_v2");
	MUST(found && ((int (*)(void **, size_t))found)(&at, 600) == 0);
	found = dlsym(RTLD_DEFAULT, "cuMemFree_v2");
	MUST(found && ((int (*)(void *))found)(at) == 0);
	dlerror();
	MUST(!dlsym(library, "cudnnCreate") && dlerror());
	MUST(!dlsym(library, "cuMemAlloc_v9") && dlerror());
	/* the caller's place in the order of libraries stays the caller's */
	MUST(dlsym(RTLD_NEXT, "malloc") && dlsym(RTLD_DEFAULT, "malloc"));
	MUST(!dlsym(RTLD_NEXT, "main"));
	MUST(dlvsym(RTLD_DEFAULT, "memcpy", "GLIBC_2.14") || !dlvsym(RTLD_DEFAULT, "memcpy", "GLIBC_99"));
	MUST(dlclose(library) == 0);
}

static void *
worker(void *stream)
{
	for (int i = 0; i < 1000; i++) {
		void *at;
		MUST(cudaMalloc(&at, 64) == 0 && cudaLaunchKernel(&kernel_one, grid, block, NULL, 0, stream) == 0 && cudaFree(at) == 0);
	}
	return NULL;
}

int
main(void)
{
	void **binary = __cudaRegisterFatBinary(NULL), *stream;
	pthread_t threads[8];
	int status;

	__cudaRegisterFunction(binary, &kernel_one, NULL, "_ZN2at6native12index_kernelILi4EEEvv", -1, NULL, NULL, NULL, NULL, NULL);
	__cudaRegisterFunction(binary, &kernel_two, NULL, "_Z9plain_oneif", -1, NULL, NULL, NULL, NULL, NULL);
	MUST(cudaStreamCreate(&stream) == 0);
	runtime(stream);
	driver();
	by_name();
	for (int i = 0; i < 8; i++)
		MUST(pthread_create(&threads[i], NULL, worker, NULL) == 0);
	for (int i = 0; i < 8; i++)
		pthread_join(threads[i], NULL);
	fflush(stdout);
	pid_t child = fork();
	if (child == 0) { /* its calls are its own process's */
		worker(NULL);
		exit(wrong);
	}
	MUST(waitpid(child, &status, 0) == child && status == 0);
	__cudaUnregisterFatBinary(binary);
	puts(wrong ? "wrong" : "right");
	return wrong;
}
