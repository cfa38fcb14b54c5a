/* Rules about what is joined or meets: samples of a batch, markers, sizes that come from different lines. */
#include <inttypes.h>
#include <string.h>

#include "causes_tool.h"
#include "mismatch_rule.h"

#define CALLS_ENOUGH 3

bool
cause_are_markers(const struct cause_facts *facts)
{
	const struct mismatch *mismatch = facts->mismatch;
	const struct operand *one, *other;
	int items = 0;

	if (!cause_disagrees(facts, "size") || mismatch->operand < 0 || mismatch->against < 0 || mismatch->dim != 0)
		return false;
	one = &facts->event->operands[mismatch->operand];
	other = &facts->event->operands[mismatch->against];
	for (int i = rule_next(facts->event, 0); i >= 0; i = rule_next(facts->event, i + 1))
		items += facts->event->operands[i].item >= 0;
	return items == 2 && one->item >= 0 && other->item >= 0 && rule_is_integral(one->dtype) && rule_is_integral(other->dtype) &&
	       one->ndim == other->ndim && (one->ndim == 1 || (one->ndim == 2 && one->sizes[1] == 1 && other->sizes[1] == 1));
}

static bool
by_value(const struct cause_side *side)
{
	return cause_decided_by(side, "nonzero nonzero_numpy masked_select argwhere index where");
}

/* How long the tensor was that positions were looked for in; -1. */
static int64_t
searched_length(const struct cause_side *side)
{
	const struct lineage_step *step = cause_decider(side);
	int input = step ? rule_any(&step->event, "self input condition") : -1;

	return input >= 0 && step->event.operands[input].ndim > 0 ? step->event.operands[input].sizes[step->event.operands[input].ndim - 1] : -1;
}

/* A check in Python failed where exactly two lists of whole numbers, of unequal length, are at hand. */
static bool
cause_markers_checked(const struct cause_facts *facts, struct cause *out)
{
	const json_t *locals = json_object_get(json_array_get(facts->frames, 0), "locals");
	const json_t *lists[2];
	int64_t sizes[2];
	int count = 0;

	for (size_t i = 0; i < json_array_size(locals); i++) {
		const json_t *local = json_array_get(locals, i), *shape = json_object_get(local, "shape");

		if (json_array_size(shape) != 1 || !text_among("int64 int32", text_get(local, "dtype")))
			continue;
		if (count == 2)
			return false;
		sizes[count] = json_integer_value(json_array_get(shape, 0));
		lists[count++] = local;
	}
	if (count < 2 || sizes[0] == sizes[1] || sizes[0] <= 0 || sizes[1] <= 0)
		return false;
	out->confidence = "possible";
	text_add(&out->text, "two lists of positions don't pair: %s has %" PRId64 ", %s has %" PRId64, text_get(lists[0], "name"), sizes[0],
		 text_get(lists[1], "name"), sizes[1]);
	text_add(&out->fix, "keep the length limit from cutting between a start and its end (raise it, or drop the sample)");
	return true;
}

/* Needs: two lists of positions, of unequal length, joined side by side; likely where both were found by value. */
bool
cause_markers(const struct cause_facts *facts, struct cause *out)
{
	const struct mismatch *mismatch = facts->mismatch;
	int64_t few, many, length;

	if (!facts->event)
		return cause_markers_checked(facts, out);
	if (!cause_are_markers(facts))
		return false;
	few = mismatch->actual < mismatch->expected ? mismatch->actual : mismatch->expected;
	many = mismatch->actual < mismatch->expected ? mismatch->expected : mismatch->actual;
	out->confidence = by_value(&facts->sides[0]) && by_value(&facts->sides[1]) ? "likely" : "possible";
	text_add(&out->text, "start and end markers don't pair: %" PRId64 " positions of one kind, %" PRId64 " of the other", many, few);
	if (by_value(&facts->sides[0]))
		text_add(&out->evidence, "both lists are positions found by value, not samples of a batch");
	length = searched_length(&facts->sides[0]);
	out->setting = length > 0 && length == searched_length(&facts->sides[1]) ? cause_named_number(facts, length, cause_limits) : NULL;
	if (out->setting && !cause_is_limit(facts, out->setting))
		out->setting = NULL;
	if (out->setting)
		text_add(&out->evidence, "%sthe sequence that they were looked for in is %" PRId64 " long, which is %s", out->evidence.used ? "; " : "",
			 length, text_get(out->setting, "name"));
	text_add(&out->fix, "keep the length limit from cutting between a start and its end (raise %s, or drop the sample), or use only the "
		 "first %" PRId64 " pairs that are whole", out->setting ? text_get(out->setting, "name") : "it", few);
	return true;
}

