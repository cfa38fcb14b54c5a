/* Rules about data whose dimensions are in another order: than they always were, than is wanted. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../causes_tool.h"
#include "../../mismatch/mismatch_rule.h"
#include "../../history/usual.h"

#define CALLS_SURE 10
#define STEPS_MOST 4  /* of a story, from where it began */
#define CALLS_MOST 64

struct turned { const struct lineage_step *step; int place, one, other /* the dimensions that changed places */; struct usuals was; };

/* Did two dimensions, whose sizes never overlapped, change places, and all others stay within theirs? */
static bool
is_turned(const struct operand *now, const struct usuals *was, int a, int b)
{
	const struct usual *small = &was->dims[a], *large = &was->dims[b];

	if (small->largest >= large->smallest || now->sizes[a] < large->smallest || now->sizes[b] > small->largest || now->sizes[a] <= small->largest)
		return false;
	for (int d = 0; d < now->ndim; d++)
		if (d != a && d != b && (now->sizes[d] < was->dims[d].smallest || now->sizes[d] > was->dims[d].largest))
			return false;
	return true;
}

static bool
look_at(const struct cause_facts *facts, const struct lineage_step *step, struct turned *out)
{
	int place = rule_next(&step->event, 0);
	const struct operand *now = place >= 0 ? &step->event.operands[place] : NULL;
	struct turned found = { .step = step, .place = place };

	if (!now || step->event.id < 0 || now->ndim < 2 || now->ndim > USUAL_DIMS_MOST ||
	    !usual_given(facts->source, facts->process, &step->event, place, CALLS_MOST, &found.was) || found.was.calls < USUAL_CALLS_LEAST)
		return false;
	for (found.one = 0; found.one < now->ndim; found.one++)
		for (found.other = 0; found.other < now->ndim; found.other++)
			if (found.one != found.other && is_turned(now, &found.was, found.one, found.other)) {
				*out = found;
				return true;
			}
	return false;
}

/* The step of STORY, at what was FOUND or later, that took away the dimension that used to be kept; NULL. */
static const struct lineage_step *
reduction_after(const struct lineage *story, const struct turned *found)
{
	const struct operand *now = &found->step->event.operands[found->place];

	for (int i = 0; i < story->count && &story->steps[i] <= found->step; i++) {
		const struct lineage_step *step = &story->steps[i];
		int place = rule_next(&step->event, 0);
		const struct operand *is = place >= 0 ? &step->event.operands[place] : NULL;

		if (is && is->ndim == now->ndim && memcmp(is->sizes, now->sizes, (size_t)is->ndim * sizeof(*is->sizes)) == 0 && step->event.output_count == 1 &&
		    step->event.outputs[0].ndim == now->ndim - 1 && step->size == now->sizes[found->other])
			return step;
	}
	return NULL;
}

/* "[1 to 2, 300 to 899]" */
static void
add_ranges(struct text *text, const struct usuals *was)
{
	for (int d = 0; d < was->ndim; d++) {
		text_add(text, "%s", d ? ", " : "[");
		if (usual_is_steady(&was->dims[d]))
			text_add(text, "%" PRId64, was->dims[d].smallest);
		else
			text_add(text, "%" PRId64 " to %" PRId64, was->dims[d].smallest, was->dims[d].largest);
	}
	text_add(text, "]");
}

/* Needs: on the way of a size in question, a line that was given a shape whose dimensions changed places: the sizes of two never overlapped before, and
 * each has now what the other had. */
bool
cause_axes_turned(const struct cause_facts *facts, struct cause *out)
{
	struct turned found = { NULL, -1, -1, -1, { 0 } };
	const struct lineage *story = NULL;
	const struct lineage_step *reduced;
	const struct operand *now;

	if (!facts->source || !facts->event || !facts->mismatch || !text_among("size numel count", facts->mismatch->property))
		return false;
	for (int side = 0; side < 2 && !found.step; side++) {
		story = facts->sides[side].lineage;
		for (int i = story && story->property == LINEAGE_SIZE ? story->count : 0, looked = 0; i > 0 && !found.step && looked < STEPS_MOST; i--)
			looked += story->steps[i - 1].event.id >= 0 && !look_at(facts, &story->steps[i - 1], &found); /* the oldest first */
	}
	if (!found.step)
		return false;
	now = &found.step->event.operands[found.place];
	out->tells_news = true;
	out->confidence = found.was.calls >= CALLS_SURE && now->sizes[found.one] <= found.was.dims[found.other].largest &&
					  now->sizes[found.other] >= found.was.dims[found.one].smallest ? "likely" : "possible";
	text_add(&out->text, "the dimensions are in another order this time: ");
	cause_add_step(facts, &out->text, found.step);
	text_add(&out->text, " was given ");
	text_add_sizes(&out->text, now->sizes, now->ndim);
	text_add(&out->text, ", in %" PRId64 " earlier calls ", found.was.calls);
	add_ranges(&out->text, &found.was);
	reduced = reduction_after(story, &found);
	if (reduced) {
		text_add(&out->text, "; ");
		cause_add_step(facts, &out->text, reduced);
		text_add(&out->text, " took away the %" PRId64 " and kept the %" PRId64, now->sizes[found.one], now->sizes[found.other]);
	}
	text_add(&out->fix, "bring it to the usual order where it is read or made (transpose(%d, %d), or permute): such samples are not too short or too narrow, so to drop, "
		 "pad or crop them would hide it", found.one < found.other ? found.one : found.other, found.one < found.other ? found.other : found.one);
	return true;
}

