/*
 * What is known of an operation's operands beyond its event: leaf or not, and counts of their values.
 *
 * Counts were taken as the operation failed (its note's "operands") or are those of the local variable that held the
 * tensor. The note's JSON is untrusted: a count of another kind than expected is not known.
 */
#ifndef SHAPEBOX_VIEWER_ANALYSIS_KNOWLEDGE_H
#define SHAPEBOX_VIEWER_ANALYSIS_KNOWLEDGE_H

#include "mismatch/mismatch.h"

/* Fills one entry of OUT per operand of EVENT. NOTE is the failed operation's and may be NULL, so may FRAMES. */
void knowledge_fill(const struct event *event, const json_t *note, const json_t *frames, struct mismatch_knowledge *out);
/* The summary of TENSOR, NULL if there is none. Borrowed. */
const json_t *knowledge_summary(int64_t tensor, const json_t *note, const json_t *frames);

#endif
