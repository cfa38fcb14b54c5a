/* Rules about one thing that is done in two ways: recomputed otherwise than before, cut otherwise than its partner, compiled. */
#include <inttypes.h>
#include <string.h>

#include "causes_tool.h"
#include "mismatch_rule.h"
#include "where.h"

#define CALLS_MOST 2000

struct forward { const struct cause_facts *facts; int same /* the side that is as it was */, looked; int64_t event, size; };

static bool
same_shape(const struct operand *one, const struct operand *other)
{
	if (one->ndim != other->ndim || one->ndim < 0)
		return false;
	for (int d = 0; d < one->ndim; d++)
		if (one->sizes[d] != other->sizes[d])
			return false;
	return true;
}

/* Was what SIDE is now made in a forward pass, rather than in the recomputation? */
static bool
is_from_forward(const struct cause_side *side)
{
	return side->lineage && side->lineage->count && strcmp(side->lineage->steps[0].event.phase ? side->lineage->steps[0].event.phase : "", "forward") == 0;
}

/* The newest call of the line in forward in which one side was as it is now, and the other fitted. */
static bool
look_at_call(const struct event *event, void *context)
{
	struct forward *forward = context;
	const struct cause_facts *facts = forward->facts;

	if (event->id >= facts->event->id || strcmp(event->phase, "forward") != 0 || !where_same_line(facts->source, facts->process, event->site, facts->event->site))
		return ++forward->looked < CALLS_MOST;
	for (int i = 0; i < 2; i++) {
		const struct cause_side *as_now = &facts->sides[i], *other = &facts->sides[!i];

		if (is_from_forward(as_now) && !is_from_forward(other))
			continue; /* what was recomputed is the block's own */
		if (as_now->place >= event->operand_count || other->place >= event->operand_count ||
		    !same_shape(&event->operands[as_now->place], &facts->event->operands[as_now->place]) || other->dim >= event->operands[other->place].ndim ||
		    event->operands[other->place].sizes[other->dim] != as_now->size)
			continue;
		forward->same = i;
		forward->event = event->id;
		forward->size = as_now->size;
		return false;
	}
	return ++forward->looked < CALLS_MOST;
}

static bool
is_recomputed(const struct cause_facts *facts)
{
	for (size_t i = 0; i < json_array_size(facts->frames); i++)
		if (strstr(text_get(json_array_get(facts->frames, i), "file"), "/torch/utils/checkpoint.py"))
			return strcmp(facts->event->phase, "backward") == 0;
	return false;
}

/* Needs: an operation that failed while activation checkpointing ran its block again, and the same line's call in forward, in which one
 * operand was as it is now and the other was not. */
bool
cause_recomputed_otherwise(const struct cause_facts *facts, struct cause *out)
{
	struct forward forward = { .facts = facts, .event = -1 };
	const struct cause_side *changed;
	struct event anywhere;

	if (!cause_disagrees(facts, "size") || !facts->source || facts->sides[0].place < 0 || facts->sides[1].place < 0 || facts->sides[0].dim < 0 ||
	    facts->sides[1].dim < 0 || !is_recomputed(facts))
		return false;
	anywhere = *facts->event;
	anywhere.site = -1;
	facts->source->each_call(facts->source->context, facts->process, &anywhere, look_at_call, &forward);
	if (forward.event < 0)
		return false;
	changed = &facts->sides[!forward.same];
	out->confidence = "likely";
	text_add(&out->text, "the checkpointed block is run again for the backward and does not find %s as it was: %" PRId64 " in forward, %" PRId64 " now",
		 cause_operand_name(facts, changed->place), forward.size, changed->size);
	if (cause_decider(changed)) {
		text_add(&out->text, ", overwritten since by ");
		cause_add_step(facts, &out->text, cause_decider(changed));
	}
	text_add(&out->evidence, "in forward this line had %" PRId64 " on both sides (event %" PRId64 ")", forward.size, forward.event);
	text_add(&out->fix, "give %s to the checkpointed function as an argument (its inputs are kept for the backward); what it reads from elsewhere (an attribute, a "
		 "cache, a counter) must not change until the backward has run", cause_operand_name(facts, changed->place));
	return true;
}

static const char splits[] = "chunk split tensor_split split_with_sizes unsafe_chunk unsafe_split unbind";

/* How long the whole was that STEP cut; -1. */
static int64_t
whole_of(const struct lineage_step *step)
{
	int self = step ? rule_any(&step->event, "self") : -1;
	const struct operand *whole = self >= 0 ? &step->event.operands[self] : NULL;

	return whole && step->dim >= 0 && step->dim < whole->ndim ? whole->sizes[step->dim] : -1;
}

/* Needs: both sizes are of parts, cut at different lines from wholes of one size. */
bool
cause_cut_differently(const struct cause_facts *facts, struct cause *out)
{
	const struct lineage_step *one = cause_decider(&facts->sides[0]), *other = cause_decider(&facts->sides[1]);

	if (!cause_disagrees(facts, "size") || !cause_decided_by(&facts->sides[0], splits) || !cause_decided_by(&facts->sides[1], splits) ||
	    whole_of(one) < 1 || whole_of(one) != whole_of(other) || one->event.site == other->event.site)
		return false;
	out->confidence = "likely";
	text_add(&out->text, "what belongs together was cut into parts in two ways: %" PRId64 " in parts of %" PRId64 " (%s) by ", whole_of(one), facts->sides[0].size,
		 cause_operand_name(facts, facts->sides[0].place));
	cause_add_step(facts, &out->text, one);
	text_add(&out->text, ", and in parts of %" PRId64 " (%s) by ", facts->sides[1].size, cause_operand_name(facts, facts->sides[1].place));
	cause_add_step(facts, &out->text, other);
	text_add(&out->fix, "cut both by the same sizes (split(%" PRId64 ") of both); chunk(n) makes n equal parts, split(n) parts of n, and they agree only where it divides",
		 facts->sides[0].size > facts->sides[1].size ? facts->sides[0].size : facts->sides[1].size);
	return true;
}

static void
add_origin(const struct cause_facts *facts, struct cause *out, int side)
{
	if (!cause_decider(&facts->sides[side]))
		return;
	text_add(&out->text, "; the %" PRId64 " came in with %s, made by ", facts->sides[side].size, cause_operand_name(facts, facts->sides[side].place));
	cause_add_step(facts, &out->text, cause_decider(&facts->sides[side]));
	if (cause_decider(&facts->sides[side])->event.step >= 0 && cause_decider(&facts->sides[side])->event.step + 1 < facts->step)
		text_add(&out->text, " in step %" PRId64 " and kept since", cause_decider(&facts->sides[side])->event.step);
}

/* Needs: what torch.compile told of an operation that it traced. Says no more than the mismatch, and what came in. */
bool
cause_compiled(const struct cause_facts *facts, struct cause *out)
{
	if (!facts->message || !strstr(facts->message, "fake tensors: call_") || !facts->mismatch || !facts->event)
		return false;
	out->confidence = "possible";
	text_add(&out->text, "inside the compiled part (torch.compile traced this line): %s", facts->mismatch->text);
	add_origin(facts, out, 0);
	add_origin(facts, out, 1);
	text_add(&out->fix, "bring what came in to the size of what it meets before the compiled part is called, or make the other from its size; without torch.compile "
		 "(torch.compiler.set_stance(\"force_eager\")) every operation on the way is recorded");
	return true;
}
