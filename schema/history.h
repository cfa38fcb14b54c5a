/*
 * What the recorder and the fold both do with the sizes of calls: read them from a signature's words, add them up.
 *
 * Plain functions over memory that the caller owns: no call, no allocation, any thread. The words may be damaged: nothing
 * behind them is read.
 */
#ifndef SHAPEBOX_SCHEMA_HISTORY_H
#define SHAPEBOX_SCHEMA_HISTORY_H

#include <stdbool.h>
#include <string.h>

#include "box.h"

/* The sizes of one call's operands. */
struct history_sizes {
	uint64_t layout;     /* a hash of how many operands there are, how many dimensions each has, and of the weight's sizes */
	uint32_t dim_count;
	struct box_dim dims[BOX_HISTORY_DIMS];
};

static inline uint64_t
history_word(const void *words, uint64_t at)
{
	uint64_t word;

	memcpy(&word, (const char *)words + 8 * at, sizeof word); /* in a record, words are 4-aligned */
	return word;
}

/* The dimensions of the tensors among VALUE_COUNT values in the COUNT WORDS; argument WEIGHT (from 1; 0: none) is a layer's weight. */
static inline void
history_read(const void *words, uint64_t count, uint64_t value_count, uint32_t weight, struct history_sizes *out)
{
	uint64_t at = 0, left = value_count, items = 0 /* of those left, of lists */;
	uint32_t argument = 0;
	uint16_t tensor = 0;

	out->layout = 0;
	out->dim_count = 0;
	while (left-- && at < count && tensor < BOX_HISTORY_TENSORS) {
		uint64_t word = history_word(words, at++), cut = word >> 8 & BOX_LIST_CUT, length = word >> 32;
		bool is_weight = false;

		if (items)
			items--;
		else
			is_weight = ++argument == weight;
		switch (word & 0xff) {
		case BOX_VALUE_TENSOR: {
			bool opaque = word >> 48 & BOX_TENSOR_OPAQUE;
			uint64_t ndim = opaque ? 0 : word >> 8 & 0xff;
			if (!opaque && count - at < 1 + 2 * ndim)
				return;
			out->layout = out->layout * 0x100000001b3ull + 1 + ndim + (opaque ? 0x100 : 0);
			for (uint64_t dim = 0; is_weight && dim < ndim; dim++)
				out->layout = (out->layout ^ history_word(words, at + 1 + dim)) * 0x9e3779b97f4a7c15ull;
			for (uint16_t dim = 0; dim < ndim && out->dim_count < BOX_HISTORY_DIMS; dim++)
				out->dims[out->dim_count++] = (struct box_dim){
					(int64_t)history_word(words, at + 1 + dim), tensor, dim, BOX_NONE };
			at += opaque ? 0 : 1 + 2 * ndim;
			tensor++;
			break;
		}
		case BOX_VALUE_INT:
			at++;
			break;
		case BOX_VALUE_INTS:
		case BOX_VALUE_BOOLS:
		case BOX_VALUE_LIST:
			if (cut && at < count)
				length = history_word(words, at++);
			if (length > count - at)
				return;
			if ((word & 0xff) == BOX_VALUE_LIST) {
				left += length; /* its items are values */
				items += length;
			} else
				at += length;
			break;
		case BOX_VALUE_STRING:
			at += (length + 7) / 8;
			break;
		default:
			break;
		}
	}
}

/* A dimension that was SIZE in CALLS calls, the first of them at STEP, and is about to be something else. */
static inline void
history_begin(struct box_varied *varied, int64_t size, uint64_t calls, uint32_t step)
{
	*varied = (struct box_varied){ .smallest = size, .largest = size, .at_largest = calls, .new_step = step,
				       .count = 1, .sizes = { size } };
}

/* CALLS more of SIZE, the first of them at STEP. */
static inline void
history_add(struct box_varied *varied, int64_t size, uint64_t calls, uint32_t step)
{
	uint32_t kept = varied->count < BOX_VARIED_SIZES ? varied->count : BOX_VARIED_SIZES;
	bool listed = false, is_new = size < varied->smallest || size > varied->largest;

	for (uint32_t i = 0; i < kept && !listed; i++)
		listed = varied->sizes[i] == size;
	if (!listed) {
		is_new |= varied->count <= BOX_VARIED_SIZES;
		if (kept < BOX_VARIED_SIZES)
			varied->sizes[varied->count++] = size;
		else
			varied->count = BOX_VARIED_SIZES + 1;
	}
	if (size > varied->largest) {
		varied->largest = size;
		varied->at_largest = 0;
	}
	varied->at_largest += size == varied->largest ? calls : 0;
	if (size < varied->smallest)
		varied->smallest = size;
	if (is_new && step > varied->new_step)
		varied->new_step = step;
}

#endif
