/* Making and mapping this process's box. See box.h. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "box.h"
#include "clock.h"
#include "copy.h"
#include "helper.h"
#include "memory.h"
#include "merge.h"
#include "place.h"
#include "settings.h"

#define PAGE 4096ull
#define SIZE_MIN (1ull << 20)
#define SEGMENTS_MAX 4096u

struct box shim_box;
bool box_for_cuda;
void (*box_ending)(void);
bool box_parent_recorded;
static bool forked;
static int32_t parent_rank; /* of a forked process */

/* --keep all: where each further segment's chunks are mapped. */
static char *segments[SEGMENTS_MAX];
static uint32_t segment_lock, segments_failed;
static uint32_t segments_held; /* by box_hold_segments; changed with the lock */

static int32_t
env_number(const char *const *names)
{
	for (; *names; names++) {
		const char *value = getenv(*names);
		char *end;
		if (value && *value) {
			long number = strtol(value, &end, 10);
			if (!*end && number >= 0 && number <= INT_MAX)
				return (int32_t)number;
		}
	}
	return -1;
}

#define ENV_NUMBER(...) env_number((const char *const[]){ __VA_ARGS__, NULL })

static int32_t
env_rank(void)
{
	return ENV_NUMBER("RANK", "SLURM_PROCID", "OMPI_COMM_WORLD_RANK", "PMI_RANK");
}

/* Divide the file among the regions. Shares are of what runs of real programs used; the ring gets the rest: in the smallest box a few
 * chunks, for a process may be killed while it opens one. */
static void
lay_out(struct box_header *header, uint64_t size, bool cuda)
{
	uint64_t share[BOX_REGION_COUNT] = {
		[BOX_STRINGS] = size / 32,       [BOX_OPS] = BOX_OPS_MAX * sizeof(struct box_op),
		[BOX_SIGNATURES] = size / 16 * (size < 2u << 20 ? 2 : 3), [BOX_FRAMES] = size / 64,
		[BOX_SITES] = size / 16,         [BOX_TENSORS] = 0,
		[BOX_CHANGES] = size / 32,       [BOX_CALLS] = size / 128,
		[BOX_HISTORY] = size / 24,       [BOX_VARIED] = size / 48,
		[BOX_NOTES] = 0,                 [BOX_CHUNKS] = 0,
		[BOX_STEPS] = 0,
		[BOX_CUDA] = cuda ? sizeof(struct box_cuda_counts) : 0,
		[BOX_MEMORY] = cuda ? size / 24 : 0,
	};
	uint64_t tensors = 1024, steps = 64, at = BOX_HEADER_BYTES;

	while (tensors * 2 * sizeof(struct box_tensor) <= size / (size < 2u << 20 ? 10 : 8))
		tensors *= 2;
	share[BOX_TENSORS] = tensors * sizeof(struct box_tensor);
	while (steps < BOX_STEPS_MAX && steps * 2 * sizeof(struct box_step_print) <= size / 64)
		steps *= 2;
	share[BOX_STEPS] = sizeof(struct box_steps) + steps * sizeof(struct box_step_print);
	header->chunk_bytes = size >= 16u << 20 ? 65536 : 16384;
	header->note_bytes = size >= 16u << 20 ? 131072 : 32768;
	header->note_count = size >= 16u << 20 ? 24 : size >= 4u << 20 ? 16 : 10;
	share[BOX_NOTES] = (uint64_t)header->note_bytes * header->note_count;
	for (int i = 0; i < BOX_REGION_COUNT; i++) {
		uint64_t bytes = (share[i] + PAGE - 1) / PAGE * PAGE;
		if (i == BOX_CHUNKS)
			bytes = (size - at) / header->chunk_bytes * header->chunk_bytes;
		header->regions[i].offset_bytes = at;
		header->regions[i].size_bytes = bytes;
		at += bytes;
	}
	header->chunk_count = (uint32_t)(header->regions[BOX_CHUNKS].size_bytes / header->chunk_bytes);
	header->regions[BOX_STRINGS].used_bytes = 8; /* reference 0 is "" */
	header->regions[BOX_SITES].used_bytes = sizeof(struct box_site); /* reference 0 is "no Python frame" */
}

static double
measure_ticks(void)
{
	uint64_t start_ns = clock_unix_ns(), start = clock_ticks(), now_ns;

	do
		now_ns = clock_unix_ns();
	while (now_ns - start_ns < 200000 && now_ns >= start_ns);
	uint64_t ticks = clock_ticks() - start;
	return now_ns > start_ns ? (double)ticks / (double)(now_ns - start_ns) : 1.0;
}

