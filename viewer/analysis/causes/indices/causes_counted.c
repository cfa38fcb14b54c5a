/* A rule about a number of groups that was taken from the largest index. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../causes_tool.h"
#include "../../mismatch/mismatch_rule.h"
#include "../../where.h"

#define BEFORE_MOST 12 /* operations between the reading of the value and what it is used for */

bool
cause_read_value(const struct event *event, int64_t *value, int64_t *tensor)
{
	char name[96], *end;

	mismatch_plain_name(event->operation, name, sizeof(name));
	if (!text_among("item local_scalar_dense", name) || event->operand_count < 1 || event->output_count < 1 || !event->outputs[0].value ||
	    !rule_is_integral(event->operands[0].dtype))
		return false;
	*value = strtoll(event->outputs[0].value, &end, 10);
	*tensor = event->operands[0].tensor;
	return end != event->outputs[0].value && !*end && *tensor > 0;
}

struct counted { int64_t largest; struct event max; };

/* Was the size of STEP, which asked for it, the largest of some index and one? */
static bool
is_counted(const struct cause_facts *facts, const struct lineage_step *step, struct counted *out)
{
	struct event event;
	int64_t tensor;
	int output;

	for (int64_t id = step->event.id - 1; id >= 0 && id >= step->event.id - BEFORE_MOST; id--) {
		if (!facts->source->event(facts->source->context, facts->process, id, &event))
			return false;
		if (event.thread != step->event.thread || !cause_read_value(&event, &out->largest, &tensor))
			continue;
		if (out->largest + 1 != step->size ||
		    !facts->source->maker(facts->source->context, facts->process, tensor, id, &out->max, &output))
			return false;
		return mismatch_is_any(out->max.operation, "max amax") && out->max.operand_count > 0 && rule_is_integral(out->max.operands[0].dtype);
	}
	return false;
}

/* Did STEP make as many as the largest of its values and one (bincount, one_hot, without the number), or as there are different values (DISTINCT)? */
static bool
is_by_values(const struct lineage_step *step, bool *distinct)
{
	const struct operand *made = step->output >= 0 && step->output < step->event.output_count ? &step->event.outputs[step->output] : NULL;
	int64_t asked;

	*distinct = mismatch_is_any(step->event.operation, "unique unique2 unique_consecutive");
	if (!made || step->dim < 0)
		return false;
	if (*distinct)
		return made->ndim == 1 && step->dim == 0;
	if (mismatch_is_any(step->event.operation, "bincount"))
		return step->dim == 0 && (!rule_int(&step->event, "minlength", &asked) || asked < step->size);
	return mismatch_is_any(step->event.operation, "one_hot") && step->dim == made->ndim - 1 && (!rule_int(&step->event, "num_classes", &asked) || asked < 0);
}

/* Is the size of SIDE no matter of this batch: as in every call before, or a layer's? */
static bool
is_constant(const struct cause_facts *facts, const struct cause_side *side)
{
	return (side->calls && side->smallest == side->largest && side->size == side->largest) || cause_weight_made(side) || cause_is_parameter(facts, side->place);
}

