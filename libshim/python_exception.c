/* An exception as a note. See python_exception.h. */
#include <string.h>
#include <time.h>

#include "python_counters.h"
#include "python_exception.h"
#include "python_groups.h"
#include "python_loaders.h"
#include "python_modules.h"
#include "python_numbers.h"
#include "python_shapes.h"
#include "python_parameters.h"
#include "python_trace.h"
#include "python_values.h"
#include "python_versions.h"
#include "summary.h"

#define EXCEPTION_SUPPRESS_310 56 /* PyBaseExceptionObject.suppress_context; the cause is the word before it */
#define EXCEPTION_SUPPRESS 64     /* 3.11 on */
#define MESSAGE_CHARACTERS 8192
#define CHAIN_MESSAGE_CHARACTERS 2048
#define CHAIN_MAX 4
#define CHAIN_FRAMES 16
#define FRAMES_WITH_LOCALS 12
#define WALKS_FREE 16
#define FRAME_BYTES 400 /* room set aside for a frame without variables */

struct python_exception_key
python_exception_key(struct python_object *exception)
{
	struct python_object *traceback = py.PyException_GetTraceback(exception);
	struct python_object *arguments = python_exception_arguments(exception), *held = NULL;
	struct python_exception_key key = { exception, python_type(exception), arguments, traceback, 14695981039346656037u };
	size_t size = 0;
	const char *text = NULL;

	if (arguments && py.PyTuple_Size(arguments) > 0)
		text = python_text(py.PyTuple_GetItem(arguments, 0), 1024, &size, &held);
	for (size_t i = 0; text && i < size; i++)
		key.text = (key.text ^ (unsigned char)text[i]) * 1099511628211u;
	python_release(held);
	python_release(traceback);
	return key;
}

struct python_object *
python_exception_next(struct python_object *exception, const char **relation)
{
	struct python_object *cause = py.PyException_GetCause(exception);
	long suppress = py.minor < 11 ? EXCEPTION_SUPPRESS_310 : EXCEPTION_SUPPRESS;

	*relation = "cause";
	if (cause)
		return cause;
	*relation = "context";
	if (python_at(exception, suppress - 8) != NULL || ((char *)exception)[suppress])
		return NULL;
	return py.PyException_GetContext(exception);
}

static void
write_chain_frames(struct json_writer *json, struct python_object *exception, uint32_t reserve)
{
	struct python_object *traceback = py.PyException_GetTraceback(exception);
	struct python_trace trace;

	python_trace_collect(&trace, traceback);
	json_array_begin(json);
	for (int i = 0; i < trace.count && i < CHAIN_FRAMES && json_left(json) > reserve; i++) {
		json_object_begin(json);
		python_trace_write_place(json, &trace.frames[i]);
		json_object_end(json);
	}
	json_array_end(json);
	python_trace_drop(&trace);
	python_release(traceback);
}

static void
write_chain(struct json_writer *json, struct python_object *exception, uint32_t reserve)
{
	struct python_object *held[CHAIN_MAX];
	const char *relation;
	int count = 0;

	json_key(json, "chain");
	json_array_begin(json);
	while (count < CHAIN_MAX && json_left(json) > reserve) {
		exception = python_exception_next(exception, &relation);
		if (!exception)
			break;
		held[count++] = exception;
		json_object_begin(json);
		json_key(json, "relation");
		json_string(json, relation);
		json_key(json, "type");
		json_string(json, python_type_name(python_type(exception)));
		json_key(json, "module");
		json_string(json, python_type_module(python_type(exception)));
		json_key(json, "object");
		json_address(json, (uintptr_t)exception);
		json_key(json, "message");
		python_message_write(json, exception, CHAIN_MESSAGE_CHARACTERS);
		json_key(json, "frames");
		write_chain_frames(json, exception, reserve);
		json_object_end(json);
	}
	json_array_end(json);
	while (count)
		python_release(held[--count]);
}

/* The current thread's name as threading keeps it. */
static void
write_thread(struct json_writer *json)
{
	struct python_object *active = python_module_item("threading", "_active"), *key, *value;
	int64_t self = (int64_t)py.PyThread_get_thread_ident(), ident;
	char name[64] = "";
	long position = 0;

	while (python_kind(active) == PYTHON_DICT && py.PyDict_Next(active, &position, &key, &value))
		if (python_integer(key, &ident) && ident == self) {
			struct python_object *dict = python_dict(value);
			python_text_copy(python_item(dict, "_name"), name, sizeof name);
			python_release(dict);
			break;
		}
	json_key(json, "thread");
	json_string(json, name[0] ? name : NULL);
}

static void
write_frame(struct json_writer *json, const struct python_frame *frame, const struct python_torch *torch,
	    const struct python_modules *modules)
{
	struct python_object *module = python_frame_module(torch, frame);
	char path[MODULE_PATH_BYTES];

	python_trace_write_place(json, frame);
	json_key(json, "module");
	json_string(json, module && python_modules_path(modules, module, path, sizeof path) && path[0] ? path : NULL);
	json_key(json, "module_class");
	json_string(json, module ? python_type_name(python_type(module)) : NULL);
}

