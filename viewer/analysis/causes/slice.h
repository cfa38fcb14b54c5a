/*
 * What a slice asked for, and what there was.
 *
 * Pure functions over one event.
 */
#ifndef SHAPEBOX_VIEWER_ANALYSIS_SLICE_H
#define SHAPEBOX_VIEWER_ANALYSIS_SLICE_H

#include "../../reader/trace.h"

struct slice { int dim; int64_t start, end /* below 0: so many before the last */, whole /* places of what it is cut from */; };

/* The slice that EVENT is; false if it is none, or begins so many places before the end. */
bool slice_read(const struct event *event, struct slice *out);
/* Where it stops, and how many places it has. */
int64_t slice_stop(const struct slice *slice);
int64_t slice_left(const struct slice *slice);
/* Did it ask for WANTED places by their number, and end before because there are no more? */
bool slice_is_short(const struct slice *slice, int64_t wanted);
/* Does it begin where nothing is left? */
bool slice_begins_beyond(const struct slice *slice);

#endif
