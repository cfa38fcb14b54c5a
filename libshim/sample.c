/* Facts about what operands hold. See sample.h. */
#include <string.h>

#include "box.h"
#include "sample.h"
#include "settings.h"
#include "summary.h"
#include "summary_count.h"
#include "tensor.h"

#define DIMS 16
#define DEVICE_CPU 0 /* c10::DeviceType */

/* One call site; atomic, as several threads may meet in one. */
static struct sample_site {
	uint64_t key; /* kind << 32 | site; 0: free */
	uint64_t calls, looked, odd;
	int64_t count, of;
	int64_t largest, rows, grew, runs; /* SAMPLE_INDEX */
} sites[SAMPLE_SITES];

static struct sample_site *
site_of(enum sample_kind kind, uint32_t site)
{
	uint64_t key = (uint64_t)kind << 32 | site;
	uint32_t first = (uint32_t)(key * 0x9e3779b97f4a7c15ull >> 40);

	for (uint32_t probe = 0; probe < SAMPLE_PROBES; probe++) {
		struct sample_site *at = &sites[(first + probe) % SAMPLE_SITES];
		uint64_t is = __atomic_load_n(&at->key, __ATOMIC_RELAXED);
		if (is == key || (!is && __atomic_compare_exchange_n(&at->key, &is, key, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) || is == key)
			return at;
	}
	return NULL;
}

static bool
is_name(const char *pattern, const char *name)
{
	size_t size = strlen(pattern);

	return pattern[size - 1] == '*' ? !strncmp(pattern, name, size - 1) : !strcmp(pattern, name);
}

enum sample_kind
sample_of(const char *name)
{
#define X(id, text, ...) \
	static const char *const names_##id[] = { __VA_ARGS__ }; \
	for (size_t i = 0; i < sizeof names_##id / sizeof *names_##id; i++) \
		if (is_name(names_##id[i], name)) \
			return SAMPLE_##id;
	SAMPLE_KINDS(X)
#undef X
	return SAMPLE_NONE;
}

/* A tensor's elements where they lie, each that is expanded once. */
struct elements {
	const char *first;
	int ndim, bytes;
	int64_t sizes[DIMS], strides[DIMS]; /* strides: bytes */
	int64_t count;
};

/* False unless every element lies within the storage of a plain tensor on the CPU. */
static bool
find_elements(const void *impl, struct elements *out)
{
	struct tensor_meta meta;
	uint64_t storage_bytes;
	int64_t last = 0;

	if (!tensor_read(impl, &meta) || meta.device_type != DEVICE_CPU || meta.ndim > DIMS
	    || meta.flags & (BOX_TENSOR_LAYOUT | BOX_TENSOR_OPAQUE | BOX_TENSOR_PYTHON | BOX_TENSOR_BATCHED))
		return false;
	out->bytes = summary_element_bytes(meta.dtype);
	const char *storage = out->bytes ? tensor_storage(impl, &storage_bytes) : NULL;
	if (!storage || meta.storage_offset < 0)
		return false;
	out->ndim = 0;
	out->count = 1;
	for (int i = 0; i < meta.ndim; i++) {
		int64_t size = meta.sizes[i], stride = meta.strides[i], span;
		if (size == 1 || (size > 0 && stride == 0))
			continue;
		if (size <= 0 || stride < 0 || __builtin_mul_overflow(out->count, size, &out->count) || out->count > SAMPLE_ELEMENTS
		    || __builtin_mul_overflow(size - 1, stride, &span) || __builtin_add_overflow(last, span, &last))
			return false;
		out->sizes[out->ndim] = size;
		out->strides[out->ndim++] = stride * out->bytes;
	}
	if (__builtin_add_overflow(last, meta.storage_offset, &last) || (uint64_t)last >= storage_bytes / (uint64_t)out->bytes)
		return false;
	out->first = storage + meta.storage_offset * out->bytes;
	return true;
}

static int64_t
value_at(const char *at, int bytes)
{
	return bytes == 8 ? *(const int64_t *)at : bytes == 4 ? *(const int32_t *)at : bytes == 2 ? *(const int16_t *)at : *(const int8_t *)at;
}

/* A place among the elements: HERE is element AT. */
struct cursor { const char *here; int64_t at[DIMS]; };

/* To the next element. True if it is in the same row. */
static bool
advance(struct cursor *cursor, const struct elements *elements)
{
	for (int dim = elements->ndim - 1; dim >= 0; dim--) {
		cursor->here += elements->strides[dim];
		if (++cursor->at[dim] < elements->sizes[dim])
			return dim == elements->ndim - 1;
		cursor->here -= elements->strides[dim] * cursor->at[dim];
		cursor->at[dim] = 0;
	}
	return false;
}

/* How many elements are VALUE (NOT: are not), up to MOST. */
static int64_t
count_of(const struct elements *elements, int64_t value, bool not, int64_t most)
{
	struct cursor cursor = { elements->first, { 0 } };
	int64_t count = 0;

	for (int64_t left = elements->count; left > 0 && count < most; left--) {
		count += (value_at(cursor.here, elements->bytes) == value) != not;
		advance(&cursor, elements);
	}
	return count;
}

/* The largest element; IS_RUN: each is one more than the one before in its row. */
static int64_t
largest_of(const struct elements *elements, bool *is_run)
{
	struct cursor cursor = { elements->first, { 0 } };
	int64_t before = value_at(cursor.here, elements->bytes), most = before;

	*is_run = elements->count > 1;
	for (int64_t left = elements->count - 1; left > 0; left--) {
		bool same_row = advance(&cursor, elements);
		int64_t value = value_at(cursor.here, elements->bytes);
		*is_run = *is_run && (!same_row || value == before + 1);
		most = value > most ? value : most;
		before = value;
	}
	return most;
}

/* target of (self, target, ...) */
static bool
look_at_labels(const struct values *values, struct sample_site *site)
{
	struct elements labels;

	if (values->tensor_count < 2 || !find_elements(values->tensors[1], &labels) || labels.bytes < 2)
		return false;
	if (!count_of(&labels, SUMMARY_IGNORED, true, 1)) {
		site->count = labels.count;
		site->of = labels.count;
		__atomic_fetch_add(&site->odd, 1, __ATOMIC_RELAXED);
	}
	return true;
}

/* (self, mask, source) */
static bool
look_at_places(const struct values *values, struct sample_site *site)
{
	struct tensor_meta self, source;
	struct elements mask;

	if (values->tensor_count < 3 || !find_elements(values->tensors[1], &mask) || mask.bytes != 1 || !tensor_read(values->tensors[0], &self)
	    || !tensor_read(values->tensors[2], &source) || (self.flags | source.flags) & BOX_TENSOR_OPAQUE || self.elements % mask.count)
		return false;
	int64_t places = count_of(&mask, 0, true, SAMPLE_ELEMENTS) * (self.elements / mask.count);
	if (places < source.elements) {
		site->count = places;
		site->of = source.elements;
		__atomic_fetch_add(&site->odd, 1, __ATOMIC_RELAXED);
	}
	return true;
}

/* (table, index): embedding's weight, self of a read by rows. Which dimension is read the event tells. */
static bool
look_at_index(const struct values *values, struct sample_site *site)
{
	struct tensor_meta table;
	struct elements index;
	bool is_run;

	if (values->tensor_count != 2 || !find_elements(values->tensors[1], &index) || index.bytes < 4 || !tensor_read(values->tensors[0], &table)
	    || table.flags & BOX_TENSOR_OPAQUE || table.ndim < 1)
		return false;
	int64_t largest = largest_of(&index, &is_run);
	site->grew += site->looked && largest > site->largest;
	site->largest = !site->looked || largest > site->largest ? largest : site->largest;
	site->rows = table.sizes[0];
	site->runs += is_run;
	if (largest + 1 < site->rows) {
		site->count = largest + 1;
		site->of = site->rows;
		__atomic_fetch_add(&site->odd, 1, __ATOMIC_RELAXED);
	}
	return true;
}

void
sample_take(enum sample_kind kind, uint32_t site_id, const struct values *values)
{
	struct sample_site *site = settings.summaries && site_id && site_id != BOX_NONE ? site_of(kind, site_id) : NULL;

	if (!site)
		return;
	uint64_t calls = __atomic_add_fetch(&site->calls, 1, __ATOMIC_RELAXED);
	if (calls > SAMPLE_CALLS && calls & (calls - 1))
		return;
	if (kind == SAMPLE_LABELS ? look_at_labels(values, site) : kind == SAMPLE_PLACES ? look_at_places(values, site) : look_at_index(values, site))
		__atomic_fetch_add(&site->looked, 1, __ATOMIC_RELAXED);
}

void
sample_write(struct json_writer *json)
{
	static const char *const names[] = {
		"",
#define X(id, name, ...) name,
		SAMPLE_KINDS(X)
#undef X
	};

	json_array_begin(json);
	for (struct sample_site *site = sites; site < sites + SAMPLE_SITES; site++) {
		const struct { const char *name; int64_t value; } rows[] = {
			{ "site", (uint32_t)site->key }, { "calls", (int64_t)site->calls }, { "looked", (int64_t)site->looked },
			{ "odd", (int64_t)site->odd }, { "count", site->count }, { "of", site->of },
			{ "largest", site->largest }, { "rows", site->rows }, { "grew", site->grew }, { "runs", site->runs },
		};
		size_t count = sizeof rows / sizeof rows[0] - (site->key >> 32 == SAMPLE_INDEX ? 0 : 4);
		if (!site->key || json_left(json) < 1024)
			continue;
		json_object_begin(json);
		json_key(json, "what");
		json_string(json, names[site->key >> 32]);
		for (size_t i = 0; i < count; i++) {
			json_key(json, rows[i].name);
			json_int(json, rows[i].value);
		}
		json_object_end(json);
	}
	json_array_end(json);
}

void
sample_forget(void)
{
	for (struct sample_site *site = sites; site < sites + SAMPLE_SITES; site++)
		if (site->key)
			*site = (struct sample_site){ 0 };
}
