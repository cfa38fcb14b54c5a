/* Finding the real dlsym. See dynamic.h. */
#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <link.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dynamic.h"
#include "shim.h"

struct tables {
	const ElfW(Sym) *symbols;
	const char *strings;
	const ElfW(Half) *versions; /* NULL: none; the top bit marks one that is kept for old programs alone */
	const uint32_t *gnu;        /* GNU's hash table; NULL: gABI's, which tells how many symbols there are */
	uint32_t count;
};

/* The tables of the library at ADDRESS whose dynamic section is DYNAMIC (NULL: it has none). */
static bool
tables_read(const ElfW(Dyn) *dynamic, uintptr_t address, struct tables *out)
{
	const uint32_t *hash = NULL;

	out->symbols = NULL;
	out->strings = NULL;
	out->versions = NULL;
	out->gnu = NULL;
	for (; dynamic && dynamic->d_tag != DT_NULL; dynamic++) {
		/* glibc has turned these into addresses; the vDSO's are left as they were */
		uintptr_t at = dynamic->d_un.d_ptr < address ? address + dynamic->d_un.d_ptr : dynamic->d_un.d_ptr;
		if (dynamic->d_tag == DT_SYMTAB)
			out->symbols = (const ElfW(Sym) *)at;
		else if (dynamic->d_tag == DT_STRTAB)
			out->strings = (const char *)at;
		else if (dynamic->d_tag == DT_HASH)
			hash = (const uint32_t *)at;
		else if (dynamic->d_tag == DT_GNU_HASH)
			out->gnu = (const uint32_t *)at;
		else if (dynamic->d_tag == DT_VERSYM)
			out->versions = (const ElfW(Half) *)at;
	}
	out->count = out->gnu ? UINT32_MAX : hash ? hash[1] : 0;
	return out->symbols && out->strings && out->count;
}

struct wanted {
	const char *library; /* file name */
	const char *name;
	void *found;
};

/* As strcmp and strncmp tell it, but not theirs: a sanitizer's runtime stands in front of those, and calls dlsym before it has
 * found the real ones. */
static bool
text_is(const char *text, const char *other)
{
	while (*text && *text == *other)
		text++, other++;
	return *text == *other;
}

static bool
text_begins(const char *text, const char *begin)
{
	while (*begin && *text == *begin)
		text++, begin++;
	return !*begin;
}

static const char *
file_name(const char *path)
{
	const char *name = path;

	for (; *path; path++)
		if (*path == '/')
			name = path + 1;
	return name;
}

/* dlsym is libc's since glibc 2.34, libdl's before. A newer libdl defines none. */
static bool
is_c_library(const char *name)
{
	return text_begins(name, "libc.so") || text_begins(name, "libdl.so") || text_begins(name, "libc-2.") || text_begins(name, "libdl-2.");
}

/* Symbol I, if it is a definition of NAME in the version that is linked against today. */
static bool
is_symbol(const struct tables *tables, uint32_t i, const char *name)
{
	const ElfW(Sym) *symbol = &tables->symbols[i];
	unsigned type = symbol->st_info & 0xf;

	return symbol->st_shndx != SHN_UNDEF && (type == STT_FUNC || type == STT_OBJECT)
	       && !(tables->versions && tables->versions[i] & 0x8000) && text_is(tables->strings + symbol->st_name, name);
}

static uint32_t
find_hashed(const struct tables *tables, const char *name)
{
	const uint32_t *hash = tables->gnu, *bucket = hash + 4 + hash[2] * (sizeof(ElfW(Addr)) / 4), *chain = bucket + hash[0];
	uint32_t value = 5381, i;

	for (const char *at = name; *at; at++)
		value = value * 33 + (unsigned char)*at;
	if (!hash[0] || (i = bucket[value % hash[0]]) < hash[1])
		return 0;
	for (;; i++) {
		if ((chain[i - hash[1]] | 1) == (value | 1) && is_symbol(tables, i, name))
			return i;
		if (chain[i - hash[1]] & 1)
			return 0;
	}
}

