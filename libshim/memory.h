/*
 * Whether memory can be read without a fault: a mapping may have lost its file's end, or belong to a device; and how much more
 * of it there may be.
 *
 * Off the hot path: asks the kernel. Any thread; changes errno.
 */
#ifndef SHAPEBOX_LIBSHIM_MEMORY_H
#define SHAPEBOX_LIBSHIM_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

/* Whether no page of the SIZE_BYTES (not 0) at START would fault now. */
bool memory_is_readable(const void *start, uint64_t size_bytes);

/* Bytes of address space that this process may still take (RLIMIT_AS); UINT64_MAX: no limit. */
uint64_t memory_left(void);

#endif
