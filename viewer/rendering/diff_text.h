/*
 * The comparison as text, from its JSON (schema/diff.schema.json) and from nothing else. Every string is untrusted.
 */
#ifndef SHAPEBOX_VIEWER_RENDERING_DIFF_TEXT_H
#define SHAPEBOX_VIEWER_RENDERING_DIFF_TEXT_H

#include <jansson.h>

#include "page.h"

/* Append DIFF in lines of at most WIDTH columns. */
void diff_text(struct page *page, const json_t *diff, int width);

/* Append "0-2, 5" for a sorted list of ranks. */
void diff_ranks(struct page *page, const json_t *ranks);

#endif
