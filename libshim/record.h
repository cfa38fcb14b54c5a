/*
 * What the hooks tell the recorder (hook_torch.c calls these on the thread that runs the operation).
 */
#ifndef SHAPEBOX_LIBSHIM_RECORD_H
#define SHAPEBOX_LIBSHIM_RECORD_H

#include <stdbool.h>
#include <stddef.h>

#include "torch.h"

/* PyTorch is about to look for listeners of an operation. True if it is a nested one that is not recorded, within one that
 * nobody but us listened to: it then has none, and costs nothing more. (Another tool that begins in between, on another
 * thread, hears from the next outermost operation on.) */
bool record_skips(void);

/* STEP is the StepCallbacks that PyTorch is about to use for an operation. */
void record_heard(const void *step);

/* An operation runs while nobody listens, not even us: the program has switched PyTorch's record function off. */
void record_blind(void);

/* A dispatcher call of SCHEMA with COUNT boxed VALUES is about to start (record_announce), or its start callbacks have
 * run (record_announced). Between the two, record_started takes it. */
void record_announce(const void *schema, const struct torch_value *values, size_t count);
void record_announced(void);

#endif
