/* Who decided, where the last that decides only passes on what it was given: what is undone again, a layer that is given another size. */
#include "lineage_parts.h"
#include "whole.h"
#include "../history/usual.h"
#include "../mismatch/mismatch_rule.h"

/* Operations that make a dimension longer or shorter, and that another may undo. */
static const char resizing[] = "slice narrow pad constant_pad_nd reflection_pad1d reflection_pad2d cat concat concatenate conv1d conv2d conv3d "
			       "conv_transpose1d conv_transpose2d conv_transpose3d convolution max_pool1d max_pool2d max_pool3d avg_pool1d avg_pool2d "
			       "avg_pool3d upsample_nearest1d upsample_nearest2d upsample_bilinear2d upsample_bicubic2d upsample_linear1d pixel_shuffle "
			       "view reshape unsafe_view reshape_alias flatten unflatten";

/* What was made longer and then shorter again (padded and cut, pooled and interpolated, put into one and taken apart) is as it was: who decided comes before. */
static void
pass_undone(struct lineage *lineage)
{
	while (lineage->property == LINEAGE_SIZE && lineage->decider >= 0 && lineage->steps[lineage->decider].size > 1 &&
	       !lineage->steps[lineage->decider].fewer) {
		int64_t size = lineage->steps[lineage->decider].size;
		int next, from = -1;
		bool regrouped = size > 2;                           /* 2 is too common to be the same one for that alone */
		bool away = !lineage->steps[lineage->decider].asked; /* what was asked for anew undid nothing where it was so all along */

		for (int i = lineage->decider; i < lineage->count && from < 0; i++) {
			if (away && i > lineage->decider && lineage->steps[i].size == size) {
				from = regrouped ? i : -1;
				break;
			}
			away = away || lineage->steps[i].size != size;
			regrouped = regrouped || lineage->steps[i].regrouped;
			if (lineage->steps[i].possible || (lineage->steps[i].decides && !mismatch_is_any(lineage->steps[i].event.operation, resizing)))
				break;
		}
		next = from > 0 ? lineage_decides_from(lineage, from) : -1;
		if (next < 0)
			return;
		lineage->decider = next;
	}
}

/* Layers that make one size of another by numbers of their own. */
static const char layers[] = "conv1d conv2d conv3d conv_transpose1d conv_transpose2d conv_transpose3d convolution max_pool1d max_pool2d max_pool3d "
			     "max_pool1d_with_indices max_pool2d_with_indices max_pool3d_with_indices avg_pool1d avg_pool2d avg_pool3d "
			     "upsample_nearest1d upsample_nearest2d upsample_bilinear2d upsample_bicubic2d upsample_linear1d pixel_shuffle pixel_unshuffle";

/* Is STEP a layer that was never given this size in all the earlier calls of its line? Then its input is what became another. */
static bool
is_given_another(const struct source *source, int process, const struct lineage_step *step)
{
	struct call_history whole;
	struct usuals usuals;
	struct usual usual;
	struct flow flow;

	if (step->asked || !mismatch_is_any(step->event.operation, layers))
		return false;
	flow = size_flow(&step->event, step->output, step->dim);
	if (flow.operand < 0 || flow.dim < 0 || !usual_given(source, process, &step->event, flow.operand, USUAL_CALLS_QUICK, &usuals))
		return false;
	if (usual_dim(&usuals, flow.dim, &usual))
		return !usual.same;
	if (flow.dim >= usuals.ndim || usuals.dims[flow.dim].same)
		return false;
	return whole_given(source, process, &step->event, flow.operand, flow.dim, usuals.calls, 0, &whole) &&
	       whole.measured >= USUAL_CALLS_LEAST && whole_lacks(&whole, step->event.operands[flow.operand].sizes[flow.dim]);
}

static void
pass_layers(const struct source *source, struct lineage *lineage)
{
	int at = lineage->decider;

	while (at >= 0 && lineage->property == LINEAGE_SIZE && is_given_another(source, lineage->process, &lineage->steps[at])) {
		int next = lineage_decides_from(lineage, at + 1);

		if (next < 0)
			return;
		lineage->decider = at = next;
	}
}

void
lineage_pass(const struct source *source, struct lineage *lineage)
{
	pass_undone(lineage);
	pass_layers(source, lineage);
}
