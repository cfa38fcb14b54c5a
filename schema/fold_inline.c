/* Signatures that were written into records because the dictionary was full: each distinct one becomes one row. */
#include "fold_internal.h"

#include <stdlib.h>
#include <string.h>

struct inline_signature {
	uint64_t hash;
	const uint32_t *at;   /* value count, word count, words: in the chunk's copy */
	uint32_t bytes, op;
	int64_t id;           /* 0: free */
	bool outputs;
};

static uint64_t
hash_make(const uint8_t *bytes, size_t size, uint64_t seed)
{
	uint64_t hash = 0xcbf29ce484222325ull ^ seed;

	for (size_t i = 0; i < size; i++)
		hash = (hash ^ bytes[i]) * 0x100000001b3ull;
	return hash ^ hash >> 29;
}

/* The entry that is WANTED, or the free one where it goes. */
static struct inline_signature *
entry_find(struct inline_signature *table, uint32_t room, const struct inline_signature *wanted)
{
	for (uint64_t i = wanted->hash;; i++) {
		struct inline_signature *entry = &table[i & (room - 1)];

		if (!entry->id || (entry->hash == wanted->hash && entry->op == wanted->op &&
				   entry->outputs == wanted->outputs && entry->bytes == wanted->bytes &&
				   memcmp(entry->at, wanted->at, wanted->bytes) == 0))
			return entry;
	}
}

static bool
table_grow(struct fold *fold)
{
	uint32_t room = fold->inline_room ? fold->inline_room * 2 : 1024;
	struct inline_signature *table;

	if (fold->inline_count * 2 < fold->inline_room)
		return true;
	table = calloc(room, sizeof *table);
	if (!table) {
		fold_fail(fold, "not enough memory");
		return false;
	}
	for (uint32_t i = 0; i < fold->inline_room; i++) {
		if (fold->inlines[i].id)
			*entry_find(table, room, &fold->inlines[i]) = fold->inlines[i];
	}
	free(fold->inlines);
	fold->inlines = table;
	fold->inline_room = room;
	return true;
}

static void
signature_write(struct fold *fold, const struct inline_signature *signature)
{
	uint32_t word_count = signature->at[1];
	uint64_t *words = malloc(8ull * word_count + 8);

	if (!words) {
		fold_fail(fold, "not enough memory");
		return;
	}
	memcpy(words, signature->at + 2, 8ull * word_count); /* low half first: little-endian as it stands */
	fold_signature(fold, signature->id, signature->op, signature->outputs, words, word_count, signature->at[0]);
	free(words);
}

int64_t
fold_inline(struct fold *fold, const struct box_record *record, const uint32_t *at, uint32_t op, bool outputs)
{
	const uint32_t *end = (const uint32_t *)record + record->words;
	struct inline_signature wanted = { .at = at, .op = op, .outputs = outputs }, *entry;

	if (!box_read_op(&fold->box, op) || end - at < 2 || at[1] > (uint64_t)(end - at - 2) / 2)
		return -1;
	wanted.bytes = 8 + 8 * at[1];
	wanted.hash = hash_make((const uint8_t *)at, wanted.bytes, (uint64_t)op << 1 | outputs);
	if (!table_grow(fold))
		return -1;
	entry = entry_find(fold->inlines, fold->inline_room, &wanted);
	if (!entry->id) {
		wanted.id = fold->next_signature++;
		*entry = wanted;
		fold->inline_count++;
		signature_write(fold, entry);
	}
	return entry->id;
}

void
fold_inline_free(struct fold *fold)
{
	free(fold->inlines);
	fold->inlines = NULL;
}
