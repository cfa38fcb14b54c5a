/*
 * One thread's way through its chunks, while all threads are merged by time. Part of the fold (fold_thread*.c, fold_events.c).
 *
 * A cursor stands on one record. Open operations lie on a stack by depth; the operation that ended last is held
 * back until the thread's next START tells whether it made an autograd node. Open ranges lie in order of start and
 * may end in any.
 */
#ifndef SHAPEBOX_SCHEMA_FOLD_THREAD_H
#define SHAPEBOX_SCHEMA_FOLD_THREAD_H

#include "fold_internal.h"
#include "phase.h"

#define THREAD_STACK_LIMIT 4096u /* operations nested deeper are rows without their end */
#define THREAD_RANGES_LIMIT 256u

/* What a step's rows count from: numbers near it take fewer bytes, a single one from 128 before it on. */
#define BASE_AHEAD 128
struct step_base {
	int64_t ns;                     /* when its first operation that is kept began; -1 until then */
	int64_t sequence, scope;        /* autograd's number, range: the newest then, and BASE_AHEAD */
};

/* An operation between its START and its row. */
struct pending {
	const struct box_start *start;  /* in the chunk's copy */
	const struct box_end *end;      /* NULL until it comes */
	uint64_t start_base, end_base;  /* base_tensor of their chunks */
	uint64_t start_ticks, end_ticks;
	int64_t id, number, parent, scope, step, start_ns, signature, output_signature; /* -1 = none */
	struct step_base base;
	uint32_t micro_batch;
	unsigned site;                  /* SITE_* */
	bool backward_open, optimizer_open, data_open;
};

struct range {
	uint64_t token;
	int64_t id, parent, start_ns;   /* parent -1 = none */
	uint32_t name, sequence;
	uint16_t scope;                 /* enum box_scope */
	enum phase opens;
};

struct fold_thread {
	/* cursor */
	const struct box_chunk_copy *chunk, *chunks_end;
	const struct box_record *record; /* the next to handle; NULL at the end */
	uint32_t offset;
	uint64_t ticks;                  /* absolute, of `record`; never goes back */
	uint32_t number;                 /* recorder's thread number */

	uint64_t next_event;             /* number of the thread's next START */
	struct pending *stack;
	uint32_t stack_count, stack_room;
	struct pending held;             /* held.start NULL: none */
	struct range *ranges;
	uint32_t range_count, range_room;
	uint32_t open[PHASE_LOAD + 1];   /* open ranges by what they open */
	enum phase last_module;
	int64_t last_event;              /* its last kept event's id, -1 */
	struct note_reference *note, *notes_end;
};

/* What is common to all threads while they are merged. */
struct merge {
	struct fold *fold;
	struct fold_thread *threads, **heap;
	uint32_t thread_count, heap_count;
	int64_t next_id, next_scope;
	int64_t step;
	struct step_base base;
	uint32_t sequence;               /* of autograd: the newest that was met */
	uint32_t micro_batch;
	uint32_t backward_open;          /* backward ranges open on any thread */
	bool round_done;                 /* a backward round has ended since the last forward */
};

/* fold_thread.c: handle one record of THREAD. */
void thread_start(struct merge *merge, struct fold_thread *thread, const struct box_start *start);
void thread_end(struct merge *merge, struct fold_thread *thread, const struct box_end *end);
/* Operations that can't be open any more: LEAST and deeper; their ends were lost. */
void thread_forget(struct merge *merge, struct fold_thread *thread, uint32_t least);
/* No more records: what is on the stack is open. */
void thread_finish(struct merge *merge, struct fold_thread *thread);
void thread_release(struct merge *merge, struct fold_thread *thread, bool advanced); /* write what is held back */
int64_t thread_ns(const struct merge *merge, const struct fold_thread *thread);

/* fold_ranges.c */
void range_start(struct merge *merge, struct fold_thread *thread, const struct box_scope_start *start);
void range_end(struct merge *merge, struct fold_thread *thread, uint64_t token);
void range_forget(struct merge *merge, struct fold_thread *thread);

/* fold_fingerprint.c */
void fold_print_event(struct fold *fold, const struct fold_thread *thread, const struct pending *event, enum phase phase, int64_t kind);

/* fold_parts.c: EVENT, whose identities are in fold->ids; SEQUENCE -1: none, or of backward. */
void fold_part_event(struct fold *fold, const struct pending *event, int64_t sequence, bool unwell, size_t inputs, size_t outputs);

/* fold_cuda.c */
void fold_cuda_call(struct merge *merge, struct fold_thread *thread, const struct box_cuda *cuda);

/* fold_rows.c */
enum outcome { OUTCOME_OK, OUTCOME_FAILED, OUTCOME_OPEN };
void row_event(struct merge *merge, struct fold_thread *thread, const struct pending *event, enum phase phase,
	       enum outcome outcome);
void row_step(struct fold *fold, int64_t step, const struct step_base *base);
void row_scope(struct merge *merge, struct fold_thread *thread, const struct range *range, int64_t end_ns);

#endif
