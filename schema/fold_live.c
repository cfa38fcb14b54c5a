/* Tables live_tensor and tensor_change: what is known of the tensors that are alive, however long ago it was. */
#include "fold_internal.h"

#include <stdio.h>

#include "names.h"

/* "float16 cuda:0" */
static void
form_bind(sqlite3_stmt *insert, int column, uint64_t form)
{
	char device[64], text[128];

	snprintf(text, sizeof text, "%s %s", names_dtype(form & 0xff),
		 names_device(form >> 8 & 0xff, (int16_t)(form >> 16 & 0xffff), device, sizeof device));
	sqlite3_bind_text(insert, column, text, -1, SQLITE_TRANSIENT);
}

/* Operation, signature, site and step of MADE into four columns from COLUMN on. */
static void
made_bind(struct fold *fold, sqlite3_stmt *insert, int column, const struct box_made *made)
{
	if (box_read_op(&fold->box, made->op))
		sqlite3_bind_int64(insert, column, made->op);
	if (made->signature < fold->signature_slots && fold->signatures[made->signature])
		sqlite3_bind_int64(insert, column + 1, made->signature);
	if (fold_site(fold, made->site))
		sqlite3_bind_int64(insert, column + 2, made->site);
	sqlite3_bind_int64(insert, column + 3, made->step);
}

static void
place_bind(struct fold *fold, sqlite3_stmt *insert, int column, const struct box_place *place)
{
	if (box_read_op(&fold->box, place->op))
		sqlite3_bind_int64(insert, column, place->op);
	if (fold_site(fold, place->site))
		sqlite3_bind_int64(insert, column + 1, place->site);
	sqlite3_bind_int64(insert, column + 2, place->step);
}

static void
change_fold(struct fold *fold, sqlite3_stmt *insert, const struct box_tensor *tensor)
{
	const struct box_change *change = (const void *)fold->box.regions[BOX_CHANGES];

	if (!tensor->change || tensor->change > fold->box.region_bytes[BOX_CHANGES] / sizeof *change)
		return;
	change += tensor->change - 1;
	if (change->flags & BOX_CHANGE_MOVED) {
		sqlite3_clear_bindings(insert);
		sqlite3_bind_int64(insert, 1, (int64_t)tensor->number);
		sqlite3_bind_text(insert, 2, "moved", -1, SQLITE_STATIC);
		place_bind(fold, insert, 3, &change->moved);
		sqlite3_bind_int(insert, 6, (change->flags & BOX_CHANGE_MOVED_SEEN) != 0);
		form_bind(insert, 7, change->moved_from);
		form_bind(insert, 8, change->moved_to);
		fold_step(fold, insert);
	}
	if (change->flags & BOX_CHANGE_RESIZED) {
		sqlite3_clear_bindings(insert);
		sqlite3_bind_int64(insert, 1, (int64_t)tensor->number);
		sqlite3_bind_text(insert, 2, "resized", -1, SQLITE_STATIC);
		place_bind(fold, insert, 3, &change->resized);
		sqlite3_bind_int(insert, 6, (change->flags & BOX_CHANGE_RESIZED_SEEN) != 0);
		fold_step(fold, insert);
	}
}

void
fold_live_tensors(struct fold *fold)
{
	sqlite3_stmt *insert = fold_prepare(fold, "INSERT OR IGNORE INTO live_tensor VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)");
	sqlite3_stmt *change = fold_prepare(fold, "INSERT OR IGNORE INTO tensor_change VALUES (?,?,?,?,?,?,?,?)");
	const struct box_tensor *table = (const void *)fold->box.regions[BOX_TENSORS];
	uint64_t count = fold->box.region_bytes[BOX_TENSORS] / sizeof *table;

	for (uint64_t i = 0; !fold->failed && i < count; i++) {
		const struct box_tensor *tensor = &table[i];

		if (tensor->number == 0 || tensor->number > INT64_MAX || (tensor->tensor && tensor->tensor != tensor->number))
			continue;
		sqlite3_clear_bindings(insert);
		sqlite3_bind_int64(insert, 1, (int64_t)tensor->number);
		sqlite3_bind_int(insert, 2, (tensor->flags & BOX_LIVE_ENTERED) != 0);
		made_bind(fold, insert, 3, &tensor->maker);
		sqlite3_bind_int(insert, 7, tensor->tensor != 0);
		if (tensor->base.op != BOX_NONE && box_read_op(&fold->box, tensor->base.op)) {
			made_bind(fold, insert, 8, &tensor->base);
			sqlite3_bind_int(insert, 12, (tensor->flags & BOX_LIVE_BASE_ENTERED) != 0);
			sqlite3_bind_int(insert, 13, (tensor->flags & BOX_LIVE_BASE_VALUES) != 0);
		}
		fold_step(fold, insert);
		if (!fold->failed)
			change_fold(fold, change, tensor);
	}
	sqlite3_finalize(insert);
	sqlite3_finalize(change);
}
