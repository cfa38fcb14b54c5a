/*
 * host COUNTER [CALLS [grows]]: launches kernels on the fake stack, CALLS of them or without end, and counts those that have returned in the
 * file COUNTER, which is mapped: whatever ends this process, the count stands. Every thousandth call allocates, frees and copies; and takes a
 * megabyte for good, if it grows.
 * With fewer descriptors, less memory or no disk than a recorder would like, it is to print the same.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../../libshim/cuda_types.h"

int cudaMalloc(void **, size_t);
int cudaFree(void *);
int cudaMemcpy(void *, const void *, size_t, int);
int cudaLaunchKernel(const void *, struct cuda_dim3, struct cuda_dim3, void **, size_t, void *);
void **__cudaRegisterFatBinary(void *);
void __cudaRegisterFunction(void **, const char *, char *, const char *, int, void *, void *, void *, void *, int *);

static const char kernel;

int
main(int argc, char **argv)
{
	uint64_t *counter, most = argc > 2 ? strtoull(argv[2], NULL, 10) : UINT64_MAX;
	struct cuda_dim3 one = { 1, 1, 1 };
	int file = argc > 1 ? open(argv[1], O_RDWR) : -1;
	char bytes[64] = "";
	void *at;

	counter = mmap(NULL, sizeof *counter, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	if (counter == MAP_FAILED)
		return 2;
	close(file);
	__cudaRegisterFunction(__cudaRegisterFatBinary(NULL), &kernel, NULL, "_Z6kernelv", -1, NULL, NULL, NULL, NULL, NULL);
	for (uint64_t i = 0; i < most; i++) {
		if (cudaLaunchKernel(&kernel, one, one, NULL, 0, NULL))
			return 3;
		__atomic_store_n(counter, i + 1, __ATOMIC_RELEASE);
		if (i == 0) {
			puts("begun");
			fflush(stdout);
		}
		if (i % 1000 == 0 && (cudaMalloc(&at, 4096) || cudaMemcpy(at, bytes, sizeof bytes, 1) || cudaFree(at)))
			return 4;
		if (i % 1000 == 0 && argc > 3 && (at = malloc(1 << 20)))
			memset(at, 1, 1 << 20);
	}
	printf("%llu launches\n", (unsigned long long)*counter);
	return 0;
}
