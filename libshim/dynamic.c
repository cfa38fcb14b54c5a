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
	uint32_t count;
};

/* How many symbols there are: gABI's hash table says so, GNU's ends with the last chain. */
static uint32_t
gnu_count(const uint32_t *hash)
{
	uint32_t buckets = hash[0], first = hash[1], last = 0;
	const uint32_t *bucket = hash + 4 + hash[2] * (sizeof(ElfW(Addr)) / 4), *chain = bucket + buckets;

	for (uint32_t i = 0; i < buckets; i++)
		if (bucket[i] > last)
			last = bucket[i];
	if (last < first)
		return first;
	while (!(chain[last - first] & 1))
		last++;
	return last + 1;
}

static bool
tables_read(const struct dl_phdr_info *info, struct tables *out)
{
	const ElfW(Dyn) *dynamic = NULL;
	const uint32_t *hash = NULL, *gnu = NULL;

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
			gnu = (const uint32_t *)at;
	}
	out->count = gnu ? gnu_count(gnu) : hash ? hash[1] : 0;
	return out->symbols && out->strings && out->count;
}

struct wanted {
	const char *name;
	void *found;
};

/* dlsym is libc's since glibc 2.34, libdl's before. A newer libdl defines none. */
static int
look(struct dl_phdr_info *info, size_t size, void *context)
{
	struct wanted *wanted = context;
	const char *name = strrchr(info->dlpi_name, '/');
	struct tables tables;

	(void)size;
	name = name ? name + 1 : info->dlpi_name;
	if ((strncmp(name, "libc.so", 7) && strncmp(name, "libdl.so", 8) && strncmp(name, "libc-2.", 7)
	     && strncmp(name, "libdl-2.", 8))
	    || !tables_read(info, &tables))
		return 0;
	for (uint32_t i = 1; i < tables.count; i++) {
		const ElfW(Sym) *symbol = &tables.symbols[i];
		if (symbol->st_shndx == SHN_UNDEF || (symbol->st_info & 0xf) != STT_FUNC
		    || strcmp(tables.strings + symbol->st_name, wanted->name))
			continue;
		wanted->found = (void *)(info->dlpi_addr + symbol->st_value);
		return 1;
	}
	return 0;
}

static void *
find(const char *name)
{
	struct wanted wanted = { name, NULL };

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
	void *plain = find("dlsym"), *versioned = find("dlvsym");

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
	void *found = handle ? dynamic_symbol(handle, symbol) : NULL; /* the handle is kept, and so the library */

	if (!found)
		dlerror(); /* the program shall not be told of what it didn't ask */
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
