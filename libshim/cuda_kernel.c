/*
 * Names of kernels by their handles: a hash table in private memory, filled where kernels are registered or looked up.
 *
 * Some ten thousand registrations when a big library is loaded: an entry each, no copy of the name. Launches look here: one
 * probe, and the name's reference into the box kept beside it. Lock-free; a torn read costs a name, never a crash: `name`
 * is used only while its library is there.
 */
#include <string.h>
#include <sys/mman.h>

#include "box.h"
#include "cuda.h"
#include "dictionary.h"

#define ENTRIES (1u << 17)
#define PROBES 64u
#define BINARIES 4096u
#define NAMES_BYTES (8u << 20)
#define NAME_MOST 4000u

struct kernel {
	const void *handle;      /* atomic; NULL: free */
	const char *name;        /* atomic */
	uint32_t string;         /* reference into the box ... */
	uint16_t box;            /* ... of this number */
	uint16_t binary;         /* place in `binaries`; 0: the name is our copy */
};

static struct kernel *kernels;
static char *names;
static uint64_t names_used;      /* atomic */
static const void *binaries[BINARIES]; /* atomic; NULL: gone (or never there) */
static uint32_t binary_count = 1;
static uint16_t box_number = 1;

bool
cuda_kernels_start(void)
{
	size_t bytes = ENTRIES * sizeof *kernels + NAMES_BYTES;
	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (memory == MAP_FAILED)
		return false;
	names = (char *)memory + ENTRIES * sizeof *kernels;
	__atomic_store_n(&kernels, memory, __ATOMIC_RELEASE);
	return true;
}

void
cuda_forked(void)
{
	box_number++; /* the child's box has other references */
	cuda_record_forked();
}

static inline uint32_t
place_of(const void *handle)
{
	return (uint32_t)(((uintptr_t)handle * 0x9e3779b97f4a7c15ull) >> 40) & (ENTRIES - 1);
}

static inline struct kernel *
find(const void *handle)
{
	struct kernel *table = __atomic_load_n(&kernels, __ATOMIC_ACQUIRE);
	uint32_t place = place_of(handle);

	for (uint32_t n = 0; table && n < PROBES; n++, place = (place + 1) & (ENTRIES - 1)) {
		const void *found = __atomic_load_n(&table[place].handle, __ATOMIC_RELAXED);
		if (found == handle)
			return &table[place];
		if (!found)
			return NULL;
	}
	return NULL;
}

static struct kernel *
find_or_claim(const void *handle)
{
	struct kernel *table = __atomic_load_n(&kernels, __ATOMIC_ACQUIRE);
	uint32_t place = place_of(handle);

	for (uint32_t n = 0; table && n < PROBES; n++, place = (place + 1) & (ENTRIES - 1)) {
		const void *found = NULL;
		if (__atomic_compare_exchange_n(&table[place].handle, &found, handle, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED)
		    || found == handle)
			return &table[place];
	}
	return NULL;
}

static void
set(struct kernel *kernel, const char *name, uint16_t binary)
{
	kernel->box = 0;
	kernel->binary = binary;
	__atomic_store_n(&kernel->name, name, __ATOMIC_RELEASE);
}

/* The place of BINARY; 0: there are too many. The newest is asked for most: registrations come library by library. */
static uint16_t
binary_place(const void *binary)
{
	uint32_t count = __atomic_load_n(&binary_count, __ATOMIC_ACQUIRE);

	for (uint32_t i = count; i-- > 1;)
		if (__atomic_load_n(&binaries[i], __ATOMIC_RELAXED) == binary)
			return (uint16_t)i;
	count = __atomic_fetch_add(&binary_count, 1, __ATOMIC_ACQ_REL);
	if (count >= BINARIES) {
		__atomic_store_n(&binary_count, BINARIES, __ATOMIC_RELEASE);
		return 0;
	}
	__atomic_store_n(&binaries[count], binary, __ATOMIC_RELEASE);
	return (uint16_t)count;
}

void
cuda_kernel_registered(const void *binary, const void *function, const char *name)
{
	uint16_t place = binary ? binary_place(binary) : 0;
	struct kernel *kernel = function && name && place ? find_or_claim(function) : NULL;

	if (kernel)
		set(kernel, name, place);
}

void
cuda_kernel_unregistered(const void *binary)
{
	uint32_t count = __atomic_load_n(&binary_count, __ATOMIC_ACQUIRE);

	for (uint32_t i = 1; i < count && i < BINARIES; i++)
		if (binary && __atomic_load_n(&binaries[i], __ATOMIC_RELAXED) == binary)
			__atomic_store_n(&binaries[i], NULL, __ATOMIC_RELEASE);
}

/* The name of KERNEL while it can be read; else NULL. */
static const char *
name_of(const struct kernel *kernel)
{
	if (kernel->binary && !__atomic_load_n(&binaries[kernel->binary], __ATOMIC_ACQUIRE))
		return NULL;
	return __atomic_load_n(&kernel->name, __ATOMIC_ACQUIRE);
}

void
cuda_kernel_named(const void *handle, const char *name)
{
	struct kernel *kernel = handle && name ? find_or_claim(handle) : NULL;
	size_t size;

	if (!kernel)
		return;
	const char *known = name_of(kernel);
	if (known && !strncmp(known, name, NAME_MOST))
		return;
	size = strnlen(name, NAME_MOST) + 1;
	uint64_t at = __atomic_fetch_add(&names_used, size, __ATOMIC_RELAXED);
	if (at + size > NAMES_BYTES) {
		__atomic_store_n(&names_used, NAMES_BYTES, __ATOMIC_RELAXED);
		set(kernel, NULL, 0); /* better none than another's */
		return;
	}
	memcpy(names + at, name, size - 1); /* fresh pages: the terminator is there */
	set(kernel, names + at, 0);
}

void
cuda_kernel_same(const void *handle, const void *function)
{
	const struct kernel *from = find(function);
	struct kernel *kernel;

	if (!from || handle == function || !(kernel = find_or_claim(handle)))
		return;
	if (kernel->name != from->name || kernel->binary != from->binary)
		set(kernel, from->name, from->binary);
}

uint32_t
cuda_kernel_string(const void *handle)
{
	struct kernel *kernel = find(handle);

	if (!kernel)
		return 0;
	if (__builtin_expect(kernel->box == box_number, 1))
		return kernel->string;
	const char *name = name_of(kernel);
	uint32_t string = name ? dictionary_string(name, strnlen(name, NAME_MOST)) : 0;
	if (string == BOX_NONE)
		string = 0;
	__atomic_store_n(&kernel->string, string, __ATOMIC_RELAXED);
	__atomic_store_n(&kernel->box, box_number, __ATOMIC_RELEASE);
	return string;
}
