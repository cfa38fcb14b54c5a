/*
 * The report: everything that is known of a trace's end, as the JSON object of schema/report.schema.json.
 *
 * Owns the order in which the stages run. Prints nothing; everything it returns is owned by the caller.
 */
#ifndef SHAPEBOX_VIEWER_ANALYSIS_REPORT_H
#define SHAPEBOX_VIEWER_ANALYSIS_REPORT_H

#include "../reader/trace.h"

#define REPORT_SCHEMA 1 /* "schema" of the report; raised when an older reader would misread it */

/* The report on TRACE. NULL with ERROR filled on trouble. New reference. */
json_t *report_build(struct trace *trace, struct error *error);

#endif
