/*
 * The report's "modules": what the modules around a failure hold, by dtype and device.
 *
 * Reads the rows that the note of an exception has (ARCHITECTURE.md, Notes). Pure functions.
 */
#ifndef SHAPEBOX_VIEWER_ANALYSIS_MODULES_H
#define SHAPEBOX_VIEWER_ANALYSIS_MODULES_H

#include <jansson.h>
#include <stdbool.h>

#include "failure/failure.h"

/* ROWS, those first whose dtype or device is another than most parameters have. New reference. */
json_t *modules_sorted(const json_t *rows);
/* The dtype or device (KEY) that more than half of all parameters have; NULL if there is none. Borrowed. */
const char *modules_majority(const json_t *rows, const char *key);
/* Is VALUE the KEY of some row, but not of most parameters? */
bool modules_has_odd(const json_t *rows, const char *key, const char *value);
/* FAILURE's phase, "" if unknown. "eval" (without gradients) where the model's modules are in training mode is "forward": a part of a training step, or an evaluation
 * that forgot model.eval(). */
const char *modules_phase(const struct failure *failure);

#endif
