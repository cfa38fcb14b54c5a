/* A rule about an index that is valid elsewhere: what it was just used with has more rows than the table that it is out of. */
#include <inttypes.h>
#include <string.h>

#include "causes_tool.h"
#include "../mismatch/mismatch_rule.h"

#define EVENTS_BEFORE 200

static const char lookups[] = "cross_entropy_loss nll_loss nll_loss2d nll_loss_nd embedding index_select one_hot index gather";

/* How many classes (rows) EVENT has for the tensor INDEX that it was given as its target or index; 0: it wasn't. */
static int64_t
rows_for(const struct event *event, int64_t index)
{
	int place = rule_any(event, "target indices index"), self = rule_any(event, "self input weight");

	for (int i = 0; place < 0 && i < event->operand_count; i++)
		if (event->operands[i].item == 0 && event->operands[i].ndim >= 0 && i != self)
			place = i;
	if (!mismatch_is_any(event->operation, lookups) || place < 0 || self < 0 || event->operands[place].tensor != index || event->operands[self].ndim < 1)
		return 0;
	return event->operands[self].sizes[strstr(event->operation, "loss") && event->operands[self].ndim > 1 ? 1 : 0];
}

/* Needs: an index out of a table's rows that went into another operation just before, with rows for it. */
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
		if (facts->source->event(facts->source->context, facts->process, id, &event) && event.thread == facts->event->thread && strcmp(event.status, "ok") == 0)
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
