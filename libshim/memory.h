/*
 * Whether memory can be read without a fault: a mapping may have lost its file's end, or belong to a device.
 *
 * Off the hot path: asks the kernel. Any thread; changes errno.
 */
#ifndef SHAPEBOX_LIBSHIM_MEMORY_H
#define SHAPEBOX_LIBSHIM_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

/* Whether no page of the SIZE_BYTES (not 0) at START would fault now. */
bool memory_is_readable(const void *start, uint64_t size_bytes);

#endif
