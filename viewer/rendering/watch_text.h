/*
 * A running job's moment as a table, from its JSON (analysis/watch.h). Every string is untrusted.
 */
#ifndef SHAPEBOX_VIEWER_RENDERING_WATCH_TEXT_H
#define SHAPEBOX_VIEWER_RENDERING_WATCH_TEXT_H

#include <jansson.h>

#include "page.h"

void watch_text(struct page *page, const json_t *watch, int width);

#endif
