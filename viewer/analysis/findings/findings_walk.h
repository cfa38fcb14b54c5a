/*
 * The parts of one walk over the newest operations: for findings_survey.c and what it hands each operation to.
 */
#ifndef SHAPEBOX_VIEWER_ANALYSIS_FINDINGS_WALK_H
#define SHAPEBOX_VIEWER_ANALYSIS_FINDINGS_WALK_H

#include "findings_survey.h"
#include "../mismatch/mismatch_rule.h"

#define WALK_LOOKUPS 512 /* makers that are looked for */

/* The tensors that were used last in one way, the newest written over the oldest. */
#define USED_MOST 32
struct used { int64_t tensors[USED_MOST]; int next; };

struct walk {
	struct findings_survey *survey;
	const struct source *source;
	int process;
	int lookups;                /* so far */
	struct used averaged, bent; /* taken the mean or sum of; of these, what they were the square or absolute value of */
};

/* The calls of KIND from EVENT's line; NULL where there are too many lines. */
struct survey_site *walk_site(struct findings_survey *survey, enum survey_kind kind, const struct event *event);
/* One more call there; events come newest first. The sizes of ONE and OTHER (may be NULL) are kept of the newest odd one. */
void walk_count(struct survey_site *site, const struct event *event, bool odd, const struct operand *one, const struct operand *other);
bool walk_is_plain(const struct operand *operand);
int64_t walk_elements(const struct operand *operand);

/* findings_walk_places.c: writes through masks, failed ones too. NAME is the operation's, without "aten::". */
void walk_places(struct walk *walk, const struct event *event, const char *name);
/* findings_walk_sizes.c: autocast, patches, what can't take another batch. */
void walk_sizes(struct walk *walk, const struct event *event, const char *name);

#endif
