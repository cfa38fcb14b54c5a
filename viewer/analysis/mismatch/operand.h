/*
 * The operands of a failure as JSON: recorded metadata, and what the failing frames know of them.
 */
#ifndef SHAPEBOX_VIEWER_ANALYSIS_OPERAND_H
#define SHAPEBOX_VIEWER_ANALYSIS_OPERAND_H

#include "mismatch.h"
#include "../source.h"

/* The local variable of FRAMES (innermost user frame first) that held TENSOR, or NULL. Borrowed; its "name"
 * is what the code calls it: "feats[1]". */
const json_t *operand_local(const json_t *frames, int64_t tensor);

/* "operands" of EVENT. MISMATCH (may be NULL) says what is marked. New reference. */
json_t *operand_list(const struct source *source, int process, const struct event *event, const json_t *frames,
		     const struct mismatch *mismatch);

/* Operands for an exception that no operation raised: the tensors in the locals of the innermost user frames,
 * those first whose sizes or counts MESSAGE mentions. New reference. */
json_t *operand_list_locals(const struct source *source, int process, const json_t *frames, const char *message,
			    int64_t before);
/* Dimensions of SHAPE whose size MESSAGE mentions: as a number, or all of them where it tells this whole shape. The numbers of
 * other shapes that it tells don't count. New reference. */
json_t *operand_mentioned(const json_t *shape, const char *message);

#endif
