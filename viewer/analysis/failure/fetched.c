#include "fetched.h"

#include <string.h>

#include "../../../schema/fingerprint.h"
#include "fetched_parts.h"
#include "../text.h"
#include "../where.h"

#define RANGES_MOST 8   /* around an operation */
#define STEPS_MOST 6    /* from a variable back to what was fetched */
#define LOCALS_MOST 64
#define BATCHES_MOST 100000
#define SITES_MOST 64
#define BESIDE_MOST 512 /* events before and after a fetched one that may be of its batch */
#define KINDS_MOST 8    /* of operations in one batch that are counted by */

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
	bool found = false, received = false;
	struct site site;
	int around = -1;

	if (id < 0 || !source->site(source->context, process, id, &site))
		return false;
	for (int i = 0; i < site.frame_count; i++) {
		const char *file = site.frames[i].file ? site.frames[i].file : "", *function = site.frames[i].function ? site.frames[i].function : "";

		if (text_ends(file, "/torch/utils/data/_utils/worker.py"))
			return false;
		received = received || (!begins && text_ends(file, "/torch/utils/data/dataloader.py") && text_ends(function, "_try_get_data"));
		found = found || received || (begins ? text_ends(file, "/torch/utils/data/dataloader.py") && (text_ends(function, "__init__") || text_ends(function, "_reset"))
				  : text_ends(file, "/torch/utils/data/_utils/fetch.py"));
		if (strstr(file, "/torch/utils/data/"))
			around = i + 1;
	}
	if (!found || around < 0 || around >= site.frame_count)
		return false;
	*out = (struct loop){ .print = 1, .received = received };
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

int64_t
fetched_range(const struct source *source, int process, const struct event *event)
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
	return event->id >= 0 && read_loop(source, process, event->site, false, loop) && fetched_range(source, process, event) >= 0;
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
	range = fetched_range(count->source, count->process, event);
	count->found += range >= 0 && range != count->range;
	count->range = range >= 0 ? range : count->range;
	return true;
}

/* Visits what ASKED's operation did for the loop before it, newest first. */
static void
each_with(struct count *count, const struct event *asked, bool (*visit)(const struct event *event, void *context), void *visitor)
{
	if (count->source->each_call_of)
		count->source->each_call_of(count->source->context, count->process, asked, admits, count, false, visit, visitor);
	else
		count->source->each_call(count->source->context, count->process, asked, visit, visitor);
}

static void
each(struct count *count, const char *operation, int64_t before)
{
	each_with(count, &(struct event){ .id = before, .site = -1, .operation = operation }, add_call, count);
}

static bool
add_epoch(int64_t site, int64_t calls, void *context)
{
	struct count *count = context;

	if (is_of_loop(count, site))
		count->found += calls;
	return true;
}

void
fetched_each_beside(const struct batch *batch, bool (*visit)(const struct event *event, void *context), void *context)
{
	for (int sign = 1; sign >= -1; sign -= 2)
		for (int64_t i = sign > 0 ? 0 : 1; i < BESIDE_MOST; i++) {
			struct event event;
			struct loop loop;

			if (!batch->source->event(batch->source->context, batch->process, batch->fetch->id + sign * i, &event) || event.site < 0 ||
			    fetched_range(batch->source, batch->process, &event) != batch->range || !read_loop(batch->source, batch->process, event.site, false, &loop) ||
			    loop.print != batch->loop->print)
				continue;
			if (!visit(&event, context))
				return;
		}
}

struct of_loop { struct count *count; bool (*visit)(const struct event *event, void *context); void *context; };

static bool
visit_of_loop(const struct event *event, void *context)
{
	const struct of_loop *of = context;

	return !is_of_loop(of->count, event->site) || of->visit(event, of->context);
}

int64_t
fetched_each(const struct batch *batch, int64_t before, bool (*visit)(const struct event *event, void *context), void *context)
{
	struct count count = { .source = batch->source, .process = batch->process, .loop = batch->loop };
	const struct event asked = { .id = before, .site = -1, .operation = batch->fetch->operation, .overload = batch->fetch->overload };
	const struct source *source = batch->source;
	struct of_loop of = { &count, visit, context };

	each_with(&count, &asked, visit_of_loop, &of);
	if (source->each_call_site)
		source->each_call_site(source->context, batch->process, &asked, add_epoch, &count);
	return count.found;
}

