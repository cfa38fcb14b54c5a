/* The table of live tensors. See identity.h. */
#include <stddef.h>
#include <sys/mman.h>

#include "box.h"
#include "dictionary.h"
#include "identity.h"

#define BLOCK 256u      /* numbers a thread takes at once */

uint64_t *identity_addresses;
struct box_tensor *identity_entries;
uint32_t identity_mask;
static uint64_t address_bytes;

bool
identity_open(void)
{
	uint64_t room = shim_box.header->regions[BOX_TENSORS].size_bytes / sizeof(struct box_tensor);
	uint32_t buckets = 1;

	while (buckets * 2ull * BOX_TENSOR_BUCKET <= room)
		buckets *= 2;
	if (identity_addresses)
		munmap(identity_addresses, address_bytes);
	address_bytes = (uint64_t)buckets * BOX_TENSOR_BUCKET * sizeof *identity_addresses;
	void *memory = mmap(NULL, address_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
			    -1, 0);
	identity_addresses = memory == MAP_FAILED ? NULL : memory;
	identity_mask = buckets - 1;
	identity_entries = (struct box_tensor *)((char *)shim_box.header + shim_box.header->regions[BOX_TENSORS].offset_bytes);
	return identity_addresses != NULL;
}

/* The number that stands in SLOT, which had IMPL's address a moment ago: 0 if that tensor has ended. */
static inline uint64_t
number_of(const void *impl, uint32_t slot)
{
	uint64_t number;

	while (__builtin_expect((number = __atomic_load_n(&identity_entries[slot].tensor, __ATOMIC_ACQUIRE)) == IDENTITY_CLAIMED, 0))
		; /* a few stores away from its number */
	return __atomic_load_n(&identity_addresses[slot], __ATOMIC_ACQUIRE) == (uintptr_t)impl ? number : 0;
}

/* The slot of IMPL in its bucket, or -1. NUMBER gets its number: 0 if that tensor has ended. An address stands twice only while
 * two threads meet a tensor for the first time at the same moment: the first slot counts. */
static inline int64_t
find(const void *impl, uint64_t *number)
{
	int64_t slot = identity_slot(impl, identity_bucket(impl));

	*number = slot >= 0 ? number_of(impl, (uint32_t)slot) : 0;
	return slot;
}

/* Claim SLOT, if it is free, for IMPL. */
static inline bool
claim(const void *impl, uint32_t slot)
{
	uint64_t free_mark = 0;

	if (__atomic_load_n(&identity_entries[slot].tensor, __ATOMIC_RELAXED)
	    || !__atomic_compare_exchange_n(&identity_entries[slot].tensor, &free_mark, IDENTITY_CLAIMED, false, __ATOMIC_ACQ_REL,
					    __ATOMIC_RELAXED))
		return false;
	__atomic_store_n(&identity_addresses[slot], (uintptr_t)impl, __ATOMIC_RELEASE);
	return true;
}

/* Claim one of IMPL's bucket. -1: none is free. */
static __attribute__((noinline)) int64_t
claim_any(const void *impl)
{
	uint32_t first = identity_bucket(impl);

	for (uint32_t i = first; i < first + BOX_TENSOR_BUCKET; i++)
		if (claim(impl, i))
			return i;
	return -1;
}

static inline uint64_t
next_number(uint64_t block[2])
{
	if (block[0] == block[1]) {
		block[0] = __atomic_fetch_add(&shim_box.header->next_tensor, BLOCK, __ATOMIC_RELAXED);
		block[1] = block[0] + BLOCK;
	}
	return block[0]++;
}

/* What is known of the tensor of ENTRY having changed; NULL (counted) without room. */
static struct box_change *
change_of(struct box_tensor *entry)
{
	if (!entry->change) {
		uint64_t at = dictionary_take(BOX_CHANGES, sizeof(struct box_change));
		if (at == UINT64_MAX) {
			box_lose(BOX_LOSS_CHANGES_FULL, 1);
			return NULL;
		}
		entry->change = (uint32_t)(at / sizeof(struct box_change)) + 1;
	}
	return (struct box_change *)box_region(BOX_CHANGES) + entry->change - 1;
}

