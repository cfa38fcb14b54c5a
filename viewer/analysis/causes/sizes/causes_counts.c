/* Rules about counts that two pieces of code make, each by itself: classes, lengths, samples, copies, channels. */
#include <inttypes.h>
#include <string.h>

#include "../causes_tool.h"
#include "../../mismatch/mismatch_rule.h"

#define CALLS_ENOUGH 3

/* Needs: a loss's weights for another number of classes than its logits have; likely where values were counted for them. */
bool
cause_class_weights(const struct cause_facts *facts, struct cause *out)
{
	const struct mismatch *mismatch = facts->mismatch;
	const struct lineage_step *step;

	if (!cause_disagrees(facts, "size") || !cause_is_loss(facts) || strcmp(cause_argument(facts, mismatch->operand), "weight") != 0)
		return false;
	step = cause_step(&facts->sides[0], "bincount unique unique2 unique_dim unique_consecutive histc");
	out->confidence = step && mismatch->actual < mismatch->expected ? "likely" : "possible";
	out->setting = cause_named_number(facts, mismatch->expected, "class label");
	if (!cause_is_called(out->setting, "class label"))
		out->setting = NULL;
	text_add(&out->text, "%s has weights for %" PRId64 " classes, the logits have %" PRId64, cause_operand_name(facts, mismatch->operand),
		 mismatch->actual, mismatch->expected);
	cause_add_number(facts, &out->text, out->setting);
	if (step) {
		text_add(&out->evidence, "they were counted from the labels that there were, by ");
		cause_add_step(facts, &out->evidence, step);
		text_add(&out->evidence, ": a class that none has isn't counted");
		text_add(&out->fix, "count for all classes: torch.bincount(labels, minlength=%" PRId64 "), and give those without a label a weight of their own",
			 mismatch->expected);
	} else {
		text_add(&out->fix, "give one weight for each of the %" PRId64 " classes, or build the head for %" PRId64, mismatch->expected, mismatch->actual);
	}
	return true;
}

/* The last step of SIDE's story that left a rest. */
static const struct lineage_step *
rest_of(const struct cause_side *side)
{
	const struct lineage_step *found = NULL;

	for (int i = 0; side->lineage && i < side->lineage->count; i++)
		if (cause_rest(&side->lineage->steps[i], NULL, NULL))
			found = &side->lineage->steps[i];
	return found;
}

/* Needs: property length: lengths that say more than what they measure has. */
bool
cause_lengths(const struct cause_facts *facts, struct cause *out)
{
	const struct mismatch *mismatch = facts->mismatch;
	const struct lineage_step *rest;

	if (!cause_disagrees(facts, "length") || mismatch->against < 0)
		return false;
	rest = rest_of(&facts->sides[1]);
	out->confidence = cause_decider(&facts->sides[0]) ? "likely" : "possible";
	text_add(&out->text, "%s says %" PRId64 " where %s has %" PRId64 " in dimension %d: the lengths are counted apart from what they measure",
		 cause_operand_name(facts, mismatch->operand), mismatch->actual, cause_operand_name(facts, mismatch->against), mismatch->expected,
		 mismatch->against_dim);
	if (cause_decider(&facts->sides[0])) {
		text_add(&out->evidence, "they were made by ");
		cause_add_step(facts, &out->evidence, cause_decider(&facts->sides[0]));
	}
	if (rest) {
		text_add(&out->evidence, "%s%s was divided with a rest by ", out->evidence.used ? SAY("; ") : "", cause_operand_name(facts, mismatch->against));
		cause_add_step(facts, &out->evidence, rest);
	}
	text_add(&out->fix, "compute the lengths as the layers do (each stride rounds for itself: n // stride, not ceil), or clamp them to %s.shape[%d]",
		 cause_operand_name(facts, mismatch->against), mismatch->against_dim);
	return true;
}

