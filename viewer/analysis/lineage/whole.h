/*
 * What calls were like over the whole run, where the events that are kept tell less: from the tables that outlive the ring.
 */
#ifndef SHAPEBOX_VIEWER_ANALYSIS_WHOLE_H
#define SHAPEBOX_VIEWER_ANALYSIS_WHOLE_H

#include "../mismatch/mismatch.h"
#include "../source.h"

/* The earlier calls of EVENT's line (by a layer of its weight's sizes, if it has one), and of them dimension DIM of the operand at PLACE (-1: the calls alone), in OUT. False, with nothing
 * in OUT, where no more is known than the KEPT calls whose events are kept. What came after EVENT isn't among the calls. */
bool whole_calls(const struct source *source, int process, const struct event *event, int place, int dim, int64_t kept, struct call_history *out);
/* The same for the calls alone, of those whose first tensor has as many dimensions as EVENT's. */
bool whole_alike(const struct source *source, int process, const struct event *event, int64_t kept, struct call_history *out);
/* Of these, dimension DIM of what they were given at PLACE, where EVENT itself ended well: it is in the tables and is taken out. SAME of
 * the KEPT calls had the size of now. */
bool whole_given(const struct source *source, int process, const struct event *event, int place, int dim, int64_t kept, int64_t same,
		 struct call_history *out);
/* The same for dimension DIM of what EVENT made, OUTPUT, if that is just as a dimension of an operand. */
bool whole_made(const struct source *source, int process, const struct event *event, int output, int dim, int64_t kept, int64_t same,
		struct call_history *out);
/* Did the two sides of MISMATCH, WHOLE of each, have one size in every call? An operation that ended well had equal sizes, or 1, where it
 * needs them. False where that isn't known. */
bool whole_agreed(const struct mismatch *mismatch, const struct call_history whole[2]);
/* Did none of these calls have SIZE? False where that isn't known. */
bool whole_lacks(const struct call_history *whole, int64_t size);
/* What divides every size that is known of these calls, more than 1 where lengths were rounded up to a multiple of it; 0: none is known. */
int64_t whole_divisor(const struct call_history *whole);

#endif
