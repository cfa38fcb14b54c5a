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

#include "../schema/box.h"
#include "carry.h"
#include "tensor.h"

/* What a tensor about to be made is a view, copy or function of: struct box_tensor's `base`. */
struct identity_base {
	struct box_made made; /* op BOX_NONE: nothing */
	uint32_t flags;       /* BOX_LIVE_BASE_* */
};

/* The event on whose behalf a tensor is met. */
struct identity_event {
	uint32_t signature, site, op;
	const struct identity_base *base; /* of what it makes; NULL: it carries nothing on */
};

/* Make the address index for the box just opened. Returns false without memory. */
bool identity_open(void);

/* The table: BOX_TENSOR_BUCKET addresses a bucket (one cache line; atomic; 0 = never used), for each an entry of the box, and the
 * number of buckets less one. */
extern uint64_t *identity_addresses __attribute__((visibility("hidden")));
extern struct box_tensor *identity_entries __attribute__((visibility("hidden")));
extern uint32_t identity_mask __attribute__((visibility("hidden")));

/*
 * Who may write a slot: a thread that has turned its entry's number from 0 (free) into CLAIMED. Only then is the address
 * changed, so an address that still stands there after a number was read is that number's address.
 */
#define IDENTITY_CLAIMED UINT64_MAX
#define IDENTITY_OLD (1ll << 31) /* events keep 32 bits of a number: a tensor older than this gets a new one */

static inline uint32_t
identity_bucket(const void *impl)
{
	uint64_t near = (uintptr_t)impl >> 9, far = ((uintptr_t)impl >> 21) * 0x9e3779b97f4a7c15ull >> 32;

	return ((uint32_t)(near + far) & identity_mask) * BOX_TENSOR_BUCKET;
}

/* The first slot of the bucket at FIRST that has IMPL's address, or -1. */
static inline int64_t
identity_slot(const void *impl, uint32_t first)
{
	const uint64_t *bucket = identity_addresses + first;

#pragma GCC unroll 8
	for (uint32_t i = 0; i < BOX_TENSOR_BUCKET; i++)
		if (__atomic_load_n(&bucket[i], __ATOMIC_ACQUIRE) == (uintptr_t)impl)
			return first + i;
	return -1;
}

/* As identity_meet, for what isn't as it was met before. */
uint64_t identity_meet_changed(const void *impl, uint64_t form, bool made, const struct identity_event *event, uint64_t block[2]);

/* The number of the tensor at IMPL, met in FORM (struct box_tensor) as an operand (or, with MADE, as an output) of EVENT;
 * a tensor not met before gets the next number of the calling thread's BLOCK (first free, end). 0 if the table has no
 * room for it. A tensor that is no longer what it was is noted as converted or resized. */
static inline uint64_t
identity_meet(const void *impl, uint64_t form, bool made, const struct identity_event *event, uint64_t block[2])
{
	int64_t slot = identity_slot(impl, identity_bucket(impl));

	if (__builtin_expect(slot >= 0, 1)) {
		const struct box_tensor *entry = &identity_entries[slot];
		uint64_t number = __atomic_load_n(&entry->tensor, __ATOMIC_ACQUIRE);
		/* (Another thread's block may be further on than this one's.) */
		if (__builtin_expect(number - 1 < IDENTITY_CLAIMED - 1 && entry->form == form && (int64_t)(block[0] - number) < IDENTITY_OLD, 1)
		    && __atomic_load_n(&identity_addresses[slot], __ATOMIC_ACQUIRE) == (uintptr_t)impl)
			return number;
	}
	return identity_meet_changed(impl, form, made, event, block);
}

/* What the live tensor at IMPL hands on to what an operation of KIND (CARRY_ELEMENTS or CARRY_SIZES) makes of it. */
void identity_base_of(const void *impl, enum carry kind, struct identity_base *out);
/* The live tensor at IMPL, made a moment ago, is EVENT's: torch.tensor() fills what `empty` made and then hands it over. */
void identity_remake(const void *impl, const struct identity_event *event);

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
