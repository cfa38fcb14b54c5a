/*
 * How a number was reckoned from settings, by the source: "12 is `max_seconds * fps` at clips.py:31: 6 * 2".
 *
 * The expression is looked for in the statement that made the tensor, in the assignments of its function that the statement rests on, and in
 * the program's lines that give a setting of the same name its value. It counts if it comes to that very number by what is recorded of its
 * names (condition.h), and at least one of them is a setting (an attribute, a constant, or what a file or the command line sets) or the number was made
 * whole (int(rate * 0.025), n // 4). What gave a recorded variable its value counts if only a part of its names is known, too. A name that carries several
 * values within reach has none. Reads source files that haven't changed since the failure; runs nothing.
 */
#ifndef SHAPEBOX_VIEWER_ANALYSIS_RECKONED_H
#define SHAPEBOX_VIEWER_ANALYSIS_RECKONED_H

#include "../causes_tool.h"

/* VALUE as the statement that STEP's operation was called from reckons it, in OUT; false if it is no reckoning of settings. */
bool reckoned_at_step(const struct cause_facts *facts, const struct lineage_step *step, int64_t value, struct text *out);
/* The same for a number by NAME ("self.config.n_positions"), where a line of the program gives that name its value. */
bool reckoned_name(const struct cause_facts *facts, const char *name, int64_t value, struct text *out);
/* The same of a cause's SETTING (NULL: none). */
bool reckoned_setting(const struct cause_facts *facts, const json_t *setting, struct text *out);
/* The same of the size of one of the sides, by a step of its story. */
bool reckoned_sides(const struct cause_facts *facts, struct text *out);

#endif
