/*
 * What the failing line did before: the calls of the same operation from the same call site, over the whole run.
 * How many there were and the sizes that they had come from the whole-run tables; whether two operands agreed, from
 * the calls whose events are kept.
 *
 * Compares the operands at the places that disagree now, by place, so it says nothing where the mismatch is about
 * something else than sizes or counts. Reads at most HISTORY_CALLS_MOST events.
 */
#ifndef SHAPEBOX_VIEWER_ANALYSIS_HISTORY_H
#define SHAPEBOX_VIEWER_ANALYSIS_HISTORY_H

#include "../mismatch/mismatch.h"
#include "../source.h"

#define HISTORY_CALLS_MOST 4096

/* {"seen_before","text","range"} for the failed EVENT; MISMATCH may be NULL. Null where EVENT has no call site. New reference. */
json_t *history_build(const struct source *source, int process, const struct event *event, const struct mismatch *mismatch);
/* The same for what EVENT made: the sizes of its OUTPUT, which the report calls NAME, now and before. New reference. */
json_t *history_made(const struct source *source, int process, const struct event *event, int output, const char *name);
/* The dimension of OUTPUT that has a size no earlier call of EVENT's line made; -1 if none, or too little is known of them. */
int history_new_dim(const struct source *source, int process, const struct event *event, int output);
/* What earlier calls of EVENT's line made of DIM of OUTPUT, in OUT, if the size of now lies outside of it; false where it doesn't,
 * or too little is known of them. */
struct history_size { int64_t calls, smallest, largest; };
bool history_size_new(const struct source *source, int process, const struct event *event, int output, int dim, struct history_size *out);
/* Was the size that MISMATCH expects always what it isn't now, and the other side always as it is? Then the expecting side
 * is the one that changed. False where fewer calls are kept than tell anything. */
bool history_other_changed(const struct source *source, int process, const struct event *event, const struct mismatch *mismatch);

#endif
