/* What many rows have in common, numbered from 1: a hash table of keys, open addressing, at most half full. */
#include <stdlib.h>
#include <string.h>

#include "fold_internal.h"

static uint64_t
key_hash(const int64_t key[FOLD_KIND_WIDTH])
{
	uint64_t hash = 0;

	for (int i = 0; i < FOLD_KIND_WIDTH; i++) {
		hash = (hash ^ (uint64_t)key[i]) * 0x9e3779b97f4a7c15u;
		hash ^= hash >> 29;
	}
	return hash;
}

/* The place of KEY in SLOTS, or the free place where it belongs. */
static struct fold_kind *
slot_find(struct fold_kind *slots, uint32_t room, const int64_t key[FOLD_KIND_WIDTH])
{
	uint32_t at = (uint32_t)key_hash(key) & (room - 1);

	while (slots[at].id && memcmp(slots[at].key, key, sizeof slots[at].key) != 0)
		at = (at + 1) & (room - 1);
	return &slots[at];
}

static bool
kinds_grow(struct fold_kinds *kinds)
{
	uint32_t room = kinds->room ? kinds->room * 2 : 1024;
	struct fold_kind *slots = room ? calloc(room, sizeof *slots) : NULL;

	if (!slots)
		return false;
	for (uint32_t i = 0; i < kinds->room; i++) {
		if (kinds->slots[i].id)
			*slot_find(slots, room, kinds->slots[i].key) = kinds->slots[i];
	}
	free(kinds->slots);
	kinds->slots = slots;
	kinds->room = room;
	return true;
}

int64_t
fold_kind(struct fold *fold, struct fold_kinds *kinds, const int64_t key[FOLD_KIND_WIDTH], bool *is_new)
{
	struct fold_kind *slot;

	*is_new = false;
	if (kinds->last && memcmp(kinds->slots[kinds->last - 1].key, key, sizeof kinds->slots->key) == 0)
		return kinds->slots[kinds->last - 1].id;
	if (2 * (uint64_t)kinds->count >= kinds->room && !kinds_grow(kinds)) {
		fold_fail(fold, "not enough memory");
		return 0;
	}
	slot = slot_find(kinds->slots, kinds->room, key);
	if (!slot->id) {
		memcpy(slot->key, key, sizeof slot->key);
		slot->id = ++kinds->count;
		*is_new = true;
	}
	kinds->last = (uint32_t)(slot - kinds->slots) + 1;
	return slot->id;
}

void
fold_kinds_free(struct fold_kinds *kinds)
{
	free(kinds->slots);
	*kinds = (struct fold_kinds){ 0 };
}
