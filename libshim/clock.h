/*
 * The event clock: the processor's own counter, a few nanoseconds to read. Any thread.
 * Chunks pair it with the wall clock, so that the fold can turn ticks into nanoseconds.
 */
#ifndef SHAPEBOX_LIBSHIM_CLOCK_H
#define SHAPEBOX_LIBSHIM_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline uint64_t
clock_ticks(void)
{
#if defined(__x86_64__)
	return __builtin_ia32_rdtsc();
#elif defined(__aarch64__)
	uint64_t ticks;
	__asm__ volatile("mrs %0, cntvct_el0" : "=r"(ticks));
	return ticks;
#else
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
#endif
}

/* Unix time in nanoseconds (vDSO, no system call where the kernel offers it). */
static inline uint64_t
clock_unix_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

#endif
