/* Boxed values as words. See values.h. */
#include <string.h>

#include "collective.h"
#include "dictionary.h"
#include "tensor.h"
#include "tensor_layout.h"
#include "values.h"

#define STRING_MAX 64
#define TENSOR_WORDS_MAX (2 + 2 * 64)
#define PLAIN_WORDS (2 + 2 * TENSOR_INLINE_DIMS)
#define QUICK_VALUES 32 /* values, and numbers of a list, for which a key alone is made: their words would have room */
#define QUICK_ITEMS 16

static inline void
put(struct values *values, uint64_t word)
{
	values->words[values->word_count++] = word;
}

static inline bool
has_room(const struct values *values, uint32_t words)
{
	return values->word_count + words <= VALUES_WORDS;
}

/* Most tensors are strided, with few dimensions and nothing special. What their words say, read by few instructions. */
struct plain {
	uint64_t head, kind, ndim; /* head: the first word */
	const int64_t *sizes, *strides;
	int64_t offset;
};

static inline bool
is_undefined(const void *impl)
{
	return !impl || impl == torch.undefined_tensor;
}

/* Where the tensor at IMPL has its dimensions, if it is plain; else NULL. */
static inline const char *
plain_dims(const char *impl)
{
	const char *dims = impl + tensor_layout.dims;

	if (__builtin_expect(*(const uint64_t *)dims > TENSOR_INLINE_DIMS || *(const uint64_t *)(dims + TENSOR_KEYS) & tensor_layout.special, 0))
		return NULL;
	return dims;
}

/* As in a signature's word, and in struct box_tensor. */
static inline uint64_t
kind_of(uint32_t form)
{
	return (form & 0xff) | (form >> 8 & 0xff00) | (uint64_t)(uint16_t)((int32_t)form >> 24) << 16;
}

static inline bool
has_grad(const char *impl)
{
	return *(const uint64_t *)(impl + tensor_layout.autograd) != 0;
}

/* False: the tensor at IMPL is of another kind. */
static inline bool
read_plain(const char *impl, struct plain *out)
{
	const char *dims = tensor_layout.quick ? plain_dims(impl) : NULL;

	if (__builtin_expect(!dims, 0))
		return false;
	out->ndim = *(const uint64_t *)dims;
	out->kind = kind_of(*(const uint32_t *)(dims + TENSOR_FORM));
	out->head = BOX_VALUE_TENSOR | out->ndim << 8 | out->kind << 16 | (has_grad(impl) ? (uint64_t)BOX_TENSOR_GRAD << 48 : 0);
	out->sizes = (const int64_t *)(dims + TENSOR_SIZES);
	out->strides = (const int64_t *)(dims + TENSOR_STRIDES);
	out->offset = *(const int64_t *)(dims + TENSOR_OFFSET);
	return true;
}

static inline void
put_identity(struct values *values, uint32_t place, const char *impl, uint64_t kind)
{
	values->tensors[place] = impl;
	values->forms[place] = kind | *(const uint64_t *)(impl + tensor_layout.numel) << 32;
}

/* The same words as put_special's. False: it is another kind, or there is no room. */
static inline bool
put_plain(struct values *values, const char *impl)
{
	uint64_t *words = values->words + values->word_count;
	struct plain plain;

	if (!has_room(values, PLAIN_WORDS) || values->tensor_count == VALUES_TENSORS || is_undefined(impl) || !read_plain(impl, &plain))
		return false;
	words[0] = plain.head;
	words[1] = (uint64_t)plain.offset;
	/* All inline dimensions are copied; those that aren't there are overwritten, or lie behind what counts. */
	memcpy(words + 2, plain.sizes, TENSOR_INLINE_DIMS * 8);
	memcpy(words + 2 + plain.ndim, plain.strides, TENSOR_INLINE_DIMS * 8);
	values->word_count += 2 + 2 * (uint32_t)plain.ndim;
	put_identity(values, values->tensor_count++, impl, plain.kind);
	return true;
}

