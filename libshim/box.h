/*
 * The box from the writing side: made, mapped, grown into, left behind.
 *
 * box_open runs once per process (and once in each forked child that records), off the hot path. Everything else
 * may run on any thread at any time, never allocates, locks or calls the system. The box is never unmapped and
 * never closed: whatever the process's end is, what was published is on disk.
 */
#ifndef SHAPEBOX_LIBSHIM_BOX_H
#define SHAPEBOX_LIBSHIM_BOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../schema/box.h"

#define BOX_OPS_MAX 4096u /* operations that a box has room for: torch 2.14.1 exports 3,103 */
#define BOX_STEPS_MAX 4096u /* entries of fingerprints of steps, in a box of 16 MB and more */

struct box {
	char *base;                 /* the mapping; NULL: this process does not record */
	struct box_header *header;  /* == base */
	uint64_t size_bytes;
};

/* The current process's box. Valid after box_open returned true; base is NULL again in a forked child. */
extern struct box shim_box __attribute__((visibility("hidden")));

/* Set before box_open: the next box gets room for CUDA's counts and live memory. */
extern bool box_for_cuda;
/* Was this process forked from one that has a box? */
extern bool box_parent_recorded;
/* Called by box_end first: who has counts beside the box puts them into it. NULL: nobody. */
extern void (*box_ending)(void);

/* Make and map this process's box as configuration says. PREPARE sets up what is kept beside it in memory, by
 * shim_box.header: base is set only after that, so no thread meets a half-made box. Returns false where no box can be made
 * or PREPARE returns false: then there is no file, and recording stays off. */
bool box_open(bool (*prepare)(void));

/* The chunks of segment NUMBER (0 is the box itself), made and mapped on first demand; NULL where there is no room for
 * it. Called when a chunk is opened, never per event. */
char *box_segment_chunks(uint32_t number);

/* While HOLD, no segment that is mapped now is given back: another thread reads it. */
void box_hold_segments(bool hold);

/* Does this process have its box? Any thread. */
static inline bool
box_is_there(void)
{
	return __atomic_load_n(&shim_box.base, __ATOMIC_ACQUIRE) != NULL;
}

/* Region ID's first byte. */
static inline void *
box_region(enum box_region_id id)
{
	return shim_box.base + shim_box.header->regions[id].offset_bytes;
}

/* Count N losses of cause WHY (relaxed; counters only grow). */
static inline void
box_lose(enum box_loss why, uint64_t n)
{
	if (shim_box.base)
		__atomic_fetch_add(&shim_box.header->lost[why], n, __ATOMIC_RELAXED);
}

/* Record the result of check WHICH; a failure once recorded stays. */
void box_check(enum box_check which, bool ok);

/* Called in a forked child: this process has no box, and its next one is a worker's (where the parent had no box either, unless this process
 * is given a rank that the parent didn't have). */
void box_forget(void);

/* Say that the process is ending (or, with BOX_STATE_RUNNING, that it isn't after all: a failed exec). */
void box_end(enum box_state state, int exit_status);

#endif
