#include "precedent.h"

static int64_t
size_at(const struct event *event, int place, int dim)
{
	return place >= 0 && place < event->operand_count && dim >= 0 && dim < event->operands[place].ndim ? event->operands[place].sizes[dim] : -1;
}

static bool
add_call(const struct event *event, void *context)
{
	struct cause_facts *facts = context;
	int64_t sizes[2];

	if (!facts->calls++)
		facts->last_call = event->id;
	for (int i = 0; i < 2; i++) {
		struct cause_side *side = &facts->sides[i];

		sizes[i] = size_at(event, side->place, side->dim);
		if (sizes[i] < 0)
			continue;
		if (!side->calls++)
			side->smallest = side->largest = sizes[i];
		side->smallest = sizes[i] < side->smallest ? sizes[i] : side->smallest;
		side->largest = sizes[i] > side->largest ? sizes[i] : side->largest;
		side->same += sizes[i] == side->size;
	}
	facts->agreed += sizes[0] >= 0 && sizes[0] == sizes[1];
	return facts->calls < PRECEDENT_CALLS_MOST;
}

void
precedent_measure(struct cause_facts *facts, bool recorded)
{
	const struct mismatch *mismatch = facts->mismatch;

	facts->last_call = -1;
	for (int i = 0; i < 2; i++) {
		struct cause_side *side = &facts->sides[i];

		side->place = !mismatch ? -1 : i ? mismatch->against : mismatch->operand;
		side->dim = !mismatch ? -1 : i ? mismatch->against_dim : mismatch->dim;
		side->size = facts->event ? size_at(facts->event, side->place, side->dim) : -1;
		if (side->size < 0 && mismatch && (i ? mismatch->has_expected : mismatch->has_actual))
			side->size = i ? mismatch->expected : mismatch->actual;
	}
	if (recorded && facts->event && facts->event->site >= 0)
		facts->source->each_call(facts->source->context, facts->process, facts->event, add_call, facts);
}
