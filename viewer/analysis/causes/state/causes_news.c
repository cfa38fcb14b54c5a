/* What is new this time: on the way of one of the sizes in question, the first step that made a size which no earlier call of it made. */
#include <inttypes.h>
#include <string.h>

#include "../causes_tool.h"
#include "../../mismatch/mismatch_rule.h"
#include "../../where.h"

#define SOURCE_MOST 90
#define CALLS_MANY 20 /* in which two sizes agreed: no chance */
#define TOLD_MOST 4 /* sizes between what was new first and the failure */

static const struct news_step *
went_off(const struct cause_side *side)
{
	return side->news && side->news->count ? &side->news->steps[side->news->count - 1] : NULL;
}

static bool
is_changed(const struct cause_side *side)
{
	return side->news && side->news->change.step.event.id >= 0;
}

static void
add_new(const struct cause_facts *facts, struct text *text, const struct news_step *new)
{
	const struct usual *usual = &new->usual;

	text_add(text, "new this time: ");
	cause_add_line(facts, text, &new->step, new->step.size);
	if (usual_is_steady(usual))
		text_add(text, " made %" PRId64 ", where %" PRId64 " earlier calls always made %" PRId64, new->step.size, usual->calls, usual->smallest);
	else
		text_add(text, " made %" PRId64 ", where %" PRId64 " earlier calls made %" PRId64 " to %" PRId64 ", never this", new->step.size, usual->calls, usual->smallest,
			 usual->largest);
}

/* ", 5 by aten::convolution at caption.py:14, 25 by ..." */
static void
add_became(const struct cause_facts *facts, struct text *text, const struct news *news)
{
	int told = 0;

	for (int i = news->count - 2; i >= 0 && told < TOLD_MOST; i--) {
		const struct lineage_step *step = &news->steps[i].step;

		text_add(text, "%s%" PRId64 " by ", told++ ? ", " : SAY("; it became "), step->size);
		cause_add_step(facts, text, step);
	}
}

bool
cause_tell_new(const struct cause_facts *facts, struct text *text, const struct cause_side *side)
{
	const struct news_step *new = went_off(side);

	if (!new)
		return false;
	add_new(facts, text, new);
	add_became(facts, text, side->news);
	return true;
}

/* What an operation did that made the size new, and what to do about it. */
static void
add_fix(const struct cause_facts *facts, struct cause *out, const struct news_step *new, int side)
{
	const struct lineage_step *step = &new->step, *others = cause_decider(&facts->sides[!side]);
	const struct usual *usual = &new->usual;
	int self = rule_any(&step->event, "self input condition");
	const struct operand *from = self >= 0 ? &step->event.operands[self] : NULL;
	int64_t start = 0, whole = from && step->dim < from->ndim ? from->sizes[step->dim] : -1;
	char name[96];

	mismatch_plain_name(step->event.operation, name, sizeof(name));
	if (text_among("slice narrow", name) && step->size < usual->smallest && whole > 0 && rule_int(&step->event, "start", &start) && start > 0) {
		text_add(&out->fix, "it starts at %" PRId64 " of %" PRId64 " and ends before the %" PRId64 " that it should have: let the last start be %" PRId64
			 " or less (or pad the end, or leave this piece out)", start, whole, usual->smallest, whole - usual->smallest);
		return;
	}
	if (text_among("index masked_select nonzero unique unique2 index_select", name) && step->size < usual->smallest) {
		text_add(&out->fix, "rows were left out there that all earlier calls kept: leave out whatever belongs to them as well, keep them (with weight 0), or make "
			 "what follows count what is left");
		return;
	}
	if (facts->twins && cause_is(facts, "cat concat concatenate stack") && step->dim == 1 && facts->sides[0].size > 1 && facts->sides[1].size > 1 &&
	    rule_is_integral(facts->event->operands[facts->mismatch->operand].dtype)) {
		text_add(&out->fix, "pad both to one length, the longer's %" PRId64 ", where they are padded (one call for both lists, or torch.nn.functional.pad of the shorter): the line "
			 "pads each list to its own longest, which was %" PRId64 " by chance so far", facts->sides[0].size > facts->sides[1].size ? facts->sides[0].size : facts->sides[1].size,
			 usual->largest);
		return;
	}
	if (!usual_is_steady(usual)) { /* what was the most so far means nothing by itself */
		text_add(&out->fix, "see whether %" PRId64 " is meant there (%" PRId64 " to %" PRId64 " so far): if not, keep it within those; if so", step->size, usual->smallest,
			 usual->largest);
	} else if (step->size > usual->largest)
		text_add(&out->fix, "bound it there to the %" PRId64 " that were the most so far (cut, resize by the longer side, drop the sample)", usual->largest);
	else
		text_add(&out->fix, "bring it there to what it was before (%" PRId64 ")", usual->largest);
	if (cause_weight_made(&facts->sides[!side]) && (usual_is_steady(usual) || step->size > usual->largest))
		return; /* a layer's size follows nothing */
	if (facts->sides[!side].place < 0 || !others) {
		if (usual_is_steady(usual))
			text_add(&out->fix, ", or make what it meets from its own size");
		else
			text_add(&out->fix, ", make what it meets from its own size");
		return;
	}
	text_add(&out->fix, "%s", usual_is_steady(usual) ? SAY(", or ") : SAY(", "));
	text_add(&out->fix, "let %s follow it, %" PRId64 " instead of %" PRId64 " (made by ", cause_operand_name(facts, facts->sides[!side].place),
		 facts->sides[side].size, facts->sides[!side].size);
	cause_add_step(facts, &out->fix, others);
	text_add(&out->fix, ")");
}

