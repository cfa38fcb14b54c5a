/*
 * Where a size that its line never made before came from: back through everything that was new as well, to the first step that made
 * something new of what was as ever. That is where the run went off.
 *
 * Goes through pieces of a cat, through what several sizes were made one of, and through views that took them apart again: where the
 * lineage has one way, this takes the one that is new. Pure.
 */
#ifndef SHAPEBOX_VIEWER_ANALYSIS_NEWS_H
#define SHAPEBOX_VIEWER_ANALYSIS_NEWS_H

#include "../lineage/lineage.h"
#include "usual.h"

#define NEWS_STEPS_MOST 32
#define NEWS_CALLS_SURE 10 /* that a line always made the same */

struct news_step {
	struct lineage_step step;
	struct usual usual;      /* what the line made before, none of which was today's size */
};

/* A line that left a size as it was in every earlier call (a cut at a limit, a mask, padding to a multiple) and changes it now. */
struct news_change {
	struct lineage_step step; /* event.id -1: there is none */
	int64_t from, to, calls;
	bool near;               /* not on the way itself: just before a tensor of that size was asked for */
	bool plain;              /* the size only passed on from there */
};

struct news {
	int count;               /* 0: nothing was new */
	struct news_step steps[NEWS_STEPS_MOST]; /* each size where it became that, nearest to the failure first; the last
	                          * is where it went off */
	bool ended;              /* what the last was made of was as ever, or it was made of nothing */
	struct news_change change;
	bool known;              /* earlier calls of at least one of the steps were looked at */
};

/* The first such line on LINEAGE's way. */
bool news_changed(const struct source *source, const struct lineage *lineage, struct news_change *out);

/* Follows dimension DIM of TENSOR as it was before event BEFORE. OUT is large: allocate it. */
void news_find(const struct source *source, int process, int64_t tensor, int64_t before, int dim, struct news *out);

#endif
