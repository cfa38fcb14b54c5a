/*
 * Memory that lives as long as the trace, and maps from 64-bit numbers into it.
 *
 * An arena only grows and is freed as a whole. Allocation failure returns NULL; arena_text then returns "".
 */
#ifndef SHAPEBOX_VIEWER_READER_ARENA_H
#define SHAPEBOX_VIEWER_READER_ARENA_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena { struct arena_block *newest; };

void *arena_take(struct arena *arena, size_t size); /* zeroed, 16-aligned; NULL when memory is out */
void arena_free(struct arena *arena);
/* SIZE bytes as a valid UTF-8 string: cut at the first NUL, bad bytes replaced. */
const char *arena_string(struct arena *arena, const char *raw, size_t size);
/* A column's text, at most LIMIT bytes of it; "" for NULL. */
const char *arena_text(struct arena *arena, sqlite3_stmt *row, int column, size_t limit);

/* Number -> number; 0 stands for "not there", so only other values can be kept. */
struct map { struct map_entry *entries; uint64_t room, count; };

uint64_t map_get(const struct map *map, int64_t key);
bool map_set(struct map *map, int64_t key, uint64_t value); /* false when memory is out */
void map_free(struct map *map);

#endif
