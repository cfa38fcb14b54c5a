/*
 * The report as text, from its JSON (DESIGN: "The report's JSON") and from nothing else.
 *
 * Computes nothing: it chooses what to show and how. What is null or absent is left out. At most 40 lines for the
 * common case; lists that would take more are folded. Every string is untrusted.
 */
#ifndef SHAPEBOX_VIEWER_RENDERING_REPORT_TEXT_H
#define SHAPEBOX_VIEWER_RENDERING_REPORT_TEXT_H

#include <jansson.h>

#include "page.h"

/* Append the report REPORT in lines of at most WIDTH columns. */
void report_text(struct page *page, json_t *report, int width);
#define REPORT_TORCH_OLDEST "2.3" /* the oldest that was run */
/* The version of torch whose operations could not be recorded, so that the trace has none; NULL: that is not so. */
const char *report_unheard(const json_t *report);
/* Append every failure of the trace, the oldest first. */
void report_failures_all(struct page *page, const json_t *report, int width);
/* Append what the process was started with and in. */
void report_environment_all(struct page *page, const json_t *report, int width);

#endif
