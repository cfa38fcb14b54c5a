/* What many rows have in common, numbered from 1. See fold_internal.h. */
#include <stdlib.h>
#include <string.h>

#include "fold_internal.h"

static uint32_t
key_hash(const int64_t key[FOLD_KIND_WIDTH])
{
	uint64_t hash = 0;

	for (int i = 0; i < FOLD_KIND_WIDTH; i++)
		FOLD_HASH_MIX(hash, (uint64_t)key[i]);
	return FOLD_HASH_END(hash);
}

static bool
key_is(const struct fold_kinds *kinds, uint32_t number, const int64_t key[FOLD_KIND_WIDTH])
{
	return memcmp(kinds->kinds[number - 1].key, key, sizeof kinds->kinds->key) == 0;
}

/* Room for one more. */
static bool
kinds_reserve(struct fold_kinds *kinds)
{
	uint32_t room = kinds->room ? kinds->room * 2 : 512;
	struct fold_kind *grown;

	if (!fold_index_reserve(&kinds->index))
		return false;
	if (kinds->count < kinds->room)
		return true;
	grown = room ? realloc(kinds->kinds, room * sizeof *grown) : NULL;
	if (!grown)
		return false;
	kinds->kinds = grown;
	kinds->room = room;
	return true;
}

static uint32_t
kind_add(struct fold_kinds *kinds, uint64_t *slot, uint32_t hash, const int64_t key[FOLD_KIND_WIDTH])
{
	struct fold_kind *kind = &kinds->kinds[kinds->count++];

	memcpy(kind->key, key, sizeof kind->key);
	kind->next = 0;
	fold_index_set(&kinds->index, slot, hash, kinds->count);
	return kinds->count;
}

int64_t
fold_kind(struct fold *fold, struct fold_kinds *kinds, const int64_t key[FOLD_KIND_WIDTH], bool *is_new)
{
	uint32_t last = kinds->last, next = last ? kinds->kinds[last - 1].next : 0, hash, at;
	uint64_t *slot;

	*is_new = false;
	if (next && key_is(kinds, next, key)) /* what came after the newest the last time, too */
		return kinds->last = next;
	if (!kinds_reserve(kinds)) {
		fold_fail(fold, "not enough memory");
		return 0;
	}
	hash = at = key_hash(key);
	while (*(slot = fold_index_next(&kinds->index, hash, &at)) && !key_is(kinds, fold_index_number(*slot), key))
		;
	*is_new = !*slot;
	kinds->last = *slot ? fold_index_number(*slot) : kind_add(kinds, slot, hash, key);
	if (last)
		kinds->kinds[last - 1].next = kinds->last;
	return kinds->last;
}

void
fold_kinds_free(struct fold_kinds *kinds)
{
	free(kinds->kinds);
	fold_index_free(&kinds->index);
	*kinds = (struct fold_kinds){ 0 };
}
