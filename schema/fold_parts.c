/* Table event_part: what need not be read of many operations (parts.h). */
#include <stdlib.h>
#include <string.h>

#include "fold_thread.h"
#include "parts.h"
#include "tensor_blob.h"

struct fold_parts {
	struct parts parts;
	uint32_t *giving;  /* operations called PART_GIVING */
	uint32_t giving_count;
	bool useless;      /* there was no room: the table stays empty, and readers look for themselves */
};

void
fold_parts_begin(struct fold *fold)
{
	struct fold_parts *parts = fold->parts = calloc(1, sizeof *parts);
	const struct box_op *op;

	if (!parts) {
		fold_fail(fold, "not enough memory");
		return;
	}
	parts->parts.sites = true;
	for (uint32_t i = 0; (op = box_read_op(&fold->box, i)); i++) {
		uint32_t size = 0;
		const char *name = box_read_string(&fold->box, op->name, &size);

		if (!name || size != sizeof PART_GIVING - 1 || memcmp(name, PART_GIVING, size) != 0)
			continue;
		uint32_t *grown = realloc(parts->giving, (parts->giving_count + 1) * sizeof *grown);
		if (!grown) {
			fold_fail(fold, "not enough memory");
			return;
		}
		parts->giving = grown;
		parts->giving[parts->giving_count++] = i;
	}
}

static bool
gives(const struct fold *fold, const struct box_start *start)
{
	const struct fold_parts *parts = fold->parts;
	uint32_t op = start->signature;

	if (!parts->giving_count || start->ids < 2 || start->id[0] == start->id[1])
		return false;
	if (!(start->record.flags & BOX_FLAG_INLINE))
		op = ((const struct box_signature *)(fold->box.regions[BOX_SIGNATURES] + 8ull * start->signature))->op;
	for (uint32_t i = 0; i < parts->giving_count; i++)
		if (parts->giving[i] == op)
			return true;
	return false;
}

void
fold_part_event(struct fold *fold, const struct pending *event, int64_t sequence, bool unwell, size_t inputs, size_t outputs)
{
	struct fold_parts *parts = fold->parts;
	const struct part_row row = {
		.event = event->id, .site = event->site ? (int64_t)event->start->site : -1, .sequence = sequence, .unwell = unwell,
		.gives = gives(fold, event->start), .ids = (const int64_t *)fold->ids, .inputs = inputs, .outputs = outputs,
	};

	if (!parts->useless && !parts_add(&parts->parts, &row))
		parts->useless = true;
}

static void
part_write(struct fold *fold, sqlite3_stmt *insert, const struct part *part)
{
	bool sequence = part->sequence_low <= part->sequence_high;

	bytes_clear(&fold->scratch);
	if (!bytes_reserve(&fold->scratch, TENSOR_BLOB_ROOM((size_t)part->again_count))) {
		fold_fail(fold, "not enough memory");
		return;
	}
	sqlite3_bind_int64(insert, 1, part->number);
	sqlite3_bind_int64(insert, 2, part->begin);
	sqlite3_bind_int64(insert, 3, part->met);
	fold_bind(insert, 4, part->made, part->made != 0);
	fold_bind(insert, 5, part->sequence_low, sequence);
	fold_bind(insert, 6, part->sequence_high, sequence);
	sqlite3_bind_int64(insert, 7, part->unwell);
	sqlite3_bind_blob(insert, 8, fold->scratch.data,
			  (int)tensor_blob_encode((const uint64_t *)part->again, 0, part->again_count, (uint8_t *)fold->scratch.data), SQLITE_TRANSIENT);
	sqlite3_bind_blob(insert, 9, part->sites, PART_SITES_BYTES, SQLITE_STATIC);
	fold_step(fold, insert);
}

void
fold_parts_end(struct fold *fold)
{
	struct fold_parts *parts = fold->parts;
	sqlite3_stmt *insert;

	if (!parts)
		return;
	insert = fold_prepare(fold, "INSERT INTO event_part VALUES (?,?,?,?,?,?,?,?,?)");
	parts_sort(&parts->parts);
	for (uint32_t i = 0; insert && !parts->useless && i < parts->parts.count && !fold->failed; i++)
		part_write(fold, insert, &parts->parts.parts[i]);
	sqlite3_finalize(insert);
	parts_free(&parts->parts);
	free(parts->giving);
	free(parts);
	fold->parts = NULL;
}
