/*
 * Events as text for `shapebox log`: operands in short, places, times; and as JSON.
 */
#ifndef SHAPEBOX_VIEWER_RENDERING_EVENT_TEXT_H
#define SHAPEBOX_VIEWER_RENDERING_EVENT_TEXT_H

#include <jansson.h>

#include "../reader/trace.h"
#include "page.h"

/* "[2, 3] float32, dim=1": what tells something of COUNT operands. Device is named only where it isn't the CPU. */
void event_text_operands(struct page *page, const struct operand *operands, int count);
/* "model.py:12 forward" of the innermost of SITE's frames that is no part of torch itself. */
void event_text_place(struct page *page, const struct site *site);
/* The frame of that place, or NULL. */
const struct frame *event_text_frame(const struct site *site);
/* EVENT as a JSON object; SITE may be NULL. New reference. */
json_t *event_text_json(const struct event *event, const struct process *process, const struct site *site);

#endif
