/* Live memory: the table in the box, and how much of it there is on each device. See cuda.h. */
#include "box.h"
#include "cuda.h"

#define PROBES 32u
enum { FREE = 0, CLAIMED = 1, LIVE = 2 };

struct box_cuda_counts *
cuda_counts(void)
{
	return shim_box.header->regions[BOX_CUDA].size_bytes ? box_region(BOX_CUDA) : NULL;
}

static inline uint32_t
entries(void)
{
	return (uint32_t)(shim_box.header->regions[BOX_MEMORY].size_bytes / sizeof(struct box_memory));
}

static inline uint32_t
place_of(unsigned class, uint64_t address, uint32_t count)
{
	uint64_t hash = (address ^ (uint64_t)class << 60) * 0x9e3779b97f4a7c15ull;

	return (uint32_t)(((hash >> 32) * count) >> 32);
}

void
cuda_memory_add(unsigned class, uint64_t address, uint64_t bytes, const struct box_cuda *where, uint32_t thread, uint64_t event)
{
	struct box_memory *table = box_region(BOX_MEMORY);
	uint32_t count = entries(), place;

	if (!count)
		return;
	place = place_of(class, address, count);
	for (uint32_t n = 0; n < PROBES; n++, place = place + 1 == count ? 0 : place + 1) {
		struct box_memory *entry = &table[place];
		uint32_t state = FREE;
		if (!__atomic_compare_exchange_n(&entry->state, &state, CLAIMED, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
			continue;
		entry->bytes = bytes;
		entry->class = (uint16_t)class;
		entry->device = where->device;
		entry->op = where->op;
		entry->site = where->site;
		entry->step = (uint32_t)__atomic_load_n(&shim_box.header->step, __ATOMIC_RELAXED);
		entry->thread = thread;
		entry->event = event;
		__atomic_store_n(&entry->address, address, __ATOMIC_RELAXED);
		__atomic_store_n(&entry->state, LIVE, __ATOMIC_RELEASE);
		return;
	}
	box_lose(BOX_LOSS_MEMORY_FULL, 1);
}

bool
cuda_memory_remove(unsigned class, uint64_t address, uint64_t *bytes, int *device)
{
	struct box_memory *table = box_region(BOX_MEMORY);
	uint32_t count = entries(), place;

	if (!count)
		return false;
	place = place_of(class, address, count);
	for (uint32_t n = 0; n < PROBES; n++, place = place + 1 == count ? 0 : place + 1) {
		struct box_memory *entry = &table[place];
		/* Not claimed: only who frees ADDRESS comes here, and only one may. */
		if (__atomic_load_n(&entry->address, __ATOMIC_RELAXED) != address
		    || __atomic_load_n(&entry->state, __ATOMIC_ACQUIRE) != LIVE || entry->class != class)
			continue;
		*bytes = entry->bytes;
		*device = entry->device;
		__atomic_store_n(&entry->address, 0, __ATOMIC_RELAXED);
		__atomic_store_n(&entry->state, FREE, __ATOMIC_RELEASE);
		return true;
	}
	return false;
}

/* PEAK becomes at least VALUE; true if it grew. */
static bool
raise(uint64_t *peak, uint64_t value)
{
	uint64_t before = __atomic_load_n(peak, __ATOMIC_RELAXED);

	while (value > before)
		if (__atomic_compare_exchange_n(peak, &before, value, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
			return true;
	return false;
}

void
cuda_memory_count(int device, int64_t bytes)
{
	struct box_cuda_counts *counts = cuda_counts();
	struct box_cuda_device *on;

	if (!counts || device >= (int)BOX_CUDA_DEVICES)
		return;
	if (device < 0) {
		raise(&counts->host_peak, __atomic_add_fetch(&counts->host_live, (uint64_t)bytes, __ATOMIC_RELAXED));
		return;
	}
	on = &counts->devices[device];
	uint64_t live = __atomic_add_fetch(&on->live, (uint64_t)bytes, __ATOMIC_RELAXED);
	if (bytes > 0 && raise(&on->peak, live) && !on->peak_allocated)
		on->peak_step = __atomic_load_n(&shim_box.header->step, __ATOMIC_RELAXED);
}

void
cuda_memory_allocator(int device, uint64_t allocated, uint64_t reserved)
{
	struct box_cuda_counts *counts = cuda_counts();

	if (!counts || device < 0 || device >= (int)BOX_CUDA_DEVICES)
		return;
	struct box_cuda_device *on = &counts->devices[device];
	__atomic_store_n(&on->allocated, allocated, __ATOMIC_RELAXED);
	__atomic_store_n(&on->reserved, reserved, __ATOMIC_RELAXED);
	raise(&on->peak_reserved, reserved);
	if (raise(&on->peak_allocated, allocated))
		on->peak_step = __atomic_load_n(&shim_box.header->step, __ATOMIC_RELAXED);
}