/* Two matrices, one of which has the other's sizes in the other order. */
static bool
tell_turned(const struct cause_facts *facts, struct cause *out)
{
	const struct mismatch *mismatch = facts->mismatch;
	const struct operand *is = &facts->event->operands[mismatch->operand], *other;

	if (mismatch->against < 0 || !cause_is_elementwise(facts))
		return false;
	other = &facts->event->operands[mismatch->against];
	if (is->ndim != 2 || other->ndim != 2 || is->sizes[0] == is->sizes[1] || is->sizes[0] < 2 || is->sizes[1] < 2 || is->sizes[0] != other->sizes[1] ||
	    is->sizes[1] != other->sizes[0])
		return false;
	out->confidence = facts->agreed ? "possible" : "likely";
	text_add(&out->text, "%s ", cause_operand_name(facts, mismatch->operand));
	text_add_sizes(&out->text, is->sizes, is->ndim);
	text_add(&out->text, " has the sizes of %s ", cause_operand_name(facts, mismatch->against));
	text_add_sizes(&out->text, other->sizes, other->ndim);
	text_add(&out->text, " in the other order");
	text_add(&out->fix, "transpose one of them (.T); a Linear keeps its weight as [out, in], GPT-2's Conv1D as [in, out]");
	return true;
}

/* Values for a selection, which has their sizes in the other order. */
static bool
tell_turned_values(const struct cause_facts *facts, struct cause *out)
{
	const struct operand *is = &facts->event->operands[facts->mismatch->operand];
	int64_t sizes[CAUSE_SHAPE_MOST];

	if (strcmp(cause_argument(facts, facts->mismatch->operand), "values") != 0 || is->ndim != 2 || mismatch_selected(facts->event, sizes, CAUSE_SHAPE_MOST) != 2 ||
	    is->sizes[0] == is->sizes[1] || is->sizes[0] != sizes[1] || is->sizes[1] != sizes[0] || is->sizes[0] < 2 || is->sizes[1] < 2)
		return false;
	out->confidence = facts->agreed ? "possible" : "likely";
	text_add(&out->text, "%s ", cause_operand_name(facts, facts->mismatch->operand));
	text_add_sizes(&out->text, is->sizes, is->ndim);
	text_add(&out->text, " has the sizes of %s ", SAY("the selection"));
	text_add_sizes(&out->text, sizes, 2);
	text_add(&out->text, " in the other order");
	text_add(&out->fix, "give it %s.transpose(0, 1)", cause_operand_name(facts, facts->mismatch->operand));
	return true;
}

/* Did a layer over features make DIM of the operand at PLACE (or leave it as it was)? Height and width go through none. */
static bool
is_features(const struct cause_facts *facts, int place, int dim)
{
	struct lineage *lineage = facts->source ? calloc(1, sizeof(*lineage)) : NULL;
	bool found = false;

	if (lineage)
		lineage_walk(facts->source, facts->process, facts->event, place, dim, LINEAGE_SIZE, lineage);
	for (int i = 0; lineage && i < lineage->count && !found; i++)
		found = !lineage->steps[i].possible && mismatch_is_any(lineage->steps[i].event.operation, "linear addmm layer_norm native_layer_norm embedding");
	free(lineage);
	return found;
}

/* The one other dimension of IS that has the size that MISMATCH wants; -1 if none or several have. */
static int
wanted_elsewhere(const struct operand *is, const struct mismatch *mismatch)
{
	int found = -1;

	for (int d = 0; d < is->ndim; d++)
		if (d != mismatch->dim && is->sizes[d] == mismatch->expected) {
			if (found >= 0)
				return -1;
			found = d;
		}
	return found;
}

