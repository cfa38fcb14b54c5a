/*
 * Every function of libshim/cuda_driver.def: where fake_driver.c has none, one that is not supported; and the table by which
 * cuGetProcAddress finds the form for a version, as the real one does.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#include "fake.h"

#define STUB(symbol) \
	__attribute__((weak, visibility("default"))) int symbol(void); \
	__attribute__((weak, visibility("default"))) int symbol(void) { fake_enter(); return fake_leave(NOT_SUPPORTED); }
#define CUDA_CALL(symbol, ...) STUB(symbol)
#define CUDA_LAUNCH(symbol, ...) STUB(symbol)
#define CUDA_STATE(symbol, ...) STUB(symbol)
#define CUDA_PLAIN(symbol, ...) STUB(symbol)
#include "../../libshim/cuda_driver.def"

static const struct { const char *asked; int per_thread, from, before; void *function; } forms[] = {
#define CUDA_CALL(symbol, asked, per_thread, from, before, ...) { #asked, per_thread, from, before, (void *)symbol },
#define CUDA_LAUNCH(symbol, asked, per_thread, from, before, ...) { #asked, per_thread, from, before, (void *)symbol },
#define CUDA_STATE(symbol, asked, per_thread, from, before, ...) { #asked, per_thread, from, before, (void *)symbol },
#define CUDA_PLAIN(symbol, asked, per_thread, from, before) { #asked, per_thread, from, before, (void *)symbol },
#include "../../libshim/cuda_driver.def"
};

void *
fake_function(const char *name, int version, uint64_t flags)
{
	static void *self;
	void *found = NULL;
	bool ours = false;
	char text[160];

	for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
		ours = ours || !strcmp(forms[i].asked, name);
		if (!strcmp(forms[i].asked, name) && version >= forms[i].from && version < forms[i].before
		    && (!forms[i].per_thread || (flags & 2)) && (!found || forms[i].per_thread))
			found = forms[i].function;
	}
	if (!self)
		self = dlopen("libcuda.so.1", RTLD_LAZY | RTLD_NOLOAD);
	for (int form = 3; !found && !ours && self && form >= 1; form--) {
		snprintf(text, sizeof text, form > 1 ? "%s_v%d" : "%s", name, form);
		found = dlsym(self, text);
	}
	return found;
}
