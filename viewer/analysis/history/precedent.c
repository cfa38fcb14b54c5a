#include "precedent.h"

#include "usual.h"
#include "../lineage/whole.h"
#include "../mismatch/mismatch_rule.h"

/* Of a tensor, or of the sizes that were given for it. */
static int64_t
size_at(const struct event *event, int place, int dim)
{
	int64_t sizes[RULE_INTS_MOST];
	int count;

	if (place < 0 || place >= event->operand_count || dim < 0)
		return -1;
	if (event->operands[place].ndim >= 0 || event->operands[place].tensor > 0)
		return dim < event->operands[place].ndim ? event->operands[place].sizes[dim] : -1;
	count = mismatch_is_any(event->operation, "expand") ? rule_ints(event, event->operands[place].name, sizes, RULE_INTS_MOST) : -1;
	return dim < count ? sizes[dim] : -1;
}

struct look { struct cause_facts *facts; bool any_layer; int64_t others; };

static bool
add_call(const struct event *event, void *context)
{
	struct look *look = context;
	struct cause_facts *facts = look->facts;
	int64_t sizes[2];

	if (!look->any_layer && !usual_same_layer(facts->event, event))
		return ++look->others < PRECEDENT_CALLS_MOST;
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

/* What the events that are kept don't tell any more. Whether two sizes agreed is told of all calls, or of those that are kept. */
static void
widen(struct cause_facts *facts)
{
	bool all = facts->agreed == facts->calls;
	struct call_history whole[2] = { 0 };

	for (int i = 0; i < 2; i++) {
		struct cause_side *side = &facts->sides[i];

		if (side->place < 0 || side->dim < 0 ||
		    !whole_calls(facts->source, facts->process, facts->event, side->place, side->dim, facts->calls, &whole[i]) ||
		    !whole[i].measured || whole[i].calls == facts->calls) {
			whole[i] = (struct call_history){ 0 };
			continue;
		}
		side->calls = whole[i].measured;
		side->smallest = whole[i].smallest;
		side->largest = whole[i].largest;
	}
	if (all && whole_agreed(facts->mismatch, whole))
		facts->calls = facts->agreed = whole[0].calls;
}

void
precedent_measure(struct cause_facts *facts, bool recorded)
{
	const struct mismatch *mismatch = facts->mismatch;
	struct look look = { .facts = facts };

	facts->last_call = -1;
	for (int i = 0; i < 2; i++) {
		struct cause_side *side = &facts->sides[i];

		side->place = !mismatch ? -1 : i ? mismatch->against : mismatch->operand;
		side->dim = !mismatch ? -1 : i ? mismatch->against_dim : mismatch->dim;
		side->size = facts->event ? size_at(facts->event, side->place, side->dim) : -1;
		if (side->size < 0 && mismatch && (i ? mismatch->has_expected : mismatch->has_actual))
			side->size = i ? mismatch->expected : mismatch->actual;
	}
	if (!recorded || !facts->event || facts->event->site < 0)
		return;
	facts->source->each_call(facts->source->context, facts->process, facts->event, add_call, &look);
	if (!facts->calls && look.others) { /* a weight that is computed anew for each call */
		look.any_layer = true;
		facts->source->each_call(facts->source->context, facts->process, facts->event, add_call, &look);
	}
	if (mismatch)
		widen(facts);
}
