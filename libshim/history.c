/* Calls counted by call site and sizes. See history.h. */
#include "../schema/history.h"
#include "box.h"
#include "history.h"

#define BUSY_TRIES 1000 /* some microseconds: many times what a writer needs */

struct box_calls *history_calls;
uint32_t history_mask;

void
history_open(void)
{
	uint64_t entries = shim_box.header->regions[BOX_CALLS].size_bytes / sizeof(struct box_calls);
	uint32_t buckets = 1;

	while (buckets * 2ull * BOX_CALLS_BUCKET <= entries)
		buckets *= 2;
	history_mask = buckets - 1;
	history_calls = (void *)((char *)shim_box.header + shim_box.header->regions[BOX_CALLS].offset_bytes);
}

static inline struct box_history *
entry_at(uint32_t reference)
{
	return (struct box_history *)((char *)box_region(BOX_HISTORY) + reference * 8ull);
}

static void
enter(uint64_t key, const struct box_history *facts, const struct history_sizes *sizes)
{
	uint64_t at = dictionary_take(BOX_HISTORY, sizeof *facts + sizes->dim_count * sizeof sizes->dims[0]);

	if (at == UINT64_MAX) {
		box_lose(BOX_LOSS_HISTORY_FULL, facts->calls);
		return;
	}
	struct box_history *entry = entry_at((uint32_t)(at / 8));
	entry->dim_count = sizes->dim_count; /* first: a reader's way past this entry */
	entry->site = facts->site;
	entry->op = facts->op;
	entry->signature = facts->signature;
	entry->first_step = facts->first_step;
	entry->layout = sizes->layout;
	memcpy(entry->dims, sizes->dims, sizes->dim_count * sizeof sizes->dims[0]);
	__atomic_store_n(&entry->calls, facts->calls, __ATOMIC_RELEASE);
	dictionary_history_add(key, (uint32_t)(at / 8));
}

/* DIM was the same in all of ENTRY's calls, and no longer is: a place for what it is like. */
static uint32_t
vary(const struct box_history *entry, const struct box_dim *dim)
{
	uint64_t at = dictionary_take(BOX_VARIED, sizeof(struct box_varied));

	if (at == UINT64_MAX)
		return BOX_VARIED_LOST;
	history_begin((struct box_varied *)((char *)box_region(BOX_VARIED) + at), dim->size, entry->calls,
		      entry->first_step);
	return (uint32_t)(at / sizeof(struct box_varied));
}

static void
add_sizes(struct box_history *entry, const struct history_sizes *sizes, uint64_t calls, uint32_t step)
{
	for (uint32_t i = 0; i < sizes->dim_count && i < entry->dim_count; i++) {
		struct box_dim *dim = &entry->dims[i];
		int64_t size = sizes->dims[i].size;

		if (dim->varied == BOX_NONE && dim->size == size)
			continue;
		if (dim->varied == BOX_NONE) {
			dim->varied = vary(entry, dim);
			if (dim->varied == BOX_VARIED_LOST)
				box_lose(BOX_LOSS_HISTORY_FULL, entry->calls);
		}
		if (dim->varied == BOX_VARIED_LOST)
			box_lose(BOX_LOSS_HISTORY_FULL, calls);
		else
			history_add((struct box_varied *)box_region(BOX_VARIED) + dim->varied, size, calls, step);
	}
}

/* FACTS->calls more calls of SIZES, the first of them at FACTS->first_step. */
static void
add(const struct box_history *facts, const struct history_sizes *sizes)
{
	uint64_t key = dictionary_mix((uint64_t)facts->site << 32 | facts->op, sizes->layout);
	uint32_t reference = dictionary_history_find(key), tries = 0;

	if (reference == BOX_NONE) {
		enter(key, facts, sizes);
		return;
	}
	struct box_history *entry = entry_at(reference);
	while (__atomic_exchange_n(&entry->busy, 1, __ATOMIC_ACQUIRE))
		if (++tries == BUSY_TRIES) {
			box_lose(BOX_LOSS_HISTORY_BUSY, facts->calls);
			return;
		}
	add_sizes(entry, sizes, facts->calls, facts->first_step);
	if (facts->first_step < entry->first_step)
		entry->first_step = facts->first_step;
	if (entry->signature == BOX_NONE)
		entry->signature = facts->signature;
	entry->calls += facts->calls;
	__atomic_store_n(&entry->busy, 0, __ATOMIC_RELEASE);
}

