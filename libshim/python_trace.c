/* Tracebacks, frames and their variables. See python_trace.h. */
#include <string.h>

#include "python_trace.h"

#define TRACEBACK_NEXT 16  /* PyTracebackObject, equal in 3.10 to 3.14 */
#define TRACEBACK_FRAME 24
#define TRACEBACK_LASTI 32
#define TRACEBACK_LINE 36
#define WALK_MAX 100000
#define GLOBALS_MAX 4096

/* PyCodeObject, PyFrameObject and _PyInterpreterFrame: Include/cpython/code.h, Include/internal/pycore_frame.h. */
#define CODE_310_LOCAL_COUNT 28
#define CODE_310_VARNAMES 72
#define CODE_310_FREEVARS 80
#define CODE_310_CELLVARS 88
#define CODE_310_FILE 104
#define CODE_310_NAME 112
#define FRAME_310_GLOBALS 48
#define FRAME_310_LOCALS 352
#define CODE_311_COUNT 76
#define CODE_311_NAMES 96
#define CODE_311_KINDS 104
#define FRAME_311_INNER 24
#define INNER_311_CODE 32
#define INNER_311_OBJECT 40
#define INNER_311_LOCALS 72
#define KIND_CELL 0xc0 /* CO_FAST_CELL | CO_FAST_FREE */
#define CODE_NEWER_FILE 112 /* 3.11 to 3.14 */
#define CODE_NEWER_NAME 120
#define CODE_NEWER_QUALIFIED 128

struct python_object *
python_code_file(struct python_object *code)
{
	return python_at(code, py.minor < 11 ? CODE_310_FILE : CODE_NEWER_FILE);
}

struct python_object *
python_code_function(struct python_object *code)
{
	return python_at(code, py.minor < 11 ? CODE_310_NAME : CODE_NEWER_QUALIFIED);
}

bool
python_code_is_module(struct python_object *code)
{
	char name[16];

	python_text_copy(python_at(code, py.minor < 11 ? CODE_310_NAME : CODE_NEWER_NAME), name, sizeof name);
	return !strcmp(name, "<module>");
}

/* Whether FILE belongs to torch itself: ".../site-packages/torch/...". Its data loading runs the user's code: no. */
static bool
file_is_library(struct python_object *file)
{
	char text[1024], *package;

	python_text_copy(file, text, sizeof text);
	package = strstr(text, "-packages/torch/");
	return package && strncmp(package, "-packages/torch/utils/data/", 27);
}

static void
frame_fill(struct python_frame *out, struct python_object *traceback)
{
	int line = *(int *)((char *)traceback + TRACEBACK_LINE);

	out->frame = python_at(traceback, TRACEBACK_FRAME);
	out->code = py.PyFrame_GetCode(out->frame);
	if (line == -1) /* 3.12 on: found when asked for */
		line = py.PyCode_Addr2Line(out->code, *(int *)((char *)traceback + TRACEBACK_LASTI));
	out->line = line > 0 ? line : 0;
	out->library = file_is_library(python_code_file(out->code));
}

static struct python_object *
traceback_next(struct python_object *traceback)
{
	struct python_object *next = python_at(traceback, TRACEBACK_NEXT);

	return python_is(next, py.PyTraceBack_Type) ? next : NULL;
}

static void
caller_fill(struct python_frame *out, struct python_object *caller)
{
	out->frame = caller;
	out->code = py.PyFrame_GetCode(caller);
	out->line = py.PyFrame_GetLineNumber(caller);
	out->library = file_is_library(python_code_file(out->code));
}

/* CALLER (a reference, taken over) and the frames around it: they are still running. The first, and the outermost ones, which tell
 * whose program it is. */
static void
collect_callers(struct python_trace *trace, struct python_object *caller)
{
	struct python_object *last[TRACE_CALLERS_OUTER] = { NULL };
	int total = 0;

	for (; caller && total < TRACE_CALLERS - TRACE_CALLERS_OUTER; total++) {
		caller_fill(&trace->callers[trace->caller_count++], caller);
		caller = py.PyFrame_GetBack(caller);
	}
	for (; caller && total < WALK_MAX; total++) {
		python_release(last[total % TRACE_CALLERS_OUTER]);
		last[total % TRACE_CALLERS_OUTER] = caller;
		caller = py.PyFrame_GetBack(caller);
	}
	python_release(caller);
	for (int i = 0; i < TRACE_CALLERS_OUTER; i++)
		if (last[(total + i) % TRACE_CALLERS_OUTER])
			caller_fill(&trace->callers[trace->caller_count++], last[(total + i) % TRACE_CALLERS_OUTER]);
}

