/* The fake devices: memory, faults, counts. See fake.h and README.md. */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fake.h"

#define EXPORT __attribute__((visibility("default")))
#define ALIGN 512u

static uint64_t counts[FAKE_COUNT_COUNT];
static __thread int depth, device_now;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static long
number(const char *name, long fallback)
{
	const char *text = getenv(name);

	return text && *text ? strtol(text, NULL, 0) : fallback;
}

EXPORT void
fake_count(enum fake_count what)
{
	__atomic_fetch_add(&counts[what], 1, __ATOMIC_RELAXED);
}

EXPORT void
fake_enter(void)
{
	depth++;
}

EXPORT int
fake_leave(int result)
{
	if (--depth == 0 && result != OK && result != 600 && result != 4)
		fake_count(FAKE_failed_calls);
	return result;
}

static void
counts_forget(void)
{
	memset(counts, 0, sizeof counts);
}

__attribute__((constructor)) static void
start(void)
{
	pthread_atfork(NULL, NULL, counts_forget); /* each process counts its own */
}

__attribute__((destructor)) static void
counts_write(void)
{
	static const char *const names[] = {
#define X(name) #name,
		FAKE_COUNTS(X)
#undef X
	};
	const char *path = getenv("FAKE_CUDA_COUNTS");
	char name[4200];
	uint64_t sum = 0;
	FILE *file;

	for (int i = 0; i < FAKE_COUNT_COUNT; i++)
		sum += counts[i];
	if (!path || !*path || !sum)
		return;
	snprintf(name, sizeof name, "%s.%d", path, (int)getpid());
	file = fopen(name, "w");
	for (int i = 0; file && i < FAKE_COUNT_COUNT; i++)
		fprintf(file, "%s %llu\n", names[i], (unsigned long long)counts[i]);
	if (file)
		fclose(file);
}

/* --- memory --------------------------------------------------------------------------------- */

struct piece { struct piece *next; char *at; size_t bytes; int type, device; bool ours; };

#define BUCKETS 4096u
static struct piece *pieces[BUCKETS]; /* by address >> 9; ranges are looked for from their start */
static size_t used[64];

static struct piece **
bucket(const void *at)
{
	return &pieces[((uintptr_t)at >> 9) % BUCKETS];
}

static int
piece_add(char *at, size_t bytes, int type, bool ours)
{
	struct piece *piece = malloc(sizeof *piece);

	if (!piece)
		return OUT_OF_MEMORY;
	*piece = (struct piece){ *bucket(at), at, bytes, type, device_now, ours };
	*bucket(at) = piece;
	return OK;
}

static int
allocate(void **out, size_t bytes, int type)
{
	void *memory = NULL;
	int result = OK;

	*out = NULL;
	if (bytes == 0)
		return type == 2 ? OK : INVALID_VALUE;
	pthread_mutex_lock(&lock);
	if (type == 2 && used[device_now] + bytes > (size_t)number("FAKE_CUDA_LIMIT", 8l << 30))
		result = OUT_OF_MEMORY;
	else if (posix_memalign(&memory, ALIGN, (bytes + ALIGN - 1) / ALIGN * ALIGN))
		result = OUT_OF_MEMORY;
	else
		result = piece_add(memory, bytes, type, true);
	if (result == OK) {
		*out = memory;
		if (type == 2)
			used[device_now] += bytes;
	}
	pthread_mutex_unlock(&lock);
	return result;
}

static int
release(void *at, int type, bool ours)
{
	int result = INVALID_VALUE;

	if (!at)
		return OK;
	pthread_mutex_lock(&lock);
	for (struct piece **link = bucket(at); *link; link = &(*link)->next) {
		struct piece *piece = *link;
		if (piece->at != at || piece->type != type || piece->ours != ours)
			continue;
		*link = piece->next;
		if (type == 2)
			used[piece->device] -= piece->bytes;
		if (ours)
			free(piece->at);
		free(piece);
		result = OK;
		break;
	}
	pthread_mutex_unlock(&lock);
	return result;
}

EXPORT int
fake_allocate(void **out, size_t bytes)
{
	static uint64_t asked;
	uint64_t turn = __atomic_add_fetch(&asked, 1, __ATOMIC_RELAXED);

	if (turn == (uint64_t)number("FAKE_CUDA_FAIL_ALLOCATION", 0))
		return OUT_OF_MEMORY;
	int result = allocate(out, bytes, 2);
	if (result == OK && *out)
		fake_count(FAKE_allocations);
	return result;
}

EXPORT int
fake_free(void *at)
{
	int result = release(at, 2, true);

	if (result == OK && at)
		fake_count(FAKE_frees);
	return result;
}

EXPORT int
fake_host_allocate(void **out, size_t bytes)
{
	int result = allocate(out, bytes, 1);

	if (result == OK)
		fake_count(FAKE_host_allocations);
	return result;
}

