/*
 * An operand that has another number of dimensions than in every earlier call of the failing line: what it was, and what made it so.
 *
 * The ways of this call and of the newest earlier one are followed beside each other to where they part. Pure.
 */
#ifndef SHAPEBOX_VIEWER_ANALYSIS_HISTORY_FORM_CHANGED_H
#define SHAPEBOX_VIEWER_ANALYSIS_HISTORY_FORM_CHANGED_H

#include "../lineage/lineage.h"
#include "../mismatch/mismatch.h"
#include "../text.h"

#define FORM_DIMS_MOST 8

struct form_changed {
	int64_t calls, last;             /* earlier calls, and the newest of them (its event) */
	int ndim;                        /* that it had in all of them */
	int64_t sizes[FORM_DIMS_MOST];   /* of the newest */
	bool steady;                     /* the sizes were these in every call */
	char dtype[32];                  /* that it had in all of them; "": not always the same */
};

/* False where the operand at PLACE of EVENT had as many dimensions before, not always the same number, or too few calls are kept. */
bool form_changed(const struct source *source, int process, const struct event *event, int place, struct form_changed *out);

/* Which of the two sides of MISMATCH (0: its operand) changed so; -1 where none did, or both. */
int form_changed_side(const struct source *source, int process, const struct event *event, const struct mismatch *mismatch, struct form_changed *out);
/* Adds "[8, 10] float32" to TEXT: what the newest call had. */
void form_add_last(struct text *text, const struct form_changed *form);

struct form_parting {
	struct lineage_step now, before; /* where the ways part; event.id -1: not known */
	bool left_out;                   /* what `now` makes went, in the earlier call, through what ends with `before` */
	bool extra;                      /* what `before` makes came here as it is, in the earlier call; now it goes through `now` */
};

/* Where the way of the operand at PLACE parts from that of the earlier call WAS; false if it isn't known. */
bool form_parting(const struct source *source, int process, const struct event *event, int place, const struct form_changed *was, struct form_parting *out);

/* The first on the way of an operand that changed its form whose own form was another in the newest earlier call, all being made by the same lines since. */
struct form_first {
	struct lineage_step now;
	int ndim;                        /* that it made before */
	int64_t sizes[FORM_DIMS_MOST];
};

/* Follows the operand at PLACE of EVENT, and what it was in the earlier call WAS, back beside each other as long as the same lines made both of another form; what adds a
 * dimension in every call is passed. WAY (NULL: not wanted) gets the steps, the last of them as its decider. False where nothing is passed so, or nothing is known. */
bool form_follow(const struct source *source, int process, const struct event *event, int place, const struct form_changed *was, struct lineage *way, struct form_first *out);

#endif
