/*
 * The environment note: how the process was started.
 *
 * Only what is on the allow-list is stored, and no secret ever: values of options and variables whose names speak of
 * tokens, keys or passwords are masked before they reach the box, as are credentials in addresses. Needs no GIL and
 * no Python; no malloc.
 */
#ifndef SHAPEBOX_LIBSHIM_ENVIRONMENT_H
#define SHAPEBOX_LIBSHIM_ENVIRONMENT_H

#include <stdbool.h>
#include <stddef.h>

/* Write the note (BOX_NOTE_ENVIRONMENT) of the current process. */
void environment_note(void);
/* The same again with what Python knows (versions of loaded packages, the seed). GIL held, inside python_quiet_begin. */
void environment_note_python(void);

/* Whether variable NAME (up to '=' or its end) may be stored. */
bool environment_is_listed(const char *name);

#endif
