/*
 * Operations by their schema: interned into the box on first sight, with what the recorder must know of each.
 * Any thread; the hot path is operation_find.
 */
#ifndef SHAPEBOX_LIBSHIM_OPERATION_H
#define SHAPEBOX_LIBSHIM_OPERATION_H

#include <stdbool.h>
#include <stdint.h>

#include "../schema/box.h"

struct operation {
	uint64_t numbers;    /* bit i: argument i, if an integer, is a value and no size (alpha, other, fill_value) */
	uint16_t list_limit; /* items of a list that are kept */
	bool children;       /* nested operations are recorded as well */
	bool asks;           /* whether its first operand can take its second's data: a module is being converted */
	bool takes_index;    /* it reads or writes where an operand's values say (schema/index_operations.def) */
	bool ignored;        /* the profiler's own markers */
	uint8_t sample;      /* enum sample_kind: what is asked of its operands */
	bool collective;     /* schema/collectives.def */
	uint32_t seen;       /* steps finished, and 1, when it was last counted for its step (steps.h) */
	uint64_t print;      /* of its name and overload, the same in every process */
	uint8_t written;     /* enum written_kind: what it does to its first operand */
	bool looked_at;      /* one of both */
	uint8_t carry;       /* enum carry: what it hands on of its first tensor */
};

/* Operations found lately, by their schema's address: address << OPERATION_REFERENCE | reference; atomic. */
#define OPERATION_RECENT 10
#define OPERATION_REFERENCE 16
extern uint64_t operation_recent[1u << OPERATION_RECENT] __attribute__((visibility("hidden")));
extern struct operation operation_facts[] __attribute__((visibility("hidden")));

/* As operation_find, of one that wasn't found lately: it gets PLACE. */
uint32_t operation_look_up(const void *schema, uint64_t *place);

/* The reference of the operation that SCHEMA (c10::FunctionSchema) describes, its facts in FACTS (lives for ever).
 * BOX_NONE if the dictionary is full. */
static inline uint32_t
operation_find(const void *schema, struct operation **facts)
{
	uint64_t *place = &operation_recent[(uintptr_t)schema * 0x9e3779b97f4a7c15ull >> (64 - OPERATION_RECENT)];
	uint64_t known = __atomic_load_n(place, __ATOMIC_ACQUIRE);
	uint32_t reference = (uint32_t)known & ((1u << OPERATION_REFERENCE) - 1);

	if (__builtin_expect(known >> OPERATION_REFERENCE != (uintptr_t)schema, 0)
	    && (reference = operation_look_up(schema, place)) == BOX_NONE)
		return BOX_NONE;
	*facts = &operation_facts[reference];
	return reference;
}

/* Called for a new box: references of the last one are none of this one's. */
void operation_forget(void);

#endif
