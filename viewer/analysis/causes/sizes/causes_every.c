/* What a slice that takes every n-th left, told by the rules about what is too short. */
#include <inttypes.h>

#include "../causes_tool.h"
#include "../../mismatch/mismatch_rule.h"

#define LOOKED_MOST 4000 /* earlier calls of its line */

/* Earlier calls that took one in NOW, back to the first (in training step SINCE), and what the call before that took; 0: none is kept. */
struct steps { int64_t now, since, before, calls; };

static bool
look_at_step(const struct event *event, void *context)
{
	struct steps *steps = context;
	int64_t step = 1;

	rule_int(event, "step", &step);
	if (step != steps->now)
		steps->before = step;
	else
		steps->since = event->step;
	return !steps->before && ++steps->calls < LOOKED_MOST;
}

bool
cause_add_every(const struct cause_facts *facts, const struct cause_side *side, struct text *text, struct text *fix)
{
	for (int i = 0; facts->source && side->lineage && i < side->lineage->count; i++) {
		const struct lineage_step *step = &side->lineage->steps[i];
		int self = rule_any(&step->event, "self input");
		struct steps steps = { .now = 1, .since = step->event.step };

		if (step->possible || !mismatch_is_any(step->event.operation, "slice") || !rule_int(&step->event, "step", &steps.now) || steps.now < 2 || self < 0 || step->dim < 0 ||
		    step->dim >= step->event.operands[self].ndim)
			continue;
		facts->source->each_call(facts->source->context, facts->process, &step->event, look_at_step, &steps);
		text_add(text, "; one in %" PRId64 " of %" PRId64 " was taken by ", steps.now, step->event.operands[self].sizes[step->dim]);
		cause_add_step(facts, text, step);
		if (steps.before)
			text_add(text, ", as since step %" PRId64 "; before that one in %" PRId64, steps.since, steps.before);
		text_add(fix, "; or take more of them there (a smaller step than %" PRId64 ")", steps.now);
		return true;
	}
	return false;
}
