/*
 * The stages of `shapebox run`, each in its file. run.c puts them together.
 *
 * None of them ends the process or keeps the command from starting: what the machine refuses comes back as false
 * with one sentence, and run.c goes on without recording.
 */
#ifndef SHAPEBOX_VIEWER_COMMANDS_RUN_PARTS_H
#define SHAPEBOX_VIEWER_COMMANDS_RUN_PARTS_H

#include <jansson.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "../reader/trace.h"

/* run_find.c: the library beside this executable (same folder, ../lib, ../lib/shapebox). */
bool run_find_library(char path[PATH_MAX], struct error *error);
/* Where a shell would find NAME. Returns 0, or 127 (not found) or 126 (not executable). */
int run_find_program(const char *name, char path[PATH_MAX]);
/* The Python that PROGRAM is, or that its #! line names. False: none is to be seen. */
bool run_find_python(const char *program, char path[PATH_MAX]);

/* run_job.c: what several hosts' commands of one job have in common: the scheduler's job, torchrun's rendezvous, the master's
 * address and port; "" where nothing tells. */
void run_job_name(char *const *argv, char *job, size_t room);
/* Is a run of JOB recording into DIRECTORY now? Waits up to two seconds for its record. */
bool run_job_joins(const char *directory, const char *job);

/* run_directory.c: make a new directory for a trace, 0700, ignored by git. WANTED may be "" (a name made of the time).
 * Where it exists with anything in it, WANTED.2, .3... is taken; where it can't be made, TMPDIR and /tmp are tried. PATH
 * gets the absolute path. NOTICE gets a sentence where the directory isn't the wanted one, else "". Where another command of JOB
 * ("": none) records into WANTED, that is taken as well, and JOINED set. */
bool run_directory_make(const char *wanted, const char *job, char path[PATH_MAX], bool *joined, struct error *notice,
			struct error *error);

/* run_probe.c: start /bin/true and PYTHON (may be NULL) with PRELOAD as LD_PRELOAD. False, with one sentence, if that fails
 * or prints what it doesn't without. */
bool run_probe(const char *preload, const char *python, struct error *why);

/* run_child.c: what is to be started, and how it ended. */
struct run_child {
	char **argv;
	const char *preload;   /* LD_PRELOAD; NULL: start it as it is */
	const char *directory; /* SHAPEBOX_OUTPUT */
	const char *job;       /* run_job_name; "" if none */
	bool joined;           /* the directory and its record are another command's of the job */
	int64_t check_after;   /* steps; 0: not asked for */
	pid_t pid;
	int error_number;      /* of exec; 0 if it started */
	int exit_status;       /* -1 if a signal ended it */
	int signal;            /* 0 if none */
	int64_t start_ns, end_ns;
};
/* Start it, hand signals on to it, wait for it, then for its descendants (two seconds at most). STARTED is called
 * once the process exists. False if it could not be started (error_number). */
bool run_child(struct run_child *child, void (*started)(struct run_child *child));

/* run_check_after.c: print on standard error what `check` finds, once, as soon as a process has made STEPS steps: from a process of
 * its own, which reads the boxes only and ends with the program. Call it when CHILD has started. */
void run_check_after(const struct run_child *child, int64_t steps);

/* run_nothing.c: why nothing was recorded, and what to do instead, as one sentence. Looks at what the library saw started, at the
 * program itself, and asks its Python (if it is one) for its torch. */
void run_nothing_why(const struct run_child *child, char *why, size_t room);

/* run_record.c: (re)write run.json in the trace's directory. */
bool run_record_write(const struct run_child *child);
/* COMMAND with the values of secrets replaced by "***". New reference. */
json_t *run_record_command(char *const *argv);

int64_t run_now_ns(void);

#endif
