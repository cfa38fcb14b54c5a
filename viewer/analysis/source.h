/*
 * What the stages of the analysis ask of a trace, as functions that a test can replace.
 *
 * source_of_trace fills them from an open trace; what they hand out lives as long as the trace.
 * No stage below report.c speaks to the reader by another way.
 */
#ifndef SHAPEBOX_VIEWER_ANALYSIS_SOURCE_H
#define SHAPEBOX_VIEWER_ANALYSIS_SOURCE_H

#include "../reader/trace.h"
#include "../reader/trace_cuda.h"

struct source {
	void *context;
	int (*process_count)(void *context);
	const struct process *(*process)(void *context, int process);
	int (*notes)(void *context, int process, const char *kind, const struct note **out);
	bool (*event)(void *context, int process, int64_t id, struct event *out);
	/* The last operation that was entered and never left. */
	bool (*open_event)(void *context, int process, struct event *out);
	/* The last event started on THREAD. */
	bool (*last_event)(void *context, int process, int thread, struct event *out);
	/* Recorded operations inside event ID, at any depth, in order; returns how many of ROOM were filled. */
	int (*children)(void *context, int process, int64_t id, struct event *out, int room);
	/* The kept calls of EVENT's operation from its call site (-1: from anywhere) before it, newest first, until VISIT returns false. */
	void (*each_call)(void *context, int process, const struct event *event,
			  bool (*visit)(const struct event *event, void *context), void *visitor);
	/* The same, from all call sites that OF_SITE admits; BARE: VISIT needs no more of an event than id and site. NULL: ask each_call. */
	void (*each_call_of)(void *context, int process, const struct event *event, bool (*of_site)(void *asker, int64_t site), void *asker, bool bare,
			     bool (*visit)(const struct event *event, void *context), void *visitor);
	/* The newest MOST kept operations, newest first, until VISIT returns false. */
	void (*each_recent)(void *context, int process, int64_t most, bool (*visit)(const struct event *event, void *context), void *visitor);
	/* The kept operations called OPERATION that failed, newest first, until VISIT returns false. */
	void (*each_failed)(void *context, int process, const char *operation,
			    bool (*visit)(const struct event *event, void *context), void *visitor);
	bool (*maker)(void *context, int process, int64_t tensor, int64_t before, struct event *out, int *output);
	/* The last event before BEFORE at which TENSOR (its first operand) was given the data of its second. */
	bool (*replaced)(void *context, int process, int64_t tensor, int64_t before, struct event *out);
	bool (*first_use)(void *context, int process, int64_t tensor, struct event *out, int *operand);
	/* Was TENSOR met before the first event that is kept? */
	bool (*met_before)(void *context, int process, int64_t tensor);
	bool (*live_tensor)(void *context, int process, int64_t tensor, struct live_tensor *out);
	bool (*call_history)(void *context, int process, const struct event *event, bool alike, int tensor_index, int dim,
			     struct call_history *out);
	/* Where EVENT's operation was called over the whole run, and how often, until VISIT returns false; NULL: not known. */
	void (*each_call_site)(void *context, int process, const struct event *event,
			       bool (*visit)(int64_t site, int64_t calls, void *context), void *visitor);
	bool (*forward_of)(void *context, int process, int64_t sequence, int64_t before, struct event *out);
	bool (*site)(void *context, int process, int64_t id, struct site *out);
	bool (*scope)(void *context, int process, int64_t id, struct scope *out);
	/* The node of autograd that began last by Unix time BEFORE_NS. */
	bool (*last_node)(void *context, int process, int64_t before_ns, struct scope *out);
	/* Calls of CUDA that FILTER admits, until VISIT returns false; NULL: nothing of CUDA is known. */
	void (*each_cuda_call)(void *context, int process, const struct cuda_filter *filter,
			       bool (*visit)(const struct cuda_call *call, void *context), void *visitor);
	void (*each_cuda_memory)(void *context, int process, void (*visit)(const struct cuda_memory *memory, void *context), void *visitor);
	int64_t (*cuda_count)(void *context, int process, const char *name);
	/* Collectives of STEP; NULL: none are known. */
	int64_t (*collectives)(void *context, int process, int64_t step);
	/* Has the command that `run` started ended badly without a process of its own here? NULL: not known. */
	bool (*main_lost)(void *context);
};

struct source source_of_trace(struct trace *trace);

#endif
