/* A rule about pictures that a loss (or a check before it) compares, of another height and width than the ones that a model gave. */
#include <inttypes.h>

#include "../causes_tool.h"
#include "../../mismatch/mismatch_rule.h"

static const char layers[] = "conv2d conv1d conv3d convolution conv_transpose2d linear addmm matmul bmm scaled_dot_product_attention layer_norm batch_norm group_norm upsample_bilinear2d";
static const char resizes[] = "upsample_bilinear2d upsample_nearest2d upsample_bicubic2d upsample_nearest_exact2d grid_sampler_2d adaptive_avg_pool2d";

/* Do ONE and OTHER differ in both of their last two dimensions (DIM is one), and in them alone? */
static bool
differ_in_extent(const struct operand *one, const struct operand *other, int dim)
{
	if (one->ndim != other->ndim || one->ndim < 3 || dim < one->ndim - 2)
		return false;
	for (int d = 0; d < one->ndim - 2; d++)
		if (one->sizes[d] != other->sizes[d])
			return false;
	for (int d = one->ndim - 2; d < one->ndim; d++)
		if (one->sizes[d] == other->sizes[d] || one->sizes[d] == 1 || other->sizes[d] == 1)
			return false;
	return true;
}

static void
add_extent(struct text *text, const struct operand *is)
{
	text_add(text, "%" PRId64 " x %" PRId64, is->sizes[is->ndim - 2], is->sizes[is->ndim - 1]);
}

/* Needs: two operands alike but for their last two dimensions, one out of layers of a model, the other of none, and nothing resized either; no earlier call agreed. */
bool
cause_spatial(const struct cause_facts *facts, struct cause *out)
{
	int model;
	const struct operand *is[2];
	const char *given, *target;

	if (!cause_disagrees(facts, "size") || facts->agreed || facts->sides[0].place < 0 || facts->sides[1].place < 0 || !facts->sides[0].lineage || !facts->sides[1].lineage)
		return false;
	for (int i = 0; i < 2; i++)
		is[i] = &facts->event->operands[facts->sides[i].place];
	model = cause_step_any(&facts->sides[0], layers) ? 0 : 1;
	if (!differ_in_extent(is[0], is[1], facts->mismatch->dim) || !cause_step_any(&facts->sides[model], layers) || cause_step_any(&facts->sides[!model], layers) ||
	    cause_step_any(&facts->sides[!model], resizes) || !cause_decider(&facts->sides[!model]))
		return false;
	given = cause_operand_name(facts, facts->sides[model].place);
	target = cause_operand_name(facts, facts->sides[!model].place);
	out->confidence = "likely";
	text_add(&out->text, "%s comes out of the model with ", given);
	add_extent(&out->text, is[model]);
	text_add(&out->text, ", %s is ", target);
	add_extent(&out->text, is[!model]);
	text_add(&out->text, " as it came in, by ");
	cause_add_step(facts, &out->text, cause_decider(&facts->sides[!model]));
	text_add(&out->text, ", and nothing resizes either to the other");
	text_add(&out->fix, "resize before the two meet: F.interpolate(%s, size=%s.shape[-2:], mode=\"bilinear\"), or %s to ", given, target, target);
	add_extent(&out->fix, is[model]);
	text_add(&out->fix, " where it is read (labels and masks by mode=\"nearest\")");
	return true;
}
