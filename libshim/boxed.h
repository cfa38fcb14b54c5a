/*
 * What PyTorch's boxes cost Python.
 *
 * A callback that asks for inputs gets boxes made of them, and a boxed tensor is one reference more. Where Python's object held the
 * only one, PyTorch (2.10 and later: intrusive_ptr.h, "the refcount transitioned from 1 to 2") counts that in Python, too: it takes the
 * GIL, which the dispatcher's callers have given back, and takes it once more when the box is gone, a microsecond later. That was a
 * third of what recording cost, and it stands in line with every other thread of Python's. Nobody needs that count: whoever
 * calls an operation holds its operands' objects meanwhile. So what boxing would have counted is owed (boxed_take), and when the box
 * gives its reference back, the debt is gone with it (boxed_give).
 *
 * The reference that is the last to go may be another's: of a thread that copied the tensor while it was boxed. The debt goes with it
 * all the same, whichever thread that is. Where nobody gave it back and boxing is over, it is paid: counted in Python, late (boxed_settle).
 * Between these two an entry is handed over by compare and exchange.
 *
 * An operation that writes to its first operand hands that one out, too, boxed until its callbacks have been called. So what would be
 * counted for that operand while the operation lasts is owed as well; when it ends, what the box doesn't explain is paid (boxed_ends).
 *
 * Boxing is what a thread does between PyTorch's question for callbacks that was answered "ours alone" and the announcement of the
 * call; nothing else runs there. Nothing is owed before the first boxes have shown, counted as always, that both functions come by here in
 * pairs; where one doesn't, or where debts are left over again and again, all is counted as always from then on. Hot path.
 */
#ifndef SHAPEBOX_LIBSHIM_BOXED_H
#define SHAPEBOX_LIBSHIM_BOXED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BOXED_MOST 8 /* operands of one call; more are counted as always */

/* Of one thread. Others look at `owed` alone. */
struct boxed {
	bool boxing;
	const void *written;        /* the operand that the open operation writes to; NULL: none */
	uint8_t count;              /* entries of `owed` in use since boxing began */
	uint8_t left;               /* of these, not yet given back by this thread */
	uintptr_t owed[BOXED_MOST]; /* atomic: a TensorImpl and BOXED_* marks; 0: given back */
};

enum {
	BOXED_COUNTED = 1, /* counted in Python as always: only looked at */
	BOXED_PAYING = 2,  /* its thread is counting it now */
	BOXED_GIVEN = 4,   /* and meanwhile somebody gave it back */
};

/* What the calling thread still owes is counted in Python. Takes the GIL, if anything is owed: no lock may be held. */
void boxed_settle(struct boxed *boxed);

/* The calling thread's boxes are about to be made, and are made. */
static inline void
boxed_begin(struct boxed *boxed)
{
	if (__builtin_expect(boxed->left, 0))
		boxed_settle(boxed);
	boxed->count = 0;
	boxed->boxing = true;
}

static inline void
boxed_end(struct boxed *boxed)
{
	boxed->boxing = false;
	boxed->written = NULL;
}

/* Is a tensor's count of references read right? IMPL has one. Once, before anything is recorded. */
void boxed_learn(const void *impl);
/* The operation that the calling thread has begun writes to the tensor at IMPL. */
void boxed_writes(struct boxed *boxed, const void *impl);
/* The calling thread's operation ends, with the tensor at MADE (NULL: none) boxed as the first of what it hands out. */
void boxed_ends(struct boxed *boxed, const void *made);

/* Python's count for the tensor at IMPL is to grow, or to shrink. True: it need not. BOXED is the calling thread's; NULL: it has none. */
bool boxed_take(struct boxed *boxed, const void *impl);
bool boxed_give(struct boxed *boxed, const void *impl);

/* In a forked child: what the parent's threads proved holds, what they owed is theirs. */
void boxed_forked(struct boxed *boxed);

#endif
