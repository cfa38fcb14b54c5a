/* Elements: which piece of a stack they are of, and who wrote those of a tensor that was made without them. */
#include <string.h>

#include "lineage_parts.h"
#include "../mismatch/mismatch_rule.h"
#include "../text.h"

#define EVENTS_MOST 4096 /* after the tensor was made */
#define VIEWS_MOST 64

static const char making[] = "zeros ones full empty empty_strided new_zeros new_ones new_full new_empty zeros_like ones_like full_like empty_like";
static const char writing[] = "copy index_put index_put_impl masked_scatter masked_fill scatter scatter_add index_copy index_add fill";

struct views { int64_t tensors[VIEWS_MOST]; int count; };

static bool
is_among(const struct views *views, int64_t tensor)
{
	for (int i = 0; i < views->count; i++)
		if (views->tensors[i] == tensor)
			return true;
	return false;
}

/* The last event after MADE and before BEFORE that wrote into its tensor or a view of it; false if none did. */
static bool
last_write(const struct source *source, int process, const struct event *made, int64_t tensor, int64_t before, struct event *out)
{
	struct views views = { .tensors = { tensor }, .count = 1 };
	struct event event;
	bool found = false;

	for (int64_t id = made->id + 1; id < before && id <= made->id + EVENTS_MOST; id++) {
		if (!source->event(source->context, process, id, &event) || event.thread != made->thread || event.operand_count < 1 ||
		    !is_among(&views, event.operands[0].tensor))
			continue;
		if (mismatch_is_in_place(event.operation) && mismatch_is_any(event.operation, writing)) {
			*out = event;
			found = true;
		} else if (mismatch_is_view(event.operation) && views.count < VIEWS_MOST) {
			for (int i = 0; i < event.output_count && views.count < VIEWS_MOST; i++)
				views.tensors[views.count++] = event.outputs[i].tensor;
		}
	}
	return found;
}

void
lineage_written(const struct source *source, struct lineage *lineage)
{
	int at = lineage->decider;
	const struct lineage_step *step = at >= 0 ? &lineage->steps[at] : NULL;
	struct lineage_step written = { .dim = -1, .size = -1, .decides = true };

	if (!step || step->entered || step->event.id < 0 || lineage->count == LINEAGE_STEPS_MOST)
		return;
	if (!mismatch_is_any(step->event.operation, making) ||
	    !last_write(source, lineage->process, &step->event, step->tensor, at ? lineage->steps[at - 1].event.id : lineage->before, &written.event))
		return;
	written.tensor = step->tensor;
	written.output = written.event.output_count ? 0 : -1;
	memmove(&lineage->steps[at + 1], &lineage->steps[at], (size_t)(lineage->count - at) * sizeof(lineage->steps[0]));
	lineage->steps[at] = written;
	lineage->count++;
}

void
lineage_pick(struct lineage *lineage, const struct event *maker, struct flow *flow)
{
	int64_t along = 0, index = 0;
	int at, self = rule_any(maker, "self input"), piece = -1;
	char name[96];

	mismatch_plain_name(maker->operation, name, sizeof(name));
	if (strcmp(name, "select") == 0 && self >= 0 && maker->operands[self].ndim > 0 && rule_int(maker, "dim", &along) && rule_int(maker, "index", &index)) {
		lineage->part_dim = rule_dim(along, maker->operands[self].ndim);
		lineage->part = index >= 0 ? index : maker->operands[self].sizes[lineage->part_dim] + index;
		return;
	}
	if (lineage->part_dim < 0 || text_among("clone contiguous detach to to_copy alias requires_grad pin_memory lift_fresh long int", name))
		return;
	at = rule_int(maker, "dim", &along) && maker->output_count ? rule_dim(along, maker->outputs[0].ndim) : 0;
	if (strcmp(name, "stack") == 0 && at == lineage->part_dim) {
		for (int64_t n = 0; n <= lineage->part && (piece = rule_next(maker, piece + 1)) >= 0;)
			n++;
		if (piece >= 0)
			flow->operand = piece;
	} else if (strcmp(name, "stack") == 0) {
		lineage->part_dim -= at < lineage->part_dim;
		return;
	} else if (text_among("cat concat concatenate", name) && at != lineage->part_dim) {
		return;
	}
	lineage->part_dim = -1;
}
