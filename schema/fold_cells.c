/* Rows that many others refer to, each stored once: found by what stands in them. See fold_internal.h. */
#include <string.h>

#include "fold_internal.h"

static void
key_make(struct bytes *key, const struct fold_cell *cell, int count)
{
	key->size_bytes = 0;
	for (int i = 0; i < count; i++) {
		const char *mark = cell[i].text ? "t" : cell[i].known ? "i" : "n";

		bytes_add(key, mark, 1);
		if (cell[i].text)
			bytes_add(key, cell[i].text, strlen(cell[i].text) + 1);
		else if (cell[i].known)
			bytes_add(key, (const char *)&cell[i].integer, sizeof cell[i].integer);
	}
}

static void
row_add(struct fold *fold, int64_t id, const struct fold_cell *cell, int count, enum fold_table table)
{
	struct tree *row = fold_row(fold, table);

	for (int i = 0; i < count; i++) {
		if (cell[i].text)
			fold_row_clean(fold, row, cell[i].text, strlen(cell[i].text));
		else
			tree_optional(row, cell[i].integer, cell[i].known);
	}
	fold_row_end(fold, table, id);
}

int64_t
fold_cells(struct fold *fold, struct fold_cells *cells, const struct fold_cell *cell, int count, enum fold_table table)
{
	int64_t *number;

	key_make(&cells->key, cell, count);
	if (cells->key.failed)
		fold_fail(fold, "not enough memory");
	if (fold->failed)
		return 0;
	number = fold_known(fold, &cells->known, cells->key.data, cells->key.size_bytes);
	if (!*number) {
		*number = ++cells->last;
		row_add(fold, cells->last, cell, count, table);
		return cells->last;
	}
	return *number;
}

void
fold_cells_free(struct fold_cells *cells)
{
	fold_known_free(&cells->known);
	bytes_free(&cells->key);
}
