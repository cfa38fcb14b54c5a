/* Walking over a tensor's elements and counting them. See summary_count.h. */
#include <string.h>

#include "summary_count.h"

#define BLOCK 65536  /* elements between two looks at the clock */
#define GATHERED 512 /* values counted at once */
#define SET_SLOTS (SUMMARY_DISTINCT * 2)

/* Values met so far; one failure at a time has it. */
static int64_t set_values[SET_SLOTS];
static uint64_t set_filled[SET_SLOTS / 64];
static uint32_t set_busy; /* atomic */

/* The tensor as it is walked: dimensions in the order of memory, those of one element left out, neighbours that are one
 * run joined. */
struct walk {
	const char *first;
	int dtype, element_bytes, ndim;
	int64_t sizes[64], strides[64]; /* strides in bytes */
	uint64_t until_ns;
	int64_t since_clock;
	int64_t gathered[GATHERED], previous; /* values not counted yet; the last one counted */
	int gathered_count;
	bool any, set;
};

static void
set_add(struct walk *walk, struct summary *out, int64_t value)
{
	uint32_t slot = (uint32_t)(((uint64_t)value * 0x9e3779b97f4a7c15ull) >> 32) % SET_SLOTS;

	for (; set_filled[slot / 64] >> (slot % 64) & 1; slot = (slot + 1) % SET_SLOTS)
		if (set_values[slot] == value)
			return;
	if (out->distinct == SUMMARY_DISTINCT) {
		out->distinct = -1;
		walk->set = false;
		return;
	}
	set_filled[slot / 64] |= 1ull << (slot % 64);
	set_values[slot] = value;
	out->distinct++;
}

/* Count the values gathered. */
static void
take_gathered(struct walk *walk, struct summary *out)
{
	const int64_t *values = walk->gathered;
	int64_t min = walk->any ? out->min : values[0], max = walk->any ? out->max : values[0];
	int64_t nonzero = 0, negative = 0, ignored = 0;

	if (!walk->gathered_count)
		return;
	for (int i = 0; i < walk->gathered_count; i++) {
		min = values[i] < min ? values[i] : min;
		max = values[i] > max ? values[i] : max;
		nonzero += values[i] != 0;
		negative += values[i] < 0;
		ignored += values[i] == SUMMARY_IGNORED;
	}
	out->min = min;
	out->max = max;
	out->nonzero += nonzero;
	out->negative += negative;
	out->ignored += ignored;
	if (out->sorted > 0 && walk->any && values[0] < walk->previous)
		out->sorted = 0;
	for (int i = 1; i < walk->gathered_count && out->sorted > 0; i++)
		out->sorted = values[i] >= values[i - 1];
	for (int i = 0; i < walk->gathered_count && walk->set; i++)
		if (i == 0 || values[i] != values[i - 1])
			set_add(walk, out, values[i]);
	walk->any = true;
	walk->previous = values[walk->gathered_count - 1];
	walk->gathered_count = 0;
}

static inline int64_t
value_at(int dtype, const char *at)
{
	union { int8_t one; int16_t two; int32_t four; int64_t eight; } value;

	memcpy(&value, at, (size_t)summary_element_bytes(dtype)); /* need not be aligned */
	return dtype == DTYPE_BYTE ? (uint8_t)value.one : dtype == DTYPE_CHAR ? value.one
	       : dtype == DTYPE_SHORT ? value.two : dtype == DTYPE_INT ? value.four : value.eight;
}

static inline void
gather(struct walk *walk, struct summary *out, int dtype, const char *at, int64_t count, int64_t stride)
{
	while (count) {
		int room = GATHERED - walk->gathered_count, some = count < room ? (int)count : room;
		int64_t *to = walk->gathered + walk->gathered_count;
		for (int i = 0; i < some; i++, at += stride)
			to[i] = value_at(dtype, at);
		walk->gathered_count += some;
		count -= some;
		if (some == room)
			take_gathered(walk, out);
	}
}

