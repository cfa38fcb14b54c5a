/* One process's database: opened with care, its row read. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../schema/box.h"
#include "rows_5_sql.h"
#include "rows_7_sql.h"
#include "rows_sql.h"
#include "trace_parts.h"
#include "trace_walk.h"
#include "trace_internal.h"

#define APPLICATION_ID 0x73686278
#define QUERY_LIMIT_OPS 4000000000ll /* virtual machine instructions a query may take: a damaged tree can be a circle */
#define PROGRESS_OPS 100000

static int
progress(void *context)
{
	struct reader *reader = context;

	reader->ticks += PROGRESS_OPS;
	return reader->ticks > QUERY_LIMIT_OPS;
}

/* As https://www.sqlite.org/security.html advises: nothing in the file may run code, write, or grow without bound. */
static void
database_restrict(struct reader *reader)
{
	sqlite3 *db = reader->db;

	sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
	sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
	sqlite3_limit(db, SQLITE_LIMIT_LENGTH, 16 << 20);
	sqlite3_limit(db, SQLITE_LIMIT_SQL_LENGTH, 1 << 20);
	sqlite3_limit(db, SQLITE_LIMIT_EXPR_DEPTH, 100);
	sqlite3_limit(db, SQLITE_LIMIT_VDBE_OP, 25000);
	sqlite3_limit(db, SQLITE_LIMIT_ATTACHED, 0);
	sqlite3_limit(db, SQLITE_LIMIT_TRIGGER_DEPTH, 1);
	sqlite3_progress_handler(db, PROGRESS_OPS, progress, reader);
	sqlite3_exec(db, "PRAGMA cell_size_check = ON; PRAGMA mmap_size = 0; PRAGMA temp_store = MEMORY", NULL, NULL, NULL);
}

/* A file: URI, so that SQLite takes no lock, looks for no journal and never waits: these files don't change. */
static char *
uri_make(const char *path)
{
	char *uri = malloc(strlen(path) * 3 + 32), *at = uri;

	if (!uri)
		return NULL;
	at += sprintf(at, "file:%s", path[0] == '/' ? "//" : "");
	for (; *path; path++) {
		if (*path == '%' || *path == '?' || *path == '#')
			at += sprintf(at, "%%%02x", (unsigned char)*path);
		else
			*at++ = *path;
	}
	strcpy(at, "?immutable=1");
	return uri;
}

static int64_t
pragma_read(struct reader *reader, const char *sql)
{
	sqlite3_stmt *statement = NULL;
	int64_t value = -1;

	if (sqlite3_prepare_v2(reader->db, sql, -1, &statement, NULL) == SQLITE_OK && sqlite3_step(statement) == SQLITE_ROW)
		value = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	return value;
}

/* Our own views event and scope over the file's tables: views that lie in a file are switched off.
 * Where one can't be made, the query that needs it says so. */
static void
views_make(struct reader *reader, const char *rows)
{
	static const char create[] = "CREATE VIEW ";

	for (const char *at = strstr(rows, create), *next; at; at = next) {
		char *sql;

		at += sizeof create - 1;
		next = strstr(at, create);
		if (asprintf(&sql, "CREATE TEMP VIEW %.*s", (int)(next ? (size_t)(next - at) : strlen(at)), at) < 0)
			return;
		sqlite3_exec(reader->db, sql, NULL, NULL, NULL);
		free(sql);
	}
}

static bool
database_open(struct reader *reader)
{
	char *uri = uri_make(reader->path);
	bool ok = uri && sqlite3_open_v2(uri, &reader->db, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX, NULL) == SQLITE_OK;

	free(uri);
	if (ok) {
		database_restrict(reader);
		int64_t version = pragma_read(reader, "PRAGMA user_version");

		if (version >= VERSION_WITH_ROWS)
			views_make(reader, version >= VERSION_OPERANDS ? rows_sql : version >= VERSION_COMPACT ? rows_7_sql : rows_5_sql);
		reader->cuda = version >= VERSION_WITH_CUDA;
		sqlite3_exec(reader->db, "PRAGMA query_only = ON", NULL, NULL, NULL);
	}
	return ok;
}

static void
statements_drop(struct reader *reader)
{
	sqlite3_stmt **kept[] = { &reader->event_by_id, &reader->signature_by_id, &reader->operands_by_id };

	for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++) {
		sqlite3_finalize(*kept[i]);
		*kept[i] = NULL;
	}
	reader_parts_rest(reader);
	walk_rest(reader->walk);
}

void
reader_rest(struct reader *reader)
{
	if (reader->temporary || !reader->db)
		return;
	statements_drop(reader);
	if (sqlite3_close(reader->db) == SQLITE_OK)
		reader->db = NULL;
}

sqlite3_stmt *
reader_prepare(struct reader *reader, const char *sql)
{
	sqlite3_stmt *statement = NULL;

	reader->ticks = 0;
	if (!reader->db && !database_open(reader)) {
		reader_degrade(reader, "database", 1, "could not be opened again");
		return NULL;
	}
	if (sqlite3_prepare_v2(reader->db, sql, -1, &statement, NULL) != SQLITE_OK) {
		reader_degrade(reader, "database", 1, sqlite3_errmsg(reader->db));
		return NULL;
	}
	return statement;
}