/* Is the other side known to be as ever, or was it made long before? */
static bool
is_as_ever(const struct cause_facts *facts, const struct cause_side *side)
{
	if (is_changed(side))
		return false;
	return cause_is_old(facts, side) || side->same || (side->news && side->news->known) || !cause_decider(side);
}

/* How the sizes come out if what was changed had been left: as the other side's are; 1 yes, 0 no, -1 not known, for more happened since. */
static int
comes_out(const struct cause_side *changed, const struct cause_side *other)
{
	const struct news_change *change = &changed->news->change;

	if (change->to > 0 && changed->size * change->from == other->size * change->to)
		return 1;
	return change->plain ? 0 : -1;
}

static void
fix_changed(const struct cause_facts *facts, struct cause *out, const struct news_change *change, int side)
{
	const char *is = cause_operand_name(facts, facts->sides[side].place), *other = facts->sides[!side].place >= 0
		? cause_operand_name(facts, facts->sides[!side].place) : SAY("the other side");
	char name[96];

	mismatch_plain_name(change->step.event.operation, name, sizeof(name));
	if (change->to > change->from)
		text_add(&out->fix, "take the %" PRId64 " that were added off again before %s meets %s, or add as many to what %s is made of",
			 change->to - change->from, is, other, other);
	else if (text_among("index index_select masked_select nonzero unique unique2 topk", name))
		text_add(&out->fix, "select what %s is made of by the same mask or index (a cache or state that was filled before as well), or keep all %" PRId64 " here", other,
			 change->from);
	else if (strcmp(name, "pack_padded_sequence") == 0)
		text_add(&out->fix, "see why the lengths say %" PRId64 " where the longest has %" PRId64 " (a value that means padding stands among the data: give it a number of "
			 "its own); pad_packed_sequence(..., total_length=%" PRId64 ") only keeps the width", change->to, change->from, change->from);
	else
		text_add(&out->fix, "cut what %s is made of to %" PRId64 " as well, by the same line and before lengths or masks are taken from it, or leave %s uncut (%" PRId64 ")",
			 other, change->to, is, change->from);
}

/* Needs: a line on the way of one of two sizes that disagree that changed none before, and changes this one; on the other's way there is no
 * such line, and the two agreed in every call. */
