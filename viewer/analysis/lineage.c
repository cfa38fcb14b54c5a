#include "lineage.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "size_flow.h"
#include "text.h"
#include "where.h"

static struct lineage_step *
add_step(struct lineage *lineage)
{
	struct lineage_step *step;

	if (lineage->count == LINEAGE_STEPS_MOST)
		return NULL;
	step = &lineage->steps[lineage->count++];
	*step = (struct lineage_step){ .dim = -1, .size = -1 };
	return step;
}

static void
decide(struct lineage *lineage, struct lineage_step *step)
{
	step->decides = true;
	if (lineage->decider < 0)
		lineage->decider = (int)(step - lineage->steps);
}

/* Nothing kept made TENSOR: what the whole-run table says of it, or its first use. */
static void
add_entry(const struct source *source, struct lineage *lineage, int64_t tensor, int dim)
{
	struct live_tensor live;
	struct lineage_step *step;
	struct event event;
	int operand;

	if (source->live_tensor(source->context, lineage->process, tensor, &live) && !live.entered && live.operation) {
		step = add_step(lineage);
		if (!step)
			return;
		step->event = (struct event){ .id = -1, .site = live.site, .operation = live.operation, .step = live.step,
					      .parent = -1, .scope = -1 };
		text_format(step->how, sizeof(step->how), "at step %" PRId64 ", no longer kept", live.step);
		step->possible = true;
		decide(lineage, step);
		return;
	}
	if (!source->first_use(source->context, lineage->process, tensor, &event, &operand))
		return;
	step = add_step(lineage);
	if (!step)
		return;
	step->event = event;
	step->entered = true;
	step->dim = dim;
	if (operand >= 0 && operand < event.operand_count && dim >= 0 && dim < event.operands[operand].ndim)
		step->size = event.operands[operand].sizes[dim];
	text_format(step->how, sizeof(step->how), "came in ready-made, first used here");
	decide(lineage, step);
}

static bool
known_dim(const struct operand *operand, int dim)
{
	return dim >= 0 && dim < operand->ndim;
}

/* One step back: the maker of TENSOR before event *BEFORE. Returns the place to go on with, -1 to stop. */
static int
step_back(const struct source *source, struct lineage *lineage, int64_t tensor, int64_t before, int *dim, struct event *maker)
{
	struct lineage_step *step;
	struct flow flow;
	int output, writes;

	if (!lineage_maker(source, lineage->process, tensor, before, lineage->property, maker, &output, &writes)) {
		add_entry(source, lineage, tensor, *dim);
		return -1;
	}
	step = add_step(lineage);
	if (!step)
		return -1;
	step->event = *maker;
	step->output = output;
	step->writes = writes;
	step->dim = *dim;
	if (lineage->property == LINEAGE_SIZE) {
		if (!known_dim(&maker->outputs[output], *dim))
			return -1;
		step->size = maker->outputs[output].sizes[*dim];
		flow = size_flow(maker, output, *dim);
	} else if (lineage->property == LINEAGE_VALUES || lineage->property == LINEAGE_MAKER) {
		flow = size_flow_values(maker, output);
	} else {
		flow = size_flow_dtype(maker, output, lineage->property == LINEAGE_DEVICE);
	}
	text_format(step->how, sizeof(step->how), "%s", flow.how);
	step->possible = flow.kind == FLOW_POSSIBLE;
	step->entered = flow.kind == FLOW_ENTERS;
	if (flow.kind == FLOW_ARGUMENTS || flow.kind == FLOW_VALUES || flow.kind == FLOW_ENTERS)
		decide(lineage, step);
	if (flow.kind == FLOW_UNKNOWN || flow.kind == FLOW_ENTERS || flow.operand < 0)
		return -1;
	*dim = flow.dim;
	return step->decides && (lineage->property == LINEAGE_DTYPE || lineage->property == LINEAGE_DEVICE) ? -1 : flow.operand;
}

void
lineage_walk_tensor(const struct source *source, int process, int64_t tensor, int64_t before, int dim,
		    enum lineage_property property, struct lineage *out)
{
	out->process = process;
	out->property = property;
	out->count = 0;
	out->decider = -1;
	out->replaced = false;
	while (tensor >= 0 && out->count < LINEAGE_STEPS_MOST) {
		struct event maker;
		int place = step_back(source, out, tensor, before, &dim, &maker);

		if (place < 0 || (property == LINEAGE_SIZE && dim < 0))
			break;
		tensor = maker.operands[place].tensor;
		before = maker.id;
		if (property == LINEAGE_SIZE && !known_dim(&maker.operands[place], dim))
			break;
	}
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
	text_format(step->how, sizeof(step->how), "made as %.40s; converted since, as by module.to()", was);
}

