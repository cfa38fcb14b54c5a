/* Table event_tensor: operands as plain rows, for the last two steps and for every operation that failed or is open. */
#include "fold_internal.h"
#include "tensor_blob.h"

#include <stdlib.h>

#define NEWEST_EVENTS 20000
#define IDS_MOST 131072

static void
event_write(struct fold *fold, sqlite3_stmt *insert, sqlite3_stmt *event, int64_t *ids)
{
	size_t inputs, outputs;

	tensor_blob_decode(sqlite3_column_blob(event, 1), (size_t)sqlite3_column_bytes(event, 1), ids, IDS_MOST, &inputs,
			   &outputs);
	for (size_t i = 0; i < inputs + outputs && !fold->failed; i++) {
		if (ids[i] <= 0)
			continue;
		sqlite3_bind_int64(insert, 1, sqlite3_column_int64(event, 0));
		sqlite3_bind_int(insert, 2, i >= inputs);
		sqlite3_bind_int64(insert, 3, (int64_t)(i < inputs ? i : i - inputs));
		sqlite3_bind_int64(insert, 4, ids[i]);
		fold_step(fold, insert);
	}
}

void
fold_event_tensors(struct fold *fold)
{
	sqlite3_stmt *insert = fold_prepare(fold, "INSERT OR IGNORE INTO event_tensor VALUES (?,?,?,?)");
	sqlite3_stmt *newest = fold_prepare(fold, "SELECT id, tensors FROM event WHERE id >= ? AND step >= ?");
	sqlite3_stmt *one = fold_prepare(fold, "SELECT id, tensors FROM event WHERE id = ?");
	int64_t *ids = malloc(IDS_MOST * sizeof *ids);

	if (!ids)
		fold_fail(fold, "not enough memory");
	if (!fold->failed) {
		for (uint32_t i = 0; i < fold->marked_count; i++) {
			sqlite3_bind_int64(one, 1, fold->marked[i]);
			if (sqlite3_step(one) == SQLITE_ROW)
				event_write(fold, insert, one, ids);
			sqlite3_reset(one);
		}
		sqlite3_bind_int64(newest, 1, fold->total - NEWEST_EVENTS);
		sqlite3_bind_int64(newest, 2, fold->last_step - 1);
		while (!fold->failed && sqlite3_step(newest) == SQLITE_ROW)
			event_write(fold, insert, newest, ids);
	}
	sqlite3_finalize(one);
	sqlite3_finalize(newest);
	sqlite3_finalize(insert);
	free(ids);
}
