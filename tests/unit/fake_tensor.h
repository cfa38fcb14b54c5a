/*
 * Tensors made by hand, as the library reads them: no PyTorch. learn_fakes first.
 */
#ifndef SHAPEBOX_TESTS_UNIT_FAKE_TENSOR_H
#define SHAPEBOX_TESTS_UNIT_FAKE_TENSOR_H

#include <stddef.h>

#include "libshim/settings.h"
#include "libshim/tensor_layout.h"

enum { BYTE = 0, CHAR = 1, SHORT = 2, INT = 3, LONG = 4, FLOAT = 6, BOOL = 11, CUDA = 1, META = 14 };
enum { KEY_SPARSE = 1, KEY_PYTHON = 2, KEY_BATCHED = 4, KEY_NESTED = 8 };

/* A TensorImpl and a StorageImpl as tensor_layout below describes them. */
struct fake_storage { void *table; uint64_t counts; void *data; int64_t bytes; };
struct fake_tensor {
	void *table;
	uint64_t counts;
	const struct fake_storage *storage;
	void *autograd;
	uint64_t ndim;
	int64_t sizes[TENSOR_INLINE_DIMS], strides[TENSOR_INLINE_DIMS];
	int64_t offset, numel;
	uint16_t dtype;
	int8_t device_type, device_index;
	uint64_t keys;
};

static inline void
learn_fakes(void)
{
	tensor_layout = (struct tensor_layout){
		.known = true, .keys_known = true, .data_known = true,
		.dims = offsetof(struct fake_tensor, ndim), .storage_offset = offsetof(struct fake_tensor, offset),
		.numel = offsetof(struct fake_tensor, numel), .dtype = offsetof(struct fake_tensor, dtype),
		.device_type = offsetof(struct fake_tensor, device_type),
		.autograd = offsetof(struct fake_tensor, autograd), .keys = offsetof(struct fake_tensor, keys),
		.storage = offsetof(struct fake_tensor, storage), .data = offsetof(struct fake_storage, data),
		.data_bytes = offsetof(struct fake_storage, bytes),
		.sparse = KEY_SPARSE, .python = KEY_PYTHON, .batched = KEY_BATCHED, .nested = KEY_NESTED,
	};
	settings.summaries = true;
}

#define STORAGE(array) { .data = array, .bytes = sizeof array }
#define DIMS(...) (const int64_t[]){ __VA_ARGS__ }

static inline struct fake_tensor
tensor(const struct fake_storage *storage, int dtype, int ndim, const int64_t *sizes, const int64_t *strides,
       int64_t offset)
{
	struct fake_tensor made = { .storage = storage, .ndim = (uint64_t)ndim, .offset = offset, .numel = 1,
				    .dtype = (uint16_t)dtype, .device_index = -1 };

	for (int i = 0; i < ndim; i++) {
		made.sizes[i] = sizes[i];
		made.strides[i] = strides[i];
		made.numel *= sizes[i];
	}
	return made;
}

#endif
