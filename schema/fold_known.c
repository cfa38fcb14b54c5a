/* What has a number already, found by its bytes: open addressing, at most half full. See fold_internal.h. */
#include <stdlib.h>
#include <string.h>

#include "fold_internal.h"

#define KNOWN_MOST (1u << 20) /* a box with more different ones repeats them */

/* In `entries`, the key behind it, and zeros up to a multiple of 8. */
struct entry { int64_t number; uint64_t bytes; };
struct fold_known_slot { uint32_t tag, at; }; /* of the hash; of the entry, in 8 bytes, from 1 */

static uint64_t
key_hash(const char *key, size_t bytes)
{
	uint64_t hash = bytes, word;

	for (; bytes; key += sizeof word, bytes -= bytes < sizeof word ? bytes : sizeof word) {
		word = 0;
		if (bytes >= sizeof word)
			memcpy(&word, key, sizeof word);
		else
			memcpy(&word, key, bytes);
		hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
		hash ^= hash >> 29;
	}
	return hash * 0xbf58476d1ce4e5b9u;
}

static struct entry *
entry_at(const struct fold_known *known, uint32_t at)
{
	return (struct entry *)(known->entries.data + 8 * (size_t)(at - 1));
}

static struct fold_known_slot *
slot_find(const struct fold_known *known, uint64_t hash, const void *key, size_t bytes)
{
	for (uint32_t place = (uint32_t)(hash >> 32);; place++) {
		struct fold_known_slot *slot = &known->slots[place & (known->room - 1)];
		const struct entry *entry;

		if (!slot->at)
			return slot;
		if (slot->tag != (uint32_t)hash)
			continue;
		entry = entry_at(known, slot->at);
		if (entry->bytes == bytes && memcmp(entry + 1, key, bytes) == 0)
			return slot;
	}
}

static bool
slots_grow(struct fold_known *known)
{
	uint32_t room = known->room ? known->room * 2 : 1024;
	struct fold_known_slot *slots = calloc(room, sizeof *slots), *old = known->slots;
	uint32_t old_room = known->room;

	if (!slots)
		return false;
	known->slots = slots;
	known->room = room;
	for (uint32_t i = 0; i < old_room; i++) {
		const struct entry *entry = old[i].at ? entry_at(known, old[i].at) : NULL;

		if (entry)
			*slot_find(known, key_hash((const char *)(entry + 1), entry->bytes), entry + 1, entry->bytes) = old[i];
	}
	free(old);
	return true;
}

static int64_t *
entry_add(struct fold_known *known, struct fold_known_slot *slot, uint64_t hash, const void *key, size_t bytes)
{
	struct entry head = { 0, bytes };
	size_t at = known->entries.size_bytes, padded = (bytes + 7) & ~(size_t)7;

	if (!bytes_reserve(&known->entries, sizeof head + padded))
		return NULL;
	memset(known->entries.data + at + sizeof head + padded - (padded ? 8 : 0), 0, padded ? 8 : 0);
	memcpy(known->entries.data + at, &head, sizeof head);
	memcpy(known->entries.data + at + sizeof head, key, bytes);
	known->entries.size_bytes += sizeof head + padded;
	known->count++;
	*slot = (struct fold_known_slot){ (uint32_t)hash, (uint32_t)(at / 8) + 1 };
	return &entry_at(known, slot->at)->number;
}

int64_t *
fold_known(struct fold *fold, struct fold_known *known, const void *key, size_t bytes)
{
	uint64_t hash = key_hash(key, bytes);
	struct fold_known_slot *slot;
	int64_t *number = NULL;

	known->spare = 0;
	if (2 * (uint64_t)known->count < known->room || slots_grow(known)) {
		slot = slot_find(known, hash, key, bytes);
		if (slot->at)
			return &entry_at(known, slot->at)->number;
		if (known->count >= KNOWN_MOST || known->entries.size_bytes / 8 > UINT32_MAX / 2)
			return &known->spare;
		number = entry_add(known, slot, hash, key, bytes);
	}
	if (!number)
		fold_fail(fold, "not enough memory");
	return number ? number : &known->spare;
}

void
fold_known_free(struct fold_known *known)
{
	free(known->slots);
	bytes_free(&known->entries);
	*known = (struct fold_known){ 0 };
}
