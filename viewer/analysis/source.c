#include "source.h"

#include "../reader/trace_fingerprint.h"

#include <string.h>

#define CHILD_SEARCH 4096 /* events after the parent that are looked at */

static int
source_process_count(void *context)
{
	return trace_process_count(context);
}

static const struct process *
source_process(void *context, int process)
{
	return trace_process(context, process);
}

static int
source_notes(void *context, int process, const char *kind, const struct note **out)
{
	return trace_notes(context, process, kind, out);
}

static bool
source_event(void *context, int process, int64_t id, struct event *out)
{
	return trace_event(context, process, id, out);
}

struct search { int64_t parent; int thread; int count, room; int64_t ids[64]; };

static bool
keep_last(const struct event *event, void *context)
{
	struct search *search = context;

	if (search->thread >= 0 && event->thread != search->thread)
		return true;
	search->ids[0] = event->id;
	search->count = 1;
	return false;
}

static bool
keep_child(const struct event *event, void *context)
{
	struct search *search = context;
	bool inside = event->parent == search->parent;

	for (int i = search->count - 1; i >= 0 && !inside; i--)
		inside = event->parent == search->ids[i];
	if (inside)
		search->ids[search->count++] = event->id;
	return search->count < search->room;
}

static bool
source_open_event(void *context, int process, struct event *out)
{
	struct event_filter filter = event_filter_all;
	struct search search = { .thread = -1 };

	filter.status = "open";
	filter.backward = true;
	trace_each_event(context, process, &filter, keep_last, &search);
	return search.count && trace_event(context, process, search.ids[0], out);
}

static bool
source_last_event(void *context, int process, int thread, struct event *out)
{
	struct event_filter filter = event_filter_all;
	struct search search = { .thread = thread };

	filter.backward = true;
	trace_each_event(context, process, &filter, keep_last, &search);
	return search.count && trace_event(context, process, search.ids[0], out);
}

static int
source_children(void *context, int process, int64_t id, struct event *out, int room)
{
	struct event_filter filter = event_filter_all;
	struct search search = { .parent = id, .room = room < 64 ? room : 64 };
	int count = 0;

	filter.first = id + 1;
	filter.last = id + CHILD_SEARCH;
	trace_each_event(context, process, &filter, keep_child, &search);
	for (int i = 0; i < search.count; i++)
		if (trace_event(context, process, search.ids[i], &out[count]))
			count++;
	return count;
}

static struct event_filter
calls_before(const struct event *event)
{
	struct event_filter filter = event_filter_all;

	filter.operation = event->operation;
	filter.last = event->id - 1;
	filter.status = "ok";
	filter.backward = true;
	return filter;
}

static void
source_each_call(void *context, int process, const struct event *event, bool (*visit)(const struct event *event, void *context),
		 void *visitor)
{
	struct event_filter filter = calls_before(event);

	filter.site = event->site;
	if (event->id > 0)
		trace_each_event(context, process, &filter, visit, visitor);
}

static void
source_each_call_of(void *context, int process, const struct event *event, bool (*of_site)(void *asker, int64_t site), void *asker, bool bare,
		    bool (*visit)(const struct event *event, void *context), void *visitor)
{
	struct event_filter filter = calls_before(event);

	filter.of_site = of_site;
	filter.asker = asker;
	filter.bare = bare;
	if (event->id > 0)
		trace_each_event(context, process, &filter, visit, visitor);
}

struct recent { int64_t left; bool (*visit)(const struct event *event, void *context); void *visitor; };

static bool
visit_recent(const struct event *event, void *context)
{
	struct recent *recent = context;

	return recent->visit(event, recent->visitor) && --recent->left > 0;
}

static void
source_each_recent(void *context, int process, int64_t most, bool (*visit)(const struct event *event, void *context), void *visitor)
{
	struct event_filter filter = event_filter_all;
	struct recent recent = { most, visit, visitor };

	filter.backward = true;
	trace_each_event(context, process, &filter, visit_recent, &recent);
}

