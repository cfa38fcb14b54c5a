/* A rule about labels whose numbers were averaged, as a picture's are where it is resized. */
#include <inttypes.h>
#include <string.h>

#include "../causes_tool.h"
#include "../../mismatch/mismatch_rule.h"
#include "../../where.h"

#define CALLS_ENOUGH 3 /* of labels that fitted */

/* What passes a label's number on, or only rounds, scales and shifts it. */
static const char keeping[] = "to to_copy clone contiguous detach alias view reshape unsafe_view reshape_alias flatten unflatten unsqueeze squeeze expand permute transpose t "
			      "select slice narrow split chunk unbind cat stack pin_memory flip roll copy lift lift_fresh as_strided movedim tile repeat long int half float double "
			      "byte round floor ceil trunc clamp clamp_min clamp_max mul div add sub crop pad constant_pad_nd";
static const char averaging[] = "upsample_bilinear2d upsample_bicubic2d upsample_linear1d upsample_trilinear3d upsample_bilinear2d_aa upsample_bicubic2d_aa upsample_lanczos2d_aa "
				"avg_pool1d avg_pool2d avg_pool3d adaptive_avg_pool1d adaptive_avg_pool2d adaptive_avg_pool3d";
static const char sampling[] = "grid_sampler grid_sampler_2d grid_sampler_3d cudnn_grid_sampler";

/* Does EVENT make numbers in between of those that lie side by side? */
static bool
is_averaging(const struct event *event)
{
	int64_t mode = 0;

	if (mismatch_is_any(event->operation, averaging))
		return true;
	return mismatch_is_any(event->operation, sampling) && (!rule_int(event, "interpolation_mode", &mode) || mode != 1);
}

/* The step on the labels' way that averaged them, none before it having made something else of their numbers; NULL. */
static const struct lineage_step *
averaged_by(const struct cause_side *side)
{
	for (int i = 0; side->lineage && i < side->lineage->count; i++) {
		const struct lineage_step *step = &side->lineage->steps[i];

		if (is_averaging(&step->event))
			return step;
		if (!mismatch_is_any(step->event.operation, keeping))
			return NULL;
	}
	return NULL;
}

/* Needs: a label outside the classes, whose way leads through an operation that averages; and either one that is ignored stands above it, so that it is a mixture
 * of that and of classes, or there are more values than classes: both can't come of classes that were kept as they are. */
bool
cause_labels_interpolated(const struct cause_facts *facts, struct cause *out)
{
	const struct mismatch *mismatch = facts->mismatch;
	const struct lineage_step *step;
	const struct operand *labels;
	int64_t ignored = -1, distinct;
	bool mixed;

	if (!cause_disagrees(facts, "index") || (!cause_is_loss(facts) && !cause_is(facts, "one_hot")) || mismatch->operand < 0)
		return false;
	labels = &facts->event->operands[mismatch->operand];
	step = labels->dtype && rule_is_integral(labels->dtype) ? averaged_by(&facts->sides[0]) : NULL;
	distinct = cause_count(cause_summary(facts, mismatch->operand), "distinct", -1);
	if (!step)
		return false;
	rule_int(facts->event, "ignore_index", &ignored);
	mixed = mismatch->has_actual && ignored > mismatch->expected && mismatch->actual >= mismatch->expected && mismatch->actual < ignored;
	if (!mixed && distinct <= mismatch->expected + (ignored >= mismatch->expected))
		return false;
	out->confidence = "likely";
	text_add(&out->text, "the labels were interpolated: ");
	if (mismatch->has_actual && mismatch->actual < INT64_MAX)
		text_add(&out->text, "%" PRId64 " is no label, it is a number in between that ", mismatch->actual);
	else
		text_add(&out->text, "some are no labels, but numbers in between that ");
	cause_add_step(facts, &out->text, step);
	text_add(&out->text, " made of labels side by side");
	if (mixed)
		text_add(&out->text, ": of 0 .. %" PRId64 " and the ignored %" PRId64, mismatch->expected - 1, ignored);
	if (distinct > mismatch->expected)
		text_add(&out->evidence, "%s holds %" PRId64 " different values", cause_operand_name(facts, mismatch->operand), distinct);
	if (facts->calls >= CALLS_ENOUGH)
		text_add(&out->evidence, "%sthose of %" PRId64 " earlier calls fitted", out->evidence.used ? SAY("; ") : "", facts->calls);
	text_add(&out->fix, "take the nearest label there, whatever the picture itself is given (interpolation=NEAREST, mode=\"nearest\"): a mean of labels is none, and more classes or a "
			    "clamp would only hide it");
	return true;
}