static __attribute__((noinline)) void
put_special(struct values *values, const void *impl)
{
	struct tensor_meta meta;

	if (is_undefined(impl) || !tensor_read(impl, &meta)) {
		put(values, BOX_VALUE_NONE);
		return;
	}
	if (values->tensor_count == VALUES_TENSORS || !has_room(values, 2 + 2 * (uint32_t)meta.ndim)) {
		put(values, BOX_VALUE_OTHER | (uint64_t)torch.tag_tensor << 8);
		values->cut = true;
		return;
	}
	bool opaque = meta.flags & BOX_TENSOR_OPAQUE;
	uint64_t ndim = opaque ? 0 : (uint64_t)meta.ndim;
	uint64_t kind = (uint64_t)(meta.dtype & 0xff) | (uint64_t)(meta.device_type & 0xff) << 8
			| (uint64_t)(uint16_t)meta.device_index << 16;
	put(values, BOX_VALUE_TENSOR | ndim << 8 | kind << 16 | (uint64_t)meta.flags << 48);
	values->forms[values->tensor_count] = kind | (opaque ? 0 : (uint64_t)meta.elements << 32);
	if (!opaque) {
		uint64_t *words = values->words + values->word_count;
		*words++ = (uint64_t)meta.storage_offset;
		for (uint64_t i = 0; i < ndim; i++)
			words[i] = (uint64_t)meta.sizes[i];
		for (uint64_t i = 0; i < ndim; i++)
			words[ndim + i] = (uint64_t)meta.strides[i];
		values->word_count += 1 + 2 * (uint32_t)ndim;
	}
	values->tensors[values->tensor_count++] = impl;
}

static inline void
put_tensor(struct values *values, const void *impl)
{
	if (__builtin_expect(!put_plain(values, impl), 0))
		put_special(values, impl);
}

static void
put_string(struct values *values, const char *object)
{
	struct torch_string string = torch_string_at(object + torch.list_values, torch.string_bytes);

	/* A short string may decide a shape ("same", "mean", an einsum equation); a long one is text. */
	if (string.size > STRING_MAX || !has_room(values, 1 + STRING_MAX / 8)) {
		put(values, BOX_VALUE_OTHER | (uint64_t)torch.tag_string << 8);
		return;
	}
	uint32_t words = (uint32_t)(string.size + 7) / 8;
	put(values, BOX_VALUE_STRING | (uint64_t)string.size << 32);
	memset(values->words + values->word_count, 0, words * 8);
	memcpy(values->words + values->word_count, string.text, string.size);
	values->word_count += words;
}

/* What a list holds: numbers alone, truths alone, or anything (an int[] has SymInts among its numbers while PyTorch compiles: their payloads are addresses). */
static uint64_t
list_kind(const struct torch_value *item, const struct torch_value *end)
{
	uint32_t tag = item < end ? item->tag : 0;

	if (tag != torch.tag_int && tag != torch.tag_bool)
		return BOX_VALUE_LIST;
	while (item < end && item->tag == tag)
		item++;
	if (item < end)
		return BOX_VALUE_LIST;
	return tag == torch.tag_int ? BOX_VALUE_INTS : BOX_VALUE_BOOLS;
}

/* A reduction or a group is its text; any other custom class is just one. */
static void
put_object(struct values *values, const struct torch_value *value)
{
	char text[COLLECTIVE_TEXT] = { 0 };

	if (!has_room(values, 1 + COLLECTIVE_TEXT / 8) || !collective_text(value->payload, text)) {
		put(values, BOX_VALUE_OTHER | (uint64_t)value->tag << 8);
		return;
	}
	uint32_t size = (uint32_t)strlen(text), words = (size + 7) / 8;
	memset(text + size, 0, sizeof text - size);
	put(values, BOX_VALUE_STRING | (uint64_t)size << 32);
	memcpy(values->words + values->word_count, text, words * 8);
	values->word_count += words;
}

static void
put_int(struct values *values, const struct torch_value *value)
{
	put(values, BOX_VALUE_INT);
	put(values, (uint64_t)value->payload);
}

