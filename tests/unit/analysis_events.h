/*
 * Events and a source made by hand, for the tests of viewer/analysis: no database, no files.
 */
#ifndef SHAPEBOX_TESTS_UNIT_ANALYSIS_EVENTS_H
#define SHAPEBOX_TESTS_UNIT_ANALYSIS_EVENTS_H

#include <fnmatch.h>
#include <string.h>

#include "viewer/analysis/source.h"

#define SIZES(...) (const int64_t[]){ __VA_ARGS__ }
#define TENSOR_ON(name_, identity, dtype_, device_, ...) \
	{ .name = name_, .kind = "tensor", .item = -1, .ndim = (int)(sizeof(SIZES(__VA_ARGS__)) / sizeof(int64_t)), \
	  .sizes = SIZES(__VA_ARGS__), .dtype = dtype_, .device = device_, .layout = "strided", .tensor = identity }
#define TENSOR(name_, identity, ...) TENSOR_ON(name_, identity, "float32", "cpu", __VA_ARGS__)
#define INDEX(name_, identity, ...) TENSOR_ON(name_, identity, "int64", "cpu", __VA_ARGS__)
#define MASK(name_, identity, ...) TENSOR_ON(name_, identity, "bool", "cpu", __VA_ARGS__)
#define ITEM(name_, item_, identity, ...) \
	{ .name = name_, .kind = "tensor", .item = item_, .ndim = (int)(sizeof(SIZES(__VA_ARGS__)) / sizeof(int64_t)), \
	  .sizes = SIZES(__VA_ARGS__), .dtype = "float32", .device = "cpu", .layout = "strided", .tensor = identity }
#define VALUE(name_, kind_, value_) { .name = name_, .kind = kind_, .value = value_, .item = -1, .ndim = -1, .tensor = -1 }
#define COUNT(array) (int)(sizeof(array) / sizeof(*(array)))

/* An event of OPERANDS (an array). */
#define EVENT(operation_, operands_) \
	{ .id = 100, .parent = -1, .scope = -1, .site = -1, .sequence = -1, .grad = true, .operation = operation_, .overload = "", \
	  .phase = "forward", .status = "failed", .operand_count = COUNT(operands_), .operands = operands_ }

/* What a source made by hand holds. */
struct hand {
	const struct live_tensor *live;
	const struct call_history *history;
	const struct process *processes; int process_count;
	const struct event *events; int event_count;             /* of every process, ids in order */
	const struct note *notes[8]; int note_counts[8];         /* by process, oldest first, all kinds */
	const struct site *sites; int site_count;
	const struct scope *scopes; int scope_count;             /* in order of start */
	const struct cuda_call *calls; int call_count;           /* in order */
	const struct cuda_memory *memory; int memory_count;      /* live at the end */
	bool blocks;                                             /* PyTorch's caching allocator told of blocks */
	int64_t collectives[8];                                  /* by process, in every step */
	bool main_lost;
	int64_t made_first;                                      /* tensors below this one were met before what is kept */
	struct note found[16];
};

static int
hand_process_count(void *context)
{
	return ((struct hand *)context)->process_count;
}

static const struct process *
hand_process(void *context, int process)
{
	return &((struct hand *)context)->processes[process];
}

static int
hand_notes(void *context, int process, const char *kind, const struct note **out)
{
	static struct note kept[64][16]; /* what was handed out must stay */
	static int used;
	struct hand *hand = context;
	struct note *list = kept[used++ % 64];
	int count = 0;

	for (int i = 0; i < hand->note_counts[process] && count < 16; i++)
		if (!kind || strcmp(hand->notes[process][i].kind, kind) == 0)
			list[count++] = hand->notes[process][i];
	*out = list;
	return count;
}

static bool
hand_event(void *context, int process, int64_t id, struct event *out)
{
	struct hand *hand = context;

	(void)process;
	for (int i = 0; i < hand->event_count; i++)
		if (hand->events[i].id == id) {
			*out = hand->events[i];
			return true;
		}
	return false;
}

static bool
hand_open_event(void *context, int process, struct event *out)
{
	struct hand *hand = context;

	(void)process;
	for (int i = hand->event_count - 1; i >= 0; i--)
		if (strcmp(hand->events[i].status, "open") == 0) {
			*out = hand->events[i];
			return true;
		}
	return false;
}

