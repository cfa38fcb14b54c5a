/*
 * Who went wrong first among many ranks, and where their ways parted. Also two runs, and two steps of one rank.
 *
 * Ranks are compared by the text of call sites and operations in their order, steps as anchors; never by the clock, by
 * addresses, or by sizes that may differ. Blocks with equal fingerprints are skipped unread. A rank's trace is opened for
 * itself, one after the other, and let go: memory grows with the number of ranks only by their blocks.
 *
 * The object is described by schema/diff.schema.json.
 */
#ifndef SHAPEBOX_VIEWER_ANALYSIS_DIFF_H
#define SHAPEBOX_VIEWER_ANALYSIS_DIFF_H

#include <jansson.h>

#include "../../reader/trace.h"

#define DIFF_RANKS_MOST 64

struct diff_request {
	struct trace *const *traces;
	int trace_count;
	int ranks[DIFF_RANKS_MOST]; /* only these; none: all */
	int rank_count;
	int64_t steps[2];           /* of one rank, the first against the second; -1: no */
	/* Said now and then: DONE of TOTAL ranks have been WHAT ("read", "compared"). May be NULL. */
	void (*progress)(const char *what, int done, int total);
};

/* The comparison as JSON; new reference. NULL: ERROR is filled. */
json_t *diff_build(const struct diff_request *request, struct error *error);

/* Did the ranks differ, fail, or lack one? */
bool diff_found(const json_t *diff);

#endif
