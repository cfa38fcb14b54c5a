#include "backward.h"

#include <inttypes.h>
#include <string.h>

#include "lineage.h"
#include "../mismatch/mismatch_rule.h"
#include "../text.h"
#include "../where.h"

#define FORWARD_MOST 4096   /* events of a custom forward() that are looked at */
#define WRITES_MOST 65536   /* events between a node's forward and the failure */
#define ALIASES_MOST 64
#define DEPTH_MOST 16
#define CLOCKS_APART_NS 20000000 /* a note's time is read from another clock than an event's */

bool
backward_engine_raised(const json_t *frames)
{
	const json_t *innermost = json_array_get(frames, 0);

	return where_is_foreign(text_get(innermost, "file")) && strcmp(text_get(innermost, "function"), "_engine_run_backward") == 0;
}

static bool
is_within(const struct source *source, int process, int64_t scope, int64_t node)
{
	struct scope around;

	for (int i = 0; i < DEPTH_MOST && scope >= 0; i++, scope = around.parent) {
		if (scope == node)
			return true;
		if (!source->scope(source->context, process, scope, &around))
			return false;
	}
	return false;
}

/* The node that began last, if nothing else began since. */
static bool
last_node(const struct source *source, const struct failure *failure, struct scope *out)
{
	struct event last;

	if (!source->last_node(source->context, failure->process, failure->time_ns + CLOCKS_APART_NS, out))
		return false;
	return failure->context_event < 0 || !source->event(source->context, failure->process, failure->context_event, &last) ||
	       out->start_ns >= last.time_ns || is_within(source, failure->process, last.scope, out->id);
}

bool
backward_node(const struct source *source, const struct failure *failure, struct scope *out)
{
	return !failure->operation && backward_engine_raised(failure->frames) && last_node(source, failure, out);
}

/* Frames of SITE around its frame of FUNCTION. New reference; NULL if it has none. */
static json_t *
frames_around(const struct source *source, int process, int64_t site, const char *function)
{
	json_t *frames = where_site_frames(source, process, site), *around = NULL;

	for (size_t i = 0; i < json_array_size(frames); i++) {
		if (around)
			json_array_append(around, json_array_get(frames, i));
		else if (strcmp(text_get(json_array_get(frames, i), "function"), function) == 0)
			around = json_array();
	}
	json_decref(frames);
	if (json_array_size(around))
		return around;
	json_decref(around);
	return NULL;
}

/* "CutBackward" is the node of class Cut: "Cut.forward"; false for PyTorch's own, which end in a number. */
static bool
forward_name(const struct scope *node, char *out, size_t size)
{
	static const char ending[] = "Backward";
	size_t length = node->name ? strlen(node->name) : 0;

	if (length < sizeof(ending) || strcmp(node->name + length - sizeof(ending) + 1, ending) != 0)
		return false;
	text_format(out, size, "%.*s.forward", (int)(length - sizeof(ending) + 1), node->name);
	return true;
}

/* The operations of Cut.forward follow what came before the node. */
static json_t *
custom_made_at(const struct source *source, int process, const struct scope *node, int64_t from, int64_t before)
{
	char function[256];
	struct event event;

	if (!forward_name(node, function, sizeof(function)))
		return NULL;
	for (int64_t id = from + 1; id < before && id < from + FORWARD_MOST; id++) {
		json_t *frames;

		if (!source->event(source->context, process, id, &event) || event.site < 0)
			continue;
		if (event.sequence > node->sequence + 1 || strcmp(event.phase, "backward") == 0)
			break;
		frames = frames_around(source, process, event.site, function);
		if (frames)
			return frames;
	}
	return NULL;
}

json_t *
backward_made_at(const struct source *source, int process, const struct scope *node, int64_t before)
{
	struct event forward;
	json_t *frames;

	if (node->sequence < 0 || !source->forward_of(source->context, process, node->sequence, before, &forward))
		return NULL;
	frames = node->name ? custom_made_at(source, process, node, forward.id, before) : NULL;
	return frames || forward.site < 0 ? frames : where_site_frames(source, process, forward.site);
}

static bool
has_sizes(const struct operand *is, const struct operand *wanted)
{
	return is->tensor > 0 && is->ndim == wanted->ndim && is->ndim >= 0 &&
	       memcmp(is->sizes, wanted->sizes, (size_t)is->ndim * sizeof(*is->sizes)) == 0;
}