/* COUNT elements from AT on, STRIDE bytes apart. */
static void
take_run(struct walk *walk, struct summary *out, const char *at, int64_t count, int64_t stride)
{
	int64_t nonzero = 0;

	switch (walk->dtype) { /* constants, so that each loop is its own */
	case DTYPE_BYTE: gather(walk, out, DTYPE_BYTE, at, count, stride); break;
	case DTYPE_CHAR: gather(walk, out, DTYPE_CHAR, at, count, stride); break;
	case DTYPE_SHORT: gather(walk, out, DTYPE_SHORT, at, count, stride); break;
	case DTYPE_INT: gather(walk, out, DTYPE_INT, at, count, stride); break;
	case DTYPE_LONG: gather(walk, out, DTYPE_LONG, at, count, stride); break;
	case DTYPE_BOOL:
		for (; count--; at += stride)
			nonzero += *at != 0;
		out->nonzero += nonzero;
	}
}

static bool
is_late(struct walk *walk, int64_t count)
{
	walk->since_clock += count;
	if (walk->since_clock < BLOCK)
		return false;
	walk->since_clock = 0;
	return summary_now_ns() > walk->until_ns;
}

/* Everything from AT on in dimensions FROM and above. False if time ran out. */
static bool
take_from(struct walk *walk, struct summary *out, const char *at, int from)
{
	int64_t index[64] = { 0 };
	int last = walk->ndim - 1;

	if (from > last) {
		take_run(walk, out, at, 1, 0);
		return !is_late(walk, 1);
	}
	for (;;) {
		for (int64_t done = 0; done < walk->sizes[last]; done += BLOCK) {
			int64_t count = walk->sizes[last] - done < BLOCK ? walk->sizes[last] - done : BLOCK;
			take_run(walk, out, at + done * walk->strides[last], count, walk->strides[last]);
			if (is_late(walk, count))
				return false;
		}
		int i = last - 1;
		while (i >= from && ++index[i] == walk->sizes[i]) {
			at -= (walk->sizes[i] - 1) * walk->strides[i];
			index[i--] = 0;
		}
		if (i < from)
			return true;
		at += walk->strides[i];
	}
}

/* Prepare WALK over META; with KEEP_ROWS, dimension 0 stays the first and as it is. */
static void
walk_begin(struct walk *walk, const struct tensor_meta *meta, bool keep_rows)
{
	int free_from = keep_rows ? 1 : 0, joined = free_from;

	/* The largest stride first. */
	for (int i = 0; i < meta->ndim; i++) {
		int64_t size = meta->sizes[i], stride = meta->strides[i] * walk->element_bytes;
		if (size == 1 && i >= free_from)
			continue;
		int at = walk->ndim++;
		for (; at > free_from && walk->strides[at - 1] < stride; at--) {
			walk->sizes[at] = walk->sizes[at - 1];
			walk->strides[at] = walk->strides[at - 1];
		}
		walk->sizes[at] = size;
		walk->strides[at] = stride;
	}
	for (int i = free_from; i < walk->ndim; i++) {
		if (joined > free_from && walk->strides[joined - 1] == walk->sizes[i] * walk->strides[i])
			joined--, walk->sizes[i] *= walk->sizes[joined];
		walk->sizes[joined] = walk->sizes[i];
		walk->strides[joined++] = walk->strides[i];
	}
	walk->ndim = joined;
}

/* The product of the columns of each row of a small table: image_grid_thw and its like. */
static void
multiply_rows(struct walk *walk, const struct tensor_meta *meta, struct summary *out)
{
	out->row_count = (int)meta->sizes[0];
	for (int row = 0; row < out->row_count; row++) {
		int64_t product = 1;
		bool fits = true;
		for (int64_t column = 0; column < meta->sizes[1]; column++) {
			const char *at = walk->first
					 + (row * meta->strides[0] + column * meta->strides[1]) * walk->element_bytes;
			fits = fits && !__builtin_mul_overflow(product, value_at(walk->dtype, at), &product);
		}
		out->rows[row] = fits ? product : INT64_MIN;
	}
}

static int64_t
element_at(const struct walk *walk, const struct tensor_meta *meta, int64_t row, int64_t column)
{
	return value_at(walk->dtype, walk->first + (row * meta->strides[0] + column * meta->strides[1]) * walk->element_bytes);
}

