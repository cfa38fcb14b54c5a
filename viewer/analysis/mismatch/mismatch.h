/*
 * What disagrees among the operands of a failed operation, computed from what was recorded.
 *
 * mismatch_rules.def has one row per operation family. The exception's message serves to confirm, and
 * for numbers that no record holds (how many elements a mask selects, which index was out of range);
 * what was taken from it is marked `from_message`. Pure functions: no trace, no allocation.
 */
#ifndef SHAPEBOX_VIEWER_ANALYSIS_MISMATCH_H
#define SHAPEBOX_VIEWER_ANALYSIS_MISMATCH_H

#include "../../reader/trace.h"

#define MISMATCH_MARKS_MOST 8

/* What is known of an operand beyond its event; -1 is unknown. */
struct mismatch_knowledge {
	int leaf;          /* 1: a leaf that requires grad, or a view of one; 0: not */
	int64_t trues;     /* number of True, of a bool tensor */
	int64_t elements;  /* that were counted */
	int64_t smallest, largest; /* of an integer tensor, where has_range */
	int64_t negative, ignored; /* how many are below 0, and of those -100 */
	bool has_range;
};

/* The shape of what EVENT (index, index_put) selects, in SIZES of ROOM; -1 where it isn't known (a mask). */
int mismatch_selected(const struct event *event, int64_t *sizes, int room);

struct mismatch_facts {
	const struct event *event;
	const struct event *children; /* recorded operations inside it */
	int child_count;
	const char *message;          /* the exception's, or NULL */
	const struct mismatch_knowledge *knowledge; /* one per operand of the event, or NULL */
};

struct mismatch {
	const char *property;         /* size, rank, count, items, length, dtype, device, index, leaf, numel, stride, version */
	int operand, against;         /* places in event->operands, -1 if none */
	int dim;                      /* of the operand, -1 if none */
	int against_dim;
	bool has_expected, has_actual;
	int64_t expected, actual;
	const char *expected_name, *actual_name; /* instead of numbers: dtypes, devices */
	bool from_message;
	char text[320];
	int mark_count;
	struct { int operand, dim; } marks[MISMATCH_MARKS_MOST];
};

/* True and OUT filled if something disagrees. */
bool mismatch_find(const struct mismatch_facts *facts, struct mismatch *out);
/* OUT as the report's "mismatch". New reference. */
json_t *mismatch_json(const struct mismatch *mismatch, const struct event *event);

#endif
