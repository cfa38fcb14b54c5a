#include "form_changed.h"

#include <stdlib.h>
#include <string.h>

#include "elsewhere.h"
#include "../lineage/size_flow.h"
#include "../text.h"
#include "usual.h"
#include "../where.h"

#define CALLS_MOST 4096
#define MADE_OF_EVENTS 600  /* looked back at for what something was made of */
#define MADE_OF_TENSORS 128
#define FOLLOWED_MOST 64

struct forms { const struct event *now; int place; bool varied; struct form_changed found; };

static bool
add_form(const struct event *event, void *context)
{
	struct forms *forms = context;
	struct form_changed *found = &forms->found;
	const struct operand *is = forms->place < event->operand_count ? &event->operands[forms->place] : NULL;

	if (!is || is->ndim < 0 || !usual_same_layer(forms->now, event))
		return true;
	forms->varied = is->ndim == forms->now->operands[forms->place].ndim || is->ndim > FORM_DIMS_MOST || (found->calls && is->ndim != found->ndim);
	if (forms->varied)
		return false;
	if (!found->calls++) {
		found->last = event->id;
		found->ndim = is->ndim;
		found->steady = true;
		memcpy(found->sizes, is->sizes, (size_t)is->ndim * sizeof(*is->sizes));
		text_format(found->dtype, sizeof(found->dtype), "%s", is->dtype ? is->dtype : "");
	}
	found->steady = found->steady && memcmp(found->sizes, is->sizes, (size_t)is->ndim * sizeof(*is->sizes)) == 0;
	if (!is->dtype || strcmp(found->dtype, is->dtype) != 0)
		*found->dtype = 0;
	return found->calls < CALLS_MOST;
}

bool
form_changed(const struct source *source, int process, const struct event *event, int place, struct form_changed *out)
{
	struct forms forms = { .now = event, .place = place };

	if (!source || event->id < 0 || event->site < 0 || place < 0 || place >= event->operand_count || event->operands[place].ndim < 0)
		return false;
	source->each_call(source->context, process, event, add_form, &forms);
	if (!forms.found.calls && !forms.varied)
		elsewhere_each(source, process, event, add_form, &forms);
	*out = forms.found;
	return !forms.varied && forms.found.calls >= USUAL_CALLS_LEAST;
}

int
form_changed_side(const struct source *source, int process, const struct event *event, const struct mismatch *mismatch, struct form_changed *out)
{
	struct form_changed other;
	int side = -1;

	if (!mismatch || !text_among("size rank", mismatch->property))
		return -1;
	for (int i = 0; i < 2; i++) {
		if (!form_changed(source, process, event, i ? mismatch->against : mismatch->operand, side < 0 ? out : &other))
			continue;
		if (side >= 0)
			return -1;
		side = i;
	}
	return side;
}

void
form_add_last(struct text *text, const struct form_changed *form)
{
	text_add_sizes(text, form->sizes, form->ndim);
	if (*form->dtype)
		text_add(text, " %s", form->dtype);
}

static bool
is_same_step(const struct source *source, int process, const struct lineage_step *one, const struct lineage_step *other)
{
	return one->event.id >= 0 && other->event.id >= 0 && strcmp(one->event.operation, other->event.operation) == 0 &&
	       where_same_line(source, process, one->event.site, other->event.site);
}

struct origins { int64_t tensors[MADE_OF_TENSORS]; int count; };

static bool
has_tensor(const struct origins *origins, int64_t tensor)
{
	for (int i = 0; i < origins->count; i++)
		if (origins->tensors[i] == tensor)
			return true;
	return false;
}

static void
add_tensors(struct origins *origins, const struct operand *operands, int count)
{
	for (int i = 0; i < count; i++)
		if (operands[i].tensor > 0 && origins->count < MADE_OF_TENSORS && !has_tensor(origins, operands[i].tensor))
			origins->tensors[origins->count++] = operands[i].tensor;
}

static bool
makes_one(const struct origins *origins, const struct event *event)
{
	for (int i = 0; i < event->output_count; i++)
		if (event->outputs[i].tensor > 0 && has_tensor(origins, event->outputs[i].tensor))
			return true;
	return false;
}

/* Was what STEP made computed, by whatever way and in the same step, from what SOURCE_OF's line made? */
static bool
is_made_of(const struct source *source, int process, const struct lineage_step *step, const struct lineage_step *source_of)
{
	struct origins origins = { .count = 0 };

	add_tensors(&origins, step->event.operands, step->event.operand_count);
	for (int64_t id = step->event.id - 1; id >= 0 && id >= step->event.id - MADE_OF_EVENTS; id--) {
		struct lineage_step at = { .dim = -1 };

		if (!source->event(source->context, process, id, &at.event))
			continue;
		if (at.event.step != step->event.step)
			return false; /* what is carried on from step to step is made of everything */
		if (!makes_one(&origins, &at.event))
			continue;
		if (is_same_step(source, process, &at, source_of))
			return true;
		add_tensors(&origins, at.event.operands, at.event.operand_count);
	}
	return false;
}

