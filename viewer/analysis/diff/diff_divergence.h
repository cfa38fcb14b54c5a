/*
 * "first_divergence": where the ways of the members part, as JSON. Included within viewer/analysis/diff/ alone.
 */
#ifndef SHAPEBOX_VIEWER_ANALYSIS_DIFF_DIVERGENCE_H
#define SHAPEBOX_VIEWER_ANALYSIS_DIFF_DIVERGENCE_H

#include "diff_groups.h"

/* Sequences part at PARTING. New reference. */
json_t *divergence_of_parting(struct members *members, const struct groups *groups, const struct parting *parting);
/* They part in steps whose operations are overwritten. KEPT (may be NULL; taken over): what is found in those that are kept. diff_past.c. */
json_t *divergence_of_past(struct members *members, const struct groups *groups, const struct parting *parting, json_t *kept);
/* One stopped while others wait for it in a collective; NULL if nobody waits. New reference. diff_stop.c. */
json_t *divergence_of_stop(struct members *members, const struct parting *stopped);
/* Ranks of which there is no trace, for whom others wait in a collective of theirs; NULL: nobody waits for them. New reference. diff_stop.c. */
json_t *divergence_of_absent(struct members *members);
/* A size differs; COMPARED are those that took part, as sizes_compare had them. New reference. */
json_t *divergence_of_sizes(struct members *members, struct member *const *compared, int count,
			    const struct size_difference *difference);

/* The operation of OTHER that MEMBER's EVENT is in STEP, by its occurrence there; -1 if it has none. */
int64_t member_same_operation(const struct member *member, int64_t event, const struct member *other, int64_t step);

/* The last operation of the main thread that counts; false if there is none. */
bool member_last(const struct member *member, struct brief *out);
/* Its first collective from event FIRST on; its last one. */
bool member_next_collective(const struct member *member, int64_t first, struct brief *out);
bool member_last_collective(const struct member *member, struct brief *out);
/* How many collectives it issued before EVENT. */
int64_t member_collectives_before(const struct member *member, int64_t event);

/* Does MEMBER take part in COLLECTIVE of OWNER, as far as is known? False: its group is known, and MEMBER's rank isn't in it. diff_stop.c. */
bool member_takes_part(const struct member *member, const struct member *owner, const struct brief *collective);

/* The collective in which MEMBER ended, where a sharding library made it, which has no part in the comparison; -1. diff_stop.c. */
int64_t member_waits_inside(const struct member *member);

/* What ONE and OTHER lost, as a warning. */
void divergence_add_lost(const struct members *members, int one, int other, struct text *text);

#endif
