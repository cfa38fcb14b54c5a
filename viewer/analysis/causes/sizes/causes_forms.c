/* Rules about forms: missing dimensions, dimensions at the wrong place, sizes that don't divide, empty parameters. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../causes_tool.h"
#include "../../mismatch/mismatch_rule.h"

/* Needs: a parameter without elements, or flat where its operation wants it in two dimensions or more. */
bool
cause_partitioned(const struct cause_facts *facts, struct cause *out)
{
	if (!cause_is(facts, "linear embedding conv1d conv2d conv3d convolution addmm mm bmm matmul t"))
		return false;
	for (int i = 0; i < facts->event->operand_count; i++) {
		const struct operand *is = &facts->event->operands[i];

		if (!is->name || !text_among("weight mat2", is->name) || is->ndim != 1)
			continue;
		if (is->sizes[0] == 0 || (cause_is(facts, "linear embedding") && facts->mismatch && text_among("rank size", facts->mismatch->property))) {
			out->confidence = is->sizes[0] == 0 ? "likely" : "possible";
			if (is->sizes[0] == 0)
				text_add(&out->text, "%s is empty (size [0]): this process holds no part of it at this moment", is->name);
			else
				text_add(&out->text, "%s is flat: a parameter that is sharded and not put together at this moment", is->name);
			text_add(&out->fix, "use it inside the module's own forward, or gather it first (deepspeed.zero.GatheredParameters, "
				 "FSDP.summon_full_params); a part of the model that is called by itself must be wrapped, too");
			return true;
		}
	}
	return false;
}

/* Needs: a view that the strides forbid while the elements fit. */
bool
cause_stride(const struct cause_facts *facts, struct cause *out)
{
	if (!cause_disagrees(facts, "stride"))
		return false;
	out->confidence = "certain";
	text_add(&out->text, "%s was transposed, expanded or sliced: its elements fit, its layout doesn't allow a view",
		 cause_operand_name(facts, facts->mismatch->operand));
	text_add(&out->fix, "use reshape, or call contiguous() before view");
	return true;
}

static void
add_product(struct text *text, const int64_t *sizes, int count)
{
	for (int i = 0; i < count; i++)
		text_add(text, "%s%" PRId64, i ? " x " : "", sizes[i]);
}

/* What a view asks for against what there is, without the dimensions at both ends that are alike; and who decided it. */
static void
add_unequal(const struct cause_facts *facts, struct text *text)
{
	const struct mismatch *mismatch = facts->mismatch;
	const struct operand *is = mismatch->against >= 0 ? &facts->event->operands[mismatch->against] : NULL;
	int64_t asked[RULE_INTS_MOST];
	int count = mismatch->operand < 0 ? 0 : rule_ints(facts->event, cause_argument(facts, mismatch->operand), asked, RULE_INTS_MOST);
	int first = 0, last = 0;
	const struct lineage_step *step = cause_decider(&facts->sides[1]) ? cause_decider(&facts->sides[1]) : cause_decider(&facts->sides[0]);

	while (is && first < count && first < is->ndim && asked[first] == is->sizes[first])
		first++;
	while (is && last < count - first && last < is->ndim - first && asked[count - 1 - last] == is->sizes[is->ndim - 1 - last])
		last++;
	if (!is || count - first - last < 1 || is->ndim - first - last < 1)
		return;
	text_add(text, ": ");
	add_product(text, asked + first, count - first - last);
	text_add(text, " is asked for where there is ");
	add_product(text, is->sizes + first, is->ndim - first - last);
	if (step) {
		text_add(text, "; %" PRId64 " by ", step->size);
		cause_add_line(facts, text, step, step->size);
	}
}