/* Needs: targets of a batch one behind the other, and lengths that come to another number. */
bool
cause_lengths_sum(const struct cause_facts *facts, struct cause *out)
{
	const struct mismatch *mismatch = facts->mismatch;
	const struct lineage_step *targets = cause_decider(&facts->sides[0]);
	int64_t more;

	if (!cause_disagrees(facts, "size") || !cause_is(facts, "ctc_loss") || mismatch->against < 0 || strcmp(facts->event->operands[mismatch->against].name, "target_lengths") != 0 ||
	    mismatch->against_dim >= 0)
		return false;
	more = mismatch->expected - mismatch->actual;
	out->confidence = "likely";
	text_add(&out->text, "%s say %" PRId64 " together, and there are %" PRId64 " targets in a row, %" PRId64 " %s: lengths and targets were counted apart", cause_operand_name(facts, mismatch->against),
		 mismatch->expected, mismatch->actual, more > 0 ? more : -more, more > 0 ? SAY("fewer") : SAY("more"));
	if (targets) {
		text_add(&out->evidence, "the targets were made by ");
		cause_add_step(facts, &out->evidence, targets);
	}
	if (facts->calls >= CALLS_ENOUGH)
		text_add(&out->evidence, "%sthose of %" PRId64 " earlier calls fitted", targets ? SAY("; ") : "", facts->calls);
	if (more > 0)
		text_add(&out->fix, "take each length from what was made of the text (len(ids)), not from the text: what the vocabulary lacks was left out in between");
	else
		text_add(&out->fix, "take each length from what was made of the text (len(ids)), without padding, and put the targets in a row without padding as well");
	return true;
}

/* Needs: two tensors of as many elements, one of them in fewer dimensions; likely where they were joined end to end or flattened. */
bool
cause_flattened(const struct cause_facts *facts, struct cause *out)
{
	const struct mismatch *mismatch = facts->mismatch;
	const struct operand *flat, *whole;
	const struct lineage_step *step;
	int side = 0;

	if (!cause_disagrees(facts, "size") || (!cause_is_elementwise(facts) && !cause_is_loss(facts)) || mismatch->operand < 0 || mismatch->against < 0)
		return false;
	flat = &facts->event->operands[mismatch->operand];
	whole = &facts->event->operands[mismatch->against];
	if (flat->ndim > whole->ndim) {
		side = 1;
		flat = whole;
		whole = &facts->event->operands[mismatch->operand];
	}
	if (flat->ndim != 1 || whole->ndim < 2 || rule_count(flat) != rule_count(whole) || rule_count(flat) < 2)
		return false;
	for (int d = 0; d < whole->ndim; d++)
		if (whole->sizes[d] == flat->sizes[0])
			return false; /* all others are 1: a dimension too few, no more */
	if (strcmp(cause_argument(facts, facts->sides[side].place), "target") == 0 && rule_is_integral(flat->dtype) &&
	    cause_step(&facts->sides[side], "flatten view reshape")) {
		out->confidence = "likely";
		text_add(&out->text, "%s has a value for each class of each row, ", cause_operand_name(facts, facts->sides[side].place));
		text_add_sizes(&out->text, whole->sizes, whole->ndim);
		text_add(&out->text, " as the logits (several labels, or one-hot), and was put into one row as if it were numbers of classes: whole numbers are taken "
			 "for those");
		text_add(&out->fix, "give such labels as floats, to a loss for several labels (BCEWithLogitsLoss; problem_type=\"multi_label_classification\"), or "
			 "one number of a class for each row (argmax)");
		return true;
	}
	step = cause_decided_by(&facts->sides[side], "cat concat concatenate flatten view reshape ravel hstack") ? cause_decider(&facts->sides[side]) : NULL;
	out->confidence = step ? "likely" : "possible";
	text_add(&out->text, "%s ", cause_operand_name(facts, facts->sides[side].place));
	text_add_sizes(&out->text, flat->sizes, flat->ndim);
	text_add(&out->text, " holds the elements of ");
	text_add_sizes(&out->text, whole->sizes, whole->ndim);
	text_add(&out->text, " in one row");
	if (step) {
		text_add(&out->text, ": put end to end by ");
		cause_add_step(facts, &out->text, step);
	}
	text_add(&out->fix, "give it its rows back (%s.view_as(...), or view(%" PRId64 ", -1)), or keep each sample's as a row of its own ([1, ...]) where they "
		 "are joined along dimension 0", cause_operand_name(facts, facts->sides[side].place), whole->sizes[0]);
	return true;
}

