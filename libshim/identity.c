/* The table of live tensors. See identity.h. */
#include <stddef.h>
#include <sys/mman.h>

#include "box.h"
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

/* The slot of IMPL in its bucket, or -1. */
static inline int64_t
find(const void *impl)
{
	uint32_t first = bucket_of(impl);

	for (uint32_t i = 0; i < BOX_TENSOR_BUCKET; i++)
		if (__atomic_load_n(&addresses[first + i], __ATOMIC_RELAXED) == (uintptr_t)impl)
			return first + i;
	return -1;
}

/* A slot for IMPL: an unused one, else one whose tensor has ended. */
static int64_t
claim(const void *impl)
{
	uint32_t first = bucket_of(impl);

	for (uint32_t i = first; i < first + BOX_TENSOR_BUCKET; i++) {
		uint64_t old = __atomic_load_n(&addresses[i], __ATOMIC_RELAXED);
		if (old && __atomic_load_n(&entry_at(i)->tensor, __ATOMIC_RELAXED))
			continue;
		if (__atomic_compare_exchange_n(&addresses[i], &old, (uintptr_t)impl, false, __ATOMIC_ACQ_REL,
						__ATOMIC_RELAXED))
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

uint64_t
identity_meet(const void *impl, bool made, const struct identity_event *event, uint64_t block[2])
{
	int64_t slot = find(impl);
	uint64_t number = slot >= 0 ? __atomic_load_n(&entry_at((uint32_t)slot)->tensor, __ATOMIC_RELAXED) : 0;

	if (number && block[0] - number < OLD)
		return number;
	if (slot < 0)
		slot = claim(impl);
	if (slot < 0) {
		box_lose(BOX_LOSS_TENSORS_FULL, 1);
		return 0;
	}
	struct box_tensor *entry = entry_at((uint32_t)slot);
	number = next_number(block);
	entry->address = (uintptr_t)impl;
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
	if (!shim_box.base || !addresses)
		return;
	int64_t slot = find(impl);
	if (slot >= 0)
		__atomic_store_n(&entry_at((uint32_t)slot)->tensor, 0, __ATOMIC_RELEASE);
}

uint64_t
tensor_identity(const void *impl)
{
	if (!shim_box.base || !addresses || !impl)
		return 0;
	int64_t slot = find(impl);
	return slot >= 0 ? __atomic_load_n(&entry_at((uint32_t)slot)->tensor, __ATOMIC_RELAXED) : 0;
}
