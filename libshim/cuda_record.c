/*
 * Records of CUDA calls: what the wrappers tell, on the thread that called. Hot path: no malloc, no lock, no system call
 * (but the first record of a process, which makes its box).
 */
#include <string.h>

#include "box.h"
#include "cuda.h"
#include "cuda_rows.h"
#include "dictionary.h"
#include "frames.h"
#include "hooks.h"
#include "install.h"
#include "recorder.h"
#include "settings.h"
#include "shim.h"

bool cuda_on;
bool cuda_wanted[BOX_CUDA_KIND_COUNT];

/* The rows' names as references into the box; atomic; 0: not yet. */
static uint32_t names[CUDA_ROWS + 4];
enum { NAME_BLOCK = CUDA_ROWS, NAME_BLOCK_FREE, NAME_OUT_OF_MEMORY, NAME_WAIT };
static const char *const own_names[] = { "caching allocator: malloc", "caching allocator: free", "caching allocator: out of memory",
						  "wait (--sync)" };

static const uint8_t counters[BOX_CUDA_KIND_COUNT] = {
#define X(id, name, class, count) BOX_CUDA_COUNT_##count,
	BOX_CUDA_KINDS(X)
#undef X
};

void
cuda_start(void)
{
	enum cuda_level level = settings.cuda;

	for (int kind = 0; kind < BOX_CUDA_KIND_COUNT; kind++) {
		bool launch = kind == BOX_CUDA_LAUNCH || kind == BOX_CUDA_GRAPH_LAUNCH || kind == BOX_CUDA_HOST_FUNCTION
			      || kind == BOX_CUDA_CAPTURE_BEGIN || kind == BOX_CUDA_CAPTURE_END || kind == BOX_CUDA_INSTANTIATE
			      || kind == BOX_CUDA_SYNC;
		bool memory = (kind >= BOX_CUDA_ALLOCATE && kind <= BOX_CUDA_CLOSE) || kind >= BOX_CUDA_BLOCK;
		cuda_wanted[kind] = level == CUDA_LEVEL_ALL || (level == CUDA_LEVEL_LAUNCHES && launch)
				    || (level == CUDA_LEVEL_MEMORY && memory);
	}
	cuda_wanted[BOX_CUDA_OTHER] = cuda_wanted[BOX_CUDA_LAST_ERROR] = false; /* successes */
	cuda_on = level != CUDA_LEVEL_OFF && cuda_kernels_start();
}

void
cuda_report(void)
{
	struct box_cuda_counts *counts = shim_box.base ? cuda_counts() : NULL;

	if (!counts)
		return;
	counts->wrapped_runtime = __atomic_load_n(&cuda_handed_out[0], __ATOMIC_RELAXED);
	counts->wrapped_driver = __atomic_load_n(&cuda_handed_out[1], __ATOMIC_RELAXED);
	counts->queries = __atomic_load_n(&cuda_queries, __ATOMIC_RELAXED);
	__atomic_store_n(&shim_box.header->lost[BOX_LOSS_CUDA_NOT_WRAPPED], __atomic_load_n(&cuda_not_wrapped, __ATOMIC_RELAXED),
			 __ATOMIC_RELAXED);
}

static __attribute__((noinline)) uint32_t
intern_name(int name)
{
	const char *text = name < CUDA_ROWS ? cuda_rows[name].symbol : own_names[name - CUDA_ROWS];
	uint32_t string = dictionary_string(text, strlen(text));

	__atomic_store_n(&names[name], string, __ATOMIC_RELAXED);
	cuda_report();
	return string;
}

static inline uint32_t
name_string(int name)
{
	uint32_t string = __atomic_load_n(&names[name], __ATOMIC_RELAXED);

	return __builtin_expect(string != 0, 1) ? string : intern_name(name);
}

void
cuda_record_forked(void)
{
	memset(names, 0, sizeof names);
}

/* The thread's recorder; makes the process's box if there is none yet. */
static inline struct recorder *
ready(void)
{
	if (__builtin_expect(!shim_box.base, 0) && !install_box())
		return NULL;
	if (__builtin_expect(cuda_self.writing, 0)) {
		box_lose(BOX_LOSS_CUDA_NESTED, 1);
		return NULL;
	}
	struct recorder *recorder = recorder_self ? recorder_self : recorder_get();
	if (recorder && __builtin_expect(!recorder->cuda_counts, 0) && cuda_counts())
		recorder->cuda_counts = cuda_counts()->threads[recorder_place(recorder)];
	return recorder;
}

