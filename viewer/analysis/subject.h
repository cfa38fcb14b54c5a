/*
 * What disagrees where the failed operation's own operands don't tell, as an event of its own making.
 *
 * A list of tensors in the failing frames whose items disagree (a collator's batch, when what failed is only the
 * room for the result); a parameter whose shape in a checkpoint is another than in the model, as load_state_dict
 * says; a gradient that isn't its input's, or a saved tensor that was written to since, as autograd says; what checkpointing recomputed, as it says. The rules of mismatch and causes read such an event as they read a recorded one; its id is that of the
 * failure, so that its tensors can be followed from there.
 */
#ifndef SHAPEBOX_VIEWER_ANALYSIS_SUBJECT_H
#define SHAPEBOX_VIEWER_ANALYSIS_SUBJECT_H

#include "mismatch/mismatch.h"

#define SUBJECT_OPERANDS_MOST 64
#define SUBJECT_DIMS_MOST 8
#define SUBJECT_LOAD "load_state_dict" /* the operation's name for a checkpoint's parameter */
#define SUBJECT_GRADIENT "gradient"     /* for a gradient that the engine refused */
#define SUBJECT_RECOMPUTED "recompute"  /* for what activation checkpointing recomputed */
#define SUBJECT_SAVED "saved"           /* for what autograd had saved, and was written to since */
#define SUBJECT_LISTS "lists"           /* for plain lists of unequal length that a batch holds */
#define SUBJECT_CHECK "check"           /* for what a check in Python compared */
#define SUBJECT_SUBSCRIPT "subscript"   /* for a place behind a tensor's end that Python asked for */

struct subject {
	struct event event;
	struct operand operands[SUBJECT_OPERANDS_MOST];
	int64_t sizes[SUBJECT_OPERANDS_MOST][SUBJECT_DIMS_MOST];
	char names[2][160], types[2][32];
	int more; /* parameters of other shape than the one told */
};

/* An event of OPERATION without operands, and one more operand for it: LOCAL (a VARIABLE of ARCHITECTURE.md). The second is
 * false where there is no room, or no plain sizes. NAME and LOCAL are borrowed. */
void subject_start(struct subject *out, const char *operation);
bool subject_add(struct subject *out, const char *name, const json_t *local);
bool subject_add_sizes(struct subject *out, const char *name, const int64_t *sizes, int ndim);
/* How the first operand differs from the second, in rank or in the first dimension that does, as a message told; false if not. */
bool subject_differs(struct subject *out, struct mismatch *found);

/* The innermost list of tensors among FRAMES that can't be stacked, where OPERATION makes room for such a list. Fills
 * OUT and FOUND and returns true. Names are borrowed from FRAMES. */
bool subject_of_list(struct subject *out, const char *operation, const json_t *frames, struct mismatch *found);
/* What a loader's exception left to tell: MESSAGE with the parameters of another shape (NOTE's "shapes", where that is what they were collected
 * for), as load_state_dict tells them; NULL where there are none, or MESSAGE tells some. To be freed. */
char *subject_told_shapes(const json_t *note, const char *message);
/* The first parameter of another shape that MESSAGE tells. */
bool subject_of_checkpoint(struct subject *out, const char *message, const json_t *frames, struct mismatch *found);
/* The innermost list of lists among FRAMES whose lengths aren't all the same, where MESSAGE says that they must be: the odd one,
 * against the most usual length. */
bool subject_of_lengths(struct subject *out, const char *message, const json_t *frames, struct mismatch *found);
/* The gradient that a node returned, and the input it is for, as autograd's engine tells (validate_outputs). */
bool subject_of_gradient(struct subject *out, const char *message, struct mismatch *found);
/* What autograd had saved for backward, at another version than it was then, as its engine tells (SavedVariable::unpack). */
bool subject_of_saved(struct subject *out, const char *message, struct mismatch *found);
/* The next pair at or after *AT of what activation checkpointing recomputed and what it had saved; moves *AT on. */
bool subject_of_recomputed(struct subject *out, const char **at, struct mismatch *found);

#endif