/* FEW's size was made by the values that STEP was given, of which none is as large as the last of MANY. */
static void
tell_by_values(const struct cause_facts *facts, struct cause *out, const struct lineage_step *step, const struct cause_side *few, const struct cause_side *many, bool distinct)
{
	int self = rule_any(&step->event, "self input");
	bool one_hot = mismatch_is_any(step->event.operation, "one_hot");

	out->confidence = is_constant(facts, many) ? "likely" : "possible";
	out->tells_news = true;
	cause_add_line(facts, &out->text, step, step->size);
	if (distinct)
		text_add(&out->text, " makes as many as there are different values: %" PRId64 " of %" PRId64 " occur in this batch", step->size, many->size);
	else if (many->size - step->size == 1)
		text_add(&out->text, " makes as many as the largest value and one: here no value is %" PRId64 ", the largest is %" PRId64, many->size - 1, step->size - 1);
	else
		text_add(&out->text, " makes as many as the largest value and one: here no value is among %" PRId64 " to %" PRId64 ", the largest is %" PRId64, step->size, many->size - 1,
			 step->size - 1);
	if (self >= 0)
		text_add(&out->text, " (of %" PRId64 " values)", rule_count(&step->event.operands[self]));
	text_add(&out->text, "; so %s has %" PRId64 " where %s has %" PRId64, cause_operand_name(facts, few->place), few->size, cause_operand_name(facts, many->place), many->size);
	if (facts->calls && facts->agreed == facts->calls)
		text_add(&out->evidence, "in %" PRId64 " earlier calls they agreed", facts->calls);
	if (one_hot)
		text_add(&out->fix, "give it the number there: one_hot(..., num_classes=%" PRId64 ")", many->size);
	else if (distinct)
		text_add(&out->fix, "count all %" PRId64 " there, those that don't occur as 0: torch.bincount(..., minlength=%" PRId64 ")", many->size, many->size);
	else
		text_add(&out->fix, "give it the number there: torch.bincount(..., minlength=%" PRId64 ")", many->size);
	text_add(&out->fix, ", the number from where the %" PRId64 " of %s is set, not from the data", many->size, cause_operand_name(facts, many->place));
}

/* Needs: a size by the largest of the values (bincount, one_hot) or by how many there are, less than what it meets. Likely where that is constant. */
static bool
by_values(const struct cause_facts *facts, struct cause *out)
{
	for (int i = 0; i < 2; i++) {
		const struct cause_side *few = &facts->sides[i], *many = &facts->sides[1 - i];
		const struct lineage_step *step = cause_decider(few);
		bool distinct;

		if (!step || few->place < 0 || many->place < 0 || few->size >= many->size || few->size != step->size || !is_by_values(step, &distinct) ||
		    (!is_constant(facts, many) && (!facts->calls || facts->agreed != facts->calls)))
			continue;
		tell_by_values(facts, out, step, few, many, distinct);
		return true;
	}
	return false;
}

/* Needs: a size that a tensor of zeros was asked for, which is one more than the largest value of an index, read just before; and one less than
 * what it meets, or another than it was; or one that an operation made so by itself (by_values). */
bool
cause_counted(const struct cause_facts *facts, struct cause *out)
{
	if (cause_disagrees(facts, "size") && by_values(facts, out))
		return true;
	for (int i = 0; i < 2; i++) {
		const struct cause_side *few = &facts->sides[i], *many = &facts->sides[1 - i];
		const struct lineage_step *step = cause_decider(few);
		char where[4200];
		struct counted counted;

		if (!cause_disagrees(facts, "size") || !facts->source || !step || few->size >= many->size || few->size != step->size ||
		    !cause_decided_by(few, "new_zeros zeros new_full full new_ones ones new_empty empty") || !is_counted(facts, step, &counted))
			continue;
		out->confidence = "likely";
		text_add(&out->text, "the %" PRId64 " of %s was counted from the data, as one more than the largest number (%" PRId64 ") in an index of %" PRId64, few->size,
			 cause_operand_name(facts, few->place), counted.largest, rule_count(&counted.max.operands[0]));
		if (where_site_line(facts->source, facts->process, counted.max.site, false, where, sizeof(where)))
			text_add(&out->text, " (%s)", where);
		text_add(&out->text, "; of %" PRId64 " groups the last%s no entry in it, so %s missing", many->size,
			 many->size - few->size == 1 ? SAY(" has") : SAY(" have"), many->size - few->size == 1 ? SAY("it is") : SAY("they are"));
		text_add(&out->evidence, "%s; made by ", facts->mismatch->text);
		cause_add_step(facts, &out->evidence, step);
		if (many->calls && many->smallest == many->largest && many->size == many->largest)
			text_add(&out->evidence, "; %s had %" PRId64 " in each of %" PRId64 " earlier calls", cause_operand_name(facts, many->place), many->size, many->calls);
		text_add(&out->fix, "give the call at that line the number of groups (%" PRId64 " here: size=, num_segments=, minlength= or the like, from the batch itself) instead "
			 "of letting it count up to the largest index", many->size);
		return true;
	}
	return false;
}
