/*
 * Exceptions of the Python program: how they come to our knowledge.
 *
 * CPython tells its audit hooks that sys.excepthook is about to run (an uncaught exception of the main thread), that an
 * exception could not be raised at all, that a file is opened, that a frame is asked for. Printing a traceback opens
 * the source files it quotes while the exception is handled, and logging looks for its caller: that is how failures in
 * threads, DataLoader workers, spawned children and `except: log` are seen. An operation that fails leaves a call
 * behind, which the interpreter makes on the main thread before long, often within the `except` block; where that is over,
 * and whenever code is run or a file opened, exceptions that somebody kept are looked for (python_seen.h).
 *
 * The hook costs a few ns for other events. Nothing is done before the process uses PyTorch, but that a rank which dies before its
 * first operation is recorded for its exception.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "box.h"
#include "environment.h"
#include "file.h"
#include "frames.h"
#include "helper.h"
#include "install.h"
#include "python_enter.h"
#include "python_exception.h"
#include "python_late.h"
#include "python_seen.h"
#include "python_state.h"
#include "python_trace.h"
#include "shim.h"

#define IMPORTS_MAX 200

static int imports_seen;                    /* of torch's, looked at */
static bool started, verified;
static bool postponed;                      /* the hook is added when recording begins */
static char torch_version[32];              /* "" until torch tells */

bool
python_has_torch(void)
{
	return torch_version[0];
}

static bool
ends_with_py(struct python_object *path)
{
	char text[4096];
	size_t size = strlen(python_text_copy(path, text, sizeof text));

	return size > 3 && !strcmp(text + size - 3, ".py");
}

/* The file of the running Python code into TEXT. */
static char *
running_file(char *text, size_t room)
{
	struct python_object *frame = py.PyEval_GetFrame(), *code = frame ? py.PyFrame_GetCode(frame) : NULL;

	text[0] = 0;
	if (code)
		python_text_copy(python_code_file(code), text, room);
	python_release(code);
	return text;
}

static void
see_open(struct python_object *arguments)
{
	char file[16];

	/* The import system opens .py files, too. */
	if (ends_with_py(py.PyTuple_GetItem(arguments, 0)) && strncmp(running_file(file, sizeof file), "<frozen ", 8))
		python_seen_handled("traceback");
	py.PyErr_Clear();
}

/* Logging looks for its caller's frame. What is logged while an exception is being handled is most likely about it; and
 * the files of a second traceback are not opened again. */
static void
see_frame_request(void)
{
	static const char logging[] = "/logging/__init__.py";
	char file[4096];
	size_t size = strlen(running_file(file, sizeof file));

	if (size >= sizeof logging - 1 && !strcmp(file + size - (sizeof logging - 1), logging))
		python_seen_handled("logging");
}

/* sys.excepthook: (hook, type, value, traceback). */
static void
see_uncaught(struct python_object *arguments)
{
	struct python_object *value = py.PyTuple_GetItem(arguments, 2), *traceback = py.PyTuple_GetItem(arguments, 3);

	py.PyErr_Clear();
	if (value && python_seen_failure(value)) {
		python_seen_chain(value);
		python_seen_before(value); /* what its printing opens is no news */
		python_exception_note(BOX_NOTE_FATAL, "excepthook", value,
				      python_is(traceback, py.PyTraceBack_Type) ? traceback : NULL);
	}
}

/* sys.unraisablehook: (hook, (type, value, traceback, message, object)). */
static void
see_unraisable(struct python_object *arguments)
{
	struct python_object *unraisable = py.PyTuple_GetItem(arguments, 1);
	struct python_object *value = python_kind(unraisable) == PYTHON_TUPLE ? py.PyTuple_GetItem(unraisable, 1) : NULL;

	py.PyErr_Clear();
	if (value && python_seen_failure(value) && !python_seen_before(value))
		python_exception_note(BOX_NOTE_EXCEPTION, "unraisable", value, NULL);
}

/* The import of torch is the first moment that is worth comparing frames: the GIL is held and Python code runs. */
static void
see_import(struct python_object *arguments)
{
	char name[8];

	python_text_copy(py.PyTuple_GetItem(arguments, 0), name, sizeof name);
	py.PyErr_Clear();
	if (strncmp(name, "torch", 5) && !box_is_there())
		return;
	imports_seen++;
	if (!verified)
		verified = frames_verify();
	if (!torch_version[0])
		python_text_copy(python_module_item("torch.version", "__version__"), torch_version, sizeof torch_version);
	py.PyErr_Clear();
}

