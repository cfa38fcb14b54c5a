/*
 * What is wanted of Python by those who don't hold the GIL: done by a pending call, which the interpreter makes on the main thread
 * before long, with the GIL.
 *
 * Nothing that is wanted gets lost: where no call can be left (the interpreter isn't up, its queue is full), or the call comes at a
 * moment when nothing can be done (in the midst of a look of ours, before there is a box), the next operation leaves another. What is
 * wanted twice meanwhile is done once.
 */
#ifndef SHAPEBOX_LIBSHIM_PYTHON_LATE_H
#define SHAPEBOX_LIBSHIM_PYTHON_LATE_H

#include <stdbool.h>
#include <stdint.h>

enum python_wish {
	PYTHON_START = 1,       /* the audit hook, where it had to wait for the interpreter's allocator */
	PYTHON_ENVIRONMENT = 2, /* versions of loaded packages */
	PYTHON_GROUPS = 4,      /* ranks of process groups */
	PYTHON_STATE = 8,       /* an optimizer begins a step: its frame is there now */
	PYTHON_FAILURES = 16,   /* an operation was left by an exception */
};

/* This process has a Python that we know. Before that nothing is asked of it. */
void python_late_begin(void);

/* WISHES (of python_wish) are to be done as soon as may be. Any thread; takes no GIL. */
void python_want(unsigned wishes);
/* WISHES are to be done once the next operation begins: by then Python has what is to be read. Any thread; no call. */
void python_want_next(unsigned wishes);
/* The outermost operation of this thread was just left by an exception. After many failures Python is asked once a second. */
void python_late_failed(void);

/* An operation begins: leave a call, if something is wanted for which none was left. Hot path. */
extern bool python_wanting __attribute__((visibility("hidden"))); /* atomic */
void python_late_ask(void);
static inline void
python_late_call(void)
{
	if (__builtin_expect(__atomic_load_n(&python_wanting, __ATOMIC_RELAXED), 0))
		python_late_ask();
}

/* In a forked child: what its parent wanted isn't its own, but for its groups. */
void python_late_forked(void);

/* python_audit.c: add the hook, where that was left for later. GIL held, inside python_enter, with a box. */
void python_start_late(void);

#endif