/* Needs: property numel. */
bool
cause_numel(const struct cause_facts *facts, struct cause *out)
{
	const struct mismatch *mismatch = facts->mismatch;

	if (!cause_disagrees(facts, "numel") || cause_is_split(facts))
		return false;
	out->confidence = "possible"; /* it says again what the mismatch says */
	text_add(&out->text, "%s", mismatch->text);
	add_unequal(facts, &out->text);
	if (mismatch->actual > 0 && mismatch->expected % mismatch->actual)
		text_add(&out->evidence, "%" PRId64 " / %" PRId64 " leaves %" PRId64, mismatch->expected, mismatch->actual,
			 mismatch->expected % mismatch->actual);
	text_add(&out->fix, "derive the sizes of the view from the tensor's own shape; the size that changed is told under lineage");
	return true;
}

/* Two tensors that are equal but for dimensions of 1. */
static bool
tell_ones(const struct cause_facts *facts, struct cause *out)
{
	const struct operand *less = &facts->event->operands[facts->mismatch->operand], *more = &facts->event->operands[facts->mismatch->against];
	int few = facts->mismatch->operand, many = facts->mismatch->against, at = 0, one = -1;

	if (less->ndim > more->ndim) {
		const struct operand *swapped = less;

		less = more;
		more = swapped;
		few = facts->mismatch->against;
		many = facts->mismatch->operand;
	}
	for (int d = 0; d < more->ndim; d++) {
		if (at < less->ndim && more->sizes[d] == less->sizes[at])
			at++;
		else if (more->sizes[d] == 1)
			one = d;
		else
			return false;
	}
	if (at < less->ndim || one < 0)
		return false;
	text_add(&out->text, "%s ", cause_operand_name(facts, many));
	text_add_sizes(&out->text, more->sizes, more->ndim);
	text_add(&out->text, " has a dimension of 1 that %s ", cause_operand_name(facts, few));
	text_add_sizes(&out->text, less->sizes, less->ndim);
	text_add(&out->text, " lacks");
	text_add(&out->fix, "%s.squeeze(%d), or %s.unsqueeze(%d)", cause_operand_name(facts, many), one, cause_operand_name(facts, few), one);
	return true;
}

/* Needs: property rank. */
bool
cause_rank(const struct cause_facts *facts, struct cause *out)
{
	const struct mismatch *mismatch = facts->mismatch;

	if (!cause_disagrees(facts, "rank") || !mismatch->has_actual || !mismatch->has_expected)
		return false;
	out->confidence = "likely";
	if (mismatch->against >= 0 && tell_ones(facts, out))
		return true;
	text_add(&out->text, "a dimension is %s: %s", mismatch->actual < mismatch->expected ? SAY("missing") : SAY("too many"), mismatch->text);
	if (cause_decider(&facts->sides[0])) {
		text_add(&out->evidence, "%s was made by ", cause_operand_name(facts, mismatch->operand));
		cause_add_step(facts, &out->evidence, cause_decider(&facts->sides[0]));
	}
	if (mismatch->actual < mismatch->expected)
		text_add(&out->fix, "a dimension was squeezed or selected away (a batch of one?): keep it, or unsqueeze %s where it is missing",
			 cause_operand_name(facts, mismatch->operand));
	else
		text_add(&out->fix, "%s has a dimension too many: flatten, squeeze or select it before", cause_operand_name(facts, mismatch->operand));
	return true;
}

/* A squeeze without a dimension on the way of the operand at PLACE that took away more than it did before: the batch's. */
static bool
find_squeezed(const struct cause_facts *facts, int place, struct lineage *lineage, const struct lineage_step **out)
{
	const struct operand *is = &facts->event->operands[place];

	if (is->tensor < 0 || is->ndim < 1)
		return false;
	lineage_walk(facts->source, facts->process, facts->event, place, is->ndim - 1, LINEAGE_SIZE, lineage);
	for (int i = 0; i < lineage->count; i++) {
		const struct lineage_step *step = &lineage->steps[i];
		int self = rule_any(&step->event, "self");
		const struct operand *from = self >= 0 ? &step->event.operands[self] : NULL;

		if (strcmp(step->event.operation, "aten::squeeze") == 0 && rule_place(&step->event, "dim") < 0 && from && from->ndim > 1 &&
		    from->sizes[0] == 1 && step->output < step->event.output_count && step->event.outputs[step->output].ndim < from->ndim) {
			*out = step;
			return true;
		}
	}
	return false;
}

