#include "backward.h"

#include <inttypes.h>
#include <string.h>

#include "../mismatch/mismatch_rule.h"
#include "../text.h"
#include "../where.h"
#include "schema/box.h"

#define EVENTS_MOST 65536 /* between this backward and the one before */
#define TRIES_MOST 64     /* tensors whose maker is asked for */
#define VIEWS_MOST 16

static bool
is_backward(const struct event *event)
{
	return strcmp(event->phase ? event->phase : "", "backward") == 0;
}

/* The last event of the backward before the one that FAILURE is in; -1. */
static int64_t
backward_before(const struct source *source, const struct failure *failure)
{
	bool forward = false;
	struct event event;

	for (int64_t id = failure->context_event; id >= 0 && id > failure->context_event - EVENTS_MOST; id--) {
		if (!source->event(source->context, failure->process, id, &event))
			continue;
		if (forward && is_backward(&event))
			return id;
		forward = forward || (!is_backward(&event) && event.grad);
	}
	return -1;
}

static bool
takes(const struct event *event, int64_t tensor)
{
	for (int i = 0; i < event->operand_count; i++)
		if (event->operands[i].tensor == tensor)
			return true;
	return false;
}

/* The identity of the first tensor that EVENT made; 0. Identities are given in order, so what was made later has a larger one. */
static int64_t
first_made(const struct event *event)
{
	for (int i = 0; i < event->output_count; i++)
		if (event->outputs[i].tensor > 0 && !takes(event, event->outputs[i].tensor))
			return event->outputs[i].tensor;
	return 0;
}

/* Did autograd give what EVENT made a node of the graph? A parameter's maker takes nothing that has a gradient. */
static bool
made_in_graph(const struct event *event)
{
	for (int i = 0; event->grad && !is_backward(event) && i < event->operand_count; i++)
		if (event->operands[i].tensor > 0 && event->operands[i].flags & BOX_TENSOR_GRAD)
			return true;
	return false;
}

/* What made the data of what KEPT's view shows. */
static void
find_base(const struct source *source, int process, struct backward_kept *kept)
{
	kept->made = kept->view;
	for (int i = 0; i < VIEWS_MOST && mismatch_is_view(kept->made.operation) && kept->made.operand_count; i++) {
		struct event event;
		int output;

		if (!source->maker(source->context, process, kept->made.operands[0].tensor, kept->made.id, &event, &output) || !made_in_graph(&event))
			return;
		kept->made = event;
	}
}

/* An operand of EVENT that was made after FROM's and before event UNTIL, by which no identity was MOST or larger (0: not known). */
static bool
take_kept(const struct source *source, int process, const struct event *event, const struct event *from, int64_t until, int64_t most, int *tries, struct backward_kept *out)
{
	int64_t least = first_made(from);

	for (int i = 0; i < event->operand_count; i++) {
		const struct operand *is = &event->operands[i];
		int output;

		if (is->tensor < least || (most && is->tensor >= most) || !(is->flags & BOX_TENSOR_GRAD) || ++*tries > TRIES_MOST ||
		    !source->maker(source->context, process, is->tensor, event->id, &out->view, &output) || out->view.id < from->id || out->view.id > until ||
		    !made_in_graph(&out->view))
			continue;
		out->used = *event;
		out->place = i;
		find_base(source, process, out);
		return true;
	}
	return false;
}

bool
backward_kept(const struct source *source, const struct failure *failure, struct backward_kept *out)
{
	struct event event, from;
	struct scope node;
	int64_t until, newest = 0;
	int tries = 0;

	if (!failure->message || !strstr(failure->message, "backward through the graph a second time") || !backward_node(source, failure, &node) ||
	    node.sequence < 0 || !source->forward_of(source->context, failure->process, node.sequence, failure->context_event + 1, &from) || !first_made(&from))
		return false;
	until = backward_before(source, failure);
	if (until < from.id)
		return false;
	for (int64_t id = until + 1; id <= failure->context_event && tries <= TRIES_MOST; id++) {
		if (!source->event(source->context, failure->process, id, &event) || is_backward(&event) || !event.grad)
			continue;
		if (take_kept(source, failure->process, &event, &from, until, newest, &tries, out))
			return true;
		newest = newest ? newest : first_made(&event);
	}
	return false;
}

json_t *
backward_kept_origin(const struct source *source, const struct failure *failure, json_t *lines)
{
	char line[4200] = "", used[512] = "";
	struct text text = {{0}, 0};
	struct backward_kept kept;
	json_t *origin;

	if (!backward_kept(source, failure, &kept))
		return json_null();
	where_site_line(source, failure->process, kept.made.site, true, line, sizeof(line));
	where_site_line(source, failure->process, kept.used.site, false, used, sizeof(used));
	text_add(&text, "%s %s made it in step %" PRId64 "; %s %s used it again", kept.made.operation, text_basename(line), kept.made.step, kept.used.operation, used);
	origin = json_object();
	text_set_integer(origin, "event", kept.made.id, -1);
	text_set(origin, "operation", kept.made.operation);
	text_set(origin, "where", *line ? line : NULL);
	text_set(origin, "text", text.data);
	json_object_set_new(origin, "possible", json_false());
	json_array_append_new(lines, text_json(text.data));
	return origin;
}
