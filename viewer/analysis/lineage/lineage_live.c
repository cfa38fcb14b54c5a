/* What is known of tensors whose makers are no longer kept, and of those that were changed in place since they were made. */
#include <inttypes.h>
#include <string.h>

#include "lineage_parts.h"
#include "size_flow.h"
#include "../mismatch/mismatch_rule.h"
#include "../text.h"

#define GIVEN_MOST 64 /* times that a tensor was given data of its own size (converted, moved), which are passed over */

/* A step that no kept event tells: OPERATION at SITE in STEP. */
static struct lineage_step *
add_past(struct lineage *lineage, const char *operation, int64_t site, int64_t step)
{
	struct lineage_step *past = lineage_add_step(lineage);

	if (past)
		past->event = (struct event){ .id = -1, .site = site, .operation = operation, .overload = "", .phase = "other",
					      .status = "ok", .step = step, .parent = -1, .scope = -1, .sequence = -1, .signature = -1 };
	return past;
}

/* The only output of what MADE a tensor, NULL where it isn't known. */
static const struct operand *
output_of(const struct tensor_made *made)
{
	return made->output_count == 1 ? &made->outputs[0] : NULL;
}

/* Dimension DIM of IS in OTHER, of which it is a view, a copy or a function: by its size. -1: it has no such. */
static int
same_dim(const struct operand *is, int dim, const struct operand *other)
{
	int from_last = other->ndim - is->ndim + dim, one = -1;

	if (dim < 0 || dim >= is->ndim)
		return -1;
	if (dim < other->ndim && other->sizes[dim] == is->sizes[dim] && (is->ndim == other->ndim || is->sizes[dim] > 1))
		return dim;
	if (is->sizes[dim] <= 1)
		return -1;
	if (from_last >= 0 && from_last < other->ndim && other->sizes[from_last] == is->sizes[dim])
		return from_last;
	for (int d = 0; d < other->ndim && one < 0; d++)
		one = other->sizes[d] == is->sizes[dim] ? d : -1;
	return one;
}

/* Does what LIVE is a view, a copy or a function of have the property by which it is followed? DIM becomes that one's. */
static bool
goes_on(const struct lineage *lineage, const struct live_tensor *live, int *dim)
{
	const struct operand *is = output_of(&live->made), *was = output_of(&live->base);

	if (!live->base.operation)
		return false;
	switch (lineage->property) {
	case LINEAGE_VALUES:
	case LINEAGE_MAKER:
		return live->values;
	case LINEAGE_SIZE:
		*dim = is && was ? same_dim(is, *dim, was) : -1;
		return *dim >= 0;
	case LINEAGE_DTYPE:
		return is && was && is->dtype && was->dtype && strcmp(is->dtype, was->dtype) == 0;
	case LINEAGE_DEVICE:
		return is && was && is->device && was->device && strcmp(is->device, was->device) == 0;
	case LINEAGE_RANK:
		return is && was && is->ndim == was->ndim;
	}
	return false;
}

/* A step for what MADE a tensor. */
static struct lineage_step *
add_made(struct lineage *lineage, const struct tensor_made *made, int dim)
{
	struct lineage_step *step = add_past(lineage, made->operation, made->site, made->step);
	const struct operand *output = output_of(made);

	if (!step)
		return NULL;
	step->dim = dim;
	if (output) {
		step->event.outputs = output;
		step->event.output_count = 1;
		step->size = dim >= 0 && dim < output->ndim ? output->sizes[dim] : -1;
	}
	text_say(step->how, sizeof(step->how), "at step %" PRId64 ", no longer kept", made->step);
	return step;
}

/* STEP, of which no operand is known, decides: for certain where it needs none (zeros, randn, arange). */
static void
decide_made(struct lineage *lineage, struct lineage_step *step)
{
	struct flow flow = { .kind = FLOW_UNKNOWN };

	if (lineage->property == LINEAGE_SIZE && step->size >= 0)
		flow = size_flow(&step->event, 0, step->dim);
	step->entered = size_flow_values(&step->event, 0).kind == FLOW_ENTERS; /* what size_flow says so of may be what it knows too little of */
	step->possible = !step->entered && flow.kind != FLOW_ARGUMENTS && flow.kind != FLOW_VALUES;
	if (flow.how[0])
		text_say(step->how, sizeof(step->how), "%s, at step %" PRId64 ", no longer kept", flow.how, step->event.step);
	lineage_decide(lineage, step);
}

/* The tensor came in ready-made, and its first use is no longer kept either, or it is not the one that is. */
static void
add_past_entry(struct lineage *lineage, const struct tensor_made *used, int dim)
{
	struct lineage_step *step = add_past(lineage, used->operation, used->site, used->step);

	if (!step)
		return;
	step->entered = true;
	step->dim = dim;
	text_say(step->how, sizeof(step->how), "came in ready-made, first used here at step %" PRId64, used->step);
	lineage_decide(lineage, step);
}

