/*
 * What a condition in a program's source came to, by the variables that its frame holds.
 *
 * Reads Python's expressions as text: names, attributes, subscripts, sizes of tensors, lengths, arithmetic, comparisons, and, or, not.
 * Only recorded values count; what isn't recorded or understood makes the part that rests on it unknown. Nothing is run. A value
 * remembers which tensor and dimension it is of, through the assignments of its function and the arguments of its callers, too. Pure.
 */
#ifndef SHAPEBOX_VIEWER_ANALYSIS_CONDITION_H
#define SHAPEBOX_VIEWER_ANALYSIS_CONDITION_H

#include <jansson.h>

#include "code.h"

#define CONDITION_SIZES_MOST 8
#define CONDITION_TEXT_MOST 160

/* What a frame knows: its variables and the numbers within its reach (ARCHITECTURE.md), and its function's statements. */
struct condition_scope {
	const json_t *locals, *numbers; /* of the frame */
	const json_t *reach;            /* the note's "numbers": those of every frame; NULL */
	const struct code_statement *statements;
	int count;
	const struct condition_scope *caller; /* of the frame that called it, whose last statement does; NULL */
	char called[64];                      /* as what */
};

struct condition_value {
	enum { CONDITION_UNKNOWN, CONDITION_NUMBER, CONDITION_FLOAT, CONDITION_SHAPE, CONDITION_TENSOR, CONDITION_TRUTH } kind;
	int64_t number;          /* NUMBER; TRUTH: 0 or 1 */
	double real;             /* FLOAT: a number of Python's with a point, which int(), round(), // make whole again; computed as Python does */
	const json_t *tensor;    /* it, or whose size, rank, elements or shape it is; NULL */
	const json_t *mask;      /* whose True are counted, or that picks from the tensor; NULL */
	int dim;                 /* of the tensor; -1: all of its elements, or computed from it */
	bool rank;               /* the number is its number of dimensions */
	bool direct;             /* it is asked of the tensor itself, not of a name that it was given to */
	int64_t whole, part;     /* NUMBER: what it is the remainder of; part 0: it is none */
	int whole_dim;           /* of the tensor, which is that long; -1: it isn't */
	int ndim;                /* SHAPE */
	int64_t sizes[CONDITION_SIZES_MOST] /* -1: unknown */;
	const json_t *of[CONDITION_SIZES_MOST];
	int dims[CONDITION_SIZES_MOST];
	char name[96];           /* what the source calls it, "" */
	char given[96];          /* what it was called where it was given to that name, by an assignment or a caller ("self.config.width"); "" */
};

/* A comparison: both sides as the source has them, and what they came to. */
struct condition {
	char left[CONDITION_TEXT_MOST], right[CONDITION_TEXT_MOST];
	const char *operator;
	struct condition_value one, other;
};

/* What TEXT, an expression, comes to. */
struct condition_value condition_read(const struct condition_scope *scope, const char *text);
/* The comparison for which TEXT came to WANTED, both of whose sides are known; false if there is none. */
bool condition_find(const struct condition_scope *scope, const char *text, bool wanted, struct condition *out);
/* Entry I (from the back, if negative) of a SHAPE. */
struct condition_value condition_entry(const struct condition_value *shape, int64_t i);
/* The tensor (a VARIABLE) that is called NAME; NULL. */
const json_t *condition_tensor(const struct condition_scope *scope, const char *name);

#endif