static void
fill_header(struct box_header *header, uint64_t size, int rank)
{
	lay_out(header, size, box_for_cuda);
	header->version = BOX_VERSION;
	header->header_bytes = BOX_HEADER_BYTES;
	header->file_bytes = size;
	header->pid = getpid();
	header->parent_pid = getppid();
	header->rank = rank;
	header->local_rank = ENV_NUMBER("LOCAL_RANK", "SLURM_LOCALID", "OMPI_COMM_WORLD_LOCAL_RANK", "MPI_LOCALRANKID");
	header->world_size = ENV_NUMBER("WORLD_SIZE", "SLURM_NTASKS", "OMPI_COMM_WORLD_SIZE", "PMI_SIZE");
	header->attempt = ENV_NUMBER("TORCHELASTIC_RESTART_COUNT", "SLURM_RESTART_COUNT");
	if (header->attempt < 0)
		header->attempt = 0;
	header->origin = forked ? BOX_ORIGIN_FORKED : BOX_ORIGIN_STARTED;
	header->record_depth = settings.depth;
	header->exit_status = -1;
	header->next_tensor = 1; /* 0 means dead */
	header->state = BOX_STATE_RUNNING;
	gethostname(header->host, sizeof header->host - 1);
	struct stat namespace;
	header->pid_namespace = stat("/proc/self/ns/pid", &namespace) ? 0 : namespace.st_ino;
	header->ticks_per_ns = measure_ticks();
	header->start_unix_ns = clock_unix_ns();
	header->start_ticks = clock_ticks();
	/* Last: a file without its magic is not a box yet. */
	__atomic_thread_fence(__ATOMIC_RELEASE);
	memcpy(header->magic, BOX_MAGIC, sizeof header->magic);
}

/* What this process may take: its share, a sixteenth of what its limit leaves it. */
static uint64_t
wanted_bytes(void)
{
	bool helps = forked || (helper_is_spawned() && !helper_is_rank());
	uint64_t size = settings.size_bytes / (helps ? 8 : 1), left = memory_left();

	return left / 16 < size ? left / 16 : size;
}

/* A box for RANK wherever there is room, smaller if need be; its SIZE. SHORT: --size-total made it smaller. */
static char *
map_box(int rank, uint64_t *size, bool *short_of_total)
{
	for (unsigned candidate = 0; candidate < PLACE_CANDIDATES; candidate++) {
		if (!place_open(candidate))
			continue;
		merge_make_room(place.directory);
		uint64_t used = place_used_bytes(), wanted = wanted_bytes();
		uint64_t left = used < settings.total_bytes ? settings.total_bytes - used : 0;
		*short_of_total = left < wanted;
		*size = *short_of_total ? left : wanted;
		if (*size < SIZE_MIN)
			*size = SIZE_MIN;
		for (*size = *size / PAGE * PAGE; *size >= SIZE_MIN; *size = *size / 2 / PAGE * PAGE) {
			char *base = place_map(rank, forked, *size);
			if (base)
				return base;
		}
	}
	return NULL;
}

bool
box_open(bool (*prepare)(void))
{
	int saved_errno = errno;
	int rank = env_rank();
	uint64_t size;
	bool short_of_total;

	if (forked && !box_parent_recorded && rank != parent_rank)
		forked = false; /* a launcher's rank */
	char *base = map_box(rank, &size, &short_of_total);
	if (base) {
		fill_header((struct box_header *)base, size, rank);
		shim_box.size_bytes = size;
		shim_box.header = (struct box_header *)base;
		if (prepare()) {
			__atomic_store_n(&shim_box.base, base, __ATOMIC_RELEASE);
			if (short_of_total)
				box_lose(BOX_LOSS_SIZE_TOTAL, 1);
		} else {
			place_remove(place.directory, place.stem, place.box, 0, false);
			munmap(base, size);
			shim_box.header = NULL;
			base = NULL;
		}
	}
	errno = saved_errno;
	return base != NULL;
}