/* Was the operand's size in the dimension that disagrees what is wanted now, in every earlier call of what made it, beside the same size in OTHER? */
static bool
were_equal(const struct cause_facts *facts, int other)
{
	const struct cause_side *side = &facts->sides[0];
	const struct lineage_step *made = side->lineage && side->lineage->count ? &side->lineage->steps[0] : NULL;
	struct usual usual, beside;
	struct usuals usuals;

	return made && made->event.id >= 0 && made->output >= 0 && usual_made(facts->source, facts->process, &made->event, made->output, USUAL_CALLS_QUICK, &usuals) &&
	       usual_dim(&usuals, facts->mismatch->dim, &usual) && usual_dim(&usuals, other, &beside) && usual_is_steady(&usual) && usual_is_steady(&beside) &&
	       usual.smallest == facts->mismatch->expected && beside.smallest == facts->mismatch->expected;
}

/* Needs: the size that is wanted, once, in another dimension of the same tensor, and not in both before. Likely of the last, where a convolution wants channels: those of a picture, or what
 * went through a layer over features there. */
bool
cause_elsewhere(const struct cause_facts *facts, struct cause *out)
{
	const struct mismatch *mismatch = facts->mismatch;
	const struct operand *is;
	int found;

	if (!cause_disagrees(facts, "size") || mismatch->operand < 0 || mismatch->dim < 0 || mismatch->expected < 2)
		return false;
	is = &facts->event->operands[mismatch->operand];
	if (is->item >= 0 || cause_is(facts, "matmul mm bmm addmm baddbmm") || strcmp(facts->event->phase, "optimizer") == 0)
		return false;
	if (tell_turned(facts, out) || tell_turned_values(facts, out))
		return true;
	found = wanted_elsewhere(is, mismatch);
	if (found < 0 || were_equal(facts, found))
		return false;
	if (!strstr(facts->event->operation, "conv") && mismatch->against >= 0 && facts->event->operands[mismatch->against].ndim > found && facts->event->operands[mismatch->against].ndim == is->ndim &&
	    facts->event->operands[mismatch->against].sizes[found] == is->sizes[found])
		return false; /* it is in its place: both have it there */
	out->confidence = strstr(facts->event->operation, "conv") && found == is->ndim - 1 && mismatch->dim == 1 &&
				  (mismatch->expected <= 4 || is_features(facts, mismatch->operand, found)) ? "likely" : "possible";
	text_add(&out->text, "the %" PRId64 " that is wanted in dimension %d of %s stands in its dimension %d: dimensions are at the wrong place",
		 mismatch->expected, mismatch->dim, cause_operand_name(facts, mismatch->operand), found);
	if (is->ndim == 4 && found == 3 && mismatch->dim == 1)
		text_add(&out->fix, "permute(0, 3, 1, 2): channels before height and width");
	else
		text_add(&out->fix, "transpose(%d, %d) or permute it (channels first, batch first)", mismatch->dim, found);
	return true;
}

/* Needs: a dimension that disagrees and is the batch's, put in front by a stack; what is wanted there stands, once, in another, and was as many as the batch
 * in every call before: nothing showed until a batch of another size. */
bool
cause_square_batch(const struct cause_facts *facts, struct cause *out)
{
	const struct mismatch *mismatch = facts->mismatch;
	const struct lineage_step *step = cause_step_any(&facts->sides[0], "stack");
	struct usual batch, other;
	struct usuals usuals;
	const struct operand *is;
	int found;

	if (!cause_disagrees(facts, "size") || mismatch->operand < 0 || !facts->source || !step || step->dim != mismatch->dim || step->size != mismatch->actual ||
	    rule_pieces(&step->event) != mismatch->actual || step->output < 0)
		return false;
	is = &facts->event->operands[mismatch->operand];
	found = wanted_elsewhere(is, mismatch);
	if (found < 0 || !usual_made(facts->source, facts->process, &step->event, step->output, USUAL_CALLS_QUICK, &usuals) ||
	    !usual_dim(&usuals, mismatch->dim, &batch) || !usual_dim(&usuals, found, &other) || !usual_is_steady(&batch) || !usual_is_steady(&other) ||
	    batch.smallest != mismatch->expected || other.smallest != mismatch->expected)
		return false;
	out->confidence = "likely";
	out->tells_news = true;
	text_add(&out->text, "the %" PRId64 " that is wanted in dimension %d of %s stands in its dimension %d; its dimension %d is the batch, which was %" PRId64
		 " as well in every call before, so that nothing showed: this batch has %" PRId64 ". The batch is put into the wrong place by ", mismatch->expected, mismatch->dim,
		 cause_operand_name(facts, mismatch->operand), found, mismatch->dim, mismatch->expected, mismatch->actual);
	cause_add_line(facts, &out->text, step, -1);
	text_add(&out->fix, "put the batch into dimension %d there (torch.stack(..., dim=%d)), or transpose(%d, %d) after it; to drop the last, smaller batch would hide that all others are "
		 "read the wrong way round", found, found, mismatch->dim, found);
	return true;
}
