#include "trace_copy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rows_sql.h"
#include "trace_internal.h"
#include "views_sql.h"

#define BUNDLE_LOSS "left out"

/* Columns of the real tables of a database, whoever made them. */
static const char columns_sql[] =
	"SELECT t.name, c.name FROM sqlite_master t JOIN pragma_table_info(t.name) c "
	"WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND upper(t.sql) NOT LIKE 'CREATE VIRTUAL%'";

void
trace_each_text(struct trace *trace, int process, void (*visit)(const char *text, void *context), void *context)
{
	struct reader *reader = trace_reader(trace, process);
	sqlite3_stmt *columns = reader ? reader_prepare(reader, columns_sql) : NULL;

	while (reader_row(reader, columns)) {
		char *sql = sqlite3_mprintf("SELECT DISTINCT \"%w\" FROM main.\"%w\" WHERE typeof(\"%w\") = 'text'", sqlite3_column_text(columns, 1),
					    sqlite3_column_text(columns, 0), sqlite3_column_text(columns, 1));
		sqlite3_stmt *texts = sql ? reader_prepare(reader, sql) : NULL;

		while (reader_row(reader, texts))
			visit((const char *)sqlite3_column_text(texts, 0), context);
		sqlite3_finalize(texts);
		sqlite3_free(sql);
	}
	sqlite3_finalize(columns);
}

static void
rewrite(sqlite3_context *call, int count, sqlite3_value **values)
{
	const struct trace_copy *copy = sqlite3_user_data(call);
	const char *text = (const char *)sqlite3_value_text(values[0]);
	char *out = text ? copy->rewrite(text, copy->context) : NULL;

	(void)count;
	if (out)
		sqlite3_result_text(call, out, -1, free);
	else
		sqlite3_result_error_nomem(call);
}

/* Its pages as they are, from the open database to a new one. */
static bool
pages_copy(struct reader *reader, sqlite3 *to)
{
	sqlite3_stmt *open = reader_prepare(reader, "SELECT 1"); /* where the reader rests */
	sqlite3_backup *backup;

	sqlite3_finalize(open);
	if (!reader->db)
		return false;
	backup = sqlite3_backup_init(to, "main", reader->db, "main");
	if (!backup)
		return false;
	sqlite3_backup_step(backup, -1);
	return sqlite3_backup_finish(backup) == SQLITE_OK;
}

/* Views and triggers of the file go: they could say anything. */
static bool
schema_clean(sqlite3 *db)
{
	sqlite3_stmt *rows = NULL;
	char *drops = sqlite3_mprintf("");
	bool ok = sqlite3_prepare_v2(db, "SELECT type, name FROM sqlite_master WHERE type IN ('view', 'trigger')", -1, &rows, NULL) == SQLITE_OK;

	while (ok && drops && sqlite3_step(rows) == SQLITE_ROW)
		drops = sqlite3_mprintf("%zDROP %s \"%w\";", drops, sqlite3_column_text(rows, 0), sqlite3_column_text(rows, 1));
	sqlite3_finalize(rows);
	ok = ok && drops && sqlite3_exec(db, drops, NULL, NULL, NULL) == SQLITE_OK;
	sqlite3_free(drops);
	return ok;
}

static bool
texts_rewrite(sqlite3 *db)
{
	sqlite3_stmt *columns = NULL;
	char *updates = sqlite3_mprintf("");
	bool ok = sqlite3_prepare_v2(db, columns_sql, -1, &columns, NULL) == SQLITE_OK;

	while (ok && updates && sqlite3_step(columns) == SQLITE_ROW) {
		const unsigned char *table = sqlite3_column_text(columns, 0), *column = sqlite3_column_text(columns, 1);

		updates = sqlite3_mprintf("%zUPDATE \"%w\" SET \"%w\" = rewrite(\"%w\") WHERE typeof(\"%w\") = 'text' AND rewrite(\"%w\") <> \"%w\";",
					  updates, table, column, column, column, column, column);
	}
	sqlite3_finalize(columns);
	ok = ok && updates && sqlite3_exec(db, updates, NULL, NULL, NULL) == SQLITE_OK;
	sqlite3_free(updates);
	return ok;
}