void
python_trace_collect(struct python_trace *trace, struct python_object *traceback)
{
	/* A traceback begins with the outermost frame: the last TRACE_INNER are known only at its end. */
	struct python_object *last[TRACE_INNER], *first[TRACE_OUTER];
	int total = 0;

	memset(trace, 0, sizeof *trace);
	if (!python_is(traceback, py.PyTraceBack_Type))
		return;
	for (; traceback && total < WALK_MAX; traceback = traceback_next(traceback)) {
		if (!python_is(python_at(traceback, TRACEBACK_FRAME), py.PyFrame_Type))
			break;
		if (total < TRACE_OUTER)
			first[total] = traceback;
		last[total++ % TRACE_INNER] = traceback;
	}
	trace->inner = total < TRACE_INNER ? total : TRACE_INNER;
	int outer = total - trace->inner < TRACE_OUTER ? total - trace->inner : TRACE_OUTER;
	trace->left_out = total - trace->inner - outer;
	for (int i = 0; i < trace->inner; i++)
		frame_fill(&trace->frames[trace->count++], last[(total - 1 - i) % TRACE_INNER]);
	for (int i = outer - 1; i >= 0; i--)
		frame_fill(&trace->frames[trace->count++], first[i]);
	if (trace->count)
		collect_callers(trace, py.PyFrame_GetBack(trace->frames[trace->count - 1].frame));
}

void
python_trace_here(struct python_trace *trace)
{
	struct python_object *frame = py.PyEval_GetFrame();

	memset(trace, 0, sizeof *trace);
	if (!frame)
		return;
	py.Py_IncRef(frame);
	collect_callers(trace, frame);
}

void
python_trace_write_place(struct json_writer *json, const struct python_frame *frame)
{
	struct python_object *held;
	size_t size;
	const char *text = python_text(python_code_file(frame->code), 1024, &size, &held);

	json_key(json, "file");
	json_text(json, text, size);
	python_release(held);
	json_key(json, "line");
	json_int(json, frame->line);
	text = python_text(python_code_function(frame->code), 512, &size, &held);
	json_key(json, "function");
	json_text(json, text, size);
	python_release(held);
}

void
python_trace_drop(struct python_trace *trace)
{
	for (int i = 0; i < trace->count; i++)
		python_release(trace->frames[i].code);
	for (int i = 0; i < trace->caller_count; i++) {
		python_release(trace->callers[i].code);
		python_release(trace->callers[i].frame);
	}
	trace->count = trace->caller_count = 0;
}

struct python_object *
python_trace_globals(const struct python_frame *frame)
{
	struct python_object *globals;

	if (py.minor < 11)
		return python_at(frame->frame, FRAME_310_GLOBALS);
	globals = py.PyFrame_GetGlobals(frame->frame);
	python_release(globals);
	return globals;
}

static void
globals_visit(const struct python_frame *frame, const struct python_visitor *visitor)
{
	struct python_object *globals = python_trace_globals(frame), *key, *value;
	char name[128];
	long position = 0;

	if (python_kind(globals) == PYTHON_DICT)
		for (int i = 0; i < GLOBALS_MAX && py.PyDict_Next(globals, &position, &key, &value); i++) {
			python_text_copy(key, name, sizeof name);
			if (name[0] && strncmp(name, "__", 2) && !visitor->visit(visitor->context, name, value))
				break;
		}
}

/* Visit one slot. A captured variable is in a cell. */
static bool
slot_visit(struct python_object *name, struct python_object *value, bool cell, const struct python_visitor *visitor)
{
	char text[128];
	struct python_object *held = NULL;
	bool more = true;

	if (cell && python_is(value, py.PyCell_Type))
		value = held = py.PyCell_Get(value);
	if (value && python_text_copy(name, text, sizeof text)[0])
		more = visitor->visit(visitor->context, text, value);
	python_release(held);
	return more;
}

