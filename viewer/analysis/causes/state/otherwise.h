/*
 * What came to a line otherwise than in its last calls: the ways back, step beside step, to the first that another line of code took.
 *
 * Where several pieces are put together, the one piece that has another size is followed. Pure.
 */
#ifndef SHAPEBOX_VIEWER_ANALYSIS_OTHERWISE_H
#define SHAPEBOX_VIEWER_ANALYSIS_OTHERWISE_H

#include "../../lineage/lineage.h"
#include "../../history/usual.h"

struct otherwise {
	struct lineage_step now, before; /* where the ways of this call and of the last part: other operations, or other lines */
	int piece, pieces;       /* of how many that a cat puts together, where the way goes through one; pieces 0: it doesn't */
	struct event join;       /* that cat, as it is now */
	struct usual usual;      /* what that piece was in earlier calls of the cat; calls 0: not known */
	bool first;              /* the line of `now` made nothing before, as far as is known */
};

/* Follows the operand at PLACE of EVENT (dimension DIM of it, -1 where PROPERTY is no size). False where no earlier call is kept, where in one of the
 * last it had the same dtype or device, or came the same way, or where that isn't known. */
bool otherwise_find(const struct source *source, int process, const struct event *event, int place, int dim, enum lineage_property property,
		    struct otherwise *out);

#endif
