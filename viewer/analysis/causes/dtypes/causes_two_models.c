/* Two models of one program in two dtypes: what the one made goes into the other. */
#include <inttypes.h>
#include <string.h>

#include "../causes_tool.h"
#include "../../mismatch/mismatch_rule.h"

#define RECENT_MOST 2000 /* operations before the failure among which a layer is looked for */

struct layer_of { const char *dtype; int64_t since; bool found; struct event event; };

/* Is EVENT a layer whose weight is of the dtype, run since the value was made? */
static bool
look_layer(const struct event *event, void *context)
{
	struct layer_of *layer = context;
	int weight;

	if (event->id <= layer->since)
		return false;
	if (!mismatch_is_any(event->operation, "linear conv1d conv2d conv3d convolution addmm"))
		return true;
	weight = rule_tensor(event, "weight");
	if (weight < 0 || strcmp(event->status, "ok") != 0 || !event->operands[weight].dtype || strcmp(event->operands[weight].dtype, layer->dtype) != 0)
		return true;
	layer->event = *event;
	layer->found = true;
	return false;
}

bool
cause_tell_two_models(const struct cause_facts *facts, struct cause *out, int weight, int input, const char *parameter, const char *dtype)
{
	const struct cause_side *side = &facts->sides[facts->sides[1].place == input];
	const struct lineage_step *made = cause_decider(side);
	struct layer_of layer = { .dtype = dtype, .since = made ? made->event.id : -1 };
	const char *path = cause_operand_name(facts, weight), *dot = strchr(path, '.');

	if (!facts->source || !made || made->event.id < 0 || !dot)
		return false;
	facts->source->each_recent(facts->source->context, facts->process, RECENT_MOST, look_layer, &layer);
	if (!layer.found)
		return false;
	text_add(&out->text, "; between where it was made and here, layers of %s ran on it or beside it, the last by ", dtype);
	cause_add_event(facts, &out->text, &layer.event);
	text_add(&out->text, ": these are two models, %.*s is the one in %s", (int)(dot - path), path, parameter);
	text_add(&out->fix, "bring both models to one dtype (%.*s.to(torch.%s)), or convert %s to %s just before it goes into %.*s, not where it is made: the layers of %s need it as it is",
		 (int)(dot - path), path, dtype, cause_operand_name(facts, input), parameter, (int)(dot - path), path, dtype);
	return true;
}
