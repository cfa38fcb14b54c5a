/*
 * Numbers by a hash of what they stand for: open addressing, at most half full. Each slot has 32 bits of the hash beside its number, so that
 * what isn't it is passed over, and a table grows, without a look at what lies elsewhere. Part of the fold.
 *
 *   for (at = hash; *(slot = fold_index_next(index, hash, &at)) && !same(fold_index_number(*slot));)
 *           ;                                            // then: is *slot 0? It is free, and for fold_index_set
 */
#ifndef SHAPEBOX_SCHEMA_FOLD_INDEX_H
#define SHAPEBOX_SCHEMA_FOLD_INDEX_H

#include <stdbool.h>
#include <stdint.h>

struct fold_index {
	uint64_t *slots;      /* hash << 32 | number; 0: free */
	uint32_t room, count; /* of slots; of those in use */
};

/* fold_index.c: room for one more; false: no memory. Slots move. */
bool fold_index_reserve(struct fold_index *index);
void fold_index_free(struct fold_index *index);

/* The next slot from *AT on that is free or whose hash is HASH. There must be a free one. */
static inline uint64_t *
fold_index_next(const struct fold_index *index, uint32_t hash, uint32_t *at)
{
	for (;;) {
		uint64_t *slot = &index->slots[(*at)++ & (index->room - 1)];

		if (!*slot || *slot >> 32 == hash)
			return slot;
	}
}

static inline uint32_t
fold_index_number(uint64_t slot)
{
	return (uint32_t)slot;
}

static inline void
fold_index_set(struct fold_index *index, uint64_t *slot, uint32_t hash, uint32_t number)
{
	*slot = (uint64_t)hash << 32 | number;
	index->count++;
}

#define FOLD_HASH_MIX(hash, word) (hash = (hash ^ (word)) * 0x9e3779b97f4a7c15u, hash ^= hash >> 29)
#define FOLD_HASH_END(hash) ((uint32_t)((hash) * 0xbf58476d1ce4e5b9u >> 32))

#endif
