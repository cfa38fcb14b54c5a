/*
 * The box's dictionaries: strings, operations, frames, call sites, signatures, each stored once and named by a small
 * number. Finding is lock-free and allocation-free; adding appends to the box. Two threads that add the same thing at
 * the same moment may store it twice: the fold makes them one. A full dictionary returns BOX_NONE and counts the loss.
 * The indexes (hash -> reference) live in private memory and are made anew with each box.
 */
#ifndef SHAPEBOX_LIBSHIM_DICTIONARY_H
#define SHAPEBOX_LIBSHIM_DICTIONARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../schema/box.h"
#include "../schema/site.h"

/* Make empty indexes for the box just opened. Returns false without memory. */
bool dictionary_open(void);

/* Mix B into A: the one hash of the recorder. */
static inline uint64_t
dictionary_mix(uint64_t a, uint64_t b)
{
	unsigned __int128 product = (unsigned __int128)(a ^ 0x9e3779b97f4a7c15ull) * (b ^ 0xd1b54a32d192ed03ull);

	return (uint64_t)(product ^ product >> 64);
}

/* Hash of COUNT words. */
uint64_t dictionary_hash(uint64_t seed, const uint64_t *words, size_t count);

/* Each returns the reference of box.h, or BOX_NONE. TEXT needs no terminator. */
uint32_t dictionary_string(const char *text, size_t size);
uint32_t dictionary_frame(const struct box_frame *frame);

/* Signatures: find by KEY (values_key); else add that of OP with the WORDS of VALUE_COUNT values. BOX_NONE: write it in line. */
uint32_t dictionary_signature_find(uint64_t key);
uint32_t dictionary_signature_add(uint64_t key, uint32_t op, uint32_t flags, const uint64_t *words, uint32_t word_count,
				  uint32_t value_count);

/* An index is a power of two of slots, probed linearly. A slot is claimed by its key; its value comes a moment later. */
struct dictionary_slot {
	uint64_t key;   /* 0: free */
	uint32_t value; /* reference + 1; 0: not there yet */
	uint32_t unused;
};

struct dictionary_index {
	struct dictionary_slot *slots;
	uint32_t mask;
};

extern struct dictionary_index dictionary_signatures __attribute__((visibility("hidden")));
extern struct dictionary_index dictionary_sites __attribute__((visibility("hidden")));

/* Where KEY's probing begins. */
static inline struct dictionary_slot *
dictionary_slot(const struct dictionary_index *index, uint64_t key)
{
	return &index->slots[(uint32_t)(key >> 20) & index->mask];
}

static inline uint32_t
dictionary_value(const struct dictionary_slot *slot)
{
	return __atomic_load_n(&slot->value, __ATOMIC_ACQUIRE) - 1; /* (BOX_NONE while there is none) */
}

/* Call sites: find by KEY, else add the FRAMES (inner, then outer; LEFT_OUT lie between), which say TEXT. */
uint32_t dictionary_site_look(uint64_t key);
static inline uint32_t
dictionary_site_find(uint64_t key)
{
	const struct dictionary_slot *slot = dictionary_slot(&dictionary_sites, key |= 1); /* never 0: that marks a free slot */

	return __builtin_expect(__atomic_load_n(&slot->key, __ATOMIC_RELAXED) == key, 1) ? dictionary_value(slot) : dictionary_site_look(key);
}
uint32_t dictionary_site_add(uint64_t key, const uint32_t *frames, int inner, int outer, int left_out, const struct site_text *text);

/* A signature of KEY will be looked for soon: where it mostly is, which may lie in no cache, is there by then. */
static inline void
dictionary_signature_fetch(uint64_t key)
{
	__builtin_prefetch(dictionary_slot(&dictionary_signatures, key));
}

/* Room for SIZE bytes (a multiple of 8, zero) at the end of region ID, published at once: its offset within the region, or
 * UINT64_MAX (not counted) if it is full. */
uint64_t dictionary_take(enum box_region_id id, uint64_t size);

/* Entries of BOX_HISTORY by KEY. */
uint32_t dictionary_history_find(uint64_t key);
void dictionary_history_add(uint64_t key, uint32_t reference);

/* The operation that SCHEMA (a c10::FunctionSchema) describes. */
uint32_t dictionary_op_find(const void *schema);
uint32_t dictionary_op_add(const void *schema, const struct box_op *op);

#endif
