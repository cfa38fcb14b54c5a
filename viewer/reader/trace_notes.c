/* Notes, ranges, and what is missing. */
#include <stdlib.h>
#include <string.h>

#include "trace_internal.h"

#define NOTES_LIMIT 4096

static const char *
kind_word(const char *text)
{
	static const char *const words[] = { "environment", "fatal", "operation", "exception", "state", "groups", NULL };
	const char *const *word = words;

	while (*word && strcmp(*word, text) != 0)
		word++;
	return *word;
}

static bool
note_read(struct reader *reader, sqlite3_stmt *row, struct note *out)
{
	const char *text = (const char *)sqlite3_column_text(row, 5);
	const char *kind = kind_word(arena_text(reader->arena, row, 1, 32));
	size_t size = (size_t)sqlite3_column_bytes(row, 5);

	if (!kind || !text || size > NOTE_LIMIT_BYTES)
		return false;
	*out = (struct note){
		.id = sqlite3_column_int64(row, 0),
		.kind = kind,
		.time_ns = sqlite3_column_int64(row, 2),
		.thread = sqlite3_column_type(row, 3) == SQLITE_NULL ? -1 : sqlite3_column_int(row, 3),
		.event = sqlite3_column_type(row, 4) == SQLITE_NULL ? -1 : sqlite3_column_int64(row, 4),
		.json = json_loadb(text, size, JSON_DECODE_ANY, NULL),
	};
	if (out->json && !json_is_object(out->json)) {
		json_decref(out->json);
		out->json = NULL;
	}
	return out->json != NULL;
}

void
reader_notes_load(struct reader *reader)
{
	sqlite3_stmt *rows = reader_prepare(reader, "SELECT id, kind, time_ns, thread_id, event_id, text FROM note ORDER BY id");
	struct note *grown, note;
	int room = 0;

	while (reader->note_count < NOTES_LIMIT && reader_row(reader, rows)) {
		if (!note_read(reader, rows, &note)) {
			reader_degrade(reader, "note", 1, "a note could not be read");
			continue;
		}
		if (reader->note_count == room) {
			room = room ? room * 2 : 16;
			grown = realloc(reader->notes, (size_t)room * sizeof *grown);
			if (!grown) {
				json_decref(note.json);
				break;
			}
			reader->notes = grown;
		}
		reader->notes[reader->note_count++] = note;
	}
	sqlite3_finalize(rows);
}

void
reader_notes_free(struct reader *reader)
{
	for (int i = 0; i < reader->note_count; i++)
		json_decref(reader->notes[i].json);
	free(reader->notes);
	reader->notes = NULL;
	reader->note_count = 0;
}

int
trace_notes(struct trace *trace, int process, const char *kind, const struct note **out)
{
	struct reader *reader = trace_reader(trace, process);
	struct note *picked;
	int count = 0;

	*out = NULL;
	if (!reader)
		return 0;
	if (!kind) {
		*out = reader->notes;
		return reader->note_count;
	}
	picked = arena_take(reader->arena, (size_t)(reader->note_count + 1) * sizeof *picked);
	for (int i = 0; picked && i < reader->note_count; i++) {
		if (strcmp(reader->notes[i].kind, kind) == 0)
			picked[count++] = reader->notes[i];
	}
	*out = picked;
	return count;
}

bool
trace_scope(struct trace *trace, int process, int64_t id, struct scope *out)
{
	static const char *const kinds[] = { "function", "backward", "user" };
	struct reader *reader = trace_reader(trace, process);
	const char *kind;
	sqlite3_stmt *row;
	bool found;

	if (!reader || id < 0)
		return false;
	row = reader_prepare(reader, "SELECT sequence, start_ns, end_ns, parent_id, thread_id, kind, name FROM scope WHERE id = ?");
	sqlite3_bind_int64(row, 1, id);
	found = reader_row(reader, row);
	if (found) {
		kind = arena_text(reader->arena, row, 5, 16);
		*out = (struct scope){
			.id = id,
			.sequence = sqlite3_column_type(row, 0) == SQLITE_NULL ? -1 : sqlite3_column_int64(row, 0),
			.start_ns = sqlite3_column_int64(row, 1),
			.end_ns = sqlite3_column_type(row, 2) == SQLITE_NULL ? -1 : sqlite3_column_int64(row, 2),
			.parent = sqlite3_column_type(row, 3) == SQLITE_NULL ? -1 : sqlite3_column_int64(row, 3),
			.thread = sqlite3_column_int(row, 4),
			.kind = kinds[strcmp(kind, "backward") == 0 ? 1 : strcmp(kind, "user") == 0 ? 2 : 0],
			.name = arena_text(reader->arena, row, 6, TEXT_LIMIT_BYTES),
		};
	}
	sqlite3_finalize(row);
	return found;
}

bool
trace_last_node(struct trace *trace, int process, int64_t before_ns, struct scope *out)
{
	struct reader *reader = trace_reader(trace, process);
	int64_t id = -1;
	sqlite3_stmt *row;

	if (!reader)
		return false;
	row = reader_prepare(reader, "SELECT id FROM scope WHERE kind = 'backward' AND start_ns <= ? ORDER BY start_ns DESC, id DESC LIMIT 1");
	sqlite3_bind_int64(row, 1, before_ns);
	if (reader_row(reader, row))
		id = sqlite3_column_int64(row, 0);
	sqlite3_finalize(row);
	return trace_scope(trace, process, id, out);
}

void
trace_each_degraded(struct trace *trace, int process,
		    void (*visit)(const char *name, int64_t count, const char *text, void *context), void *context)
{
	struct reader *reader = trace_reader(trace, process);
	sqlite3_stmt *rows;

	if (!reader)
		return;
	rows = reader_prepare(reader, "SELECT cause, count, text FROM loss ORDER BY cause");
	while (reader_row(reader, rows))
		visit(arena_text(reader->arena, rows, 0, 64), sqlite3_column_int64(rows, 1),
		      arena_text(reader->arena, rows, 2, TEXT_LIMIT_BYTES), context);
	sqlite3_finalize(rows);
	rows = reader_prepare(reader, "SELECT name, text FROM abi_check WHERE result = 'failed' ORDER BY name");
	while (reader_row(reader, rows))
		visit(arena_text(reader->arena, rows, 0, 64), 1, arena_text(reader->arena, rows, 1, TEXT_LIMIT_BYTES), context);
	sqlite3_finalize(rows);
	for (int i = 0; i < reader->degraded_count; i++)
		visit(reader->degraded[i].name, reader->degraded[i].count, reader->degraded[i].text, context);
}
