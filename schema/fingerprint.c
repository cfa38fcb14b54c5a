#include "fingerprint.h"

#include <string.h>

struct collective { const char *name, *agree; };

static const struct collective collectives[] = {
#define COLLECTIVE(name, agree) { name, agree },
#include "collectives.def"
#undef COLLECTIVE
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

uint64_t
fingerprint_mix(uint64_t hash, uint64_t more)
{
	hash ^= more + 0x9e3779b97f4a7c15ull + (hash << 6) + (hash >> 2);
	hash = (hash ^ hash >> 30) * 0xbf58476d1ce4e5b9ull;
	return hash ^ hash >> 27;
}

uint64_t
fingerprint_bytes(uint64_t hash, const void *bytes, size_t size)
{
	const uint8_t *at = bytes;

	for (size_t i = 0; i < size; i++)
		hash = (hash ^ at[i]) * 0x100000001b3ull;
	return fingerprint_mix(hash, size);
}

uint64_t
fingerprint_frame(const char *file, size_t file_size, const char *function, size_t function_size, int line)
{
	size_t start = file_size;

	for (int slashes = 0; start > 0; start--)
		if (file[start - 1] == '/' && ++slashes == 2)
			break;
	return fingerprint_mix(fingerprint_bytes(fingerprint_bytes(1, file + start, file_size - start), function, function_size),
			       (uint64_t)(int64_t)line);
}

uint64_t
fingerprint_join(uint64_t left, uint64_t right, uint64_t right_count)
{
	uint64_t power = FINGERPRINT_BASE;

	for (; right_count; right_count >>= 1, power *= power)
		if (right_count & 1)
			left *= power;
	return left + right;
}

struct box_step_print
fingerprint_steps_join(const struct box_step_print *left, const struct box_step_print *right)
{
	return (struct box_step_print){
		.operations = left->operations + right->operations,
		.control = fingerprint_join(left->control, right->control, right->operations),
		.once = left->once + right->once,
		.rest = left->rest + right->rest,
		.collectives = left->collectives + right->collectives,
		.collective = fingerprint_join(left->collective, right->collective, right->collectives),
	};
}

enum fingerprint_device
fingerprint_device(unsigned type, int index, int own)
{
	enum { CPU = 0, META = 14 }; /* c10::DeviceType */

	if (type == CPU)
		return DEVICE_CPU;
	if (type == META)
		return DEVICE_META;
	return index < 0 || own < 0 || index == own ? DEVICE_OWN : DEVICE_OTHER;
}

/* --- one signature ------------------------------------------------------------------------- */

struct words { const uint64_t *at, *end; };

struct walk {
	struct words words;
	int own;
	uint64_t kinds, content, collective, accelerators;
	bool agrees; /* this argument must agree */
	bool group;  /* it is a process group, "8 ranks #3": which one it is is each process's own count */
	bool name;   /* it is a process group's name: groups of equal role have different ones */
};

static bool
take(struct words *words, uint64_t *word)
{
	if (words->at >= words->end)
		return false;
	*word = *words->at++;
	return true;
}

static void
content_add(struct walk *walk, uint64_t value)
{
	walk->content = fingerprint_mix(walk->content, value);
	if (walk->agrees)
		walk->collective = fingerprint_mix(walk->collective, value);
}

static uint64_t
device_add(struct walk *walk, uint64_t first)
{
	unsigned type = first >> 24 & 0xff;
	int index = (int16_t)(first >> 32 & 0xffff);
	enum fingerprint_device role = fingerprint_device(type, index, walk->own);

	if (role >= DEVICE_OWN && index >= 0 && index < 64)
		walk->accelerators |= 1ull << index;
	return (uint64_t)type << 8 | role;
}

/* The kind of a tensor is its dtype, layout and device's role; its content its sizes. Strides, offsets and what
 * autograd keeps differ between equal ranks. */
static bool
tensor_walk(struct walk *walk, uint64_t first, uint64_t *kind)
{
	uint64_t ndim = first >> 8 & 0xff, flags = first >> 48 & 0xffff, dtype = first >> 16 & 0xff;

	*kind = BOX_VALUE_TENSOR | dtype << 8 | (flags & (BOX_TENSOR_LAYOUT | BOX_TENSOR_OPAQUE)) << 16;
	*kind |= device_add(walk, first) << 24;
	content_add(walk, *kind);
	if (flags & BOX_TENSOR_OPAQUE)
		return true;
	if ((uint64_t)(walk->words.end - walk->words.at) < 1 + 2 * ndim)
		return false;
	content_add(walk, ndim);
	for (uint64_t i = 0; i < ndim; i++)
		content_add(walk, walk->words.at[1 + i]);
	walk->words.at += 1 + 2 * ndim;
	return true;
}

static bool value_walk(struct walk *walk, int depth, uint64_t *kind);

/* A list's kind is its first item's that has one: how many there are is content. */
static bool
list_walk(struct walk *walk, uint64_t first, int depth, uint64_t *kind)
{
	uint64_t declared = first >> 32, kept = declared, item;

	*kind = first & 0xff;
	content_add(walk, declared);
	if (((first >> 8) & BOX_LIST_CUT) && !take(&walk->words, &kept))
		return false;
	if (kept > (uint64_t)(walk->words.end - walk->words.at))
		return false;
	for (uint64_t i = 0; i < kept; i++) {
		if ((first & 0xff) != BOX_VALUE_LIST) {
			content_add(walk, *walk->words.at++);
			continue;
		}
		if (depth > 4 || !value_walk(walk, depth + 1, &item))
			return false;
		if (*kind == BOX_VALUE_LIST && (item & 0xff) != BOX_VALUE_NONE)
			*kind = BOX_VALUE_LIST | item << 8;
	}
	return true;
}

/* Bytes of a group's text ahead of its number. */
static size_t
group_text_size(const uint64_t *words, size_t size)
{
	const char *sign = memchr(words, '#', size);

	return sign && sign > (const char *)words ? (size_t)(sign - 1 - (const char *)words) : size;
}

static bool
string_walk(struct walk *walk, uint64_t first)
{
	uint64_t size = first >> 32, count = size / 8 + (size % 8 != 0);

	if (count > (uint64_t)(walk->words.end - walk->words.at))
		return false;
	content_add(walk, fingerprint_bytes(2, walk->words.at, walk->name ? 0 : walk->group ? group_text_size(walk->words.at, size) : size));
	walk->words.at += count;
	return true;
}

static bool
value_walk(struct walk *walk, int depth, uint64_t *kind)
{
	uint64_t first, value;

	if (!take(&walk->words, &first))
		return false;
	*kind = first & 0xff;
	switch (first & 0xff) {
	case BOX_VALUE_TENSOR:
		return tensor_walk(walk, first, kind);
	case BOX_VALUE_INTS:
	case BOX_VALUE_BOOLS:
	case BOX_VALUE_LIST:
		return list_walk(walk, first, depth, kind);
	case BOX_VALUE_STRING:
		return string_walk(walk, first);
	case BOX_VALUE_INT:
		if (!take(&walk->words, &value))
			return false;
		content_add(walk, value);
		return true;
	case BOX_VALUE_BOOL:
		content_add(walk, first >> 8 & 0xff);
		return true;
	case BOX_VALUE_DEVICE:
		*kind |= device_add(walk, first) << 8;
		return true;
	case BOX_VALUE_FLOAT:
	case BOX_VALUE_NUMBER:
	case BOX_VALUE_NONE:
	case BOX_VALUE_OTHER:
		return true;
	default:
		return false;
	}
}

/* Is WORD (SIZE bytes) among the comma-separated LIST? */
static bool
is_among(const char *list, const char *word, size_t size)
{
	while (size && *list) {
		size_t n = strcspn(list, ",");

		if (n == size && memcmp(list, word, n) == 0)
			return true;
		list += n + (list[n] == ',');
	}
	return false;
}

static const struct collective *
collective_find(const char *name, size_t size)
{
	for (size_t i = 0; i < COUNT(collectives); i++)
		if (strlen(collectives[i].name) == size && memcmp(collectives[i].name, name, size) == 0)
			return &collectives[i];
	return NULL;
}

bool
fingerprint_is_collective(const char *name)
{
	return collective_find(name, strlen(name)) != NULL;
}

/* The next of the comma-separated names, cut off the front. */
static void
name_take(const char **names, size_t *names_size, const char **name, size_t *size)
{
	const char *comma = *names_size ? memchr(*names, ',', *names_size) : NULL;

	*name = *names;
	*size = comma ? (size_t)(comma - *names) : *names_size;
	*names += *size + (comma != NULL);
	*names_size -= *size + (comma != NULL);
}

static bool
is_message(const char *name, size_t size)
{
	static const char *const names[] = { "c10d::send", "c10d::recv_", "c10d::recv_any_source_" };

	for (size_t i = 0; i < COUNT(names); i++)
		if (strlen(names[i]) == size && memcmp(names[i], name, size) == 0)
			return true;
	return false;
}

bool
fingerprint_waits(const char *name)
{
	return fingerprint_is_collective(name) || is_message(name, strlen(name));
}

static uint32_t
number_at(const char *text, size_t size)
{
	uint32_t number = 0;

	for (size_t i = 0; i < size && text[i] >= '0' && text[i] <= '9' && number < 100000000; i++)
		number = number * 10 + (uint32_t)(text[i] - '0');
	return number;
}

/* "8 ranks", "8 ranks #3", as the recorder tells a group, in the words of a string; zeros if it is anything else. */
static void
group_take(struct fingerprint_signature *print, const uint64_t *words, const uint64_t *end)
{
	const char *text = (const char *)(words + 1);
	size_t size, cut;

	if (words >= end || (*words & 0xff) != BOX_VALUE_STRING || *words >> 32 > 24 || (uint64_t)(end - words - 1) * 8 < *words >> 32)
		return;
	size = *words >> 32;
	cut = group_text_size(words + 1, size);
	print->group_size = number_at(text, size);
	print->group = cut < size ? number_at(text + cut + 2, size - cut - 2) : 0;
}

struct fingerprint_signature
fingerprint_signature(const char *name, size_t name_size, const char *overload, size_t overload_size, const char *arguments,
		      size_t arguments_size, bool outputs, const uint64_t *words, uint64_t word_count, uint32_t value_count,
		      int own)
{
	const struct collective *collective = outputs ? NULL : collective_find(name, name_size);
	struct fingerprint_signature print = { .message = !outputs && is_message(name, name_size) };
	struct walk walk = { .words = { words, words + word_count }, .own = own };
	const char *argument;
	size_t size;
	uint64_t kind;

	print.operation = fingerprint_bytes(fingerprint_bytes(3, name, name_size), overload, overload_size);
	walk.kinds = walk.content = walk.collective = fingerprint_mix(print.operation, outputs);
	for (uint32_t i = 0; i < value_count; i++) {
		name_take(&arguments, &arguments_size, &argument, &size);
		walk.agrees = collective && (is_among(collective->agree, argument, size) ||
					     is_among("process_group,reduce_op", argument, size));
		walk.group = is_among("process_group", argument, size);
		walk.name = collective && is_among("group_name", argument, size);
		if (walk.group && (collective || print.message))
			group_take(&print, walk.words.at, walk.words.end);
		if (!value_walk(&walk, 0, &kind))
			break;
		walk.kinds = fingerprint_mix(walk.kinds, kind);
		walk.content = fingerprint_mix(walk.content, kind);
	}
	print.kinds = walk.kinds;
	print.content = walk.content;
	print.collective = collective ? walk.collective | 1 : 0;
	return print;
}

uint64_t
fingerprint_accelerators(const uint64_t *words, uint64_t word_count, uint32_t value_count)
{
	struct walk walk = { .words = { words, words + word_count }, .own = -1 };
	uint64_t kind;

	for (uint32_t i = 0; i < value_count && value_walk(&walk, 0, &kind); i++)
		;
	return walk.accelerators;
}