/* Needs: sizes that come from one tensor, one of them divided with a rest on its way. */
bool
cause_rounded(const struct cause_facts *facts, struct cause *out)
{
	if (!cause_disagrees(facts, "size") || facts->rounded_from <= 0)
		return false;
	out->confidence = "likely";
	text_add(&out->text, "both come from one tensor, and %s made %" PRId64 " of %" PRId64 " on the way to one of them: a rest was cut off",
		 facts->rounded_by, facts->rounded_to, facts->rounded_from);
	text_add(&out->evidence, "%s", facts->mismatch->text);
	text_add(&out->fix, "pad or crop the input to a multiple of everything that it is divided by, or interpolate the one to the other's size");
	return true;
}

/* Are just two tensors joined? */
static bool
is_pair(const struct cause_facts *facts)
{
	int items = 0;

	for (int i = rule_next(facts->event, 0); i >= 0; i = rule_next(facts->event, i + 1))
		items += facts->event->operands[i].item >= 0;
	return items == 2;
}

/* Needs: a list joined along one dimension whose tensors disagree in another. */
bool
cause_ragged(const struct cause_facts *facts, struct cause *out)
{
	const struct mismatch *mismatch = facts->mismatch;
	int same = 0, all = 0;

	if (!cause_disagrees(facts, "size") || mismatch->operand < 0 || facts->event->operands[mismatch->operand].item < 0)
		return false;
	if (!cause_is(facts, "cat concat concatenate stack hstack vstack dstack") || cause_are_markers(facts) || facts->rounded_from > 0)
		return false;
	if (!facts->twins && cause_decider(&facts->sides[0]) && cause_decider(&facts->sides[1]) && is_pair(facts))
		return false; /* two things of different make are joined: no samples */
	for (int i = rule_next(facts->event, 0); i >= 0; i = rule_next(facts->event, i + 1)) {
		const struct operand *is = &facts->event->operands[i];

		if (is->item < 0 || is->ndim <= mismatch->dim)
			continue;
		all++;
		same += is->sizes[mismatch->dim] == mismatch->expected;
	}
	out->confidence = facts->twins || (all >= 3 && same == all - 1) ? "likely" : "possible";
	text_add(&out->text, "samples of unequal length are joined: number %d (%s) has %" PRId64 " in dimension %d where %d of %d have %" PRId64,
		 facts->event->operands[mismatch->operand].item, cause_operand_name(facts, mismatch->operand), mismatch->actual,
		 mismatch->dim, same, all, mismatch->expected);
	text_add(&out->fix, "pad dimension %d to the longest (torch.nn.utils.rnn.pad_sequence), or sample every item to the same count",
		 mismatch->dim);
	if (facts->twins)
		text_add(&out->evidence, "they come from the same lines of code with different sizes");
	return true;
}

/* Needs: a list of tensors without a tensor; PyTorch checks just that. */
bool
cause_nothing_joined(const struct cause_facts *facts, struct cause *out)
{
	if (!cause_is(facts, "cat concat concatenate stack hstack vstack dstack") || !facts->message || !strstr(facts->message, "non-empty"))
		return false;
	for (int i = 0; i < facts->event->operand_count; i++)
		if (facts->event->operands[i].item >= 0 || facts->event->operands[i].ndim >= 0)
			return false;
	out->confidence = "certain";
	text_add(&out->text, "the list that %s is to join holds no tensor", facts->event->operation);
	text_add(&out->fix, "skip the call where nothing was collected (a sample without images, a filter that drops everything), or give it an "
		 "empty tensor of the right width");
	return true;
}

static bool
goes_through(const struct cause_side *side, int64_t event)
{
	for (int i = 0; side->lineage && i < side->lineage->count; i++)
		if (side->lineage->steps[i].event.id == event)
			return true;
	return false;
}

/* The first cat of LARGE's story before it meets SMALL's. */
static const struct lineage_step *
own_cat(const struct cause_side *large, const struct cause_side *small)
{
	for (int i = 0; large->lineage && small->lineage && i < large->lineage->count; i++) {
		const struct lineage_step *step = &large->lineage->steps[i];
		char name[96];

		if (step->event.id >= 0 && goes_through(small, step->event.id))
			break;
		mismatch_plain_name(step->event.operation, name, sizeof(name));
		if (text_among("cat concat concatenate", name))
			return step;
	}
	return NULL;
}

/* Needs: one side grew by a cat that the other has not gone through, by just what they differ in. Likely where two
 * tensors were joined. */
