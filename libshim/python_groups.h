/*
 * What an optimizer has against what is loaded into it.
 *
 * Where a failure's frames hold an optimizer and the state that it was given: how many parameters each group has here and there, and the
 * model's parameters that only one of the two can have, by shape. GIL held, inside python_quiet_begin.
 */
#ifndef SHAPEBOX_LIBSHIM_PYTHON_GROUPS_H
#define SHAPEBOX_LIBSHIM_PYTHON_GROUPS_H

#include "python_tensor.h"
#include "python_trace.h"

#define GROUPS_MOST 32      /* groups that are told */
#define GROUPS_NAMES 16     /* parameters that are named */
#define GROUPS_ROW_BYTES 500 /* of JSON */

/* Write the object (ARCHITECTURE.md "Notes", `groups`), null where no state is loaded or all groups agree, as long as json_left(JSON) stays above RESERVE. */
void python_groups_write(struct json_writer *json, const struct python_torch *torch, const struct python_trace *trace, uint32_t reserve);

#endif
