/*
 * Boxed values as words of a signature (schema/box.h "Words of a signature").
 *
 * A buffer belongs to one thread and is used again for every event. Encoding reads memory only: no call into PyTorch.
 */
#ifndef SHAPEBOX_LIBSHIM_VALUES_H
#define SHAPEBOX_LIBSHIM_VALUES_H

#include <stdbool.h>
#include <stdint.h>

#include "torch.h"

#define VALUES_WORDS 1280 /* 10 KB: some 180 matrices in one list */
#define VALUES_TENSORS 384

struct values {
	uint32_t word_count, value_count, tensor_count;
	bool cut;                             /* a list did not fit */
	bool encoded;                         /* `words` are this event's */
	uint32_t form;                        /* as TENSOR_FORM of tensor_layout.h has it: the last tensor's */
	uint64_t kind;                        /* and what is made of it */
	uint64_t words[VALUES_WORDS];
	const void *tensors[VALUES_TENSORS];  /* TensorImpl of each TENSOR value, in order */
	uint64_t forms[VALUES_TENSORS];       /* its form: struct box_tensor of schema/box.h */
};

/* What stands for COUNT values from LIST in the dictionary's index, with SEED: a hash over what their words would say. Most are
 * plain tensors and numbers; of these alone it is made from where they lie, and no word is written until values_encode is called.
 * `tensors`, `forms` and the counts are filled in either way. The rest as values_encode. */
uint64_t values_key(struct values *values, const struct torch_value *list, size_t count, uint64_t numbers, uint32_t list_limit,
		    uint64_t seed);

/* The same of one VALUE, no number: of most operations' outputs. */
uint64_t values_key_of(struct values *values, const struct torch_value *value, uint32_t list_limit, uint64_t seed);

/* Encode COUNT values from LIST. Bit i of NUMBERS: value i is a number whose amount decides no size. LIST_LIMIT bounds
 * how many items of a list are kept. */
void values_encode(struct values *values, const struct torch_value *list, size_t count, uint64_t numbers,
		   uint32_t list_limit);

#endif
