/* What has a number already, found by its bytes. See fold_internal.h. */
#include <string.h>

#include "fold_internal.h"

#define KNOWN_MOST (1u << 20) /* a box with more different ones repeats them */

/* In `entries`, the key behind it, and zeros up to a multiple of 8. The index has its place in 8 bytes, from 1. */
struct entry { int64_t number; uint64_t bytes; };

static uint32_t
key_hash(const char *key, size_t bytes)
{
	uint64_t hash = bytes, word;

	for (; bytes >= sizeof word; key += sizeof word, bytes -= sizeof word) {
		memcpy(&word, key, sizeof word);
		FOLD_HASH_MIX(hash, word);
	}
	word = 0;
	memcpy(&word, key, bytes);
	FOLD_HASH_MIX(hash, word);
	return FOLD_HASH_END(hash);
}

static struct entry *
entry_at(const struct fold_known *known, uint32_t at)
{
	return (struct entry *)(known->entries.data + 8 * (size_t)(at - 1));
}

static bool
entry_is(const struct fold_known *known, uint32_t at, const void *key, size_t bytes)
{
	const struct entry *entry = entry_at(known, at);

	return entry->bytes == bytes && memcmp(entry + 1, key, bytes) == 0;
}

static int64_t *
entry_add(struct fold_known *known, uint64_t *slot, uint32_t hash, const void *key, size_t bytes)
{
	struct entry head = { 0, bytes };
	size_t at = known->entries.size_bytes, padded = (bytes + 7) & ~(size_t)7;

	if (!bytes_reserve(&known->entries, sizeof head + padded))
		return NULL;
	memset(known->entries.data + at + sizeof head + padded - (padded ? 8 : 0), 0, padded ? 8 : 0);
	memcpy(known->entries.data + at, &head, sizeof head);
	memcpy(known->entries.data + at + sizeof head, key, bytes);
	known->entries.size_bytes += sizeof head + padded;
	fold_index_set(&known->index, slot, hash, (uint32_t)(at / 8) + 1);
	return &entry_at(known, (uint32_t)(at / 8) + 1)->number;
}

int64_t *
fold_known(struct fold *fold, struct fold_known *known, const void *key, size_t bytes)
{
	uint32_t hash = key_hash(key, bytes), at = hash;
	int64_t *number = NULL;
	uint64_t *slot;

	known->spare = 0;
	if (fold_index_reserve(&known->index)) {
		while (*(slot = fold_index_next(&known->index, hash, &at)) && !entry_is(known, fold_index_number(*slot), key, bytes))
			;
		if (*slot)
			return &entry_at(known, fold_index_number(*slot))->number;
		if (known->index.count >= KNOWN_MOST || known->entries.size_bytes / 8 > UINT32_MAX / 2)
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
	fold_index_free(&known->index);
	bytes_free(&known->entries);
	*known = (struct fold_known){ 0 };
}
