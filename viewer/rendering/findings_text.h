/*
 * What `check` found, as text: from its JSON alone, computing nothing.
 */
#ifndef SHAPEBOX_VIEWER_RENDERING_FINDINGS_TEXT_H
#define SHAPEBOX_VIEWER_RENDERING_FINDINGS_TEXT_H

#include <jansson.h>

#include "page.h"

void findings_text(struct page *page, const json_t *found, int width);

#endif
