/*
 * What a slice asked for, and what there was.
 *
 * Pure functions over one event, or what was recorded.
 */
#ifndef SHAPEBOX_VIEWER_ANALYSIS_SLICE_H
#define SHAPEBOX_VIEWER_ANALYSIS_SLICE_H

#include "../../mismatch/mismatch.h"
#include "../../source.h"

struct slice { int dim; int64_t start, end /* below 0: so many before the last */, whole /* places of what it is cut from */; };

/* The slice that EVENT is; false if it is none, or begins so many places before the end. */
bool slice_read(const struct event *event, struct slice *out);
/* Where it stops, and how many places it has. */
int64_t slice_stop(const struct slice *slice);
int64_t slice_left(const struct slice *slice);
/* Did it ask for WANTED places by their number, and end before because there are no more? */
bool slice_is_short(const struct slice *slice, int64_t wanted);
/* Is EVENT a slice (or narrow, which begins anywhere) that left less of dimension DIM than there was? */
bool slice_shortens(const struct event *event, int dim);
/* Does it begin where nothing is left? */
bool slice_begins_beyond(const struct slice *slice);
/* What is assigned (WANTED places of it) doesn't fit, by MISMATCH of FAILED, into a slice that its line has just taken, and that ended where its tensor
 * ends: that slice, by EVENT. */
bool slice_find_short(const struct source *source, int process, const struct event *failed, const struct mismatch *mismatch, struct event *event,
		      struct slice *slice, int64_t *wanted);

#endif
