/* A rule about what is repeated for each of a batch and had one for each already. */
#include <inttypes.h>

#include "../causes_tool.h"
#include "../../mismatch/mismatch_rule.h"

/* The size that STEP, a repeat, had to repeat along its dimension; 0 where it is none, or that isn't known. */
static int64_t
repeated_from(const struct lineage_step *step)
{
	int place = mismatch_is_any(step->event.operation, "repeat repeat_interleave tile") ? rule_any(&step->event, "self input") : -1, dim;

	if (place < 0 || step->dim < 0 || step->output < 0 || step->output >= step->event.output_count)
		return 0;
	dim = step->dim - (step->event.outputs[step->output].ndim - step->event.operands[place].ndim);
	return dim >= 0 && dim < step->event.operands[place].ndim ? step->event.operands[place].sizes[dim] : 0;
}

const struct lineage_step *
cause_repeated(const struct cause_side *side, int64_t from)
{
	for (int i = 0; side->lineage && i < side->lineage->count && side->lineage->steps[i].size == side->size; i++)
		if (repeated_from(&side->lineage->steps[i]) == from)
			return side->lineage->steps[i].possible ? NULL : &side->lineage->steps[i];
	return NULL;
}

/* What made FROM out of equal parts TIMES fewer, before REPEAT on SIDE's way; NULL. */
static const struct lineage_step *
multiplied_before(const struct cause_side *side, const struct lineage_step *repeat, int64_t from, int64_t times)
{
	for (const struct lineage_step *step = repeat + 1; step < side->lineage->steps + side->lineage->count && step->size == from; step++)
		if (repeated_from(step) * times == from || cause_piece_width(step) * times == from)
			return step->possible ? NULL : step;
	return NULL;
}

/* Needs: one side was repeated, and had as many as the other before. It is the repeat that is wrong where it is as many times as there already are, or
 * where something before had multiplied it as often; calls that went well had it, too. */
bool
cause_repeated_already(const struct cause_facts *facts, struct cause *out)
{
	if (!cause_disagrees(facts, "size") || (facts->calls && facts->agreed == facts->calls))
		return false;
	for (int i = 0; i < 2; i++) {
		const struct cause_side *side = &facts->sides[i], *other = &facts->sides[!i];
		const struct lineage_step *repeat = other->size > 1 && side->size > other->size ? cause_repeated(side, other->size) : NULL, *before;
		int64_t times = repeat ? side->size / other->size : 0;
		const char *name;

		if (!repeat || side->size % other->size)
			continue;
		before = multiplied_before(side, repeat, other->size, times);
		if (!before && times != other->size)
			continue;
		name = cause_operand_name(facts, side->place);
		out->confidence = "likely";
		text_add(&out->text, "%s had %" PRId64 ", as many as %s has, before it was repeated %" PRId64 " times to %" PRId64 " by ", name, other->size,
			 cause_operand_name(facts, other->place), times, side->size);
		cause_add_line(facts, &out->text, repeat, side->size);
		if (before) {
			text_add(&out->evidence, "it was made %" PRId64 " times as many before that already, by ", times);
			cause_add_line(facts, &out->evidence, before, other->size);
		} else
			text_add(&out->evidence, "it is repeated for each of %" PRId64 ", and has one for each of %" PRId64 " already", times, other->size);
		if (before)
			text_add(&out->fix, "leave one of the two out, or repeat only as often as is missing (what is wanted divided by what is there: once)");
		else
			text_add(&out->fix, "give %s as one there (1 x %" PRId64 " = %" PRId64 "): call what repeats it for one of the %" PRId64 " at a time; or leave the repeat out", name, times,
				 other->size, times);
		return true;
	}
	return false;
}
