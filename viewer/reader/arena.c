#include "arena.h"

#include <stdlib.h>
#include <string.h>

#include "schema/bytes.h"

#define BLOCK_BYTES (256u << 10)

struct arena_block {
	struct arena_block *older;
	size_t used, room;
	_Alignas(16) char data[];
};

struct map_entry {
	int64_t key;
	uint64_t value; /* 0: free */
};

void *
arena_take(struct arena *arena, size_t size)
{
	struct arena_block *block = arena->newest;
	void *at;

	size = (size + 15) & ~(size_t)15;
	if (!block || block->room - block->used < size) {
		size_t room = size > BLOCK_BYTES ? size : BLOCK_BYTES;

		block = malloc(sizeof *block + room);
		if (!block)
			return NULL;
		block->older = arena->newest;
		block->used = 0;
		block->room = room;
		arena->newest = block;
	}
	at = block->data + block->used;
	block->used += size;
	return memset(at, 0, size);
}

void
arena_free(struct arena *arena)
{
	while (arena->newest) {
		struct arena_block *older = arena->newest->older;

		free(arena->newest);
		arena->newest = older;
	}
}

const char *
arena_string(struct arena *arena, const char *raw, size_t size)
{
	struct bytes clean = { 0 };
	char *copy;

	bytes_add_clean(&clean, raw, size);
	copy = clean.size_bytes && !clean.failed ? arena_take(arena, clean.size_bytes + 1) : NULL;
	if (copy)
		memcpy(copy, clean.data, clean.size_bytes);
	bytes_free(&clean);
	return copy ? copy : "";
}

const char *
arena_text(struct arena *arena, sqlite3_stmt *row, int column, size_t limit)
{
	const char *raw = (const char *)sqlite3_column_text(row, column);
	size_t size = (size_t)sqlite3_column_bytes(row, column);

	return raw ? arena_string(arena, raw, size < limit ? size : limit) : "";
}

static struct map_entry *
entry_find(struct map_entry *entries, uint64_t room, int64_t key)
{
	uint64_t at = (uint64_t)key * 0x9e3779b97f4a7c15ull;

	for (at ^= at >> 32;; at++) {
		struct map_entry *entry = &entries[at & (room - 1)];

		if (entry->value == 0 || entry->key == key)
			return entry;
	}
}

uint64_t
map_get(const struct map *map, int64_t key)
{
	return map->room ? entry_find(map->entries, map->room, key)->value : 0;
}

bool
map_set(struct map *map, int64_t key, uint64_t value)
{
	struct map_entry *entry;

	if (map->count * 2 >= map->room) {
		uint64_t room = map->room ? map->room * 2 : 256;
		struct map_entry *entries = calloc(room, sizeof *entries);

		if (!entries)
			return false;
		for (uint64_t i = 0; i < map->room; i++) {
			if (map->entries[i].value)
				*entry_find(entries, room, map->entries[i].key) = map->entries[i];
		}
		free(map->entries);
		map->entries = entries;
		map->room = room;
	}
	entry = entry_find(map->entries, map->room, key);
	map->count += entry->value == 0;
	*entry = (struct map_entry){ key, value };
	return true;
}

void
map_free(struct map *map)
{
	free(map->entries);
	*map = (struct map){ 0 };
}
