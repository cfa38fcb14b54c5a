/* CUDA calls, counts and live memory: rows of the tables cuda_*, live_memory. */
#include <stdio.h>
#include <string.h>

#include "fold_thread.h"
#include "kernel_name.h"

static uint64_t
wide(const uint32_t *at)
{
	return at[0] | (uint64_t)at[1] << 32;
}

/* A name's row is written when all is known; the same reference may come again. */
static void
name_note(struct fold *fold, struct fold_names *names, uint32_t reference)
{
	uint32_t *slot = &names->seen[(reference >> 2) % FOLD_NAMES_SEEN];

	if (*slot == reference)
		return;
	*slot = reference;
	bytes_add(&names->all, (const char *)&reference, sizeof reference);
	if (names->all.failed)
		fold_fail(fold, "not enough memory");
}

static void
nulls_add(struct tree *row, int count)
{
	for (int i = 0; i < count; i++)
		tree_null(row);
}

/* Columns kernel_id to shared_bytes. */
static void
launch_add(struct fold *fold, struct tree *row, const uint32_t *rest)
{
	char text[48];

	if (rest[0])
		name_note(fold, &fold->kernels, rest[0]);
	tree_optional(row, (int64_t)rest[0], rest[0] != 0);
	tree_text(row, text, (size_t)snprintf(text, sizeof text, "%ux%ux%u", rest[1], rest[2] & 0xffff, rest[2] >> 16));
	tree_text(row, text, (size_t)snprintf(text, sizeof text, "%ux%ux%u", rest[3] & 0xffff, rest[3] >> 16, rest[4]));
	tree_integer(row, rest[5]);
}

/* Columns address to the last: what calls of this class have of them. */
static void
class_add(struct fold *fold, struct tree *row, enum box_cuda_class class, const uint32_t *rest)
{
	bool memory = class == BOX_CUDA_CLASS_MEMORY || class == BOX_CUDA_CLASS_COPY || class == BOX_CUDA_CLASS_BLOCK;
	bool block = class == BOX_CUDA_CLASS_BLOCK;

	tree_optional(row, memory ? (int64_t)wide(rest) : 0, memory);
	tree_optional(row, memory ? (int64_t)wide(rest + 2) : 0, memory);
	tree_optional(row, class == BOX_CUDA_CLASS_COPY ? (int64_t)wide(rest + 4) : 0, class == BOX_CUDA_CLASS_COPY);
	if (class == BOX_CUDA_CLASS_LAUNCH)
		launch_add(fold, row, rest);
	else
		nulls_add(row, 4);
	tree_optional(row, block ? (int64_t)wide(rest + 4) : 0, block);
	tree_optional(row, block ? (int64_t)wide(rest + 6) : 0, block);
}

void
fold_cuda_call(struct merge *merge, struct fold_thread *thread, const struct box_cuda *cuda)
{
	struct fold *fold = merge->fold;
	const struct pending *around = thread->stack_count ? &thread->stack[0] : NULL;
	const char *kind = box_cuda_kind_names[cuda->kind];
	struct tree *row;

	if (fold->failed)
		return;
	name_note(fold, &fold->functions, cuda->function);
	row = fold_row(fold, FOLD_CUDA_CALL);
	tree_integer(row, thread->number);
	tree_integer(row, thread_ns(merge, thread));
	tree_integer(row, merge->step);
	tree_optional(row, around ? around->id : 0, around != NULL);
	tree_optional(row, cuda->op, box_read_op(&fold->box, cuda->op) != NULL);
	tree_optional(row, cuda->site, fold_site(fold, cuda->site) != 0);
	tree_text(row, kind, strlen(kind));
	tree_integer(row, cuda->function);
	tree_integer(row, (cuda->record.flags & BOX_FLAG_DRIVER) != 0);
	tree_optional(row, cuda->device, cuda->device >= 0);
	tree_integer(row, (int64_t)wide(cuda->stream));
	tree_integer(row, cuda->result);
	tree_integer(row, (cuda->record.flags & BOX_FLAG_CAPTURED) != 0);
	tree_integer(row, (cuda->record.flags & BOX_FLAG_OURS) != 0);
	class_add(fold, row, box_cuda_classes[cuda->kind], cuda->rest);
	fold_row_end(fold, FOLD_CUDA_CALL, ++fold->cuda_calls);
}

/* --- names ------------------------------------------------------------------------------------ */

static void
functions_write(struct fold *fold)
{
	sqlite3_stmt *insert = fold_prepare(fold, "INSERT OR IGNORE INTO cuda_function VALUES (?,?)");
	const uint32_t *reference = (const uint32_t *)fold->functions.all.data;

	for (size_t i = 0; i < fold->functions.all.size_bytes / sizeof *reference && !fold->failed; i++) {
		sqlite3_bind_int64(insert, 1, reference[i]);
		fold_bind_string(fold, insert, 2, reference[i]);
		fold_step(fold, insert);
	}
	sqlite3_finalize(insert);
}

