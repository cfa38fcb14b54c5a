/* Reading a tensor's metadata directly. See tensor.h. */
#include <stddef.h>

#include "../schema/box.h"
#include "tensor.h"
#include "tensor_layout.h"

struct tensor_layout tensor_layout;

static inline uint64_t
word_at(const char *impl, int offset)
{
	return *(const uint64_t *)(impl + offset);
}

/* Kinds of tensors whose sizes may not mean what a plain tensor's do. */
static unsigned
kind_flags(uint64_t keys)
{
	const struct tensor_layout *layout = &tensor_layout;
	unsigned flags = BOX_LAYOUT_STRIDED;

	if (keys & layout->sparse)
		flags = BOX_LAYOUT_SPARSE;
	else if (keys & layout->sparse_csr)
		flags = BOX_LAYOUT_SPARSE_CSR;
	else if (keys & layout->nested)
		flags = BOX_LAYOUT_NESTED;
	else if (keys & layout->quantized)
		flags = BOX_LAYOUT_QUANTIZED;
	if (keys & layout->python)
		flags |= BOX_TENSOR_PYTHON;
	if (keys & layout->batched)
		flags |= BOX_TENSOR_BATCHED;
	return flags;
}

/* Symbolic sizes are kept in the extra metadata, which comes right after the autograd metadata (c10/core/TensorImpl.h) and
 * which few other tensors have; nested and half-made tensors leave the plain fields at defaults whose counts disagree. */
static bool
sizes_are_plain(const char *impl, const struct tensor_meta *meta)
{
	int64_t numel = (int64_t)word_at(impl, tensor_layout.numel), product = 1;

	if (word_at(impl, tensor_layout.autograd + 8))
		return false;
	for (int i = 0; i < meta->ndim; i++)
		if (meta->sizes[i] < 0 || __builtin_mul_overflow(product, meta->sizes[i], &product))
			return false;
	return product == numel;
}

bool
tensor_read(const void *object, struct tensor_meta *out)
{
	const struct tensor_layout *layout = &tensor_layout;
	const char *impl = object;

	if (!impl || !layout->known)
		return false;
	const char *dims = impl + layout->dims;
	uint64_t ndim = *(const uint64_t *)dims;
	if (ndim > 64)
		return false;
	const int64_t *block = (const int64_t *)(dims + sizeof(uint64_t));
	if (ndim > TENSOR_INLINE_DIMS)
		block = *(const int64_t *const *)block;
	out->ndim = (int)ndim;
	out->sizes = block;
	out->strides = block + (ndim > TENSOR_INLINE_DIMS ? ndim : TENSOR_INLINE_DIMS);
	out->storage_offset = (int64_t)word_at(impl, layout->storage_offset);
	out->elements = (int64_t)word_at(impl, layout->numel);
	out->dtype = *(const uint16_t *)(impl + layout->dtype);
	out->device_type = *(const uint8_t *)(impl + layout->device_type);
	out->device_index = *(const int8_t *)(impl + layout->device_type + 1);
	out->flags = word_at(impl, layout->autograd) ? BOX_TENSOR_GRAD : 0;
	if (layout->keys_known)
		out->flags |= kind_flags(word_at(impl, layout->keys));
	if ((out->flags & BOX_TENSOR_LAYOUT) == BOX_LAYOUT_NESTED
	    || (out->flags & (BOX_TENSOR_LAYOUT | BOX_TENSOR_PYTHON | BOX_TENSOR_BATCHED)
		&& !sizes_are_plain(impl, out)))
		out->flags |= BOX_TENSOR_OPAQUE;
	return true;
}

const void *
tensor_storage(const void *object, uint64_t *size_bytes)
{
	const struct tensor_layout *layout = &tensor_layout;
	const char *impl = object;

	if (!impl || !layout->data_known)
		return NULL;
	const char *storage = *(const char *const *)(impl + layout->storage);
	if (!storage || ((uintptr_t)storage & 7))
		return NULL;
	int64_t size = (int64_t)word_at(storage, layout->data_bytes);
	const void *data = *(const void *const *)(storage + layout->data);
	if (size <= 0 || !data)
		return NULL;
	*size_bytes = (uint64_t)size;
	return data;
}
