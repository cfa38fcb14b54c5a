/*
 * Counts of parameters by module, for python_state_rows.c: what is counted, and which module of the tree a row stands for.
 * GIL held, inside python_quiet_begin.
 */
#ifndef SHAPEBOX_LIBSHIM_PYTHON_STATE_COUNT_H
#define SHAPEBOX_LIBSHIM_PYTHON_STATE_COUNT_H

#include "python_modules.h"

/* Kinds of rows. X(id, name): of which parameters a list tells. */
#define STATE_LISTS(X) \
	X(IDLE, "idle")       /* trainable, an optimizer's, and never had a gradient */ \
	X(UNOWNED, "unowned") /* trainable, has a gradient, and is no optimizer's */ \
	X(DEVICE, "device")   /* elsewhere than most */ \
	X(DTYPE, "dtype")     /* of another floating kind than most */ \
	X(FRESH, "fresh")     /* not trained, and random numbers were all that was ever written to it */ \
	X(NEW, "new")         /* the same of what is trained */ \
	X(RESET, "reset")     /* random numbers were written to it after it had been copied to */

enum {
#define X(id, name) LIST_##id,
	STATE_LISTS(X)
#undef X
	LISTS
};

/* Of a node and all below it. */
struct counts {
	int32_t tensors, trainable, graded, owned, unknown, copied, fresh, reset;
	int64_t elements, trainable_elements;
	int32_t among[LISTS];  /* candidates for the list: those that could be odd */
	int32_t odd[LISTS];
	int64_t odd_elements[LISTS];
};

struct counting {
	const struct python_torch *torch;
	const struct python_modules *modules;
	struct counts *counts; /* by node, one more for the roots' score */
	int device, dtype;     /* what most have; MODULE_NONE: not known yet */
	bool hooked;           /* something else moves parameters about */
	/* For a row: */
	int list;
	struct json_writer *json;
	int told;
};

bool state_is_floating(int dtype);
/* COUNTING's `device` and `dtype`: what most elements have, of the kinds that can be told from a node's own parameters. */
void state_find_majority(struct counting *counting);
/* The innermost module that has all that is odd of node INDEX. */
int state_innermost(const struct counting *counting, int index);
/* Is node INDEX between two of its parent's, one of which is as it is: a layer of a list of layers? */
bool state_is_amid(const struct counting *counting, int index);

#endif
