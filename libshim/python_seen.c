/* Which exceptions are noted, and where they are found. See python_seen.h. */
#include <string.h>
#include <time.h>

#include "python_exception.h"
#include "python_seen.h"
#include "shim.h"

#define REMEMBERED 16
#define CHAIN_NOTED 2
#define ALIVE_NOTED 4     /* by one look */
#define ALIVE_FREE 4      /* looks; after these one in ALIVE_SECONDS */
#define ALIVE_SECONDS 30

struct seen {
	struct python_exception_key key;
	uint64_t failures; /* operations that had failed by then */
	uint64_t events;   /* that its thread had started by then */
};

static struct seen remembered[REMEMBERED]; /* under the GIL */
static uint32_t remembered_turn;
static uint64_t failures;                  /* atomic */

bool
python_seen_failure(struct python_object *exception)
{
	return python_kind(exception) == PYTHON_EXCEPTION && !python_isinstance(exception, *py.PyExc_SystemExit)
	       && !python_isinstance(exception, *py.PyExc_StopIteration)
	       && !python_isinstance(exception, *py.PyExc_StopAsyncIteration)
	       && !python_isinstance(exception, *py.PyExc_GeneratorExit);
}

static struct seen
seen_now(struct python_object *exception)
{
	struct seen now;
	uint32_t thread;

	memset(&now, 0, sizeof now);
	now.key = python_exception_key(exception);
	now.failures = __atomic_load_n(&failures, __ATOMIC_RELAXED);
	record_thread(&thread, &now.events);
	return now;
}

bool
python_seen_before(struct python_object *exception)
{
	struct seen now = seen_now(exception);

	for (int i = 0; i < REMEMBERED; i++)
		if (!memcmp(&remembered[i], &now, sizeof now))
			return true;
	remembered[remembered_turn++ % REMEMBERED] = now;
	return false;
}

/* Of an exception that is kept, whatever has happened since. */
static bool
kept_before(struct python_object *exception)
{
	struct seen now = seen_now(exception);

	for (int i = 0; i < REMEMBERED; i++)
		if (!memcmp(&remembered[i].key, &now.key, sizeof now.key))
			return true;
	remembered[remembered_turn++ % REMEMBERED] = now;
	return false;
}

bool
python_seen_handling(void)
{
	struct python_object *type = NULL, *value = NULL, *traceback = NULL;

	py.PyErr_GetExcInfo(&type, &value, &traceback);
	bool handling = python_kind(value) == PYTHON_EXCEPTION;
	python_release(type);
	python_release(value);
	python_release(traceback);
	return handling;
}

bool
python_seen_handled(const char *how)
{
	struct python_object *type = NULL, *value = NULL, *traceback = NULL;

	py.PyErr_GetExcInfo(&type, &value, &traceback);
	bool handling = python_kind(value) == PYTHON_EXCEPTION;
	if (value && python_seen_failure(value) && !python_seen_before(value))
		python_exception_note(BOX_NOTE_EXCEPTION, how, value, NULL);
	python_release(type);
	python_release(value);
	python_release(traceback);
	return handling;
}

void
python_seen_chain(struct python_object *exception)
{
	struct python_object *held[CHAIN_NOTED], *next;
	const char *relation;
	int count = 0;

	while (count < CHAIN_NOTED && (next = python_exception_next(exception, &relation)) != NULL)
		exception = held[count++] = next;
	while (count--) { /* as they happened: the first one first */
		if (python_seen_failure(held[count]) && !python_seen_before(held[count]))
			python_exception_note(BOX_NOTE_EXCEPTION, "chain", held[count], NULL);
		python_release(held[count]);
	}
}

void
python_seen_last(void)
{
	struct python_object *last = python_module_item("sys", "last_exc"); /* 3.12 on */

	if (!last)
		last = python_module_item("sys", "last_value");
	if (last && python_seen_failure(last) && !kept_before(last))
		python_exception_note(BOX_NOTE_EXCEPTION, "last", last, NULL);
}

/* The types as which PyTorch raises what an operation threw (torch/csrc/Exceptions.h). */
static bool
is_raised_by_operations(struct python_object *exception)
{
	static const char *const names[] = { "RuntimeError", "IndexError", "ValueError", "TypeError", "NotImplementedError",
					     "OutOfMemoryError", "AcceleratorError", "LinAlgError" };

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (!strcmp(python_type_name(python_type(exception)), names[i]))
			return true;
	return false;
}

static bool
may_look(void)
{
	static int looks; /* under the GIL */
	static time_t last;
	struct timespec now = { 0, 0 };

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	if (looks++ >= ALIVE_FREE && now.tv_sec - last < ALIVE_SECONDS)
		return false;
	last = now.tv_sec;
	return true;
}

void
python_seen_alive(void)
{
	struct python_object *get_objects = python_module_item("gc", "get_objects"), *objects;
	int noted = 0;

	if (!get_objects || !may_look())
		return;
	objects = py.PyObject_CallObject(get_objects, NULL);
	py.PyErr_Clear();
	if (!objects)
		return;
	/* The newest are in the youngest generation, which comes first. */
	for (long i = 0, count = python_is(objects, py.PyList_Type) ? py.PyList_Size(objects) : 0;
	     i < count && noted < ALIVE_NOTED; i++) {
		struct python_object *object = py.PyList_GetItem(objects, i), *traceback;
		if (python_kind(object) != PYTHON_EXCEPTION || !is_raised_by_operations(object))
			continue;
		traceback = py.PyException_GetTraceback(object);
		if (traceback && !kept_before(object)) {
			python_exception_note(BOX_NOTE_EXCEPTION, "kept", object, NULL);
			noted++;
		}
		python_release(traceback);
	}
	python_release(objects);
}

uint64_t
python_seen_count(void)
{
	return __atomic_add_fetch(&failures, 1, __ATOMIC_RELAXED);
}

void
python_seen_forget(void)
{
	memset(remembered, 0, sizeof remembered);
}
