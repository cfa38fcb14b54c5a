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

void *hook_reals[HOOK_COUNT];

void *
hook_symbol(const char *library, const char *symbol)
{
	return dynamic_symbol_of(library, symbol); /* the library is kept: nothing of torch's is unloaded anyway */
}

void *
hook_find(enum hook_id id)
{
	void *real;

	/* RTLD_NEXT first: it respects whoever else was preloaded after us. */
	real = dynamic_symbol(RTLD_NEXT, rows[id].symbol);
	if (!real)
		real = hook_symbol(rows[id].library, rows[id].symbol);
	__atomic_store_n(&hook_reals[id], real, __ATOMIC_RELEASE);
	return real;
}