static bool
hand_last_event(void *context, int process, int thread, struct event *out)
{
	struct hand *hand = context;

	(void)process;
	for (int i = hand->event_count - 1; i >= 0; i--)
		if (thread < 0 || hand->events[i].thread == thread) {
			*out = hand->events[i];
			return true;
		}
	return false;
}

static int
hand_children(void *context, int process, int64_t id, struct event *out, int room)
{
	struct hand *hand = context;
	int count = 0;

	(void)process;
	for (int i = 0; i < hand->event_count && count < room; i++)
		if (hand->events[i].parent == id)
			out[count++] = hand->events[i];
	return count;
}

/* What is visited lives until VISIT returns: with another trace, what is kept of it would be gone. */
static bool
hand_visit(const struct event *event, bool (*visit)(const struct event *event, void *context), void *visitor)
{
	struct operand *operands = calloc((size_t)(event->operand_count + event->output_count) + 1, sizeof(*operands));
	struct event lent = *event;
	bool more;

	if (!operands)
		return false;
	lent.operands = operands;
	lent.outputs = operands + event->operand_count;
	if (event->operand_count)
		memcpy(operands, event->operands, (size_t)event->operand_count * sizeof(*operands));
	if (event->output_count)
		memcpy(operands + event->operand_count, event->outputs, (size_t)event->output_count * sizeof(*operands));
	more = visit(&lent, visitor);
	explicit_bzero(operands, (size_t)(event->operand_count + event->output_count) * sizeof(*operands)); /* (memset before free is left out) */
	free(operands);
	return more;
}

static void
hand_each_call(void *context, int process, const struct event *event, bool (*visit)(const struct event *event, void *context),
	       void *visitor)
{
	struct hand *hand = context;

	(void)process;
	for (int i = hand->event_count - 1; i >= 0; i--)
		if (hand->events[i].id < event->id && (event->site < 0 || hand->events[i].site == event->site) &&
		    strcmp(hand->events[i].operation, event->operation) == 0 && strcmp(hand->events[i].status, "ok") == 0 &&
		    !hand_visit(&hand->events[i], visit, visitor))
			return;
}

static void
hand_each_recent(void *context, int process, int64_t most, bool (*visit)(const struct event *event, void *context), void *visitor)
{
	struct hand *hand = context;

	(void)process;
	for (int i = hand->event_count - 1; i >= 0 && most-- > 0; i--)
		if (!hand_visit(&hand->events[i], visit, visitor))
			return;
}

static void
hand_each_failed(void *context, int process, const char *operation, bool (*visit)(const struct event *event, void *context), void *visitor)
{
	struct hand *hand = context;

	(void)process;
	for (int i = hand->event_count - 1; i >= 0; i--)
		if ((!operation || strcmp(hand->events[i].operation, operation) == 0) && strcmp(hand->events[i].status, "failed") == 0 &&
		    !visit(&hand->events[i], visitor))
			return;
}

static bool
hand_maker(void *context, int process, int64_t tensor, int64_t before, struct event *out, int *output)
{
	struct hand *hand = context;

	(void)process;
	for (int i = hand->event_count - 1; i >= 0; i--)
		for (int o = 0; o < hand->events[i].output_count && hand->events[i].id < before; o++)
			if (hand->events[i].outputs[o].tensor == tensor) {
				*out = hand->events[i];
				*output = o;
				return true;
			}
	return false;
}

static bool
hand_replaced(void *context, int process, int64_t tensor, int64_t before, struct event *out)
{
	struct hand *hand = context;

	(void)process;
	for (int i = hand->event_count - 1; i >= 0; i--)
		if (hand->events[i].id < before && hand->events[i].operand_count == 2 && hand->events[i].operands[0].tensor == tensor &&
		    strcmp(hand->events[i].operation, "aten::_has_compatible_shallow_copy_type") == 0) {
			*out = hand->events[i];
			return true;
		}
	return false;
}

static bool
hand_first_use(void *context, int process, int64_t tensor, struct event *out, int *operand)
{
	struct hand *hand = context;

	(void)process;
	for (int i = 0; i < hand->event_count; i++)
		for (int o = 0; o < hand->events[i].operand_count; o++)
			if (hand->events[i].operands[o].tensor == tensor) {
				*out = hand->events[i];
				*operand = o;
				return true;
			}
	return false;
}

static bool
hand_met_before(void *context, int process, int64_t tensor)
{
	(void)process;
	return tensor < ((struct hand *)context)->made_first;
}

