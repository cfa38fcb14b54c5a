#include "fold.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fold_internal.h"
#include "shortage.h"
#include "schema_sql.h"
#include "rows_sql.h"
#include "unfinished.h"
#include "views_sql.h"

static void
optional_bind(sqlite3_stmt *insert, int column, int64_t value)
{
	fold_bind(insert, column, value, value >= 0);
}

static const char *
state_name(uint32_t state)
{
	return state == BOX_STATE_EXITED ? "exited" : state == BOX_STATE_EXEC ? "exec" : "running";
}

static void
process_write(struct fold *fold)
{
	const struct box_header *header = &fold->box.header;
	sqlite3_stmt *insert = fold_prepare(fold, "INSERT INTO process VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)");

	if (fold->failed)
		return;
	optional_bind(insert, 1, header->pid);
	optional_bind(insert, 2, header->parent_pid);
	fold_bind_clean(fold, insert, 3, header->host, strnlen(header->host, sizeof header->host));
	optional_bind(insert, 4, header->rank);
	optional_bind(insert, 5, header->local_rank);
	optional_bind(insert, 6, header->world_size);
	sqlite3_bind_int(insert, 7, header->attempt > 0 ? header->attempt : 0);
	sqlite3_bind_int(insert, 8, header->origin == BOX_ORIGIN_FORKED);
	sqlite3_bind_text(insert, 9, state_name(header->state), -1, SQLITE_STATIC);
	optional_bind(insert, 10, header->exit_status);
	sqlite3_bind_int64(insert, 11, (int64_t)(header->start_unix_ns & INT64_MAX));
	optional_bind(insert, 12, header->end_unix_ns ? (int64_t)(header->end_unix_ns & INT64_MAX) : -1);
	sqlite3_bind_int64(insert, 13, (int64_t)(header->step & INT64_MAX));
	sqlite3_bind_int64(insert, 14, fold->total);
	sqlite3_bind_int64(insert, 15, fold->kept);
	sqlite3_bind_int(insert, 16, header->record_depth);
	fold_bind_clean(fold, insert, 17, header->torch_version,
			strnlen(header->torch_version, sizeof header->torch_version));
	fold_bind_clean(fold, insert, 18, header->python_version,
			strnlen(header->python_version, sizeof header->python_version));
	fold_step(fold, insert);
	sqlite3_finalize(insert);
}

static void
loss_write(struct fold *fold, sqlite3_stmt *insert, const char *cause, uint64_t count, const char *text)
{
	if (count == 0)
		return;
	sqlite3_bind_text(insert, 1, cause, -1, SQLITE_TRANSIENT);
	sqlite3_bind_int64(insert, 2, (int64_t)(count & INT64_MAX));
	sqlite3_bind_text(insert, 3, text, -1, SQLITE_TRANSIENT);
	fold_step(fold, insert);
}

/* After all stages: what the recorder lost, what the ring overwrote, what this fold could not read. */
static void
losses_write(struct fold *fold)
{
	sqlite3_stmt *insert = fold_prepare(fold, "INSERT INTO loss VALUES (?,?,?)");
	sqlite3_stmt *check = fold_prepare(fold, "INSERT OR REPLACE INTO abi_check VALUES (?,?,?)");
	static const char *const results[] = { "not run", "ok", "failed" };
	char cause[32];

	if (fold->failed)
		goto out;
	for (int i = 0; i < BOX_LOSS_COUNT; i++)
		loss_write(fold, insert, box_loss_names[i], fold->box.header.lost[i], box_loss_texts[i]);
	loss_write(fold, insert, "overwritten", (uint64_t)(fold->total - fold->kept),
		   "older operations overwritten: the newest are kept (--keep all keeps every one)");
	for (uint64_t i = 0; i < fold->box.damage_count && i < BOX_DAMAGE_KEPT; i++) {
		snprintf(cause, sizeof cause, "damaged %llu", (unsigned long long)i + 1);
		loss_write(fold, insert, cause, 1, fold->box.damage[i]);
	}
	if (fold->box.damage_count > BOX_DAMAGE_KEPT)
		loss_write(fold, insert, "damaged more", fold->box.damage_count - BOX_DAMAGE_KEPT,
			   "more places of the box that could not be read");
	for (int i = 0; i < BOX_CHECK_COUNT; i++) {
		uint8_t result = fold->box.header.checks[i];

		sqlite3_bind_text(check, 1, box_check_names[i], -1, SQLITE_STATIC);
		sqlite3_bind_text(check, 2, results[result <= BOX_CHECK_FAILED ? result : 0], -1, SQLITE_STATIC);
		sqlite3_bind_text(check, 3, box_check_texts[i], -1, SQLITE_STATIC);
		fold_step(fold, check);
	}
out:
	sqlite3_finalize(insert);
	sqlite3_finalize(check);
}