bool
cause_grew_at_cat(const struct cause_facts *facts, struct cause *out)
{
	const struct mismatch *mismatch = facts->mismatch;
	const struct cause_side *large, *small;
	const struct lineage_step *step;
	int64_t more, part = 0, rest = 0;
	int items = 0;

	if (!cause_disagrees(facts, "size") || facts->sides[0].size < 0 || facts->sides[1].size < 0 || mismatch->operand < 0 || facts->twins)
		return false;
	large = facts->sides[0].size > facts->sides[1].size ? &facts->sides[0] : &facts->sides[1];
	small = &facts->sides[large == &facts->sides[0]];
	step = own_cat(large, small);
	if (!step || step->dim < 0 || cause_is_old(facts, large))
		return false;
	more = large->size - small->size;
	for (int i = rule_next(&step->event, 0); i >= 0; i = rule_next(&step->event, i + 1)) {
		const struct operand *is = &step->event.operands[i];

		if (step->dim >= is->ndim || is->sizes[step->dim] <= 0)
			continue;
		items++;
		/* joined before rows were put together: as often as there are rows */
		if (!part && more % is->sizes[step->dim] == 0 && (more == is->sizes[step->dim] || large->size % (more / is->sizes[step->dim]) == 0))
			part = is->sizes[step->dim];
	}
	if (!part || items < 2)
		return false;
	rest = step->size - part;
	out->setting = cause_named_number(facts, part, "virtual prefix prompt soft memory register latent cls query num_tokens");
	if (out->setting && !cause_is_called(out->setting, "virtual prefix prompt soft memory register latent cls query num_tokens"))
		out->setting = NULL;
	out->confidence = items == 2 ? "likely" : "possible";
	text_add(&out->text, "%" PRId64 " were joined to %" PRId64 " on the way to %s only: ", part, rest, cause_operand_name(facts, large->place));
	cause_add_step(facts, &out->text, step);
	cause_add_number(facts, &out->text, out->setting);
	text_add(&out->evidence, "%" PRId64 " against %" PRId64 ": %" PRId64 " more%s", large->size, small->size, more,
		 more == part ? "" : ", those joined in every row");
	text_add(&out->fix, "extend %s by the same %" PRId64 " (labels: with -100; a mask: with ones), or cut them off before the two meet",
		 cause_operand_name(facts, small->place), part);
	return true;
}

/* Needs: a size of dimension 0 that was the same in every call before and is smaller now, and something made for it. */
bool
cause_last_batch(const struct cause_facts *facts, struct cause *out)
{
	const struct mismatch *mismatch = facts->mismatch;
	const struct cause_side *batch = &facts->sides[0], *fixed = &facts->sides[1];
	int64_t asked[RULE_INTS_MOST];
	bool old;

	if (cause_disagrees(facts, "numel") && mismatch->against >= 0 && facts->event->operands[mismatch->against].ndim > 0) {
		const struct operand *is = &facts->event->operands[mismatch->against];
		int count = rule_ints(facts->event, cause_argument(facts, mismatch->operand), asked, RULE_INTS_MOST);

		if (count < 1 || asked[0] <= is->sizes[0] || is->sizes[0] <= 0 || (mismatch->expected * asked[0]) % is->sizes[0])
			return false;
		out->setting = cause_named_number(facts, asked[0], "batch bsz");
		if (!cause_is_called(out->setting, "batch bsz"))
			return false;
		out->confidence = "likely";
		text_add(&out->text, "the view asks for a batch of %" PRId64 ", this one has %" PRId64, asked[0], is->sizes[0]);
		cause_add_number(facts, &out->text, out->setting);
		text_add(&out->fix, "take the batch's own size (x.shape[0]) instead of %s, or drop the last batch (drop_last=True)",
			 text_get(out->setting, "name"));
		return true;
	}
	if (!cause_disagrees(facts, "size") || facts->calls < CALLS_ENOUGH || facts->agreed != facts->calls ||
	    strcmp(facts->event->phase, "optimizer") == 0)
		return false;
	if (batch->size > fixed->size) {
		batch = &facts->sides[1];
		fixed = &facts->sides[0];
	}
	if (batch->dim < 0 || batch->size <= 0 || !batch->calls || batch->smallest != batch->largest || batch->smallest != fixed->size)
		return false;
	out->setting = cause_named_number(facts, fixed->size, "batch bsz");
	if (out->setting && !cause_is_called(out->setting, "batch bsz"))
		out->setting = NULL;
	old = cause_is_old(facts, fixed) && batch->dim == 0;
	if (!out->setting && !old)
		return false;
	out->confidence = out->setting && old ? "likely" : "possible";
	text_add(&out->text, "this batch has %" PRId64 ", every one before had %" PRId64 ", and %s was made for that", batch->size, fixed->size,
		 cause_operand_name(facts, fixed->place));
	cause_add_number(facts, &out->text, out->setting);
	text_add(&out->fix, "make it from the batch's own size (x.shape[0]), or drop the last, smaller batch (drop_last=True)");
	return true;
}