/* Which argument of OP is a layer's weight. */
static inline uint32_t
weight_of(uint32_t op)
{
	return ((const struct box_op *)box_region(BOX_OPS))[op].weight;
}

#define CLAIMED UINT64_MAX /* calls of an entry that its next owner is filling */

/* What CALLS counted goes into BOX_HISTORY; the entry is free then, or CLAIMED by its owner. */
static void
settle(struct box_calls *calls, uint64_t left)
{
	const struct box_signature *signature =
		(const struct box_signature *)((char *)box_region(BOX_SIGNATURES) + calls->signature * 8ull);
	struct box_history facts = { .site = calls->site, .op = signature->op, .signature = calls->signature,
				     .first_step = calls->step, .calls = __atomic_load_n(&calls->calls, __ATOMIC_RELAXED) };
	struct history_sizes sizes;

	history_read(signature->words, signature->word_count, signature->value_count, weight_of(signature->op), &sizes);
	__atomic_store_n(&calls->calls, left, __ATOMIC_RELEASE);
	add(&facts, &sizes);
}

static inline uint32_t
thread_of(const struct box_calls *calls)
{
	return __atomic_load_n(&calls->thread, __ATOMIC_RELAXED);
}

/* The entry of BUCKET to use: a free one, else this thread's with the fewest calls; NULL if all are others'. */
static struct box_calls *
choose(struct box_calls *bucket, uint32_t thread)
{
	struct box_calls *least = NULL;
	uint64_t fewest = CLAIMED;

	for (uint32_t i = 0; i < BOX_CALLS_BUCKET; i++) {
		uint64_t calls = __atomic_load_n(&bucket[i].calls, __ATOMIC_ACQUIRE), none = 0;
		if (!calls && __atomic_compare_exchange_n(&bucket[i].calls, &none, CLAIMED, false, __ATOMIC_ACQ_REL,
							  __ATOMIC_RELAXED))
			return &bucket[i];
		if (calls && calls < fewest && thread_of(&bucket[i]) == thread) {
			least = &bucket[i];
			fewest = calls;
		}
	}
	return least;
}

void
history_missed(const struct recorder *recorder, struct box_calls *bucket, uint32_t site, uint32_t signature)
{
	struct box_calls *calls = choose(bucket, recorder->number);

	if (!calls) {
		struct box_calls once = { .site = site, .signature = signature, .calls = 1,
					  .step = (uint32_t)shim_box.header->step };
		settle(&once, 0);
		return;
	}
	if (__atomic_load_n(&calls->calls, __ATOMIC_RELAXED) != CLAIMED)
		settle(calls, CLAIMED);
	__atomic_store_n(&calls->thread, recorder->number, __ATOMIC_RELAXED);
	__atomic_store_n(&calls->site, site, __ATOMIC_RELAXED);
	__atomic_store_n(&calls->signature, signature, __ATOMIC_RELAXED);
	calls->step = (uint32_t)shim_box.header->step;
	__atomic_store_n(&calls->calls, 1, __ATOMIC_RELEASE);
}

void
history_unsigned(uint32_t site, uint32_t op, const void *words, uint32_t word_count, uint32_t value_count)
{
	struct box_history facts = { .site = site, .op = op, .signature = BOX_NONE, .calls = 1,
				     .first_step = (uint32_t)shim_box.header->step };
	struct history_sizes sizes;

	history_read(words, word_count, value_count, weight_of(op), &sizes);
	add(&facts, &sizes);
}

void
history_thread_ended(uint32_t number)
{
	if (!history_calls)
		return;
	for (uint64_t i = 0; i < (history_mask + 1ull) * BOX_CALLS_BUCKET; i++) {
		uint64_t calls = __atomic_load_n(&history_calls[i].calls, __ATOMIC_ACQUIRE);
		if (calls && calls != CLAIMED && thread_of(&history_calls[i]) == number)
			settle(&history_calls[i], 0);
	}
}
