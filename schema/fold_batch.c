/*
 * Rows of event_row, collected and written many at a time: INSERT ... SELECT from a virtual table that reads the
 * collected rows. A statement for each row took a quarter more time for the whole fold.
 * https://www.sqlite.org/vtab.html: the module has no name in the file, and is there only while the fold's database is open.
 */
#include <stdlib.h>

#include "fold_internal.h"

#define BATCH_BLOB_COLUMN (FOLD_BATCH_INTEGERS)

struct batch_table {
	sqlite3_vtab base;
	struct fold_batch *batch;
};

struct batch_cursor {
	sqlite3_vtab_cursor base;
	uint32_t at;
};

static int
batch_connect(sqlite3 *db, void *context, int argc, const char *const *argv, sqlite3_vtab **out, char **error)
{
	struct batch_table *table = sqlite3_malloc(sizeof *table);
	int result;

	(void)argc;
	(void)argv;
	(void)error;
	if (!table)
		return SQLITE_NOMEM;
	*table = (struct batch_table){ .batch = context };
	result = sqlite3_declare_vtab(db, "CREATE TABLE x(a, b, c, d, e, f, g, h, tensors)");
	if (result != SQLITE_OK) {
		sqlite3_free(table);
		return result;
	}
	*out = &table->base;
	return SQLITE_OK;
}

static int
batch_disconnect(sqlite3_vtab *table)
{
	sqlite3_free(table);
	return SQLITE_OK;
}

static int
batch_plan(sqlite3_vtab *table, sqlite3_index_info *info)
{
	(void)table;
	info->estimatedCost = FOLD_BATCH_ROWS;
	return SQLITE_OK;
}

static int
batch_open(sqlite3_vtab *table, sqlite3_vtab_cursor **out)
{
	struct batch_cursor *cursor = sqlite3_malloc(sizeof *cursor);

	(void)table;
	if (!cursor)
		return SQLITE_NOMEM;
	*cursor = (struct batch_cursor){ .at = 0 };
	*out = &cursor->base;
	return SQLITE_OK;
}

static int
batch_close(sqlite3_vtab_cursor *cursor)
{
	sqlite3_free(cursor);
	return SQLITE_OK;
}

static int
batch_filter(sqlite3_vtab_cursor *cursor, int number, const char *text, int argc, sqlite3_value **argv)
{
	(void)number;
	(void)text;
	(void)argc;
	(void)argv;
	((struct batch_cursor *)cursor)->at = 0;
	return SQLITE_OK;
}

static int
batch_next(sqlite3_vtab_cursor *cursor)
{
	((struct batch_cursor *)cursor)->at++;
	return SQLITE_OK;
}

static int
batch_eof(sqlite3_vtab_cursor *cursor)
{
	return ((struct batch_cursor *)cursor)->at >= ((struct batch_table *)cursor->pVtab)->batch->count;
}

static int
batch_column(sqlite3_vtab_cursor *cursor, sqlite3_context *out, int column)
{
	struct fold_batch *batch = ((struct batch_table *)cursor->pVtab)->batch;
	const struct fold_batch_row *row = &batch->rows[((struct batch_cursor *)cursor)->at];

	if (column == BATCH_BLOB_COLUMN)
		sqlite3_result_blob(out, batch->blobs.data + row->blob, (int)row->blob_bytes, SQLITE_STATIC);
	else if (!(row->null_columns >> column & 1))
		sqlite3_result_int64(out, row->value[column]);
	return SQLITE_OK;
}

static int
batch_rowid(sqlite3_vtab_cursor *cursor, sqlite3_int64 *out)
{
	*out = ((struct batch_cursor *)cursor)->at;
	return SQLITE_OK;
}

static const sqlite3_module batch_module = {
	.xConnect = batch_connect, /* without xCreate it exists by itself, and only so */
	.xBestIndex = batch_plan,
	.xDisconnect = batch_disconnect,
	.xOpen = batch_open,
	.xClose = batch_close,
	.xFilter = batch_filter,
	.xNext = batch_next,
	.xEof = batch_eof,
	.xColumn = batch_column,
	.xRowid = batch_rowid,
};

void
fold_batch_begin(struct fold *fold)
{
	struct fold_batch *batch = &fold->batch;

	if (fold->failed)
		return;
	batch->rows = malloc(FOLD_BATCH_ROWS * sizeof *batch->rows);
	if (!batch->rows || sqlite3_create_module(fold->db, "fold_batch", &batch_module, batch) != SQLITE_OK)
		fold_fail(fold, "not enough memory");
	batch->insert = fold_prepare(fold, "INSERT INTO event_row SELECT * FROM fold_batch");
}

void
fold_batch_write(struct fold *fold)
{
	if (fold->batch.count)
		fold_step(fold, fold->batch.insert);
	fold->batch.count = 0;
	bytes_clear(&fold->batch.blobs);
}

struct fold_batch_row *
fold_batch_add(struct fold *fold, size_t blob_room, uint8_t **blob)
{
	struct fold_batch *batch = &fold->batch;
	struct fold_batch_row *row;

	if (batch->count == FOLD_BATCH_ROWS)
		fold_batch_write(fold);
	if (!bytes_reserve(&batch->blobs, blob_room)) {
		fold_fail(fold, "not enough memory");
		return NULL;
	}
	row = &batch->rows[batch->count++];
	*row = (struct fold_batch_row){ .blob = batch->blobs.size_bytes };
	*blob = (uint8_t *)batch->blobs.data + row->blob;
	return row;
}

void
fold_batch_end(struct fold *fold)
{
	sqlite3_finalize(fold->batch.insert);
	bytes_free(&fold->batch.blobs);
	free(fold->batch.rows);
	fold->batch = (struct fold_batch){ 0 };
}
