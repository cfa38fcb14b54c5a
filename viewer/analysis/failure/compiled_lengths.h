/*
 * Two sizes that torch.compile tells as expressions of one length ("((s27 - 1)//4) + 1" against "s98//4"): which length that is, and for which lengths
 * the two agree. Pure.
 */
#ifndef SHAPEBOX_VIEWER_ANALYSIS_COMPILED_LENGTHS_H
#define SHAPEBOX_VIEWER_ANALYSIS_COMPILED_LENGTHS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "../mismatch/mismatch.h"

#define COMPILED_SIZE_MOST 96

struct compiled_lengths {
	char sizes[2][COMPILED_SIZE_MOST]; /* of found->operand, of found->against, as expressions of n */
	int64_t length;                    /* what n is */
	int dim;                           /* in which dimension of LOCAL */
	const json_t *local;               /* the first variable that has it; borrowed from frames */
	int64_t multiple;                  /* they agree for the multiples of this */
	bool only;                         /* and for no others */
};

/* Reads the two sizes of FOUND, which disagree in EVENT (as compiled_subject made it), from MESSAGE, and finds the length among the variables of the innermost of FRAMES that
 * has tensors. False: they aren't both of one length, or never agree, or nothing tells the length. */
bool compiled_lengths(const char *message, const struct event *event, const struct mismatch *found, const json_t *frames, struct compiled_lengths *out);

#endif
