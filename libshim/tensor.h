/*
 * Tensors: their metadata read directly at verified offsets, and their identities.
 *
 * A tensor here is the address of its c10::TensorImpl (the Python attribute `_cdata`). Reading never calls into
 * PyTorch, so it never throws, runs Python, or materialises anything. Any thread; no malloc, no lock.
 */
#ifndef SHAPEBOX_LIBSHIM_TENSOR_H
#define SHAPEBOX_LIBSHIM_TENSOR_H

#include <stdbool.h>
#include <stdint.h>

struct tensor_meta {
	const int64_t *sizes;   /* `ndim` of them, in the tensor itself: copy before it can change */
	const int64_t *strides; /* elements */
	int64_t storage_offset; /* elements */
	int64_t elements;
	int ndim;
	int dtype;              /* c10::ScalarType */
	int device_type;        /* c10::DeviceType */
	int device_index;       /* -1: none */
	unsigned flags;         /* BOX_TENSOR_* of schema/box.h; with OPAQUE, sizes, strides and elements are not to be read */
};

/* Read IMPL's metadata into OUT. False if the layout was not verified or IMPL is NULL or undefined. */
bool tensor_read(const void *impl, struct tensor_meta *out);

/* The first byte of the storage of the tensor at IMPL, and its size. NULL if that isn't known, or there is none, or it is
 * empty. The address is the device's: of no use here unless the tensor is on the CPU. */
const void *tensor_storage(const void *impl, uint64_t *size_bytes);

/* The identity of the live tensor at IMPL; 0 if it was never seen by an operation. */
uint64_t tensor_identity(const void *impl);

#endif
