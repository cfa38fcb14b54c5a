/*
 * What the hooks tell the recorder (hook_torch.c calls these on the thread that runs the operation).
 */
#ifndef SHAPEBOX_LIBSHIM_RECORD_H
#define SHAPEBOX_LIBSHIM_RECORD_H

#include <stdbool.h>
#include <stddef.h>

#include "frames.h"
#include "recorder.h"
#include "torch.h"

/* PyTorch is about to look for listeners of an operation. True if it is a nested one that is not recorded, within one that
 * nobody but us listened to: it then has none, and costs nothing more. (Another tool that begins in between, on another
 * thread, hears from the next outermost operation on.) */
static inline bool
record_skips(void)
{
	const struct recorder *recorder = recorder_self;
	const struct open_op *around = recorder ? recorder->around : NULL;

	return around && frame_of_state(&frame_layout, around->state) == around->frame;
}

/* The same where the operation around it has no Python frame: in a thread of the autograd engine. */
static inline bool
record_skips_apart(void)
{
	const struct open_op *leaf = recorder_self ? recorder_leaf(recorder_self) : NULL;

	return leaf && !leaf->frame && !frames_top(frames_state());
}

/* STEP is the StepCallbacks that PyTorch is about to use for an operation. */
static inline void
record_heard(const void *step)
{
	struct recorder *recorder = recorder_self;

	if (!recorder)
		return;
	recorder->alone = torch.steps_known && torch_step_is_ours(step);
	recorder_look_around(recorder);
}

/* An operation runs while nobody listens, not even us: the program has switched PyTorch's record function off. */
void record_blind(void);

/* The calling thread's recorder, where there is none yet, or none that knows PyTorch. NULL (counted): too many threads. */
struct recorder *record_thread_begins(void);

/* A dispatcher call of SCHEMA with COUNT boxed VALUES is about to start (record_announce), or its start callbacks have
 * run (record_announced). Between the two, record_started takes it. */
static inline void
record_announce(const void *schema, const struct torch_value *values, size_t count)
{
	struct recorder *recorder = recorder_self;

	if (__builtin_expect(!recorder || !recorder->exception_globals, 0) && !(recorder = record_thread_begins()))
		return;
	recorder->pending_schema = schema;
	recorder->pending_values = values;
	recorder->pending_count = count;
}

static inline void
record_announced(void)
{
	if (__builtin_expect(recorder_self != NULL, 1))
		recorder_self->pending_schema = NULL;
}

#endif
