/*
 * What the rules of findings.def share: questions about the facts, and ways to say the answer.
 */
#ifndef SHAPEBOX_VIEWER_ANALYSIS_FINDINGS_TOOL_H
#define SHAPEBOX_VIEWER_ANALYSIS_FINDINGS_TOOL_H

#include "findings.h"

/* The integer at OBJECT[KEY], 0 if there is none. */
int64_t finding_number(const json_t *object, const char *key);
/* Is everything known that a rule compares? Sharded and wrapped parameters show neither gradient nor device. *MODEL gets the state's
 * counts. */
bool finding_knows(const struct finding_facts *facts, const json_t **model);
/* What the program calls its model. */
const char *finding_root(const struct finding_facts *facts);
/* "model.visual (12 parameters, 1234 elements)" of a row of the state. */
void finding_add_row(const struct finding_facts *facts, struct text *text, const json_t *row);
/* " at file.py:41", if the line is known. */
void finding_add_place(const struct finding_facts *facts, struct text *text, int64_t site);
/* "in all 12 calls", "in 3 of 12 calls". */
void finding_add_calls(struct text *text, const struct survey_site *site);
/* "model.layers.3": one of a list's. */
bool finding_is_numbered(const json_t *row);
/* What was sampled of WHAT at SITE; NULL. */
const json_t *finding_sample(const struct finding_facts *facts, const char *what, int64_t site);

#endif
