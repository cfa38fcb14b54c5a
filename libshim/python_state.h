/*
 * What the program holds while it is well: looked at between steps, written as the note "state" (ARCHITECTURE.md "Notes").
 *
 * A look is made by the interpreter, with the GIL, right after an optimizer of PyTorch began its step: its frame is still
 * there, and the gradients are. Looks are made at steps 1, 2, 3, 10, 20, 50, 100, 200, 500, ... The first two only remember which parameters
 * had a gradient. Reads and never asks, as at a failure; what no plain parameter holds (sharded, a subclass) is counted as unknown.
 */
#ifndef SHAPEBOX_LIBSHIM_PYTHON_STATE_H
#define SHAPEBOX_LIBSHIM_PYTHON_STATE_H

#include <stdbool.h>
#include <stdint.h>

/* Is there a look to make at an optimizer's step that begins after STEPS are finished? Hot path; any thread. */
bool python_state_due(uint64_t steps);
/* Make it. GIL held, inside python_quiet_begin. */
void python_state_look(void);
/* In a forked child: nothing was seen yet. */
void python_state_forget(void);

#endif