static inline struct box_place
place_of(const struct identity_event *event)
{
	return (struct box_place){ event->op, event->site, (uint32_t)shim_box.header->step };
}

static inline struct box_made
made_by(const struct identity_event *event)
{
	return (struct box_made){ event->signature, event->site, (uint32_t)shim_box.header->step, event->op };
}

/* The tensor of ENTRY is of FORM now, and was not. */
static void __attribute__((noinline))
changed(struct box_tensor *entry, uint64_t form, bool made, const struct identity_event *event)
{
	struct box_change *change = change_of(entry);
	uint64_t before = entry->form;

	entry->form = form;
	if (!change)
		return;
	if ((before ^ form) & BOX_FORM_KIND) {
		bool asked = change->asked_to && !((change->asked_to ^ form) & BOX_FORM_KIND);
		change->moved_from = before;
		change->moved_to = form;
		change->moved = asked ? change->asked : place_of(event);
		change->flags &= ~BOX_CHANGE_MOVED_SEEN;
		change->flags |= BOX_CHANGE_MOVED | (made || asked ? 0 : BOX_CHANGE_MOVED_SEEN);
	}
	if ((before ^ form) & ~BOX_FORM_KIND) {
		change->resized = place_of(event);
		change->flags &= ~BOX_CHANGE_RESIZED_SEEN;
		change->flags |= BOX_CHANGE_RESIZED | (made ? 0 : BOX_CHANGE_RESIZED_SEEN);
	}
}

void
identity_ask(const void *impl, uint64_t form, const struct identity_event *event)
{
	uint64_t number;
	int64_t slot = find(impl, &number);
	struct box_tensor *entry = number ? &identity_entries[slot] : NULL;

	if (!entry || !((entry->form ^ form) & BOX_FORM_KIND))
		return;
	struct box_change *change = change_of(entry);
	if (change) {
		change->asked = place_of(event);
		change->asked_to = form;
	}
}

void
identity_base_of(const void *impl, enum carry kind, struct identity_base *out)
{
	uint64_t number;
	int64_t slot = find(impl, &number);

	out->made.op = BOX_NONE;
	out->flags = 0;
	if (!number)
		return;
	const struct box_tensor *entry = &identity_entries[slot];
	if (entry->base.op != BOX_NONE) {
		out->made = entry->base;
		out->flags = entry->flags & (BOX_LIVE_BASE_ENTERED | BOX_LIVE_BASE_VALUES);
	} else {
		out->made = entry->maker;
		out->flags = BOX_LIVE_BASE_VALUES | (entry->flags & BOX_LIVE_ENTERED ? BOX_LIVE_BASE_ENTERED : 0);
	}
	if (kind != CARRY_ELEMENTS)
		out->flags &= ~BOX_LIVE_BASE_VALUES;
}

void
identity_remake(const void *impl, const struct identity_event *event)
{
	uint64_t number;
	int64_t slot = find(impl, &number);

	if (number)
		identity_entries[slot].maker = made_by(event);
}

