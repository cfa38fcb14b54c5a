#include "fetched.h"

#include <string.h>

#include "../../../schema/fingerprint.h"
#include "../text.h"
#include "../where.h"

#define RANGES_MOST 8   /* around an operation */
#define STEPS_MOST 6    /* from a variable back to what was fetched */
#define LOCALS_MOST 64
#define BATCHES_MOST 100000
#define SITES_MOST 64

/* The loop that a loader's operations are called from: the frame that asks for batches (of a library's, which may do so at several lines, the
 * function), and all around it. FILE and LINE: the program's own. */
struct loop { uint64_t print; const char *file; int line; };

static void
add_frame(struct loop *loop, const struct frame *frame, bool line)
{
	const char *file = frame->file ? frame->file : "", *function = frame->function ? frame->function : "";

	loop->print = fingerprint_bytes(fingerprint_bytes(loop->print, file, strlen(file)), function, strlen(function));
	loop->print = fingerprint_mix(loop->print, (uint64_t)(line ? frame->line : 0));
}

/* Is SITE's operation one by which a loader of this process fetches (or, BEGINS, begins an epoch)? OUT gets the loop. */
static bool
read_loop(const struct source *source, int process, int64_t id, bool begins, struct loop *out)
{
	bool found = false;
	struct site site;
	int around = -1;

	if (id < 0 || !source->site(source->context, process, id, &site))
		return false;
	for (int i = 0; i < site.frame_count; i++) {
		const char *file = site.frames[i].file ? site.frames[i].file : "", *function = site.frames[i].function ? site.frames[i].function : "";

		if (text_ends(file, "/torch/utils/data/_utils/worker.py"))
			return false;
		found = found || (begins ? text_ends(file, "/torch/utils/data/dataloader.py") && (text_ends(function, "__init__") || text_ends(function, "_reset"))
				  : text_ends(file, "/torch/utils/data/_utils/fetch.py"));
		if (strstr(file, "/torch/utils/data/"))
			around = i + 1;
	}
	if (!found || around < 0 || around >= site.frame_count)
		return false;
	*out = (struct loop){ .print = 1 };
	for (int i = around; i < site.frame_count; i++) {
		bool program = where_is_program(site.frames[i].file ? site.frames[i].file : "");

		add_frame(out, &site.frames[i], i > around || program);
		if (program && !out->file) {
			out->file = site.frames[i].file;
			out->line = site.frames[i].line;
		}
	}
	return true;
}

/* The loader's range around EVENT; -1. */
static int64_t
range_of(const struct source *source, int process, const struct event *event)
{
	int64_t id = event->scope;
	struct scope scope;

	for (int i = 0; i < RANGES_MOST && id >= 0 && source->scope(source->context, process, id, &scope); i++, id = scope.parent)
		if (scope.name && strncmp(scope.name, "enumerate(DataLoader)", 21) == 0)
			return id;
	return -1;
}

static bool
is_fetch(const struct source *source, int process, const struct event *event, struct loop *loop)
{
	return event->id >= 0 && read_loop(source, process, event->site, false, loop) && range_of(source, process, event) >= 0;
}

/* The operation by which TENSOR, or what it was made of (its first operand, and so on), was fetched. */
static bool
fetched_tensor(const struct source *source, int process, int64_t tensor, int64_t before, struct event *out, struct loop *loop)
{
	int output;

	for (int i = 0; i < STEPS_MOST && tensor > 0 && source->maker(source->context, process, tensor, before, out, &output); i++) {
		if (is_fetch(source, process, out, loop))
			return true;
		tensor = -1;
		before = out->id;
		for (int n = 0; n < out->operand_count && tensor < 0; n++)
			tensor = out->operands[n].tensor;
	}
	return false;
}

/* The newest of what the two sides' stories have of a loader. */
static bool
in_stories(const struct source *source, int process, struct lineage *const stories[2], struct event *out, struct loop *loop)
{
	struct loop its;
	bool found = false;

	for (int side = 0; side < 2; side++)
		for (int i = 0; stories[side] && i < stories[side]->count; i++) {
			const struct lineage_step *step = &stories[side]->steps[i];

			if (!is_fetch(source, process, &step->event, &its) || (found && step->event.id < out->id))
				continue;
			*out = step->event;
			*loop = its;
			found = true;
		}
	return found;
}

/* The newest of what the tensors among LOCALS were fetched by; frames further out are asked only where those within hold none. */
static bool
in_locals(const struct source *source, const struct failure *failure, const json_t *locals, int depth, int *left, struct event *out, struct loop *loop)
{
	int64_t before = failure->has_event ? failure->event.id : failure->context_event >= 0 ? failure->context_event + 1 : INT64_MAX;
	bool found = false;

	for (size_t i = 0; i < json_array_size(locals) && (*left)-- > 0; i++) {
		const json_t *local = json_array_get(locals, i), *tensor = json_object_get(local, "tensor"), *items = json_object_get(local, "items");
		struct event event;
		struct loop its;

		if (!(json_is_integer(tensor) && fetched_tensor(source, failure->process, json_integer_value(tensor), before, &event, &its)) &&
		    !(depth < 2 && in_locals(source, failure, items, depth + 1, left, &event, &its)))
			continue;
		if (found && event.id < out->id)
			continue;
		*out = event;
		*loop = its;
		found = true;
	}
	return found;
}

