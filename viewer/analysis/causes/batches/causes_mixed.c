/* A rule about views that spread the rows of one batch over those of another. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../causes_tool.h"
#include "../../mismatch/mismatch_rule.h"

#define HOPS_MOST 24

static const char views[] = "view reshape unsafe_view reshape_alias unflatten";
static const char joins[] = "cat concat concatenate";

struct mixed {
	struct event view;       /* that put ROWS' numbers into BECAME rows */
	int64_t rows, became, width, should /* be the width */, other /* width of what it was joined to, 0 */;
	struct event from;       /* where it had its rows: the operand at PLACE */
	int place;
};

/* The tensor that EVENT is made of first; -1. */
static int
first_of(const struct event *event)
{
	int place = rule_any(event, "self input");

	return place >= 0 ? place : rule_next(event, 0);
}

/* Had what EVENT is made of ROWS rows, here or on its way? */
static bool
had_rows(const struct cause_facts *facts, const struct event *event, int64_t rows, struct mixed *out)
{
	struct event at = *event;
	int output;

	for (int hop = 0; hop < HOPS_MOST; hop++) {
		int place = first_of(&at);

		if (place < 0 || at.operands[place].tensor <= 0)
			return false;
		if (at.operands[place].ndim > 1 && at.operands[place].sizes[0] == rows) {
			out->from = at;
			out->place = place;
			return true;
		}
		if (!facts->source->maker(facts->source->context, facts->process, at.operands[place].tensor, at.id, &at, &output))
			return false;
	}
	return false;
}

/* Is EVENT a view that made rows of another number, so that each is not SHOULD wide, as one of the rows that there were is? */
static bool
is_mixing(const struct cause_facts *facts, const struct event *event, int output, int64_t should, struct mixed *out)
{
	const struct operand *made = output < event->output_count ? &event->outputs[output] : NULL;
	int64_t elements;

	if (!mismatch_is_any(event->operation, views) || !made || made->ndim != 2 || should < 2 || should == made->sizes[1])
		return false;
	if (__builtin_mul_overflow(made->sizes[0], made->sizes[1], &elements) || elements <= 0 || elements % should)
		return false;
	*out = (struct mixed){ .view = *event, .rows = elements / should, .became = made->sizes[0], .width = made->sizes[1], .should = should };
	return out->rows != out->became && (out->rows % out->became == 0 || out->became % out->rows == 0) && had_rows(facts, event, out->rows, out);
}

/* The same of a piece of JOIN, which is WIDE along its last dimension where SHOULD are wanted. */
static bool
is_piece_mixed(const struct cause_facts *facts, const struct event *join, int64_t wide, int64_t should, struct mixed *out)
{
	for (int i = rule_next(join, 0); i >= 0; i = rule_next(join, i + 1)) {
		const struct operand *piece = &join->operands[i];
		struct event maker;
		int output;

		if (piece->tensor <= 0 || piece->ndim != 2 || should - (wide - piece->sizes[1]) < 2 ||
		    !facts->source->maker(facts->source->context, facts->process, piece->tensor, join->id, &maker, &output))
			continue;
		if (is_mixing(facts, &maker, output, should - (wide - piece->sizes[1]), out)) {
			out->other = wide - piece->sizes[1];
			return true;
		}
	}
	return false;
}

static bool
find_mixed(const struct cause_facts *facts, const struct cause_side *side, int64_t should, struct mixed *out)
{
	for (int i = 0; side->lineage && i < side->lineage->count; i++) {
		const struct lineage_step *step = &side->lineage->steps[i];
		const struct operand *made = step->output < step->event.output_count ? &step->event.outputs[step->output] : NULL;

		if (step->size != side->size || !made || made->ndim != 2 || step->dim != 1)
			return false;
		if (is_mixing(facts, &step->event, step->output, should, out))
			return true;
		if (mismatch_is_any(step->event.operation, joins))
			return is_piece_mixed(facts, &step->event, step->size, should, out);
	}
	return false;
}

/* Where what had the rows got as many: the line that put them together. */
static void
tell_rows(const struct cause_facts *facts, struct cause *out, const struct mixed *mixed)
{
	struct lineage *lineage = calloc(1, sizeof(*lineage));
	const struct lineage_step *step = NULL;

	if (lineage)
		lineage_walk_tensor(facts->source, facts->process, mixed->from.operands[mixed->place].tensor, mixed->from.id, 0, LINEAGE_SIZE, lineage);
	if (lineage && lineage->count)
		step = &lineage->steps[lineage->decider >= 0 ? lineage->decider : lineage->count - 1];
	text_add(&out->fix, "give it %" PRId64 " row%s, one for each of the batch, where it is put together", mixed->became, language_plural(mixed->became));
	if (step) {
		text_add(&out->fix, ": ");
		cause_add_line(facts, &out->fix, step, -1);
	}
	text_add(&out->fix, "; don't build the layer for the %" PRId64 " that came out: it would run, on numbers of other rows", mixed->width + mixed->other);
	free(lineage);
}

/* Needs: a width that isn't as wanted, made by a view into rows of another number than there had been; and with as many rows as there had been it
 * would be as wide as is wanted. */
bool
cause_rows_mixed(const struct cause_facts *facts, struct cause *out)
{
	struct mixed mixed;
	int side = 0;

	if (!cause_disagrees(facts, "size") || !facts->source || facts->sides[0].size < 1 || facts->sides[1].size < 1)
		return false;
	for (; side < 2; side++)
		if (find_mixed(facts, &facts->sides[side], facts->sides[!side].size, &mixed))
			break;
	if (side == 2)
		return false;
	out->confidence = "likely";
	out->tells_news = true;
	text_add(&out->text, "a view mixes the rows of a batch: the numbers of %" PRId64 " row%s (%" PRId64 " each) were spread over %" PRId64 " (%" PRId64 " each) by ",
		 mixed.rows, language_plural(mixed.rows), mixed.should, mixed.became, mixed.width);
	cause_add_step(facts, &out->text, &(struct lineage_step){ .event = mixed.view, .dim = -1, .size = -1 });
	if (mixed.other)
		text_add(&out->text, "; whole rows would make %" PRId64 " + %" PRId64 " = %" PRId64 ", as is wanted, instead of %" PRId64, mixed.other, mixed.should,
			 facts->sides[!side].size, facts->sides[side].size);
	text_add(&out->text, "; what has %" PRId64 " row%s for a batch of %" PRId64 " is ", mixed.rows, language_plural(mixed.rows), mixed.became);
	text_add_sizes(&out->text, mixed.from.operands[mixed.place].sizes, mixed.from.operands[mixed.place].ndim);
	text_add(&out->text, " at ");
	cause_add_step(facts, &out->text, &(struct lineage_step){ .event = mixed.from, .dim = -1, .size = -1 });
	tell_rows(facts, out, &mixed);
	return true;
}
