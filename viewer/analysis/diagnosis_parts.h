/*
 * What the files that look for the origin (diagnosis_*.c) share. Included by them alone.
 *
 * SIDES are the stories of the two sizes that disagree, SIZES the sizes themselves. What returns true has told the origin.
 */
#ifndef SHAPEBOX_VIEWER_ANALYSIS_DIAGNOSIS_PARTS_H
#define SHAPEBOX_VIEWER_ANALYSIS_DIAGNOSIS_PARTS_H

#include "history/form_changed.h"
#include "report_failure.h"

#define BLAME_PIECES_MOST 64

/* STEP of LINEAGE decided, and is the origin. */
void blame_step(struct diagnosis *diagnosis, struct lineage *lineage, int step, int64_t size);
/* Is SIDE's size (0: of the operand, 1: of what it is against), at the failure, larger than it ever was there? */
bool blame_is_larger(const struct diagnosis *diagnosis, int side);
/* What cat STEP puts together along its dimension: their places and how many; 0 if it is no cat. */
int blame_pieces(const struct lineage_step *step, int places[BLAME_PIECES_MOST]);
/* SIDE's story goes on from its decider, a cat, with the piece at PLACE: who decided that decides. ROOM is for the walk. */
void blame_go_on(struct diagnosis *diagnosis, struct lineage *side, int place, struct lineage *room);

/* Tells LINEAGE's story of WHAT ("45"), dimension DIM of NAME; it has the origin if nothing was told before. */
void diagnosis_append(struct diagnosis *diagnosis, const struct lineage *lineage, const char *name, const char *what, int dim);
/* diagnosis_asked.c: elements or rank of the operand at PLACE disagree with what MISMATCH says is asked for: the one dimension that isn't asked for in
 * full, else one that isn't asked for, else the largest. */
int diagnosis_unasked_dim(const struct event *event, const struct mismatch *mismatch, int place);
/* diagnosis_dtype.c: LINEAGE, of the dtype of the operand at PLACE, goes on with the tensor that a line took it from (handed.h); where that got it by type
 * promotion, this decided. */
void diagnosis_handed(struct diagnosis *diagnosis, int place, struct lineage *lineage);
/* diagnosis_assigned.c: the failure is of a line that assigns to a part of a tensor, whose operation has the sizes of that alone: the subject becomes a copy_ of what
 * is assigned into the view that the line took before; false where it isn't that. */
bool diagnosis_assigned(struct diagnosis *diagnosis);
/* The same: MADE, an operation of two tensors, becomes the subject, with what is known of the failure's event; false, and it is freed, where they agree. */
bool diagnosis_two_sides(struct diagnosis *diagnosis, struct subject *made);
/* diagnosis_shaped.c: the failure is of a line that gives one tensor the form of another, whose operation has that as sizes alone: the subject becomes an expand
 * of the one like the other; false where it isn't that. */
bool diagnosis_shaped(struct diagnosis *diagnosis);
/* diagnosis_loaded.c: a checkpoint's parameter, whose story is SAVED, has another shape than the model's: the origin is who made such a one in this
 * run (a table that was resized before it was saved), else, where only a library read it, who made the model's. */
void diagnosis_loaded(struct diagnosis *diagnosis, const struct lineage *saved);

/* Within an optimizer's step: is OTHER a state that was loaded, and ONE from the run itself? */
bool diagnosis_is_loaded_state(const struct diagnosis *diagnosis, const struct lineage *one, const struct lineage *other);
/* Had the run decided ONE's size before the optimizer took OTHER's, so that this brought the wrong size in? (What was given a new size since then
 * has it itself.) */
bool diagnosis_was_decided_before(const struct lineage *one, const struct lineage *other);

/* diagnosis_sizes.c: one side was put together of pieces, of which one, by the sizes alone, is not what it should be. */
bool blame_odd_piece(struct diagnosis *diagnosis, struct lineage *sides[2], const int64_t sizes[2]);
/* The same: one side was computed from a size that the other still has, and a rest was lost or added on the way. */
bool blame_rest(struct diagnosis *diagnosis, struct lineage *sides[2], const int64_t sizes[2]);
/* The same: one side was divided with a rest and brought back: the origin is what came in, which is no multiple of what divides it. */
bool blame_entered(struct diagnosis *diagnosis, struct lineage *sides[2]);
/* The same: one side came in ready-made with fewer rows than the other, and one line took just those off its batches (taken.h): its story goes on there. */
bool blame_taken(struct diagnosis *diagnosis, struct lineage *sides[2], const int64_t sizes[2]);
/* The same: what is assigned, no larger than ever, doesn't fit into what a slice of the failing line had left. ROOM gets the slice's story. */
bool blame_assigned(struct diagnosis *diagnosis, struct lineage *room);
/* The story of the operand at PLACE, whose form was never so (WAS), goes on in LINEAGE to what was first of another form than ever, the origin; false if nothing is known of
 * that. */
bool diagnosis_form(struct diagnosis *diagnosis, int place, const struct form_changed *was, struct lineage *lineage);

#endif
