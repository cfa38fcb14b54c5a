/*
 * What is joined once in forward, and once more when backward recomputes that code (activation checkpointing): state that is kept across both.
 */
#ifndef SHAPEBOX_VIEWER_ANALYSIS_JOINED_AGAIN_H
#define SHAPEBOX_VIEWER_ANALYSIS_JOINED_AGAIN_H

#include "../../lineage/lineage.h"

/* FORWARD made the piece in this step's forward pass: the line of the cat itself, or (ANEW) one of the block, which joined nothing there then. */
struct joined_again { struct event forward; bool anew; };

/* The step of LINEAGE that is a cat in backward, within checkpointed code, one piece of which that code made in this step's forward pass; -1. */
int joined_again(const struct source *source, int process, const struct lineage *lineage, struct joined_again *out);

#endif
