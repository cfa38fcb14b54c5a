/* The fold's way to SQLite: prepared statements, cleaned text, one failure kept. */
#include "fold_internal.h"

#include <stdio.h>

void
fold_fail(struct fold *fold, const char *what)
{
	if (!fold->failed)
		snprintf(fold->error, fold->error_room, "%s: %s", fold->db_path, what);
	fold->failed = true;
}

/* Nothing guards the file: it is worth nothing before it is complete. */
void
fold_open(struct fold *fold, const char *path)
{
	if (fold->failed)
		return;
	if (sqlite3_open_v2(path, &fold->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
		fold_fail(fold, fold->db ? sqlite3_errmsg(fold->db) : "not enough memory");
	fold_run(fold, "PRAGMA page_size = 8192; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;"
		       "PRAGMA locking_mode = EXCLUSIVE; PRAGMA foreign_keys = OFF; PRAGMA cache_size = -65536;"
		       "PRAGMA temp_store = MEMORY; BEGIN");
}

void
fold_close(struct fold *fold)
{
	fold_run(fold, "COMMIT");
	if (sqlite3_close(fold->db) != SQLITE_OK)
		fold_fail(fold, "could not be closed");
	fold->db = NULL;
}

sqlite3_stmt *
fold_prepare(struct fold *fold, const char *sql)
{
	sqlite3_stmt *statement = NULL;

	if (fold->failed)
		return NULL;
	if (sqlite3_prepare_v2(fold->db, sql, -1, &statement, NULL) != SQLITE_OK)
		fold_fail(fold, sqlite3_errmsg(fold->db));
	return statement;
}

void
fold_run(struct fold *fold, const char *sql)
{
	if (!fold->failed && sqlite3_exec(fold->db, sql, NULL, NULL, NULL) != SQLITE_OK)
		fold_fail(fold, sqlite3_errmsg(fold->db));
}

void
fold_bind(sqlite3_stmt *statement, int column, int64_t value, bool known)
{
	if (known)
		sqlite3_bind_int64(statement, column, value);
	else
		sqlite3_bind_null(statement, column);
}

void
fold_step(struct fold *fold, sqlite3_stmt *statement)
{
	if (fold->failed || !statement)
		return;
	if (sqlite3_step(statement) != SQLITE_DONE)
		fold_fail(fold, sqlite3_errmsg(fold->db));
	sqlite3_reset(statement);
}

void
fold_bind_clean(struct fold *fold, sqlite3_stmt *statement, int column, const char *raw, size_t size)
{
	if (fold->failed)
		return;
	if (bytes_is_clean(raw, size)) {
		sqlite3_bind_text(statement, column, raw, (int)size, SQLITE_TRANSIENT);
		return;
	}
	bytes_clear(&fold->scratch);
	bytes_add_clean(&fold->scratch, raw, size);
	sqlite3_bind_text(statement, column, fold->scratch.data ? fold->scratch.data : "",
			  (int)fold->scratch.size_bytes, SQLITE_TRANSIENT);
}

void
fold_bind_string(struct fold *fold, sqlite3_stmt *statement, int column, uint32_t reference)
{
	uint32_t size;
	const char *text = box_read_string(&fold->box, reference, &size);

	fold_bind_clean(fold, statement, column, text ? text : "", text ? size : 0);
}
