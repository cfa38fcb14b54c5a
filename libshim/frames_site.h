/*
 * Call sites: the Python stack of a thread as one number, on the hot path.
 *
 * Most of a stack is what it was at the thread's last event. So each thread keeps the frames of that event, outermost first
 * (struct frames_memo), and a walk compares: nothing but what differs is hashed anew. A frame's address says nothing by itself,
 * they are used again at once: so is the instruction compared, which lies within its code object. Code objects' addresses
 * are used again, too, once one of them has ended: while none has since the last walk (frames_codes_ended), an instruction is enough;
 * else, or where that isn't known, code object and what it says of itself are compared as well. Layouts as in frames.h. No
 * malloc, no lock, no call into Python.
 */
#ifndef SHAPEBOX_LIBSHIM_FRAMES_SITE_H
#define SHAPEBOX_LIBSHIM_FRAMES_SITE_H

#include <stdint.h>

#define FRAMES_MEMO 128 /* deeper stacks are walked and hashed as a whole */

struct frames_memo_frame {
	const char *frame;
	const char *code, *instruction;
	const char *file, *name; /* the code object's; code objects' addresses are used again, too */
	uint64_t first_line;
	uint64_t sum;            /* of this frame and all around it */
	uint64_t text;           /* what its sum has of the code object. (64 bytes: a place is a shift away) */
};

/* A call site by what it was found by. */
struct frames_found {
	uint64_t key; /* 0: none */
	uint32_t site;
};

/* A thread's own; `count` 0: nothing is known. It belongs to one box. */
struct frames_memo {
	uint32_t count;
	uint32_t site;
	uint64_t key;            /* what `site` was found by */
	const struct frames_found *guess; /* which site is likely to come, or NULL: saves the look for it, no more */
	uint64_t codes_ended;    /* frames_codes_ended when they were compared with all that they say */
	struct frames_memo_frame at[FRAMES_MEMO];
};

/* The call site of the stack whose innermost frame is FRAME (of the calling thread), as a reference into the box. 0: no frame;
 * BOX_NONE: the dictionary is full. */
uint32_t frames_site(struct frames_memo *memo, const void *frame);

/* How many code objects have ended, and 1; 0: nobody counts them (frames_verify.c). Counted before the memory is free, so who runs a code
 * object at the address of one that ended has the count that tells so. Atomic. */
extern uint64_t frames_codes_ended __attribute__((visibility("hidden")));

/* Row NUMBER of frame_layouts is the running Python's. */
void frames_site_select(int number);

#endif
