/* See faults.h. No header that declares a wrapped function may come in here: the wrappers have plain parameters. */
#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <stddef.h>
#include <stdint.h>

#include "faults.h"

/* Declared here, as their headers would bring the wrapped ones. */
extern void *__libc_malloc(size_t), *__libc_calloc(size_t, size_t), *__libc_realloc(void *, size_t);
char *getenv(const char *);
long strtol(const char *, char **, int);
int snprintf(char *, size_t, const char *, ...);
size_t strlen(const char *);
int strcmp(const char *, const char *);
int atexit(void (*)(void));
int backtrace(void **, int);

enum point {
#define POINT(type, name, parameters, arguments, failure, error) POINT_##name,
#include "points.def"
#undef POINT
	POINT_COUNT
};

static const char *const names[] = {
#define POINT(type, name, parameters, arguments, failure, error) #name,
#include "points.def"
#undef POINT
};

struct shared {
	uint64_t count, at, reached;
	uint64_t counts[POINT_COUNT];
	int on;
};

static struct shared own, *shared = &own;
static uintptr_t first, last; /* the caller's file */
static int ready;             /* 0: not looked yet */

/* By which way each call was come to: a hash of the innermost callers (two of them ours), for FAULTS_PATHS. */
#define PATHS (1u << 18)
#define CALLERS 14
static const char *paths_file;
static uint64_t paths[PATHS];

static void
note_path(uint64_t number, enum point which)
{
	static __thread int inside; /* the first backtrace loads its library */
	void *callers[CALLERS];
	uint64_t hash = 0;

	if (!paths_file || inside || number > PATHS)
		return;
	inside = 1;
	int count = backtrace(callers, CALLERS);
	inside = 0;
	for (int i = 0; i < count; i++)
		hash = (hash ^ (uintptr_t)callers[i]) * 0x9e3779b97f4a7c15u;
	paths[number - 1] = hash >> 8 | (uint64_t)which << 56;
}

struct wanted { const char *name; };

static int
look(struct dl_phdr_info *info, size_t size, void *context)
{
	const char *wanted = ((struct wanted *)context)->name, *name = info->dlpi_name[0] ? info->dlpi_name : "main";
	size_t length = strlen(name), n = strlen(wanted);

	(void)size;
	if (length < n || strcmp(name + length - n, wanted) != 0)
		return 0;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		uintptr_t from = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr, to = from + info->dlpi_phdr[i].p_memsz;
		if (info->dlpi_phdr[i].p_type != PT_LOAD || !(info->dlpi_phdr[i].p_flags & PF_X))
			continue;
		first = from;
		last = to;
	}
	return 1;
}

static void tell(void);

static void
prepare(void)
{
	const char *in = getenv("FAULTS_IN"), *at = getenv("FAULTS_AT");
	struct wanted wanted = { in };

	ready = 1;
	if (!in)
		return;
	atexit(tell); /* before the library under test asks for the same: so it runs after it */
	shared->at = at ? (uint64_t)strtol(at, NULL, 10) : 0;
	shared->on = getenv("FAULTS_ON") != NULL;
	paths_file = getenv("FAULTS_PATHS");
	dl_iterate_phdr(look, &wanted);
}

static int
fails(enum point which, const void *caller)
{
	if (!ready)
		prepare();
	if ((uintptr_t)caller < first || (uintptr_t)caller >= last)
		return 0;
	uint64_t number = __atomic_add_fetch(&shared->count, 1, __ATOMIC_RELAXED);
	__atomic_fetch_add(&shared->counts[which], 1, __ATOMIC_RELAXED);
	note_path(number, which);
	if (!shared->at || number < shared->at || (number > shared->at && !shared->on))
		return 0;
	__atomic_store_n(&shared->reached, (uint64_t)which + 1, __ATOMIC_RELAXED);
	return 1;
}

/* The real functions. Those of memory are needed before anything can be looked up. */
static void *
real(enum point which)
{
	static void *found[POINT_COUNT];

	switch (which) {
	case POINT_malloc: return (void *)__libc_malloc;
	case POINT_calloc: return (void *)__libc_calloc;
	case POINT_realloc: return (void *)__libc_realloc;
	default:
		if (!found[which])
			found[which] = dlsym(RTLD_NEXT, names[which]);
		if (!found[which]) /* pthread_atfork has only an old version */
			found[which] = dlvsym(RTLD_NEXT, names[which], "GLIBC_2.2.5");
		return found[which];
	}
}

#define POINT(type, name, parameters, arguments, failure, error)               \
	__attribute__((visibility("default"))) type wrapped_##name parameters __asm__(#name); \
	type wrapped_##name parameters                                         \
	{                                                                      \
		if (fails(POINT_##name, __builtin_return_address(0))) {        \
			if (error)                                             \
				errno = error;                                 \
			return failure;                                        \
		}                                                              \
		return ((type (*) parameters)real(POINT_##name)) arguments;    \
	}
#include "points.def"
#undef POINT

__attribute__((visibility("default"))) void
faults_arm(unsigned long at, int on)
{
	if (!ready)
		prepare();
	if (shared == &own) {
		void *memory = ((void *(*)(void *, size_t, int, int, int, long))real(POINT_mmap))(
			NULL, sizeof *shared, 3 /* read, write */, 0x21 /* shared, anonymous */, -1, 0);
		if (memory != (void *)-1)
			shared = memory;
	}
	*shared = (struct shared){ .at = at, .on = on };
}

__attribute__((visibility("default"))) unsigned long
faults_told(const char **reached, char *text, unsigned long room)
{
	size_t used = 0;

	if (room)
		text[0] = 0;
	for (int i = 0; i < POINT_COUNT; i++)
		if (shared->counts[i] && used + 1 < room) {
			int n = snprintf(text + used, room - used, "%s%s:%lu", used ? " " : "", names[i], (unsigned long)shared->counts[i]);
			used += n > 0 ? (size_t)n : 0;
		}
	*reached = shared->reached ? names[shared->reached - 1] : NULL;
	return shared->count;
}

/* SIZE bytes from DATA as the file PATH, by the real calls. */
static void
write_file(const char *path, const void *data, size_t size)
{
	/* write only, create, truncate */
	int file = ((int (*)(const char *, int, int))real(POINT_open))(path, 01 | 0100 | 01000, 0600);

	if (file < 0)
		return;
	if (((long (*)(int, const void *, size_t))real(POINT_write))(file, data, size) != (long)size)
		errno = 0; /* then it is too short, and the test says so */
	((int (*)(int))real(POINT_close))(file);
}

static void
tell(void)
{
	const char *path = getenv("FAULTS_TOLD");
	char text[4096], line[4200];
	const char *reached;

	if (paths_file)
		write_file(paths_file, paths, (shared->count < PATHS ? shared->count : PATHS) * sizeof paths[0]);
	if (!path)
		return;
	unsigned long count = faults_told(&reached, text, sizeof text);
	int n = snprintf(line, sizeof line, "%lu %s %s\n", count, reached ? reached : "-", text);
	write_file(path, line, (size_t)n);
}
