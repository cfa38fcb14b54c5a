/*
 * The environment and the failure of a report as Markdown, as issue templates ask for it.
 */
#ifndef SHAPEBOX_VIEWER_RENDERING_ENVIRONMENT_TEXT_H
#define SHAPEBOX_VIEWER_RENDERING_ENVIRONMENT_TEXT_H

#include <jansson.h>

#include "page.h"

/* Append it to PAGE. VERSION is shapebox's. */
void environment_text(struct page *page, const json_t *report, const char *version);

#endif
