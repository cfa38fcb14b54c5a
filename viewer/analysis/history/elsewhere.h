/*
 * Earlier calls of a line on any way that led there: from another loop, in evaluation, under other callers. Pure, but for where_same_line.
 */
#ifndef SHAPEBOX_VIEWER_ANALYSIS_ELSEWHERE_H
#define SHAPEBOX_VIEWER_ANALYSIS_ELSEWHERE_H

#include "../source.h"
#include "../text.h"

#define ELSEWHERE_LINE 300

/* The kept calls of EVENT's operation from its line of code before it, newest first, until VISIT returns false. */
void elsewhere_each(const struct source *source, int process, const struct event *event, bool (*visit)(const struct event *event, void *context),
		    void *context);

/* Adds to TEXT how many calls of EVENT's line came on other ways than EVENT, over the whole run; nothing where none did. */
void elsewhere_add(const struct source *source, int process, const struct event *event, struct text *text);

/* The same where some came on this way, too: "; 240 more on other ways, the last from train.py:72 (in training)". False where none did. */
bool elsewhere_add_more(const struct source *source, int process, const struct event *event, struct text *text);

/* The program's own lines, "train.py:41", at which the ways to call sites SITE and OTHER part, seen from the innermost. False if they don't. */
bool elsewhere_parts(const struct source *source, int process, int64_t site, int64_t other, char one[ELSEWHERE_LINE], char two[ELSEWHERE_LINE]);

#endif
