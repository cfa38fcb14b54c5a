/* Finding the real functions. See hooks.h. */
#include <dlfcn.h>
#include <stddef.h>

#include "dynamic.h"
#include "hooks.h"

struct hook_row { const char *library, *symbol; };

static const struct hook_row rows[HOOK_COUNT] = {
#define HOOK(id, library, symbol, why) { library, #symbol },
#include "hooks.def"
#undef HOOK
};

static void *reals[HOOK_COUNT]; /* atomic; the same value whoever stores it */

void *
hook_symbol(const char *library, const char *symbol)
{
	return dynamic_symbol_of(library, symbol); /* the library is kept: nothing of torch's is unloaded anyway */
}

void *
hook_real(enum hook_id id)
{
	void *real = __atomic_load_n(&reals[id], __ATOMIC_ACQUIRE);

	if (real)
		return real;
	/* RTLD_NEXT first: it respects whoever else was preloaded after us. */
	real = dynamic_symbol(RTLD_NEXT, rows[id].symbol);
	if (!real)
		real = hook_symbol(rows[id].library, rows[id].symbol);
	__atomic_store_n(&reals[id], real, __ATOMIC_RELEASE);
	return real;
}
