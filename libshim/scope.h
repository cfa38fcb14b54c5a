/*
 * Recording ranges: what PyTorch calls a record function that is no operation. A module's or a user's own, the optimizer's step, and
 * backward's nodes; and the steps of the training, which end as an optimizer's step does.
 *
 * Called by record.c on the thread that runs the range. Hot path: no malloc, no lock, no system call, no formatting.
 */
#ifndef SHAPEBOX_LIBSHIM_SCOPE_H
#define SHAPEBOX_LIBSHIM_SCOPE_H

#include <stdint.h>

#include "recorder.h"

/* The range of RECORD (at::RecordFunction), which is of SCOPE (BOX_SCOPE_*, not FUNCTION), begins; ends. */
void scope_begin(struct recorder *recorder, const char *record, uint8_t scope);
void scope_end(struct recorder *recorder, const char *record);

#endif
