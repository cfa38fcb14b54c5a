/*
 * What a process was started with and in: the note of its environment, and what its failure knew better.
 */
#ifndef SHAPEBOX_VIEWER_ANALYSIS_REPORT_ENVIRONMENT_H
#define SHAPEBOX_VIEWER_ANALYSIS_REPORT_ENVIRONMENT_H

#include "failure/failure.h"

/* {"argv","cwd","executable","python","glibc","driver","gpus","versions","seed","launcher","env"} of the process that failed, else of
 * the first; null where nothing was noted. CHOSEN may be NULL. New reference. */
json_t *report_environment(const struct source *source, const struct failure *chosen);

#endif
