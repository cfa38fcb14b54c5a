/* Rules about what is made for as many as are expected, a number by name or a count, and gets more. */
#include <inttypes.h>
#include <string.h>

#include "../causes_tool.h"
#include "../../mismatch/mismatch_rule.h"

#define CALLS_LEAST 10

static const char makers[] = "arange zeros ones full empty new_zeros new_ones new_full new_empty";
static const char writers[] = "scatter scatter_add scatter_reduce index_add index_copy index_reduce index_put index_fill";

/* What STEP's line made before of the dimension in question; false where too few calls tell. */
static bool
made_before(const struct cause_facts *facts, const struct lineage_step *step, struct usual *out)
{
	return cause_made_before(facts, step, out) && out->calls >= CALLS_LEAST;
}

/* Needs: one side was made by a line that always makes a number by name, and the other, which varied up to that, is more for the first time. */
bool
cause_made_for(const struct cause_facts *facts, struct cause *out)
{
	struct usual fixed, given;

	if (!cause_disagrees(facts, "size"))
		return false;
	for (int i = 0; i < 2; i++) {
		const struct cause_side *side = &facts->sides[i], *other = &facts->sides[!i];
		const struct lineage_step *made = cause_decider(side), *grown = cause_decider(other);
		const json_t *number;
		const char *name;

		if (!made || !grown || made->possible || grown->possible || other->size <= side->size || !cause_decided_by(side, makers) || cause_is_built(facts, made) ||
		    !(number = cause_number_at(facts, made, side->size)) || !made_before(facts, made, &fixed) || !usual_is_steady(&fixed) || fixed.smallest != side->size ||
		    !made_before(facts, grown, &given) || given.smallest == given.largest || given.largest > side->size)
			continue;
		name = cause_operand_name(facts, other->place);
		out->confidence = "likely";
		out->tells_news = true;
		out->setting = number;
		text_add(&out->text, "%s is made for %s = %" PRId64 " and no more, by ", cause_operand_name(facts, side->place), text_get(number, "name"), side->size);
		cause_add_line(facts, &out->text, made, side->size);
		text_add(&out->text, ", and %s, which isn't held to that, has %" PRId64 " for the first time (%" PRId64 " to %" PRId64 " in the last %" PRId64 " calls)", name, other->size,
			 given.smallest, given.largest, given.calls);
		text_add(&out->evidence, "%s: made by ", name);
		cause_add_line(facts, &out->evidence, grown, other->size);
		text_add(&out->fix, "hold %s to %s where it is made (keep %" PRId64 " of the %" PRId64 "), or make both as long as it is: raise %s to %" PRId64 " or more", name,
			 text_get(number, "name"), side->size, other->size, text_get(number, "name"), other->size);
		return true;
	}
	return false;
}

/* The arange whose numbers the index of SIDE holds; NULL. */
static const struct lineage_step *
numbering(const struct cause_side *side)
{
	const struct lineage_step *step = cause_step_any(side, "arange");

	return step && !step->possible && step->event.output_count == 1 && step->event.outputs[0].ndim == 1 ? step : NULL;
}

/* Needs: what is written to rows that an index numbers, all of them by counting; there are more of those than rows. */
bool
cause_numbered_more(const struct cause_facts *facts, struct cause *out)
{
	const struct cause_side *index = &facts->sides[0], *table = &facts->sides[1];
	const struct lineage_step *rows = cause_decider(table), *counted = numbering(index);
	struct lineage_step asked;
	struct usual before = { 0 };
	int64_t count;
	bool news;

	if (!cause_disagrees(facts, "index") || !cause_is(facts, writers) || !counted || !rows || rows->possible || cause_is_old(facts, table) ||
	    !facts->mismatch->has_actual || (count = counted->event.outputs[0].sizes[0]) != facts->mismatch->actual + 1 || count <= facts->mismatch->expected)
		return false;
	asked = *counted;
	asked.dim = 0;
	asked.size = count;
	news = made_before(facts, &asked, &before) && usual_is_beyond(&before, count);
	out->confidence = "likely";
	out->tells_news = true;
	text_add(&out->text, "%s numbers %" PRId64 ", by ", cause_operand_name(facts, facts->mismatch->operand), count);
	cause_add_line(facts, &out->text, &asked, count);
	text_add(&out->text, ", and there are rows for %" PRId64 ", by ", facts->mismatch->expected);
	cause_add_line(facts, &out->text, rows, facts->mismatch->expected);
	if (news && before.smallest == before.largest)
		text_add(&out->evidence, "in the last %" PRId64 " calls it always numbered %" PRId64 ": it is this time's %" PRId64 " that is new", before.calls, before.largest, count);
	else if (news)
		text_add(&out->evidence, "in the last %" PRId64 " calls it numbered %" PRId64 " to %" PRId64 ": it is this time's %" PRId64 " that is new", before.calls, before.smallest,
			 before.largest, count);
	if (news)
		text_add(&out->fix, "see what there is one time more of (%" PRId64 " where %" PRId64 " are counted) and leave it out, or count those rows from the same list", count,
			 facts->mismatch->expected);
	else
		text_add(&out->fix, "count the rows from the same list as the index (%" PRId64 ", where %" PRId64 " are made)", count, facts->mismatch->expected);
	return true;
}
