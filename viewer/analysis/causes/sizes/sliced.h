/*
 * Limits that stand on the lines by which the two sides were made, where no frame of the failure reaches them: `words[:MAX_WORDS]` in a data set's
 * or a collator's file, which was left long before.
 *
 * The line is read from its file, the name's value from where that file (or a setting) sets it. It counts if it is the side's size.
 */
#ifndef SHAPEBOX_VIEWER_ANALYSIS_SLICED_H
#define SHAPEBOX_VIEWER_ANALYSIS_SLICED_H

#include "../causes.h"
#include "../code/code.h"

/* Appends to FRAMES those of the program's that the sides' steps were called from, for settings_load. */
void sliced_frames(const struct cause_facts *facts, json_t *frames);
/* Appends to NUMBERS (as a note has them) an entry with the limits that are found, if there are any. FACTS has its sides' sizes, and settings. */
void sliced_numbers(const struct cause_facts *facts, json_t *numbers);
/* What TEXT, a line of source, cuts at: the next name behind "[:" at or after *AT, in OUT; moves *AT on. False if there is none. */
bool sliced_name(const char **at, char *out, size_t size);

/* The names that the statement at LINE, or what its names were set to in its function, cuts at. */
void sliced_each(const struct code *code, int line, void (*visit)(const char *name, void *context), void *context);

#endif
