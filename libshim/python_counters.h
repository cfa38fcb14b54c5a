/*
 * The program's own counters of steps, where a frame of an exception can reach them: a Trainer's state (transformers), an engine's
 * global_steps (DeepSpeed). GIL held, inside python_quiet_begin.
 */
#ifndef SHAPEBOX_LIBSHIM_PYTHON_COUNTERS_H
#define SHAPEBOX_LIBSHIM_PYTHON_COUNTERS_H

#include "json.h"
#include "python_trace.h"

/* Write the array [{"name":"self.state.global_step","value":12}, ...] of what the frames of TRACE reach; each counter once. */
void python_counters_write(struct json_writer *json, const struct python_trace *trace, uint32_t reserve);

#endif
