/* Finding the real dlsym. See dynamic.h. */
#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <link.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "dynamic.h"
#include "shim.h"

struct tables {
	const ElfW(Sym) *symbols;
	const char *strings;
	const ElfW(Half) *versions; /* NULL: none; the top bit marks one that is kept for old programs alone */
	const uint32_t *gnu;        /* GNU's hash table; NULL: gABI's, which tells how many symbols there are */
	uint32_t count;
};

static bool
tables_read(const struct dl_phdr_info *info, struct tables *out)
{
	const ElfW(Dyn) *dynamic = NULL;
	const uint32_t *hash = NULL;

	for (int i = 0; i < info->dlpi_phnum; i++)
		if (info->dlpi_phdr[i].p_type == PT_DYNAMIC)
			dynamic = (const ElfW(Dyn) *)(info->dlpi_addr + info->dlpi_phdr[i].p_vaddr);
	*out = (struct tables){ 0 };
	for (; dynamic && dynamic->d_tag != DT_NULL; dynamic++) {
		/* glibc has turned these into addresses; the vDSO's are left as they were */
		uintptr_t at = dynamic->d_un.d_ptr < info->dlpi_addr ? info->dlpi_addr + dynamic->d_un.d_ptr : dynamic->d_un.d_ptr;
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
	const char *library; /* file name; NULL: the C library, whatever it is called */
	const char *name;
	void *found;
};

/* dlsym is libc's since glibc 2.34, libdl's before. A newer libdl defines none. */
static bool
is_wanted(const char *name, const char *library)
{
	if (library)
		return !strcmp(name, library);
	return !strncmp(name, "libc.so", 7) || !strncmp(name, "libdl.so", 8) || !strncmp(name, "libc-2.", 7)
	       || !strncmp(name, "libdl-2.", 8);
}

/* Symbol I, if it is a definition of NAME in the version that is linked against today. */
static bool
is_symbol(const struct tables *tables, uint32_t i, const char *name)
{
	const ElfW(Sym) *symbol = &tables->symbols[i];
	unsigned type = symbol->st_info & 0xf;

	return symbol->st_shndx != SHN_UNDEF && (type == STT_FUNC || type == STT_OBJECT)
	       && !(tables->versions && tables->versions[i] & 0x8000) && !strcmp(tables->strings + symbol->st_name, name);
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

static int
look(struct dl_phdr_info *info, size_t size, void *context)
{
	struct wanted *wanted = context;
	const char *name = strrchr(info->dlpi_name, '/');
	struct tables tables;
	uint32_t i = 1;

	(void)size;
	if (!is_wanted(name ? name + 1 : info->dlpi_name, wanted->library) || !tables_read(info, &tables))
		return 0;
	if (tables.gnu)
		i = find_hashed(&tables, wanted->name);
	else
		while (i < tables.count && !is_symbol(&tables, i, wanted->name))
			i++;
	if (!i || i >= tables.count)
		return 0;
	wanted->found = (void *)(info->dlpi_addr + tables.symbols[i].st_value);
	return 1;
}

static void *
find(const char *library, const char *name)
{
	struct wanted wanted = { library, name, NULL };

	dl_iterate_phdr(look, &wanted);
	return wanted.found;
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
	void *plain = find(NULL, "dlsym"), *versioned = find(NULL, "dlvsym");

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
