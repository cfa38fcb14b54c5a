/*
 * Summaries: counts of an integer or bool tensor, taken at a failure. Facts about the values, not the values.
 *
 * The elements are read where they lie, at verified offsets, without calling PyTorch. Only plain strided tensors on the
 * CPU whose every element lies within their storage are looked at. Never on the hot path, and never long: a failure has
 * a budget, and failures that come all the time get none. Any thread; the caller knows that the tensor is alive. No
 * malloc, no lock; errno is kept.
 */
#ifndef SHAPEBOX_LIBSHIM_SUMMARY_H
#define SHAPEBOX_LIBSHIM_SUMMARY_H

#include <stdbool.h>
#include <stdint.h>

#include "json.h"

#define SUMMARY_ROWS 64             /* rows counted one by one */
#define SUMMARY_COLUMNS 4           /* of a small table (2 at least) whose rows are multiplied */
#define SUMMARY_TABLES 4            /* sizes of tables of integers met within one failure, that a mask may be of */
#define SUMMARY_PADDED (1 << 20)    /* of a larger one, padding, runs and the smallest aren't looked for row by row */
#define SUMMARY_DISTINCT 4096       /* distinct values counted */
#define SUMMARY_ELEMENTS (16 << 20) /* of a larger tensor nothing is said */
#define SUMMARY_IGNORED (-100)      /* PyTorch's default ignore_index */
#define SUMMARY_TENSORS 64          /* for one failure */
#define SUMMARY_TIME_NS 100000000u  /* for one failure */

/* What one failure may spend. */
struct summary_budget {
	int left;          /* tensors */
	uint64_t until_ns; /* CLOCK_MONOTONIC */
	int seen_count;
	const void *seen[SUMMARY_TENSORS]; /* looked at already */
	int table_count;
	struct { int64_t rows, columns; } tables[SUMMARY_TABLES]; /* two dimensions, of integers or bools */
};

struct summary {
	bool truth;            /* a bool tensor: of the counts, `elements`, `nonzero` and `rows` are valid */
	int64_t elements;
	int64_t nonzero;       /* bool: number of True */
	int64_t min, max;      /* valid if there are elements */
	int64_t negative, ignored;
	int64_t distinct;      /* -1: more than SUMMARY_DISTINCT, or not known */
	int sorted;            /* one dimension: whether no element is smaller than the one before; else -1 */
	int row_count;         /* 0: no rows to tell */
	int64_t rows[SUMMARY_ROWS]; /* bool: number of True in each row of dim 0; else the product of each row's columns,
				       INT64_MIN if it doesn't fit */
	int64_t as_rows_of;    /* bool in one dimension, as many as one table (alone) of this failure has elements: that table's columns,
				  `rows` being counted as if it were of its rows; else 0 */
	int run_count;         /* bool, with rows of one element a column: rows; else 0 */
	int32_t runs[SUMMARY_ROWS]; /* of each row: how many stretches of True, one beside the other, it has */
	int lowest_count;      /* integers in two dimensions, with negative ones: rows; else 0 */
	int32_t lowest[SUMMARY_ROWS]; /* of each row: how often `min` stands in it */
	int padded_count;      /* integers in two dimensions whose rows end in a run of one value, of which there is more before: rows; else 0 */
	int64_t padding;       /* that value */
	int64_t padded[SUMMARY_ROWS]; /* of each row: how often it stands before the last element that is another */
};

/* Begin the budget of a failure: empty if summaries are off, or have lately cost too much. */
void summary_begin(struct summary_budget *budget);

/* Summarise the tensor at IMPL into OUT. False if it is none of those above, was looked at before within this BUDGET, or
 * the budget ran out. */
bool summary_take(struct summary *out, const void *impl, struct summary_budget *budget);

/* Write SUMMARY as an object (ARCHITECTURE.md "Notes"). */
void summary_write(struct json_writer *json, const struct summary *summary);

#endif
