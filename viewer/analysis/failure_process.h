/*
 * How one process failed, seen by itself. Used by failure.c alone, which weighs the processes.
 */
#ifndef SHAPEBOX_VIEWER_ANALYSIS_FAILURE_PROCESS_H
#define SHAPEBOX_VIEWER_ANALYSIS_FAILURE_PROCESS_H

#include "failure.h"

/* Fills OUT and returns true if PROCESS failed; else leaves OUT->kind NULL. */
bool failure_of_process(const struct source *source, int process, struct failure *out);

/* The newest failure of PROCESS before TIME_NS whose message MESSAGE tells; false if there is none. */
bool failure_process_told(const struct source *source, int process, const char *message, int64_t time_ns,
			  struct failure *out);

#endif