/* Needs: a view that asks for a picture's 1, 3 or 4 channels, and elements for another number of them; likely where others fitted. */
bool
cause_picture_channels(const struct cause_facts *facts, struct cause *out)
{
	static const int64_t channels[] = { 1, 3, 4 };
	const struct mismatch *mismatch = facts->mismatch;
	int64_t sizes[RULE_INTS_MOST], asked = 0, has = 0;
	int count, at = -1;

	if (!cause_disagrees(facts, "numel") || mismatch->operand < 0 || !mismatch->has_actual || !mismatch->has_expected)
		return false;
	count = rule_ints(facts->event, cause_argument(facts, mismatch->operand), sizes, RULE_INTS_MOST);
	for (int d = 0; d < count && count >= 3 && at < 0; d++) {
		int64_t rest = 1;

		if (d > 0 && d != count - 1 && d != count - 3)
			continue; /* channels stand first, last, or before height and width */
		for (int i = 0; i < count; i++)
			rest = i == d ? rest : sizes[i] > 0 && rest < RULE_INT_MOST / sizes[i] ? rest * sizes[i] : RULE_INT_MOST;
		for (size_t i = 0; i < 3 && at < 0; i++)
			if (text_among("1 3 4", (const char[]){ (char)('0' + (sizes[d] > 0 && sizes[d] < 9 ? sizes[d] : 0)), 0 }) && sizes[d] != channels[i] &&
			    rest < RULE_INT_MOST && rest * channels[i] == mismatch->expected) {
				at = d;
				asked = sizes[d];
				has = channels[i];
			}
	}
	if (at < 0)
		return false;
	out->confidence = facts->calls ? "likely" : "possible";
	text_add(&out->text, "%s holds %s: elements for %" PRId64 " channel%s where the view asks for %" PRId64, cause_operand_name(facts, mismatch->against),
		 has == 1 ? SAY("a grey picture") : has == 4 ? SAY("a picture with an alpha channel (RGBA)") : SAY("a picture with colours"), has,
		 language_plural(has), asked);
	if (facts->calls)
		text_add(&out->evidence, "%" PRId64 " earlier calls of this line fitted", facts->calls);
	if (asked == 3)
		text_add(&out->fix, "convert every picture to three channels when it is read (convert('RGB'))");
	else
		text_add(&out->fix, "convert every picture to the number of channels that the view asks for when it is read");
	return true;
}

/* Needs: one side was copied from a parameter long ago, the other is that parameter, of another size since. */
bool
cause_copied_before(const struct cause_facts *facts, struct cause *out)
{
	const struct cause_side *copy = NULL, *now;
	const struct lineage_step *made;

	if (!cause_disagrees(facts, "size") || !strchr(facts->event->operation, ':') || strcmp(facts->event->phase, "optimizer") == 0)
		return false;
	for (int i = 0; i < 2 && !copy; i++)
		if (cause_step(&facts->sides[i], "clone") && cause_is_old(facts, &facts->sides[i]))
			copy = &facts->sides[i];
	if (!copy || !facts->sides[0].lineage || !facts->sides[1].lineage)
		return false;
	now = &facts->sides[copy == &facts->sides[0]];
	made = cause_step(copy, "clone");
	if (now->place < 0 || !facts->calls || facts->agreed != facts->calls || !cause_decider(now) || !cause_decider(now)->resized)
		return false;
	if (cause_decider(now)->event.id >= 0 && made->event.id > cause_decider(now)->event.id)
		return false; /* of something else, afterwards */
	out->confidence = "likely";
	text_add(&out->text, "%s was copied before %s got another size: it has %" PRId64 " as it was then, %s has %" PRId64 " now", cause_operand_name(facts, copy->place),
		 cause_operand_name(facts, now->place), copy->size, cause_operand_name(facts, now->place), now->size);
	text_add(&out->evidence, "the copy was made by ");
	cause_add_step(facts, &out->evidence, made);
	text_add(&out->fix, "make the copy anew after the parameter was resized (resize_token_embeddings), or give the copy's new rows the parameter's values");
	return true;
}

