/* The threads' recorders and the ring's chunks. See recorder.h. */
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "box.h"
#include "history.h"
#include "memory.h"
#include "recorder.h"
#include "settings.h"
#include "shim.h"
#include "torch.h"

#define RECORDERS BOX_CUDA_THREADS

__thread struct recorder *recorder_self;

static struct recorder *pool;
static uint32_t pool_count;
static uint32_t next_number;
static pthread_key_t thread_end;

static void
close_chunk(struct recorder *recorder)
{
	struct box_chunk *chunk = recorder->chunk;

	if (!chunk)
		return;
	recorder->chunk = NULL;
	recorder->cursor = recorder->limit = NULL;
	__atomic_fetch_add(&shim_box.header->events, recorder->events - chunk->first_event, __ATOMIC_RELAXED);
	__atomic_store_n(&chunk->state, BOX_CHUNK_DONE, __ATOMIC_RELEASE);
}

static void
thread_ended(void *self)
{
	struct recorder *recorder = self;

	if (recorder != recorder_self) /* a fork came between: it isn't ours any more */
		return;
	if (shim_box.base) {
		close_chunk(recorder);
		history_thread_ended(recorder->number);
	}
	recorder_self = NULL;
	__atomic_store_n(&recorder->in_use, 0, __ATOMIC_RELEASE);
}

