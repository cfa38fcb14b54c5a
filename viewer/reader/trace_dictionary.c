/* Signatures and call sites, read once each and kept. */
#include <stdlib.h>
#include <string.h>

#include "trace_internal.h"

#define SITE_FRAMES_LIMIT 256
#define DIMENSIONS_LIMIT 256

/* Known words keep their address; anything else becomes the last, which stands for "other". */
static const char *
word_of(const char *const *words, const char *text)
{
	while (words[1] && strcmp(*words, text) != 0)
		words++;
	return *words;
}

/* "[2,3]" as numbers: their count, -1 if it isn't such a list. */
static int
sizes_parse(struct arena *arena, sqlite3_stmt *row, int column, const int64_t **out)
{
	const char *text = (const char *)sqlite3_column_text(row, column);
	int64_t sizes[DIMENSIONS_LIMIT], *kept;
	int count = 0;

	if (!text || *text++ != '[')
		return -1;
	while (*text != ']') {
		char *end;

		if (count == DIMENSIONS_LIMIT)
			return -1;
		sizes[count++] = strtoll(text, &end, 10);
		if (end == text || (*end != ',' && *end != ']'))
			return -1;
		text = *end == ',' ? end + 1 : end;
	}
	kept = arena_take(arena, (size_t)(count ? count : 1) * sizeof *kept);
	if (!kept)
		return -1;
	memcpy(kept, sizes, (size_t)count * sizeof *kept);
	*out = kept;
	return count;
}

static int
small(sqlite3_stmt *row, int column)
{
	int64_t value = sqlite3_column_int64(row, column);

	return sqlite3_column_type(row, column) == SQLITE_NULL || value < 0 || value > INT32_MAX ? -1 : (int)value;
}

static void
operand_read(struct reader *reader, sqlite3_stmt *row, struct operand *out)
{
	static const char *const kinds[] = { "tensor", "int", "bool", "float", "number", "int[]", "bool[]", "list", "string",
					     "device", "none", "other", NULL };
	static const char *const layouts[] = { "strided", "sparse", "sparse_csr", "nested", "quantized", "other", NULL };
	int strides;

	out->slot = small(row, 0);
	out->argument = small(row, 1);
	out->item = small(row, 2);
	out->name = arena_text(reader->arena, row, 3, 256);
	out->kind = word_of(kinds, arena_text(reader->arena, row, 4, 32));
	out->ndim = -1;
	out->tensor = -1;
	if (sqlite3_column_type(row, 5) != SQLITE_NULL)
		out->value = arena_text(reader->arena, row, 5, 64 << 10);
	if (strcmp(out->kind, "tensor") != 0)
		return;
	out->ndim = sizes_parse(reader->arena, row, 6, &out->sizes);
	strides = sizes_parse(reader->arena, row, 7, &out->strides);
	if (strides != out->ndim)
		out->ndim = -1;
	out->storage_offset = sqlite3_column_int64(row, 8);
	out->dtype = arena_text(reader->arena, row, 9, 64);
	out->device = arena_text(reader->arena, row, 10, 64);
	out->layout = word_of(layouts, arena_text(reader->arena, row, 11, 32));
	out->flags = (unsigned)sqlite3_column_int64(row, 12);
	out->tensor = small(row, 13);
}

static void
operands_read(struct reader *reader, struct signature *signature)
{
	sqlite3_stmt *row = reader->operands_by_id;
	struct operand *operands = NULL, *grown, *kept;
	int count = 0, room = 0;

	if (!row)
		row = reader->operands_by_id = reader_prepare(reader,
			"SELECT slot, argument, item, name, kind, value, shape, strides, storage_offset, dtype, device, layout, flags, "
			"tensor_index FROM signature_operand WHERE signature_id = ? ORDER BY slot");
	reader->ticks = 0;
	sqlite3_bind_int64(row, 1, signature->id);
	while (count < OPERANDS_LIMIT && reader_row(reader, row)) {
		if (count == room) {
			room = room ? room * 2 : 16;
			grown = realloc(operands, (size_t)room * sizeof *operands);
			if (!grown)
				break;
			operands = grown;
		}
		memset(&operands[count], 0, sizeof *operands);
		operand_read(reader, row, &operands[count++]);
	}
	sqlite3_reset(row);
	kept = count ? arena_take(reader->arena, (size_t)count * sizeof *kept) : NULL;
	if (kept) {
		memcpy(kept, operands, (size_t)count * sizeof *kept);
		signature->operands = kept;
		signature->operand_count = count;
	}
	free(operands);
}

