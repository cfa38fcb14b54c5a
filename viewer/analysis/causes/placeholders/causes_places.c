/* Rules about how many places a picture or a sound has: too few for a layer, at another resolution, counted for another size. */
#include <inttypes.h>
#include <string.h>

#include "../causes_tool.h"
#include "../../mismatch/mismatch_rule.h"

#define RATIO_MOST 64

static bool
is_window(const char *name)
{
	return (strncmp(name, "conv", 4) == 0 && !strstr(name, "transpose")) || strstr(name, "max_pool") == name || strstr(name, "avg_pool") == name;
}

/* How many places EVENT's window needs along DIM of its input to make COUNT of them; -1 if it has no window there. */
static int64_t
needed_for(const struct event *event, int dim, int64_t count)
{
	int input = rule_any(event, "self input"), weight = rule_tensor(event, "weight"), spatial, at;
	int64_t kernel, stride;
	char name[96];

	mismatch_plain_name(event->operation, name, sizeof(name));
	if (input < 0 || !is_window(name))
		return -1;
	spatial = weight >= 0 ? event->operands[weight].ndim - 2 : strstr(name, "1d") ? 1 : strstr(name, "2d") ? 2 : 3;
	at = dim - (event->operands[input].ndim - spatial);
	if (at < 0 || at >= spatial)
		return -1;
	kernel = weight >= 0 ? event->operands[weight].sizes[2 + at] : rule_entry(event, "kernel_size", at, 1);
	stride = rule_entry(event, "stride", at, weight >= 0 ? 1 : kernel);
	kernel = rule_entry(event, "dilation", at, 1) * (kernel - 1) + 1;
	return (count - 1) * stride + kernel - 2 * rule_entry(event, "padding", at, 0);
}

/* Needs: a window larger than its input; likely where earlier calls had more, or where layers before made it so few. */
bool
cause_input_small(const struct cause_facts *facts, struct cause *out)
{
	const struct mismatch *mismatch = facts->mismatch;
	const struct lineage *story = facts->sides[0].lineage;
	const struct lineage_step *first = NULL;
	int64_t need, size = -1;
	int layers = 0;

	if (!cause_disagrees(facts, "size") || mismatch->operand < 0 || mismatch->dim < 0 || mismatch->actual >= mismatch->expected)
		return false;
	need = needed_for(facts->event, mismatch->dim, 1);
	if (need < 1 || facts->event->operands[mismatch->operand].sizes[mismatch->dim] >= need)
		return false;
	for (int i = 0; story && i < story->count; i++) {
		const struct lineage_step *step = &story->steps[i];
		int64_t before = step->dim >= 0 ? needed_for(&step->event, step->dim, need) : -1;

		if (before > 0) {
			need = before;
			layers++;
		} else if (first && step->size != size) {
			break; /* another count from here on */
		}
		first = step;
		size = before > 0 && i + 1 < story->count ? story->steps[i + 1].size : step->size;
	}
	out->confidence = layers || (facts->sides[0].calls && facts->sides[0].smallest > facts->sides[0].size) ? "likely" : "possible";
	text_add(&out->text, "the input is too small: %" PRId64 " are left in dimension %d where a window of %" PRId64 " is moved over them",
		 facts->event->operands[mismatch->operand].sizes[mismatch->dim], mismatch->dim, mismatch->expected);
	if (layers && size >= 0)
		text_add(&out->text, "; %" PRId64 " came in, at least %" PRId64 " are needed before the layers that it has passed", size, need);
	if (first && first->event.operation) {
		text_add(&out->evidence, "it came from ");
		cause_add_step(facts, &out->evidence, first);
	}
	if (facts->sides[0].calls && facts->sides[0].smallest > facts->sides[0].size)
		text_add(&out->evidence, "%sin %" PRId64 " earlier calls at least %" PRId64 " were left", out->evidence.used ? SAY("; ") : "",
			 facts->sides[0].calls, facts->sides[0].smallest);
	text_add(&out->fix, "drop inputs shorter than %" PRId64 ", or pad them to it (torch.nn.functional.pad) before the model", need);
	cause_add_every(facts, &facts->sides[0], &out->text, &out->fix);
	return true;
}

