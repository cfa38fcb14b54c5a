/*
 * A recorder: what one thread owns while it records. Its chunk of the ring, its open operations, its last exception.
 *
 * Recorders live in one private mapping, are claimed by a thread's first event and given back when it ends. Everything
 * in here is touched by its own thread only. No malloc, no lock.
 */
#ifndef SHAPEBOX_LIBSHIM_RECORDER_H
#define SHAPEBOX_LIBSHIM_RECORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../schema/box.h"
#include "clock.h"
#include "expected.h"
#include "frames_site.h"
#include "identity.h"
#include "lists.h"
#include "steps.h"
#include "values.h"

#define RECORDER_DEPTH 64     /* open recorded operations */
#define THROWN_FRAMES 48      /* native frames kept of a throw */
#define THROWN_MESSAGE 6144   /* bytes of its text */

struct open_op {
	const void *record;   /* at::RecordFunction */
	const void *frame;    /* innermost Python frame when it began */
	const void *state;    /* its thread's state in Python: lasts as long as that frame */
	uint32_t op, site;
	uint32_t signature;   /* of its arguments; BOX_NONE: written in line */
	uint32_t uncaught;    /* exceptions in flight when it began */
	uint16_t level;       /* recorded operations around it since the last entry from Python */
	bool leaf;            /* its nested operations aren't recorded */
	uint8_t carry;        /* enum carry; CARRY_NOTHING without a tensor to carry from */
	bool takes_index;     /* it reads or writes where an operand's values say */
	uint64_t event;       /* its number in this thread */
	const struct box_start *start; /* its record; overwritten once its chunk is used again */
	const struct box_chunk *chunk;
	struct expected *expected; /* what is known of it; may be another's by the time it ends */
};

/* The exception thrown last on this thread. */
struct thrown {
	uint64_t count;       /* throws seen so far */
	uint64_t noted;       /* `count` when a note was last written */
	char type[256];       /* demangled where possible */
	char message[THROWN_MESSAGE];
	int frame_count;
	void *frames[THROWN_FRAMES];
};

struct recorder {
	uint32_t in_use;      /* atomic */
	uint32_t number;      /* never reused within the process */
	uint64_t events;      /* operations started */

	struct box_chunk *chunk;
	char *cursor, *limit; /* NULL without a chunk */
	uint64_t base_ticks;  /* the chunk's */

	/* Between runRecordFunction and the start callback: the dispatcher call about to be announced. */
	const void *pending_schema;
	const struct torch_value *pending_values;
	size_t pending_count;

	bool alone;           /* nobody but us listened to the last operation that wasn't skipped */
	uint32_t depth;
	const struct open_op *around; /* the innermost open operation, if what is nested in it is skipped and it has a frame; else NULL */
	struct open_op open[RECORDER_DEPTH];
	struct identity_base base[RECORDER_DEPTH]; /* of what each of them makes, if it carries; beside them, for they are found by their size */
	const char *exception_globals; /* __cxa_get_globals of this thread */
	const uint8_t *autograd;       /* in its c10::AutogradState, the byte with the grad mode; NULL: not verified */
	uint64_t tensor_block[2];      /* tensor numbers at hand: next, end */

	const void *optimizer;         /* record of the open optimizer scope */
	int64_t sequence_at_step;      /* autograd's sequence number when the last step ended; -1 before */
	uint64_t *cuda_counts;         /* its row in the box; NULL: not looked up yet */
	struct steps steps;            /* fingerprints of the step that it is in */

	struct thrown thrown;
	struct frames_memo frames;     /* of the last call site */
	struct expected_order expected;
	struct values values;
	struct lists lists;            /* of the last operation whose lists were longer than a record keeps */
};

/* The calling thread's recorder, or NULL. */
extern __thread struct recorder *recorder_self __attribute__((tls_model("initial-exec"), visibility("hidden")));

/* Make the pool; called from the constructor. Returns false without memory. */
bool recorder_start(void);
/* In a forked child: every other thread's recorder is gone, and so is ours. */
void recorder_forked(void);
/* The calling thread's recorder, claimed now if it has none. NULL (counted) if there are too many threads. */
struct recorder *recorder_get(void);

/* The addresses of PyTorch's state of the calling thread, which RECORDER is. */
void recorder_meet_torch(struct recorder *recorder);

/* Operations started in chunks that are not finished: the header's sum lacks them. */
uint64_t recorder_open_events(void);

/* Its place in the pool, below BOX_CUDA_THREADS: no other living thread's. */
uint32_t recorder_place(const struct recorder *recorder);

/* Where the chunk opened as number SEQUENCE (from 0) lies, if it is still there; its own number tells. */
struct box_chunk *recorder_chunk(uint64_t sequence);

/* As recorder_reserve, in a new chunk. */
void *recorder_reserve_anew(struct recorder *recorder, uint32_t words, enum box_record_kind kind, unsigned flags);

/* The next WORDS of the chunk, which has room for them, as a record of the time TICKS after the chunk's beginning. */
static inline void *
recorder_take(struct recorder *recorder, uint32_t words, enum box_record_kind kind, unsigned flags, uint32_t ticks)
{
	struct box_record *record = (struct box_record *)recorder->cursor;

	*record = (struct box_record){ (uint16_t)words, (uint8_t)kind, (uint8_t)flags, ticks };
	recorder->cursor += words * 4ull;
	return record;
}

/* Room for a record of WORDS 32-bit words whose time is now, header filled in; NULL (counted) if there is none. */
static inline void *
recorder_reserve(struct recorder *recorder, uint32_t words, enum box_record_kind kind, unsigned flags)
{
	uint64_t since = (clock_ticks() - recorder->base_ticks) >> BOX_TICK_SHIFT;

	if (__builtin_expect(recorder->limit - recorder->cursor < (int64_t)words * 4 || since > UINT32_MAX, 0))
		return recorder_reserve_anew(recorder, words, kind, flags);
	return recorder_take(recorder, words, kind, flags, (uint32_t)since);
}

/* Its innermost open operation, if what is nested in it isn't recorded and nobody but us listened to it; else NULL. */
static inline const struct open_op *
recorder_leaf(const struct recorder *recorder)
{
	return recorder->depth && recorder->alone && recorder->open[recorder->depth - 1].leaf ? &recorder->open[recorder->depth - 1] : NULL;
}

/* Its innermost open operation, or who listens, is another. */
static inline void
recorder_look_around(struct recorder *recorder)
{
	const struct open_op *leaf = recorder_leaf(recorder);

	recorder->around = leaf && leaf->frame ? leaf : NULL;
}

/* Make what was reserved last visible to readers. */
static inline void
recorder_publish(struct recorder *recorder)
{
	/* release: pairs with the reader's acquire of used_bytes */
	__atomic_store_n(&recorder->chunk->used_bytes, (uint32_t)(recorder->cursor - (char *)recorder->chunk), __ATOMIC_RELEASE);
}

/* Exceptions in flight on this thread (std::uncaught_exceptions, without the call). */
static inline uint32_t
recorder_uncaught(const struct recorder *recorder)
{
	/* Itanium C++ ABI 2.2.2: struct __cxa_eh_globals { void *caughtExceptions; unsigned int uncaughtExceptions; } */
	return recorder->exception_globals ? *(const uint32_t *)(recorder->exception_globals + sizeof(void *)) : 0;
}

#endif
