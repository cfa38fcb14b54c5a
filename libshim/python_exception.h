/*
 * An exception as a note: what it says, what it was raised from, its frames with their variables, the modules around.
 *
 * Reads and never asks: no __str__, __repr__ or property of the program's own classes runs. GIL held, inside
 * python_quiet_begin. The JSON is described in ARCHITECTURE.md, "Notes".
 */
#ifndef SHAPEBOX_LIBSHIM_PYTHON_EXCEPTION_H
#define SHAPEBOX_LIBSHIM_PYTHON_EXCEPTION_H

#include "note.h"
#include "python_api.h"

/* Write EXCEPTION, with TRACEBACK (NULL: its own), as a note of KIND; HOW it was seen. */
void python_exception_note(enum box_note_kind kind, const char *how, struct python_object *exception,
			   struct python_object *traceback);

/* What tells one exception from another at the same address. Borrowed pointers, for comparing only. */
struct python_exception_key {
	const void *exception, *type, *arguments, *traceback;
	uint64_t text; /* hash of what it says: addresses are used again at once */
};
struct python_exception_key python_exception_key(struct python_object *exception);

/* What EXCEPTION was raised from, as a traceback would tell: a new reference, or NULL. RELATION: "cause", "context". */
struct python_object *python_exception_next(struct python_object *exception, const char **relation);

/* python_message.c: what EXCEPTION says, at most 8 KB, as far as it can be known without its class's own code. */
void python_message_write(struct json_writer *json, struct python_object *exception, long max);
/* Its `args`, NULL if they are not where they should be; borrowed. */
struct python_object *python_exception_arguments(struct python_object *exception);

#endif
