/* What the tensors of the known-answer test teach. See torch_learn.h. */
#include <malloc.h>
#include <stdint.h>
#include <string.h>

#include "hooks.h"
#include "tensor.h"
#include "tensor_layout.h"
#include "torch_learn.h"

#define SCAN_BYTES 512
#define DTYPE_LONG 4 /* c10::ScalarType */
#define DTYPE_BFLOAT16 15
#define DEVICE_CPU 0 /* c10::DeviceType */
#define DEVICE_META 14

static int (*make_tensor)(int64_t ndim, const int64_t *sizes, const int64_t *strides, int32_t dtype, int32_t device_type,
			  int32_t device_index, aoti_handle *out);
static int (*make_view)(aoti_handle self, int64_t ndim, const int64_t *sizes, const int64_t *strides, int64_t offset,
			aoti_handle *out);
static int (*make_blob)(void *data, int64_t ndim, const int64_t *sizes, const int64_t *strides, int64_t offset,
			int32_t dtype, int32_t device_type, int32_t device_index, aoti_handle *out);
static int (*delete_tensor)(aoti_handle tensor);
static int (*data_of)(aoti_handle tensor, void **out);
static int (*storage_bytes_of)(aoti_handle tensor, int64_t *out);

static void *
torch_symbol(const char *name)
{
	return hook_symbol("libtorch_cpu.so", name);
}

bool
learn_look_up(void)
{
	make_tensor = (int (*)(int64_t, const int64_t *, const int64_t *, int32_t, int32_t, int32_t,
			       aoti_handle *))torch_symbol("aoti_torch_empty_strided");
	make_view = (int (*)(aoti_handle, int64_t, const int64_t *, const int64_t *, int64_t,
			     aoti_handle *))torch_symbol("aoti_torch__reinterpret_tensor");
	make_blob = (int (*)(void *, int64_t, const int64_t *, const int64_t *, int64_t, int32_t, int32_t, int32_t,
			     aoti_handle *))torch_symbol("aoti_torch_create_tensor_from_blob");
	delete_tensor = (int (*)(aoti_handle))torch_symbol("aoti_torch_delete_tensor_object");
	data_of = (int (*)(aoti_handle, void **))torch_symbol("aoti_torch_get_data_ptr");
	storage_bytes_of = (int (*)(aoti_handle, int64_t *))torch_symbol("aoti_torch_get_storage_size");
	return make_tensor && make_view && delete_tensor;
}

static int
find_words(const char *memory, size_t room, const int64_t *words, size_t count)
{
	for (size_t at = 0; at + count * 8 <= room; at += 8)
		if (!memcmp(memory + at, words, count * 8))
			return (int)at;
	return -1;
}

const void *
learn_impl(aoti_handle handle)
{
	return *(const void *const *)handle;
}

static size_t
readable_bytes(const char *impl)
{
	size_t size = malloc_usable_size((void *)(uintptr_t)impl);

	return size < SCAN_BYTES ? size : SCAN_BYTES;
}

/* The first offset in FROM..ROOM at which A and B hold the bytes VALUE_A and VALUE_B, and C holds VALUE_A too. There may be
 * more: the room behind an object holds whatever was there before. Reading the tensors back decides. */
static int
find_byte(const char *a, const char *b, const char *c, size_t from, size_t room, int value_a, int value_b)
{
	for (size_t at = from; at < room; at++)
		if (a[at] == (char)value_a && b[at] == (char)value_b && c[at] == (char)value_a)
			return (int)at;
	return -1;
}

static const int64_t three[] = { 3, 5, 7 }, three_strides[] = { 40, 8, 1 };
static const int64_t one[] = { 1 };
static const int64_t six[] = { 1, 2, 1, 3, 1, 5 }, six_strides[] = { 30, 15, 15, 5, 5, 1 };

bool
learn_make_meta(aoti_handle handles[LEARN_TENSORS])
{
	return !make_tensor(3, three, three_strides, DTYPE_FLOAT, DEVICE_META, 0, &handles[LEARN_META]);
}

bool
learn_make_others(aoti_handle handles[LEARN_TENSORS])
{
	return !make_tensor(3, three, three_strides, DTYPE_FLOAT, DEVICE_CPU, 0, &handles[LEARN_PLAIN])
	       && !make_tensor(3, three, three_strides, DTYPE_BFLOAT16, DEVICE_CPU, 0, &handles[LEARN_HALF])
	       && !make_tensor(6, six, six_strides, DTYPE_FLOAT, DEVICE_CPU, 0, &handles[LEARN_SIX])
	       && !make_view(handles[LEARN_PLAIN], 1, one, one, 11, &handles[LEARN_VIEW]);
}

void
learn_delete(aoti_handle handle)
{
	delete_tensor(handle);
}

