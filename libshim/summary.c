/* Counting a tensor's values. See summary.h. */
#include <errno.h>
#include <string.h>

#include "box.h"
#include "clock.h"
#include "memory.h"
#include "settings.h"
#include "summary_count.h"
#include "tensor.h"

#define FREE_NS 500000000u           /* what summaries may cost in all, besides a hundredth of the process's time */
#define EXTENT_BYTES (256ull << 20)  /* from the first element to the last: more is not looked at */
#define DEVICE_CPU 0                 /* c10::DeviceType */

static uint64_t spent_ns; /* atomic */

void
summary_begin(struct summary_budget *budget)
{
	uint64_t since_ns = shim_box.base ? clock_unix_ns() - shim_box.header->start_unix_ns : 0;
	bool rare = __atomic_load_n(&spent_ns, __ATOMIC_RELAXED) < FREE_NS + since_ns / 100;

	budget->left = settings.summaries && rare ? SUMMARY_TENSORS : 0;
	budget->until_ns = budget->left ? summary_now_ns() + SUMMARY_TIME_NS : 0;
	budget->seen_count = budget->table_count = 0;
}

/* Where META's elements lie, if that is within the storage from end to end: element 0. Else NULL. */
static const char *
find_elements(const struct tensor_meta *meta, const void *impl)
{
	int64_t low = meta->storage_offset, high = low;
	uint64_t storage_bytes, element_bytes = (uint64_t)summary_element_bytes(meta->dtype);
	const char *storage = tensor_storage(impl, &storage_bytes);

	for (int i = 0; i < meta->ndim; i++) {
		int64_t span;
		if (__builtin_mul_overflow(meta->sizes[i] - 1, meta->strides[i], &span)
		    || __builtin_add_overflow(span < 0 ? low : high, span, span < 0 ? &low : &high))
			return NULL;
	}
	if (!storage || low < 0 || (uint64_t)high >= storage_bytes / element_bytes)
		return NULL;
	uint64_t extent_bytes = (uint64_t)(high - low + 1) * element_bytes;
	if (extent_bytes > EXTENT_BYTES
	    || !memory_is_readable(storage + (uint64_t)low * element_bytes, extent_bytes))
		return NULL;
	return storage + (uint64_t)meta->storage_offset * element_bytes;
}

/* Whether the tensor is of the kind that is summarised; OUT gets its number of elements. */
static bool
is_countable(const struct tensor_meta *meta, struct summary *out)
{
	int64_t elements = 1;

	if (meta->device_type != DEVICE_CPU || !summary_element_bytes(meta->dtype)
	    || meta->flags & (BOX_TENSOR_LAYOUT | BOX_TENSOR_OPAQUE | BOX_TENSOR_PYTHON | BOX_TENSOR_BATCHED))
		return false;
	for (int i = 0; i < meta->ndim; i++)
		if (meta->sizes[i] < 0 || __builtin_mul_overflow(elements, meta->sizes[i], &elements))
			return false;
	out->elements = elements;
	return elements <= SUMMARY_ELEMENTS;
}

static bool
was_seen(struct summary_budget *budget, const void *impl)
{
	for (int i = 0; i < budget->seen_count; i++)
		if (budget->seen[i] == impl)
			return true;
	budget->seen[budget->seen_count++] = impl; /* there is room: every tensor seen costs one of those left */
	return false;
}

/* A table of integers or bools is kept in mind; a mask of one dimension becomes META of the one table's sizes that it may have been. */
static void
take_for_table(struct tensor_meta *meta, int64_t *sizes, int64_t *strides, struct summary *out, struct summary_budget *budget)
{
	int found = -1;

	if (meta->ndim == 2 && sizes[0] > 1 && sizes[0] <= SUMMARY_ROWS && sizes[1] > 1) {
		for (int i = 0; i < budget->table_count; i++)
			if (budget->tables[i].rows == sizes[0] && budget->tables[i].columns == sizes[1])
				return;
		if (budget->table_count < SUMMARY_TABLES) {
			budget->tables[budget->table_count].rows = sizes[0];
			budget->tables[budget->table_count++].columns = sizes[1];
		}
	}
	if (meta->ndim != 1 || meta->dtype != DTYPE_BOOL)
		return;
	for (int i = 0; i < budget->table_count; i++) {
		if (budget->tables[i].rows * budget->tables[i].columns != out->elements)
			continue;
		if (found >= 0)
			return; /* of which of them? */
		found = i;
	}
	if (found < 0)
		return;
	out->as_rows_of = sizes[1] = budget->tables[found].columns;
	sizes[0] = budget->tables[found].rows;
	strides[1] = strides[0];
	strides[0] *= sizes[1];
	meta->ndim = 2;
}

