/*
 * The first layer that a tensor goes into after a check, as the source has it: which form it asks for.
 *
 * Reads the function of the failing frame as text, from the failing line on, and the statement of the same file that makes the layer.
 * Knows convolutions, whose kind tells the number of dimensions, and whose first argument the channels.
 */
#ifndef SHAPEBOX_VIEWER_ANALYSIS_FIRST_LAYER_H
#define SHAPEBOX_VIEWER_ANALYSIS_FIRST_LAYER_H

#include "../causes.h"

struct first_layer {
	char name[64], kind[16]; /* "self.conv1", "Conv1d" */
	char told[64];           /* what the source calls its channels ("self.num_mel_bins"); "" where it has the number */
	int line, spatial;       /* where it is made; dimensions beside batch and channels */
	int64_t channels;
};

/* The convolution that what the innermost frame calls NAME is next given to, as it is; false if that isn't known. */
bool first_layer_find(const struct cause_facts *facts, const char *name, struct first_layer *out);
/* Does IS, with or without a batch, have its dimensions and channels? */
bool first_layer_takes(const struct first_layer *layer, const struct operand *is);

#endif
