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

/* How many starts there are, how many ends: by their variables' names, else in the order in which they are joined. */
static int64_t
named_count(const struct cause_facts *facts, const char *name, int otherwise)
{
	for (int i = 0; i < 2; i++)
		if (strstr(cause_operand_name(facts, facts->sides[i].place), name))
			return facts->sides[i].size;
	for (int i = 0; i < 2; i++)
		if (facts->sides[i].place >= 0 && facts->event->operands[facts->sides[i].place].item == otherwise)
			return facts->sides[i].size;
	return -1;
}

static int64_t
starts_of(const struct cause_facts *facts)
{
	return named_count(facts, "start", 0);
}

static int64_t
ends_of(const struct cause_facts *facts)
{
	return named_count(facts, "end", 1);
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
	if (starts_of(facts) < ends_of(facts)) {
		text_add(&out->evidence, "%sends without a start can't come from cutting a sequence's end", out->evidence.used ? "; " : "");
		text_add(&out->fix, "look for an end marker that stands alone in the text (quoted in it, or the start removed), and escape or drop it; no "
			 "length limit makes more ends than starts");
		return true;
	}
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
	if (!cause_is(facts, "cat concat concatenate stack hstack vstack dstack pad_sequence") || cause_are_markers(facts) || facts->rounded_from > 0)
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
	out->confidence = (facts->twins && !is_pair(facts)) || (all >= 3 && same == all - 1) ? "likely" : "possible";
	text_add(&out->text, "samples of unequal length are joined: number %d (%s) has %" PRId64 " in dimension %d where %d of %d have %" PRId64,
		 facts->event->operands[mismatch->operand].item, cause_operand_name(facts, mismatch->operand), mismatch->actual,
		 mismatch->dim, same, all, mismatch->expected);
	for (int i = 0; i < 2 && !out->setting; i++) {
		out->setting = cause_named_number(facts, i ? mismatch->actual : mismatch->expected, "size height width side mels bins channels features dim");
		if (out->setting && !cause_is_called(out->setting, "size height width side mels bins channels features dim"))
			out->setting = NULL;
	}
	if (cause_is(facts, "pad_sequence"))
		text_add(&out->fix, "pad_sequence pads dimension 0 only: bring dimension %d of all to one size where they are made (one setting for every "
			 "source)", mismatch->dim);
	else
		text_add(&out->fix, "pad dimension %d to the longest (torch.nn.utils.rnn.pad_sequence), or bring every sample to one size where it is made "
			 "(resize, crop, sample to the same count)", mismatch->dim);
	if (out->setting)
		text_add(&out->evidence, "%" PRId64 " is %s; ", (int64_t)json_integer_value(json_object_get(out->setting, "value")),
			 text_get(out->setting, "name"));
	if (cause_decider(&facts->sides[0])) {
		text_add(&out->evidence, "number %d was made by ", facts->event->operands[mismatch->operand].item);
		cause_add_step(facts, &out->evidence, cause_decider(&facts->sides[0]));
		text_add(&out->evidence, "; ");
	}
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

/* Does SIDE's story have that event? */
static bool
goes_through(const struct cause_side *side, int64_t event)
{
	for (int i = 0; side->lineage && i < side->lineage->count; i++)
		if (side->lineage->steps[i].event.id == event)
			return true;
	return false;
}

static bool
passes_line(const struct cause_side *side, int64_t site)
{
	for (int i = 0; i < side->lineage->count; i++)
		if (side->lineage->steps[i].event.site == site)
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
			return passes_line(small, step->event.site) ? NULL : step;
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

	if (!cause_disagrees(facts, "size") || facts->sides[0].size < 0 || facts->sides[1].size < 0 || mismatch->operand < 0)
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

/* Needs: two named numbers of heads or groups, one a multiple of the other; or a multiple that is a number of beams by name. */
bool
cause_repeats(const struct cause_facts *facts, struct cause *out)
{
	static const char hints[] = "head group key_value", beams[] = "beam num_return num_generations num_samples n_samples copies";
	const struct cause_side *one = &facts->sides[0], *other = &facts->sides[1];
	const json_t *many, *few;
	int64_t large, small;

	if (!cause_disagrees(facts, "size") || one->size < 1 || other->size < 1)
		return false;
	large = one->size > other->size ? one->size : other->size;
	small = one->size > other->size ? other->size : one->size;
	if (small < 1 || large % small || large < 2)
		return false;
	if (small > 1 || facts->sides[0].dim == 0) {
		const json_t *times = cause_named_number(facts, large / small, beams);

		if (cause_is_called(times, beams)) {
			out->setting = times;
			out->confidence = "likely";
			text_add(&out->text, "%" PRId64 " meet %" PRId64 ": %s = %" PRId64 " multiplied one side only", large, small, text_get(times, "name"),
				 large / small);
			text_add(&out->fix, "repeat %s %" PRId64 " times along dimension %d, too (repeat_interleave; of a cache: batch_repeat_interleave)",
				 cause_operand_name(facts, one->size < other->size ? one->place : other->place), large / small,
				 one->size < other->size ? one->dim : other->dim);
			return true;
		}
	}
	if (small < 2)
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

/* Needs: the smaller side was cut to a number that its line names, or that is a limit by name; the other wasn't. */
bool
cause_cut_one(const struct cause_facts *facts, struct cause *out)
{
	const struct cause_side *small = &facts->sides[0], *large = &facts->sides[1];
	const struct lineage_step *step;
	bool limit;

	if (!cause_disagrees(facts, "size") || small->size < 1 || large->size < 1 || small->size == large->size ||
	    facts->rounded_from > 0 || cause_is(facts, "linear conv1d conv2d conv3d matmul mm bmm addmm"))
		return false;
	if (small->size > large->size) {
		small = &facts->sides[1];
		large = &facts->sides[0];
	}
	step = cause_decider(small);
	out->setting = !step || cause_is_old(facts, small) ? NULL : cause_cut_by(facts, small, large->size);
	limit = out->setting && (cause_is_limit(facts, out->setting) || cause_is_called(out->setting, "max limit cutoff capacity"));
	if (!out->setting || (facts->twins && !limit))
		return false;
	out->confidence = (limit || cause_decided_by(small, "slice narrow")) && (small->largest <= small->size || !small->calls) ? "likely" : "possible";
	text_add(&out->text, "only one of the two was cut to %s = %" PRId64 ": %s by ", text_get(out->setting, "name"), small->size,
		 cause_operand_name(facts, small->place));
	cause_add_step(facts, &out->text, step);
	text_add(&out->text, "; %s has %" PRId64, cause_operand_name(facts, large->place), large->size);
	if (cause_decider(large)) {
		text_add(&out->evidence, "the %" PRId64 " was decided by ", large->size);
		cause_add_step(facts, &out->evidence, cause_decider(large));
	}
	text_add(&out->fix, "cut %s to %" PRId64 " as well (before anything is computed from it), or raise %s to %" PRId64 " or more",
		 cause_operand_name(facts, large->place), small->size, text_get(out->setting, "name"), large->size);
	return true;
}

/* Needs: one side was split into equal parts along dimension 0, the other wasn't. */
bool
cause_packed_split(const struct cause_facts *facts, struct cause *out)
{
	static const char splits[] = "chunk split tensor_split unsafe_chunk unsafe_split";
	const struct lineage_step *step;
	int side;

	if (!cause_disagrees(facts, "size") || facts->sides[0].size < 1 || facts->sides[1].size < 1)
		return false;
	side = cause_decided_by(&facts->sides[0], splits) ? 0 : cause_decided_by(&facts->sides[1], splits) ? 1 : -1;
	if (side < 0 || cause_decided_by(&facts->sides[!side], splits))
		return false;
	step = cause_decider(&facts->sides[side]);
	if (step->dim != 0)
		return false;
	out->confidence = cause_decider(&facts->sides[!side]) ? "likely" : "possible";
	text_add(&out->text, "rows that belong together were split by number: ");
	cause_add_step(facts, &out->text, step);
	text_add(&out->text, " gives %" PRId64 " of them, %s needs %" PRId64, facts->sides[side].size, cause_operand_name(facts, facts->sides[!side].place),
		 facts->sides[!side].size);
	if (cause_decider(&facts->sides[!side])) {
		text_add(&out->evidence, "the %" PRId64 " was decided by ", facts->sides[!side].size);
		cause_add_step(facts, &out->evidence, cause_decider(&facts->sides[!side]));
	}
	text_add(&out->fix, "split packed rows (patches, tokens of several samples in dimension 0) by the samples they belong to (their lengths or grids), not "
		 "into equal chunks; DataParallel does the latter: use DistributedDataParallel");
	return true;
}

/* Is what was divided on SIDE's way multiplied again (a decoder's upsampling)? */
static bool
is_multiplied(const struct cause_side *side)
{
	for (int i = 0; side->lineage && i < side->lineage->count; i++) {
		const char *name = side->lineage->steps[i].event.operation;

		if (strstr(name, "conv_transpose") || strstr(name, "upsample") || strstr(name, "pixel_shuffle") || strstr(name, "repeat_interleave"))
			return true;
	}
	return false;
}

/* The step of either side that left a rest; where the other side's story has it too, neither is to blame for it. */
static const struct lineage_step *
find_rest(const struct cause_facts *facts, int *side, int64_t *rest, int64_t *over, int64_t *stride)
{
	for (*side = 0; *side < 2; (*side)++) {
		const struct cause_side *is = &facts->sides[*side], *other = &facts->sides[!*side];

		for (int n = 0; is->lineage && n < is->lineage->count; n++) {
			const struct lineage_step *step = &is->lineage->steps[n];

			if (step->event.id >= 0 && goes_through(other, step->event.id))
				break;
			*rest = is->size < other->size || is_multiplied(is) ? cause_rest(step, over, stride) : 0;
			if (*rest)
				return step;
		}
	}
	return NULL;
}

/* Needs: two sizes, one of which was divided with a rest. Likely where it was multiplied again, or where they are one apart. */
bool
cause_rest_cut(const struct cause_facts *facts, struct cause *out)
{
	int64_t rest, over, stride, apart;
	const struct lineage_step *step;
	int side;

	if (!cause_disagrees(facts, "size") || facts->rounded_from > 0 || facts->sides[0].size < 0 || facts->sides[1].size < 0)
		return false;
	step = find_rest(facts, &side, &rest, &over, &stride);
	if (!step)
		return false;
	apart = facts->sides[!side].size - facts->sides[side].size;
	text_add(&out->text, "a rest was rounded away: ");
	cause_add_step(facts, &out->text, step);
	text_add(&out->text, " makes %" PRId64 " of %" PRId64 " in steps of %" PRId64 " and leaves %" PRId64 " over", step->size, over, stride, rest);
	if (is_multiplied(&facts->sides[side])) {
		out->confidence = apart < stride && -apart < stride ? "likely" : "possible";
		text_add(&out->text, "; multiplied again it is %" PRId64 ", where %s still has %" PRId64, facts->sides[side].size,
			 cause_operand_name(facts, facts->sides[!side].place), facts->sides[!side].size);
		text_add(&out->fix, "pad or crop the input to a multiple of everything that it is divided by on its way down, or interpolate the one to "
			 "the other's size");
		return true;
	}
	out->confidence = apart == 1 && step->size == facts->sides[side].size ? "likely" : "possible";
	text_add(&out->text, ", while %s counts %" PRId64, cause_operand_name(facts, facts->sides[!side].place), facts->sides[!side].size);
	if (cause_decider(&facts->sides[!side])) {
		text_add(&out->evidence, "%" PRId64 " was decided by ", facts->sides[!side].size);
		cause_add_step(facts, &out->evidence, cause_decider(&facts->sides[!side]));
	}
	text_add(&out->fix, "count both the same way: pad the %" PRId64 " by %" PRId64 " to a multiple of %" PRId64 ", or round the other down (floor "
		 "instead of ceil), or cut both to the shorter", over, stride - rest, stride);
	return true;
}

/* "2 x 10" where SIDE's size was put together of two: the factors. */
static bool
factors_of(const struct cause_side *side, int64_t *one, int64_t *other)
{
	for (int i = 0; side->lineage && i < side->lineage->count; i++) {
		const struct lineage_step *step = &side->lineage->steps[i];
		int place = rule_any(&step->event, "self input");
		const struct operand *from = place >= 0 ? &step->event.operands[place] : NULL;

		if (!from || step->size != side->size || (!strstr(step->event.operation, "view") && !strstr(step->event.operation, "reshape") && !strstr(step->event.operation, "flatten")))
			continue;
		for (int d = 0; d + 1 < from->ndim; d++)
			if (from->sizes[d] > 1 && from->sizes[d + 1] > 1 && from->sizes[d] * from->sizes[d + 1] == side->size) {
				*one = from->sizes[d];
				*other = from->sizes[d + 1];
				return true;
			}
	}
	return false;
}

/* Needs: both deciders, at different lines. Says no more than that: the last word where no other rule fits. */
bool
cause_made_apart(const struct cause_facts *facts, struct cause *out)
{
	const struct cause_side *one = &facts->sides[0], *other = &facts->sides[1];
	const struct lineage_step *a = cause_decider(one), *b = cause_decider(other);
	int64_t rows[2], each[2];

	if (!cause_disagrees(facts, "size") || !strchr(facts->event->operation, ':') || !a || !b || facts->twins || facts->rounded_from > 0 || one->size < 0 || other->size < 0 ||
	    a->event.site == b->event.site || cause_are_markers(facts) || strcmp(facts->event->phase, "optimizer") == 0 || cause_is_old(facts, one) || cause_is_old(facts, other))
		return false;
	out->confidence = "possible";
	text_add(&out->text, "the two sizes are decided at different lines, and don't agree this time: %" PRId64 " (%s) by ", one->size,
		 cause_operand_name(facts, one->place));
	cause_add_step(facts, &out->text, a);
	text_add(&out->text, "; %" PRId64 " (%s) by ", other->size, cause_operand_name(facts, other->place));
	cause_add_step(facts, &out->text, b);
	if (factors_of(one, &rows[0], &each[0]) && factors_of(other, &rows[1], &each[1]) && rows[0] == rows[1]) {
		const json_t *number = NULL;

		for (int i = 0; i < 2 && !cause_is_called(number, "query queries token num patch place"); i++)
			number = cause_named_number(facts, each[i], "query queries token num patch place");
		text_add(&out->evidence, "%" PRId64 " x %" PRId64 " against %" PRId64 " x %" PRId64, rows[0], each[0], rows[1], each[1]);
		if (cause_is_called(number, "query queries token num patch place")) {
			out->setting = number;
			text_add(&out->evidence, ", and %" PRId64 " is %s", (int64_t)json_integer_value(json_object_get(number, "value")), text_get(number, "name"));
		}
	}
	if (facts->calls && facts->agreed == facts->calls)
		text_add(&out->evidence, "%sin %" PRId64 " earlier calls they agreed", out->evidence.used ? "; " : "", facts->calls);
	text_add(&out->fix, "derive one from the other, so that one line counts for both; or pad or cut %s to %" PRId64,
		 cause_operand_name(facts, one->place), other->size);
	return true;
}
