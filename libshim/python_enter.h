/*
 * Looking into Python without being noticed: one look at a time on a thread, with the program's error indicator and its collector
 * put aside. The GIL must be held.
 */
#ifndef SHAPEBOX_LIBSHIM_PYTHON_ENTER_H
#define SHAPEBOX_LIBSHIM_PYTHON_ENTER_H

#include "python_api.h"

/* False, and nothing to leave: this thread is looking already (what we do raises audit events, and lets pending calls be made), or
 * the interpreter isn't up. */
bool python_enter(struct python_quiet *quiet);
void python_leave(struct python_quiet *quiet);

/* Inside: is this Python laid out as we know it? Found out once; goes into the box when there is one. */
bool python_usable(void);

/* In a forked child: its box hasn't been told, and it looks at nothing. */
void python_enter_forked(void);

#endif
