/* Notes: the environment and the failures, each tied to the operation it speaks of. */
#include "fold_internal.h"

#include <stdlib.h>
#include <string.h>

static const char *
kind_name(uint32_t kind)
{
	switch (kind) {
	case BOX_NOTE_ENVIRONMENT: return "environment";
	case BOX_NOTE_FATAL: return "fatal";
	case BOX_NOTE_OPERATION: return "operation";
	case BOX_NOTE_EXCEPTION: return "exception";
	case BOX_NOTE_STATE: return "state";
	case BOX_NOTE_GROUPS: return "groups";
	default: return NULL;
	}
}

static int
reference_order(const void *left, const void *right)
{
	const struct note_reference *a = left, *b = right;

	if (a->thread != b->thread)
		return a->thread < b->thread ? -1 : 1;
	if (a->number != b->number)
		return a->number < b->number ? -1 : 1;
	return 0;
}

/* Which events the notes speak of: known before the events pass by, so that they are found in one pass. */
void
fold_notes_find(struct fold *fold)
{
	uint32_t slots = box_read_note_slots(&fold->box);

	fold->notes = calloc(slots + 1, sizeof *fold->notes);
	if (!fold->notes) {
		fold_fail(fold, "not enough memory");
		return;
	}
	for (uint32_t i = 0; i < slots; i++) {
		const struct box_note *note = box_read_note(&fold->box, i);
		bool exact;

		if (!note || note->thread == BOX_NONE)
			continue;
		exact = note->event != UINT64_MAX;
		if (!exact && note->events_before == 0)
			continue;
		fold->notes[fold->note_count++] = (struct note_reference){
			.thread = note->thread,
			.slot = i,
			.number = exact ? note->event : note->events_before - 1,
			.exact = exact,
			.event = -1,
		};
	}
	qsort(fold->notes, fold->note_count, sizeof *fold->notes, reference_order);
}

static int
slot_order(const void *left, const void *right)
{
	const struct note_reference *a = left, *b = right;

	return (a->slot > b->slot) - (a->slot < b->slot);
}

/* A note's text is JSON by promise alone. What isn't is kept all the same, as a string inside of one. */
static void
text_bind(struct fold *fold, sqlite3_stmt *insert, int column, const struct box_note *note, sqlite3_stmt *valid)
{
	bool ok = false;

	if (bytes_is_clean(note->text, note->size_bytes)) {
		sqlite3_bind_text(valid, 1, note->text, (int)note->size_bytes, SQLITE_STATIC);
		ok = sqlite3_step(valid) == SQLITE_ROW && sqlite3_column_int(valid, 0) == 1;
		sqlite3_reset(valid);
	}
	if (ok) {
		sqlite3_bind_text(insert, column, note->text, (int)note->size_bytes, SQLITE_TRANSIENT);
		return;
	}
	box_read_damage(&fold->box, "note %llu: its text is not JSON", (unsigned long long)note->number);
	bytes_clear(&fold->scratch);
	bytes_addf(&fold->scratch, "{\"unreadable\":");
	bytes_add_json(&fold->scratch, note->text, note->size_bytes);
	bytes_addf(&fold->scratch, "}");
	if (fold->scratch.failed)
		fold_fail(fold, "not enough memory");
	else
		sqlite3_bind_text(insert, column, fold->scratch.data, -1, SQLITE_TRANSIENT);
}

void
fold_notes_write(struct fold *fold)
{
	/* Numbers are unique by promise; a box that repeats one is damaged, not fatal. */
	sqlite3_stmt *insert = fold_prepare(fold, "INSERT OR IGNORE INTO note VALUES (?,?,?,?,?,?)");
	sqlite3_stmt *valid = fold_prepare(fold, "SELECT json_valid(?)");
	uint32_t slots = box_read_note_slots(&fold->box), next = 0;

	qsort(fold->notes, fold->note_count, sizeof *fold->notes, slot_order);
	for (uint32_t i = 0; i < slots && !fold->failed; i++) {
		const struct box_note *note = box_read_note(&fold->box, i);
		int64_t event = -1;

		if (next < fold->note_count && fold->notes[next].slot == i)
			event = fold->notes[next++].event;
		if (!note)
			continue;
		if (!kind_name(note->kind)) {
			box_read_damage(&fold->box, "note %u: unknown kind %u", i, note->kind);
			continue;
		}
		sqlite3_clear_bindings(insert);
		sqlite3_bind_int64(insert, 1, (int64_t)(note->number & INT64_MAX));
		sqlite3_bind_text(insert, 2, kind_name(note->kind), -1, SQLITE_STATIC);
		sqlite3_bind_int64(insert, 3, (int64_t)(note->unix_ns & INT64_MAX));
		if (note->thread != BOX_NONE)
			sqlite3_bind_int64(insert, 4, note->thread);
		if (event >= 0)
			sqlite3_bind_int64(insert, 5, event);
		text_bind(fold, insert, 6, note, valid);
		fold_step(fold, insert);
	}
	sqlite3_finalize(insert);
	sqlite3_finalize(valid);
	/* An operation that its note says was left, but whose own end was lost, has failed: it isn't open. */
	fold_run(fold, "UPDATE event_row SET lasted = -2 WHERE (lasted IS NULL OR lasted = -1) AND id IN "
		       "(SELECT event_id FROM note WHERE kind = 'operation')");
}