EXPORT int
fake_host_free(void *at)
{
	int result = release(at, 1, true);

	if (result == OK && at)
		fake_count(FAKE_host_frees);
	return result;
}

EXPORT int
fake_register(void *at, size_t bytes)
{
	pthread_mutex_lock(&lock);
	int result = at && bytes ? piece_add(at, bytes, 1, false) : INVALID_VALUE;
	pthread_mutex_unlock(&lock);
	return result;
}

EXPORT int
fake_unregister(void *at)
{
	return at ? release(at, 1, false) : INVALID_VALUE;
}

EXPORT int
fake_memory_type(const void *at, int *device, void **base, size_t *bytes)
{
	int type = 0;

	pthread_mutex_lock(&lock);
	for (uint32_t i = 0; i < BUCKETS && !type; i++)
		for (struct piece *piece = pieces[i]; piece; piece = piece->next) {
			if ((const char *)at < piece->at || (const char *)at >= piece->at + piece->bytes)
				continue;
			type = piece->type;
			if (device)
				*device = piece->device;
			if (base)
				*base = piece->at;
			if (bytes)
				*bytes = piece->bytes;
			break;
		}
	pthread_mutex_unlock(&lock);
	return type;
}

EXPORT void
fake_memory_info(size_t *free_bytes, size_t *total)
{
	*total = (size_t)number("FAKE_CUDA_LIMIT", 8l << 30);
	*free_bytes = *total - used[device_now];
}

/* --- devices -------------------------------------------------------------------------------- */

EXPORT int
fake_device_count(void)
{
	long count = number("FAKE_CUDA_DEVICES", 1);

	return count < 0 ? 0 : count > 64 ? 64 : (int)count;
}

EXPORT int
fake_device_now(void)
{
	return device_now;
}

EXPORT int
fake_device_set(int device)
{
	if (device < 0 || device >= fake_device_count())
		return INVALID_DEVICE;
	device_now = device;
	return OK;
}

/* Numbers of cudaDeviceAttr and CUdevice_attribute, which are the same. */
EXPORT int
fake_attribute(int *out, int attribute)
{
	switch (attribute) {
	case 1: *out = 1024; break;          /* threads of a block */
	case 2: case 3: *out = 1024; break;
	case 4: *out = 64; break;
	case 5: *out = 2147483647; break;    /* grid */
	case 6: case 7: *out = 65535; break;
	case 8: *out = 49152; break;         /* shared memory of a block */
	case 10: *out = 32; break;           /* warp */
	case 12: *out = 65536; break;        /* registers */
	case 16: *out = 8; break;            /* multiprocessors */
	case 39: *out = 1536; break;         /* threads of a multiprocessor */
	case 41: *out = 1; break;            /* one address space */
	case 75: *out = 8; break;            /* compute capability 8.0 */
	case 76: *out = 0; break;
	case 81: case 97: *out = 101376; break;
	case 102: *out = 1; break;           /* memory piece by piece */
	case 106: *out = 16; break;
	case 115: *out = 1; break;           /* pools */
	default: *out = 0;
	}
	return OK;
}

/* --- launches and faults -------------------------------------------------------------------- */

static long fault_in = -1; /* calls until it comes out; -1: nothing is broken */
static int fault_code;

EXPORT int
fake_broken(bool waiting)
{
	if (__atomic_load_n(&fault_code, __ATOMIC_ACQUIRE) == 0)
		return OK;
	if (!waiting && __atomic_sub_fetch(&fault_in, 1, __ATOMIC_RELAXED) > 0)
		return OK;
	__atomic_store_n(&fault_in, 0, __ATOMIC_RELAXED);
	return fault_code;
}

EXPORT int
fake_launch(const struct fake_kernel *kernel, void *stream)
{
	static uint64_t met;
	const char *fault = getenv("FAKE_CUDA_FAULT");
	struct fake_stream *on = (uintptr_t)stream > 2 ? stream : NULL;
	int broken = fake_broken(false);

	if (broken)
		return broken;
	fake_count(FAKE_launches);
	if (on && on->capturing) {
		fake_count(FAKE_captured_launches);
		if (on->graph)
			((struct fake_graph *)on->graph)->nodes++;
		return OK;
	}
	if (fault && *fault && kernel && strstr(kernel->name, fault) && !fault_code
	    && __atomic_add_fetch(&met, 1, __ATOMIC_RELAXED) > (uint64_t)number("FAKE_CUDA_FAULT_SKIP", 0)) {
		fault_in = number("FAKE_CUDA_FAULT_AFTER", 1000);
		__atomic_store_n(&fault_code, (int)number("FAKE_CUDA_FAULT_CODE", 710), __ATOMIC_RELEASE);
		if (number("CUDA_LAUNCH_BLOCKING", 0))
			return fake_broken(true);
	}
	return OK;
}
