/*
 * What earlier calls of the failing line had at the two places that disagree now: for the rules of causes.def.
 */
#ifndef SHAPEBOX_VIEWER_ANALYSIS_PRECEDENT_H
#define SHAPEBOX_VIEWER_ANALYSIS_PRECEDENT_H

#include "../causes/causes.h"

#define PRECEDENT_CALLS_MOST 4096

/* Fills FACTS' sides (their places and sizes from its mismatch), calls, agreed and last_call. RECORDED: its event is a
 * recorded one, so that its line's earlier calls can be asked for. */
void precedent_measure(struct cause_facts *facts, bool recorded);

#endif
