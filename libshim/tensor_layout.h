/*
 * Where a c10::TensorImpl keeps what we read, as learned and verified by torch_learn_tensor.c.
 * Written once before recording begins, read-only afterwards. All offsets in bytes; -1 = not known.
 * Source of the order of fields: c10/core/TensorImpl.h, c10/core/impl/SizesAndStrides.h,
 * c10/core/StorageImpl.h of torch 2.x.
 */
#ifndef SHAPEBOX_LIBSHIM_TENSOR_LAYOUT_H
#define SHAPEBOX_LIBSHIM_TENSOR_LAYOUT_H

#include <stdbool.h>
#include <stdint.h>

#define TENSOR_INLINE_DIMS 5 /* C10_SIZES_AND_STRIDES_MAX_INLINE_SIZE: more live in a block of their own */

struct tensor_layout {
	bool known;          /* the known-answer test passed */
	bool keys_known;     /* the masks below are valid */
	int dims;            /* size_t: number of dimensions; sizes and strides (or a pointer to them) follow */
	int storage_offset;  /* int64 */
	int numel;           /* int64 */
	int dtype;           /* uint16: ScalarType */
	int device_type;     /* int8; the index is the next int8 */
	int autograd;        /* pointer to autograd metadata; NULL for a plain tensor */
	int keys;            /* uint64: DispatchKeySet */
	bool data_known;     /* the three below are valid */
	int storage;         /* pointer to the StorageImpl; NULL if it has none */
	int data;            /* in a StorageImpl: pointer to its first byte */
	int data_bytes;      /* in a StorageImpl: int64, its size; negative if symbolic */
	uint64_t sparse, sparse_csr, nested, quantized, python, batched; /* masks on keys */
	uint64_t special;    /* all of these */
	bool quick;          /* keys are known, and what is read lies behind `dims` as below */
};

/* Bytes from `dims` on, as every PyTorch so far has them. The form is one word: u16 dtype, i8 device, i8 its index. */
enum { TENSOR_SIZES = 8, TENSOR_STRIDES = 48, TENSOR_OFFSET = 88, TENSOR_NUMEL = 96, TENSOR_FORM = 104, TENSOR_KEYS = 112 };
_Static_assert(TENSOR_STRIDES == TENSOR_SIZES + 8 * TENSOR_INLINE_DIMS && TENSOR_OFFSET == TENSOR_STRIDES + 8 * TENSOR_INLINE_DIMS,
	       "c10::impl::SizesAndStrides");

static inline bool
tensor_layout_is_usual(const struct tensor_layout *layout)
{
	return layout->storage_offset == layout->dims + TENSOR_OFFSET && layout->numel == layout->dims + TENSOR_NUMEL
	       && layout->dtype == layout->dims + TENSOR_FORM && layout->device_type == layout->dtype + 2
	       && layout->keys == layout->dims + TENSOR_KEYS;
}

extern struct tensor_layout tensor_layout __attribute__((visibility("hidden")));

#endif
