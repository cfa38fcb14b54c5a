/*
 * The elements of a tensor, counted. For summary.c alone, which has made sure that every one of them can be read.
 */
#ifndef SHAPEBOX_LIBSHIM_SUMMARY_COUNT_H
#define SHAPEBOX_LIBSHIM_SUMMARY_COUNT_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "summary.h"
#include "tensor.h"

enum { DTYPE_BYTE = 0, DTYPE_CHAR = 1, DTYPE_SHORT = 2, DTYPE_INT = 3, DTYPE_LONG = 4, DTYPE_BOOL = 11 }; /* ScalarType */

/* 0: of no kind that is counted. */
static inline int
summary_element_bytes(int dtype)
{
	switch (dtype) {
	case DTYPE_BYTE: case DTYPE_CHAR: case DTYPE_BOOL: return 1;
	case DTYPE_SHORT: return 2;
	case DTYPE_INT: return 4;
	case DTYPE_LONG: return 8;
	default: return 0;
	}
}

static inline uint64_t
summary_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* Count the elements (at least one) of the tensor that META describes and whose element 0 is at FIRST into OUT, where
 * `truth`, `elements` and `sorted` (1 or -1) are set. False if the clock passed UNTIL_NS before the end. */
bool summary_count(struct summary *out, const struct tensor_meta *meta, const char *first, uint64_t until_ns);

#endif