static void
source_each_failed(void *context, int process, const char *operation, bool (*visit)(const struct event *event, void *context),
		   void *visitor)
{
	struct event_filter filter = event_filter_all;

	filter.operation = operation;
	filter.status = "failed";
	filter.backward = true;
	trace_each_event(context, process, &filter, visit, visitor);
}

static bool
source_maker(void *context, int process, int64_t tensor, int64_t before, struct event *out, int *output)
{
	return trace_maker(context, process, tensor, before, out, output);
}

static bool
source_replaced(void *context, int process, int64_t tensor, int64_t before, struct event *out)
{
	return trace_replaced(context, process, tensor, before, out);
}

static bool
source_first_use(void *context, int process, int64_t tensor, struct event *out, int *operand)
{
	return trace_first_use(context, process, tensor, out, operand);
}

static bool
source_met_before(void *context, int process, int64_t tensor)
{
	return trace_met_before(context, process, tensor);
}

static bool
source_live_tensor(void *context, int process, int64_t tensor, struct live_tensor *out)
{
	return trace_live_tensor(context, process, tensor, out);
}

static bool
source_call_history(void *context, int process, const struct event *event, bool alike, int tensor_index, int dim, struct call_history *out)
{
	return trace_call_history(context, process, event, alike, tensor_index, dim, out);
}

static void
source_each_call_site(void *context, int process, const struct event *event, bool (*visit)(int64_t site, int64_t calls, void *context), void *visitor)
{
	trace_each_call_site(context, process, event, visit, visitor);
}

static bool
source_forward_of(void *context, int process, int64_t sequence, int64_t before, struct event *out)
{
	return trace_forward_of(context, process, sequence, before, out);
}

static bool
source_site(void *context, int process, int64_t id, struct site *out)
{
	return trace_site(context, process, id, out);
}

static bool
source_scope(void *context, int process, int64_t id, struct scope *out)
{
	return trace_scope(context, process, id, out);
}

static bool
source_last_node(void *context, int process, int64_t before_ns, struct scope *out)
{
	return trace_last_node(context, process, before_ns, out);
}

static void
source_each_cuda_call(void *context, int process, const struct cuda_filter *filter,
		      bool (*visit)(const struct cuda_call *call, void *context), void *visitor)
{
	trace_each_cuda_call(context, process, filter, visit, visitor);
}

static void
source_each_cuda_memory(void *context, int process, void (*visit)(const struct cuda_memory *memory, void *context), void *visitor)
{
	trace_each_cuda_memory(context, process, visit, visitor);
}

static int64_t
source_cuda_count(void *context, int process, const char *name)
{
	return trace_cuda_count(context, process, name);
}

static int64_t
source_collectives(void *context, int process, int64_t step)
{
	return trace_collectives(context, process, step);
}

static bool
source_main_lost(void *context)
{
	const json_t *run = trace_run(context);
	int64_t pid = json_integer_value(json_object_get(run, "pid"));

	for (int i = 0; i < trace_process_count(context); i++)
		if (trace_process(context, i)->pid == pid)
			return false;
	return pid > 0 && (json_integer_value(json_object_get(run, "exit_status")) > 0 || json_integer_value(json_object_get(run, "signal")) > 0);
}

struct source
source_of_trace(struct trace *trace)
{
	return (struct source){
		.context = trace, .process_count = source_process_count, .process = source_process,
		.notes = source_notes, .event = source_event, .open_event = source_open_event,
		.last_event = source_last_event, .children = source_children, .each_call = source_each_call, .each_call_of = source_each_call_of,
		.each_recent = source_each_recent, .each_failed = source_each_failed,
		.maker = source_maker, .replaced = source_replaced,
		.first_use = source_first_use, .met_before = source_met_before, .live_tensor = source_live_tensor, .call_history = source_call_history,
		.each_call_site = source_each_call_site,
		.forward_of = source_forward_of,
		.site = source_site, .scope = source_scope, .last_node = source_last_node,
		.each_cuda_call = source_each_cuda_call, .each_cuda_memory = source_each_cuda_memory, .cuda_count = source_cuda_count,
		.collectives = source_collectives, .main_lost = source_main_lost,
	};
}
