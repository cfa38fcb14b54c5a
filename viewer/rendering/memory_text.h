/* `shapebox memory` as text, from the JSON of analysis/memory.h. Computes nothing. */
#ifndef SHAPEBOX_VIEWER_RENDERING_MEMORY_TEXT_H
#define SHAPEBOX_VIEWER_RENDERING_MEMORY_TEXT_H

#include <jansson.h>
#include <stdbool.h>

#include "page.h"

/* Append MEMORY to PAGE, in lines of at most WIDTH columns. STEPS: and a line for each step. MOST: holders in each list. */
void memory_text(struct page *page, const json_t *memory, int width, bool steps, int most);

#endif