static bool
slots_visit_310(struct python_object *frame, struct python_object *names, long first, bool cells,
		const struct python_visitor *visitor)
{
	long count = python_is(names, py.PyTuple_Type) ? py.PyTuple_Size(names) : 0;
	const char *locals = (const char *)frame + FRAME_310_LOCALS;

	for (long i = 0; i < count; i++)
		if (!slot_visit(py.PyTuple_GetItem(names, i), python_at(locals, 8 * (first + i)), cells, visitor))
			return false;
	return true;
}

static void
locals_visit_310(const struct python_frame *frame, const struct python_visitor *visitor)
{
	struct python_object *variables = python_at(frame->code, CODE_310_VARNAMES);
	struct python_object *cells = python_at(frame->code, CODE_310_CELLVARS);
	long first = *(int *)((char *)frame->code + CODE_310_LOCAL_COUNT);

	if (!python_is(variables, py.PyTuple_Type) || py.PyTuple_Size(variables) != first
	    || !python_is(cells, py.PyTuple_Type))
		return;
	if (slots_visit_310(frame->frame, variables, 0, false, visitor)
	    && slots_visit_310(frame->frame, cells, first, true, visitor))
		slots_visit_310(frame->frame, python_at(frame->code, CODE_310_FREEVARS),
				first + py.PyTuple_Size(cells), true, visitor);
}

static void
locals_visit_311(const struct python_frame *frame, const struct python_visitor *visitor)
{
	const char *inner = python_at(frame->frame, FRAME_311_INNER);
	struct python_object *names = python_at(frame->code, CODE_311_NAMES);
	long count = *(int *)((char *)frame->code + CODE_311_COUNT), size = 0;
	char *kinds;

	/* A frame that has been left belongs to its object, and names none. */
	if (!inner || python_at(inner, INNER_311_CODE) != frame->code
	    || (python_at(inner, INNER_311_OBJECT) && python_at(inner, INNER_311_OBJECT) != frame->frame)
	    || !python_is(names, py.PyTuple_Type)
	    || py.PyTuple_Size(names) != count
	    || py.PyBytes_AsStringAndSize(python_at(frame->code, CODE_311_KINDS), &kinds, &size) || size != count)
		return;
	for (long i = 0; i < count; i++)
		if (!slot_visit(py.PyTuple_GetItem(names, i), python_at(inner, INNER_311_LOCALS + 8 * i),
				kinds[i] & KIND_CELL, visitor))
			return;
}

static bool
tuple_has(struct python_object *tuple, struct python_object *item)
{
	for (long i = 0; i < py.PyTuple_Size(tuple); i++)
		if (py.PyTuple_GetItem(tuple, i) == item)
			return true;
	return false;
}

/* Visit the variables of NAMES, those that are also in SEEN (captured arguments) left out. */
static bool
names_visit(struct python_object *frame, struct python_object *names, struct python_object *seen,
	    const struct python_visitor *visitor)
{
	bool more = true;

	for (long i = 0; names && more && i < py.PyTuple_Size(names); i++) {
		struct python_object *name = py.PyTuple_GetItem(names, i), *value;
		if (seen && tuple_has(seen, name))
			continue;
		value = py.PyFrame_GetVar(frame, name);
		if (!value)
			py.PyErr_Clear(); /* no value yet, or deleted */
		else
			more = slot_visit(name, value, false, visitor);
		python_release(value);
	}
	return more;
}

static void
locals_visit_newer(const struct python_frame *frame, const struct python_visitor *visitor)
{
	struct python_object *variables = py.PyCode_GetVarnames(frame->code);
	struct python_object *cells = py.PyCode_GetCellvars(frame->code);
	struct python_object *freevars = py.PyCode_GetFreevars(frame->code);

	if (names_visit(frame->frame, variables, NULL, visitor)
	    && names_visit(frame->frame, cells, variables, visitor))
		names_visit(frame->frame, freevars, NULL, visitor);
	python_release(variables);
	python_release(cells);
	python_release(freevars);
	py.PyErr_Clear();
}

void
python_trace_variables(const struct python_frame *frame, const struct python_visitor *visitor)
{
	if (!frame->code || !python_is(frame->code, py.PyCode_Type))
		return;
	if (python_code_is_module(frame->code))
		globals_visit(frame, visitor);
	else if (py.minor >= 12)
		locals_visit_newer(frame, visitor);
	else if (py.minor == 11)
		locals_visit_311(frame, visitor);
	else
		locals_visit_310(frame, visitor);
}
