/*
 * A repro (analysis/repro.h) as the Python program that it is: what it is about as a comment, then its lines.
 */
#ifndef SHAPEBOX_VIEWER_RENDERING_REPRO_TEXT_H
#define SHAPEBOX_VIEWER_RENDERING_REPRO_TEXT_H

#include <jansson.h>

#include "page.h"

/* Appends the program of REPRO, which has one. */
void repro_text(struct page *page, const json_t *repro);

#endif
