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
/* How long the symbol at AT is, a word of its own in what stands from BEGIN on; 0 if there is none. */
size_t compiled_symbol(const char *begin, const char *at);
/* The next tensor among the variables of the innermost of FRAMES that has any, those within dictionaries and lists, too; NULL: that was all. */
const json_t *compiled_next_tensor(const json_t *frames, struct text_walk *walk);
/* Visits the arguments at CALL (up to their end) with a number for each symbol of the stand-ins' sizes: those of one stand-in by one tensor among the variables
 * of the innermost of FRAMES that has any, its first dimensions taken for the stand-in's; a symbol is one size wherever it stands, and what MESSAGE tells of it. Until
 * VISIT returns false. */
void compiled_each(const char *message, const char *call, const json_t *frames, bool (*visit)(const char *call, void *context), void *context);
/* The first tensor there that has SIZE in dimension DIM: its identity; -1. */
int64_t compiled_entered(const json_t *frames, int dim, int64_t size);

#endif