const struct signature *
reader_signature(struct reader *reader, int64_t id)
{
	struct signature *signature = (struct signature *)(uintptr_t)map_get(&reader->signatures, id);
	sqlite3_stmt *row;

	if (signature)
		return signature;
	if (!reader->signature_by_id)
		reader->signature_by_id = reader_prepare(reader, "SELECT o.name, o.overload FROM signature s JOIN operation o ON o.id = s.operation_id "
								 "WHERE s.id = ?");
	row = reader->signature_by_id;
	reader->ticks = 0;
	sqlite3_bind_int64(row, 1, id);
	if (reader_row(reader, row) && (signature = arena_take(reader->arena, sizeof *signature))) {
		signature->id = id;
		signature->operation = arena_text(reader->arena, row, 0, 512);
		signature->overload = arena_text(reader->arena, row, 1, 512);
		operands_read(reader, signature);
		map_set(&reader->signatures, id, (uintptr_t)signature);
	}
	sqlite3_reset(row);
	return signature;
}

bool
reader_operation(struct reader *reader, int64_t id, const char **name, const char **overload)
{
	sqlite3_stmt *row = reader_prepare(reader, "SELECT name, overload FROM operation WHERE id = ?");
	bool found;

	sqlite3_bind_int64(row, 1, id);
	found = reader_row(reader, row);
	if (found) {
		*name = arena_text(reader->arena, row, 0, 512);
		*overload = arena_text(reader->arena, row, 1, 512);
	}
	sqlite3_finalize(row);
	return found;
}

static struct site *
site_read(struct reader *reader, int64_t id)
{
	struct site *site = NULL;
	struct frame *frames;
	sqlite3_stmt *row = reader_prepare(reader, "SELECT left_out, inner_count FROM site WHERE id = ?");

	sqlite3_bind_int64(row, 1, id);
	if (reader_row(reader, row) && (site = arena_take(reader->arena, sizeof *site))) {
		site->id = id;
		site->left_out = small(row, 0);
		site->inner_count = small(row, 1);
	}
	sqlite3_finalize(row);
	frames = site ? arena_take(reader->arena, SITE_FRAMES_LIMIT * sizeof *frames) : NULL;
	if (!frames)
		return NULL;
	site->frames = frames;
	row = reader_prepare(reader, "SELECT f.file, f.function, f.line, f.first_line FROM site_frame s "
				     "JOIN frame f ON f.id = s.frame_id WHERE s.site_id = ? ORDER BY s.position");
	sqlite3_bind_int64(row, 1, id);
	while (site->frame_count < SITE_FRAMES_LIMIT && reader_row(reader, row)) {
		struct frame *frame = &frames[site->frame_count++];

		frame->file = arena_text(reader->arena, row, 0, TEXT_LIMIT_BYTES);
		frame->function = arena_text(reader->arena, row, 1, TEXT_LIMIT_BYTES);
		frame->line = small(row, 2);
		frame->first_line = small(row, 3);
	}
	sqlite3_finalize(row);
	if (site->inner_count < 0 || site->inner_count > site->frame_count)
		site->inner_count = site->frame_count;
	return site;
}

bool
trace_site(struct trace *trace, int process, int64_t id, struct site *out)
{
	struct reader *reader = trace_reader(trace, process);
	struct site *site;

	if (!reader || id < 0)
		return false;
	site = (struct site *)(uintptr_t)map_get(&reader->sites, id);
	if (!site) {
		site = site_read(reader, id);
		if (!site)
			return false;
		map_set(&reader->sites, id, (uintptr_t)site);
	}
	*out = *site;
	return true;
}
