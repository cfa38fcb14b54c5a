/*
 * One command, run to its end or to its time limit, its output in files.
 *
 * The caller is single-threaded and becomes the reaper of everything the command leaves behind:
 * nothing that it started is alive when process_run returns.
 */
#ifndef SHAPEBOX_TESTS_E2E_PROCESS_H
#define SHAPEBOX_TESTS_E2E_PROCESS_H

#include <stdbool.h>

struct process_result {
	int status;      /* exit status; 128 + signal if it was killed */
	bool timed_out;  /* and was therefore killed by us */
	double seconds;
};

/* Make the calling process adopt what its children leave behind. Call once, first. */
void process_adopt(void);

/* Run ARGV (NULL-terminated, ARGV[0] a path) with OUT and ERR as its standard output and error. */
struct process_result process_run(char *const argv[], const char *out, const char *err, int limit_s);

#endif
