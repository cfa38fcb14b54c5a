/*
 * Which failure ended the run, where it arose and not its echo.
 *
 * Every process may have failed once: by an uncaught exception, by one it logged before it left with
 * a non-zero status, in a thread, or by a signal. failure_choose picks among them: an exception that
 * only tells again what a child raised is an echo of the child's; a rank that fails in a collective
 * waited for one that failed elsewhere; then the smallest step. Exceptions that were survived are
 * never chosen; failure_handled lists them.
 *
 * Everything in struct failure is borrowed from the source and lives as long as the trace.
 */
#ifndef SHAPEBOX_VIEWER_ANALYSIS_FAILURE_H
#define SHAPEBOX_VIEWER_ANALYSIS_FAILURE_H

#include "../source.h"

struct failure {
	const char *kind;             /* operation, python, signal */
	int process;                  /* its place in the trace */
	const struct note *note;      /* the exception as Python saw it; NULL if it didn't */
	const struct note *led_to;    /* what was raised for want of it, it having been handled; NULL: it was not */
	const struct note *operation; /* the operation that it left, innermost first; NULL if none */
	const char *operation_name;   /* of the operation to report; NULL if none */
	json_t *frames;               /* where it arose, innermost first; NULL if unknown */
	const char *type, *message;   /* the exception that arose there; NULL if none */
	int link;                     /* the entry of the note's chain that it is; -1: the note's own exception */
	const char *thread;           /* name; NULL if unknown */
	bool has_event, has_inner;
	struct event event;           /* the operation to report; kind signal: the last one, "open" if it was inside */
	struct event inner;           /* the innermost recorded operation that failed, if it is another */
	int64_t context_event;        /* the last event before it on its thread, -1 */
	int64_t time_ns, step, micro_batch /* -1 */;
	const char *phase;            /* NULL if unknown */
	int signal;                   /* kind signal: which, 0 if unknown */
	char surfaced[200];           /* an asynchronous error's: what it was and where it came out; a handled one's: what it led to. As the
	                               * headline's end; "" */
};

/* The failure that ended the run; false for a healthy one (or no memory). */
bool failure_choose(const struct source *source, struct failure *out);

/* Every failure of the trace that is no other's echo, by time: of each process the one that ended it (or its newest), and
 * those before it that left the program's own code in a process that lived on. Returns how many of ROOM were filled. */
int failure_list(const struct source *source, struct failure *out, int room);

/* Exceptions that were raised and survived, grouped: [{"type","message","where","times"}]. CHOSEN may be
 * NULL. New reference. */
json_t *failure_handled(const struct source *source, const struct failure *chosen);

/* How far a failure is from being an own one. 0: an own failure; 1: waiting for others (a collective, a signal); 2: ended from
 * outside; 3: only a status is known. */
int failure_class(const struct failure *failure);

/* Which of two ranks' failures lies earlier in the training: by step, then by the collectives that the rank ran in it. Below 0: ONE;
 * 0: neither, as far as is known. Clocks tell nothing here. */
int failure_progress(const struct source *source, const struct failure *one, const struct source *other_source, const struct failure *other);

/* Does the message of one exception tell the other's (as a wrapper's or a C++ exception's does)? */
bool failure_same_message(const char *one, const char *other);

#endif
