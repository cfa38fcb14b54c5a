/*
 * What a line did in its earlier calls, as far as their events are kept: the sizes that it was given, and those that it made.
 *
 * Calls of one line may be of several layers (a loop, a Sequential): those with another weight are others, unless the weight is computed
 * anew for each call. Those of the same step are left out (its layers had what this one has), if there are enough of other steps. A line
 * that was reached on this way too rarely is asked about on all ways. Pure.
 */
#ifndef SHAPEBOX_VIEWER_ANALYSIS_USUAL_H
#define SHAPEBOX_VIEWER_ANALYSIS_USUAL_H

#include "../source.h"

#define USUAL_DIMS_MOST 8
#define USUAL_CALLS_QUICK 200  /* to look at, where many lines are asked about */
#define USUAL_CALLS_LEAST 3    /* fewer tell nothing about what is new */

struct usual { int64_t calls, smallest, largest, same /* had today's size */; };
struct usuals { int64_t calls; int ndim; struct usual dims[USUAL_DIMS_MOST]; };

/* What EVENT's line made of output OUTPUT before (at most MOST calls); false where it has no call site or no such output. */
bool usual_made(const struct source *source, int process, const struct event *event, int output, int64_t most, struct usuals *out);
/* The same of what it was given at PLACE. */
bool usual_given(const struct source *source, int process, const struct event *event, int place, int64_t most, struct usuals *out);
/* Dimension DIM of either; false where fewer calls are kept than tell anything. */
bool usual_dim(const struct usuals *usuals, int dim, struct usual *out);
/* The newest earlier call of EVENT's line by the same layer, on the same way, else on any; else by any layer; false if none is kept. */
bool usual_newest(const struct source *source, int process, const struct event *event, struct event *out);
/* How many earlier calls of EVENT's line made DIM of OUTPUT as large as FROM_DIM of what they were given at PLACE; 0 if one did not. */
int64_t usual_unchanged(const struct source *source, int process, const struct event *event, int output, int dim, int place, int from_dim);
/* SIZE was never there, and lies outside of what was. */
bool usual_is_beyond(const struct usual *usual, int64_t size);
/* All calls had one size. */
bool usual_is_steady(const struct usual *usual);
/* Is BEFORE a call of the same layer as NOW, or of none? */
bool usual_same_layer(const struct event *now, const struct event *before);

#endif
