/* A rule about the last place of a row, which is its length less one, or one before what is found: -1 where a row has nothing, or nothing is found. */
#include <inttypes.h>
#include <string.h>

#include "../causes_tool.h"
#include "../../mismatch/mismatch_rule.h"
#include "../../mismatch/operand.h"

/* Does STEP take one away? (A plain number is a tensor without dimensions to it, whose value isn't recorded: then it takes some number away.) */
static bool
takes_one(const struct lineage_step *step)
{
	int number = rule_tensor(&step->event, "other");
	int64_t other = 0, alpha = 1;

	if (mismatch_is_any(step->event.operation, "sub") && number >= 0 && step->event.operands[number].ndim == 0)
		return true;

	rule_int(&step->event, "alpha", &alpha);
	return rule_int(&step->event, "other", &other) && ((mismatch_is_any(step->event.operation, "sub") && other * alpha == 1) ||
							    (mismatch_is_any(step->event.operation, "add") && other * alpha == -1));
}

/* Needs: an index of -1 whose elements are a count (or a place that was looked for) of each row, less one. */
bool
cause_counted_none(const struct cause_facts *facts, struct cause *out)
{
	const json_t *summary = cause_disagrees(facts, "index") ? cause_summary(facts, facts->mismatch->operand) : NULL;
	const struct lineage *index = facts->sides[0].lineage;
	const struct lineage_step *less = NULL, *counted = NULL;
	const struct operand *of;
	const json_t *local;
	bool found;
	int place;

	if (!summary || cause_count(summary, "min", 0) != -1 || !index || index->property != LINEAGE_VALUES)
		return false;
	for (int i = 0; i < index->count && !counted; i++) {
		if (!less && takes_one(&index->steps[i]))
			less = &index->steps[i];
		else if (less && mismatch_is_any(index->steps[i].event.operation, "sum count_nonzero argmax"))
			counted = &index->steps[i];
	}
	if (!counted)
		return false;
	place = rule_any(&counted->event, "self input");
	of = place >= 0 ? &counted->event.operands[place] : NULL;
	local = of && of->tensor > 0 ? operand_local(facts->frames, of->tensor) : NULL;
	out->confidence = "likely";
	found = mismatch_is_any(counted->event.operation, "argmax");
	if (found)
		text_add(&out->text, "what is looked for isn't in a row, or stands first in it: the place that was found less one (");
	else
		text_add(&out->text, "a row has nothing: its last place is the count less one (");
	cause_add_step(facts, &out->text, counted);
	text_add(&out->text, "; ");
	cause_add_step(facts, &out->text, less);
	text_add(&out->text, "), and that is 0 - 1 = -1 for at least one row");
	if (local)
		text_add(&out->text, " of %s", text_get(local, "name"));
	if (of && of->ndim > 0) {
		text_add(&out->evidence, "%s", found ? SAY("it is looked for along rows of ") : SAY("it is counted along rows of "));
		text_add_sizes(&out->evidence, of->sizes, of->ndim);
		text_add(&out->evidence, "; %" PRId64 " of %" PRId64 " elements of the index are negative", cause_count(summary, "negative", 0), cause_count(summary, "elements", 0));
	}
	if (found) {
		text_add(&out->fix, "argmax of a row without it is 0, too: where that is a full row (no padding in it), count the row instead (its mask's sum less one), or take the place modulo "
			 "the row's length; a row that begins with it is empty: leave it out before it gets here");
		return true;
	}
	text_add(&out->fix, "see what is empty in this batch (a text of which nothing was left, a mask without a True) and leave it out before it gets here; or bound the index (clamp(min=0)) and "
		 "don't count that row");
	return true;
}
