/*
 * From a process that merely loaded us to one that records: installed by its first operation, again after a fork.
 */
#ifndef SHAPEBOX_LIBSHIM_INSTALL_H
#define SHAPEBOX_LIBSHIM_INSTALL_H

#include <stdbool.h>
#include <stdint.h>

enum install_state {
	INSTALL_NOT_YET = 0, /* no operation seen (or, in a forked child, none since) */
	INSTALL_BUSY,        /* a thread is at it; the others run unrecorded meanwhile */
	INSTALL_RECORDING,
	INSTALL_OFF,         /* switched off, or something could not be verified */
};

extern int install_state_now __attribute__((visibility("hidden"))); /* enum install_state; atomic */

static inline bool
install_is_recording(void)
{
	return __atomic_load_n(&install_state_now, __ATOMIC_ACQUIRE) == INSTALL_RECORDING;
}

/* Called before an operation while not recording. Any thread; one of them does the work. */
void install_now(void);

/* Make this process's box if it has none yet. False where none can be made. Any thread; off the hot path. */
bool install_box(void);
/* A rank ends badly before its first operation: make its box, so that the others' readers know of it. Off the hot path. */
void install_at_end(void);
/* How many boxes this process image has made (a forked child's is another): what was interned belongs to one of them. */
uint32_t install_box_number(void);

#endif