/* Is a rank about to die of an exception before its first operation? Then recording begins here. */
static bool
begins_with(const char *event)
{
	if (box_is_there() || strcmp(event, "sys.excepthook") || !helper_is_rank())
		return false;
	install_now();
	return box_is_there();
}

static void
see(const char *event, struct python_object *arguments)
{
	struct python_quiet quiet;

	if (!python_enter(&quiet))
		return;
	if (python_is(arguments, py.PyTuple_Type) && python_usable()) {
		if (!strcmp(event, "import"))
			see_import(arguments);
		if (box_is_there() || (begins_with(event) && python_usable())) {
			if (!strcmp(event, "open"))
				see_open(arguments);
			else if (!strcmp(event, "sys.excepthook"))
				see_uncaught(arguments);
			else if (!strcmp(event, "sys.unraisablehook"))
				see_unraisable(arguments);
			else if (!strcmp(event, "sys._getframe"))
				see_frame_request();
			if (event[0] != 's')
				python_seen_last();
		}
	}
	python_leave(&quiet);
}

static int
audit(const char *event, struct python_object *arguments, void *user)
{
	(void)user;
	switch (event[0]) {
	case 'i':
		if ((!verified || !torch_version[0]) && imports_seen < IMPORTS_MAX && !strcmp(event, "import"))
			see(event, arguments);
		break;
	case 'e': /* the next cell of a notebook is run: the one before may have failed */
		if (box_is_there() && !strcmp(event, "exec"))
			see(event, arguments);
		break;
	case 'o':
		if (event[1] == 'p' && box_is_there() && !strcmp(event, "open"))
			see(event, arguments);
		break;
	case 's':
		if ((python_has_torch() && !strcmp(event, "sys.excepthook"))
		    || (box_is_there()
			&& (!strcmp(event, "sys.unraisablehook") || (!strcmp(event, "sys._getframe") && python_seen_handling()))))
			see(event, arguments);
		break;
	}
	return 0;
}

/* Will this interpreter change its allocator when it starts? With -X dev or PYTHONMALLOC=debug it does, and at its end it
 * frees the entry of a hook that was added before with the wrong one, and aborts. The hook is then added later. */
static bool
allocator_will_change(void)
{
	const char *dev = getenv("PYTHONDEVMODE"), *allocator = getenv("PYTHONMALLOC");
	char arguments[4096];
	size_t size = file_read("/proc/self/cmdline", arguments, sizeof arguments - 1);
	bool option = false;

	arguments[size] = 0;
	for (size_t at = 0; at < size; at += strlen(arguments + at) + 1) {
		const char *word = arguments + at;
		if (option && !strcmp(word, "dev"))
			return true;
		option = word[0] == '-' && word[1] && word[strlen(word) - 1] == 'X';
		if (word[0] == '-' && strstr(word, "Xdev"))
			return true;
	}
	return (dev && *dev) || (allocator && *allocator);
}

void
python_start(void)
{
	int saved_errno = errno;

	if (!started && python_api_load()) {
		postponed = allocator_will_change();
		if (!postponed)
			started = !py.PySys_AddAuditHook(audit, NULL);
		if (started || postponed)
			python_late_begin();
	}
	errno = saved_errno;
}

static void
tell_versions(struct box_header *header)
{
	const char *version = py.Py_GetVersion();
	size_t size = strcspn(version, " ");

	if (size < sizeof header->python_version)
		memcpy(header->python_version, version, size);
	memcpy(header->torch_version, torch_version, sizeof torch_version);
}

void
python_start_late(void)
{
	if (started || !postponed)
		return;
	started = !py.PySys_AddAuditHook(audit, NULL);
	postponed = false;
	verified = frames_verify();
	python_text_copy(python_module_item("torch.version", "__version__"), torch_version, sizeof torch_version);
	py.PyErr_Clear();
	if (started)
		tell_versions(shim_box.header);
	else
		box_check(BOX_CHECK_PYTHON, false);
}

void
python_recording(void)
{
	if (!started && !postponed)
		box_check(BOX_CHECK_PYTHON, false);
	if (verified)
		frames_verify(); /* known already: it only tells the box */
	if (started)
		tell_versions(shim_box.header);
	environment_note();
	python_want(PYTHON_START | PYTHON_ENVIRONMENT); /* the environment: for programs that never make a step */
}

void
python_forked(void)
{
	python_seen_forget();
	python_state_forget();
	python_enter_forked();
	python_late_forked();
}
