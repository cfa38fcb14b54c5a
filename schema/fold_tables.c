/*
 * The tables that the dictionaries and events fill: pages of their own (tree.h), while SQLite has the file closed. Between
 * fold_tables_open and fold_tables_close nobody may use `db`.
 */
#include <errno.h>
#include <string.h>

#include "fold_internal.h"

static const struct { const char *name; bool keyed; } tables[FOLD_TABLE_COUNT] = {
#define X(id, name, keyed) { name, keyed },
	FOLD_TABLES(X)
#undef X
};

/* The trees that wait for rows before theirs. */
static struct tree_order *
order_of(struct fold *fold, enum fold_table table)
{
	return table == FOLD_EVENT_ROW ? &fold->event_rows : table == FOLD_SCOPE_ROW ? &fold->scope_rows : NULL;
}

static struct tree *
tree_of(struct fold *fold, enum fold_table table)
{
	struct tree_order *order = order_of(fold, table);

	return order ? &order->tree : &fold->trees[table];
}

/* Where a table begins, and how many columns it has. */
struct place { uint32_t root, columns; };

static void
places_read(struct fold *fold, struct place places[FOLD_TABLE_COUNT])
{
	sqlite3_stmt *row = fold_prepare(fold, "SELECT rootpage, (SELECT count(*) FROM pragma_table_info(m.name)) FROM sqlite_master m "
					       "WHERE type = 'table' AND name = ?");

	for (int i = 0; i < FOLD_TABLE_COUNT && row && !fold->failed; i++) {
		sqlite3_bind_text(row, 1, tables[i].name, -1, SQLITE_STATIC);
		if (sqlite3_step(row) == SQLITE_ROW)
			places[i] = (struct place){ (uint32_t)sqlite3_column_int64(row, 0), (uint32_t)sqlite3_column_int64(row, 1) };
		else
			fold_fail(fold, sqlite3_errmsg(fold->db));
		sqlite3_reset(row);
	}
	sqlite3_finalize(row);
}

static void
pages_check(struct fold *fold)
{
	int error = fold->pages.error;

	if (error)
		fold_fail(fold, error == ENOMEM ? "not enough memory" : strerror(error));
}

void
fold_tables_open(struct fold *fold, const char *path)
{
	struct place places[FOLD_TABLE_COUNT] = { 0 };

	places_read(fold, places);
	fold_close(fold);
	if (fold->failed)
		return;
	tree_file_open(&fold->pages, path);
	for (int i = 0; i < FOLD_TABLE_COUNT; i++)
		tree_open(tree_of(fold, (enum fold_table)i), &fold->pages, places[i].root, tables[i].keyed, places[i].columns);
	pages_check(fold);
}

void
fold_tables_close(struct fold *fold)
{
	for (int i = 0; i < FOLD_TABLE_COUNT; i++) {
		struct tree_order *order = order_of(fold, (enum fold_table)i);

		if (order)
			tree_order_close(order);
		else
			tree_close(&fold->trees[i]);
	}
	tree_file_close(&fold->pages);
	pages_check(fold);
}

static void
late_write(struct fold *fold, struct tree_order *order, const char *sql)
{
	sqlite3_stmt *insert = fold_prepare(fold, sql);
	size_t at = 0;

	while (insert && !fold->failed && tree_order_late(order, &at, insert))
		fold_step(fold, insert);
	sqlite3_finalize(insert);
	tree_order_free(order);
}

void
fold_tables_late(struct fold *fold)
{
	late_write(fold, &fold->event_rows, "INSERT INTO event_row VALUES (?,?,?,?,?,?,?,?,?)");
	late_write(fold, &fold->scope_rows, "INSERT INTO scope_row VALUES (?,?,?,?,?,?)");
}

struct tree *
fold_row(struct fold *fold, enum fold_table table)
{
	struct tree *tree = tree_of(fold, table);

	tree_begin(tree);
	return tree;
}

void
fold_row_end(struct fold *fold, enum fold_table table, int64_t id)
{
	struct tree_order *order = order_of(fold, table);

	if (order)
		tree_order_end(order, id);
	else
		tree_end(&fold->trees[table], id);
	if (fold->pages.error)
		pages_check(fold);
}

void
fold_row_clean(struct fold *fold, struct tree *row, const char *raw, size_t size)
{
	if (bytes_is_clean(raw, size)) {
		tree_text(row, raw, size);
		return;
	}
	bytes_clear(&fold->scratch);
	bytes_add_clean(&fold->scratch, raw, size);
	if (fold->scratch.failed)
		fold_fail(fold, "not enough memory");
	tree_text(row, fold->scratch.data ? fold->scratch.data : "", fold->scratch.size_bytes);
}

void
fold_row_string(struct fold *fold, struct tree *row, uint32_t reference)
{
	uint32_t size;
	const char *text = box_read_string(&fold->box, reference, &size);

	fold_row_clean(fold, row, text ? text : "", text ? size : 0);
}
