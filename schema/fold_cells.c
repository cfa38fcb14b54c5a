/* Rows that many others refer to, each stored once: found by what stands in them. See fold_internal.h. */
#include <stdlib.h>
#include <string.h>

#include "fingerprint.h"
#include "fold_internal.h"

#define ROWS_REMEMBERED (1u << 20) /* a box with more different ones repeats them */

struct fold_cells_slot { int64_t id; uint64_t hash; size_t at; uint32_t size_bytes; }; /* id 0: free */

/* The cells' bytes behind those of the rows. False: no memory. */
static bool
key_add(struct bytes *keys, const struct fold_cell *cell, int count)
{
	for (int i = 0; i < count; i++) {
		const char *mark = cell[i].text ? "t" : cell[i].known ? "i" : "n";

		bytes_add(keys, mark, 1);
		if (cell[i].text)
			bytes_add(keys, cell[i].text, strlen(cell[i].text) + 1);
		else if (cell[i].known)
			bytes_add(keys, (const char *)&cell[i].integer, sizeof cell[i].integer);
	}
	return !keys->failed;
}

static struct fold_cells_slot *
slot_find(const struct fold_cells *cells, struct fold_cells_slot *slots, uint32_t room, uint64_t hash, size_t at, uint32_t size_bytes)
{
	uint32_t place = (uint32_t)(hash ^ hash >> 32) & (room - 1);

	while (slots[place].id && (slots[place].hash != hash || slots[place].size_bytes != size_bytes ||
				   memcmp(cells->keys.data + slots[place].at, cells->keys.data + at, size_bytes) != 0))
		place = (place + 1) & (room - 1);
	return &slots[place];
}

static bool
cells_grow(struct fold_cells *cells)
{
	uint32_t room = cells->room ? cells->room * 2 : 1024;
	struct fold_cells_slot *slots = calloc(room, sizeof *slots);

	if (!slots)
		return false;
	for (uint32_t i = 0; i < cells->room; i++) {
		const struct fold_cells_slot *slot = &cells->slots[i];

		if (slot->id)
			*slot_find(cells, slots, room, slot->hash, slot->at, slot->size_bytes) = *slot;
	}
	free(cells->slots);
	cells->slots = slots;
	cells->room = room;
	return true;
}

static void
row_add(struct fold *fold, int64_t id, const struct fold_cell *cell, int count, enum fold_table table)
{
	struct tree *row = fold_row(fold, table);

	for (int i = 0; i < count; i++) {
		if (cell[i].text)
			fold_row_clean(fold, row, cell[i].text, strlen(cell[i].text));
		else
			tree_optional(row, cell[i].integer, cell[i].known);
	}
	fold_row_end(fold, table, id);
}

int64_t
fold_cells(struct fold *fold, struct fold_cells *cells, const struct fold_cell *cell, int count, enum fold_table table)
{
	size_t at = cells->keys.size_bytes;
	struct fold_cells_slot *slot;
	uint32_t size_bytes;
	uint64_t hash;

	if (fold->failed)
		return 0;
	if (!key_add(&cells->keys, cell, count) || (2 * (uint64_t)cells->count >= cells->room && !cells_grow(cells))) {
		fold_fail(fold, "not enough memory");
		return 0;
	}
	size_bytes = (uint32_t)(cells->keys.size_bytes - at);
	hash = fingerprint_bytes(1, cells->keys.data + at, size_bytes);
	slot = slot_find(cells, cells->slots, cells->room, hash, at, size_bytes);
	if (slot->id) {
		cells->keys.size_bytes = at;
		return slot->id;
	}
	row_add(fold, ++cells->last, cell, count, table);
	if (cells->count < ROWS_REMEMBERED) {
		*slot = (struct fold_cells_slot){ cells->last, hash, at, size_bytes };
		cells->count++;
	} else {
		cells->keys.size_bytes = at;
	}
	return cells->last;
}

void
fold_cells_free(struct fold_cells *cells)
{
	free(cells->slots);
	bytes_free(&cells->keys);
	*cells = (struct fold_cells){ 0 };
}
