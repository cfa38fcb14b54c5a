/*
 * What the parts of a repro share: the program in the making, its variables, and why it can't be.
 */
#ifndef SHAPEBOX_VIEWER_ANALYSIS_REPRO_PARTS_H
#define SHAPEBOX_VIEWER_ANALYSIS_REPRO_PARTS_H

#include "../failure/failure.h"
#include "repro.h"
#include "../text.h"

#define REPRO_NAMES_MOST 64

struct repro {
	const struct source *source;
	const struct failure *failure;
	const json_t *counts;     /* the failed operation's note; NULL */
	const json_t *frames;     /* innermost first */
	json_t *lines, *notes;
	struct { char name[48]; int64_t tensor; } names[REPRO_NAMES_MOST];
	int name_count;
	char reason[400];         /* why there can't be a program; "" while there can */
	bool grads;               /* some tensor of the program requires grad */
	bool leaf;                /* a leaf that requires grad is what the operation refused */
	struct text devices;      /* that it takes, beside the CPU: "cuda:0, cuda:1" */
	struct text amounts;      /* arguments whose amount isn't recorded, with what stands for it */
};

/* Adds a piece of the program: no language but Python's. */
void repro_add(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Always false, so that one can return it; the first reason stays. */
bool repro_refuse(struct repro *repro, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* One line of the program. */
bool repro_line(struct repro *repro, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* "NAME = CALL" (NAME may be NULL), in the mode of gradients that EVENT ran in. */
bool repro_statement(struct repro *repro, const struct event *event, const char *name, const char *call);
/* What the program's reader should know. */
void repro_note(struct repro *repro, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A new variable for TENSOR (-1: for none), called like WANTED where that can be a name. NULL where there are too many. */
const char *repro_name(struct repro *repro, const char *wanted, int64_t tensor);
/* The variable that holds TENSOR, NULL if none does. */
const char *repro_named(const struct repro *repro, int64_t tensor);

/* How a tensor is related to gradients. */
enum repro_grad { REPRO_PLAIN, REPRO_LEAF, REPRO_MADE /* by an operation, from what requires grad */ };
enum repro_grad repro_grad(struct repro *repro, const struct operand *operand, int64_t before);
/* Appends the expression that makes a tensor like OPERAND of EVENT. False: there is a reason. */
bool repro_tensor(struct repro *repro, const struct event *event, const struct operand *operand, enum repro_grad grad, struct text *out);
/* Makes sure that a variable holds OPERAND of EVENT, by lines before the call where needed. NULL: there is a reason. */
enum repro_relation { REPRO_ALONE, REPRO_WITH_VIEWS /* and what it is a view of */, REPRO_WITH_MAKER /* and the operation that made it */ };
const char *repro_operand(struct repro *repro, const struct event *event, const struct operand *operand, enum repro_relation related);

/* Appends the call of EVENT's operation, all its operands made before. False: there is a reason. */
bool repro_call(struct repro *repro, const struct event *event, struct text *out);
/* Does EVENT write into OPERAND of its own? */
bool repro_writes(const struct event *event, const struct operand *operand);
/* Can a program that has PyTorch alone call EVENT's operation? */
bool repro_callable(const struct event *event);

/* The failure of a node of autograd. False: it is none that can be made, and there is a reason. */
bool repro_backward(struct repro *repro);

/* "Index 3 of input takes value 14": the place that the message tells for the value LARGEST, -1 if it tells none. */
int64_t repro_told_place(const struct repro *repro, int64_t largest);
/* "Target 171 is out of bounds": that label, where it lies between SMALLEST and LARGEST, so that neither tells it; -1. */
int64_t repro_told_label(const struct repro *repro, int64_t smallest, int64_t largest);
/* What the floating OPERAND must hold for the message to come: a number out of the range that the message tells; NULL: any. */
const char *repro_told_value(const struct repro *repro, const struct operand *operand);

#endif