uint64_t
identity_meet_changed(const void *impl, uint64_t form, bool made, const struct identity_event *event, uint64_t block[2])
{
	uint64_t number;
	int64_t slot = find(impl, &number);

	/* (Another thread's block may be further on than this one's.) */
	if (number && (int64_t)(block[0] - number) < IDENTITY_OLD) {
		struct box_tensor *known = &identity_entries[slot];
		if (__builtin_expect(known->form != form, 0))
			changed(known, form, made, event);
		return number;
	}
	if (number) /* old enough to be renumbered: its entry is free for a moment */
		__atomic_compare_exchange_n(&identity_entries[slot].tensor, &number, 0, false, __ATOMIC_ACQ_REL,
					    __ATOMIC_RELAXED);
	/* The one that its address had before, if there is such. */
	int64_t mine = slot >= 0 && claim(impl, (uint32_t)slot) ? slot : claim_any(impl);
	if (mine < 0) {
		box_lose(BOX_LOSS_TENSORS_FULL, 1);
		return 0;
	}
	struct box_tensor *entry = &identity_entries[mine];
	number = next_number(block);
	entry->number = number;
	entry->form = form;
	if (entry->change) { /* of a tensor that has ended */
		struct box_change *change = change_of(entry);
		change->flags = 0;
		change->asked_to = 0;
	}
	entry->maker = made_by(event);
	entry->flags = made ? 0 : BOX_LIVE_ENTERED;
	if (event->base) {
		entry->base = event->base->made;
		entry->flags |= event->base->flags;
	} else
		entry->base.op = BOX_NONE;
	__atomic_store_n(&entry->tensor, number, __ATOMIC_RELEASE);
	return number;
}

static __attribute__((noinline)) void
end_entry(const void *impl, uint32_t slot)
{
	uint64_t number = number_of(impl, slot);

	if (number)
		__atomic_compare_exchange_n(&identity_entries[slot].tensor, &number, 0, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
}

void
identity_end(const void *impl)
{
	if (!shim_box.base || !identity_addresses)
		return;
	uint32_t first = identity_bucket(impl);
	const uint64_t *bucket = identity_addresses + first;
#pragma GCC unroll 8
	for (uint32_t i = 0; i < BOX_TENSOR_BUCKET; i++) /* all: two threads may have met it first at the same moment */
		if (__builtin_expect(__atomic_load_n(&bucket[i], __ATOMIC_ACQUIRE) == (uintptr_t)impl, 0))
			end_entry(impl, first + i);
}

uint32_t
identity_flags(const void *impl)
{
	uint64_t number;
	int64_t slot;

	if (!shim_box.base || !identity_addresses || !impl)
		return 0;
	slot = find(impl, &number);
	return number ? __atomic_load_n(&identity_entries[slot].flags, __ATOMIC_RELAXED) : 0;
}

void
identity_mark(const void *impl, uint32_t set, uint32_t clear)
{
	uint64_t number;
	int64_t slot;

	if (!shim_box.base || !identity_addresses || !impl)
		return;
	slot = find(impl, &number);
	if (!number)
		return;
	__atomic_fetch_and(&identity_entries[slot].flags, ~clear, __ATOMIC_RELAXED);
	__atomic_fetch_or(&identity_entries[slot].flags, set, __ATOMIC_RELAXED);
}

uint64_t
tensor_identity(const void *impl)
{
	uint64_t number;

	if (!shim_box.base || !identity_addresses || !impl)
		return 0;
	find(impl, &number);
	return number;
}

void
identity_find(const uint64_t *numbers, const void **impls, uint32_t count)
{
	uint64_t least = UINT64_MAX, most = 0;

	for (uint32_t i = 0; i < count; i++) {
		impls[i] = NULL;
		if (numbers[i] && numbers[i] < least)
			least = numbers[i];
		if (numbers[i] > most)
			most = numbers[i];
	}
	if (!shim_box.base || !identity_addresses || least > most)
		return;
	for (uint32_t slot = 0; slot < (identity_mask + 1) * BOX_TENSOR_BUCKET; slot++) {
		uint64_t number = __atomic_load_n(&identity_entries[slot].tensor, __ATOMIC_ACQUIRE);
		if (number < least || number > most)
			continue;
		uintptr_t address = __atomic_load_n(&identity_addresses[slot], __ATOMIC_ACQUIRE);
		if (__atomic_load_n(&identity_entries[slot].tensor, __ATOMIC_ACQUIRE) != number)
			continue;
		for (uint32_t i = 0; i < count; i++)
			if (numbers[i] == number)
				impls[i] = (const void *)address;
	}
}
