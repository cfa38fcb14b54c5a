/* Table step_print: fingerprints of steps, however long ago they were (struct box_steps). */
#include "fold_internal.h"

void
fold_steps(struct fold *fold)
{
	const struct box_steps *all = (const void *)fold->box.regions[BOX_STEPS];
	uint64_t bytes = fold->box.region_bytes[BOX_STEPS], count, most;
	const uint64_t *lost = fold->box.header.lost;
	sqlite3_stmt *insert;

	/* Where a call site or an operation found no place, its number is missing in the sums. */
	if (bytes < sizeof *all || all->joining || lost[BOX_LOSS_SITES_FULL] || lost[BOX_LOSS_OPS_FULL])
		return;
	if (all->width == 0 || all->width & (all->width - 1) || all->steps > INT64_MAX)
		return;
	insert = fold_prepare(fold, "INSERT INTO step_print VALUES (?,?,?,?,?,?,?,?)");
	most = (bytes - sizeof *all) / sizeof all->entries[0];
	count = all->steps / all->width + (all->steps % all->width != 0);
	for (uint64_t i = 0; !fold->failed && i < count && i < most; i++) {
		const struct box_step_print *print = &all->entries[i];
		uint64_t first = i * all->width, left = all->steps - first;

		sqlite3_bind_int64(insert, 1, (int64_t)first);
		sqlite3_bind_int64(insert, 2, (int64_t)(left < all->width ? left : all->width));
		sqlite3_bind_int64(insert, 3, (int64_t)print->operations);
		sqlite3_bind_int64(insert, 4, (int64_t)print->control);
		sqlite3_bind_int64(insert, 5, (int64_t)print->once);
		sqlite3_bind_int64(insert, 6, (int64_t)print->rest);
		sqlite3_bind_int64(insert, 7, (int64_t)print->collectives);
		sqlite3_bind_int64(insert, 8, (int64_t)print->collective);
		fold_step(fold, insert);
	}
	sqlite3_finalize(insert);
}