bool
reader_row(struct reader *reader, sqlite3_stmt *statement)
{
	int result;

	if (!statement)
		return false;
	result = sqlite3_step(statement);
	if (result != SQLITE_ROW && result != SQLITE_DONE)
		reader_degrade(reader, "database", 1, sqlite3_errmsg(reader->db));
	return result == SQLITE_ROW;
}

int64_t
reader_number(sqlite3_stmt *row, int column, int64_t none)
{
	return sqlite3_column_type(row, column) == SQLITE_NULL ? none : sqlite3_column_int64(row, column);
}

void
reader_degrade(struct reader *reader, const char *name, int64_t count, const char *text)
{
	int room = (int)(sizeof reader->degraded / sizeof reader->degraded[0]);

	for (int i = 0; i < reader->degraded_count; i++) {
		if (strcmp(reader->degraded[i].name, name) == 0 && strcmp(reader->degraded[i].text, text) == 0)
			return;
	}
	if (reader->degraded_count < room)
		reader->degraded[reader->degraded_count++] =
			(struct degraded){ name, arena_string(reader->arena, text, strlen(text)), count };
}

static int
integer(sqlite3_stmt *row, int column, int unknown)
{
	int64_t value = sqlite3_column_int64(row, column);

	if (sqlite3_column_type(row, column) == SQLITE_NULL || value < INT32_MIN || value > INT32_MAX)
		return unknown;
	return (int)value;
}

static bool
process_read(struct reader *reader)
{
	struct process *process = &reader->process;
	sqlite3_stmt *row = NULL;
	const char *state;
	bool ok;

	ok = sqlite3_prepare_v2(reader->db,
				"SELECT pid, parent_pid, host, rank, local_rank, world_size, attempt, forked, state, exit_status, "
				"start_ns, end_ns, step, events, events_kept, torch_version, python_version FROM process LIMIT 1",
				-1, &row, NULL) == SQLITE_OK &&
	     sqlite3_step(row) == SQLITE_ROW;
	if (ok) {
		process->pid = integer(row, 0, -1);
		process->parent_pid = integer(row, 1, -1);
		process->host = arena_text(reader->arena, row, 2, 64);
		process->rank = integer(row, 3, -1);
		process->local_rank = integer(row, 4, -1);
		process->world_size = integer(row, 5, -1);
		process->attempt = integer(row, 6, 0);
		process->forked = reader->forked = integer(row, 7, 0) == 1;
		state = arena_text(reader->arena, row, 8, 16);
		reader->exec = strcmp(state, "exec") == 0;
		reader->ended = strcmp(state, "running") != 0;
		process->exit_status = integer(row, 9, -1);
		process->start_ns = sqlite3_column_int64(row, 10);
		process->end_ns = sqlite3_column_int64(row, 11);
		process->steps = sqlite3_column_int64(row, 12);
		process->events = sqlite3_column_int64(row, 13);
		process->events_kept = sqlite3_column_int64(row, 14);
		process->torch_version = arena_text(reader->arena, row, 15, 64);
		process->python_version = arena_text(reader->arena, row, 16, 64);
	}
	sqlite3_finalize(row);
	return ok;
}

struct trace_formats
trace_formats(void)
{
	return (struct trace_formats){ .database = VERSION_NEWEST, .box = BOX_VERSION, .sqlite = sqlite3_libversion() };
}

/* Is this a database that this shapebox reads? */
static bool
database_check(struct reader *reader, const char *path, struct error *error)
{
	int64_t application = pragma_read(reader, "PRAGMA application_id");
	int64_t version = pragma_read(reader, "PRAGMA user_version");

	if (application < 0)
		snprintf(error->text, sizeof error->text, "%.300s: damaged: %s", path, sqlite3_errmsg(reader->db));
	else if (application != APPLICATION_ID)
		snprintf(error->text, sizeof error->text, "%.300s: a SQLite database, but not a shapebox trace", path);
	else if (version > VERSION_NEWEST)
		snprintf(error->text, sizeof error->text,
			 "%.300s: a trace of version %lld: this shapebox reads versions up to %d", path,
			 (long long)version, VERSION_NEWEST);
	else if (reader->version = (int)version, !process_read(reader))
		snprintf(error->text, sizeof error->text, "%.300s: damaged: it does not say which process it is of", path);
	else
		return true;
	return false;
}

struct reader *
reader_open(struct arena *arena, const char *path, const char *name, struct error *error)
{
	struct reader *reader = calloc(1, sizeof *reader);
	bool ok = false;

	if (!reader) {
		snprintf(error->text, sizeof error->text, "%.300s: not enough memory", path);
		goto out;
	}
	reader->arena = arena;
	reader->name = reader->process.file = arena_string(arena, name, strlen(name));
	reader->path = strdup(path);
	if (!reader->path || !database_open(reader)) {
		snprintf(error->text, sizeof error->text, "%.300s: %s", path,
			 reader->db ? sqlite3_errmsg(reader->db) : "not enough memory");
		goto out;
	}
	ok = database_check(reader, path, error);
out:
	if (!ok && reader) {
		reader_close(reader);
		reader = NULL;
	}
	return reader;
}

void
reader_close(struct reader *reader)
{
	if (!reader)
		return;
	statements_drop(reader);
	sqlite3_close(reader->db);
	free(reader->path);
	map_free(&reader->signatures);
	map_free(&reader->sites);
	walk_free(reader->walk);
	reader_parts_free(reader);
	reader_notes_free(reader);
	free(reader);
}
