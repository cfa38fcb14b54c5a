/* Signatures that were written into records because the dictionary was full: each distinct one becomes one row. */
#include "fold_internal.h"

#include <stdlib.h>
#include <string.h>

struct inline_signature {
	const uint32_t *at;   /* value count, word count, words: in the chunk's copy */
	uint32_t bytes, op;
	int64_t id;
	bool outputs;
};

/* The length is a multiple of 8, the place of 4 alone. */
static uint32_t
hash_make(const uint32_t *at, uint32_t bytes, uint64_t seed)
{
	uint64_t hash = seed;

	for (uint32_t i = 0; i < bytes / 4; i += 2)
		FOLD_HASH_MIX(hash, at[i] | (uint64_t)at[i + 1] << 32);
	return FOLD_HASH_END(hash);
}

static bool
signature_is(const struct inline_signature *entry, const struct inline_signature *wanted)
{
	return entry->op == wanted->op && entry->outputs == wanted->outputs && entry->bytes == wanted->bytes &&
	       memcmp(entry->at, wanted->at, wanted->bytes) == 0;
}

/* Room for one more. */
static bool
table_reserve(struct fold *fold)
{
	uint32_t room = fold->inline_room ? fold->inline_room * 2 : 512;
	struct inline_signature *grown = fold->inlines;
	bool ok = fold_index_reserve(&fold->inline_index);

	if (ok && fold->inline_index.count == fold->inline_room) {
		grown = realloc(fold->inlines, room * sizeof *grown);
		if (grown) {
			fold->inlines = grown;
			fold->inline_room = room;
		}
	}
	if (!ok || !grown)
		fold_fail(fold, "not enough memory");
	return ok && grown;
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
	struct inline_signature wanted = { .at = at, .op = op, .outputs = outputs };
	uint32_t hash, place;
	uint64_t *slot;

	if (!box_read_op(&fold->box, op) || end - at < 2 || at[1] > (uint64_t)(end - at - 2) / 2)
		return -1;
	wanted.bytes = 8 + 8 * at[1];
	hash = place = hash_make(at, wanted.bytes, (uint64_t)op << 1 | outputs);
	if (!table_reserve(fold))
		return -1;
	while (*(slot = fold_index_next(&fold->inline_index, hash, &place)) &&
	       !signature_is(&fold->inlines[fold_index_number(*slot) - 1], &wanted))
		;
	if (*slot)
		return fold->inlines[fold_index_number(*slot) - 1].id;
	wanted.id = fold->next_signature++;
	fold->inlines[fold->inline_index.count] = wanted;
	fold_index_set(&fold->inline_index, slot, hash, fold->inline_index.count + 1);
	signature_write(fold, &wanted);
	return wanted.id;
}

void
fold_inline_free(struct fold *fold)
{
	free(fold->inlines);
	fold_index_free(&fold->inline_index);
	fold->inlines = NULL;
}