bool
learn_layout(const aoti_handle handles[LEARN_TENSORS])
{
	struct tensor_layout *layout = &tensor_layout;
	const char *plain = learn_impl(handles[LEARN_PLAIN]), *half = learn_impl(handles[LEARN_HALF]), *meta = learn_impl(handles[LEARN_META]);
	const char *view = learn_impl(handles[LEARN_VIEW]);
	size_t room = readable_bytes(plain);
	int64_t sizes_words[] = { 3, 3, 5, 7 };
	struct tensor_meta read;

	layout->dims = find_words(plain, room, sizes_words, 4);
	if (layout->dims < 0)
		return false;
	size_t after = (size_t)layout->dims + 8 + 2 * TENSOR_INLINE_DIMS * 8;
	if (after + 24 > room)
		return false;
	/* storage_offset_, numel_, data_type_ and device_opt_ follow sizes_and_strides_ in this order */
	int64_t view_words[] = { 11, 1 }, plain_words[] = { 0, 105 };
	layout->storage_offset = find_words(view + after, room - after, view_words, 2);
	if (layout->storage_offset < 0
	    || find_words(plain + after, room - after, plain_words, 2) != layout->storage_offset)
		return false;
	layout->storage_offset += (int)after;
	layout->numel = layout->storage_offset + 8;
	size_t rest = (size_t)layout->numel + 8;
	layout->dtype = find_byte(plain, half, meta, rest, room, DTYPE_FLOAT, DTYPE_BFLOAT16);
	layout->device_type = find_byte(plain, meta, half, rest, room, DEVICE_CPU, DEVICE_META);
	if (layout->dtype < 0 || layout->device_type < 0)
		return false;
	/* autograd_meta_ comes right after the storage pointer, the first field behind the reference counts: NULL here. */
	layout->autograd = -1;
	for (int at = 8; at <= 24 && layout->autograd < 0; at += 8)
		if (*(void *const *)(plain + at) && *(void *const *)(plain + at) == *(void *const *)(view + at)
		    && !*(void *const *)(plain + at + 8))
			layout->autograd = at + 8;
	if (layout->autograd < 0)
		return false;
	layout->known = true;
	layout->known = tensor_read(learn_impl(handles[LEARN_SIX]), &read) && read.ndim == 6 && !memcmp(read.sizes, six, sizeof six)
			&& !memcmp(read.strides, six_strides, sizeof six_strides) && tensor_read(plain, &read)
			&& read.ndim == 3 && !memcmp(read.sizes, three, sizeof three)
			&& !memcmp(read.strides, three_strides, sizeof three_strides) && read.dtype == DTYPE_FLOAT
			&& read.device_type == DEVICE_CPU && tensor_read(half, &read) && read.dtype == DTYPE_BFLOAT16
			&& tensor_read(meta, &read) && read.device_type == DEVICE_META && tensor_read(view, &read)
			&& read.ndim == 1 && read.sizes[0] == 1 && read.storage_offset == 11;
	return layout->known;
}

/* Dispatch keys by their own names: c10::toString(DispatchKey). A functionality key k is bit backends + k - 1. */
bool
learn_keys(const aoti_handle handles[LEARN_TENSORS])
{
	const char *plain = learn_impl(handles[LEARN_PLAIN]), *meta = learn_impl(handles[LEARN_META]);
	const char *(*name_of)(uint16_t) =
		(const char *(*)(uint16_t))hook_symbol("libc10.so", "_ZN3c108toStringENS_11DispatchKeyE");
	struct tensor_layout *layout = &tensor_layout;
	size_t room = readable_bytes(plain);
	int dense = -1, view_key = -1, autograd = -1, backends = -1;

	if (!name_of)
		return false;
	for (uint16_t key = 1; key < 48; key++) {
		const char *name = name_of(key);
		if (!strcmp(name, "Dense"))
			dense = key;
		else if (!strcmp(name, "ADInplaceOrView"))
			view_key = key;
		else if (!strcmp(name, "AutogradFunctionality"))
			autograd = key;
	}
	if (dense < 0 || view_key < 0 || autograd < 0)
		return false;
	/* The key set is the word in which both tensors have these three functionality bits, the CPU's has backend bit 0
	 * and the meta tensor's another one; what else is set above are autocast's keys. */
	for (size_t at = (size_t)layout->numel + 8; at + 8 <= room && backends < 0; at += 8)
		for (int count = 8; count < 24; count++) {
			uint64_t word, other, below = (1ull << count) - 1;
			uint64_t functions = 1ull << (count + dense - 1) | 1ull << (count + view_key - 1)
					     | 1ull << (count + autograd - 1);
			memcpy(&word, plain + at, 8);
			memcpy(&other, meta + at, 8);
			uint64_t backend = other & below;
			if ((word & functions) != functions || (other & functions) != functions || (word & below) != 1
			    || backend < 2 || backend & (backend - 1)
			    || __builtin_popcountll((word | other) & ~functions & ~below) > 2)
				continue;
			if (backends >= 0)
				return false; /* two readings fit: neither is proven */
			layout->keys = (int)at;
			backends = count;
		}
	if (backends < 0)
		return false;
	for (uint16_t key = 1; key < 48 && backends + key <= 64; key++) {
		const char *name = name_of(key);
		uint64_t bit = 1ull << (backends + key - 1);
		if (!strcmp(name, "Sparse"))
			layout->sparse |= bit;
		else if (!strcmp(name, "SparseCsr"))
			layout->sparse_csr |= bit;
		else if (!strcmp(name, "NestedTensor"))
			layout->nested |= bit;
		else if (!strcmp(name, "Quantized"))
			layout->quantized |= bit;
		else if (!strcmp(name, "Python") || !strcmp(name, "PythonTLSSnapshot"))
			layout->python |= bit;
		else if (!strcmp(name, "FuncTorchBatched") || !strcmp(name, "FuncTorchGradWrapper")
			 || !strcmp(name, "BatchedNestedTensor") || !strcmp(name, "Batched"))
			layout->batched |= bit;
	}
	layout->special = layout->sparse | layout->sparse_csr | layout->nested | layout->quantized | layout->python | layout->batched;
	layout->quick = tensor_layout_is_usual(layout);
	return layout->sparse && layout->sparse_csr && layout->nested && layout->python && layout->batched;
}

