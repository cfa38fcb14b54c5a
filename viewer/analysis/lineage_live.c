/* What is known of tensors whose makers are no longer kept, and of those that were changed in place since they were made. */
#include <inttypes.h>
#include <string.h>

#include "lineage_parts.h"
#include "size_flow.h"
#include "text.h"

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

/* TENSOR's maker is known by name alone. Where it needs no operand to decide (zeros, randn, arange), it is what decided. */
static void
add_maker(struct lineage *lineage, const struct live_tensor *live, int dim)
{
	struct lineage_step *step = add_past(lineage, live->operation, live->site, live->step);
	struct flow flow = { .kind = FLOW_UNKNOWN };

	if (!step)
		return;
	step->dim = dim;
	if (live->output_count == 1 && lineage->property == LINEAGE_SIZE && dim >= 0 && dim < live->outputs[0].ndim) {
		step->event.outputs = live->outputs;
		step->event.output_count = 1;
		step->size = live->outputs[0].sizes[dim];
		flow = size_flow(&step->event, 0, dim);
	}
	step->possible = flow.kind != FLOW_ARGUMENTS && flow.kind != FLOW_VALUES;
	text_say(step->how, sizeof(step->how), "at step %" PRId64 ", no longer kept", live->step);
	lineage_decide(lineage, step);
}

/* The tensor came in ready-made, and its first use is no longer kept either, or it is not the one that is. */
static void
add_past_entry(struct lineage *lineage, const struct live_tensor *live, int dim)
{
	struct lineage_step *step = add_past(lineage, live->operation, live->site, live->step);

	if (!step)
		return;
	step->entered = true;
	step->dim = dim;
	text_say(step->how, sizeof(step->how), "came in ready-made, first used here at step %" PRId64, live->step);
	lineage_decide(lineage, step);
}

static void
add_entry(const struct source *source, struct lineage *lineage, int64_t tensor, int dim)
{
	struct live_tensor live;
	bool known = source->live_tensor(source->context, lineage->process, tensor, &live) && live.operation;
	struct lineage_step *step;
	struct event event;
	int operand;
	bool used;

	if (known && live.resized.known && live.resized.operation && lineage->property == LINEAGE_SIZE) {
		step = add_past(lineage, live.resized.operation, live.resized.site, live.resized.step);
		if (!step)
			return;
		text_say(step->how, sizeof(step->how), "%s at step %" PRId64 ", no longer kept",
			    live.resized.seen ? SAY("another size since it was used here,") : SAY("resized in place"), live.resized.step);
		step->possible = step->resized = true;
		lineage_decide(lineage, step);
		return;
	}
	if (known && !live.entered) {
		add_maker(lineage, &live, dim);
		return;
	}
	used = source->first_use(source->context, lineage->process, tensor, &event, &operand);
	if (known && (!used || event.site != live.site || event.step != live.step || strcmp(event.operation, live.operation) != 0)) {
		add_past_entry(lineage, &live, dim);
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

void
lineage_add_entry(const struct source *source, struct lineage *lineage, int64_t tensor, int dim)
{
	int count = lineage->count;

	add_entry(source, lineage, tensor, dim);
	if (lineage->count > count)
		lineage->steps[count].tensor = tensor;
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

/* If the tensor that EVENT consumed was converted in place, into what it is now, and where is known: that decided. */
static void
add_conversion(const struct source *source, const struct event *event, const struct operand *consumed, struct lineage *out)
{
	bool device = out->property == LINEAGE_DEVICE;
	const char *is = device ? consumed->device : consumed->dtype;
	struct lineage_step *step;
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
	step = add_past(out, live.moved.operation && !strstr(live.moved.operation, "_has_compatible_shallow_copy_type")
				     ? live.moved.operation : SAY("module conversion"),
			live.moved.site, live.moved.step);
	if (!step)
		return;
	text_say(step->how, sizeof(step->how), "from %s, in place, at step %" PRId64, before, live.moved.step);
	lineage_decide(out, step);
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

	lineage_walk_tensor(source, process, consumed ? consumed->tensor : -1, event->id, dim, property, out);
	if (out->count && consumed && property != LINEAGE_VALUES && property != LINEAGE_MAKER)
		drop_replaced(consumed, out);
	/* Where the kept events know it, they tell more. */
	if (consumed && (out->decider < 0 || out->steps[out->decider].event.id < 0))
		add_conversion(source, event, consumed, out);
}