/* Needs: two named numbers of heads, groups or beams, one a multiple of the other. Likely of heads. */
bool
cause_repeats(const struct cause_facts *facts, struct cause *out)
{
	static const char hints[] = "head group beam key_value num_return";
	const struct cause_side *one = &facts->sides[0], *other = &facts->sides[1];
	const json_t *many, *few;
	int64_t large, small;

	if (!cause_disagrees(facts, "size") || one->size < 1 || other->size < 1)
		return false;
	large = one->size > other->size ? one->size : other->size;
	small = one->size > other->size ? other->size : one->size;
	if (small < 2 || large % small)
		return false;
	many = cause_named_number(facts, large, hints);
	few = cause_named_number(facts, small, hints);
	if (!cause_is_called(many, hints) || !cause_is_called(few, hints) || many == few)
		return false;
	out->setting = few;
	out->confidence = cause_is_called(many, "head") && cause_is_called(few, "head") ? "likely" : "possible";
	text_add(&out->text, "%" PRId64 " meet %" PRId64 ": %s against %s, and nothing repeats the fewer %" PRId64 " times", large, small,
		 text_get(many, "name"), text_get(few, "name"), large / small);
	text_add(&out->fix, "repeat the smaller side %" PRId64 " times along that dimension (repeat_interleave; of key/value heads: repeat_kv)",
		 large / small);
	return true;
}

/* Needs: two sizes of different make, one of which was divided with a rest. Likely where they are one apart. */
bool
cause_rest_cut(const struct cause_facts *facts, struct cause *out)
{
	int64_t rest = 0, over = 0, stride = 0, apart;
	const struct lineage_step *step = NULL;
	int side = -1;

	if (!cause_disagrees(facts, "size") || facts->rounded_from > 0 || facts->twins || facts->sides[0].size < 0 || facts->sides[1].size < 0)
		return false;
	for (int i = 0; i < 2 && !rest; i++)
		for (int n = 0; facts->sides[i].lineage && n < facts->sides[i].lineage->count && !rest; n++) {
			step = &facts->sides[i].lineage->steps[n];
			rest = facts->sides[i].size < facts->sides[!i].size ? cause_rest(step, &over, &stride) : 0;
			side = i;
		}
	if (!rest)
		return false;
	apart = facts->sides[!side].size - facts->sides[side].size;
	out->confidence = apart == 1 && step->size == facts->sides[side].size ? "likely" : "possible";
	text_add(&out->text, "a rest was cut off: ");
	cause_add_step(facts, &out->text, step);
	text_add(&out->text, " makes %" PRId64 " of %" PRId64 " in steps of %" PRId64 " and leaves %" PRId64 " over, while %s counts %" PRId64, step->size,
		 over, stride, rest, cause_operand_name(facts, facts->sides[!side].place), facts->sides[!side].size);
	if (cause_decider(&facts->sides[!side])) {
		text_add(&out->evidence, "%" PRId64 " was decided by ", facts->sides[!side].size);
		cause_add_step(facts, &out->evidence, cause_decider(&facts->sides[!side]));
	}
	text_add(&out->fix, "count both the same way: pad the %" PRId64 " by %" PRId64 " to a multiple of %" PRId64 ", or round the other down (floor "
		 "instead of ceil), or cut both to the shorter", over, stride - rest, stride);
	return true;
}

/* Needs: both deciders, at different lines. Says no more than that: the last word where no other rule fits. */
bool
cause_made_apart(const struct cause_facts *facts, struct cause *out)
{
	const struct cause_side *one = &facts->sides[0], *other = &facts->sides[1];
	const struct lineage_step *a = cause_decider(one), *b = cause_decider(other);

	if (!cause_disagrees(facts, "size") || !strchr(facts->event->operation, ':') || !a || !b || facts->twins || facts->rounded_from > 0 || one->size < 0 || other->size < 0 ||
	    a->event.site == b->event.site || cause_are_markers(facts) || cause_is_old(facts, one) || cause_is_old(facts, other))
		return false;
	out->confidence = "possible";
	text_add(&out->text, "the two sizes are decided at different lines, and don't agree this time: %" PRId64 " (%s) by ", one->size,
		 cause_operand_name(facts, one->place));
	cause_add_step(facts, &out->text, a);
	text_add(&out->text, "; %" PRId64 " (%s) by ", other->size, cause_operand_name(facts, other->place));
	cause_add_step(facts, &out->text, b);
	if (facts->calls && facts->agreed == facts->calls)
		text_add(&out->evidence, "in %" PRId64 " earlier calls they agreed", facts->calls);
	text_add(&out->fix, "derive one from the other, so that one line counts for both; or pad or cut %s to %" PRId64,
		 cause_operand_name(facts, one->place), other->size);
	return true;
}
