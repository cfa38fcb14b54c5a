/* The table of live tensors. See identity.h. */
#include <stddef.h>
#include <sys/mman.h>

#include "box.h"
#include "dictionary.h"
#include "identity.h"

#define BLOCK 256u      /* numbers a thread takes at once */
#define OLD (1ull << 31) /* events keep 32 bits of a number: a tensor older than this gets a new one */

static uint64_t *addresses; /* atomic; BOX_TENSOR_BUCKET per bucket: one cache line; 0 = never used */
static uint64_t address_bytes;
static uint32_t bucket_mask;

bool
identity_open(void)
{
	uint64_t entries = shim_box.header->regions[BOX_TENSORS].size_bytes / sizeof(struct box_tensor);
	uint32_t buckets = 1;

	while (buckets * 2ull * BOX_TENSOR_BUCKET <= entries)
		buckets *= 2;
	if (addresses)
		munmap(addresses, address_bytes);
	address_bytes = (uint64_t)buckets * BOX_TENSOR_BUCKET * sizeof *addresses;
	void *memory = mmap(NULL, address_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
			    -1, 0);
	addresses = memory == MAP_FAILED ? NULL : memory;
	bucket_mask = buckets - 1;
	return addresses != NULL;
}

static inline uint32_t
bucket_of(const void *impl)
{
	uint64_t hash = (uintptr_t)impl * 0x9e3779b97f4a7c15ull;

	return ((uint32_t)(hash >> 32) & bucket_mask) * BOX_TENSOR_BUCKET;
}

static inline struct box_tensor *
entry_at(uint32_t slot)
{
	return (struct box_tensor *)box_region(BOX_TENSORS) + slot;
}

/*
 * Who may write a slot: a thread that has turned its entry's number from 0 (free) into CLAIMED. Only then is the address
 * changed, so an address that still stands there after a number was read is that number's address.
 */
#define CLAIMED UINT64_MAX

/* The slot of IMPL in its bucket, or -1. NUMBER gets its number: 0 if that tensor has ended. */
static inline int64_t
find(const void *impl, uint64_t *number)
{
	uint32_t first = bucket_of(impl);
	int64_t ended = -1;

	for (uint32_t i = first; i < first + BOX_TENSOR_BUCKET; i++) {
		if (__atomic_load_n(&addresses[i], __ATOMIC_ACQUIRE) != (uintptr_t)impl)
			continue;
		while ((*number = __atomic_load_n(&entry_at(i)->tensor, __ATOMIC_ACQUIRE)) == CLAIMED)
			; /* a few stores away from its number */
		if (__atomic_load_n(&addresses[i], __ATOMIC_ACQUIRE) != (uintptr_t)impl)
			continue;
		if (*number)
			return i;
		ended = i;
	}
	*number = 0;
	return ended;
}

/* Claim a slot for IMPL: the one that its address had before (SLOT >= 0), else one that is free. -1: none. */
static int64_t
claim(const void *impl, int64_t slot)
{
	uint32_t first = slot >= 0 ? (uint32_t)slot : bucket_of(impl);

	for (uint32_t i = first; i < (slot >= 0 ? first + 1 : first + BOX_TENSOR_BUCKET); i++) {
		uint64_t free_mark = 0;
		if (__atomic_load_n(&entry_at(i)->tensor, __ATOMIC_RELAXED)
		    || !__atomic_compare_exchange_n(&entry_at(i)->tensor, &free_mark, CLAIMED, false, __ATOMIC_ACQ_REL,
						    __ATOMIC_RELAXED))
			continue;
		__atomic_store_n(&addresses[i], (uintptr_t)impl, __ATOMIC_RELEASE);
		return i;
	}
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
	struct box_tensor *entry = number ? entry_at((uint32_t)slot) : NULL;

	if (!entry || !((entry->form ^ form) & BOX_FORM_KIND))
		return;
	struct box_change *change = change_of(entry);
	if (change) {
		change->asked = place_of(event);
		change->asked_to = form;
	}
}

uint64_t
identity_meet(const void *impl, uint64_t form, bool made, const struct identity_event *event, uint64_t block[2])
{
	uint64_t number;
	int64_t slot = find(impl, &number);

	if (number && block[0] - number < OLD) {
		struct box_tensor *known = entry_at((uint32_t)slot);
		if (__builtin_expect(known->form != form, 0))
			changed(known, form, made, event);
		return number;
	}
	if (number) /* old enough to be renumbered: its entry is free for a moment */
		__atomic_compare_exchange_n(&entry_at((uint32_t)slot)->tensor, &number, 0, false, __ATOMIC_ACQ_REL,
					    __ATOMIC_RELAXED);
	int64_t mine = claim(impl, slot);
	if (mine < 0 && slot >= 0)
		mine = claim(impl, -1);
	if (mine < 0) {
		box_lose(BOX_LOSS_TENSORS_FULL, 1);
		return 0;
	}
	struct box_tensor *entry = entry_at((uint32_t)mine);
	number = next_number(block);
	entry->number = number;
	entry->form = form;
	if (entry->change) { /* of a tensor that has ended */
		struct box_change *change = change_of(entry);
		change->flags = 0;
		change->asked_to = 0;
	}
	entry->maker_signature = event->signature;
	entry->maker_site = event->site;
	entry->maker_op = event->op;
	entry->maker_step = (uint32_t)shim_box.header->step;
	entry->flags = made ? 0 : BOX_LIVE_ENTERED;
	__atomic_store_n(&entry->tensor, number, __ATOMIC_RELEASE);
	return number;
}

void
identity_end(const void *impl)
{
	uint64_t number;
	int64_t slot;

	if (!shim_box.base || !addresses)
		return;
	/* More than once if two threads met it first at the same moment. */
	while ((slot = find(impl, &number)) >= 0 && number)
		__atomic_compare_exchange_n(&entry_at((uint32_t)slot)->tensor, &number, 0, false, __ATOMIC_ACQ_REL,
					    __ATOMIC_RELAXED);
}

uint32_t
identity_flags(const void *impl)
{
	uint64_t number;
	int64_t slot;

	if (!shim_box.base || !addresses || !impl)
		return 0;
	slot = find(impl, &number);
	return number ? __atomic_load_n(&entry_at((uint32_t)slot)->flags, __ATOMIC_RELAXED) : 0;
}

void
identity_mark(const void *impl, uint32_t set, uint32_t clear)
{
	uint64_t number;
	int64_t slot;

	if (!shim_box.base || !addresses || !impl)
		return;
	slot = find(impl, &number);
	if (!number)
		return;
	__atomic_fetch_and(&entry_at((uint32_t)slot)->flags, ~clear, __ATOMIC_RELAXED);
	__atomic_fetch_or(&entry_at((uint32_t)slot)->flags, set, __ATOMIC_RELAXED);
}

uint64_t
tensor_identity(const void *impl)
{
	uint64_t number;

	if (!shim_box.base || !addresses || !impl)
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
	if (!shim_box.base || !addresses || least > most)
		return;
	for (uint32_t slot = 0; slot < (bucket_mask + 1) * BOX_TENSOR_BUCKET; slot++) {
		uint64_t number = __atomic_load_n(&entry_at(slot)->tensor, __ATOMIC_ACQUIRE);
		if (number < least || number > most)
			continue;
		uintptr_t address = __atomic_load_n(&addresses[slot], __ATOMIC_ACQUIRE);
		if (__atomic_load_n(&entry_at(slot)->tensor, __ATOMIC_ACQUIRE) != number)
			continue;
		for (uint32_t i = 0; i < count; i++)
			if (numbers[i] == number)
				impls[i] = (const void *)address;
	}
}