/* What the dictionaries and the events fill, on pages of ours. */
static void
events_fill(struct fold *fold, const char *path)
{
	fold_tables_open(fold, path);
	if (!fold->failed)
		fold_dictionaries(fold);
	fold_notes_find(fold);
	if (!fold->failed)
		fold_events(fold);
	fold_tables_close(fold);
}

/* The rest. */
static void
facts_fill(struct fold *fold)
{
	fold_tables_late(fold);
	fold_live_tensors(fold);
	fold_history(fold);
	fold_steps(fold);
	fold_parts_end(fold);
	fold_prints_end(fold);
	if (!fold->failed)
		fold_notes_write(fold);
	fold_event_tensors(fold);
	fold_cuda_write(fold);
	process_write(fold);
	losses_write(fold);
}

static bool
database_make(struct fold *fold, const char *path)
{
	fold_open(fold, path);
	fold_run(fold, schema_sql);
	fold_run(fold, rows_sql);
	fold_run(fold, views_sql);
	fold_prints_begin(fold);
	if (fold->failed)
		fold_close(fold);
	else
		events_fill(fold, path);
	fold_open(fold, path);
	facts_fill(fold);
	/* A value that found no memory has become NULL, a chunk was left out: the box is worth more than such a database. */
	if (shortage_count() != fold->shortage)
		fold_fail(fold, "not enough memory");
	fold_close(fold);
	return !fold->failed;
}

bool
fold_box(const char *box_path, const char *db_path, bool finished, struct fold_result *result, char *error,
	 size_t error_room)
{
	struct fold *fold = calloc(1, sizeof *fold);
	char *temporary = NULL;
	int descriptor = -1, unfinished = -1;
	bool ok = false;

	if (!fold) {
		snprintf(error, error_room, "%s: not enough memory", db_path);
		return false;
	}
	fold->shortage = shortage_count();
	fold->finished = finished;
	fold->db_path = db_path;
	fold->error = error;
	fold->error_room = error_room;
	/* Counting memory costs a lock at every row. Refused without harm once SQLite is in use. */
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	if (!box_read_open(&fold->box, box_path, error, error_room))
		goto out;
	if (asprintf(&temporary, "%s.XXXXXX.tmp", db_path) < 0) {
		temporary = NULL;
		fold_fail(fold, "not enough memory");
		goto out;
	}
	descriptor = mkostemps(temporary, 4, O_CLOEXEC); /* made with mode 0600 */
	if (descriptor < 0) {
		fold_fail(fold, strerror(errno));
		goto out;
	}
	close(descriptor);
	unfinished = unfinished_add(temporary);
	if (database_make(fold, temporary) && rename(temporary, db_path) != 0)
		fold_fail(fold, strerror(errno));
	if (fold->failed)
		unlink(temporary);
	unfinished_drop(unfinished);
	ok = !fold->failed;
	if (result) {
		*result = (struct fold_result){ fold->total, fold->kept, fold->box.damage_count, fold->box.unread, "" };
		snprintf(result->first_damage, sizeof result->first_damage, "%s", fold->box.damage[0]);
	}
out:
	free(temporary);
	free(fold->notes);
	free(fold->marked);
	free(fold->signatures);
	free(fold->sites);
	fold_inline_free(fold);
	fold_kinds_free(&fold->event_kinds);
	fold_kinds_free(&fold->scope_kinds);
	fold_cells_free(&fold->places);
	fold_cells_free(&fold->forms);
	fold_known_free(&fold->place_keys);
	fold_known_free(&fold->form_words);
	bytes_free(&fold->operands);
	bytes_free(&fold->functions.all);
	bytes_free(&fold->kernels.all);
	bytes_free(&fold->scratch);
	box_read_close(&fold->box);
	free(fold);
	return ok;
}
