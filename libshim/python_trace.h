/*
 * Frames of a Python traceback and the values of their variables, without a trace of having looked.
 *
 * `frame.f_locals` is never asked for: up to 3.12 it leaves a dictionary behind that keeps every local alive. Variables
 * are read by layout (3.10, 3.11) or by PyFrame_GetVar (3.12 on); tracebacks by layout, since reading `tb_frame` raises
 * an audit event that the program's own hooks would see. GIL held, inside python_quiet_begin.
 */
#ifndef SHAPEBOX_LIBSHIM_PYTHON_TRACE_H
#define SHAPEBOX_LIBSHIM_PYTHON_TRACE_H

#include "json.h"
#include "python_api.h"

#define TRACE_INNER 24
#define TRACE_OUTER 16
#define TRACE_MAX (TRACE_INNER + TRACE_OUTER)
#define TRACE_CALLERS 24
#define TRACE_CALLERS_OUTER 4 /* of these, how many are the outermost of all where there are more */

struct python_frame {
	struct python_object *frame; /* borrowed from the traceback; a caller's: our own */
	struct python_object *code;  /* a reference of our own */
	int line;
	bool library;         /* inside torch's own package (its data loading is not counted as such) */
};

struct python_trace {
	struct python_frame frames[TRACE_MAX]; /* innermost first */
	int count, inner; /* of `count`, the first `inner` are innermost, the rest outermost */
	int left_out;     /* frames between the two groups */

	/* Where the exception was caught: the frames around the traceback's outermost one, innermost first. */
	struct python_frame callers[TRACE_CALLERS];
	int caller_count;
};

/* Collect the frames of TRACEBACK (may be NULL). TRACE stays valid while the traceback does; python_trace_drop it. */
void python_trace_collect(struct python_trace *trace, struct python_object *traceback);
/* Collect the frames that run now, all as callers. python_trace_drop it before they go on. */
void python_trace_here(struct python_trace *trace);
void python_trace_drop(struct python_trace *trace);

/* The members "file", "line" and "function" of FRAME's JSON object. */
void python_trace_write_place(struct json_writer *json, const struct python_frame *frame);

/* The file, and the qualified name (3.10: the name) of CODE, as str objects: borrowed, NULL if unknown. */
struct python_object *python_code_file(struct python_object *code);
struct python_object *python_code_function(struct python_object *code);
/* Whether CODE is a module's own body. */
bool python_code_is_module(struct python_object *code);

/* Who looks at variables: VISIT gets each that has a value (borrowed), in order of declaration; it returns false to
 * stop. */
struct python_visitor {
	bool (*visit)(void *context, const char *name, struct python_object *value);
	void *context;
};

/* Visit the local variables of FRAME; those of a module's body are its globals. */
void python_trace_variables(const struct python_frame *frame, const struct python_visitor *visitor);
/* The globals of FRAME: borrowed, the frame keeps them. NULL if unknown. */
struct python_object *python_trace_globals(const struct python_frame *frame);

#endif
