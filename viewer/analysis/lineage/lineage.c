#include "lineage.h"

#include <stdlib.h>
#include <string.h>

#include "lineage_parts.h"
#include "../mismatch/mismatch_rule.h"
#include "size_flow.h"
#include "../text.h"
#include "../history/elsewhere.h"
#include "../history/usual.h"
#include "../where.h"

#define LOOP_STEPS_LEAST 64 /* a story that long may be one that goes round */
#define FACTORS_MOST 8
#define FACTOR_CALLS_MOST 64

struct lineage_step *
lineage_add_step(struct lineage *lineage)
{
	struct lineage_step *step;

	if (lineage->count == LINEAGE_STEPS_MOST)
		return NULL;
	step = &lineage->steps[lineage->count++];
	*step = (struct lineage_step){ .dim = -1, .size = -1 };
	return step;
}

void
lineage_decide(struct lineage *lineage, struct lineage_step *step)
{
	step->decides = true;
	if (lineage->decider < 0)
		lineage->decider = (int)(step - lineage->steps);
}

int
lineage_decides_from(const struct lineage *lineage, int at)
{
	for (int i = at; i < lineage->count; i++)
		if (lineage->steps[i].decides)
			return i;
	return -1;
}

static bool
known_dim(const struct operand *operand, int dim)
{
	return dim >= 0 && dim < operand->ndim;
}

struct factors { const struct operand *now; int place, calls; bool varies[FACTORS_MOST]; };

static bool
add_factors(const struct event *event, void *context)
{
	struct factors *factors = context;
	const struct operand *is = factors->place < event->operand_count ? &event->operands[factors->place] : NULL;

	for (int d = 0; is && is->ndim == factors->now->ndim && d < is->ndim && d < FACTORS_MOST; d++)
		factors->varies[d] = factors->varies[d] || is->sizes[d] != factors->now->sizes[d];
	return ++factors->calls < FACTOR_CALLS_MOST;
}

/* Are all sizes that vary the same one now? */
static bool
is_square(const struct operand *operand, const bool *varies)
{
	int64_t size = 0;

	for (int d = 0; d < operand->ndim && d < FACTORS_MOST; d++) {
		if (!varies[d] || operand->sizes[d] <= 1)
			continue;
		if (size && operand->sizes[d] != size)
			return false;
		size = operand->sizes[d];
	}
	return true;
}

bool
lineage_factor(const struct source *source, const struct lineage *lineage, const struct event *maker, int output, int dim, struct flow *flow)
{
	struct factors factors = { .now = &maker->operands[flow->operand], .place = flow->operand };
	int64_t size = maker->outputs[output].sizes[dim];
	int one = -1, count = 0;

	if (maker->site < 0)
		return false;
	source->each_call(source->context, lineage->process, maker, add_factors, &factors);
	if (!factors.calls)
		elsewhere_each(source, lineage->process, maker, add_factors, &factors);
	for (int d = 0; d < factors.now->ndim && d < FACTORS_MOST; d++)
		if (factors.varies[d] && factors.now->sizes[d] > 1 &&
		    (size % factors.now->sizes[d] == 0 || factors.now->sizes[d] % (size > 0 ? size : 1) == 0)) {
			one = count++ ? one : d;
		}
	if (!factors.calls || !count || (count > 1 && !is_square(factors.now, factors.varies)))
		return false;
	flow->dim = one;
	return true;
}

/* A layer's input and weight are of one dtype: where the weight was given other data, that is what was decided. */
static void
follow_converted(const struct source *source, const struct lineage *lineage, const struct event *maker, struct flow *flow)
{
	int weight = rule_tensor(maker, "weight");
	struct event given;

	if (flow->kind == FLOW_PASSES && weight >= 0 && weight != flow->operand && maker->operands[weight].dtype && maker->output_count &&
	    maker->outputs[0].dtype && strcmp(maker->operands[weight].dtype, maker->outputs[0].dtype) == 0 &&
	    source->replaced(source->context, lineage->process, maker->operands[weight].tensor, maker->id, &given))
		flow->operand = weight;
}

/* Does MAKER, a cat, get fewer pieces than it got in the call before? */
static bool
has_fewer(const struct source *source, const struct lineage *lineage, const struct event *maker)
{
	struct event before;

	if (maker->site < 0 || !mismatch_is_any(maker->operation, "cat concat concatenate"))
		return false;
	return usual_newest(source, lineage->process, maker, &before) && rule_pieces(maker) < rule_pieces(&before);
}

