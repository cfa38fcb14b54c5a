/*
 * The C library's own dlsym and dlvsym, past the ones that we export.
 *
 * We stand in front of dlsym (cuda_dlsym.S), so our own lookups must not come back to us: they go through these. The real
 * ones are found by reading the symbol tables of the loaded C library, since dlsym itself is what is looked for.
 * Any thread, also before our constructor (another preloaded library may call dlsym in its own, and a sanitizer's runtime does
 * before any: dynamic_find calls nobody). No malloc, no lock beyond the loader's.
 */
#ifndef SHAPEBOX_LIBSHIM_DYNAMIC_H
#define SHAPEBOX_LIBSHIM_DYNAMIC_H

/* dlsym(HANDLE, SYMBOL) as libshapebox.so: RTLD_NEXT is what follows us. Never one of our own wrappers, unless HANDLE is
 * RTLD_DEFAULT. */
void *dynamic_symbol(void *handle, const char *symbol);

/* The same in the library of file name LIBRARY ("libcuda.so.1") if it is loaded; NULL if it isn't or hasn't got it.
 * The library then stays loaded: pointers into it are kept. */
void *dynamic_symbol_of(const char *library, const char *symbol);

/* Keep the library that holds ADDRESS loaded to the end of the process. */
void dynamic_keep(const void *address);

/* cuda_dlsym.S jumps to these. NULL until dynamic_find, which may run more than once. */
extern void *(*dynamic_dlsym)(void *handle, const char *symbol);
extern void *(*dynamic_dlvsym)(void *handle, const char *symbol, const char *version);
void dynamic_find(void);

#endif