/* Needs: padding that takes more from the input than it has (mismatch_pad). */
bool
cause_padded_more(const struct cause_facts *facts, struct cause *out)
{
	const struct mismatch *mismatch = facts->mismatch;
	const struct cause_side *is = &facts->sides[0];
	bool shorter = is->calls && is->smallest > is->size;

	if (!cause_disagrees(facts, "size") || !cause_is(facts, "pad reflection_pad1d reflection_pad2d reflection_pad3d pad_enum pad_circular") ||
	    mismatch->operand < 0 || mismatch->dim < 0 || mismatch->actual >= mismatch->expected)
		return false;
	out->confidence = shorter || facts->calls > 0 ? "likely" : "possible";
	text_add(&out->text, "the input is too short to be padded with its own ends: %" PRId64 " in dimension %d, and the padding needs at least %" PRId64, mismatch->actual,
		 mismatch->dim, mismatch->expected);
	if (cause_decider(is))
		cause_add_decided(facts, &out->evidence, mismatch->actual, cause_decider(is));
	if (shorter)
		text_add(&out->evidence, "%sin %" PRId64 " earlier calls at least %" PRId64 " were left", out->evidence.used ? SAY("; ") : "", is->calls, is->smallest);
	text_add(&out->fix, "drop inputs shorter than %" PRId64 ", or lengthen them (with zeros) before this; or pad less (a smaller window), or with zeros (mode "
		 "\"constant\")", mismatch->expected);
	return true;
}

/* The first step of SIDE's story that divided a size: a strided convolution, a pooling. */
static const struct lineage_step *
divided_by(const struct cause_side *side, const struct cause_side *other)
{
	const struct lineage_step *found = NULL;

	for (int i = 0; side->lineage && i + 1 < side->lineage->count; i++) {
		const struct lineage_step *step = &side->lineage->steps[i];
		char name[96];

		if (step->event.id >= 0 && cause_goes_through(other, step->event.id))
			break;
		mismatch_plain_name(step->event.operation, name, sizeof(name));
		if (step->dim >= 0 && step->size > 0 && is_window(name) && side->lineage->steps[i + 1].size >= 2 * step->size - 1)
			found = step; /* the oldest: the first layer that the picture meets */
	}
	return found;
}

/* LARGE is about RATIO times SMALL: the rest was rounded up or down. */
static bool
is_times(int64_t large, int64_t small, int64_t ratio)
{
	return large - small * ratio < ratio && small * ratio - large < ratio;
}

static bool
is_like(const struct cause_facts *facts, const struct cause_side *side, struct text *out)
{
	const struct lineage_step *step = cause_step(side, "randn_like rand_like zeros_like ones_like empty_like full_like randint_like");

	if (!step)
		return false;
	text_add(out, "%s was made by ", cause_operand_name(facts, side->place));
	cause_add_step(facts, out, step);
	return true;
}

/* Needs: two tensors whose last two sizes differ by one factor, and that a layer divided the smaller one's. */
bool
cause_resolution(const struct cause_facts *facts, struct cause *out)
{
	const struct cause_side *small = &facts->sides[0], *large = &facts->sides[1];
	const struct operand *few, *many;
	const struct lineage_step *step;
	int64_t ratio;

	if (!cause_disagrees(facts, "size") || small->place < 0 || large->place < 0 || small->size < 1 || large->size < 1 || facts->rounded_from > 0 ||
	    (!cause_is_elementwise(facts) && !cause_is_loss(facts)))
		return false;
	if (small->size > large->size) {
		small = &facts->sides[1];
		large = &facts->sides[0];
	}
	few = &facts->event->operands[small->place];
	many = &facts->event->operands[large->place];
	if (few->ndim < 3 || many->ndim < 3 || small->dim < few->ndim - 2 || large->dim < many->ndim - 2)
		return false;
	ratio = (large->size + small->size / 2) / small->size;
	for (int d = 1; d <= 2; d++)
		if (few->sizes[few->ndim - d] < 2 || !is_times(many->sizes[many->ndim - d], few->sizes[few->ndim - d], ratio))
			return false;
	step = ratio >= 2 && ratio <= RATIO_MOST ? divided_by(small, large) : NULL;
	if (!step || divided_by(large, small))
		return false;
	out->confidence = "likely";
	text_add(&out->text, "%s is at a lower resolution: %" PRId64 " x %" PRId64 " where %s has %" PRId64 " x %" PRId64 ", %" PRId64 " times as many each way",
		 cause_operand_name(facts, small->place), few->sizes[few->ndim - 2], few->sizes[few->ndim - 1], cause_operand_name(facts, large->place),
		 many->sizes[many->ndim - 2], many->sizes[many->ndim - 1], ratio);
	text_add(&out->evidence, "the model divides it, first by ");
	cause_add_step(facts, &out->evidence, step);
	if (is_like(facts, large, &out->fix)) {
		text_add(&out->fix, ": make it in the likeness of what it is joined with (%" PRId64 " x %" PRId64 ")", few->sizes[few->ndim - 2],
			 few->sizes[few->ndim - 1]);
		return true;
	}
	text_add(&out->fix, "bring both to one resolution: interpolate %s to %" PRId64 " x %" PRId64 " (torch.nn.functional.interpolate), or resize %s to %"
		 PRId64 " x %" PRId64 " (mode=\"nearest\" for labels and masks)", cause_operand_name(facts, small->place), many->sizes[many->ndim - 2],
		 many->sizes[many->ndim - 1], cause_operand_name(facts, large->place), few->sizes[few->ndim - 2], few->sizes[few->ndim - 1]);
	return true;
}

