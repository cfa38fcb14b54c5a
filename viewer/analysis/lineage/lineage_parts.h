/* What the files of lineage share. Included within viewer/analysis/lineage/ alone. */
#ifndef SHAPEBOX_VIEWER_ANALYSIS_LINEAGE_PARTS_H
#define SHAPEBOX_VIEWER_ANALYSIS_LINEAGE_PARTS_H

#include "lineage.h"
#include "size_flow.h"

/* lineage_walk_tensor, for VIEWED (NULL: nothing that asks for sizes). */
void lineage_walk_for(const struct source *source, int process, int64_t tensor, int64_t before, int dim, enum lineage_property property, const struct event *viewed,
		      struct lineage *out);
/* The next step, empty; NULL where the walk is as long as it may be. */
struct lineage_step *lineage_add_step(struct lineage *lineage);
/* STEP decides; the first that does is the lineage's decider. */
void lineage_decide(struct lineage *lineage, struct lineage_step *step);

/* lineage_written.c: elements of a tensor that was made empty or of one value came in later, through a view of it: who wrote last becomes
 * the decider. */
void lineage_written(const struct source *source, struct lineage *lineage);

/* The same: elements that were picked from a stack by its number come from that piece; FLOW then goes on with it. The pick is remembered
 * on the way back to the stack. */
void lineage_pick(struct lineage *lineage, const struct event *maker, struct flow *flow);

/* lineage_views.c: MAKER put into one (DIM of OUTPUT) what a view nearer to the failure took apart again: FLOW goes on with that part.
 * False where it did not. */
bool lineage_regroup(const struct lineage *lineage, const struct event *maker, int output, int dim, struct flow *flow);
/* The same: of the sizes that MAKER put into one, that which the failed view doesn't ask for, as those beside it: FLOW goes on with it. False where that isn't one alone. */
bool lineage_unasked(const struct lineage *lineage, const struct event *maker, int output, int dim, struct flow *flow);
/* The same: rows that were chosen by numbers that were computed: the choice becomes the decider. */
void lineage_stop_at_choice(struct lineage *lineage);

/* lineage.c: a size that a view made of several (or of which it took a part): earlier calls of its line (in evaluation, in training, if there
 * were none on this way) tell which of them is another now than it was. FLOW's dimension becomes that one, of two or three that went
 * along (height and width) the first; false where none differs, or nothing came before. */
bool lineage_factor(const struct source *source, const struct lineage *lineage, const struct event *maker, int output, int dim, struct flow *flow);
/* lineage_within.c: TENSOR was first seen within a recorded operation (what that one saved for backward, packed by a hook) and nothing recorded made it: it is a view of
 * the one operand of as many elements. OUTER gets that operation, DIM becomes the operand's; the operand's place, -1 where it isn't so. */
int lineage_within(const struct source *source, struct lineage *lineage, int64_t tensor, int *dim, struct event *outer);

/* lineage_live.c: no kept event made TENSOR: what the whole-run table says of it, or its first use. DIM of it is followed, -1. */
void lineage_add_entry(const struct source *source, struct lineage *lineage, int64_t tensor, int dim);

/* lineage_maker.c: the last event at which the way to who made TENSOR goes on with the data that it was given, where no one is known to have made that. */
bool lineage_given(const struct source *source, int process, int64_t tensor, int64_t before, enum lineage_property property, struct event *out);
/* The same: what MAKER made is a copy as Python's copying makes one (`x.new_empty([]).set_(storage, 0, x.size(), x.stride())`): OUT gets who made it empty,
 * whose first operand is x. */
bool lineage_copies(const struct source *source, int process, const struct event *maker, int output, struct event *out);
/* lineage_live.c: TENSOR was given another's data (`weight.data = new`), of another size in DIM, and nothing recorded made that.
 * False where it was not. */
bool lineage_add_given(const struct source *source, struct lineage *lineage, int64_t tensor, int64_t before, int dim);

/* lineage_pass.c: the decider becomes who decided before it, where it undoes what came between, or is a layer that was given another size
 * than ever. */
void lineage_pass(const struct source *source, struct lineage *lineage);

#endif