/* The first offset behind a storage's reference counts at which A has WORD_A and B has WORD_B; finding known elements
 * there decides. */
static int
find_word(const char *a, const char *b, int64_t word_a, int64_t word_b)
{
	size_t room = readable_bytes(a) < readable_bytes(b) ? readable_bytes(a) : readable_bytes(b);

	for (size_t at = 16; at + 8 <= room; at += 8)
		if (!memcmp(a + at, &word_a, 8) && !memcmp(b + at, &word_b, 8))
			return (int)at;
	return -1;
}

/* OWN has a storage that PyTorch allocated (its deleter keeps the address a second time), BLOB one on memory of ours. */
static bool
learn_storage(aoti_handle own, aoti_handle blob, const void *memory, int64_t memory_bytes)
{
	struct tensor_layout *layout = &tensor_layout;
	int64_t own_bytes, blob_bytes;
	void *own_data, *blob_data;

	layout->storage = layout->autograd - (int)sizeof(void *);
	const char *own_storage = *(const char *const *)((const char *)learn_impl(own) + layout->storage);
	const char *blob_storage = *(const char *const *)((const char *)learn_impl(blob) + layout->storage);
	if (data_of(own, &own_data) || data_of(blob, &blob_data) || storage_bytes_of(own, &own_bytes)
	    || storage_bytes_of(blob, &blob_bytes) || !own_data || blob_data != memory || blob_bytes != memory_bytes
	    || own_bytes != 119 * 8)
		return false;
	layout->data = find_word(own_storage, blob_storage, (intptr_t)own_data, (intptr_t)blob_data);
	layout->data_bytes = find_word(own_storage, blob_storage, own_bytes, blob_bytes);
	return layout->data > 0 && layout->data_bytes > 0;
}

/* Whether TENSOR's elements FIRST and LAST are found where its metadata says that they lie. */
static bool
finds_elements(aoti_handle tensor, uint64_t storage_bytes, int64_t first, int64_t last)
{
	struct tensor_meta read;
	uint64_t bytes;
	const int64_t *data = tensor_storage(learn_impl(tensor), &bytes);

	if (!data || bytes != storage_bytes || !tensor_read(learn_impl(tensor), &read))
		return false;
	int64_t end = read.storage_offset;
	for (int i = 0; i < read.ndim; i++)
		end += (read.sizes[i] - 1) * read.strides[i];
	return (uint64_t)end < bytes / 8 && data[read.storage_offset] == first && data[end] == last;
}

bool
learn_data(void)
{
	static int64_t memory[] = { 71, 72, 73, 74, 75, 76, 77 };
	static const int64_t seven[] = { 7 }, two[] = { 2 }, far[] = { 90 };
	aoti_handle own = NULL, view = NULL, blob = NULL;
	void *data = NULL;
	bool ok = tensor_layout.keys_known && make_blob && data_of && storage_bytes_of
		  && !make_tensor(3, three, three_strides, DTYPE_LONG, DEVICE_CPU, 0, &own)
		  && !make_view(own, 1, two, far, 11, &view)
		  && !make_blob(memory, 1, seven, one, 0, DTYPE_LONG, DEVICE_CPU, 0, &blob)
		  && learn_storage(own, blob, memory, sizeof memory) && !data_of(own, &data);

	if (ok) {
		int64_t *words = data;
		words[0] = -31;
		words[11] = 32;
		words[101] = -33;
		words[118] = 34;
		tensor_layout.data_known = true;
		ok = finds_elements(own, 119 * 8, -31, 34) && finds_elements(view, 119 * 8, 32, -33)
		     && finds_elements(blob, sizeof memory, 71, 77);
	}
	tensor_layout.data_known = ok;
	const aoti_handle made[] = { blob, view, own };
	for (int i = 0; i < 3; i++)
		if (made[i])
			delete_tensor(made[i]);
	return ok;
}
