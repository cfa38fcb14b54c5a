/* What dtype or device a line's operand had in its earlier calls, where that is what disagrees. Pure. */
#ifndef SHAPEBOX_VIEWER_ANALYSIS_HISTORY_KIND_H
#define SHAPEBOX_VIEWER_ANALYSIS_HISTORY_KIND_H

#include "../mismatch/mismatch.h"
#include "../source.h"
#include "../text.h"

/* Adds ": input was float32 every time" to TEXT, which told of CALLS calls; nothing where MISMATCH is of something else, or it varied. */
void history_add_kind(const struct source *source, int process, const struct event *event, const struct mismatch *mismatch, int64_t calls, struct text *text);

#endif
