/* A rule about rows that were taken off each batch before all batches were put together. */
#include <inttypes.h>
#include <string.h>

#include "../causes_tool.h"
#include "../../mismatch/mismatch_rule.h"
#include "../../where.h"
#include "taken.h"

/* Does EVENT leave out the first and keep all that follow, as of several, the first of which is something else (a loss)? */
static bool
leaves_first(const struct event *event)
{
	int64_t start = 0, end = RULE_INT_MOST, step = 1;

	rule_int(event, "start", &start);
	rule_int(event, "end", &end);
	rule_int(event, "step", &step);
	return mismatch_is_any(event->operation, "slice") && start == 1 && step == 1 && end >= RULE_INT_MOST;
}

/* Where what EVENT took rows off was made, and how it is made usually. */
static void
add_made(const struct cause_facts *facts, const struct event *event, struct text *text)
{
	struct lineage_step made = { .dim = -1, .size = -1 };
	int self = rule_any(event, "self input");

	if (self < 0 || !facts->source->maker(facts->source->context, facts->process, event->operands[self].tensor, event->id, &made.event, &made.output))
		return;
	text_add(text, "; what it was given was made by ");
	cause_add_line(facts, text, &made, -1);
}

/* Needs: a size that came in ready-made, smaller than the other's, and a line that took just those rows off (taken.h): two sums that don't depend on each other. */
bool
cause_rows_taken(const struct cause_facts *facts, struct cause *out)
{
	const struct lineage *sides[2] = { facts->sides[0].lineage, facts->sides[1].lineage };
	const int64_t sizes[2] = { facts->sides[0].size, facts->sides[1].size };
	struct lineage_step step = { .dim = 0, .size = -1 };
	const char *name, *other;
	struct taken taken;
	int64_t gone;
	bool own;

	if (!cause_disagrees(facts, "size") || !facts->source || !taken_find(facts->source, facts->process, sides, sizes, &taken))
		return false;
	name = cause_operand_name(facts, facts->sides[taken.side].place);
	other = cause_operand_name(facts, facts->sides[!taken.side].place);
	step.event = taken.event;
	gone = taken.was - taken.is;
	out->confidence = "likely";
	out->tells_news = true;
	if (taken.each)
		text_add(&out->text, "%s has %" PRId64 " row%s fewer than %s: each of %" PRId64 " batches lost %" PRId64 " before they were put together, by ", name, gone, language_plural(gone), other,
			 taken.calls, taken.each);
	else
		text_add(&out->text, "%s has %" PRId64 " row%s fewer than %s: %" PRId64 " batches lost them before they were put together, by ", name, gone, language_plural(gone), other, taken.calls);
	cause_add_line(facts, &out->text, &step, -1);
	text_add(&out->evidence, "its last %" PRId64 " calls left %" PRId64 " of %" PRId64 ", as many as came in of %s and of %s", taken.calls, taken.is, taken.was, name, other);
	add_made(facts, &taken.event, &out->evidence);
	own = where_is_own(facts->source, facts->process, taken.event.site);
	if (!own && leaves_first(&taken.event)) {
		text_add(&out->fix, "that line takes the first of several outputs for the loss and keeps the others, but was given one tensor, of which it so drops a row: give it several (return (loss, {\"logits\": "
			 "...}), a dict or a tuple, from compute_loss or forward), not the tensor alone");
		return true;
	}
	if (own)
		text_add(&out->fix, "keep those rows there, or take the same ones off %s, too", other);
	else
		text_add(&out->fix, "give that line what it leaves all rows of, or take the same ones off %s, too", other);
	if (leaves_first(&taken.event))
		text_add(&out->fix, "; if it is to leave out what stands first of several outputs (a loss), give it those as a tuple, not one tensor alone");
	return true;
}