/* Leave out the operations of all but the newest STEPS steps, and what only they refer to. */
static bool
steps_drop(sqlite3 *db, int version, const struct trace_copy *copy)
{
	static const char drop[] =
		"CREATE TEMP TABLE since AS SELECT max(step) - %lld + 1 AS step FROM step;"
		"CREATE TEMP TABLE before AS SELECT count(*) AS events FROM event_row;"
		"DELETE FROM event_row WHERE step < (SELECT step FROM since) AND coalesce(lasted, 0) >= 0 AND id NOT IN (SELECT id FROM kept);"
		"DELETE FROM event_tensor WHERE event_id NOT IN (SELECT id FROM event_row);"
		"DELETE FROM block WHERE step < (SELECT step FROM since);"
		"CREATE TEMP TABLE around AS SELECT e.step, t.scope_id + e.scope AS id FROM event_row e JOIN step t ON t.step = e.step "
		"  WHERE e.scope IS NOT NULL;"
		"DELETE FROM scope_row WHERE id < (SELECT min(id) FROM around WHERE step >= (SELECT step FROM since)) "
		"  AND id NOT IN (SELECT id FROM around);"
		"DELETE FROM event_kind WHERE id NOT IN (SELECT kind_id FROM event_row);"
		"CREATE TEMP TABLE used AS SELECT signature_id AS id FROM event_kind UNION SELECT output_signature_id FROM event_kind "
		"  UNION SELECT signature_id FROM live_tensor UNION SELECT signature_id FROM call_group;";
	static const char clean[] = /* what nothing refers to, once `used` is complete */
		"DELETE FROM signature WHERE id NOT IN (SELECT id FROM used WHERE id IS NOT NULL);"
		"DELETE FROM signature_print WHERE signature_id NOT IN (SELECT id FROM signature);"
		"UPDATE process SET events_kept = (SELECT count(*) FROM event_row);"
		"INSERT INTO loss SELECT '" BUNDLE_LOSS "', before.events - process.events_kept, 'older operations left out of the bundle' "
		"  FROM before, process WHERE before.events > process.events_kept;";
	static const char operands[] =
		"DELETE FROM operand_row WHERE signature_id NOT IN (SELECT id FROM signature);"
		"DELETE FROM operand_place WHERE id NOT IN (SELECT place_id FROM operand_row);"
		"DELETE FROM operand_form WHERE id NOT IN (SELECT form_id FROM operand_row);";
	static const char operands_7[] = "DELETE FROM signature_operand WHERE signature_id NOT IN (SELECT id FROM signature);";
	sqlite3_stmt *insert = NULL;
	char *sql;
	bool ok;

	ok = sqlite3_exec(db, "CREATE TEMP TABLE kept (id INTEGER PRIMARY KEY)", NULL, NULL, NULL) == SQLITE_OK &&
	     sqlite3_prepare_v2(db, "INSERT OR IGNORE INTO kept VALUES (?)", -1, &insert, NULL) == SQLITE_OK;
	for (size_t i = 0; ok && i < copy->event_count; i++) {
		sqlite3_bind_int64(insert, 1, copy->events[i]);
		ok = sqlite3_step(insert) == SQLITE_DONE && sqlite3_reset(insert) == SQLITE_OK;
	}
	sqlite3_finalize(insert);
	sql = ok ? sqlite3_mprintf(drop, (long long)copy->steps) : NULL;
	ok = sql && sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK;
	sqlite3_free(sql);
	/* older traces have no such column, and no such table */
	sqlite3_exec(db, "INSERT INTO used SELECT base_signature_id FROM live_tensor", NULL, NULL, NULL);
	ok = ok && sqlite3_exec(db, clean, NULL, NULL, NULL) == SQLITE_OK &&
	     sqlite3_exec(db, version >= VERSION_OPERANDS ? operands : operands_7, NULL, NULL, NULL) == SQLITE_OK;
	sqlite3_exec(db, "DELETE FROM cuda_call WHERE result = 0 AND step < (SELECT step FROM since)", NULL, NULL, NULL);
	return ok;
}

static bool
facts_read(sqlite3 *db, struct trace_copied *copied)
{
	sqlite3_stmt *row = NULL;
	bool ok = sqlite3_prepare_v2(db, "SELECT count(*), min(step), max(step) FROM event_row", -1, &row, NULL) == SQLITE_OK &&
		  sqlite3_step(row) == SQLITE_ROW;

	*copied = (struct trace_copied){ sqlite3_column_int64(row, 0), sqlite3_column_int64(row, 1), sqlite3_column_int64(row, 2) };
	sqlite3_finalize(row);
	return ok;
}

static const char unjournaled[] = "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA temp_store = MEMORY";

bool
trace_copy(struct trace *trace, int process, const char *path, const struct trace_copy *copy, struct trace_copied *copied, struct error *error)
{
	struct reader *reader = trace_reader(trace, process);
	sqlite3 *db = NULL;
	bool ok = reader && sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL) == SQLITE_OK;

	if (ok) {
		sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
		sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
		sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
		sqlite3_create_function(db, "rewrite", 1, SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY, (void *)copy, rewrite, NULL, NULL);
	}
	/* Without a journal beside it, which an interrupt would leave behind; said again of what the pages have brought. */
	ok = ok && sqlite3_exec(db, unjournaled, NULL, NULL, NULL) == SQLITE_OK && pages_copy(reader, db) &&
	     sqlite3_exec(db, unjournaled, NULL, NULL, NULL) == SQLITE_OK &&
	     schema_clean(db) && (copy->steps < 0 || reader->version < VERSION_COMPACT || steps_drop(db, reader->version, copy)) && texts_rewrite(db) &&
	     (reader->version < VERSION_NEWEST || (sqlite3_exec(db, rows_sql, NULL, NULL, NULL) == SQLITE_OK &&
						   sqlite3_exec(db, views_sql, NULL, NULL, NULL) == SQLITE_OK)) &&
	     sqlite3_exec(db, "VACUUM", NULL, NULL, NULL) == SQLITE_OK;
	if (ok && reader->version >= VERSION_WITH_ROWS)
		ok = facts_read(db, copied);
	if (!ok)
		snprintf(error->text, sizeof error->text, "%.200s: can't be copied: %.200s", reader ? reader->name : path,
			 db ? sqlite3_errmsg(db) : "not enough memory");
	sqlite3_close(db);
	return ok;
}
