/*
 * Identities: a number for every tensor, never used twice within a process.
 *
 * The table maps the address of a live TensorImpl to its number; the end of a tensor (TENSOR_DESTROY) frees the entry,
 * so that another tensor at the same address gets a number of its own. Lock-free, any thread, no malloc. The entries
 * lie in the box (struct box_tensor), so that what is alive, and who made it, survives the process.
 */
#ifndef SHAPEBOX_LIBSHIM_IDENTITY_H
#define SHAPEBOX_LIBSHIM_IDENTITY_H

#include <stdbool.h>
#include <stdint.h>

#include "tensor.h"

/* The event on whose behalf a tensor is met. */
struct identity_event {
	uint32_t signature, site, op;
};

/* Make the address index for the box just opened. Returns false without memory. */
bool identity_open(void);

/* The number of the tensor at IMPL, met in FORM (struct box_tensor) as an operand (or, with MADE, as an output) of EVENT;
 * a tensor not met before gets the next number of the calling thread's BLOCK (first free, end). 0 if the table has no
 * room for it. A tensor that is no longer what it was is noted as converted or resized. */
uint64_t identity_meet(const void *impl, uint64_t form, bool made, const struct identity_event *event, uint64_t block[2]);

/* EVENT asks whether the tensor at IMPL can take FORM in place: if it then does, it was there. */
void identity_ask(const void *impl, uint64_t form, const struct identity_event *event);

/* The live tensors of the COUNT NUMBERS, into IMPLS: NULL where there is none. Looks through the whole table: for a
 * failure, not for an event. */
void identity_find(const uint64_t *numbers, const void **impls, uint32_t count);

/* BOX_LIVE_* of the live tensor at IMPL (0: never met), and to change them. */
uint32_t identity_flags(const void *impl);
void identity_mark(const void *impl, uint32_t set, uint32_t clear);

/* The tensor at IMPL ends. */
void identity_end(const void *impl);

#endif