#define JOINED_MOST 16 /* tokens that are put to patches: a class token, registers */

/* Did STEP put just MORE to as many as are left without them? AT_FRONT: where. */
static bool
joins(const struct lineage_step *step, int64_t more, bool *at_front)
{
	int64_t before = 0;

	for (int i = rule_next(&step->event, 0); i >= 0 && step->dim >= 0; i = rule_next(&step->event, i + 1)) {
		if (step->dim >= step->event.operands[i].ndim)
			return false;
		before += step->event.operands[i].sizes[step->dim];
		if (before == more || step->size - before == more) {
			*at_front = before == more;
			return before < step->size;
		}
	}
	return false;
}

/* Needs: a view that asks for so many places of a dimension (a grid of patches, most of all) that has a few more, and a cat on the way that put just those few to
 * them. */
bool
cause_joined_before_view(const struct cause_facts *facts, struct cause *out)
{
	const struct mismatch *mismatch = facts->mismatch;
	int64_t asked[RULE_INTS_MOST], places = 1;
	const struct lineage_step *step = NULL;
	const struct operand *is;
	int count, first = 0, last = 0;
	bool at_front = false;

	if (!cause_disagrees(facts, "numel") || mismatch->operand < 0 || mismatch->against < 0)
		return false;
	is = &facts->event->operands[mismatch->against];
	count = rule_ints(facts->event, cause_argument(facts, mismatch->operand), asked, RULE_INTS_MOST);
	while (first < count && first < is->ndim && asked[first] == is->sizes[first])
		first++;
	while (last < count - first && last < is->ndim - first && asked[count - 1 - last] == is->sizes[is->ndim - 1 - last])
		last++;
	for (int i = first; i < count - last; i++)
		if (asked[i] != -1 && (asked[i] < 1 || __builtin_mul_overflow(places, asked[i], &places)))
			return false;
	for (int d = first; d < is->ndim - last && !step && places > 1; d++)
		for (int i = 0; i < 2 && !step && is->sizes[d] > places && is->sizes[d] - places <= JOINED_MOST; i++) {
			const struct lineage_step *cat = cause_step_any(&facts->sides[i], "cat concat concatenate");

			if (cat && cat->size == is->sizes[d] && joins(cat, is->sizes[d] - places, &at_front))
				step = cat;
		}
	if (!step)
		return false;
	out->confidence = "likely";
	text_add(&out->text, "%" PRId64 " are asked for where there are %" PRId64 ": %" PRId64 " more were put %s them by ", places, step->size, step->size - places,
		 at_front ? SAY("in front of") : SAY("behind"));
	cause_add_line(facts, &out->text, step, -1);
	if (at_front)
		text_add(&out->fix, "leave them out before the view (a class token, registers): %s[:, %" PRId64 ":]", cause_operand_name(facts, mismatch->against), step->size - places);
	else
		text_add(&out->fix, "leave them out before the view: %s[:, :%" PRId64 "]", cause_operand_name(facts, mismatch->against), places);
	return true;
}