/* What the writers of frames share. */
struct frames_writer {
	struct json_writer *json;
	const struct python_torch *torch;
	const struct python_modules *modules;
	struct python_numbers *numbers;
	struct summary_budget *budget;
	int with_locals; /* frames that may still show their variables */
};

static void
write_frames(struct frames_writer *writer, const struct python_frame *frames, int count, uint32_t reserve)
{
	struct json_writer *json = writer->json;

	json_array_begin(json);
	for (int i = 0; i < count && json_left(json) > reserve; i++) {
		uint32_t others = (uint32_t)(count - i) * FRAME_BYTES;
		json_object_begin(json);
		write_frame(json, &frames[i], writer->torch, writer->modules);
		if (!frames[i].library && writer->with_locals > 0) {
			writer->with_locals--;
			json_key(json, "locals");
			python_values_write(json, writer->torch, &frames[i], writer->budget, reserve + others);
		}
		json_object_end(json);
	}
	json_array_end(json);
}

/* The named numbers of each frame that has some: [{"frame":i (callers count on after the frames), "numbers":[...]}]. */
static void
write_numbers(struct frames_writer *writer, const struct python_trace *trace, uint32_t reserve)
{
	struct json_writer *json = writer->json;

	json_key(json, "numbers");
	json_array_begin(json);
	for (int i = 0; i < trace->count + trace->caller_count && json_left(json) > reserve + 1024; i++) {
		const struct python_frame *frame = i < trace->count ? &trace->frames[i] : &trace->callers[i - trace->count];
		if (frame->library)
			continue;
		json_object_begin(json);
		json_key(json, "frame");
		json_int(json, i);
		json_key(json, "numbers");
		python_numbers_write(json, writer->numbers, writer->torch, frame, reserve);
		json_object_end(json);
	}
	json_array_end(json);
}

/* Whether a survived exception may cost a walk over the modules: the first few, then one in two seconds. */
static bool
may_walk_modules(enum box_note_kind kind)
{
	static int walks;          /* under the GIL */
	static time_t last_second;
	struct timespec now = { 0, 0 };

	if (kind == BOX_NOTE_FATAL || walks++ < WALKS_FREE)
		return true;
	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	if (now.tv_sec - last_second < 2)
		return false;
	last_second = now.tv_sec;
	return true;
}

static void
write_exception(struct json_writer *json, enum box_note_kind kind, const char *how, struct python_object *exception,
		struct python_object *traceback)
{
	uint32_t room = json->room;
	struct python_torch torch;
	struct python_trace trace;
	struct python_modules modules;
	struct python_numbers numbers;
	struct summary_budget budget;
	struct frames_writer writer = { json, &torch, &modules, &numbers, &budget, FRAMES_WITH_LOCALS };

	memset(&numbers, 0, sizeof numbers);
	summary_begin(&budget);
	python_torch_find(&torch);
	if (!may_walk_modules(kind))
		torch.module = NULL;
	python_trace_collect(&trace, traceback);
	python_modules_find(&modules, &torch, &trace);

	json_object_begin(json);
	json_key(json, "how");
	json_string(json, how);
	if (strcmp(how, "kept") && strcmp(how, "last")) /* found later, on whatever thread */
		write_thread(json);
	json_key(json, "type");
	json_string(json, python_type_name(python_type(exception)));
	json_key(json, "module");
	json_string(json, python_type_module(python_type(exception)));
	json_key(json, "object");
	json_address(json, (uintptr_t)exception);
	json_key(json, "message");
	python_message_write(json, exception, MESSAGE_CHARACTERS);
	json_key(json, "versions");
	python_versions_write(json);
	json_key(json, "counters");
	python_counters_write(json, &trace, room * 9 / 10);
	json_key(json, "frames_left_out");
	json_int(json, trace.left_out);
	json_key(json, "frames_inner");
	json_int(json, trace.inner);
	/* Of the room, the frames leave a half to what follows, and so on: a huge frame does not push out the rest. */
	json_key(json, "frames");
	write_frames(&writer, trace.frames, trace.count, room / 2);
	json_key(json, "callers");
	write_frames(&writer, trace.callers, trace.caller_count, room * 4 / 10);
	write_chain(json, exception, room * 3 / 10);
	python_shapes_write(json, &torch, &trace, room / 5);
	json_key(json, "parameters");
	python_parameters_write(json, &torch, &trace, room / 10);
	json_key(json, "in_order");
	python_loaders_in_order(json, &torch, &trace, room / 10);
	json_key(json, "groups");
	python_groups_write(json, &torch, &trace, room / 10);
	json_key(json, "modules");
	python_modules_write(json, &modules, room / 10);
	write_numbers(&writer, &trace, 64);
	json_object_end(json);

	python_modules_drop(&modules);
	python_trace_drop(&trace);
}

void
python_exception_note(enum box_note_kind kind, const char *how, struct python_object *exception,
		      struct python_object *traceback)
{
	struct python_object *own = traceback ? NULL : py.PyException_GetTraceback(exception);
	struct note note;

	if (note_begin(&note, kind, ~(uint64_t)0)) {
		write_exception(&note.json, kind, how, exception, traceback ? traceback : own);
		note_publish(&note);
	}
	py.PyErr_Clear();
	python_release(own);
}
