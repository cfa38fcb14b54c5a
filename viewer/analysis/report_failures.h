/*
 * The failures of a trace beside the one that is shown: all of them by time, and the attempts of a run that was restarted.
 */
#ifndef SHAPEBOX_VIEWER_ANALYSIS_REPORT_FAILURES_H
#define SHAPEBOX_VIEWER_ANALYSIS_REPORT_FAILURES_H

#include "failure/failure.h"

/* [{"time_ns","headline","kind","process","step","operation","exception","shown"}], the oldest first, at most 100. CHOSEN may be
 * NULL. New reference. */
json_t *report_failure_list(const struct source *source, const struct failure *chosen);

/* [{"attempt","ranks","failed","status","shown","headline"}] of a run that was restarted, else []. New reference. */
json_t *report_attempt_list(const struct source *source, const struct failure *chosen, const json_t *failures);

#endif
