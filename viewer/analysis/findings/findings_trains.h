/*
 * What a program trains, of how much, by the parts of its model: from the newest note of its state. Pure.
 */
#ifndef SHAPEBOX_VIEWER_ANALYSIS_FINDINGS_TRAINS_H
#define SHAPEBOX_VIEWER_ANALYSIS_FINDINGS_TRAINS_H

#include "../source.h"

/* The newest "state" note of PROCESS; NULL. Borrowed. */
const json_t *findings_state(const struct source *source, int process);

/* "trains" of `check`, by the first process that knows: {"root","class","optimizer","elements","trainable",
 * "frozen":["model.visual", ...],"children":[{"module","elements","trainable"}]}; null. New reference. */
json_t *findings_trains(const struct source *source);

#endif
