/*
 * How one process failed, seen by itself. failure.c weighs the processes.
 */
#ifndef SHAPEBOX_VIEWER_ANALYSIS_FAILURE_PROCESS_H
#define SHAPEBOX_VIEWER_ANALYSIS_FAILURE_PROCESS_H

#include "failure.h"

/* Fills OUT and returns true if PROCESS failed; else leaves OUT->kind NULL. */
bool failure_of_process(const struct source *source, int process, struct failure *out);

/* The exception that was handled last in PROCESS, which went on or ended well, as its failure; false if there is none. */
bool failure_process_last(const struct source *source, int process, struct failure *out);

/* The newest exception of PROCESS that left the program's own code and went into a future of its parent's process pool, as its failure,
 * unless HEARD says that whoever started it is known to have met that message; false if there is none. */
bool failure_process_unheard(const struct source *source, int process,
			     bool (*heard)(const struct source *source, int process, const char *message), struct failure *out);

/* Exceptions before LAST that left the program's own code in the same process. Returns how many of ROOM were filled. */
int failure_process_earlier(const struct source *source, const struct failure *last, struct failure *out, int room);

/* Does MESSAGE hold the traceback of an exception of TYPE with FRAMES, whose own message may say nothing (an assert)? */
bool failure_has_traceback(const char *message, const char *type, const json_t *frames);

/* The exception or operation of NOTE as a failure of PROCESS. */
void failure_from_note(const struct source *source, int process, const struct note *note, struct failure *out);

/* failure_told.c: the failure of PROCESS before TIME_NS that MESSAGE, an ancestor's, tells: the newest; of a data loader's worker, which fetches
 * ahead while its parent raises what failed in the order of the batches, that worker's oldest. False if there is none. */
bool failure_process_told(const struct source *source, int process, const char *message, int64_t time_ns,
			  struct failure *out);
/* Is NOTE, of PROCESS, of an exception that a data loader's worker handed on and that nobody had come to when CHOSEN, which such a worker handed on
 * as well, ended the run? HEARD as of failure_process_unheard. */
bool failure_is_ahead(const struct source *source, const struct failure *chosen, int process, const struct note *note);

/* Did the exception of NOTE leave the program's own code, so that only a library's (or Python's) frames were left to catch it? */
bool failure_left_program(const struct note *note);

/* failure_tie.c: ties OUT, which has its note, to the operation that the exception left, looking through what it was
 * raised from; where an inner exception is the failure, type, message and frames become that one's. */
void failure_tie(const struct source *source, struct failure *out);
/* OUT is the operation of NOTE (or what was called, where that was made of it). */
void failure_set_operation(const struct source *source, struct failure *out, const struct note *note);
/* hidden.c: the operation that failed and was survived, for want of whose result (None, a name that was never set) FAILURE's own exception was
 * raised, which no operation left: the newest of the same step that was on the way to what the failing statement lacks. NULL: none was. */
const struct note *failure_hidden(const struct source *source, const struct failure *failure);
const char *failure_note_message(const struct note *note);
/* Is EVENT inside event ANCESTOR? */
bool failure_is_inside(const struct source *source, int process, struct event event, int64_t ancestor);
/* Was the operation left by an exception that Python code inside it raised, of which C++ knows no text? */
bool failure_left_by_python(const struct note *note);

#endif
