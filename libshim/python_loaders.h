/*
 * The data loaders of a program that is well, as member "loaders" of the note "state" (python_state.h, whose part this is):
 * [{"name","batch_size","drop_last","samples"}], those of torch.utils.data alone whose samples can be counted without asking the
 * program's own code: over a list, a TensorDataset, a Subset. GIL held, inside python_quiet_begin.
 */
#ifndef SHAPEBOX_LIBSHIM_PYTHON_LOADERS_H
#define SHAPEBOX_LIBSHIM_PYTHON_LOADERS_H

#include "python_tensor.h"
#include "python_trace.h"

/* Write the array of those that TRACE's callers hold in variables. */
void python_loaders_write(struct json_writer *json, const struct python_torch *torch, const struct python_trace *trace);
/* The array of a failure's note, member "in_order": [{"name","batch_size"}] of the loaders within reach of TRACE's frames of the program's that don't
 * shuffle, as long as json_left(JSON) stays above RESERVE. */
void python_loaders_in_order(struct json_writer *json, const struct python_torch *torch, const struct python_trace *trace, uint32_t reserve);

#endif
