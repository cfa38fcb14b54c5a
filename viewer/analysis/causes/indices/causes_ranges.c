/* Rules about bounds that are padding: rows that padding added to a table of starts and ends are read as if they were some, or to running totals as if
 * they went on. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../causes_tool.h"
#include "../../mismatch/mismatch_rule.h"

#define BEFORE_MOST 12 /* operations between the reading of the bounds and what they are used for */

/* The bounds that STEP, which made nothing, was asked for, being one number; false if it is no such operation. */
static bool
is_empty_range(const struct lineage_step *step, int64_t *bound)
{
	int64_t start = 0, end;

	if (!step || step->size != 0 || !mismatch_is_any(step->event.operation, "arange slice"))
		return false;
	rule_int(&step->event, "start", &start);
	if (!rule_int(&step->event, "end", &end) || start != end)
		return false;
	*bound = end;
	return true;
}

/* The last two whole numbers that were read before STEP, both BOUND, and the tensor of the last of them; false if they weren't. */
static bool
read_before(const struct cause_facts *facts, const struct lineage_step *step, int64_t bound, int64_t *tensor, int64_t *before)
{
	struct event event;
	int64_t value, of;
	int found = 0;

	for (int64_t id = step->event.id - 1; id >= 0 && id >= step->event.id - BEFORE_MOST && found < 2; id--) {
		if (!facts->source->event(facts->source->context, facts->process, id, &event))
			return false;
		if (event.thread != step->event.thread || !cause_read_value(&event, &value, &of))
			continue;
		if (value != bound)
			return false;
		if (!found++) {
			*tensor = of;
			*before = id;
		}
	}
	return found == 2;
}

/* Does PAD, of VALUE, put together rows of which one has more than another? */
static bool
adds_rows(const struct event *pad, int64_t value)
{
	int place = rule_place(pad, "padding_value") >= 0 ? rule_place(pad, "padding_value") : rule_place(pad, "value"), first = rule_next(pad, 0);
	const char *is = place >= 0 ? pad->operands[place].value : NULL;

	if ((is ? strtod(is, NULL) : 0) != (double)value)
		return false;
	if (!mismatch_is_any(pad->operation, "pad_sequence"))
		return true;
	for (int i = first; i >= 0; i = rule_next(pad, i + 1))
		if (pad->operands[i].ndim > 0 && pad->operands[first].ndim > 0 && pad->operands[i].sizes[0] != pad->operands[first].sizes[0])
			return true;
	return false;
}

/* The step of LINEAGE (the elements of what was read) that padded them with VALUE; NULL. */
static const struct lineage_step *
padded_with(const struct lineage *lineage, int64_t value)
{
	for (int i = 0; i < lineage->count; i++)
		if (mismatch_is_any(lineage->steps[i].event.operation, "pad_sequence constant_pad_nd pad"))
			return adds_rows(&lineage->steps[i].event, value) ? &lineage->steps[i] : NULL;
	return NULL;
}

/* Needs: a tensor without elements that was made for a range, both bounds of which were read just before, are one number, and come from a table that was padded
 * with that; what it meets has elements. */
bool
cause_padded_ranges(const struct cause_facts *facts, struct cause *out)
{
	struct lineage *lineage = cause_disagrees(facts, "size") && facts->source ? calloc(1, sizeof(*lineage)) : NULL;
	const struct lineage_step *step = NULL, *pad = NULL;
	int64_t bound = 0, tensor = 0, before = 0;

	for (int i = 0; lineage && i < 2 && !pad; i++) {
		step = cause_decider(&facts->sides[i]);
		if (facts->sides[i].size != 0 || facts->sides[!i].size < 1 || !is_empty_range(step, &bound) || !read_before(facts, step, bound, &tensor, &before))
			continue;
		lineage_walk_tensor(facts->source, facts->process, tensor, before, -1, LINEAGE_VALUES, lineage);
		pad = padded_with(lineage, bound);
	}
	if (pad) {
		out->confidence = "likely";
		out->tells_news = true;
		text_add(&out->text, "padding became data: a range from %" PRId64 " to %" PRId64 ", in which nothing is, was made by ", bound, bound);
		cause_add_line(facts, &out->text, step, -1);
		text_add(&out->text, "; both bounds are the padding (%" PRId64 ") that a table of starts and ends got by ", bound);
		cause_add_line(facts, &out->text, pad, -1);
		text_add(&out->evidence, "the bounds were read just before, and go back to that line");
		if (mismatch_is_any(pad->event.operation, "pad_sequence")) {
			text_add(&out->evidence, ", which put together samples of unequal length: ");
			cause_add_pieces(&out->evidence, &pad->event, 0);
		}
		text_add(&out->fix, "leave such rows out before ranges are made of them (those that end where they start), or don't pad the table: keep a list with each sample's own; no length "
			 "is to be brought in line here");
	}
	free(lineage);
	return pad != NULL;
}

/* Needs: numbers below 0 that are differences of neighbours, of what was padded, with less than it holds: totals only grow. */
bool
cause_padded_totals(const struct cause_facts *facts, struct cause *out)
{
	const struct lineage_step *made = cause_disagrees(facts, "length") && facts->mismatch->actual < 0 ? cause_decider(&facts->sides[0]) : NULL;
	int place = made && mismatch_is_any(made->event.operation, "diff sub") ? rule_any(&made->event, "self input") : -1;
	struct lineage *lineage = place >= 0 && facts->source ? calloc(1, sizeof(*lineage)) : NULL;
	const struct lineage_step *pad = NULL;

	if (lineage) {
		lineage_walk_tensor(facts->source, facts->process, made->event.operands[place].tensor, made->event.id, -1, LINEAGE_VALUES, lineage);
		pad = padded_with(lineage, 0);
	}
	if (pad) {
		out->confidence = "likely";
		out->tells_news = true;
		text_add(&out->text, "padding became data: running totals were padded with 0 by ");
		cause_add_line(facts, &out->text, pad, -1);
		text_add(&out->text, ", and the lengths are the differences of neighbours: behind the last total comes 0, a length of %" PRId64, facts->mismatch->actual);
		text_add(&out->evidence, "the differences were made by ");
		cause_add_step(facts, &out->evidence, made);
		if (mismatch_is_any(pad->event.operation, "pad_sequence")) {
			text_add(&out->evidence, "; what was padded was of unequal length: ");
			cause_add_pieces(&out->evidence, &pad->event, 0);
		}
		text_add(&out->fix, "pad totals with the last of them (so that the lengths behind it are 0), or take the differences first and pad these with 0, or keep a list with each sample's "
			 "own");
	}
	free(lineage);
	return pad != NULL;
}
