/* Rules about a list that is joined, one of which has another number of dimensions than the others: a squeeze that found nothing to take off, a sample read otherwise. */
#include <inttypes.h>
#include <string.h>

#include "../causes_tool.h"
#include "../../failure/samples.h"
#include "../../mismatch/mismatch_rule.h"
#include "../../where.h"

/* How many are joined, how many of them have as many dimensions as is expected; false where that isn't what disagrees. */
static bool
count_members(const struct cause_facts *facts, int *all, int *same)
{
	const struct mismatch *mismatch = facts->mismatch;

	*all = *same = 0;
	if (!cause_disagrees(facts, "rank") || mismatch->operand < 0 || mismatch->against < 0 || facts->event->operands[mismatch->operand].item < 0 ||
	    facts->event->operands[mismatch->against].item < 0)
		return false;
	for (int i = rule_next(facts->event, 0); i >= 0; i = rule_next(facts->event, i + 1)) {
		*all += facts->event->operands[i].item >= 0;
		*same += facts->event->operands[i].item >= 0 && facts->event->operands[i].ndim == mismatch->expected;
	}
	return true;
}

/* "number 3 (rows[3]['wav'], sample 655 of the data set) is [2, 742]" of the odd one. */
static void
add_odd(const struct cause_facts *facts, struct text *text)
{
	const struct operand *odd = &facts->event->operands[facts->mismatch->operand];
	int64_t number = samples_number(facts->frames, odd->item);

	text_add(text, "number %d (%s", odd->item, cause_operand_name(facts, facts->mismatch->operand));
	if (number >= 0)
		text_add(text, ", sample %" PRId64 " of the data set", number);
	text_add(text, ") is ");
	text_add_sizes(text, odd->sizes, odd->ndim);
}

/* Two rows of many values, where others had one. */
static bool
is_stereo(const struct operand *is, int dim)
{
	return is->ndim == 2 && cause_is_stereo(is, dim);
}

/* The squeeze of a dimension on the odd one's way that left it, and took it off the other's at the same line: the step, the dimension in DIM; NULL. */
static const struct lineage_step *
squeeze_left(const struct cause_facts *facts, int *dim)
{
	const struct lineage *odd = facts->sides[0].lineage;
	const struct lineage_step *taken = cause_step_any(&facts->sides[1], "squeeze");
	int64_t along;

	for (int i = 0; odd && taken && facts->source && i < odd->count; i++) {
		const struct lineage_step *step = &odd->steps[i];
		int self = rule_any(&step->event, "self");
		const struct operand *from = self >= 0 ? &step->event.operands[self] : NULL;

		if (!mismatch_is_any(step->event.operation, "squeeze") || !from || !rule_int(&step->event, "dim", &along) || step->event.output_count < 1)
			continue;
		*dim = rule_dim(along, from->ndim);
		if (*dim >= 0 && from->sizes[*dim] != 1 && step->event.outputs[0].ndim == from->ndim && where_same_line(facts->source, facts->process, step->event.site, taken->event.site))
			return step;
	}
	return NULL;
}

/* Needs: the odd one of a list has more dimensions, and a squeeze of one dimension on its way, at the line that squeezed another of the list, left it as it was, for its size
 * there isn't 1. Both recorded: likely. */
bool
cause_squeeze_left(const struct cause_facts *facts, struct cause *out)
{
	const struct lineage_step *step, *made;
	const struct operand *from;
	int all, same, dim = -1;

	if (!count_members(facts, &all, &same) || facts->mismatch->actual <= facts->mismatch->expected || !(step = squeeze_left(facts, &dim)))
		return false;
	from = &step->event.operands[rule_any(&step->event, "self")];
	out->confidence = "likely";
	out->tells_news = true;
	add_odd(facts, &out->text);
	text_add(&out->text, " where %d of %d have %" PRId64 " dimension%s: ", same, all, facts->mismatch->expected, language_plural(facts->mismatch->expected));
	cause_add_step(facts, &out->text, &(struct lineage_step){ .event = step->event, .dim = -1, .size = -1 });
	text_add(&out->text, " takes dimension %d off where it is 1, and left it here, where it is %" PRId64, dim, from->sizes[dim]);
	if (is_stereo(from, dim))
		text_add(&out->text, ": two channels (stereo), the others have one");
	made = cause_decider(&facts->sides[0]);
	if (made) {
		text_add(&out->evidence, "it came in by ");
		cause_add_step(facts, &out->evidence, made);
	}
	if (is_stereo(from, dim))
		text_add(&out->fix, "make one channel of it where it is read (mean over dimension %d, or its first)", dim);
	else
		text_add(&out->fix, "bring dimension %d to 1 before that squeeze, or take one of its %" PRId64, dim, from->sizes[dim]);
	text_add(&out->fix, "; a squeeze says nothing where there is nothing to take off");
	return true;
}

/* Needs: one of a list of three or more has another number of dimensions than all the others, whichever way it came. */
bool
cause_odd_rank(const struct cause_facts *facts, struct cause *out)
{
	const struct operand *odd;
	int all, same, few;

	if (!count_members(facts, &all, &same) || all < 3 || same != all - 1)
		return false;
	odd = &facts->event->operands[facts->mismatch->operand];
	few = odd->ndim == 2 && facts->mismatch->expected == 1 ? odd->sizes[0] > odd->sizes[1] : -1;
	out->confidence = "likely";
	out->tells_news = true;
	add_odd(facts, &out->text);
	text_add(&out->text, ", %" PRId64 " dimension%s, where the other %d have %" PRId64, facts->mismatch->actual, language_plural(facts->mismatch->actual), same,
		 facts->mismatch->expected);
	if (few >= 0 && is_stereo(odd, few))
		text_add(&out->text, ": two channels (stereo), the others have one");
	if (cause_decider(&facts->sides[0])) {
		text_add(&out->evidence, "it was made by ");
		cause_add_step(facts, &out->evidence, cause_decider(&facts->sides[0]));
	}
	if (few >= 0 && is_stereo(odd, few))
		text_add(&out->fix, "make one channel of it where it is read (mean over dimension %d, or its first)", few);
	else
		text_add(&out->fix, "bring that one to %" PRId64 " dimension%s where it is made, as the others are, or leave it out", facts->mismatch->expected,
			 language_plural(facts->mismatch->expected));
	return true;
}
