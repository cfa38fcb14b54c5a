/*
 * What the hooks tell the recorder (hook_torch.c calls these on the thread that runs the operation).
 */
#ifndef SHAPEBOX_LIBSHIM_RECORD_H
#define SHAPEBOX_LIBSHIM_RECORD_H

#include <stdbool.h>
#include <stddef.h>

#include "torch.h"

/* STEP is the StepCallbacks that PyTorch is about to use for a FUNCTION scope. True if it is for a nested operation that
 * is not recorded and nobody but us listens: the caller then clears it, and PyTorch pays nothing for it. */
bool record_skips(void *step);

/* An operation runs while nobody listens, not even us: the program has switched PyTorch's record function off. */
void record_blind(void);

/* A dispatcher call of SCHEMA with COUNT boxed VALUES is about to start (record_announce), or its start callbacks have
 * run (record_announced). Between the two, record_started takes it. */
void record_announce(const void *schema, const struct torch_value *values, size_t count);
void record_announced(void);

#endif
