/*
 * Numbers that a class of settings has by default, where an object of that class is in reach and holds others: they are no setting of this run.
 *
 * A class imported by name ("ModelConfig.max_positions") is read with the module's other configurations; what its object holds ("self.config.max_positions")
 * is what runs. An object is of the class if it holds most of the class's names: a trace doesn't tell an object's class.
 */
#ifndef SHAPEBOX_VIEWER_ANALYSIS_DEFAULTS_H
#define SHAPEBOX_VIEWER_ANALYSIS_DEFAULTS_H

#include <jansson.h>

/* Takes them out of NUMBERS (as a note has them, the outer list the caller's own). */
void defaults_drop(json_t *numbers);

#endif
