/* A rule about an index that is valid elsewhere: the loss that it was just given to has more classes than the table that it is out of. */
#include <inttypes.h>
#include <string.h>

#include "../causes_tool.h"
#include "../../mismatch/mismatch_rule.h"

#define EVENTS_BEFORE 200

static const char losses[] = "cross_entropy_loss nll_loss nll_loss2d nll_loss_nd";

/* How many classes EVENT, a loss, has for the labels INDEX; 0: it was given others. */
static int64_t
rows_for(const struct event *event, int64_t index)
{
	int target = rule_tensor(event, "target"), self = rule_tensor(event, "self");

	if (!mismatch_is_any(event->operation, losses) || target < 0 || self < 0 || event->operands[target].tensor != index || event->operands[self].ndim < 1)
		return 0;
	return event->operands[self].sizes[event->operands[self].ndim > 1 ? 1 : 0];
}

/* Needs: an index out of a table's rows that were the labels of a loss of the same step, with a class for it. */
bool
cause_table_short(const struct cause_facts *facts, struct cause *out)
{
	const struct mismatch *mismatch = facts->mismatch;
	const struct operand *index = cause_disagrees(facts, "index") && facts->source && mismatch->operand >= 0 ? &facts->event->operands[mismatch->operand] : NULL;
	const struct lineage_step *made;
	struct event event;
	int64_t rows = 0;

	if (!index || index->tensor < 1 || !mismatch->has_actual || mismatch->actual < mismatch->expected || facts->event->id == INT64_MAX)
		return false;
	for (int64_t id = facts->event->id - 1; id >= 0 && id >= facts->event->id - EVENTS_BEFORE && !rows; id--)
		if (facts->source->event(facts->source->context, facts->process, id, &event) && event.step == facts->event->step && event.thread == facts->event->thread && strcmp(event.status, "ok") == 0)
			rows = rows_for(&event, index->tensor);
	if (rows <= mismatch->actual)
		return false;
	made = cause_decider(&facts->sides[1]);
	out->confidence = "likely";
	text_add(&out->text, "%s is too short: the same %s just went well with %" PRId64 " classes, in ", cause_operand_name(facts, mismatch->against),
		 cause_operand_name(facts, mismatch->operand), rows);
	cause_add_event(facts, &out->text, &event);
	text_add(&out->text, ", and it has %" PRId64 ": %" PRId64 " is a class, and nothing there is for it", mismatch->expected, mismatch->actual);
	if (made) {
		text_add(&out->evidence, "it was made by ");
		cause_add_line(facts, &out->evidence, made, mismatch->expected);
	}
	text_add(&out->fix, "give %s an entry for each of the %" PRId64 " where it is made", cause_operand_name(facts, mismatch->against), rows);
	if (made) {
		text_add(&out->fix, " (");
		cause_add_step(facts, &out->fix, made);
		text_add(&out->fix, ")");
	}
	text_add(&out->fix, "; to map the values would give those samples another class");
	return true;
}