static void
kernels_write(struct fold *fold)
{
	sqlite3_stmt *insert = fold_prepare(fold, "INSERT OR IGNORE INTO cuda_kernel VALUES (?,?,?)");
	const uint32_t *reference = (const uint32_t *)fold->kernels.all.data;
	char name[512];

	for (size_t i = 0; i < fold->kernels.all.size_bytes / sizeof *reference && !fold->failed; i++) {
		uint32_t size;
		const char *symbol = box_read_string(&fold->box, reference[i], &size);

		kernel_name(symbol ? symbol : "", symbol ? size : 0, name, sizeof name);
		sqlite3_bind_int64(insert, 1, reference[i]);
		fold_bind_string(fold, insert, 2, reference[i]);
		fold_bind_clean(fold, insert, 3, name, strlen(name));
		fold_step(fold, insert);
	}
	sqlite3_finalize(insert);
}

/* --- what the whole run counted ------------------------------------------------------------- */

static void
device_write(struct fold *fold, sqlite3_stmt *insert, int device, const struct box_cuda_device *on)
{
	const uint64_t values[] = { on->live, on->peak, on->allocated, on->peak_allocated, on->reserved, on->peak_reserved, on->peak_step };

	if (!on->peak && !on->peak_allocated)
		return;
	sqlite3_bind_int(insert, 1, device);
	for (int i = 0; i < 7; i++)
		sqlite3_bind_int64(insert, 2 + i, (int64_t)(values[i] & INT64_MAX));
	fold_step(fold, insert);
}

static void
count_write(struct fold *fold, sqlite3_stmt *insert, const char *name, uint64_t count)
{
	sqlite3_bind_text(insert, 1, name, -1, SQLITE_STATIC);
	sqlite3_bind_int64(insert, 2, (int64_t)(count & INT64_MAX));
	fold_step(fold, insert);
}

static void
counts_write(struct fold *fold, const struct box_cuda_counts *counts)
{
	sqlite3_stmt *insert = fold_prepare(fold, "INSERT INTO cuda_count VALUES (?,?)");
	sqlite3_stmt *device = fold_prepare(fold, "INSERT INTO cuda_device VALUES (?,?,?,?,?,?,?,?)");
	struct box_cuda_device host = { .live = counts->host_live, .peak = counts->host_peak };

	for (int which = 0; which < BOX_CUDA_COUNT_COUNT && !fold->failed; which++) {
		uint64_t sum = 0;

		for (uint32_t thread = 0; thread < BOX_CUDA_THREADS; thread++)
			sum += counts->threads[thread][which];
		count_write(fold, insert, box_cuda_count_names[which], sum);
	}
	if (!fold->failed) {
		count_write(fold, insert, "wrapped_runtime", counts->wrapped_runtime);
		count_write(fold, insert, "wrapped_driver", counts->wrapped_driver);
		count_write(fold, insert, "queries", counts->queries);
		device_write(fold, device, -1, &host);
	}
	for (uint32_t i = 0; i < BOX_CUDA_DEVICES && !fold->failed; i++)
		device_write(fold, device, (int)i, &counts->devices[i]);
	sqlite3_finalize(insert);
	sqlite3_finalize(device);
}

static void
memory_write(struct fold *fold, const struct box_memory *table, uint64_t count)
{
	static const char *const kinds[] = { NULL, "device", "host", "physical", "address", "foreign", "block" };
	sqlite3_stmt *insert = fold_prepare(fold, "INSERT OR REPLACE INTO live_memory VALUES (?,?,?,?,?,?,?,?,?)");

	for (uint64_t i = 0; i < count && !fold->failed; i++) {
		const struct box_memory *memory = &table[i];

		if (memory->state != 2 || memory->class == 0 || memory->class >= sizeof kinds / sizeof kinds[0])
			continue;
		sqlite3_bind_int64(insert, 1, (int64_t)memory->address);
		sqlite3_bind_text(insert, 2, kinds[memory->class], -1, SQLITE_STATIC);
		sqlite3_bind_int64(insert, 3, (int64_t)(memory->bytes & INT64_MAX));
		fold_bind(insert, 4, memory->device, memory->device >= 0);
		sqlite3_bind_int64(insert, 5, memory->thread);
		fold_bind(insert, 6, (int64_t)memory->event, memory->event != UINT64_MAX);
		fold_bind(insert, 7, memory->op, box_read_op(&fold->box, memory->op) != NULL);
		fold_bind(insert, 8, memory->site, fold_site(fold, memory->site) != 0);
		sqlite3_bind_int64(insert, 9, memory->step);
		fold_step(fold, insert);
	}
	sqlite3_finalize(insert);
}

void
fold_cuda_write(struct fold *fold)
{
	functions_write(fold);
	kernels_write(fold);
	if (fold->failed)
		return;
	if (fold->box.region_bytes[BOX_CUDA] >= sizeof(struct box_cuda_counts))
		counts_write(fold, (const struct box_cuda_counts *)fold->box.regions[BOX_CUDA]);
	memory_write(fold, (const struct box_memory *)fold->box.regions[BOX_MEMORY],
		     fold->box.region_bytes[BOX_MEMORY] / sizeof(struct box_memory));
}
