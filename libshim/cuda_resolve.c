/*
 * Which wrapper stands for what a program looks up: by dlsym and dlvsym, by cuGetProcAddress, by cudaGetDriverEntryPoint.
 *
 * Everywhere the real resolver is asked first. What it refuses is refused; what it answers is wrapped only if the name
 * stands in our tables (never a prefix), in the form that belongs to the version and flags asked for, and only if its
 * wrapper leads to that very address.
 */
#include <dlfcn.h>
#include <string.h>

#include "box.h"
#include "cuda.h"
#include "cuda_dlsym.h"
#include "cuda_rows.h"
#include "dynamic.h"
#include "shim.h"

#define VERSION_KNOWN 13000 /* the newest toolkit whose forms the tables were written from */
#define PER_THREAD 2u       /* CU_GET_PROC_ADDRESS_PER_THREAD_DEFAULT_STREAM, cudaEnablePerThreadDefaultStream */

static const char *const runtimes[] = { "libcudart.so.13", "libcudart.so.12", "libcudart.so.11.0", "libcudart.so" };
static const char *const drivers[] = { "libcuda.so.1", "libcuda.so" };

uint64_t cuda_queries, cuda_handed_out[2], cuda_not_wrapped; /* atomic; cuda_record.c puts them into the box */

static uint32_t
hash(const char *text)
{
	uint32_t value = 2166136261u; /* FNV-1a */

	for (; *text; text++)
		value = (value ^ (uint8_t)*text) * 16777619u;
	return value;
}

/* Hashes of the rows' names; written alike by whoever comes first. */
static uint32_t symbol_hashes[CUDA_ROWS], asked_hashes[CUDA_ROWS];
static int hashes_ready;

static void
hashes_make(void)
{
	if (__atomic_load_n(&hashes_ready, __ATOMIC_ACQUIRE))
		return;
	for (int row = 0; row < CUDA_ROWS; row++) {
		__atomic_store_n(&symbol_hashes[row], hash(cuda_rows[row].symbol), __ATOMIC_RELAXED);
		__atomic_store_n(&asked_hashes[row], cuda_rows[row].asked ? hash(cuda_rows[row].asked) : 0, __ATOMIC_RELAXED);
	}
	__atomic_store_n(&hashes_ready, 1, __ATOMIC_RELEASE);
}

static int
row_of_symbol(const char *symbol)
{
	uint32_t wanted = hash(symbol);

	hashes_make();
	for (int row = 0; row < CUDA_ROWS; row++)
		if (symbol_hashes[row] == wanted && !strcmp(cuda_rows[row].symbol, symbol))
			return row;
	return -1;
}

/* The form of NAME that cuGetProcAddress answers for VERSION and FLAGS; -1: none of ours. */
static int
row_of_asked(const char *name, int version, uint64_t flags)
{
	uint32_t wanted = hash(name);
	bool per_thread = flags & PER_THREAD;
	int found = -1;

	if (!strcmp(name, "cuGetProcAddress"))
		return version >= 12000 ? CUDA_ROW_cuGetProcAddress_v2 : CUDA_ROW_cuGetProcAddress;
	hashes_make();
	for (int row = CUDA_ROWS_RUNTIME; row < CUDA_ROWS; row++) {
		const struct cuda_row *candidate = &cuda_rows[row];
		if (asked_hashes[row] != wanted || strcmp(candidate->asked, name) || version < candidate->version
		    || version >= candidate->before || (candidate->per_thread && !per_thread))
			continue;
		if (found < 0 || candidate->per_thread)
			found = row;
	}
	return found;
}

void *
cuda_find_real(int row, int form)
{
	const char *symbol = cuda_rows[row].symbol;
	bool driver = row >= CUDA_ROWS_RUNTIME;
	void *real;

	if (form)
		return NULL; /* known since it was handed out, or never called */
	real = dynamic_symbol(RTLD_NEXT, symbol);
	for (size_t i = 0; !real && i < (driver ? sizeof drivers : sizeof runtimes) / sizeof drivers[0]; i++)
		real = dynamic_symbol_of(driver ? drivers[i] : runtimes[i], symbol);
	if (!real)
		return NULL;
	dynamic_keep(real);
	__atomic_store_n(&cuda_real[row][0], real, __ATOMIC_RELEASE);
	return real;
}

