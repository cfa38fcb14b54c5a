/*
 * What is joined once in forward, and once more when backward recomputes that code (activation checkpointing): state that is kept across both.
 */
#ifndef SHAPEBOX_VIEWER_ANALYSIS_JOINED_AGAIN_H
#define SHAPEBOX_VIEWER_ANALYSIS_JOINED_AGAIN_H

#include "../lineage/lineage.h"

/* The step of LINEAGE that is a cat in backward, within checkpointed code, one piece of which its own line made in this step's forward pass (event
 * FORWARD); -1. */
int joined_again(const struct source *source, int process, const struct lineage *lineage, struct event *forward);

#endif