static char *
make_segment(uint32_t number)
{
	const struct box_header *header = shim_box.header;
	uint64_t size = BOX_SEGMENT_HEADER_BYTES + (uint64_t)header->chunk_bytes * header->chunk_count;
	char path[PATH_MAX + 16], *base;

	if (!place.box[0])
		return NULL;
	if (place_used_bytes() + size > settings.total_bytes) {
		box_lose(BOX_LOSS_SIZE_TOTAL, 1);
		return NULL;
	}
	snprintf(path, sizeof path, "%s.%u", place.box, number);
	base = place_map_file(path, size);
	if (!base) {
		box_lose(BOX_LOSS_SEGMENT_FAILED, 1);
		return NULL;
	}
	struct box_segment *segment = (struct box_segment *)base;
	segment->version = BOX_VERSION;
	segment->number = number;
	segment->pid = header->pid;
	segment->start_unix_ns = header->start_unix_ns;
	segment->chunk_bytes = header->chunk_bytes;
	segment->chunk_count = header->chunk_count;
	memcpy(segment->magic, BOX_SEGMENT_MAGIC, sizeof segment->magic);
	return base + BOX_SEGMENT_HEADER_BYTES;
}

/* Give back the memory of segment NUMBER once no thread writes to it; what was written stays in the file. */
static void
drop_segment(uint32_t number)
{
	const struct box_header *header = shim_box.header;

	if (!number || !segments[number] || segments_held)
		return;
	for (uint32_t i = 0; i < header->chunk_count; i++) {
		struct box_chunk *chunk = (struct box_chunk *)(segments[number] + (uint64_t)i * header->chunk_bytes);
		if (__atomic_load_n(&chunk->state, __ATOMIC_ACQUIRE) != BOX_CHUNK_DONE)
			return;
	}
	munmap(segments[number] - BOX_SEGMENT_HEADER_BYTES,
	       BOX_SEGMENT_HEADER_BYTES + (uint64_t)header->chunk_bytes * header->chunk_count);
	segments[number] = NULL;
}

static void
lock_segments(void)
{
	uint32_t unlocked = 0;

	while (!__atomic_compare_exchange_n(&segment_lock, &unlocked, 1, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) {
		unlocked = 0;
		sched_yield(); /* another thread is making one: once in some hundred thousand events */
	}
}

static void
unlock_segments(void)
{
	__atomic_store_n(&segment_lock, 0, __ATOMIC_RELEASE);
}

void
box_hold_segments(bool hold)
{
	lock_segments();
	segments_held += hold ? 1u : -1u;
	unlock_segments();
}

char *
box_segment_chunks(uint32_t number)
{
	if (!number)
		return box_region(BOX_CHUNKS);
	if (number >= SEGMENTS_MAX || __atomic_load_n(&segments_failed, __ATOMIC_RELAXED))
		return NULL;
	char *chunks = __atomic_load_n(&segments[number], __ATOMIC_ACQUIRE);
	if (chunks || number < shim_box.header->segments)
		return chunks;
	lock_segments();
	int saved_errno = errno;
	if (!segments[number]) {
		chunks = make_segment(number);
		if (chunks) {
			__atomic_store_n(&segments[number], chunks, __ATOMIC_RELEASE);
			__atomic_store_n(&shim_box.header->segments, number, __ATOMIC_RELEASE);
			drop_segment(number > 2 ? number - 2 : 0);
		} else {
			segments_failed = 1;
		}
	}
	errno = saved_errno;
	unlock_segments();
	return segments[number];
}

void
box_forget(void)
{
	box_parent_recorded = shim_box.header != NULL;
	parent_rank = box_parent_recorded ? shim_box.header->rank : env_rank();
	forked = true;
	if (!box_parent_recorded)
		return;
	/* The parent's file stays mapped here, unused: unmapping could pull it from under a handler that still looks. */
	shim_box.base = NULL;
	shim_box.header = NULL;
	memset(segments, 0, sizeof segments);
	segment_lock = segments_failed = segments_held = 0;
}

void
box_check(enum box_check which, bool ok)
{
	if (shim_box.base && shim_box.header->checks[which] != BOX_CHECK_FAILED)
		shim_box.header->checks[which] = ok ? BOX_CHECK_OK : BOX_CHECK_FAILED;
}

void
box_end(enum box_state state, int exit_status)
{
	struct box_header *header = shim_box.header;

	if (!shim_box.base || header->pid != getpid()) /* a vfork child borrows our memory */
		return;
	if (box_ending)
		box_ending();
	header->exit_status = exit_status;
	header->end_unix_ns = clock_unix_ns();
	__atomic_store_n(&header->state, state, __ATOMIC_RELEASE);
	if (state == BOX_STATE_EXITED && exit_status == 0 && merge_ended(forked && header->rank != parent_rank))
		return;
	if (state == BOX_STATE_EXITED)
		copy_all();
}
