/*
 * "first_divergence": where the ways of the members part, as JSON. Included by viewer/analysis/diff*.c alone.
 */
#ifndef SHAPEBOX_VIEWER_ANALYSIS_DIFF_DIVERGENCE_H
#define SHAPEBOX_VIEWER_ANALYSIS_DIFF_DIVERGENCE_H

#include "diff_groups.h"

/* Sequences part at PARTING. New reference. */
json_t *divergence_of_parting(struct members *members, const struct groups *groups, const struct parting *parting);
/* They part in steps whose operations are overwritten. KEPT (may be NULL; taken over): what is found in those that are kept. diff_past.c. */
json_t *divergence_of_past(struct members *members, const struct groups *groups, const struct parting *parting, json_t *kept);
/* One stopped while others wait for it in a collective; NULL if nobody waits. New reference. */
json_t *divergence_of_stop(struct members *members, const struct groups *groups, const struct parting *stopped);
/* A size differs; COMPARED are those that took part, as sizes_compare had them. New reference. */
json_t *divergence_of_sizes(struct members *members, struct member *const *compared, int count,
			    const struct size_difference *difference);

/* The operation of OTHER that MEMBER's EVENT is in STEP, by its occurrence there; -1 if it has none. */
int64_t member_same_operation(const struct member *member, int64_t event, const struct member *other, int64_t step);

/* The last operation of the main thread that counts; false if there is none. */
bool member_last(const struct member *member, struct brief *out);

#endif
