/*
 * The line of the program that sets which parameters are trained.
 *
 * Looked for as text in the program's own files that the failure's frames are in, and in those that these import from beside them. What it says is
 * for a text that tells where to look, no evidence that the line ran. Pure, but for reading those files.
 */
#ifndef SHAPEBOX_VIEWER_ANALYSIS_FREEZES_H
#define SHAPEBOX_VIEWER_ANALYSIS_FREEZES_H

#include "../causes.h"

struct freezes {
	char where[160], source[200]; /* "utils.py:20", the line */
	bool leaves_out;              /* it asks each name for a text (`"lora_" in name`) that none of NAMES has */
};

/* The line that sets requires_grad and leaves out the COUNT parameters called NAMES, else one by another condition, else one that sets it to False;
 * false where there is none. */
bool freezes_find(const struct cause_facts *facts, const char *const *names, int count, struct freezes *out);

#endif