bool
cause_first_changed(const struct cause_facts *facts, struct cause *out)
{
	int side = is_changed(&facts->sides[0]) ? 0 : 1, right;
	const struct news_change *change;
	char line[512];

	if (!facts->event || !facts->mismatch || !text_among("size count", facts->mismatch->property) || !is_changed(&facts->sides[side]) ||
	    is_changed(&facts->sides[!side]) || facts->sides[side].place < 0 || facts->calls < USUAL_CALLS_LEAST || facts->agreed != facts->calls)
		return false;
	change = &facts->sides[side].news->change;
	right = comes_out(&facts->sides[side], &facts->sides[!side]);
	out->confidence = right == 1 || (right < 0 && facts->calls >= CALLS_MANY) ? "likely" : "possible";
	text_add(&out->text, "new this time: ");
	cause_add_step(facts, &out->text, &change->step);
	if (cause_source(facts, &change->step, line, sizeof(line))) {
		text_add(&out->text, "%s", ": `");
		text_add_short(&out->text, line + strspn(line, " \t"), SOURCE_MOST);
		text_add(&out->text, "%s", "`");
	}
	text_add(&out->text, " makes %" PRId64 " of %" PRId64, change->to, change->from);
	cause_add_number(facts, &out->text, cause_number_at(facts, &change->step, change->to));
	text_add(&out->text, ", where %" PRId64 " earlier calls left everything as it was; ", change->calls);
	if (change->near)
		text_add(&out->text, "%s was then made for %" PRId64 "; ", cause_operand_name(facts, facts->sides[side].place), change->to);
	text_add(&out->text, "%s has %" PRId64 " (dimension %d), %s %" PRId64, cause_operand_name(facts, facts->sides[side].place), facts->sides[side].size,
		 facts->sides[side].dim, facts->sides[!side].place >= 0 ? cause_operand_name(facts, facts->sides[!side].place) : SAY("the other side"),
		 facts->sides[!side].size);
	if (right == 1 && facts->sides[!side].size == change->from)
		text_add(&out->text, ", as before that line");
	text_add(&out->evidence, "in %" PRId64 " earlier calls they agreed", facts->calls);
	fix_changed(facts, out, change, side);
	return true;
}

/* What makes a tensor of a size that it is asked for. */
static const char asking[] = "zeros ones full empty rand randn randint randperm arange linspace eye new_zeros new_ones new_full new_empty normal";

/* The one side on whose way something was new, and where it began; -1 if none, or both. What a library asked for, it asked for on account of
 * something that isn't known. */
static int
new_side(const struct cause_facts *facts, const struct news_step **out)
{
	const struct news_step *one = went_off(&facts->sides[0]), *other = went_off(&facts->sides[1]), *new = one ? one : other;

	if (!facts->event || !facts->mismatch || !text_among("size count", facts->mismatch->property) || !new || (one && other) || new->step.possible)
		return -1;
	if (mismatch_is_any(new->step.event.operation, asking) && !where_is_asked(facts->source, facts->process, new->step.event.site))
		return -1;
	*out = new;
	return one ? 0 : 1;
}

static void
tell(const struct cause_facts *facts, struct cause *out, const struct news_step *new, int side)
{
	cause_tell_new(facts, &out->text, &facts->sides[side]);
	if (facts->sides[side].place >= 0)
		text_add(&out->text, ": %s has %" PRId64 " (dimension %d), ", cause_operand_name(facts, facts->sides[side].place), facts->sides[side].size,
			 facts->sides[side].dim);
	text_add(&out->text, "%s %" PRId64, facts->sides[!side].place >= 0 ? cause_operand_name(facts, facts->sides[!side].place) : SAY("what is needed is"),
		 facts->sides[!side].size);
	add_fix(facts, out, new, side);
	if (facts->calls && facts->agreed == facts->calls)
		text_add(&out->evidence, "in %" PRId64 " earlier calls they agreed", facts->calls);
}

/* Needs: on the way of one of two sizes that disagree, a line made another size than it always made, and nothing is new on the other's.
 * Likely where the two agreed in every call. */
bool
cause_first_new(const struct cause_facts *facts, struct cause *out)
{
	const struct news_step *new;
	int side = new_side(facts, &new);

	if (side < 0 || !usual_is_steady(&new->usual))
		return false;
	out->confidence = new->usual.calls >= NEWS_CALLS_SURE && facts->sides[side].news->ended && facts->calls >= USUAL_CALLS_LEAST &&
					  facts->agreed == facts->calls && is_as_ever(facts, &facts->sides[!side]) ? "likely" : "possible";
	tell(facts, out, new, side);
	return true;
}

/* Needs: the same of a line that made different sizes before, none so large or so small. */
bool
cause_never_so(const struct cause_facts *facts, struct cause *out)
{
	const struct news_step *new;
	int side = new_side(facts, &new);

	if (side < 0 || usual_is_steady(&new->usual))
		return false;
	out->confidence = "possible";
	tell(facts, out, new, side);
	return true;
}
