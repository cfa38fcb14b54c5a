/*
 * Call sites: the Python stack of a thread as one number, on the hot path.
 *
 * Most of a stack is what it was at the thread's last event. So each thread keeps the frames of that event, outermost first
 * (struct frames_memo), and a walk compares: nothing but what differs is hashed anew. A frame's address says nothing by itself,
 * they are used again at once: code object, instruction, and what the code object says of itself are compared, of every
 * frame that is part of a call site. Layouts as in frames.h. No malloc, no lock, no call into Python.
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
	uint64_t unused;         /* 64 bytes: a place is a shift away */
};

/* A thread's own; `count` 0: nothing is known. It belongs to one box. */
struct frames_memo {
	uint32_t count;
	uint32_t site;
	struct frames_memo_frame at[FRAMES_MEMO];
};

/* The call site of the stack whose innermost frame is FRAME (of the calling thread), as a reference into the box. 0: no frame;
 * BOX_NONE: the dictionary is full. */
uint32_t frames_site(struct frames_memo *memo, const void *frame);

/* Row NUMBER of frame_layouts is the running Python's. */
void frames_site_select(int number);

#endif
