/* A rule about a view into rows of another width than a layer makes. */
#include <inttypes.h>
#include <string.h>

#include "../causes_tool.h"
#include "../../mismatch/mismatch_rule.h"

/* The layer's step that made the last dimension of what is viewed; NULL. */
static const struct lineage_step *
layer_of(const struct cause_side *side, const struct operand *is)
{
	const struct lineage_step *step = cause_step_any(side, "linear");
	int weight = step ? rule_tensor(&step->event, "weight") : -1;

	return weight >= 0 && step->size == is->sizes[is->ndim - 1] && step->event.operands[weight].ndim == 2 &&
	       step->event.operands[weight].sizes[0] == step->size ? step : NULL;
}

/* Needs: a view as [-1, n] of [rows, m], where n isn't a multiple of m (else rows were to be put together): whatever number of rows there is, it is m
 * that disagrees. Likely where a layer made m. */
bool
cause_columns(const struct cause_facts *facts, struct cause *out)
{
	static const char hints[] = "labels classes num_labels num_classes out_features vocab_size n_classes";
	const struct mismatch *mismatch = facts->mismatch;
	const struct operand *is = cause_disagrees(facts, "numel") && mismatch->against >= 0 ? &facts->event->operands[mismatch->against] : NULL;
	const struct lineage_step *step = NULL;
	int64_t asked, made;
	int dim = is && mismatch->operand >= 0 ? rule_columns(facts->event, mismatch->operand, is) : -1;

	if (dim < 0 || dim != is->ndim - 1)
		return false;
	asked = mismatch->actual;
	made = is->sizes[dim];
	for (int i = 0; i < 2 && !step; i++)
		step = layer_of(&facts->sides[i], is);
	out->confidence = step ? "likely" : "possible";
	out->setting = cause_named_number(facts, asked, hints);
	if (out->setting && !cause_is_called(out->setting, hints))
		out->setting = NULL;
	text_add(&out->text, "%s has %" PRId64 " in each row where rows of %" PRId64 " are asked for", cause_operand_name(facts, mismatch->against), made, asked);
	cause_add_number(facts, &out->text, out->setting);
	text_add(&out->text, "; how many rows there are (%" PRId64 ") doesn't matter", rule_count(is) / made);
	if (step) {
		text_add(&out->evidence, "the %" PRId64 " is the width of the layer called by ", made);
		cause_add_step(facts, &out->evidence, step);
		text_add(&out->fix, "build that layer for %" PRId64 " where the model is made (a model's num_labels or the like, left at its default of %" PRId64
			 "?), or ask for the %" PRId64 " that it makes, if that is what it is meant to", asked, made, made);
	} else {
		text_add(&out->fix, "make what has %" PRId64 " in a row with %" PRId64 ", or ask for rows of %" PRId64, made, asked, made);
	}
	return true;
}
