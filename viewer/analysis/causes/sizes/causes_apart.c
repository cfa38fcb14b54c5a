/* Rules about two sizes that come from different lines: one cut, split, rounded, repeated, or of another batch. */
#include <inttypes.h>
#include <string.h>

#include "../causes_tool.h"
#include "../../mismatch/mismatch_rule.h"
#include "../../where.h"

#define CALLS_ENOUGH 3

/* Needs: a size of dimension 0 that was the same in every call before and is smaller now, and something made for it. */
bool
cause_last_batch(const struct cause_facts *facts, struct cause *out)
{
	const struct mismatch *mismatch = facts->mismatch;
	const struct cause_side *batch = &facts->sides[0], *fixed = &facts->sides[1];
	int64_t asked[RULE_INTS_MOST];
	struct text last = {{0}, 0};
	bool old;

	if (cause_disagrees(facts, "numel") && mismatch->against >= 0 && facts->event->operands[mismatch->against].ndim > 0) {
		const struct operand *is = &facts->event->operands[mismatch->against];
		int count = rule_ints(facts->event, cause_argument(facts, mismatch->operand), asked, RULE_INTS_MOST);

		int64_t batch_of = is->sizes[0], rest = 1;

		for (int i = 1; i < count; i++)
			rest = asked[i] > 0 && rest < RULE_INT_MOST / asked[i] ? rest * asked[i] : 0;
		if (count > 1 && rest > 0 && rest < mismatch->expected && mismatch->expected % rest == 0)
			batch_of = mismatch->expected / rest; /* the batch was put into one with what it holds */
		if (count < 1 || asked[0] <= batch_of || batch_of <= 0 || (mismatch->expected * asked[0]) % batch_of)
			return false;
		out->setting = cause_named_number(facts, asked[0], "batch bsz");
		if (!cause_is_called(out->setting, "batch bsz"))
			return false;
		out->confidence = "likely";
		text_add(&out->text, "the view asks for a batch of %" PRId64 ", this one has %" PRId64, asked[0], batch_of);
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
	if (cause_add_last_batch(facts, &last, fixed->size, batch->size))
		text_add(&out->text, "; it is %s", last.data);
	text_add(&out->fix, "make it from the batch's own size (x.shape[0]), or drop the last, smaller batch (drop_last=True)");
	return true;
}

/* A mask of samples where one is wanted for each head of each. */
static bool
tell_masks(const struct cause_facts *facts, struct cause *out)
{
	const struct mismatch *mismatch = facts->mismatch;
	const struct operand *mask = mismatch->operand >= 0 ? &facts->event->operands[mismatch->operand] : NULL;
	const char *name = mask ? cause_operand_name(facts, mismatch->operand) : "";
	const json_t *heads;

	if (!mask || mask->ndim != 3 || mismatch->dim != 0 || !strstr(name, "mask") || mismatch->actual < 1 || mismatch->expected <= mismatch->actual ||
	    mismatch->expected % mismatch->actual)
		return false;
	heads = cause_named_number(facts, mismatch->expected / mismatch->actual, "head");
	if (!cause_is_called(heads, "head"))
		return false;
	out->setting = heads;
	out->confidence = "likely";
	text_add(&out->text, "%s has one mask for each of %" PRId64 " samples, and a mask of three dimensions needs one for each head of each sample: %" PRId64 " x %" PRId64 " = %" PRId64, name,
		 mismatch->actual, mismatch->actual, mismatch->expected / mismatch->actual, mismatch->expected);
	cause_add_number(facts, &out->text, heads);
	text_add(&out->fix, "repeat each sample's for its heads: %s.repeat_interleave(%" PRId64 ", dim=0); what only marks padding goes as key_padding_mask ([batch, length]), what is alike for all samples as one "
		 "of two dimensions", name, mismatch->expected / mismatch->actual);
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

	if (cause_disagrees(facts, "size") && tell_masks(facts, out))
		return true;
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
	if (small < 2 || cause_repeated(one->size > other->size ? one : other, small))
		return false; /* it was repeated */
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

/* Is SIZE, on SIDE's way, a product alone (2 x 512) that a view made of what no dimension had? Nothing was cut to that. */
static bool
is_product(const struct cause_side *side, int64_t size)
{
	const struct lineage_step *oldest = NULL;
	int place;

	for (int i = 0; side->lineage && i < side->lineage->count; i++)
		if (side->lineage->steps[i].size == size)
			oldest = &side->lineage->steps[i];
	place = oldest && mismatch_is_any(oldest->event.operation, "view reshape flatten") ? rule_any(&oldest->event, "self input") : -1;
	for (int d = 0; place >= 0 && d < oldest->event.operands[place].ndim; d++)
		if (oldest->event.operands[place].sizes[d] == size)
			return false;
	return place >= 0;
}

/* Needs: the smaller side was cut to a number that its line names, or that is a limit by name; the other wasn't (nor was it to a few more). */
bool
cause_cut_one(const struct cause_facts *facts, struct cause *out)
{
	const struct cause_side *small = &facts->sides[0], *large = &facts->sides[1];
	const struct lineage_step *step, *longer;
	int64_t cut;
	bool limit;

	if (!cause_disagrees(facts, "size") || small->size < 1 || large->size < 1 || small->size == large->size ||
	    facts->rounded_from > 0 || cause_is(facts, "linear conv1d conv2d conv3d matmul mm bmm addmm"))
		return false;
	if (small->size > large->size) {
		small = &facts->sides[1];
		large = &facts->sides[0];
	}
	if (large->news && large->news->count && usual_is_steady(&large->news->steps[large->news->count - 1].usual) &&
	    large->news->steps[large->news->count - 1].usual.largest == small->size)
		return false; /* the other had always as many: it is that one which has more now */
	step = cause_decider(small);
	if (cause_decided_by(small, "zeros ones full empty rand randn randint arange eye randperm"))
		return false; /* asked for, not cut */
	out->setting = !step || (cause_is_old(facts, small) && !facts->twins) ? NULL : cause_cut_by(facts, small, large->size);
	limit = out->setting && (cause_is_limit(facts, out->setting) || cause_is_called(out->setting, "max limit cutoff capacity"));
	if (facts->twins && !limit) { /* they part further back */
		out->setting = cause_limit_before(facts, small, &step);
		limit = out->setting != NULL;
	}
	if (!out->setting || (facts->twins && !limit) || (limit && cause_cut_apart(facts)))
		return false;
	out->confidence = (limit || cause_decided_by(small, "slice narrow")) && (small->largest <= small->size || !small->calls) ? "likely" : "possible";
	cut = json_integer_value(json_object_get(out->setting, "value"));
	if (is_product(small, cut))
		return false;
	longer = cause_decider(large);
	text_add(&out->text, "only one of the two was cut to %s = %" PRId64 ": %s by ", text_get(out->setting, "name"), cut,
		 cause_operand_name(facts, small->place));
	cause_add_step(facts, &out->text, step);
	text_add(&out->text, "; %s has %" PRId64, cause_operand_name(facts, large->place), large->size);
	if (longer)
		cause_add_decided(facts, &out->evidence, large->size, longer);
	if (cut != small->size && longer && longer->size > cut && longer->size != large->size) { /* both were flattened since, or shifted */
		text_add(&out->fix, "cut the %" PRId64 " that %s is made of to %" PRId64 " as well (before anything is computed from it), or raise %s to %" PRId64
			 " or more", longer->size, cause_operand_name(facts, large->place), cut, text_get(out->setting, "name"), longer->size);
		return true;
	}
	text_add(&out->fix, "cut %s to %" PRId64 " as well (before anything is computed from it), or raise %s to ", cause_operand_name(facts, large->place), small->size,
		 text_get(out->setting, "name"));
	if (large->smallest < large->largest) /* by the data: no number is enough for good */
		text_add(&out->fix, "what the longest batch needs (%" PRId64 " in this one)", large->size);
	else
		text_add(&out->fix, "%" PRId64 " or more", large->size);
	return true;
}

/* Needs: one side was split into equal parts along dimension 0, the other wasn't. */
bool
cause_packed_split(const struct cause_facts *facts, struct cause *out)
{
	static const char splits[] = "chunk split tensor_split unsafe_chunk unsafe_split";
	const struct lineage_step *step;
	int side, whole;

	if (!cause_disagrees(facts, "size") || facts->sides[0].size < 1 || facts->sides[1].size < 1)
		return false;
	side = cause_decided_by(&facts->sides[0], splits) ? 0 : cause_decided_by(&facts->sides[1], splits) ? 1 : -1;
	if (side < 0 || cause_decided_by(&facts->sides[!side], splits))
		return false;
	step = cause_decider(&facts->sides[side]);
	if (step->dim != 0)
		return false;
	out->confidence = cause_decider(&facts->sides[!side]) ? "likely" : "possible";
	whole = rule_any(&step->event, "self");
	if (whole >= 0 && step->event.operands[whole].ndim > 0 && step->event.operands[whole].sizes[0] == facts->sides[!side].size) {
		text_add(&out->text, "only one of the two was split: ");
		cause_add_step(facts, &out->text, step);
		text_add(&out->text, " gives %" PRId64 " of %" PRId64 ", %s still has all", facts->sides[side].size, facts->sides[!side].size,
			 cause_operand_name(facts, facts->sides[!side].place));
		text_add(&out->fix, "split %s the same way", cause_operand_name(facts, facts->sides[!side].place));
		return true;
	}
	text_add(&out->text, "rows that belong together were split by number: ");
	cause_add_step(facts, &out->text, step);
	text_add(&out->text, " gives %" PRId64 " of them, %s needs %" PRId64, facts->sides[side].size, cause_operand_name(facts, facts->sides[!side].place),
		 facts->sides[!side].size);
	if (cause_decider(&facts->sides[!side]))
		cause_add_decided(facts, &out->evidence, facts->sides[!side].size, cause_decider(&facts->sides[!side]));
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

			if (step->event.id >= 0 && cause_goes_through(other, step->event.id))
				break;
			*rest = is->size < other->size || is_multiplied(is) ? cause_rest(step, over, stride) : 0;
			if (*rest && (!is_multiplied(is) || is->size % step->size == 0))
				return step; /* (what another step's result was multiplied to, this one has no part in) */
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
	for (int i = 0; i < 2; i++)
		if (strcmp(cause_argument(facts, facts->sides[i].place), "weight") == 0)
			return false; /* a layer's own size is no count of anything */
	step = find_rest(facts, &side, &rest, &over, &stride);
	if (!step)
		return false;
	apart = facts->sides[!side].size - facts->sides[side].size;
	if (!is_multiplied(&facts->sides[side]) && apart != 1 && apart != -1)
		return false; /* a rest makes a difference of one */
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
	out->confidence = apart == 1 && step->size == facts->sides[side].size && !cause_own_cat(&facts->sides[!side], &facts->sides[side]) ? "likely" : "possible";
	text_add(&out->text, ", while %s counts %" PRId64, cause_operand_name(facts, facts->sides[!side].place), facts->sides[!side].size);
	if (cause_decider(&facts->sides[!side])) {
		text_add(&out->evidence, "%" PRId64 " was decided by ", facts->sides[!side].size);
		cause_add_step(facts, &out->evidence, cause_decider(&facts->sides[!side]));
	}
	text_add(&out->fix, "count both the same way: pad the %" PRId64 " by %" PRId64 " to a multiple of %" PRId64 ", or round the other down (floor "
		 "instead of ceil), or cut both to the shorter", over, stride - rest, stride);
	return true;
}

bool
cause_tell_called(const struct cause_facts *facts, const struct lineage_step *one, const struct lineage_step *other, struct cause *out)
{
	const struct lineage_step *const steps[] = { one, other };
	char callers[2][512];

	for (int i = 0; i < 2; i++)
		if (!facts->source || steps[i]->entered || steps[i]->possible || steps[i]->size != facts->sides[i].size ||
		    !where_caller_line(facts->source, facts->process, steps[i]->event.site, callers[i], sizeof(callers[i])))
			return false;
	if (strcmp(callers[0], callers[1]) == 0 || !where_same_line(facts->source, facts->process, steps[0]->event.site, steps[1]->event.site))
		return false;
	out->confidence = "likely";
	text_add(&out->text, "one and the same code made both sizes, called otherwise: %s has %" PRId64 ", by ", cause_operand_name(facts, facts->sides[0].place), facts->sides[0].size);
	cause_add_step(facts, &out->text, steps[0]);
	text_add(&out->text, "; %s has %" PRId64 ", as called at %s", cause_operand_name(facts, facts->sides[1].place), facts->sides[1].size, callers[1]);
	text_add(&out->fix, "call both alike (%s and %s: the same numbers, the same options), so that both have %" PRId64, callers[0], callers[1],
		 facts->sides[0].size > facts->sides[1].size ? facts->sides[0].size : facts->sides[1].size);
	return true;
}
