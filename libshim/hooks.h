/*
 * The functions we stand in front of, and how the real ones are found (hooks.def).
 *
 * Any thread. hook_real never returns one of our own wrappers. It takes the loader's lock on its first call for an id,
 * so the recording path asks once, when it is installed.
 */
#ifndef SHAPEBOX_LIBSHIM_HOOKS_H
#define SHAPEBOX_LIBSHIM_HOOKS_H

#include <stddef.h>

enum hook_id {
#define HOOK(id, library, symbol, why) HOOK_##id,
#include "hooks.def"
#undef HOOK
	HOOK_COUNT
};

/* What was found; atomic, the same value whoever stores it. */
extern void *hook_reals[HOOK_COUNT] __attribute__((visibility("hidden")));

void *hook_find(enum hook_id id);

/* The real function of ID, or NULL if no loaded library has it. */
static inline void *
hook_real(enum hook_id id)
{
	void *real = __atomic_load_n(&hook_reals[id], __ATOMIC_ACQUIRE);

	return __builtin_expect(real != NULL, 1) ? real : hook_find(id);
}

/* SYMBOL of LIBRARY (a file name such as "libc10.so") if that library is loaded, else NULL. */
void *hook_symbol(const char *library, const char *symbol);

#endif
