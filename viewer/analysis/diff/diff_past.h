/*
 * Two members in the steps whose operations are overwritten. Included within viewer/analysis/diff/ alone.
 */
#ifndef SHAPEBOX_VIEWER_ANALYSIS_DIFF_PAST_H
#define SHAPEBOX_VIEWER_ANALYSIS_DIFF_PAST_H

#include "diff_parts.h"

struct past {
	bool found;
	int64_t step, steps;   /* the first range of steps in which they part */
	struct box_step_print left, right;
	int64_t end;           /* the steps before it were compared; 0: none */
	bool unknown;          /* operations were overwritten, and there are no fingerprints */
	int64_t usual;         /* ranges that differ as they may */
	bool kept_parts;       /* so do ranges whose operations are kept: what those tell counts */
};

struct past past_compare(const struct member *left, const struct member *right);

#endif