static inline void
count(const struct recorder *recorder, enum box_cuda_count which)
{
	uint64_t *counter = recorder->cuda_counts + which;

	if (recorder->cuda_counts)
		__atomic_store_n(counter, *counter + 1, __ATOMIC_RELAXED); /* its only writer */
}

/* A record while it is made: in the chunk, or where there is no room for it, aside, so that its facts still serve. */
struct draft {
	struct box_cuda *cuda;
	bool kept;
	uint32_t aside[(sizeof(struct box_cuda) + 4 * BOX_CUDA_BLOCK_WORDS) / 4];
};

/* Begin a record of KIND with WORDS behind what all have; filled in but for those. */
static inline __attribute__((always_inline)) void
begin(struct draft *draft, struct recorder *recorder, int name, enum box_cuda_kind kind, int result, int device,
      const void *stream, unsigned flags, uint32_t words)
{
	uint32_t op = BOX_NONE, site = 0;

	cuda_self.writing = 1;
	if (recorder->depth) {
		op = recorder->open[0].op;
		site = recorder->open[0].site;
	} else {
		const void *state = frames_state();

		site = state ? frames_site(&recorder->frames, frames_top(state)) : 0;
	}
	struct box_cuda *cuda = recorder_reserve(recorder, sizeof *cuda / 4 + words, BOX_RECORD_CUDA, flags);
	draft->kept = cuda != NULL;
	draft->cuda = cuda = cuda ? cuda : (struct box_cuda *)draft->aside;
	cuda->kind = (uint16_t)kind;
	cuda->device = (int16_t)device;
	cuda->result = result;
	cuda->function = name_string(name);
	cuda->op = op;
	cuda->site = site;
	cuda->stream[0] = (uint32_t)(uintptr_t)stream;
	cuda->stream[1] = (uint32_t)((uintptr_t)stream >> 32);
}

static inline void
end(struct recorder *recorder, const struct draft *draft)
{
	if (draft->kept)
		recorder_publish(recorder);
	cuda_self.writing = 0;
}

static inline uint32_t *
put(uint32_t *at, uint64_t value)
{
	at[0] = (uint32_t)value;
	at[1] = (uint32_t)(value >> 32);
	return at + 2;
}

static inline unsigned
flags_of(int row)
{
	return row >= CUDA_ROWS_RUNTIME ? BOX_FLAG_DRIVER : 0;
}

/* --- memory --------------------------------------------------------------------------------- */

/* In which table memory of KIND stands; 0: in none. DEVICE: its bytes are the device's, or with -1 the host's. */
static unsigned
memory_class(enum box_cuda_kind kind, bool *counted)
{
	*counted = true;
	switch (kind) {
	case BOX_CUDA_ALLOCATE:
	case BOX_CUDA_FREE:
		return BOX_MEMORY_DEVICE;
	case BOX_CUDA_HOST_ALLOCATE:
	case BOX_CUDA_HOST_FREE:
	case BOX_CUDA_HOST_REGISTER:
	case BOX_CUDA_HOST_UNREGISTER:
		return BOX_MEMORY_HOST;
	case BOX_CUDA_CREATE:
	case BOX_CUDA_RELEASE:
		return BOX_MEMORY_PHYSICAL;
	case BOX_CUDA_RESERVE:
	case BOX_CUDA_UNRESERVE:
		*counted = false;
		return BOX_MEMORY_ADDRESS;
	case BOX_CUDA_OPEN:
	case BOX_CUDA_CLOSE:
		*counted = false;
		return BOX_MEMORY_FOREIGN;
	default:
		*counted = false;
		return 0;
	}
}

static bool
is_free(enum box_cuda_kind kind)
{
	return kind == BOX_CUDA_FREE || kind == BOX_CUDA_HOST_FREE || kind == BOX_CUDA_HOST_UNREGISTER || kind == BOX_CUDA_RELEASE
	       || kind == BOX_CUDA_UNRESERVE || kind == BOX_CUDA_CLOSE;
}

