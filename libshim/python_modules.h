/*
 * The tree of nn.Modules around a failure: each frame's module path, and what the modules' parameters are.
 *
 * The root is the outermost module that the frames' variables hold and that contains the innermost frame's `self`. The
 * tree is walked through instance dictionaries (`_modules`, `_parameters`) alone, at most MODULES_MAX modules, in
 * memory of its own that python_modules_drop gives back. GIL held, inside python_quiet_begin.
 *
 * Where the outermost module that runs doesn't hold that root (it was kept in a list, or outside), it is walked as well: a
 * second root, after the first's nodes.
 */
#ifndef SHAPEBOX_LIBSHIM_PYTHON_MODULES_H
#define SHAPEBOX_LIBSHIM_PYTHON_MODULES_H

#include "python_tensor.h"
#include "python_trace.h"

#define MODULES_MAX 20000
#define MODULES_DEPTH 24
#define MODULES_ROWS 64
#define MODULES_ROOTS 6 /* weighed by python_modules_find_best */
#define MODULE_PATH_BYTES 256
#define MODULE_ROW_BYTES 300 /* of JSON, seldom more */

#define MODULE_SEVERAL (-1)
#define MODULE_NONE (-2)

struct module_node {
	struct python_object *module, *name; /* borrowed; NAME as its parent calls it, a str */
	int parent, end;                     /* indexes; nodes between this one and END are below it */
	int depth;
	bool training;
	/* What follows is of the whole subtree. */
	bool training_mixed;
	int dtype, device; /* device: type << 16 | index & 0xffff; MODULE_SEVERAL: they differ; MODULE_NONE: no parameter */
	int own_dtype, own_device;           /* the same of what it holds itself */
	int64_t parameters, trainable, unknown_grad, empty; /* elements; `empty` counts parameters without any */
};

struct python_modules {
	struct module_node *nodes;
	uint32_t *table; /* object -> node + 1, open addressing */
	int count;
	char root[MODULE_PATH_BYTES]; /* the variable that holds the root; "" where it is a frame's `self` */
	int outer;       /* the second root's node; 0: there is none */
	char outer_name[MODULE_PATH_BYTES]; /* as `root` */
};

/* Find the root among TRACE's variables and walk it. False if no frame holds a module. */
bool python_modules_find(struct python_modules *modules, const struct python_torch *torch,
			 const struct python_trace *trace);
/* Of the roots among TRACE's variables the one with the largest SCORE, the outermost of several. False if none is above 0
 * (so a score that is never looks at each tree alone). */
bool python_modules_find_best(struct python_modules *modules, const struct python_torch *torch, const struct python_trace *trace,
			      int64_t (*score)(const struct python_modules *modules, void *context), void *context);
void python_modules_drop(struct python_modules *modules);

/* Visit the parameters that node INDEX itself holds. */
void python_modules_parameters(const struct python_modules *modules, const struct python_torch *torch, int index,
			       void (*visit)(void *context, int index, struct python_object *name, struct python_object *parameter), void *context);

/* The dotted path of module OBJECT into TEXT ("model.visual.merger"); false if it isn't in the tree. */
bool python_modules_path(const struct python_modules *modules, struct python_object *object, char *text, size_t room);
/* The path of node INDEX. */
void python_modules_node_path(const struct python_modules *modules, int index, char *text, size_t room);

/* The module that FRAME runs in (its `self`), borrowed; NULL if none. */
struct python_object *python_frame_module(const struct python_torch *torch, const struct python_frame *frame);

/* python_modules_table.c: the array of rows: children of the root, as deep as their parameters differ, and as many as fit while RESERVE bytes stay free. */
void python_modules_write(struct json_writer *json, const struct python_modules *modules, uint32_t reserve);

#endif