static void
put_list(struct values *values, const char *object, uint32_t limit)
{
	const struct torch_value *const *vector = (const struct torch_value *const *)(object + torch.list_values);
	const struct torch_value *item = vector[0], *end = vector[1];

	/* A list with nothing but a list in it (a gather's outputs) is that one. */
	if (end - item == 1 && item->tag == torch.tag_list) {
		vector = (const struct torch_value *const *)((const char *)item->payload + torch.list_values);
		item = vector[0];
		end = vector[1];
	}
	uint32_t count = (uint32_t)(end - item), start = values->word_count, kept = 0;
	uint64_t kind = list_kind(item, end);

	if (!has_room(values, 2)) {
		put(values, BOX_VALUE_OTHER | (uint64_t)torch.tag_list << 8);
		values->cut = true;
		return;
	}
	/* A second word is kept for "how many follow" and taken back if all do. */
	values->word_count += 2;
	for (; item < end && kept < limit && has_room(values, TENSOR_WORDS_MAX); item++, kept++) {
		if (kind == BOX_VALUE_INTS)
			put(values, (uint64_t)item->payload);
		else if (kind == BOX_VALUE_BOOLS)
			put(values, (uintptr_t)item->payload & 1);
		else if (item->tag == torch.tag_tensor && values->tensor_count < VALUES_TENSORS)
			put_tensor(values, item->payload);
		else if (item->tag == torch.tag_tensor)
			break;
		else if (item->tag == torch.tag_int)
			put_int(values, item);
		else
			put(values, item->tag ? BOX_VALUE_OTHER | (uint64_t)item->tag << 8 : BOX_VALUE_NONE);
	}
	bool cut = kept < count;
	values->cut |= cut;
	values->words[start] = kind | (cut ? BOX_LIST_CUT << 8 : 0) | (uint64_t)count << 32;
	if (cut) {
		values->words[start + 1] = kept;
	} else {
		memmove(values->words + start + 1, values->words + start + 2, (values->word_count - start - 2) * 8ull);
		values->word_count--;
	}
}

/* Anything but a tensor or None. */
static void
put_value(struct values *values, const struct torch_value *value, bool number, uint32_t list_limit)
{
	uint32_t tag = value->tag;

	if (tag == torch.tag_int && number) {
		put(values, BOX_VALUE_NUMBER);
	} else if (tag == torch.tag_int) {
		put_int(values, value);
	} else if (tag == torch.tag_bool) {
		put(values, BOX_VALUE_BOOL | ((uintptr_t)value->payload & 1) << 8);
	} else if (tag == torch.tag_double) {
		put(values, BOX_VALUE_FLOAT);
	} else if (tag == torch.tag_list) {
		put_list(values, value->payload, list_limit);
	} else if (tag == torch.tag_string) {
		put_string(values, value->payload);
	} else if (tag == torch.tag_device) {
		/* c10::Device {int8 type, int8 index} in the payload */
		uintptr_t device = (uintptr_t)value->payload;
		put(values, BOX_VALUE_DEVICE | (uint64_t)(device & 0xff) << 24
			     | (uint64_t)(uint16_t)(int8_t)(device >> 8) << 32);
	} else if (tag == torch.tag_device + 2) { /* Object: two behind Device in TORCH_FORALL_TAGS */
		put_object(values, value);
	} else {
		put(values, BOX_VALUE_OTHER | (uint64_t)tag << 8);
	}
}

void
values_encode(struct values *values, const struct torch_value *list, size_t count, uint64_t numbers,
	      uint32_t list_limit)
{
	values->word_count = values->tensor_count = 0;
	values->value_count = (uint32_t)count;
	values->cut = false;
	values->encoded = true;
	for (size_t i = 0; i < count; i++) {
		if (__builtin_expect(!has_room(values, 2), 0)) {
			values->value_count = (uint32_t)i;
			values->cut = true;
			return;
		}
		if (list[i].tag == torch.tag_tensor)
			put_tensor(values, list[i].payload);
		else if (!list[i].tag)
			put(values, BOX_VALUE_NONE);
		else
			put_value(values, &list[i], i < 64 && numbers >> i & 1, list_limit);
	}
}

/* KEY with the numbers of LIST; 0: it holds something else, or much. */
static uint64_t
add_numbers(uint64_t key, const char *list)
{
	const struct torch_value *const *vector = (const struct torch_value *const *)(list + torch.list_values);
	size_t count = (size_t)(vector[1] - vector[0]);

	if (count > QUICK_ITEMS)
		return 0;
	key = dictionary_mix(key ^ BOX_VALUE_INTS, count);
	for (const struct torch_value *item = vector[0]; item < vector[1]; item++) {
		if (item->tag != torch.tag_int)
			return 0;
		key = dictionary_mix(key, (uint64_t)item->payload);
	}
	return key;
}

