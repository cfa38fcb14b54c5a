/*
 * Failures that only backward knows: the engine refuses a node's gradient, or what a node saved was written to since.
 *
 * No operation fails then, and no frame stands inside the engine's. Which node ran is the backward range that began last;
 * its number in the sequence leads to the forward operation that made it. A custom Function's node has no operation of its
 * own: it was made by the call around the operations of its forward().
 */
#ifndef SHAPEBOX_VIEWER_ANALYSIS_BACKWARD_H
#define SHAPEBOX_VIEWER_ANALYSIS_BACKWARD_H

#include "../failure/failure.h"
#include "../subject.h"

/* Did the engine itself raise the exception with FRAMES: torch.autograd.graph called it, and no Python ran within? */
bool backward_engine_raised(const json_t *frames);
/* The node that was running when the engine itself raised FAILURE; false where it didn't, or none was. */
bool backward_node(const struct source *source, const struct failure *failure, struct scope *out);
/* Frames of the forward code that made NODE, innermost first. New reference; NULL if unknown. */
json_t *backward_made_at(const struct source *source, int process, const struct scope *node, int64_t before);

/* Do the operations of NODE.forward (a custom Function), the first after event FROM, have an operand of SHAPE's sizes? -1 where none of them is known. */
int backward_forward_has(const struct source *source, int process, const char *node, const struct operand *shape, int64_t from, int64_t before);

/* The gradient that a node returned against the input it is for: as MESSAGE tells, its tensor as recorded. */
bool backward_gradient(const struct source *source, const struct failure *failure, struct subject *out, struct mismatch *found);
/* What checkpointing recomputed against what it had saved, both as recorded. */
bool backward_recomputed(const struct source *source, const struct failure *failure, struct subject *out, struct mismatch *found);

/* The forward operation of the node whose saved tensors were written to since, as FAILURE's message tells, into FORWARD; the operations
 * that wrote to them or to views of them after it, the first ROOM in order, into OUT. How many; -1 if the message tells of no such
 * thing, or the node's operation isn't known. */
int backward_writes(const struct source *source, const struct failure *failure, const char *message, struct event *forward,
		    struct event *out, int room);
/* What the graph that FAILURE's backward reaches a second time was kept by: `used` took it (its operand `place`) after the backward before,
 * `view` had made it before that, and `made` computed it, where `view` is but a view. */
struct backward_kept { struct event made, view, used; int place; };
bool backward_kept(const struct source *source, const struct failure *failure, struct backward_kept *out);
/* The same as backward_written, of it. */
json_t *backward_kept_origin(const struct source *source, const struct failure *failure, json_t *lines);

/* The operation that wrote in place into what NODE had saved, as a report's "origin"; LINES gets its story. New reference;
 * null if MESSAGE tells of no such thing, or none was recorded. */
json_t *backward_written(const struct source *source, const struct failure *failure, const char *message, json_t *lines);

#endif
