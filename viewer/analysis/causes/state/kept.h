/*
 * What was made in an earlier step and is used since as it was: a cache.
 */
#ifndef SHAPEBOX_VIEWER_ANALYSIS_KEPT_H
#define SHAPEBOX_VIEWER_ANALYSIS_KEPT_H

#include "../causes_tool.h"

/* One side that lasts: the step of its story that made the tensor which was kept, and the event that this one went into as it was. */
struct kept {
	const struct lineage_step *made;
	const struct event *user;
	int64_t uses /* before this one, of the same line */, last /* of their events */;
};

/* Was SIDE made in an earlier step, and used at this line since? Of a size: as it still is, and nothing was written into it; of elements: it was only viewed since. */
bool kept_find(const struct cause_facts *facts, const struct cause_side *side, struct kept *out);
/* Was it made within an earlier call of the function that uses it? What is made as a model is built isn't. */
bool kept_is_within(const struct cause_facts *facts, const struct kept *kept);
/* The innermost frame of a module that failed and in whose earlier call it was made, as it was then: its file and line. False where there is none. */
bool kept_in_module(const struct cause_facts *facts, const struct kept *kept, char *file, size_t size, int *line);
/* Did the line that made it make another since? Then this one is merely old. */
bool kept_is_made_anew(const struct cause_facts *facts, const struct kept *kept);

#endif
