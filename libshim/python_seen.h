/*
 * Which exceptions are noted, and where they are found: being handled now, raised from one another, kept by somebody.
 *
 * An exception that was caught without being printed is found later, while it is still alive: an interactive shell and
 * pytest leave it as sys.last_exc (last_value before 3.12), a future and a list of errors hold it themselves; the
 * collector's list of objects has it. GIL held, inside python_quiet_begin, unless said otherwise.
 */
#ifndef SHAPEBOX_LIBSHIM_PYTHON_SEEN_H
#define SHAPEBOX_LIBSHIM_PYTHON_SEEN_H

#include "python_api.h"

/* An exception that is no orderly way out (SystemExit, StopIteration, GeneratorExit...). */
bool python_seen_failure(struct python_object *exception);
/* Whether EXCEPTION was noted already, as it is now. Remembers it. */
bool python_seen_before(struct python_object *exception);

/* Is this thread handling an exception? Cheap; the GIL is enough. */
bool python_seen_handling(void);
/* Note the exception that this thread is handling; HOW we came to look. False if it is handling none. */
bool python_seen_handled(const char *how);
/* Note what EXCEPTION was raised from, as far as it is news: those frames still hold their variables. */
void python_seen_chain(struct python_object *exception);
/* Note the exception that an interactive shell or a test runner was left with, if it is news. */
void python_seen_last(void);
/* Note exceptions as operations raise them that were caught and are still alive; at most a few times, then seldom: it
 * asks the collector for every object (some 20 ms). */
void python_seen_alive(void);

/* One more operation failed (any thread, no GIL); returns how many that makes. */
uint64_t python_seen_count(void);
/* In a forked child. */
void python_seen_forget(void);

#endif
