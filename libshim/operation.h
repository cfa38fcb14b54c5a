/*
 * Operations by their schema: interned into the box on first sight, with what the recorder must know of each.
 * Any thread; the hot path is operation_find.
 */
#ifndef SHAPEBOX_LIBSHIM_OPERATION_H
#define SHAPEBOX_LIBSHIM_OPERATION_H

#include <stdbool.h>
#include <stdint.h>

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

/* The reference of the operation that SCHEMA (c10::FunctionSchema) describes, its facts in FACTS (lives for ever).
 * BOX_NONE if the dictionary is full. */
uint32_t operation_find(const void *schema, struct operation **facts);

/* Called for a new box: references of the last one are none of this one's. */
void operation_forget(void);

#endif
