/* A rule about samples that are of several parts (tiles, frames, crops), not all of as many. */
#include <inttypes.h>
#include <string.h>

#include "../causes_tool.h"
#include "../../mismatch/mismatch_rule.h"
#include "../../where.h"

/* The step that put SIDE's parts together along the dimension in question; NULL. */
static const struct lineage_step *
parts_of(const struct cause_side *side)
{
	const struct lineage_step *step = cause_decider(side);

	return step && !step->possible && mismatch_is_any(step->event.operation, "stack") && step->size == side->size && rule_pieces(&step->event) == side->size ? step : NULL;
}

/* Needs: two samples that are stacked, each of them stacked by one line from parts, and not of as many. */
bool
cause_parts_differ(const struct cause_facts *facts, struct cause *out)
{
	const struct lineage_step *one = parts_of(&facts->sides[0]), *other = parts_of(&facts->sides[1]);
	const struct mismatch *mismatch = facts->mismatch;
	char caller[512];

	if (!cause_disagrees(facts, "size") || !facts->source || !cause_is(facts, "stack") || !one || !other || one->event.id == other->event.id ||
	    !where_same_line(facts->source, facts->process, one->event.site, other->event.site) || facts->event->operands[mismatch->operand].item < 0)
		return false;
	out->confidence = "likely";
	text_add(&out->text, "number %d (%s) is of %" PRId64 " parts, others of %" PRId64 ": each sample has as many (tiles, frames, crops) as it needs, stacked by ",
		 facts->event->operands[mismatch->operand].item, cause_operand_name(facts, mismatch->operand), one->size, other->size);
	cause_add_step(facts, &out->text, one);
	if (facts->sides[0].calls && facts->sides[0].smallest == facts->sides[0].largest)
		text_add(&out->evidence, "in %" PRId64 " earlier calls it was always %" PRId64, facts->sides[0].calls, facts->sides[0].largest);
	text_add(&out->fix, "fill up the parts that a sample lacks, and keep how many are real (torch.nn.utils.rnn.pad_sequence pads dimension 0 with zeros)");
	if (where_caller_line(facts->source, facts->process, one->event.site, caller, sizeof(caller)))
		text_add(&out->fix, "; or give what is called at %s all samples of the batch at once, if it fills them up itself", caller);
	return true;
}