/* The dtype (or device) in FORM, "float16 cuda:0", into OUT. */
static void
form_part(const char *form, bool device, char out[64])
{
	const char *space = form ? strchr(form, ' ') : NULL;

	if (!space)
		out[0] = '\0';
	else if (device)
		text_format(out, 64, "%.60s", space + 1);
	else
		text_format(out, 64, "%.*s", (int)(space - form < 60 ? space - form : 60), form);
}

/* MOVED, a conversion in place from BEFORE, decided. */
static bool
add_moved(struct lineage *lineage, const struct tensor_change *moved, const char *before)
{
	struct lineage_step *step = add_past(lineage, moved->operation && !strstr(moved->operation, "_has_compatible_shallow_copy_type") ? moved->operation : SAY("module conversion"),
					     moved->site, moved->step);

	if (step) {
		text_say(step->how, sizeof(step->how), "from %s, in place, at step %" PRId64, before, moved->step);
		lineage_decide(lineage, step);
	}
	return step != NULL;
}

/* LIVE goes into LINEAGE's last step, whose output has the dtype (or device) that it was converted to in place: that decided, not who made it. */
static bool
add_entry_moved(struct lineage *lineage, const struct live_tensor *live)
{
	const struct lineage_step *last = lineage->count ? &lineage->steps[lineage->count - 1] : NULL;
	const struct operand *made = last && last->output >= 0 && last->output < last->event.output_count ? &last->event.outputs[last->output] : NULL;
	bool device = lineage->property == LINEAGE_DEVICE;
	const char *is = made ? device ? made->device : made->dtype : NULL;
	char before[64], after[64];

	if ((!device && lineage->property != LINEAGE_DTYPE) || !is || !live->moved.known || live->moved.seen || live->moved.step > last->event.step)
		return false;
	form_part(live->moved.before, device, before);
	form_part(live->moved.after, device, after);
	return strcmp(after, is) == 0 && strcmp(before, after) != 0 && add_moved(lineage, &live->moved, before);
}

/* LIVE's maker is known by name alone, and what came before the views and copies that ended in it. */
static void
add_maker(struct lineage *lineage, const struct live_tensor *live, int dim)
{
	struct lineage_step *step = add_made(lineage, &live->made, dim);

	if (!step)
		return;
	if (!goes_on(lineage, live, &dim)) {
		decide_made(lineage, step);
	} else if (live->base.entered) {
		add_past_entry(lineage, &live->base, dim);
	} else {
		step = add_made(lineage, &live->base, dim);
		if (step)
			decide_made(lineage, step);
	}
}

static void
add_entry(const struct source *source, struct lineage *lineage, int64_t tensor, int dim)
{
	struct live_tensor live;
	bool known = source->live_tensor(source->context, lineage->process, tensor, &live) && live.made.operation;
	struct lineage_step *step;
	struct event event;
	int operand;
	bool used, set;

	if (known && live.resized.known && live.resized.operation && lineage->property == LINEAGE_SIZE) {
		step = add_past(lineage, live.resized.operation, live.resized.site, live.resized.step);
		if (!step)
			return;
		set = mismatch_is_any(live.resized.operation, "set"); /* read from a file, or a copy: so it came in */
		if (set)
			text_say(step->how, sizeof(step->how), "at step %" PRId64 ", no longer kept", live.resized.step);
		else
			text_say(step->how, sizeof(step->how), "%s at step %" PRId64 ", no longer kept",
				    live.resized.seen ? SAY("another size since it was used here,") : SAY("resized in place"), live.resized.step);
		step->possible = step->resized = !set;
		step->entered = set || live.resized.seen; /* who reads it didn't make it */
		lineage_decide(lineage, step);
		return;
	}
	if (known && add_entry_moved(lineage, &live))
		return;
	if (known && !live.made.entered) {
		add_maker(lineage, &live, dim);
		return;
	}
	used = source->first_use(source->context, lineage->process, tensor, &event, &operand);
	if (known && (!used || event.site != live.made.site || event.step != live.made.step ||
		      strcmp(event.operation, live.made.operation) != 0)) {
		add_past_entry(lineage, &live.made, dim);
		return;
	}
	if (source->met_before(source->context, lineage->process, tensor)) { /* and it is dead: nothing outlived it */
		step = lineage->count ? &lineage->steps[lineage->count - 1] : NULL;
		if (step && !step->how[0])
			text_say(step->how, sizeof(step->how), "of what was made before the operations that are kept");
		return;
	}
	step = used ? lineage_add_step(lineage) : NULL;
	if (!step)
		return;
	step->event = event;
	step->entered = true;
	step->dim = dim;
	if (operand >= 0 && operand < event.operand_count && dim >= 0 && dim < event.operands[operand].ndim)
		step->size = event.operands[operand].sizes[dim];
	text_say(step->how, sizeof(step->how), "came in ready-made, first used here");
	lineage_decide(lineage, step);
}