struct kinds { const char *names[KINDS_MOST]; int count; };

static bool
add_kind(const struct event *event, void *context)
{
	struct kinds *kinds = context;

	for (int i = 0; i < kinds->count; i++)
		if (strcmp(kinds->names[i], event->operation) == 0)
			return true;
	kinds->names[kinds->count++] = event->operation;
	return kinds->count < KINDS_MOST;
}

/* How often an operation was called for the loop, in how many ranges, and in how many of them after the batch. */
struct once { struct count count; const struct batch *batch; int64_t calls, ranges, later, last; };

static bool
add_once(const struct event *event, void *context)
{
	struct once *once = context;
	int64_t range = is_of_loop(&once->count, event->site) ? fetched_range(once->count.source, once->count.process, event) : -1;

	if (range < 0)
		return true;
	once->calls++;
	once->ranges += range != once->last;
	once->later += range != once->last && range != once->batch->range && event->id > once->batch->fetch->id;
	once->last = range;
	return once->calls < BATCHES_MOST;
}

/* The batch, by the calls of the whole run, of what each batch is known to call once: where its beginning is no longer kept, and no more than one epoch began. -1: not known. */
static int64_t
count_whole(const struct batch *batch, const struct kinds *kinds)
{
	const struct source *source = batch->source;

	for (int i = 0; i < kinds->count && source->each_call_site; i++) {
		struct once once = { .count = { .source = source, .process = batch->process, .loop = batch->loop }, .batch = batch, .last = -1 };
		struct count total = once.count;
		const struct event asked = { .id = INT64_MAX, .site = -1, .operation = kinds->names[i] };

		each_with(&once.count, &asked, add_once, &once);
		if (once.calls != once.ranges || once.ranges < 3)
			continue;
		source->each_call_site(source->context, batch->process, &asked, add_epoch, &total);
		if (total.found >= once.calls)
			return total.found - 1 - once.later;
	}
	return -1;
}

/* The epochs that LOOP began, in the whole run; 0: not known. */
static int64_t
count_epochs(const struct batch *batch)
{
	struct count epochs = { .source = batch->source, .process = batch->process, .loop = batch->loop, .begins = true };
	const struct event asked = { .id = batch->fetch->id, .site = -1, .operation = "aten::random_" };

	if (batch->source->each_call_site)
		batch->source->each_call_site(batch->source->context, batch->process, &asked, add_epoch, &epochs);
	return epochs.found;
}

/* The batch's place in its epoch, which began at event FROM: by the operation that most batches before it had. -1: there are too many. */
static int64_t
count_kept(const struct batch *batch, const struct kinds *kinds, int64_t from)
{
	int64_t most = 0;

	for (int i = 0; i < kinds->count; i++) {
		struct count batches = { .source = batch->source, .process = batch->process, .loop = batch->loop, .range = batch->range, .from = from };

		each(&batches, kinds->names[i], batch->fetch->id);
		if (batches.looked > BATCHES_MOST)
			return -1;
		most = batches.found > most ? batches.found : most;
	}
	return most;
}

bool
fetched_find(const struct source *source, const struct failure *failure, const json_t *frames, struct lineage *const stories[2], struct fetched *out)
{
	struct event fetch;
	struct loop loop;
	struct count begun = { .source = source, .process = failure->process, .loop = &loop, .begins = true, .found = -1 };
	struct batch batch = { .source = source, .process = failure->process, .loop = &loop, .fetch = &fetch };
	struct kinds kinds = { .count = 0 };
	int64_t epochs;
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
	batch.range = fetched_range(source, failure->process, &fetch);
	if (!loop.received)
		fetched_each_beside(&batch, add_kind, &kinds);
	each(&begun, "aten::random_", fetch.id);
	epochs = count_epochs(&batch);
	if (loop.received)
		out->batch = fetched_received(failure, &batch, begun.found, epochs == 1);
	else if (begun.found >= 0)
		out->batch = count_kept(&batch, &kinds, begun.found);
	else if (epochs == 1 && !(failure->has_event && failure->event.id == fetch.id))
		out->batch = count_whole(&batch, &kinds);
	if (out->batch < 0 || (begun.found < 0 && out->batch != failure->step)) {
		out->batch = -1;
		return false; /* what isn't kept must agree with the steps */
	}
	out->epoch = epochs - 1;
	fetched_samples(failure, &batch, out);
	return true;
}