/* Rows that end in a run of one value (two at least, the longest) are padded with it: where else does it stand? */
static bool
count_padding(struct walk *walk, const struct tensor_meta *meta, struct summary *out)
{
	int64_t columns = meta->sizes[1], longest = 1;
	bool any = false;

	for (int64_t row = 0; row < meta->sizes[0]; row++) {
		int64_t last = element_at(walk, meta, row, columns - 1), run = 1;

		while (run < columns && element_at(walk, meta, row, columns - 1 - run) == last)
			run++;
		if (run > longest && run < columns) {
			longest = run;
			out->padding = last;
		}
		if (is_late(walk, run))
			return false;
	}
	for (int64_t row = 0; longest > 1 && row < meta->sizes[0]; row++) {
		int64_t end = columns;

		while (end > 0 && element_at(walk, meta, row, end - 1) == out->padding)
			end--;
		out->padded[row] = 0;
		for (int64_t column = 0; column < end; column++)
			out->padded[row] += element_at(walk, meta, row, column) == out->padding;
		any = any || out->padded[row] > 0;
		if (is_late(walk, columns))
			return false;
	}
	out->padded_count = any ? (int)meta->sizes[0] : 0;
	return true;
}

/* Does every column have one element, or the same one so often (a mask that is as wide as what it picks from)? */
static bool
is_one_a_column(const struct tensor_meta *meta)
{
	for (int i = 2; i < meta->ndim; i++)
		if (meta->sizes[i] != 1 && meta->strides[i] != 0)
			return false;
	return true;
}

/* The stretches of True in each row of a mask, in the order of its columns. */
static bool
count_runs(struct walk *walk, const struct tensor_meta *meta, struct summary *out)
{
	for (int64_t row = 0; row < meta->sizes[0]; row++) {
		const char *at = walk->first + row * meta->strides[0];
		bool before = false;

		out->runs[row] = 0;
		for (int64_t column = 0; column < meta->sizes[1]; column++, at += meta->strides[1]) {
			out->runs[row] += *at && !before;
			before = *at;
		}
		if (is_late(walk, meta->sizes[1]))
			return false;
	}
	out->run_count = (int)meta->sizes[0];
	return true;
}

/* How often the smallest, a mark below all ids, stands in each row. */
static bool
count_lowest(struct walk *walk, const struct tensor_meta *meta, struct summary *out)
{
	for (int64_t row = 0; row < meta->sizes[0]; row++) {
		out->lowest[row] = 0;
		for (int64_t column = 0; column < meta->sizes[1]; column++)
			out->lowest[row] += element_at(walk, meta, row, column) == out->min;
		if (is_late(walk, meta->sizes[1]))
			return false;
	}
	out->lowest_count = (int)meta->sizes[0];
	return true;
}

static bool
take_elements(struct walk *walk, const struct tensor_meta *meta, struct summary *out)
{
	bool table = meta->ndim >= 2 && meta->sizes[0] <= SUMMARY_ROWS;

	walk_begin(walk, meta, table && out->truth);
	if (!table || !out->truth) {
		if (!take_from(walk, out, walk->first, 0))
			return false;
		take_gathered(walk, out);
		if (table && meta->ndim == 2 && meta->sizes[1] > 1 && meta->sizes[1] <= SUMMARY_COLUMNS)
			multiply_rows(walk, meta, out);
		if (table && meta->ndim == 2 && meta->sizes[1] > SUMMARY_COLUMNS && out->elements <= SUMMARY_PADDED)
			return count_padding(walk, meta, out) && (!out->negative || count_lowest(walk, meta, out));
		return true;
	}
	out->row_count = (int)meta->sizes[0];
	for (int row = 0; row < out->row_count; row++) {
		int64_t before = out->nonzero;
		if (!take_from(walk, out, walk->first + row * walk->strides[0], 1))
			return false;
		out->rows[row] = out->nonzero - before;
	}
	return out->elements > SUMMARY_PADDED || !is_one_a_column(meta) || count_runs(walk, meta, out);
}

bool
summary_count(struct summary *out, const struct tensor_meta *meta, const char *first, uint64_t until_ns)
{
	struct walk walk;
	uint32_t free_mark = 0;

	memset(&walk, 0, sizeof walk);
	walk.first = first;
	walk.dtype = meta->dtype;
	walk.element_bytes = summary_element_bytes(meta->dtype);
	walk.until_ns = until_ns;
	bool mine = !out->truth && __atomic_compare_exchange_n(&set_busy, &free_mark, 1, false, __ATOMIC_ACQUIRE,
							       __ATOMIC_RELAXED);
	walk.set = mine;
	if (mine)
		memset(set_filled, 0, sizeof set_filled);
	else
		out->distinct = -1;
	bool done = take_elements(&walk, meta, out);
	if (mine)
		__atomic_store_n(&set_busy, 0, __ATOMIC_RELEASE);
	return done;
}