/* Does LINE, which builds a list, leave items out ("[len(t) for t in texts if t]")? */
static bool
leaves_out(const char *line)
{
	const char *loop = strstr(line, " for "), *in = loop ? strstr(loop, " in ") : NULL, *condition = in ? strstr(in, " if ") : NULL;
	const char *open = strpbrk(line, "[("), *otherwise = condition ? strstr(condition, " else ") : NULL;

	return condition && open && open < loop && !otherwise;
}

/* Needs: one side came in from a list that its line builds with a condition, fewer than the other. Likely where both always
 * agreed before. */
bool
cause_left_out(const struct cause_facts *facts, struct cause *out)
{
	const struct cause_side *few = &facts->sides[0], *all = &facts->sides[1];
	const struct lineage_step *step;
	char line[512];

	if (!cause_disagrees(facts, "size") || few->size < 0 || all->size < 0)
		return false;
	if (few->size > all->size) {
		few = &facts->sides[1];
		all = &facts->sides[0];
	}
	step = cause_decider(few);
	if (!step || !step->entered || !cause_source(facts, step, line, sizeof(line)) || !leaves_out(line))
		return false;
	out->confidence = facts->calls && facts->agreed && few->calls && few->smallest > few->size ? "likely" : "possible";
	text_add(&out->text, "%" PRId64 " of %" PRId64 " were left out on the way to %s, not on the way to %s: the list of ", all->size - few->size, all->size,
		 cause_operand_name(facts, few->place), cause_operand_name(facts, all->place));
	cause_add_step(facts, &out->text, step);
	text_add(&out->text, " takes items only under a condition");
	text_add(&out->evidence, "%.100s", line + strspn(line, " \t"));
	if (facts->agreed)
		text_add(&out->evidence, "; in %" PRId64 " earlier calls they agreed", facts->agreed);
	text_add(&out->fix, "leave the same samples out of everything that belongs to them (before the batch is made), or none");
	return true;
}

/* Needs: both sides picked by a mask at one line, of equal number in every call before. */
bool
cause_unequal_selection(const struct cause_facts *facts, struct cause *out)
{
	static const char by[] = "index masked_select nonzero nonzero_numpy where argwhere";
	const struct lineage_step *one = cause_decider(&facts->sides[0]), *other = cause_decider(&facts->sides[1]);

	if (!cause_disagrees(facts, "size") || !cause_is_elementwise(facts) || !one || !other || !cause_decided_by(&facts->sides[0], by) ||
	    !cause_decided_by(&facts->sides[1], by) || one->event.id == other->event.id)
		return false;
	out->confidence = facts->calls && facts->agreed == facts->calls ? "likely" : "possible";
	text_add(&out->text, "the two were selected by their values, and not as many of each: %" PRId64 " of %s, %" PRId64 " of %s; what should come in pairs "
		 "has no partner", facts->sides[0].size, cause_operand_name(facts, facts->sides[0].place), facts->sides[1].size,
		 cause_operand_name(facts, facts->sides[1].place));
	text_add(&out->evidence, "selected by ");
	cause_add_step(facts, &out->evidence, one);
	text_add(&out->evidence, " and ");
	cause_add_step(facts, &out->evidence, other);
	if (facts->calls && facts->agreed == facts->calls)
		text_add(&out->evidence, "; in %" PRId64 " earlier calls they agreed", facts->calls);
	text_add(&out->fix, "keep pairs together when the batch is made (drop what has no partner), or compare by an index that tells which belong together");
	return true;
}
