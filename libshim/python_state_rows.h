/*
 * The modules of a program that is well, as members of the note "state": see python_state.h, whose part this is.
 *
 * "root": the variable that holds the outermost module with most of the optimizer's parameters, "modules": as in a failure's
 * note, "model": counts over all of them, and lists of rows. A row stands for a module with all below it, the topmost of
 * which all is so; "own" where it stands for what the module itself holds alone. GIL held, inside python_quiet_begin.
 */
#ifndef SHAPEBOX_LIBSHIM_PYTHON_STATE_ROWS_H
#define SHAPEBOX_LIBSHIM_PYTHON_STATE_ROWS_H

#include "python_modules.h"

#define STATE_HAD_GRAD 1u /* at one of the looks, or now */
#define STATE_OWNED 2u    /* an optimizer that made a step has it */

#define STATE_LOOK 256u   /* flags / STATE_LOOK: how often it was looked at */
#define STATE_LOOKS 3u    /* before it is said to have had no gradient */

/* STATE_* of the parameter IMPL; 0 if it was not met. */
uint32_t state_flags(const void *impl);

/* Write the members "root", "model", "modules" and the lists; nothing where no module with such parameters is found. */
void state_write_modules(struct json_writer *json, const struct python_torch *torch, const struct python_trace *trace);

#endif