bool
recorder_start(void)
{
	/* Where address space is short, the host's own needs come first: fewer threads are recorded at once, and counted. */
	uint64_t most = memory_left() / 8 / sizeof *pool;
	uint32_t count = most < RECORDERS ? (uint32_t)most : RECORDERS;
	void *memory = count == 0 ? MAP_FAILED : mmap(NULL, count * sizeof *pool, PROT_READ | PROT_WRITE,
						      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (memory == MAP_FAILED || pthread_key_create(&thread_end, thread_ended))
		return false;
	pool = memory;
	pool_count = count;
	return true;
}

void
recorder_forked(void)
{
	for (uint32_t i = 0; pool && i < pool_count; i++)
		if (pool[i].in_use)
			pool[i].in_use = 0;
	recorder_self = NULL;
	next_number = 0;
}

void
recorder_meet_torch(struct recorder *recorder)
{
	recorder->exception_globals = torch.exception_globals ? torch.exception_globals() : NULL;
	recorder->autograd = torch.autograd_state ? torch.autograd_state() + torch.grad_byte : NULL;
}

struct recorder *
recorder_get(void)
{
	if (recorder_self)
		return recorder_self;
	for (uint32_t i = 0; pool && i < pool_count; i++) {
		struct recorder *recorder = &pool[i];
		uint32_t free_mark = 0;
		if (__atomic_load_n(&recorder->in_use, __ATOMIC_RELAXED)
		    || !__atomic_compare_exchange_n(&recorder->in_use, &free_mark, 1, false, __ATOMIC_ACQUIRE,
						    __ATOMIC_RELAXED))
			continue;
		/* Everything before the big buffers, which need no clearing. */
		memset((char *)recorder + sizeof recorder->in_use, 0,
		       offsetof(struct recorder, thrown) - sizeof recorder->in_use);
		recorder->thrown.count = recorder->thrown.noted = 0;
		recorder->frames.count = 0;
		recorder->frames.guess = NULL;
		if (recorder->expected.count)
			memset(&recorder->expected, 0, sizeof recorder->expected);
		recorder->lists.count = recorder->lists.told_count = 0;
		recorder->number = __atomic_fetch_add(&next_number, 1, __ATOMIC_RELAXED);
		recorder_meet_torch(recorder);
		recorder->sequence_at_step = -1;
		recorder->steps.main = syscall(SYS_gettid) == getpid();
		if (shim_box.header) /* none at hand, and where the others are by now */
			recorder->tensor_block[0] = recorder->tensor_block[1] = __atomic_load_n(&shim_box.header->next_tensor, __ATOMIC_RELAXED);
		recorder_self = recorder;
		pthread_setspecific(thread_end, recorder);
		return recorder;
	}
	box_lose(BOX_LOSS_THREADS_FULL, 1);
	return NULL;
}

uint64_t
recorder_open_events(void)
{
	uint64_t events = 0;

	for (uint32_t i = 0; pool && i < pool_count; i++)
		if (pool[i].in_use && pool[i].chunk)
			events += pool[i].events - pool[i].chunk->first_event;
	return events;
}

uint32_t
recorder_place(const struct recorder *recorder)
{
	return (uint32_t)(recorder - pool);
}

void
record_thread(uint32_t *thread, uint64_t *events)
{
	*thread = recorder_self ? recorder_self->number : BOX_NONE;
	*events = recorder_self ? recorder_self->events : 0;
}

struct box_chunk *
recorder_chunk(uint64_t sequence)
{
	struct box_header *header = shim_box.header;
	char *chunks = box_region(BOX_CHUNKS);

	if (settings.keep_all && sequence >= header->chunk_count) {
		chunks = box_segment_chunks((uint32_t)(sequence / header->chunk_count));
		if (!chunks) /* no room for another segment: the newest one goes round */
			chunks = box_segment_chunks(header->segments);
		if (!chunks)
			chunks = box_region(BOX_CHUNKS);
	}
	return (struct box_chunk *)(chunks + sequence % header->chunk_count * header->chunk_bytes);
}

/* The next chunk that no thread is writing to. */
static struct box_chunk *
claim_chunk(void)
{
	struct box_header *header = shim_box.header;

	for (uint32_t tries = 0; tries < header->chunk_count; tries++) {
		uint64_t sequence = __atomic_fetch_add(&header->next_chunk, 1, __ATOMIC_RELAXED);
		struct box_chunk *chunk = recorder_chunk(sequence);
		uint32_t state = __atomic_load_n(&chunk->state, __ATOMIC_ACQUIRE);
		if (state == BOX_CHUNK_OPEN
		    || !__atomic_compare_exchange_n(&chunk->state, &state, BOX_CHUNK_OPEN, false, __ATOMIC_ACQ_REL,
						    __ATOMIC_RELAXED))
			continue;
		__atomic_store_n(&chunk->used_bytes, 0, __ATOMIC_RELEASE); /* a reader must not take old records for new */
		__atomic_store_n(&chunk->sequence, sequence + 1, __ATOMIC_RELEASE);
		return chunk;
	}
	return NULL;
}

static bool
open_chunk(struct recorder *recorder)
{
	close_chunk(recorder);
	struct box_chunk *chunk = claim_chunk();
	if (!chunk)
		return false;
	chunk->thread = recorder->number;
	chunk->os_thread = (int32_t)syscall(SYS_gettid);
	chunk->base_unix_ns = clock_unix_ns();
	chunk->base_ticks = clock_ticks();
	chunk->base_tensor = shim_box.header->next_tensor;
	chunk->first_event = recorder->events;
	chunk->step = __atomic_load_n(&shim_box.header->step, __ATOMIC_RELAXED);
	prctl(PR_GET_NAME, chunk->thread_name, 0, 0, 0);
	recorder->chunk = chunk;
	recorder->cursor = (char *)(chunk + 1);
	recorder->limit = (char *)chunk + shim_box.header->chunk_bytes;
	recorder->base_ticks = chunk->base_ticks;
	__atomic_store_n(&chunk->used_bytes, (uint32_t)sizeof *chunk, __ATOMIC_RELEASE);
	return true;
}

void *
recorder_reserve_anew(struct recorder *recorder, uint32_t words, enum box_record_kind kind, unsigned flags)
{
	if (words > UINT16_MAX || words * 4ull > shim_box.header->chunk_bytes - sizeof(struct box_chunk)) {
		box_lose(BOX_LOSS_RECORD_TOO_BIG, 1);
		return NULL;
	}
	if (!open_chunk(recorder)) {
		box_lose(BOX_LOSS_CHUNK_BUSY, 1);
		return NULL;
	}
	return recorder_take(recorder, words, kind, flags, 0);
}