static bool
hand_live_tensor(void *context, int process, int64_t tensor, struct live_tensor *out)
{
	struct hand *hand = context;

	(void)process;
	if (!hand->live || hand->live->tensor != tensor)
		return false;
	*out = *hand->live;
	return true;
}

static bool
hand_call_history(void *context, int process, const struct event *event, bool alike, int tensor_index, int dim, struct call_history *out)
{
	struct hand *hand = context;

	(void)process, (void)event, (void)alike, (void)tensor_index, (void)dim;
	if (!hand->history)
		return false;
	*out = *hand->history;
	return true;
}

static bool
hand_forward_of(void *context, int process, int64_t sequence, int64_t before, struct event *out)
{
	struct hand *hand = context;

	(void)process;
	for (int i = hand->event_count - 1; i >= 0; i--)
		if (hand->events[i].id < before && hand->events[i].sequence >= 0 && hand->events[i].sequence <= sequence &&
		    strcmp(hand->events[i].phase, "backward") != 0) {
			*out = hand->events[i];
			return true;
		}
	return false;
}

static bool
hand_site(void *context, int process, int64_t id, struct site *out)
{
	struct hand *hand = context;

	(void)process;
	for (int i = 0; i < hand->site_count; i++)
		if (hand->sites[i].id == id) {
			*out = hand->sites[i];
			return true;
		}
	return false;
}

static bool
hand_scope(void *context, int process, int64_t id, struct scope *out)
{
	struct hand *hand = context;

	(void)process;
	for (int i = 0; i < hand->scope_count; i++)
		if (hand->scopes[i].id == id) {
			*out = hand->scopes[i];
			return true;
		}
	return false;
}

static bool
hand_last_node(void *context, int process, int64_t before_ns, struct scope *out)
{
	struct hand *hand = context;

	(void)process;
	for (int i = hand->scope_count - 1; i >= 0; i--)
		if (hand->scopes[i].start_ns <= before_ns && strcmp(hand->scopes[i].kind, "backward") == 0) {
			*out = hand->scopes[i];
			return true;
		}
	return false;
}

static void
hand_each_cuda_call(void *context, int process, const struct cuda_filter *filter,
		    bool (*visit)(const struct cuda_call *call, void *context), void *visitor)
{
	struct hand *hand = context;

	(void)process;
	for (int n = 0; n < hand->call_count; n++) {
		const struct cuda_call *call = &hand->calls[filter->backward ? hand->call_count - 1 - n : n];

		if (call->id >= filter->first && (filter->last < 0 || call->id <= filter->last) && (!filter->failed || call->result) &&
		    (!filter->kind || fnmatch(filter->kind, call->kind, 0) == 0) &&
		    !visit(call, visitor))
			return;
	}
}

static void
hand_each_cuda_memory(void *context, int process, void (*visit)(const struct cuda_memory *memory, void *context), void *visitor)
{
	struct hand *hand = context;

	(void)process;
	for (int i = 0; i < hand->memory_count; i++)
		visit(&hand->memory[i], visitor);
}

static int64_t
hand_cuda_count(void *context, int process, const char *name)
{
	(void)process;
	return strcmp(name, "blocks") == 0 && ((struct hand *)context)->blocks;
}

static bool
hand_main_lost(void *context)
{
	return ((struct hand *)context)->main_lost;
}

static int64_t
hand_collectives(void *context, int process, int64_t step)
{
	(void)step;
	return ((struct hand *)context)->collectives[process];
}

static inline struct source
hand_source(struct hand *hand)
{
	return (struct source){
		.context = hand, .process_count = hand_process_count, .process = hand_process, .notes = hand_notes,
		.event = hand_event, .open_event = hand_open_event, .last_event = hand_last_event, .children = hand_children, .each_call = hand_each_call, .each_recent = hand_each_recent, .each_failed = hand_each_failed,
		.maker = hand_maker, .replaced = hand_replaced, .first_use = hand_first_use, .met_before = hand_met_before, .live_tensor = hand_live_tensor,
		.call_history = hand_call_history,
		.forward_of = hand_forward_of, .site = hand_site, .scope = hand_scope, .last_node = hand_last_node,
		.each_cuda_call = hand_each_cuda_call, .each_cuda_memory = hand_each_cuda_memory, .cuda_count = hand_cuda_count,
		.collectives = hand_collectives, .main_lost = hand_main_lost,
	};
}

#endif
