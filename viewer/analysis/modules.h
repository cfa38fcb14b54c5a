/*
 * The report's "modules": what the modules around a failure hold, by dtype and device.
 *
 * Reads the rows that the note of an exception has (ARCHITECTURE.md, Notes). Pure functions.
 */
#ifndef SHAPEBOX_VIEWER_ANALYSIS_MODULES_H
#define SHAPEBOX_VIEWER_ANALYSIS_MODULES_H

#include <jansson.h>
#include <stdbool.h>

/* ROWS, those first whose dtype or device is another than most parameters have. New reference. */
json_t *modules_sorted(const json_t *rows);
/* The dtype or device (KEY) that more than half of all parameters have; NULL if there is none. Borrowed. */
const char *modules_majority(const json_t *rows, const char *key);
/* Is VALUE the KEY of some row, but not of most parameters? */
bool modules_has_odd(const json_t *rows, const char *key, const char *value);
/* Is a module that has parameters to train in training mode? */
bool modules_train(const json_t *rows);

#endif
