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
	bool quick;          /* keys are known, and a device is the two bytes behind a dtype: one load reads both */
};

extern struct tensor_layout tensor_layout __attribute__((visibility("hidden")));

#endif