/* The wrapper of ROW that leads to REAL; REAL itself where there is none. */
static void *
wrap(int row, void *real)
{
	if (real == cuda_wrappers[row][0] || real == cuda_wrappers[row][1])
		return real;
	for (int form = 0; form < CUDA_FORMS && cuda_wrappers[row][form]; form++) {
		void *known = cuda_real_of(row, form), *none = NULL;
		if (!known && __atomic_compare_exchange_n(&cuda_real[row][form], &none, real, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
			dynamic_keep(real);
			known = real;
		} else if (!known) {
			known = none;
		}
		if (known == real) {
			__atomic_fetch_add(&cuda_handed_out[row >= CUDA_ROWS_RUNTIME], 1, __ATOMIC_RELAXED);
			return cuda_wrappers[row][form];
		}
	}
	__atomic_fetch_add(&cuda_not_wrapped, 1, __ATOMIC_RELAXED); /* another copy of the library */
	return real;
}

/* --- dlsym ------------------------------------------------------------------------------------ */

struct answer {
	uint64_t action;
	void *value;
};

struct answer cuda_dlsym_choose(void *handle, const char *symbol, const char *version, int versioned);

/* A library that has none of our names: dlsym then fails there, and says so as it would have. */
static struct answer
elsewhere(void)
{
	static void *libc; /* atomic */
	void *handle = __atomic_load_n(&libc, __ATOMIC_ACQUIRE);

	if (!handle) {
		handle = dlopen("libc.so.6", RTLD_LAZY | RTLD_NOLOAD);
		__atomic_store_n(&libc, handle, __ATOMIC_RELEASE);
	}
	return (struct answer){ handle ? CUDA_DLSYM_ELSEWHERE : CUDA_DLSYM_JUMP, handle };
}

/* "cu..." or "__cuda...", told without strncmp: see dynamic.h. */
static bool
may_be_cuda(const char *symbol)
{
	if (symbol[0] == '_' && symbol[1] == '_')
		symbol += 2;
	return symbol[0] == 'c' && symbol[1] == 'u';
}

SHIM_HIDDEN struct answer
cuda_dlsym_choose(void *handle, const char *symbol, const char *version, int versioned)
{
	static const struct answer jump = { CUDA_DLSYM_JUMP, NULL };
	void *real;
	int row;

	if (!dynamic_dlsym)
		dynamic_find();
	if (!symbol || handle == RTLD_NEXT || !may_be_cuda(symbol))
		return jump;
	row = row_of_symbol(symbol);
	if (row < 0)
		return jump;
	/* Our own functions are in everybody's scope: without CUDA, nobody shall find them there. */
	if (handle == RTLD_DEFAULT)
		return cuda_real_of(row, 0) ? jump : elsewhere();
	real = versioned ? dynamic_dlvsym(handle, symbol, version) : dynamic_symbol(handle, symbol);
	if (real == cuda_wrappers[row][0] && !cuda_real_of(row, 0))
		return elsewhere();
	if (real && cuda_on)
		real = wrap(row, real);
	return (struct answer){ CUDA_DLSYM_RETURN, real };
}

/* --- the driver's and the runtime's own resolvers --------------------------------------------- */

/* Does the driver name the same address for the newest version that we know? Then its form is one that we know. */
static bool
is_known_form(const char *name, void *found, uint64_t flags)
{
	int (*real)(const char *, void **, int, uint64_t, int *) =
		(int (*)(const char *, void **, int, uint64_t, int *))cuda_real_of(CUDA_ROW_cuGetProcAddress_v2, 0);
	void *known = NULL;
	int status;

	return real && real(name, &known, VERSION_KNOWN, flags, &status) == CUDA_SUCCESS && known == found;
}

/* *OUT is what the real resolver answered. */
static void
answer(const char *name, void **out, int version, uint64_t flags)
{
	int row;

	if (!cuda_on || !name || !out || !*out)
		return;
	__atomic_fetch_add(&cuda_queries, 1, __ATOMIC_RELAXED);
	row = row_of_asked(name, version, flags);
	if (row < 0 || *out == cuda_wrappers[row][0] || *out == cuda_wrappers[row][1])
		return;
	if (version > VERSION_KNOWN && row != CUDA_ROW_cuGetProcAddress_v2 && !is_known_form(name, *out, flags)) {
		__atomic_fetch_add(&cuda_not_wrapped, 1, __ATOMIC_RELAXED);
		return;
	}
	*out = wrap(row, *out);
}

SHIM_EXPORT int
cuGetProcAddress_v2(const char *name, void **out, int version, uint64_t flags, int *status)
{
	int (*real)(const char *, void **, int, uint64_t, int *) =
		(int (*)(const char *, void **, int, uint64_t, int *))cuda_real_of(CUDA_ROW_cuGetProcAddress_v2, 0);

	if (!real)
		return CUDA_NO_SYMBOL;
	int result = real(name, out, version, flags, status);
	if (result == CUDA_SUCCESS)
		answer(name, out, version, flags);
	return result;
}

SHIM_EXPORT int
cuGetProcAddress(const char *name, void **out, int version, uint64_t flags)
{
	int (*real)(const char *, void **, int, uint64_t) =
		(int (*)(const char *, void **, int, uint64_t))cuda_real_of(CUDA_ROW_cuGetProcAddress, 0);

	if (!real)
		return CUDA_NO_SYMBOL;
	int result = real(name, out, version, flags);
	if (result == CUDA_SUCCESS)
		answer(name, out, version, flags);
	return result;
}

/* The version that cudaGetDriverEntryPoint asks for: its own. */
static int
runtime_version(void)
{
	static int known; /* atomic */
	int version = __atomic_load_n(&known, __ATOMIC_RELAXED);
	int (*get)(int *) = NULL;

	if (version)
		return version;
	get = (int (*)(int *))dynamic_symbol(RTLD_NEXT, "cudaRuntimeGetVersion");
	for (size_t i = 0; !get && i < sizeof runtimes / sizeof runtimes[0]; i++)
		get = (int (*)(int *))dynamic_symbol_of(runtimes[i], "cudaRuntimeGetVersion");
	if (!get || get(&version) != CUDA_SUCCESS)
		return 0;
	__atomic_store_n(&known, version, __ATOMIC_RELAXED);
	return version;
}

static int
entry_point(int row, const char *name, void **out, unsigned long long flags, int *status)
{
	int (*real)(const char *, void **, unsigned long long, int *) =
		(int (*)(const char *, void **, unsigned long long, int *))cuda_real_of(row, 0);

	if (!real)
		return CUDA_NO_SYMBOL;
	int result = real(name, out, flags, status);
	if (result == CUDA_SUCCESS)
		answer(name, out, runtime_version(), !flags && row == CUDA_ROW_cudaGetDriverEntryPoint_ptsz ? PER_THREAD : flags);
	return result;
}

SHIM_EXPORT int
cudaGetDriverEntryPoint(const char *name, void **out, unsigned long long flags, int *status)
{
	return entry_point(CUDA_ROW_cudaGetDriverEntryPoint, name, out, flags, status);
}

SHIM_EXPORT int
cudaGetDriverEntryPoint_ptsz(const char *name, void **out, unsigned long long flags, int *status)
{
	return entry_point(CUDA_ROW_cudaGetDriverEntryPoint_ptsz, name, out, flags, status);
}

static int
entry_point_by_version(int row, const char *name, void **out, unsigned version, unsigned long long flags, int *status)
{
	int (*real)(const char *, void **, unsigned, unsigned long long, int *) =
		(int (*)(const char *, void **, unsigned, unsigned long long, int *))cuda_real_of(row, 0);

	if (!real)
		return CUDA_NO_SYMBOL;
	int result = real(name, out, version, flags, status);
	if (result == CUDA_SUCCESS)
		answer(name, out, (int)version, !flags && row == CUDA_ROW_cudaGetDriverEntryPointByVersion_ptsz ? PER_THREAD : flags);
	return result;
}

SHIM_EXPORT int
cudaGetDriverEntryPointByVersion(const char *name, void **out, unsigned version, unsigned long long flags, int *status)
{
	return entry_point_by_version(CUDA_ROW_cudaGetDriverEntryPointByVersion, name, out, version, flags, status);
}

SHIM_EXPORT int
cudaGetDriverEntryPointByVersion_ptsz(const char *name, void **out, unsigned version, unsigned long long flags, int *status)
{
	return entry_point_by_version(CUDA_ROW_cudaGetDriverEntryPointByVersion_ptsz, name, out, version, flags, status);
}

bool
cuda_is_loaded(void)
{
	for (int i = 0; i < 2; i++) {
		const char *const *names = i ? drivers : runtimes;
		for (size_t n = 0; n < (i ? sizeof drivers : sizeof runtimes) / sizeof names[0]; n++) {
			void *handle = dlopen(names[n], RTLD_LAZY | RTLD_NOLOAD);
			if (handle) {
				dlclose(handle);
				return true;
			}
			dlerror();
		}
	}
	return false;
}