int
backward_forward_has(const struct source *source, int process, const char *node, const struct operand *shape, int64_t from, int64_t before)
{
	char function[256];
	struct event event;
	int found = -1;

	text_format(function, sizeof(function), "%s.forward", node);
	for (int64_t id = from + 1; id < before && id < from + FORWARD_MOST; id++) {
		json_t *frames;

		if (!source->event(source->context, process, id, &event) || event.site < 0)
			continue;
		frames = frames_around(source, process, event.site, function);
		if (!frames && found >= 0)
			break;
		if (!frames)
			continue;
		json_decref(frames);
		found = 0;
		for (int i = 0; i < event.operand_count; i++)
			if (has_sizes(&event.operands[i], shape))
				return 1;
	}
	return found;
}

struct aliases { int64_t tensors[ALIASES_MOST]; int count; };

static bool
is_alias(const struct aliases *aliases, int64_t tensor)
{
	for (int i = 0; i < aliases->count && tensor > 0; i++)
		if (aliases->tensors[i] == tensor)
			return true;
	return false;
}

static void
add_aliases(struct aliases *aliases, const struct operand *operands, int count)
{
	for (int i = 0; i < count; i++)
		if (operands[i].tensor > 0 && aliases->count < ALIASES_MOST && !is_alias(aliases, operands[i].tensor))
			aliases->tensors[aliases->count++] = operands[i].tensor;
}

struct made { struct event event; int output; };

/* A tensor of WANTED's sizes that an operation of NODE made: the last that none of them took up again; with FIRST, the
 * first of all. */
static bool
made_in_node(const struct source *source, const struct failure *failure, const struct scope *node, const struct operand *wanted,
	     bool first, struct made *out)
{
	struct aliases used = { .count = 0 };
	bool found = false;

	for (int64_t id = failure->context_event; id >= 0 && id > failure->context_event - FORWARD_MOST; id--) {
		struct event event;

		if (!source->event(source->context, failure->process, id, &event))
			continue;
		if (!is_within(source, failure->process, event.scope, node->id))
			break;
		for (int i = 0; i < event.output_count; i++) {
			if (!has_sizes(&event.outputs[i], wanted) || (!first && is_alias(&used, event.outputs[i].tensor)))
				continue;
			*out = (struct made){ event, i };
			found = true;
			if (!first)
				return true;
		}
		add_aliases(&used, event.operands, event.operand_count);
	}
	return found;
}

/* Recorded evidence of where the subject's first operand came from. */
static void
tie_first(struct subject *subject, const struct made *made)
{
	const struct operand *is = &made->event.outputs[made->output];

	subject->operands[0].tensor = is->tensor;
	subject->operands[0].dtype = is->dtype;
	subject->operands[0].device = is->device;
	subject->operands[0].layout = is->layout;
}

/* Fills OPERAND, the input of a hand-made function that a gradient is for, by the one tensor of its sizes that the function's forward was given. */
static void
tie_input(const struct source *source, const struct failure *failure, const struct scope *node, struct operand *operand)
{
	struct aliases made = { .count = 0 };
	struct event forward, event;
	struct operand found = { .tensor = -1 };
	bool several = false;
	char function[256];

	if (!forward_name(node, function, sizeof(function)) || node->sequence < 0 ||
	    !source->forward_of(source->context, failure->process, node->sequence, failure->context_event + 1, &forward))
		return;
	for (int64_t id = forward.id + 1; id <= failure->context_event && id < forward.id + FORWARD_MOST; id++) {
		json_t *around;

		if (!source->event(source->context, failure->process, id, &event) || event.site < 0)
			continue;
		if (event.sequence > node->sequence + 1 || strcmp(event.phase, "backward") == 0)
			break;
		around = frames_around(source, failure->process, event.site, function);
		for (int i = 0; around && i < event.operand_count; i++) {
			if (!has_sizes(&event.operands[i], operand) || is_alias(&made, event.operands[i].tensor))
				continue;
			several = several || (found.tensor > 0 && found.tensor != event.operands[i].tensor);
			found = event.operands[i];
		}
		if (around)
			add_aliases(&made, event.outputs, event.output_count);
		json_decref(around);
	}
	if (found.tensor <= 0 || several)
		return;
	operand->tensor = found.tensor;
	operand->dtype = found.dtype;
	operand->device = found.device;
	operand->layout = found.layout;
}

bool
backward_gradient(const struct source *source, const struct failure *failure, struct subject *out, struct mismatch *found)
{
	struct scope node;
	struct made made;

	if (!subject_of_gradient(out, failure->message, found))
		return false;
	if (!backward_node(source, failure, &node))
		return true;
	if (made_in_node(source, failure, &node, &out->operands[0], false, &made))
		tie_first(out, &made);
	if (out->operands[1].ndim >= 0)
		tie_input(source, failure, &node, &out->operands[1]);
	return true;
}