/* NAME in the library at ADDRESS; NULL if it isn't there. */
static void *
find_in(const ElfW(Dyn) *dynamic, uintptr_t address, const char *name)
{
	struct tables tables;
	uint32_t i = 1;

	if (!tables_read(dynamic, address, &tables))
		return NULL;
	if (tables.gnu)
		i = find_hashed(&tables, name);
	else
		while (i < tables.count && !is_symbol(&tables, i, name))
			i++;
	return i && i < tables.count ? (void *)(address + tables.symbols[i].st_value) : NULL;
}

static int
look(struct dl_phdr_info *info, size_t size, void *context)
{
	struct wanted *wanted = context;
	const ElfW(Dyn) *dynamic = NULL;

	(void)size;
	if (!text_is(file_name(info->dlpi_name), wanted->library))
		return 0;
	for (int i = 0; i < info->dlpi_phnum; i++)
		if (info->dlpi_phdr[i].p_type == PT_DYNAMIC)
			dynamic = (const ElfW(Dyn) *)(info->dlpi_addr + info->dlpi_phdr[i].p_vaddr);
	wanted->found = find_in(dynamic, info->dlpi_addr, wanted->name);
	return wanted->found != NULL;
}

static void *
find(const char *library, const char *name)
{
	struct wanted wanted = { library, name, NULL };

	dl_iterate_phdr(look, &wanted);
	return wanted.found;
}

/* The loader's list for debuggers (link.h), by its own symbol: no function is called, not even dl_iterate_phdr, which
 * ThreadSanitizer stands in front of. The C library is in it from the start, and stays. */
extern struct r_debug _r_debug __attribute__((weak));

static void *
find_in_c_library(const char *name)
{
	void *found = NULL;

	for (const struct link_map *map = &_r_debug ? _r_debug.r_map : NULL; map && !found; map = map->l_next)
		if (is_c_library(file_name(map->l_name)))
			found = find_in(map->l_ld, map->l_addr, name);
	return found;
}

SHIM_HIDDEN void *(*dynamic_dlsym)(void *, const char *);
SHIM_HIDDEN void *(*dynamic_dlvsym)(void *, const char *, const char *);

/* Without a C library's dlsym there is nothing that could be asked: every lookup then fails, as dlsym may. */
static void *
nothing(void *handle, const char *symbol)
{
	(void)handle;
	(void)symbol;
	return NULL;
}

static void *
nothing_versioned(void *handle, const char *symbol, const char *version)
{
	(void)version;
	return nothing(handle, symbol);
}

void
dynamic_find(void)
{
	void *plain = find_in_c_library("dlsym"), *versioned = find_in_c_library("dlvsym");

	__atomic_store_n(&dynamic_dlvsym, versioned ? (void *(*)(void *, const char *, const char *))versioned : nothing_versioned,
			 __ATOMIC_RELEASE);
	__atomic_store_n(&dynamic_dlsym, plain ? (void *(*)(void *, const char *))plain : nothing, __ATOMIC_RELEASE);
}

void *
dynamic_symbol(void *handle, const char *symbol)
{
	if (!__atomic_load_n(&dynamic_dlsym, __ATOMIC_ACQUIRE))
		dynamic_find();
	return dynamic_dlsym(handle, symbol);
}

void *
dynamic_symbol_of(const char *library, const char *symbol)
{
	int saved_errno = errno;
	void *handle = dlopen(library, RTLD_LAZY | RTLD_NOLOAD);
	/* The handle is kept, and so the library. Where the loader has no memory for a handle, the tables are read as they lie. */
	void *found = handle ? dynamic_symbol(handle, symbol) : find(library, symbol);

	dlerror(); /* the program shall not be told of what it didn't ask: of this, or of a lookup that was tried before */
	errno = saved_errno;
	return found;
}

void
dynamic_keep(const void *address)
{
	Dl_info info;
	int saved_errno = errno;

	if (dladdr(address, &info) && info.dli_fname && info.dli_fname[0])
		dlopen(info.dli_fname, RTLD_LAZY | RTLD_NOLOAD); /* never closed */
	errno = saved_errno;
}