bool
summary_take(struct summary *out, const void *impl, struct summary_budget *budget)
{
	int saved_errno = errno;
	int64_t sizes[64], strides[64]; /* our own: another thread may be resizing it */
	struct tensor_meta meta;

	memset(out, 0, sizeof *out);
	if (budget->left <= 0 || !tensor_read(impl, &meta))
		return false;
	memcpy(sizes, meta.sizes, (size_t)meta.ndim * sizeof *sizes);
	memcpy(strides, meta.strides, (size_t)meta.ndim * sizeof *strides);
	meta.sizes = sizes;
	meta.strides = strides;
	if (!is_countable(&meta, out) || was_seen(budget, impl))
		return false;
	budget->left--;
	out->truth = meta.dtype == DTYPE_BOOL;
	out->sorted = meta.ndim == 1 ? 1 : -1;
	take_for_table(&meta, sizes, strides, out, budget);
	uint64_t start_ns = summary_now_ns();
	const char *first = out->elements ? find_elements(&meta, impl) : NULL;
	bool done = !out->elements || (first && start_ns <= budget->until_ns
				       && summary_count(out, &meta, first, budget->until_ns));
	__atomic_fetch_add(&spent_ns, summary_now_ns() - start_ns, __ATOMIC_RELAXED);
	errno = saved_errno;
	return done;
}

static void
write_counts(struct json_writer *json, const char *key, const int32_t *counts, int count)
{
	json_key(json, key);
	json_array_begin(json);
	for (int i = 0; i < count; i++)
		json_int(json, counts[i]);
	json_array_end(json);
}

static void
write_number(struct json_writer *json, const char *key, int64_t value, bool known)
{
	json_key(json, key);
	if (known)
		json_int(json, value);
	else
		json_null(json);
}

void
summary_write(struct json_writer *json, const struct summary *summary)
{
	bool filled = summary->elements > 0;

	json_object_begin(json);
	write_number(json, "elements", summary->elements, true);
	if (summary->truth) {
		write_number(json, "true", summary->nonzero, true);
	} else {
		write_number(json, "min", summary->min, filled);
		write_number(json, "max", summary->max, filled);
		write_number(json, "negative", summary->negative, true);
		write_number(json, "zero", summary->elements - summary->nonzero, true);
		write_number(json, "ignored", summary->ignored, true);
		write_number(json, "distinct", summary->distinct, summary->distinct >= 0);
		json_key(json, "sorted");
		if (summary->sorted < 0)
			json_null(json);
		else
			json_bool(json, summary->sorted);
	}
	if (summary->row_count) {
		if (summary->as_rows_of)
			write_number(json, "as_rows_of", summary->as_rows_of, true);
		json_key(json, summary->as_rows_of ? "as_rows" : summary->truth ? "rows" : "row_products");
		json_array_begin(json);
		for (int i = 0; i < summary->row_count; i++)
			if (summary->rows[i] == INT64_MIN)
				json_null(json);
			else
				json_int(json, summary->rows[i]);
		json_array_end(json);
	}
	if (summary->run_count)
		write_counts(json, "runs", summary->runs, summary->run_count);
	if (summary->lowest_count)
		write_counts(json, "lowest", summary->lowest, summary->lowest_count);
	if (summary->padded_count) {
		write_number(json, "padding", summary->padding, true);
		json_key(json, "padding_inside");
		json_array_begin(json);
		for (int i = 0; i < summary->padded_count; i++)
			json_int(json, summary->padded[i]);
		json_array_end(json);
	}
	json_object_end(json);
}
