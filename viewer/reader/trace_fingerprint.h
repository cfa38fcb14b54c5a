/*
 * What ranks, steps and runs are compared by: fingerprints of blocks, and operations as a few numbers each.
 *
 * Equal numbers mean equal texts, in every process (schema/fingerprint.h). Single-threaded. Nothing here grows with the
 * number of operations but the blocks (one for up to 512 operations), which the caller frees.
 */
#ifndef SHAPEBOX_VIEWER_READER_TRACE_FINGERPRINT_H
#define SHAPEBOX_VIEWER_READER_TRACE_FINGERPRINT_H

#include "../../schema/box.h"
#include "trace.h"

/* Up to 512 operations of one thread within one step. */
struct block {
	int stream;               /* 0: the main thread; then the threads of backward, in their order */
	int thread;
	int64_t step, number;     /* number: among the blocks of its stream and step */
	int64_t first, last;      /* event ids */
	int64_t first_number;     /* of the first, counted within its thread: what lies before it is lost where a stream begins above 0 */
	int64_t events, collectives, messages;
	uint64_t control, kinds, content, collective;
};

enum brief_phase { BRIEF_OTHER, BRIEF_FORWARD, BRIEF_BACKWARD, BRIEF_OPTIMIZER };

/* One operation that takes part in comparisons. */
struct brief {
	int64_t id, step, number, signature, output /* -1 */, site /* -1 */;
	uint64_t control, kinds, content;
	uint64_t collective;      /* 0: not a collective */
	enum brief_phase phase;
	bool failed, open;
};

/* The blocks of PROCESS by stream, step, number. Returns the count, -1 if the trace has no fingerprints (it was folded by an
 * older version). free(*OUT). */
int64_t trace_blocks(struct trace *trace, int process, struct block **out);

/* One step or several in a row, their operations kept or not. */
struct step_range { int64_t first, steps; struct box_step_print print; };

/* The steps of PROCESS from the first on; each range as wide as the first, but the last. Returns the count, -1 if the trace has none
 * (an older version; a call site found no place). free(*OUT). */
int64_t trace_steps(struct trace *trace, int process, struct step_range **out);

/* The operations of THREAD with ids FIRST to LAST that take part in comparisons, in order, until VISIT returns false. */
void trace_each_brief(struct trace *trace, int process, int thread, int64_t first, int64_t last,
		      bool (*visit)(const struct brief *brief, void *context), void *context);

/* Sizes of the tensors of signature ID: for each the number of dimensions (-1: none known), then the sizes. Returns how many
 * numbers there are, at most ROOM. */
int trace_sizes(struct trace *trace, int process, int64_t id, int64_t *out, int room);

/* How many gradients were accumulated (autograd's AccumulateGrad nodes run) in the time of event FIRST to LAST. */
int64_t trace_gradients(struct trace *trace, int process, int64_t first, int64_t last);

/* How many collectives PROCESS ran in STEP, as far as it is kept; 0 without fingerprints. */
int64_t trace_collectives(struct trace *trace, int process, int64_t step);

/* PROCESS isn't asked for a while: lets go of its file, which the next question opens again. */
void trace_rest(struct trace *trace, int process);

#endif
