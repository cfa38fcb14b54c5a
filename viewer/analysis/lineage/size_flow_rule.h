/*
 * What the families of size_flow.def share.
 */
#ifndef SHAPEBOX_VIEWER_ANALYSIS_SIZE_FLOW_RULE_H
#define SHAPEBOX_VIEWER_ANALYSIS_SIZE_FLOW_RULE_H

#include "size_flow.h"

#define FLOW(function, names) struct flow flow_##function(const struct event *event, int output, int dim);
#include "size_flow.def"
#undef FLOW

/* Unchanged from DIM of the operand at place OPERAND; unknown if either is missing. */
struct flow flow_passes(int operand, int dim);
/* Decided here; the story goes on with DIM of OPERAND, if any. */
struct flow flow_decided(enum flow_kind kind, int operand, int dim);
/* The sum of a list's sizes along DIM; the story goes on with the largest. */
struct flow flow_joined(const struct event *event, int dim);
/* The tensor that the operation is about, -1. */
int flow_self(const struct event *event);
/* Size of a dimension of an output, -1. */
int64_t flow_size(const struct event *event, int output, int dim);

#endif