struct count {
	const struct source *source;
	int process;
	const struct loop *loop;
	bool begins;                 /* what begins an epoch is looked for */
	int64_t from;                /* no earlier than this event */
	int64_t range, found, looked; /* FOUND: ranges, or the newest event */
	struct { int64_t id; bool is; } sites[SITES_MOST];
	int asked;
};

static bool
is_of_loop(struct count *count, int64_t site)
{
	struct loop loop;
	bool is;

	for (int i = 0; i < count->asked && i < SITES_MOST; i++)
		if (count->sites[i].id == site)
			return count->sites[i].is;
	is = read_loop(count->source, count->process, site, count->begins, &loop) && loop.print == count->loop->print;
	count->sites[count->asked % SITES_MOST].id = site;
	count->sites[count->asked++ % SITES_MOST].is = is;
	return is;
}

static bool
admits(void *asker, int64_t site)
{
	return is_of_loop(asker, site);
}

static bool
add_call(const struct event *event, void *context)
{
	struct count *count = context;
	int64_t range;

	if (!is_of_loop(count, event->site))
		return true;
	if (event->id < count->from || ++count->looked > BATCHES_MOST)
		return false;
	if (count->begins) {
		count->found = event->id;
		return false;
	}
	range = range_of(count->source, count->process, event);
	count->found += range >= 0 && range != count->range;
	count->range = range >= 0 ? range : count->range;
	return true;
}

/* Visits what OPERATION did for LOOP before event BEFORE, newest first. */
static void
each(struct count *count, const char *operation, int64_t before)
{
	const struct event asked = { .id = before, .site = -1, .operation = operation };

	if (count->source->each_call_of)
		count->source->each_call_of(count->source->context, count->process, &asked, admits, count, false, add_call, count);
	else
		count->source->each_call(count->source->context, count->process, &asked, add_call, count);
}

static bool
add_epoch(int64_t site, int64_t calls, void *context)
{
	struct count *count = context;

	if (is_of_loop(count, site))
		count->found += calls;
	return true;
}

/* Which samples: the loader that the loop's line names takes them in order. */
static void
find_samples(const struct source *source, const struct failure *failure, const struct loop *loop, const struct event *fetch, struct fetched *out)
{
	const json_t *loaders = failure->note ? json_object_get(failure->note->json, "in_order") : NULL;
	json_t *line = loop->file ? where_source(source, failure, loop->file, loop->line) : json_null();
	int64_t rows = fetch->output_count == 1 && fetch->outputs[0].ndim > 0 ? fetch->outputs[0].sizes[0] : 0;

	for (size_t i = 0; json_is_string(line) && i < json_array_size(loaders); i++) {
		const json_t *loader = json_array_get(loaders, i);
		int64_t size = json_integer_value(json_object_get(loader, "batch_size"));

		if (!text_has_name(json_string_value(line), text_get(loader, "name")) || rows < 1 || rows > size || out->batch > INT32_MAX || size > INT32_MAX)
			continue;
		out->first = out->batch * size;
		out->count = rows;
	}
	json_decref(line);
}

bool
fetched_find(const struct source *source, const struct failure *failure, const json_t *frames, struct lineage *const stories[2], struct fetched *out)
{
	struct event fetch;
	struct loop loop;
	struct count begun = { .source = source, .process = failure->process, .loop = &loop, .begins = true, .found = -1 };
	struct count batches = { .source = source, .process = failure->process, .loop = &loop, .range = -1 };
	struct count epochs = { .source = source, .process = failure->process, .loop = &loop, .begins = true };
	int left = LOCALS_MOST;
	bool found;

	if (failure->has_event && is_fetch(source, failure->process, &failure->event, &loop)) {
		fetch = failure->event;
		found = true;
	} else {
		found = in_stories(source, failure->process, stories, &fetch, &loop);
	}
	for (size_t i = 0; !found && i < json_array_size(frames); i++)
		found = !where_is_foreign(text_get(json_array_get(frames, i), "file")) &&
			in_locals(source, failure, json_object_get(json_array_get(frames, i), "locals"), 0, &left, &fetch, &loop);
	*out = (struct fetched){ -1, -1, -1, 0 };
	if (!found)
		return false;
	each(&begun, "aten::random_", fetch.id);
	if (begun.found < 0)
		return false;
	batches.from = begun.found;
	batches.range = range_of(source, failure->process, &fetch);
	each(&batches, fetch.operation, fetch.id);
	if (batches.looked > BATCHES_MOST)
		return false;
	out->batch = batches.found;
	if (source->each_call_site) {
		const struct event asked = { .id = fetch.id, .site = -1, .operation = "aten::random_" };

		source->each_call_site(source->context, failure->process, &asked, add_epoch, &epochs);
		out->epoch = epochs.found > 0 ? epochs.found - 1 : -1;
	}
	find_samples(source, failure, &loop, &fetch, out);
	return true;
}
