/*
 * How one dimension of an operation's output follows from its inputs: size_flow.def, one row per family.
 * Pure functions over one event.
 */
#ifndef SHAPEBOX_VIEWER_ANALYSIS_SIZE_FLOW_H
#define SHAPEBOX_VIEWER_ANALYSIS_SIZE_FLOW_H

#include "../source.h"

enum flow_kind {
	FLOW_UNKNOWN,   /* the table is silent and no size matches */
	FLOW_PASSES,    /* the operand's dimension, unchanged */
	FLOW_SCALES,    /* follows from the operand's dimension, multiplied or divided (a view's -1, flatten) */
	FLOW_ARGUMENTS, /* decided here by arguments (over the operand's dimension, if there is one) */
	FLOW_VALUES,    /* decided here by values: the story goes on with the tensor that held them */
	FLOW_ENTERS,    /* the tensor came in ready-made here */
	FLOW_POSSIBLE   /* the table is silent; a size matches */
};

struct flow {
	enum flow_kind kind;
	int operand, dim; /* where the story goes on, -1 */
	bool asked;       /* the very size stands among the arguments */
	char how[160];    /* for what decides */
};

/* Where dimension DIM of output OUTPUT of EVENT comes from. */
struct flow size_flow(const struct event *event, int output, int dim);
/* Where the dtype (or device) of an output comes from. */
struct flow size_flow_dtype(const struct event *event, int output, bool device);

/* Where its number of dimensions comes from. */
struct flow size_flow_rank(const struct event *event, int output);

/* Where the elements of an output come from: the operand that they are a view or a copy of. */
struct flow size_flow_values(const struct event *event, int output);

/* lineage_views.c: of the pieces that MAKER put together beside each other, FLOW goes on with one whose size wasn't given as a number (a class token is
 * expanded to the batch of the others), nor cut to the shortest. */
void lineage_other_piece(const struct source *source, int process, const struct event *maker, struct flow *flow);

#endif