/* KEY with a value that is no tensor; 0: it must be encoded. (Apart: its tags are not to be held ready for tensors alone.) */
static __attribute__((noinline)) uint64_t
add_value(uint64_t key, const struct torch_value *value, bool number)
{
	uint64_t payload = (uint64_t)value->payload;

	if (!value->tag)
		return dictionary_mix(key, BOX_VALUE_NONE);
	if (value->tag == torch.tag_int)
		return number ? dictionary_mix(key, BOX_VALUE_NUMBER) : dictionary_mix(key ^ BOX_VALUE_INT, payload);
	if (value->tag == torch.tag_double)
		return dictionary_mix(key, BOX_VALUE_FLOAT);
	if (value->tag == torch.tag_bool)
		return dictionary_mix(key, BOX_VALUE_BOOL | (payload & 1) << 8);
	return value->tag == torch.tag_list ? add_numbers(key, value->payload) : 0;
}

/* KEY, a hash, with two words more. (dictionary_mix, but for KEY's own constant: it is as good as any.) */
static inline uint64_t
add_pair(uint64_t key, uint64_t a, uint64_t b)
{
	unsigned __int128 product = (unsigned __int128)(key ^ a) * (b ^ 0xd1b54a32d192ed03ull);

	return (uint64_t)(product ^ product >> 64);
}

/* KEY with the tensor at IMPL, which becomes the next of VALUES, after COUNT; 0: it is no plain one. */
static inline __attribute__((always_inline)) uint64_t
add_tensor(uint64_t key, struct values *values, uint32_t *count, const char *impl)
{
	const char *dims = impl ? plain_dims(impl) : NULL;

	if (__builtin_expect(!dims, 0))
		return impl ? 0 : dictionary_mix(key, BOX_VALUE_NONE);
	uint64_t ndim = *(const uint64_t *)dims, grad = has_grad(impl) ? 0 : ~0ull;
	uint32_t form = *(const uint32_t *)(dims + TENSOR_FORM), place = *count;
	if (__builtin_expect(form != values->form, 0)) {
		if (impl == torch.undefined_tensor) /* none that is defined has its form */
			return dictionary_mix(key, BOX_VALUE_NONE);
		values->form = form;
		values->kind = kind_of(form);
	}
	values->tensors[place] = impl;
	values->forms[place] = values->kind | *(const uint64_t *)(dims + TENSOR_NUMEL) << 32;
	*count = place + 1;
	key = add_pair(key, (uint64_t)form << 8 | ndim, *(const uint64_t *)(dims + TENSOR_OFFSET) ^ grad);
	const uint64_t *sizes = (const uint64_t *)(dims + TENSOR_SIZES), *strides = (const uint64_t *)(dims + TENSOR_STRIDES);
#pragma GCC unroll 5
	for (unsigned i = 0; i < TENSOR_INLINE_DIMS; i++) {
		if (ndim == i)
			break;
		key = add_pair(key, sizes[i], strides[i]);
	}
	return key;
}

/* The key that tensors are added to: SEED spread over all bits, as an operation's number and a tensor's form would meet in the same ones. (Not the key of
 * those that are encoded.) */
static inline uint64_t
key_of_seed(uint64_t seed)
{
	return ~(seed * 0x9e3779b97f4a7c15ull);
}

uint64_t
values_key(struct values *values, const struct torch_value *list, size_t count, uint64_t numbers, uint32_t list_limit, uint64_t seed)
{
	uint64_t key = key_of_seed(seed);
	uint32_t tensors = 0;

	if (__builtin_expect(count > QUICK_VALUES || !tensor_layout.quick, 0))
		goto encode;
	for (const struct torch_value *value = list; value < list + count; value++) {
		if (value->tag == torch.tag_tensor)
			key = add_tensor(key, values, &tensors, value->payload);
		else
			key = add_value(key, value, numbers >> (value - list) & 1);
		if (__builtin_expect(!key, 0))
			goto encode;
	}
	values->tensor_count = tensors;
	values->value_count = (uint32_t)count;
	values->cut = values->encoded = false;
	return key | 1; /* never 0: that marks a free slot */
encode:
	values_encode(values, list, count, numbers, list_limit);
	return dictionary_hash(seed, values->words, values->word_count);
}

uint64_t
values_key_of(struct values *values, const struct torch_value *value, uint32_t list_limit, uint64_t seed)
{
	uint32_t tensors = 0;
	uint64_t key;

	if (__builtin_expect(value->tag != torch.tag_tensor || !tensor_layout.quick || !(key = add_tensor(key_of_seed(seed), values, &tensors, value->payload)), 0))
		return values_key(values, value, 1, 0, list_limit, seed);
	values->tensor_count = tensors;
	values->value_count = 1;
	values->cut = values->encoded = false;
	return key | 1;
}
