/*
 * Sizes that torch.compile tells as symbols ("s27", "(s27//8)"): what they stood for, by the variables that went into the compiled part. Pure.
 */
#ifndef SHAPEBOX_VIEWER_ANALYSIS_COMPILED_SYMBOLS_H
#define SHAPEBOX_VIEWER_ANALYSIS_COMPILED_SYMBOLS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "../text.h"

#define COMPILED_CALL_MOST 1024

/* The value of what stands from AT to END, integers with + - * // and parentheses; false if it is something else. */
bool compiled_value(const char *at, const char *end, int64_t *out);
/* The arguments at CALL (up to their end) with a number for each symbol of the first stand-in's sizes: by the next tensor among the variables of the
 * innermost of FRAMES that has any, its first dimensions taken for the stand-in's; symbols that MESSAGE tells are as it tells. False: that was all. */
bool compiled_next(const char *message, const char *call, const json_t *frames, struct text_walk *walk, char out[COMPILED_CALL_MOST]);
/* The first tensor there that has SIZE in dimension DIM: its identity; -1. */
int64_t compiled_entered(const json_t *frames, int dim, int64_t size);

#endif
