/*
 * What the program calls the tensors that a failed operation's note tells of (lists.h), where they are parameters or views of some.
 *
 * The modules that a failure's frames hold are walked, and a parameter whose elements lie where such a tensor's did has its name. GIL held,
 * inside python_quiet_begin.
 */
#ifndef SHAPEBOX_LIBSHIM_PYTHON_PARAMETERS_H
#define SHAPEBOX_LIBSHIM_PYTHON_PARAMETERS_H

#include "python_tensor.h"
#include "python_trace.h"

#define PARAMETERS_ROW_BYTES 400 /* of JSON */

/* Write the array of their names (ARCHITECTURE.md "Notes", `parameters`) as long as json_left(JSON) stays above RESERVE. */
void python_parameters_write(struct json_writer *json, const struct python_torch *torch, const struct python_trace *trace, uint32_t reserve);

#endif