/* One step back: the maker of TENSOR before event *BEFORE. Returns the place to go on with, -1 to stop. */
static int
step_back(const struct source *source, struct lineage *lineage, int64_t tensor, int64_t before, int *dim, struct event *maker)
{
	struct lineage_step *step;
	struct flow flow;
	int output, writes;

	if (!lineage_maker(source, lineage->process, tensor, before, lineage->property, maker, &output, &writes)) {
		int within = -1;

		if (!lineage_add_given(source, lineage, tensor, before, *dim) && (within = lineage_within(source, lineage, tensor, dim, maker)) < 0)
			lineage_add_entry(source, lineage, tensor, *dim);
		return within;
	}
	step = lineage_add_step(lineage);
	if (!step)
		return -1;
	step->event = *maker;
	step->output = output;
	step->tensor = tensor;
	step->writes = writes;
	step->dim = *dim;
	if (lineage->property == LINEAGE_SIZE) {
		if (!known_dim(&maker->outputs[output], *dim))
			return -1;
		step->size = maker->outputs[output].sizes[*dim];
		flow = size_flow(maker, output, *dim);
		step->regrouped = lineage_regroup(lineage, maker, output, *dim, &flow);
		lineage_other_piece(source, lineage->process, maker, &flow);
		if (flow.kind == FLOW_ENTERS && lineage_copies(source, lineage->process, &step->event, output, maker))
			return 0;
	} else if (lineage->property == LINEAGE_VALUES || lineage->property == LINEAGE_MAKER) {
		flow = size_flow_values(maker, output);
		lineage_pick(lineage, maker, &flow);
	} else if (lineage->property == LINEAGE_RANK) {
		flow = size_flow_rank(maker, output);
	} else {
		flow = size_flow_dtype(maker, output, lineage->property == LINEAGE_DEVICE);
		follow_converted(source, lineage, maker, &flow);
	}
	text_format(step->how, sizeof(step->how), "%s", flow.how);
	step->possible = flow.kind == FLOW_POSSIBLE;
	step->asked = flow.asked;
	step->entered = flow.kind == FLOW_ENTERS;
	step->combines = flow.kind == FLOW_SCALES && !lineage_unasked(lineage, maker, output, *dim, &flow) && !lineage_factor(source, lineage, maker, output, *dim, &flow);
	if (flow.kind == FLOW_ARGUMENTS || flow.kind == FLOW_VALUES || flow.kind == FLOW_ENTERS)
		lineage_decide(lineage, step);
	step->fewer = step->decides && lineage->property == LINEAGE_SIZE && has_fewer(source, lineage, maker);
	if (flow.kind == FLOW_UNKNOWN || flow.kind == FLOW_ENTERS || flow.operand < 0)
		return -1;
	*dim = flow.dim;
	return step->decides && lineage->property != LINEAGE_SIZE && lineage->property != LINEAGE_VALUES &&
		       lineage->property != LINEAGE_MAKER ? -1 : flow.operand;
}

/* A walk that never ends goes round: a state that is carried from call to call. The first that computes it is told for all.
 * One that ends goes round where it passes a line again in an earlier STEPS: layers of one line do so within a step. */
static void
stop_at_loop(struct lineage *lineage, bool steps)
{
	for (int i = 0; i < lineage->count; i++) {
		struct lineage_step *step = &lineage->steps[i];

		if (strstr(step->event.operation, "detach") || strstr(step->event.operation, "clone") || strstr(step->event.operation, "::to"))
			continue;
		for (int j = i + 1; j < lineage->count; j++)
			if (lineage->steps[j].event.site == step->event.site && lineage->steps[j].dim == step->dim &&
			    (!steps || lineage->steps[j].event.step != step->event.step) && strcmp(lineage->steps[j].event.operation, step->event.operation) == 0) {
				text_say(step->how, sizeof(step->how), "carried on from call to call");
				lineage->count = i + 1;
				lineage->decider = -1;
				lineage_decide(lineage, step);
				return;
			}
	}
}

void
lineage_walk_tensor(const struct source *source, int process, int64_t tensor, int64_t before, int dim,
		    enum lineage_property property, struct lineage *out)
{
	lineage_walk_for(source, process, tensor, before, dim, property, NULL, out);
}

void
lineage_walk_for(const struct source *source, int process, int64_t tensor, int64_t before, int dim, enum lineage_property property, const struct event *viewed,
		 struct lineage *out)
{
	out->process = process;
	out->property = property;
	out->count = 0;
	out->decider = -1;
	out->replaced = false;
	out->part_dim = -1;
	out->before = before;
	out->viewed = viewed;
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
	if (out->count >= LOOP_STEPS_LEAST && (out->decider < 0 || out->decider >= LOOP_STEPS_LEAST))
		stop_at_loop(out, out->count < LINEAGE_STEPS_MOST || out->decider >= 0);
	lineage_pass(source, out);
	lineage_stop_at_choice(out);
	if (property == LINEAGE_VALUES)
		lineage_written(source, out);
}

void
lineage_stop_at_product(struct lineage *lineage)
{
	for (int i = 0; i < lineage->count && (lineage->decider < 0 || i < lineage->decider); i++)
		if (lineage->steps[i].combines) {
			lineage->steps[i].decides = true;
			lineage->decider = i;
		}
}

void
lineage_stop_at_layer(struct lineage *lineage)
{
	for (int i = 0; i < lineage->count && i < lineage->decider; i++)
		if (strcmp(lineage->steps[i].event.operation, "aten::linear") == 0 && lineage->steps[i].size == lineage->steps[0].size) {
			lineage->steps[i].decides = true;
			lineage->decider = i;
		}
}

void
lineage_stop_at_layout(struct lineage *lineage)
{
	static const char turning[] = "transpose t permute movedim moveaxis swapaxes swapdims mT mH numpy_T expand expand_as broadcast_to slice narrow "
				      "select unfold as_strided diagonal split chunk unbind split_with_sizes";

	for (int i = 0; i < lineage->count; i++) {
		if (mismatch_is_any(lineage->steps[i].event.operation, turning)) {
			lineage->steps[i].decides = true;
			lineage->decider = i;
			return;
		}
	}
}
