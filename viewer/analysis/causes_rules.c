/* The rules of causes.def. Each states its confidence, its text and what to change. */
#include <inttypes.h>
#include <string.h>

#include "causes.h"
#include "mismatch_rule.h"

bool
cause_disagrees(const struct cause_facts *facts, const char *property)
{
	return facts->event && facts->mismatch && strcmp(facts->mismatch->property, property) == 0;
}

const char *
cause_operand_name(const struct cause_facts *facts, int place)
{
	const char *name = place >= 0 && place < facts->event->operand_count ? facts->event->operands[place].name : NULL;

	return name ? name : "the operand";
}

static bool
is_parameter(const char *name)
{
	return text_among("weight bias running_mean running_var", name);
}

/* Needs: property leaf, which PyTorch itself confirms. */
bool
cause_leaf(const struct cause_facts *facts, struct cause *out)
{
	if (!cause_disagrees(facts, "leaf"))
		return false;
	out->confidence = "certain";
	text_add(&out->text, "%s writes into a leaf that requires grad (or a view of one), which autograd forbids", facts->event->operation);
	text_add(&out->fix, "clone the leaf before writing, build the result out of place (torch.where, index_copy, masked_scatter), "
		 "or write under torch.no_grad() if no gradient is wanted");
	return true;
}

/* Needs: property device. */
bool
cause_device(const struct cause_facts *facts, struct cause *out)
{
	const struct mismatch *mismatch = facts->mismatch;

	if (!cause_disagrees(facts, "device"))
		return false;
	out->confidence = "likely";
	if (is_parameter(cause_operand_name(facts, mismatch->operand))) {
		text_add(&out->text, "the module's parameters were left on %s while its input is on %s", mismatch->actual_name,
			 mismatch->expected_name);
		text_add(&out->fix, "move the module: module.to('%s'), after it is attached to its parent", mismatch->expected_name);
	} else {
		text_add(&out->text, "%s was left on %s while the rest is on %s", cause_operand_name(facts, mismatch->operand),
			 mismatch->actual_name, mismatch->expected_name);
		text_add(&out->fix, "move it where it is made: .to('%s')", mismatch->expected_name);
	}
	text_add(&out->evidence, "%s", mismatch->text);
	return true;
}

/* Needs: property dtype with both names. */
bool
cause_dtype(const struct cause_facts *facts, struct cause *out)
{
	const struct mismatch *mismatch = facts->mismatch;

	if (!cause_disagrees(facts, "dtype") || !mismatch->expected_name || !mismatch->actual_name)
		return false;
	out->confidence = mismatch->against >= 0 ? "likely" : "possible";
	text_add(&out->text, "%s meets %s: nothing in this operation converts one to the other", mismatch->actual_name,
		 mismatch->expected_name);
	if (mismatch->against >= 0 && is_parameter(cause_operand_name(facts, mismatch->against)))
		text_add(&out->fix, "bring the one that is the exception in the model to the dtype of the rest: cast this module to %s, or convert "
			 "%s to %s; or run it under autocast", mismatch->actual_name, cause_operand_name(facts, mismatch->operand),
			 mismatch->expected_name);
	else
		text_add(&out->fix, "convert %s to %s before the call, load or cast the whole module in one dtype, or run it under autocast",
			 cause_operand_name(facts, mismatch->operand), mismatch->expected_name);
	text_add(&out->evidence, "%s", mismatch->text);
	return true;
}

/* Needs: sizes that come from one tensor, one of them divided with a rest on its way. */
bool
cause_rounded(const struct cause_facts *facts, struct cause *out)
{
	if (!cause_disagrees(facts, "size") || facts->rounded_from <= 0)
		return false;
	out->confidence = "possible";
	text_add(&out->text, "both come from one tensor, and %s made %" PRId64 " of %" PRId64 " on the way to one of them: a rest was cut off",
		 facts->rounded_by, facts->rounded_to, facts->rounded_from);
	text_add(&out->evidence, "%s", facts->mismatch->text);
	text_add(&out->fix, "pad or crop the input to a multiple of everything that it is divided by, or interpolate the one to the other's size");
	return true;
}

/* Needs: a list joined along one dimension whose tensors disagree in another. */
bool
cause_ragged(const struct cause_facts *facts, struct cause *out)
{
	const struct mismatch *mismatch = facts->mismatch;
	char name[64];
	int same = 0, all = 0;

	if (!cause_disagrees(facts, "size") || mismatch->operand < 0 || facts->event->operands[mismatch->operand].item < 0)
		return false;
	mismatch_plain_name(facts->event->operation, name, sizeof(name));
	if (!text_among("cat concat concatenate stack hstack vstack dstack", name) || cause_are_markers(facts) || facts->rounded_from > 0)
		return false;
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

/* Needs: property numel. */
bool
cause_numel(const struct cause_facts *facts, struct cause *out)
{
	const struct mismatch *mismatch = facts->mismatch;

	if (!cause_disagrees(facts, "numel") || cause_is_split(facts))
		return false;
	out->confidence = "possible"; /* it says again what the mismatch says */
	text_add(&out->text, "%s", mismatch->text);
	if (mismatch->actual > 0 && mismatch->expected % mismatch->actual)
		text_add(&out->evidence, "%" PRId64 " / %" PRId64 " leaves %" PRId64, mismatch->expected, mismatch->actual,
			 mismatch->expected % mismatch->actual);
	text_add(&out->fix, "derive the sizes of the view from the tensor's own shape; the size that changed is told under lineage");
	return true;
}

static bool
is_product(const struct cause_facts *facts)
{
	char name[64];

	if (!cause_disagrees(facts, "size") || facts->mismatch->operand < 0 || facts->mismatch->against < 0)
		return false;
	mismatch_plain_name(facts->event->operation, name, sizeof(name));
	return text_among("matmul mm bmm addmm baddbmm linear", name);
}

/* Needs: the other of the last two dimensions is the one that would fit. */
bool
cause_transposed(const struct cause_facts *facts, struct cause *out)
{
	const struct mismatch *mismatch = facts->mismatch;
	const struct operand *is;
	int other;

	if (!is_product(facts) || strstr(facts->event->operation, "linear"))
		return false;
	is = &facts->event->operands[mismatch->operand];
	other = is->ndim - 1;
	if (is->ndim < 2 || mismatch->dim != is->ndim - 2 || is->sizes[other] != mismatch->expected || mismatch->expected < 2)
		return false;
	out->confidence = "possible";
	text_add(&out->text, "%s looks transposed: its dimension %d has the %" PRId64 " that is needed in dimension %d", is->name, other,
		 mismatch->expected, mismatch->dim);
	text_add(&out->fix, "multiply by its transpose (.transpose(-1, -2))");
	return true;
}

/* Needs: a layer whose width isn't that of its input. */
bool
cause_width(const struct cause_facts *facts, struct cause *out)
{
	const struct mismatch *mismatch = facts->mismatch;

	if (!is_product(facts) || !strstr(facts->event->operation, "linear") ||
	    strcmp(cause_operand_name(facts, mismatch->operand), "input") != 0 || facts->event->operands[mismatch->against].ndim != 2)
		return false;
	out->confidence = "likely";
	text_add(&out->text, "the layer was built for %" PRId64 " features and is given %" PRId64, mismatch->expected, mismatch->actual);
	text_add(&out->fix, "build it with in_features=%" PRId64 ", or bring the input to %" PRId64 " (see where it was decided)",
		 mismatch->actual, mismatch->expected);
	return true;
}