struct twin { const struct source *source; int process; const struct event *of; const struct operand *wanted; int64_t tensor; };

static bool
visit_twin(const struct event *event, void *context)
{
	struct twin *twin = context;

	if (strcmp(event->phase, "backward") == 0 ||
	    !where_same_line(twin->source, twin->process, event->site, twin->of->site))
		return true;
	for (int i = 0; i < event->output_count && twin->tensor < 0; i++)
		if (has_sizes(&event->outputs[i], twin->wanted))
			twin->tensor = event->outputs[i].tensor;
	return twin->tensor < 0;
}

bool
backward_recomputed(const struct source *source, const struct failure *failure, struct subject *out, struct mismatch *found)
{
	const char *at = failure->message;
	struct scope node;

	if (!at || !last_node(source, failure, &node))
		return false;
	while (subject_of_recomputed(out, &at, found)) {
		struct twin twin = { .source = source, .process = failure->process, .wanted = &out->operands[1], .tensor = -1 };
		struct made made;

		if (!made_in_node(source, failure, &node, &out->operands[0], true, &made))
			continue; /* inside an operation: the next one may be an operation's own */
		tie_first(out, &made);
		if (made.event.site >= 0) {
			struct event anywhere = made.event;

			twin.of = &made.event;
			anywhere.site = -1;
			source->each_call(source->context, failure->process, &anywhere, visit_twin, &twin);
		}
		out->operands[1].tensor = twin.tensor;
		return true;
	}
	at = failure->message;
	return subject_of_recomputed(out, &at, found);
}

#define BASES_MOST 8

/* What FORWARD's operands are views of: written to there, they are written to as well. */
static void
add_bases(const struct source *source, int process, const struct event *forward, struct aliases *aliases)
{
	for (int i = 0; i < forward->operand_count; i++) {
		struct operand base = { .tensor = forward->operands[i].tensor };
		int64_t before = forward->id;

		for (int n = 0; n < BASES_MOST && lineage_base(source, process, &base.tensor, &before); n++)
			add_aliases(aliases, &base, 1);
	}
}

/* Does EVENT write in place into one of ALIASES? Views of them become aliases, too. */
static bool
writes(const struct event *event, struct aliases *aliases)
{
	const struct operand *self = event->operand_count ? &event->operands[0] : NULL;

	if (!self || !is_alias(aliases, self->tensor))
		return false;
	if (mismatch_is_view(event->operation))
		add_aliases(aliases, event->outputs, event->output_count);
	return mismatch_is_in_place(event->operation) && !mismatch_is_any(event->operation, "requires_grad detach");
}

int
backward_writes(const struct source *source, const struct failure *failure, const char *message, struct event *forward,
		struct event *out, int room)
{
	struct aliases aliases = { .count = 0 };
	struct scope node;
	int count = 0;

	if (!message || !strstr(message, "modified by an inplace operation") || !backward_node(source, failure, &node) ||
	    node.sequence < 0 || !source->forward_of(source->context, failure->process, node.sequence, failure->context_event + 1, forward))
		return -1;
	add_aliases(&aliases, forward->operands, forward->operand_count);
	add_aliases(&aliases, forward->outputs, forward->output_count);
	add_bases(source, failure->process, forward, &aliases);
	for (int64_t id = forward->id + 1; id <= failure->context_event && id < forward->id + WRITES_MOST && count < room; id++)
		if (source->event(source->context, failure->process, id, &out[count]) && writes(&out[count], &aliases))
			count++;
	return count;
}

json_t *
backward_written(const struct source *source, const struct failure *failure, const char *message, json_t *lines)
{
	char line[4200] = "", made[512] = "";
	struct text text = {{0}, 0};
	struct event forward, event;
	json_t *origin;

	if (backward_writes(source, failure, message, &forward, &event, 1) != 1)
		return json_null();
	where_site_line(source, failure->process, forward.site, false, made, sizeof(made));
	where_site_line(source, failure->process, event.site, true, line, sizeof(line));
	text_add(&text, "%s %s wrote in place into what %s %s had saved for backward", event.operation, text_basename(line),
		 forward.operation, made);
	origin = json_object();
	text_set_integer(origin, "event", event.id, -1);
	text_set(origin, "operation", event.operation);
	text_set(origin, "where", *line ? line : NULL);
	text_set(origin, "text", text.data);
	json_object_set_new(origin, "possible", json_false());
	json_array_append_new(lines, text_json(text.data));
	return origin;
}
