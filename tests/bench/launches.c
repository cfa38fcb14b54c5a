/*
 * launches WHAT TIMES: CUDA calls in a tight loop, on tests/fake: the least that a call costs and nothing else.
 *   launch      cudaLaunchKernel                       a record each
 *   memory      cudaMalloc and cudaFree of a block     two records each
 * Prints nanoseconds of processor time a record (the recorded process's own time, files it writes included). With
 * BENCH_COUNTED (counted.c, compiled) nothing is printed: what callgrind counts is the loop.
 * The first thousand calls are not counted: functions are found and the box is made then.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../../libshim/cuda_types.h"

int cudaMalloc(void **, size_t);
int cudaFree(void *);
int cudaLaunchKernel(const void *, struct cuda_dim3, struct cuda_dim3, void **, size_t, void *);
void **__cudaRegisterFatBinary(void *);
void __cudaRegisterFunction(void **, const char *, char *, const char *, int, void *, void *, void *, void *, int *);

static const char kernel; /* stands for a host function */
static int failed;

static void
launch(long times)
{
	const struct cuda_dim3 grid = { 64, 1, 1 }, block = { 128, 1, 1 };

	for (long i = 0; i < times; i++)
		failed |= cudaLaunchKernel(&kernel, grid, block, NULL, 0, NULL);
}

static void
memory(long times)
{
	void *at;

	for (long i = 0; i < times; i++)
		failed |= cudaMalloc(&at, 4096) | cudaFree(at);
}

static double
nanoseconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

int
main(int argc, char **argv)
{
	long times = argc == 3 ? atol(argv[2]) : 0;
	int records = argc == 3 && !strcmp(argv[1], "memory") ? 2 : 1;
	void (*work)(long) = records == 2 ? memory : launch;
	const char *path = getenv("BENCH_COUNTED");
	void *counted = path ? dlopen(path, RTLD_NOW) : NULL;
	void (*begin)(void) = counted ? (void (*)(void))dlsym(counted, "counted_begin") : NULL;
	void (*end)(void) = counted ? (void (*)(void))dlsym(counted, "counted_end") : NULL;

	if (times < 1) {
		fprintf(stderr, "usage: launches launch|memory TIMES\n");
		return 2;
	}
	__cudaRegisterFunction(__cudaRegisterFatBinary(NULL), &kernel, NULL, "_Z5benchv", -1, NULL, NULL, NULL, NULL, NULL);
	work(1000);
	if (begin)
		begin();
	double start = nanoseconds_now();
	work(times);
	double spent = nanoseconds_now() - start;
	if (end)
		end();
	else
		printf("%.2f\n", spent / (double)times / records);
	if (failed)
		fprintf(stderr, "launches: a call failed\n");
	return failed != 0;
}
