/* Positions that are counted from more than 0, of a table that so holds fewer: told by the rule about indices. */
#include <inttypes.h>

#include "../causes_tool.h"
#include "../../mismatch/mismatch_rule.h"

#define OFFSET_MOST 8 /* rows that a table of positions keeps in front (padding_idx + 1) */

/* A sequence that was put together of what a limit by name cut, and of MORE beside it that the limit doesn't count. */
struct beyond { const json_t *limit; const struct lineage_step *joined; int64_t most, more; };

/* Is a piece of CAT, which has COLUMNS together, as long as MOST? */
static bool
has_piece(const struct lineage_step *cat, int64_t columns, int64_t most)
{
	const struct operand *made = cat->output >= 0 && cat->output < cat->event.output_count ? &cat->event.outputs[cat->output] : NULL;

	if (!made || made->ndim < 1 || made->sizes[made->ndim - 1] != columns || !mismatch_is_any(cat->event.operation, "cat concat concatenate"))
		return false;
	for (int i = rule_next(&cat->event, 0); i >= 0; i = rule_next(&cat->event, i + 1))
		if (cat->event.operands[i].ndim == made->ndim && cat->event.operands[i].sizes[made->ndim - 1] == most)
			return true;
	return false;
}

/* The sequence of COLUMNS, more than ROOM, is a limit by name and what was joined to it: by a cat on the index's way, or, where it is a list's, by a line
 * that names just as many. */
static bool
find_beyond(const struct cause_facts *facts, int64_t columns, int64_t room, struct beyond *out)
{
	const struct lineage *lineage = facts->sides[0].lineage;
	struct text_walk at = { 0 };
	const json_t *number;

	while (lineage && (number = cause_next_number(facts, &at))) {
		int64_t most = json_integer_value(json_object_get(number, "value"));

		if (most < 2 || most > room || most >= columns || columns - most >= room || !cause_is_limit(facts, number) || cause_is_called(number, "position"))
			continue; /* what the table was built by is no limit of the sequences */
		*out = (struct beyond){ .limit = number, .most = most, .more = columns - most };
		for (int i = 0; i < lineage->count; i++) {
			const struct lineage_step *step = &lineage->steps[i];

			out->joined = step;
			if ((step->entered && cause_number_at(facts, step, out->more)) || has_piece(step, columns, most))
				return true;
		}
	}
	return false;
}

static void
tell_beyond(const struct cause_facts *facts, struct cause *out, const struct beyond *beyond, int64_t room)
{
	out->setting = beyond->limit;
	text_add(&out->text, " = %" PRId64 " + %" PRId64 ": the limit of %" PRId64, beyond->more, beyond->most, beyond->most);
	cause_add_number(facts, &out->text, beyond->limit);
	text_add(&out->text, " doesn't count the %" PRId64 " that are joined by ", beyond->more);
	cause_add_line(facts, &out->text, beyond->joined, beyond->more);
	text_add(&out->fix, "set %s to %" PRId64 " (%" PRId64 " - %" PRId64 "), as what is joined takes its places, too; or build the table for sequences of %" PRId64,
		 text_get(beyond->limit, "name"), room - beyond->more, room, beyond->more, beyond->most + beyond->more);
}

bool
cause_tell_offset(const struct cause_facts *facts, struct cause *out, bool joined)
{
	const struct mismatch *mismatch = facts->mismatch;
	const struct operand *index = &facts->event->operands[mismatch->operand];
	int64_t columns = index->ndim > 0 ? index->sizes[index->ndim - 1] : 0, offset = mismatch->has_actual ? mismatch->actual - columns + 1 : 0;
	struct beyond beyond;
	bool found;

	if (columns < 2 || offset < 1 || offset > OFFSET_MOST || mismatch->expected <= offset || !cause_step_any(&facts->sides[0], "cumsum arange"))
		return false;
	found = find_beyond(facts, columns, mismatch->expected - offset, &beyond);
	if (joined && !found)
		return false;
	out->confidence = "likely";
	text_add(&out->text, "these positions begin at %" PRId64 ", not at 0: a table of %" PRId64 " rows holds sequences of %" PRId64 ", and this one has %" PRId64, offset, mismatch->expected,
		 mismatch->expected - offset, columns);
	text_add(&out->evidence, "%sposition %" PRId64 " is asked for", out->evidence.used ? SAY("; ") : "", mismatch->actual);
	if (found) {
		tell_beyond(facts, out, &beyond, mismatch->expected - offset);
		return true;
	}
	out->setting = cause_named_number(facts, mismatch->expected, "position max");
	cause_add_number(facts, &out->text, out->setting);
	text_add(&out->fix, "cut the sequences to %" PRId64 " (the table's rows less %" PRId64 "), whatever the limit for them is called; or build the table with %" PRId64 " rows more than the "
		 "longest sequence", mismatch->expected - offset, offset, offset);
	if (out->setting && columns == mismatch->expected)
		text_add(&out->fix, "; the sequence is as long as %s: if that is its limit, too, raising it raises both", text_get(out->setting, "name"));
	return true;
}
