/* Lists of tensors beyond what a record keeps. See lists.h. */
#include <string.h>

#include "box.h"
#include "lists.h"
#include "python_tensor.h"
#include "tensor.h"

#define LEAVE_BYTES 8192 /* of the note, for what follows */
#define ITEM_BYTES 1024  /* more than one item takes */

/* What two tensors may differ in. */
enum kind { SIZES, FORM, KINDS };

static bool
is_tensors(const struct torch_value *value)
{
	const struct torch_value *const *vector = (const struct torch_value *const *)((const char *)value->payload + torch.list_values);

	return vector[1] - vector[0] > 1 && vector[0]->tag == torch.tag_tensor;
}

static void
keep_one(struct lists_one *one, const char *object, uint32_t argument, uint32_t room)
{
	const struct torch_value *const *vector = (const struct torch_value *const *)(object + torch.list_values);
	const struct torch_value *item = vector[0];

	one->argument = argument;
	one->length = (uint32_t)(vector[1] - item);
	one->kept = one->length < room ? one->length : room;
	for (uint32_t i = 0; i < one->kept; i++)
		one->items[i] = item[i].tag == torch.tag_tensor ? item[i].payload : NULL;
}

void
lists_keep(struct lists *lists, uint64_t event, const struct torch_value *list, size_t count)
{
	uint32_t found = 0;

	for (size_t i = 0; i < count && found < LISTS_MOST; i++)
		found += list[i].tag == torch.tag_list && is_tensors(&list[i]);
	lists->event = event;
	lists->count = 0;
	for (size_t i = 0; i < count && lists->count < found; i++)
		if (list[i].tag == torch.tag_list && is_tensors(&list[i])) {
			struct lists_one *one = &lists->of[lists->count];
			one->items = lists->items + lists->count++ * (LISTS_ITEMS / found);
			keep_one(one, list[i].payload, (uint32_t)i, LISTS_ITEMS / found);
		}
}

/* What item I of list N is held against; NULL: nothing. */
static const void *
partner(const struct lists *lists, uint32_t n, uint32_t i)
{
	if (n)
		return lists->of[n].length == lists->of[0].length ? lists->of[0].items[i] : NULL;
	return lists->count == 1 && i ? lists->of[0].items[0] : NULL;
}

/* Read both, if they live. */
static bool
read_both(const void *one, const void *other, struct tensor_meta meta[2])
{
	return one && other && tensor_identity(one) && tensor_identity(other) && tensor_read(one, &meta[0]) && tensor_read(other, &meta[1])
	       && !((meta[0].flags | meta[1].flags) & BOX_TENSOR_OPAQUE);
}

static bool
differ(const struct tensor_meta meta[2], enum kind kind)
{
	if (kind == SIZES)
		return meta[0].ndim != meta[1].ndim || memcmp(meta[0].sizes, meta[1].sizes, (size_t)meta[0].ndim * sizeof(int64_t));
	return meta[0].dtype != meta[1].dtype || meta[0].device_type != meta[1].device_type || meta[0].device_index != meta[1].device_index;
}

/* In which kinds the items of list N mostly agree with what they are held against: a bit for each. */
static unsigned
kinds_of(const struct lists *lists, uint32_t n)
{
	uint32_t compared = 0, apart[KINDS] = { 0 };
	struct tensor_meta meta[2];
	unsigned kinds = 0;

	for (uint32_t i = 0; i < lists->of[n].kept; i++) {
		if (!read_both(lists->of[n].items[i], partner(lists, n, i), meta))
			continue;
		compared++;
		for (int kind = 0; kind < KINDS; kind++)
			apart[kind] += differ(meta, kind);
	}
	for (int kind = 0; kind < KINDS; kind++)
		kinds |= apart[kind] && apart[kind] <= compared / 2 ? 1u << kind : 0;
	return kinds;
}

static bool
is_odd(const struct lists *lists, uint32_t n, uint32_t i, unsigned kinds)
{
	struct tensor_meta meta[2];

	return kinds && i < lists->of[n].kept && read_both(lists->of[n].items[i], partner(lists, n, i), meta)
	       && ((kinds & 1u << SIZES && differ(meta, SIZES)) || (kinds & 1u << FORM && differ(meta, FORM)));
}

void
lists_tell(struct lists *lists, uint64_t tensor, const void *impl)
{
	struct tensor_meta meta;
	uint64_t bytes;

	if (lists->told_count < sizeof lists->told / sizeof *lists->told && tensor_read(impl, &meta) && !(meta.flags & BOX_TENSOR_OPAQUE))
		lists->told[lists->told_count++] = (struct lists_told){ tensor, tensor_storage(impl, &bytes), meta.storage_offset, meta.elements };
}

static void
write_item(struct json_writer *json, struct lists *lists, uint32_t n, uint32_t i)
{
	const void *impl = lists->of[n].items[i];
	uint64_t tensor = tensor_identity(impl);
	struct tensor_meta meta;

	if (!tensor || !tensor_read(impl, &meta))
		return;
	json_object_begin(json);
	json_key(json, "argument");
	json_int(json, lists->of[n].argument);
	json_key(json, "item");
	json_int(json, i);
	json_key(json, "tensor");
	json_int(json, (int64_t)tensor);
	python_tensor_write_meta(json, &meta);
	json_object_end(json);
	lists_tell(lists, tensor, impl);
}

static bool
are_alike(const void *one, const void *other)
{
	struct tensor_meta meta[2];

	return read_both(one, other, meta) && !differ(meta, SIZES);
}

/* List N is longer or shorter than the first: where the longer is the other with some put in, those. */
static void
write_more(struct json_writer *json, struct lists *lists, uint32_t n)
{
	uint32_t longer = lists->of[n].length > lists->of[0].length ? n : 0, before = 0, after = 0;
	const struct lists_one *more = &lists->of[longer], *less = &lists->of[longer ? 0 : n];

	if (more->kept < more->length || less->kept < less->length)
		return;
	while (before < less->length && are_alike(more->items[before], less->items[before]))
		before++;
	while (before + after < less->length && are_alike(more->items[more->length - 1 - after], less->items[less->length - 1 - after]))
		after++;
	if (before + after < less->length)
		return;
	for (uint32_t i = before; i < more->length - after && i < before + LISTS_PLACES && json_left(json) > LEAVE_BYTES + ITEM_BYTES; i++)
		write_item(json, lists, longer, i);
}

void
lists_write(struct json_writer *json, struct lists *lists, uint64_t event)
{
	unsigned kinds[LISTS_MOST] = { 0 };
	bool known = lists->count && lists->event == event && shim_box.header->checks[BOX_CHECK_DEATHS] == BOX_CHECK_OK;

	json_array_begin(json);
	lists->told_count = 0;
	for (uint32_t n = 0; known && n < lists->count; n++)
		kinds[n] = kinds_of(lists, n);
	for (uint32_t i = 0, places = 0; known && i < lists->of[0].kept && places < LISTS_PLACES; i++) {
		bool odd = false;
		for (uint32_t n = 0; n < lists->count && json_left(json) > LEAVE_BYTES + 2 * ITEM_BYTES; n++) {
			if (!is_odd(lists, n, i, kinds[n]))
				continue;
			if (n && !odd)
				write_item(json, lists, 0, i);
			write_item(json, lists, n, i);
			odd = true;
		}
		places += odd;
	}
	for (uint32_t n = 1; known && n < lists->count; n++)
		if (lists->of[n].length != lists->of[0].length)
			write_more(json, lists, n);
	json_array_end(json);
}
