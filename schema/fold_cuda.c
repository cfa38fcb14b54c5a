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

void
fold_cuda_start(struct fold *fold)
{
	fold->insert_cuda = fold_prepare(fold, "INSERT INTO cuda_call VALUES (NULL,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)");
	fold->insert_function = fold_prepare(fold, "INSERT OR IGNORE INTO cuda_function VALUES (?,?)");
	fold->insert_kernel = fold_prepare(fold, "INSERT OR IGNORE INTO cuda_kernel VALUES (?,?,?)");
}

void
fold_cuda_stop(struct fold *fold)
{
	sqlite3_finalize(fold->insert_cuda);
	sqlite3_finalize(fold->insert_function);
	sqlite3_finalize(fold->insert_kernel);
}

/* A name's row, once: names are few and stand in the order of their first use. */
static bool
is_new(uint32_t *seen, size_t room, uint32_t reference)
{
	uint32_t *slot = &seen[(reference >> 2) % room];

	if (*slot == reference)
		return false;
	*slot = reference;
	return true;
}

static void
function_write(struct fold *fold, uint32_t reference)
{
	if (!is_new(fold->functions_seen, FOLD_NAMES_SEEN, reference))
		return;
	sqlite3_bind_int64(fold->insert_function, 1, reference);
	fold_bind_string(fold, fold->insert_function, 2, reference);
	fold_step(fold, fold->insert_function);
}

static void
kernel_write(struct fold *fold, uint32_t reference)
{
	char name[512];
	uint32_t size;
	const char *symbol;

	if (!is_new(fold->kernels_seen, FOLD_NAMES_SEEN, reference))
		return;
	symbol = box_read_string(&fold->box, reference, &size);
	kernel_name(symbol ? symbol : "", symbol ? size : 0, name, sizeof name);
	sqlite3_bind_int64(fold->insert_kernel, 1, reference);
	fold_bind_string(fold, fold->insert_kernel, 2, reference);
	fold_bind_clean(fold, fold->insert_kernel, 3, name, strlen(name));
	fold_step(fold, fold->insert_kernel);
}

static void
launch_bind(struct fold *fold, const uint32_t *rest)
{
	char grid[48], block[48];

	snprintf(grid, sizeof grid, "%ux%ux%u", rest[1], rest[2] & 0xffff, rest[2] >> 16);
	snprintf(block, sizeof block, "%ux%ux%u", rest[3] & 0xffff, rest[3] >> 16, rest[4]);
	if (rest[0])
		kernel_write(fold, rest[0]);
	fold_bind(fold->insert_cuda, 18, (int64_t)rest[0], rest[0] != 0);
	sqlite3_bind_text(fold->insert_cuda, 19, grid, -1, SQLITE_TRANSIENT);
	sqlite3_bind_text(fold->insert_cuda, 20, block, -1, SQLITE_TRANSIENT);
	sqlite3_bind_int64(fold->insert_cuda, 21, rest[5]);
}

void
fold_cuda_call(struct merge *merge, struct fold_thread *thread, const struct box_cuda *cuda)
{
	struct fold *fold = merge->fold;
	sqlite3_stmt *insert = fold->insert_cuda;
	enum box_cuda_class class = box_cuda_classes[cuda->kind];
	const struct pending *around = thread->stack_count ? &thread->stack[0] : NULL;
	bool memory = class == BOX_CUDA_CLASS_MEMORY || class == BOX_CUDA_CLASS_COPY || class == BOX_CUDA_CLASS_BLOCK;

	if (fold->failed)
		return;
	function_write(fold, cuda->function);
	for (int column = 15; column <= 23; column++)
		sqlite3_bind_null(insert, column);
	sqlite3_bind_int64(insert, 1, thread->number);
	sqlite3_bind_int64(insert, 2, thread_ns(merge, thread));
	sqlite3_bind_int64(insert, 3, merge->step);
	fold_bind(insert, 4, around ? around->id : 0, around != NULL);
	fold_bind(insert, 5, cuda->op, box_read_op(&fold->box, cuda->op) != NULL);
	fold_bind(insert, 6, cuda->site, fold_site(fold, cuda->site) != 0);
	sqlite3_bind_text(insert, 7, box_cuda_kind_names[cuda->kind], -1, SQLITE_STATIC);
	sqlite3_bind_int64(insert, 8, cuda->function);
	sqlite3_bind_int(insert, 9, (cuda->record.flags & BOX_FLAG_DRIVER) != 0);
	fold_bind(insert, 10, cuda->device, cuda->device >= 0);
	sqlite3_bind_int64(insert, 11, (int64_t)wide(cuda->stream));
	sqlite3_bind_int64(insert, 12, cuda->result);
	sqlite3_bind_int(insert, 13, (cuda->record.flags & BOX_FLAG_CAPTURED) != 0);
	sqlite3_bind_int(insert, 14, (cuda->record.flags & BOX_FLAG_OURS) != 0);
	if (memory) {
		sqlite3_bind_int64(insert, 15, (int64_t)wide(cuda->rest));
		sqlite3_bind_int64(insert, 16, (int64_t)wide(cuda->rest + 2));
	}
	if (class == BOX_CUDA_CLASS_COPY)
		sqlite3_bind_int64(insert, 17, (int64_t)wide(cuda->rest + 4));
	if (class == BOX_CUDA_CLASS_LAUNCH)
		launch_bind(fold, cuda->rest);
	if (class == BOX_CUDA_CLASS_BLOCK) {
		sqlite3_bind_int64(insert, 22, (int64_t)wide(cuda->rest + 4));
		sqlite3_bind_int64(insert, 23, (int64_t)wide(cuda->rest + 6));
	}
	fold_step(fold, insert);
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
	if (fold->failed)
		return;
	if (fold->box.region_bytes[BOX_CUDA] >= sizeof(struct box_cuda_counts))
		counts_write(fold, (const struct box_cuda_counts *)fold->box.regions[BOX_CUDA]);
	memory_write(fold, (const struct box_memory *)fold->box.regions[BOX_MEMORY],
		     fold->box.region_bytes[BOX_MEMORY] / sizeof(struct box_memory));
}