void
cuda_freeing(enum box_cuda_kind kind, const struct cuda_facts *facts)
{
	bool counted;
	int device = -1;
	unsigned class = memory_class(kind, &counted);

	cuda_self.gone_bytes = UINT64_MAX;
	if (!cuda_wanted[kind] || !shim_box.base || !facts->address)
		return;
	if (cuda_memory_remove(class, (uintptr_t)facts->address, &cuda_self.gone_bytes, &device))
		cuda_self.gone_device = device;
	else
		cuda_self.gone_bytes = UINT64_MAX;
}

/* The table after a call that CUDA records; BYTES and DEVICE are the record's. */
static void
memory_follow(struct recorder *recorder, enum box_cuda_kind kind, int result, uint64_t address, uint64_t bytes, struct box_cuda *cuda)
{
	bool counted;
	unsigned class = memory_class(kind, &counted);
	int64_t amount = (int64_t)bytes;

	if (!class || !address)
		return;
	if (is_free(kind)) {
		if (cuda_self.gone_bytes == UINT64_MAX)
			return;
		amount = -(int64_t)cuda_self.gone_bytes;
		cuda->device = (int16_t)cuda_self.gone_device;
		if (result == CUDA_SUCCESS) {
			if (counted)
				cuda_memory_count(class == BOX_MEMORY_HOST ? -1 : cuda->device, amount);
			return;
		}
		bytes = cuda_self.gone_bytes; /* it is still there */
	} else if (result != CUDA_SUCCESS) {
		return;
	} else if (counted) {
		cuda_memory_count(class == BOX_MEMORY_HOST ? -1 : cuda->device, amount);
	}
	cuda_memory_add(class, address, bytes, cuda, recorder->number, recorder->depth ? recorder->open[0].event : UINT64_MAX);
}

/* --- calls ---------------------------------------------------------------------------------- */

/* A failure is told once: an error query repeats what a call has returned. A process without a box isn't given one because
 * a question was answered with an error ("is there a device?"). */
static bool
is_wanted(enum box_cuda_kind kind, int result, const struct cuda_facts *facts)
{
	if (__builtin_expect(result != CUDA_SUCCESS, 0)) {
		if (result == CUDA_NOT_READY || result == CUDA_UNLOADING)
			return false;
		bool echo = kind == BOX_CUDA_LAST_ERROR && result == cuda_self.last_error;
		cuda_self.last_error = result;
		return !echo && (shim_box.base || (kind != BOX_CUDA_OTHER && kind != BOX_CUDA_LAST_ERROR));
	}
	if (!cuda_wanted[kind])
		return false;
	return !is_free(kind) || facts->address; /* freeing nothing: programs do so to make CUDA start */
}

static uint32_t
words_of(enum box_cuda_kind kind)
{
	static const uint8_t words[BOX_CUDA_KIND_COUNT] = {
#define X(id, name, class, count) [BOX_CUDA_##id] = WORDS_##class,
#define WORDS_PLAIN 0
#define WORDS_LAUNCH BOX_CUDA_LAUNCH_WORDS
#define WORDS_MEMORY BOX_CUDA_MEMORY_WORDS
#define WORDS_COPY BOX_CUDA_COPY_WORDS
#define WORDS_BLOCK BOX_CUDA_BLOCK_WORDS
		BOX_CUDA_KINDS(X)
#undef X
	};

	return words[kind];
}

void
cuda_called(int row, int result, const struct cuda_facts *facts)
{
	enum box_cuda_kind kind = cuda_rows[row].kind;
	struct recorder *recorder;
	struct draft draft;
	uint64_t address = 0, bytes = facts->bytes;

	if (!is_wanted(kind, result, facts) || !(recorder = ready()))
		return;
	if (!facts->out)
		address = (uintptr_t)facts->address;
	else if (result == CUDA_SUCCESS)
		memcpy(&address, facts->out, sizeof address);
	if (facts->bytes_out)
		bytes *= result == CUDA_SUCCESS ? *(const uint64_t *)facts->bytes_out : 1;
	if (kind == BOX_CUDA_ALLOCATE && result == CUDA_SUCCESS && !address)
		return; /* of no bytes */
	count(recorder, result == CUDA_SUCCESS ? counters[kind] : BOX_CUDA_COUNT_FAILED);
	if (is_free(kind) && cuda_self.gone_bytes != UINT64_MAX)
		bytes = cuda_self.gone_bytes;
	unsigned flags = flags_of(row)
			 | ((kind == BOX_CUDA_COPY || kind == BOX_CUDA_SET) && cuda_is_capturing(facts->stream) ? BOX_FLAG_CAPTURED : 0);
	uint32_t words = words_of(kind);
	begin(&draft, recorder, row, kind, result, cuda_device(), facts->stream, flags, words);
	if (words)
		put(put(draft.cuda->rest, address), bytes);
	if (kind == BOX_CUDA_COPY)
		put(draft.cuda->rest + 4, (uintptr_t)facts->source);
	memory_follow(recorder, kind, result, address, bytes, draft.cuda);
	end(recorder, &draft);
}