/* The first steps of NOW and BEFORE that aren't of one line. */
static bool
part(const struct source *source, const struct lineage *now, const struct lineage *before, struct form_parting *out)
{
	int at = 0;

	while (at < now->count && at < before->count && is_same_step(source, now->process, &now->steps[at], &before->steps[at]))
		at++;
	if (at >= now->count || at >= before->count || now->steps[at].event.id < 0 || before->steps[at].event.id < 0)
		return false;
	out->now = now->steps[at];
	out->before = before->steps[at];
	*out->now.how = *out->before.how = 0; /* of dimensions: told already */
	out->extra = is_made_of(source, now->process, &out->now, &out->before);
	out->left_out = !out->extra && is_made_of(source, now->process, &out->before, &out->now);
	return true;
}

bool
form_parting(const struct source *source, int process, const struct event *event, int place, const struct form_changed *was, struct form_parting *out)
{
	struct lineage *ways = calloc(2, sizeof(*ways));
	bool found = false;
	struct event last;

	*out = (struct form_parting){ .now = { .event = { .id = -1 } } };
	if (ways && source->event(source->context, process, was->last, &last) && place < last.operand_count) {
		lineage_walk_tensor(source, process, event->operands[place].tensor, event->id, -1, LINEAGE_RANK, &ways[0]);
		lineage_walk_tensor(source, process, last.operands[place].tensor, last.id, -1, LINEAGE_RANK, &ways[1]);
		found = part(source, &ways[0], &ways[1], out);
	}
	free(ways);
	return found;
}

/* The maker of TENSOR before event BEFORE as a STEP, and which of its operands had the form in question; false where nothing is known. */
static bool
made(const struct source *source, int process, int64_t tensor, int64_t before, struct lineage_step *step, int *from)
{
	struct flow flow;

	*step = (struct lineage_step){ .tensor = tensor, .dim = -1, .size = -1 };
	if (tensor <= 0 || !lineage_maker(source, process, tensor, before, LINEAGE_RANK, &step->event, &step->output, &step->writes) || step->output >= step->event.output_count)
		return false;
	flow = size_flow_rank(&step->event, step->output);
	text_format(step->how, sizeof(step->how), "%s", flow.how);
	step->entered = flow.kind == FLOW_ENTERS;
	*from = step->entered ? -1 : flow.operand;
	return true;
}

bool
form_follow(const struct source *source, int process, const struct event *event, int place, const struct form_changed *was, struct lineage *way, struct form_first *out)
{
	int64_t tensors[2] = { event->operands[place].tensor, 0 }, before[2] = { event->id, was->last };
	bool found = false;
	struct event last;
	int passed = 0;

	if (!source->event(source->context, process, was->last, &last) || place >= last.operand_count)
		return false;
	tensors[1] = last.operands[place].tensor;
	if (way)
		way->count = 0;
	for (int hop = 0; hop < FOLLOWED_MOST; hop++) {
		struct lineage_step steps[2];
		const struct operand *is, *had;
		int from[2];

		if (!made(source, process, tensors[0], before[0], &steps[0], &from[0]) || !made(source, process, tensors[1], before[1], &steps[1], &from[1]) ||
		    !is_same_step(source, process, &steps[0], &steps[1]))
			break;
		is = &steps[0].event.outputs[steps[0].output];
		had = &steps[1].event.outputs[steps[1].output];
		if (is->ndim == had->ndim || had->ndim > FORM_DIMS_MOST || had->ndim < 0)
			break;
		if (way)
			way->steps[way->count++] = steps[0];
		passed += from[0] >= 0 && from[1] >= 0 && is->ndim != steps[0].event.operands[from[0]].ndim;
		out->now = steps[0];
		out->ndim = had->ndim;
		memcpy(out->sizes, had->sizes, (size_t)had->ndim * sizeof(*had->sizes));
		found = true;
		if (from[0] < 0 || from[1] < 0 || steps[0].event.operands[from[0]].ndim == steps[1].event.operands[from[1]].ndim)
			break;
		for (int i = 0; i < 2; i++) {
			tensors[i] = steps[i].event.operands[from[i]].tensor;
			before[i] = steps[i].event.id;
		}
	}
	if (way && found) {
		way->decider = way->count - 1;
		way->steps[way->decider].decides = true;
	}
	return found && (passed || out->now.entered);
}