struct widest { int64_t most; };

static bool
add_width(const struct event *event, void *context)
{
	struct widest *widest = context;
	int self = rule_any(event, "self");

	if (self >= 0 && event->operands[self].ndim > 0 && event->operands[self].sizes[0] > widest->most)
		widest->most = event->operands[self].sizes[0];
	return widest->most < 2;
}

/* Needs: an operand that went through squeeze() without a dimension where its first dimension was 1. Likely where it was more
 * in an earlier call of that line. */
bool
cause_squeezed(const struct cause_facts *facts, struct cause *out)
{
	struct lineage *lineage = facts->source && facts->event && facts->event->site >= 0 ? calloc(1, sizeof(*lineage)) : NULL;
	const struct lineage_step *step = NULL;
	struct widest widest = { 0 };

	for (int i = lineage ? rule_next(facts->event, 0) : -1, tries = 0; i >= 0 && !step && tries < 3; i = rule_next(facts->event, i + 1), tries++)
		find_squeezed(facts, i, lineage, &step);
	if (step) {
		facts->source->each_call(facts->source->context, facts->process, &step->event, add_width, &widest);
		out->confidence = widest.most > 1 ? "likely" : "possible";
		text_add(&out->text, "squeeze() without a dimension took the batch dimension away, too, as this batch has one sample: ");
		cause_add_step(facts, &out->text, step);
		text_add(&out->text, " made ");
		text_add_sizes(&out->text, step->event.outputs[step->output].sizes, step->event.outputs[step->output].ndim);
		text_add(&out->fix, "name the dimension: squeeze(1) or squeeze(-1)");
	}
	free(lineage);
	return step != NULL;
}

/* Needs: two tensors that broadcasting aligns by their last dimensions, and that fit if they are aligned by their first. */
bool
cause_aligned(const struct cause_facts *facts, struct cause *out)
{
	const struct mismatch *mismatch = facts->mismatch;
	const struct operand *less, *more;
	int place, same = 0;

	if (!cause_disagrees(facts, "size") || !cause_is_elementwise(facts) || mismatch->operand < 0 || mismatch->against < 0 ||
	    strcmp(cause_argument(facts, mismatch->operand), "values") == 0 /* which no index is broadcast to */)
		return false;
	less = &facts->event->operands[mismatch->operand];
	more = &facts->event->operands[mismatch->against];
	place = mismatch->operand;
	if (less->ndim > more->ndim) {
		less = &facts->event->operands[mismatch->against];
		more = &facts->event->operands[mismatch->operand];
		place = mismatch->against;
	}
	if (less->ndim < 1 || more->ndim <= less->ndim || more->ndim > less->ndim + 2)
		return false;
	for (int d = 0; d < less->ndim; d++) {
		if (less->sizes[d] != more->sizes[d] && less->sizes[d] != 1)
			return false;
		same += less->sizes[d] > 1;
	}
	if (!same)
		return false;
	out->confidence = "likely";
	text_add(&out->text, "%s ", cause_operand_name(facts, place));
	text_add_sizes(&out->text, less->sizes, less->ndim);
	text_add(&out->text, " fits the first dimensions of ");
	text_add_sizes(&out->text, more->sizes, more->ndim);
	text_add(&out->text, ", but broadcasting aligns the last ones");
	if (facts->agreed)
		text_add(&out->evidence, "in %" PRId64 " earlier calls the two sizes were equal by chance", facts->agreed);
	text_add(&out->fix, "give it the dimension%s that it lacks: %s%s%s", language_plural(more->ndim - less->ndim), cause_operand_name(facts, place),
		 ".unsqueeze(-1)", more->ndim == less->ndim + 1 ? "" : ".unsqueeze(-1)");
	return true;
}