void
cuda_failed(int row, int result)
{
	static const struct cuda_facts none;

	cuda_called(row, result, &none);
}

/* --sync: is it worth waiting for what ran now? */
static bool
is_awaited(const struct recorder *recorder)
{
	return settings.sync == CUDA_SYNC_ALL
	       || (settings.sync == CUDA_SYNC_INDEX && recorder->depth && recorder->open[0].takes_index);
}

void
cuda_launched(int row, int result, const struct cuda_launch *launch)
{
	struct recorder *recorder;
	struct draft draft;

	if (!is_wanted(BOX_CUDA_LAUNCH, result, NULL) || !(recorder = ready()))
		return;
	bool captured = cuda_is_capturing(launch->stream);
	count(recorder, result == CUDA_SUCCESS ? BOX_CUDA_COUNT_LAUNCHES : BOX_CUDA_COUNT_FAILED);
	if (captured && result == CUDA_SUCCESS)
		count(recorder, BOX_CUDA_COUNT_CAPTURED);
	begin(&draft, recorder, row, BOX_CUDA_LAUNCH, result, cuda_device(), launch->stream,
	      flags_of(row) | (captured ? BOX_FLAG_CAPTURED : 0), BOX_CUDA_LAUNCH_WORDS);
	uint32_t *rest = draft.cuda->rest;
	rest[0] = cuda_kernel_string(launch->kernel);
	rest[1] = launch->grid[0];
	rest[2] = launch->grid[1] | launch->grid[2] << 16;
	rest[3] = launch->block[0] | launch->block[1] << 16;
	rest[4] = launch->block[2];
	rest[5] = launch->shared_bytes;
	end(recorder, &draft);
	if (__builtin_expect(settings.sync != CUDA_SYNC_OFF, 0) && result == CUDA_SUCCESS && !captured && is_awaited(recorder)) {
		int waited = cuda_wait(launch->stream);
		if (waited != CUDA_SUCCESS) {
			cuda_self.last_error = waited;
			count(recorder, BOX_CUDA_COUNT_FAILED);
		}
		begin(&draft, recorder, NAME_WAIT, BOX_CUDA_SYNC, waited, cuda_device(), launch->stream, BOX_FLAG_OURS, 0);
		end(recorder, &draft);
	}
}

void
cuda_block(enum box_cuda_kind kind, int device, const void *address, uint64_t bytes, uint64_t allocated, uint64_t reserved)
{
	static const int names_of[] = { NAME_BLOCK, NAME_BLOCK_FREE, NAME_OUT_OF_MEMORY };
	struct recorder *recorder;
	struct draft draft;
	uint64_t gone;
	int on;

	if (!cuda_on || !cuda_wanted[kind] || !(recorder = ready()))
		return;
	count(recorder, counters[kind]);
	if (kind == BOX_CUDA_BLOCK_FREE)
		cuda_memory_remove(BOX_MEMORY_BLOCK, (uintptr_t)address, &gone, &on);
	cuda_memory_allocator(device, allocated, reserved);
	begin(&draft, recorder, names_of[kind - BOX_CUDA_BLOCK], kind, 0, device, NULL, 0, BOX_CUDA_BLOCK_WORDS);
	put(put(put(put(draft.cuda->rest, (uintptr_t)address), bytes), allocated), reserved);
	if (kind == BOX_CUDA_BLOCK)
		cuda_memory_add(BOX_MEMORY_BLOCK, (uintptr_t)address, bytes, draft.cuda, recorder->number,
				recorder->depth ? recorder->open[0].event : UINT64_MAX);
	end(recorder, &draft);
}