void
lineage_walk(const struct source *source, int process, const struct event *event, int place, int dim,
	     enum lineage_property property, struct lineage *out)
{
	int64_t tensor = place >= 0 && place < event->operand_count ? event->operands[place].tensor : -1;

	lineage_walk_tensor(source, process, tensor, event->id, dim, property, out);
	if (out->count && place >= 0 && place < event->operand_count && property != LINEAGE_VALUES && property != LINEAGE_MAKER)
		drop_replaced(&event->operands[place], out);
}

static void
add_operation(struct text *text, const struct source *source, const struct lineage *lineage, const struct lineage_step *step,
	      bool full)
{
	char line[512];

	text_add(text, "%s", step->event.operation);
	if (where_site_line(source, lineage->process, step->event.site, full, line, sizeof(line)))
		text_add(text, " %s", line);
	if (*step->how)
		text_add(text, " (%s)", step->how);
	if (step->writes)
		text_add(text, " (written in place %d time%s since)", step->writes, step->writes == 1 ? "" : "s");
	if (step->possible)
		text_add(text, " [possible]");
}

/* Which steps to tell: what decides, then what is nearest to the failure, one a line of code. */
static int
choose_steps(const struct lineage *lineage, bool *chosen, int most)
{
	int count = 0;

	memset(chosen, 0, LINEAGE_STEPS_MOST * sizeof(*chosen));
	if (lineage->decider >= 0) {
		chosen[lineage->decider] = true;
		count++;
	}
	for (int i = 0; i < lineage->count && count < most - 1; i++)
		if (lineage->steps[i].decides && !chosen[i]) {
			chosen[i] = true;
			count++;
		}
	for (int i = 0; i < lineage->count && count < most; i++)
		if (!chosen[i] && (i == 0 || lineage->steps[i].event.site != lineage->steps[i - 1].event.site) &&
		    (i == 0 || i + 1 == lineage->count || lineage->steps[i].event.site != lineage->steps[i + 1].event.site)) {
			chosen[i] = true;
			count++;
		}
	return count;
}

json_t *
lineage_lines(const struct source *source, const struct lineage *lineage, const char *head)
{
	json_t *lines = json_array();
	bool chosen[LINEAGE_STEPS_MOST];
	bool first = true;

	choose_steps(lineage, chosen, LINEAGE_LINES_MOST);
	for (int i = 0; i < lineage->count; i++) {
		struct text text = {{0}, 0};

		if (!chosen[i])
			continue;
		text_add(&text, first && head ? "%s <- " : "<- ", head);
		add_operation(&text, source, lineage, &lineage->steps[i], false);
		json_array_append_new(lines, text_json(text.data));
		first = false;
	}
	if (first && head)
		json_array_append_new(lines, text_json(head));
	return lines;
}

json_t *
lineage_origin(const struct source *source, const struct lineage *lineage, const char *what)
{
	const struct lineage_step *step = lineage->decider >= 0 ? &lineage->steps[lineage->decider] : NULL;
	struct text text = {{0}, 0};
	char line[4200];
	json_t *json;

	if (!step)
		return json_null();
	json = json_object();
	text_set_integer(json, "event", step->event.id, -1);
	text_set(json, "operation", step->event.operation);
	text_set(json, "where", where_site_line(source, lineage->process, step->event.site, true, line, sizeof(line)) ? line : NULL);
	text_add(&text, "%s %s ", what, step->entered ? "entered at" : step->possible ? "possibly comes from"
				  : lineage->property == LINEAGE_VALUES || lineage->property == LINEAGE_MAKER ? "was made by" : "was decided by");
	add_operation(&text, source, lineage, step, false);
	text_set(json, "text", text.data);
	json_object_set_new(json, "possible", json_boolean(step->possible));
	return json;
}

bool
lineage_part(const struct source *source, const struct lineage *one, const struct lineage *other, char *out, size_t size)
{
	const struct lineage_step *a, *b;
	int parting = -1;
	char line[512];

	for (int i = 0; i < one->count && i < other->count; i++) {
		a = &one->steps[i];
		b = &other->steps[i];
		if (strcmp(a->event.operation, b->event.operation) != 0 || !where_same_line(source, one->process, a->event.site, b->event.site))
			break;
		if (a->size != b->size)
			parting = i;
	}
	if (parting < 0 || one->steps[parting].event.id == other->steps[parting].event.id)
		return false;
	a = &one->steps[parting];
	b = &other->steps[parting];
	where_site_line(source, one->process, a->event.site, false, line, sizeof(line));
	text_format(out, size, "both come from the same code; they part at %s %s: %" PRId64 " here, %" PRId64 " there (events %" PRId64
		    " and %" PRId64 ")", a->event.operation, line, a->size, b->size, a->event.id, b->event.id);
	return true;
}
