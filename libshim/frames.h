/*
 * Python frames of the calling thread, read without the GIL.
 *
 * A thread's own frames stand still while it is inside a call, so they can be read by their layout, GIL or not. The
 * layout belongs to one minor version of CPython; it is used only after frames_verify (frames_verify.c) has found it
 * equal to the public interface on this very process. Any thread; no malloc, no lock, no call into Python.
 * Offsets: CPython's Include/internal/pycore_frame.h and Include/cpython/code.h of each version.
 */
#ifndef SHAPEBOX_LIBSHIM_FRAMES_H
#define SHAPEBOX_LIBSHIM_FRAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "frames_layout.h"

struct frame_ref {
	const void *code; /* PyCodeObject */
	int lasti;        /* byte offset of the instruction being executed, as PyCode_Addr2Line wants it */
};

/* Find the running Python and choose its layout. Returns false where there is none or its version is unknown. */
bool frames_select(void);

/* Walk the calling thread's frames, innermost first, into OUT (room for MAX). Returns how many; 0 without a Python
 * thread. Works before verification: it is what frames_verify compares. */
int frames_walk(struct frame_ref *out, int max);

/* What the code object CODE says of itself, read by layout: the Python str objects of its file name and qualified
 * name, and its first line. */
void frames_code(const void *code, const void **file, const void **function, int *first_line);

/* The text of the Python str OBJECT as UTF-8, into TEXT of ROOM bytes (cut to fit, NUL added). Returns its length. */
size_t frames_text(const void *object, char *text, size_t room);

/* The line of REF (PyCode_Addr2Line); 0 if unknown. */
int frames_line(const struct frame_ref *ref);

/* Set by frames_verify: whether the recorder may use frames. */
void frames_allow(bool allowed);

/* The layout of Python 3.MINOR is used from now on, as frames_select does. False: it is not known. */
bool frames_select_minor(int minor);

/* Hot path. The calling thread's state in Python; NULL without one, or where frames may not be used. It stays while a frame of
 * it is there. */
const void *frames_state(void);

/* Hot path. The address of the innermost frame of STATE, the calling thread's (NULL without one): tells re-entry through Python
 * apart. */
static inline const void *
frames_top(const void *state)
{
	return state ? frame_of_state(&frame_layout, state) : NULL;
}

#endif