/* The last event before BEFORE at which TENSOR was given data of another size in DIM than it had. */
static bool
find_given(const struct source *source, const struct lineage *lineage, int64_t tensor, int64_t before, int dim, struct event *out)
{
	for (int i = 0; i < GIVEN_MOST && lineage_given(source, lineage->process, tensor, before, lineage->property, out); i++) {
		const struct operand *was = &out->operands[0], *is = &out->operands[1];

		if (dim < 0 || dim >= is->ndim)
			return false;
		if (dim >= was->ndim || was->sizes[dim] != is->sizes[dim])
			return true;
		tensor = was->tensor;
		before = out->id;
	}
	return false;
}

bool
lineage_add_given(const struct source *source, struct lineage *lineage, int64_t tensor, int64_t before, int dim)
{
	struct lineage_step *step;
	struct event given;

	if (lineage->property != LINEAGE_SIZE || !find_given(source, lineage, tensor, before, dim, &given))
		return false;
	step = lineage_add_step(lineage);
	if (!step)
		return true;
	step->event = given;
	step->event.operation = "aten::set_data"; /* what asked */
	step->event.outputs = &given.operands[1];
	step->event.output_count = 1;
	step->tensor = tensor;
	step->resized = true;
	step->dim = dim;
	step->size = given.operands[1].sizes[dim];
	if (dim < given.operands[0].ndim)
		text_say(step->how, sizeof(step->how), "its data replaced: %" PRId64 " instead of %" PRId64, step->size, given.operands[0].sizes[dim]);
	else
		text_say(step->how, sizeof(step->how), "its data replaced");
	lineage_decide(lineage, step);
	return true;
}

void
lineage_add_entry(const struct source *source, struct lineage *lineage, int64_t tensor, int dim)
{
	int count = lineage->count;

	add_entry(source, lineage, tensor, dim);
	if (lineage->count > count)
		lineage->steps[count].tensor = tensor;
}

/* If the tensor that EVENT consumed was converted in place, into what it is now, and where is known: that decided. */
static void
add_conversion(const struct source *source, const struct event *event, const struct operand *consumed, struct lineage *out)
{
	bool device = out->property == LINEAGE_DEVICE;
	const char *is = device ? consumed->device : consumed->dtype;
	struct live_tensor live;
	char before[64], after[64];

	if ((!device && out->property != LINEAGE_DTYPE) || !is || consumed->tensor < 0 ||
	    !source->live_tensor(source->context, out->process, consumed->tensor, &live) || !live.moved.known || live.moved.seen ||
	    live.moved.step > event->step)
		return;
	form_part(live.moved.before, device, before);
	form_part(live.moved.after, device, after);
	if (strcmp(after, is) != 0 || strcmp(before, after) == 0)
		return;
	*out = (struct lineage){ .process = out->process, .property = out->property, .replaced = true, .decider = -1 };
	add_moved(out, &live.moved, before);
}

/* What made a tensor of another dtype (or device) than CONSUMED has is not what decided: its data was replaced since. */
static void
drop_replaced(const struct operand *consumed, struct lineage *lineage)
{
	struct lineage_step *step = &lineage->steps[0];
	const struct operand *made = step->output >= 0 && step->output < step->event.output_count ? &step->event.outputs[step->output] : NULL;
	const char *is = lineage->property == LINEAGE_DTYPE ? consumed->dtype : lineage->property == LINEAGE_DEVICE ? consumed->device : NULL;
	const char *was = !made ? NULL : lineage->property == LINEAGE_DTYPE ? made->dtype : made->device;

	if (!is || !was || step->entered || strcmp(is, was) == 0)
		return;
	lineage->count = 1;
	lineage->replaced = true;
	lineage->decider = -1;
	step->decides = false;
	text_say(step->how, sizeof(step->how), "made as %.40s; converted since, as by module.to()", was);
}

void
lineage_walk(const struct source *source, int process, const struct event *event, int place, int dim,
	     enum lineage_property property, struct lineage *out)
{
	const struct operand *consumed = place >= 0 && place < event->operand_count ? &event->operands[place] : NULL;

	lineage_walk_for(source, process, consumed ? consumed->tensor : -1, event->id, dim, property, event, out);
	out->viewed = NULL; /* which may live no longer than this call */
	if (out->count && consumed && property != LINEAGE_VALUES && property != LINEAGE_MAKER)
		drop_replaced(consumed, out);
	/* Where the kept events know it, they tell more. */
	if (consumed && (out->decider < 0 || out->steps[out->decider].event.id < 0))
		add_conversion(source, event, consumed, out);
}
