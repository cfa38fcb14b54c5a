#include "parts.h"

#include <stdlib.h>
#include <string.h>

#define OLD_MOST (1u << 20)

uint32_t
parts_place(const struct parts *parts, int64_t number)
{
	uint32_t low = 0, high = parts->count;

	if (high && parts->parts[high - 1].number < number)
		return high;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (parts->parts[middle].number < number)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool
parts_grow(struct parts *parts)
{
	uint32_t room = parts->room ? parts->room * 2 : 64;
	struct part *grown = parts->count < PARTS_MOST ? realloc(parts->parts, room * sizeof *grown) : NULL;

	if (!grown)
		return false;
	parts->parts = grown;
	parts->room = room;
	return true;
}

struct part *
parts_part(struct parts *parts, int64_t number)
{
	uint32_t at;
	uint8_t *sites = NULL;

	if (parts->count && parts->parts[parts->count - 1].number == number)
		return &parts->parts[parts->count - 1];
	at = parts_place(parts, number);
	if (at < parts->count && parts->parts[at].number == number)
		return &parts->parts[at];
	if (parts->sites && !(sites = calloc(1, PART_SITES_BYTES)))
		return NULL;
	if (parts->count == parts->room && !parts_grow(parts)) {
		free(sites);
		return NULL;
	}
	memmove(&parts->parts[at + 1], &parts->parts[at], (parts->count++ - at) * sizeof *parts->parts);
	parts->parts[at] = (struct part){ .number = number, .begin = parts->met, .sequence_low = INT64_MAX, .sequence_high = -1, .sites = sites };
	return &parts->parts[at];
}

static int
number_compare(const void *one, const void *other)
{
	int64_t a = *(const int64_t *)one, b = *(const int64_t *)other;

	return (a > b) - (a < b);
}

/* In order, each once. Returns how many are left of COUNT. */
static uint32_t
numbers_sort(int64_t *numbers, uint32_t count)
{
	uint32_t left = 0;

	if (count)
		qsort(numbers, count, sizeof *numbers, number_compare);
	for (uint32_t i = 0; i < count; i++)
		if (!left || numbers[left - 1] != numbers[i])
			numbers[left++] = numbers[i];
	return left;
}

/* TENSOR in a list that is put in order before it grows: some are written again and again. */
static bool
again_add(struct parts *parts, struct part *part, int64_t tensor)
{
	if (part->again_count && part->again[part->again_count - 1] == tensor)
		return true;
	if (part->again_count == part->again_room) {
		uint32_t sorted = numbers_sort(part->again, part->again_count), room = part->again_room ? part->again_room * 2 : 16;

		parts->again_total -= part->again_count - sorted;
		part->again_count = sorted;
		if (sorted > room / 4 || !sorted) {
			int64_t *grown;

			if (parts->again_total + room > PARTS_AGAIN_MOST) {
				parts->again_total -= sorted;
				part->again_count = 0;
				part->begin = 0; /* it may have made any */
				return true;
			}
			grown = realloc(part->again, room * sizeof *grown);
			if (!grown)
				return false;
			part->again = grown;
			part->again_room = room;
		}
	}
	part->again[part->again_count++] = tensor;
	parts->again_total++;
	return true;
}

/* The place of TENSOR in a table that is at most half full; 0 there: it isn't in it. */
static int64_t *
old_find(int64_t *slots, uint32_t room, int64_t tensor)
{
	uint32_t at = (uint32_t)((uint64_t)tensor * 0x9e3779b97f4a7c15u >> 32);

	while (slots[at & (room - 1)] && slots[at & (room - 1)] != tensor)
		at++;
	return &slots[at & (room - 1)];
}

static bool
old_grow(struct parts *parts)
{
	uint32_t room = parts->old_room ? parts->old_room * 2 : 1024;
	int64_t *slots = room <= OLD_MOST ? calloc(room, sizeof *slots) : NULL;

	if (!slots)
		return false;
	for (uint32_t i = 0; i < parts->old_room; i++)
		if (parts->old[i])
			*old_find(slots, room, parts->old[i]) = parts->old[i];
	free(parts->old);
	parts->old = slots;
	parts->old_room = room;
	return true;
}

/* Note that TENSOR was met; false without memory. *KNOWN: it had been. */
static bool
old_add(struct parts *parts, int64_t tensor, bool *known)
{
	int64_t *slot;

	if (2 * parts->old_count >= parts->old_room && !old_grow(parts))
		return false;
	slot = old_find(parts->old, parts->old_room, tensor);
	*known = *slot != 0;
	parts->old_count += !*known;
	*slot = tensor;
	return true;
}

/* The smallest identity that was made and not met before: a few old ones are met first, and hardly any smaller later. */
static bool
made_look(struct parts *parts, struct part *part, const struct part_row *row)
{
	for (size_t i = 0; i < row->inputs + row->outputs; i++) {
		int64_t id = row->ids[i];
		bool known;

		if (id <= 0 || (parts->made && id >= parts->made))
			continue;
		if (!old_add(parts, id, &known))
			return false;
		if (!known && i >= row->inputs)
			parts->made = part->made = id;
	}
	return true;
}

bool
parts_add(struct parts *parts, const struct part_row *row)
{
	struct part *part = parts_part(parts, row->event >> PART_SHIFT);
	size_t count = row->inputs + row->outputs;

	if (!part || !made_look(parts, part, row))
		return false;
	for (size_t i = row->inputs; i < count; i++)
		if (row->ids[i] > 0 && row->ids[i] <= part->begin && !again_add(parts, part, row->ids[i]))
			return false;
	if (row->gives && row->inputs && row->ids[0] > 0 && row->ids[0] <= part->begin && !again_add(parts, part, row->ids[0]))
		return false;
	for (size_t i = 0; i < count; i++)
		if (row->ids[i] > parts->met)
			parts->met = row->ids[i];
	part->met = parts->met;
	part->unwell += row->unwell;
	if (row->sequence >= 0) {
		if (row->sequence < part->sequence_low)
			part->sequence_low = row->sequence;
		if (row->sequence > part->sequence_high)
			part->sequence_high = row->sequence;
	}
	if (part->sites) {
		uint32_t bit = part_site(row->site);

		part->sites[bit / 8] |= (uint8_t)(1 << bit % 8);
	}
	return true;
}

void
parts_sort(struct parts *parts)
{
	for (uint32_t i = 0; i < parts->count; i++)
		parts->parts[i].again_count = numbers_sort(parts->parts[i].again, parts->parts[i].again_count);
}

void
parts_free(struct parts *parts)
{
	for (uint32_t i = 0; i < parts->count; i++) {
		free(parts->parts[i].again);
		free(parts->parts[i].sites);
	}
	free(parts->parts);
	free(parts->old);
	*parts = (struct parts){ 0 };
}

bool
part_may_make(const struct part *part, int64_t tensor)
{
	if (tensor > part->begin)
		return tensor <= part->met;
	return part->again_count && bsearch(&tensor, part->again, part->again_count, sizeof tensor, number_compare);
}

bool
part_may_use(const struct part *part, int64_t tensor)
{
	return tensor <= part->met;
}
