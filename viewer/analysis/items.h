/*
 * Items of an operation's lists that its record has no room for, and that differ from what they are held against: as its note tells them (`items`).
 *
 * They become operands of the failed event, behind its own ("self[58]"), so that every rule and every story takes them as it takes those that were
 * recorded. A variable of the frames that holds the same list gets them as items, with the parameter's name where the exception's note has it.
 * Any operand that no variable holds, and that is a parameter by name, becomes a variable by that name; so does the attribute of self that the failing
 * statement calls its operation on ("self.keys").
 */
#ifndef SHAPEBOX_VIEWER_ANALYSIS_ITEMS_H
#define SHAPEBOX_VIEWER_ANALYSIS_ITEMS_H

#include "failure/failure.h"

#define ITEMS_MOST 32
#define ITEMS_DIMS_MOST 8

struct items {
	struct operand *operands;    /* owned: the event's and those that were added; NULL: none were */
	struct event before;         /* as it was recorded */
	char names[ITEMS_MOST][96];
	int64_t sizes[ITEMS_MOST][ITEMS_DIMS_MOST];
};

/* Adds to FAILURE's event, and to FRAMES, what its note tells. OUT, and FAILURE's event, are to be given to items_end. */
void items_start(const struct source *source, struct failure *failure, json_t *frames, struct items *out);
/* FAILURE's event is what was recorded, again. */
void items_end(struct failure *failure, struct items *items);

#endif
