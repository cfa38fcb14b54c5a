/* Rules about what is joined: samples of a batch, what was put in front of one side only. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../causes_tool.h"
#include "../../mismatch/mismatch_rule.h"
#include "../../where.h"

#define GREW_CALLS_LEAST 3
#define GROUPED_CALLS_LEAST 20 /* of one size within each: no chance */
#define SHIFT_MOST 2 /* how much may have been cut off on the way since */

static const char paddings[] = "pad constant_pad_nd pad_sequence zeros ones full new_zeros new_full new_ones stack cat";

/* Are just two tensors joined? */
static bool
is_pair(const struct cause_facts *facts)
{
	int items = 0;

	for (int i = rule_next(facts->event, 0); i >= 0; i = rule_next(facts->event, i + 1))
		items += facts->event->operands[i].item >= 0;
	return items == 2;
}

/* Did the call before have one tensor in its list? */
static bool
joined_alone(const struct cause_facts *facts)
{
	struct event newest;

	return facts->source && facts->event->site >= 0 && usual_newest(facts->source, facts->process, facts->event, &newest) && rule_pieces(&newest) == 1;
}

/* Was each batch before of one size within, though not all of the same one, and the odd one's among them? Then something puts together what is alike. */
static bool
is_grouped(const struct cause_facts *facts)
{
	const struct cause_side *odd = &facts->sides[0];

	return facts->twins && !is_pair(facts) && facts->agreed == facts->calls && odd->calls >= GROUPED_CALLS_LEAST && odd->smallest < odd->largest &&
	       odd->size >= odd->smallest && odd->size <= odd->largest && !cause_step(odd, paddings) && !cause_step(&facts->sides[1], paddings);
}

static void
tell_grouped(const struct cause_facts *facts, struct cause *out)
{
	const struct cause_side *odd = &facts->sides[0];

	text_add(&out->text, "number %d of the batch (%s) has %" PRId64 " in dimension %d, the others %" PRId64 ", while each of %" PRId64 " batches before was of one size within (%" PRId64
		 " to %" PRId64 "): what groups samples by size (a batch sampler) put one of another group in", facts->event->operands[facts->mismatch->operand].item,
		 cause_operand_name(facts, facts->mismatch->operand), facts->mismatch->actual, facts->mismatch->dim, facts->mismatch->expected, odd->calls, odd->smallest,
		 odd->largest);
	if (cause_decider(odd)) {
		text_add(&out->evidence, "number %d was made by ", facts->event->operands[facts->mismatch->operand].item);
		cause_add_step(facts, &out->evidence, cause_decider(odd));
	}
	text_add(&out->fix, "look at the batch sampler");
	cause_add_asked(facts, &out->fix, "batch_sampler=");
	text_add(&out->fix, ": where a group has too few left for a whole batch, it must end the batch there or drop it, not fill it up from the next group; padding or resizing "
		 "here only hides that");
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
	if (same == all - 1 && all >= 3 && is_grouped(facts)) {
		out->confidence = "likely";
		tell_grouped(facts, out);
		return true;
	}
	out->confidence = (facts->twins && (!is_pair(facts) || (cause_decided_by(&facts->sides[0], "pad_sequence") && facts->agreed))) || (all >= 3 && same == all - 1) ? "likely" : "possible";
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
	else if (cause_decided_by(&facts->sides[0], "pad_sequence") && cause_decided_by(&facts->sides[1], "pad_sequence"))
		text_add(&out->fix, "each batch was padded to its own longest: pad all to one fixed length there (max_length), or don't join what was padded "
			 "apart%s", facts->outer && strstr(facts->outer, "dispatch_batches") ? " (dispatch_batches=False)" : "");
	else if (mismatch->dim > 0)
		text_add(&out->fix, "pad dimension %d of all to the longest of them (torch.nn.functional.pad; pad_sequence pads dimension 0 only), or bring every "
			 "one to one size where it is made (resize, crop, sample to the same count)", mismatch->dim);
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
	if (joined_alone(facts))
		text_add(&out->evidence, "the call before joined 1 alone, where nothing can differ");
	else if (facts->twins)
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

static bool
passes_line(const struct cause_side *side, int64_t site)
{
	for (int i = 0; i < side->lineage->count; i++)
		if (side->lineage->steps[i].event.site == site)
			return true;
	return false;
}

int64_t
cause_longest_piece(const struct lineage_step *cat)
{
	int64_t longest = 0;

	for (int i = cat->dim < 0 ? -1 : rule_next(&cat->event, 0); i >= 0; i = rule_next(&cat->event, i + 1))
		if (cat->dim < cat->event.operands[i].ndim && cat->event.operands[i].sizes[cat->dim] > longest)
			longest = cat->event.operands[i].sizes[cat->dim];
	return longest;
}

const struct lineage_step *
cause_own_cat(const struct cause_side *large, const struct cause_side *small)
{
	for (int i = 0; large->lineage && small->lineage && i < large->lineage->count; i++) {
		const struct lineage_step *step = &large->lineage->steps[i];

		if (step->event.id >= 0 && cause_goes_through(small, step->event.id))
			break;
		if (mismatch_is_any(step->event.operation, "cat concat concatenate") && cause_longest_piece(step) != step->size)
			return passes_line(small, step->event.site) ? NULL : step;
	}
	return NULL;
}

/* Does a piece of PART come first? */
static bool
is_in_front(const struct lineage_step *step, int64_t part)
{
	int first = rule_next(&step->event, 0);

	return first >= 0 && step->dim < step->event.operands[first].ndim && step->event.operands[first].sizes[step->dim] == part;
}

/* Was SIDE's size decided on a line of the program's, and not by a library, of what it was given? */
static bool
is_own_line(const struct cause_facts *facts, const struct cause_side *side)
{
	const struct lineage_step *decider = cause_decider(side);

	return decider && (!facts->source || where_is_own(facts->source, facts->process, decider->event.site));
}

/* In how many calls before CAT, a step of SIDE, its own line joined more and more to what came of it, PART at the last; 0: it didn't. */
static int
joined_before(const struct cause_facts *facts, const struct cause_side *side, const struct lineage_step *cat, int64_t part)
{
	int64_t size = cat->size;
	int count = 0;

	for (const struct lineage_step *step = cat + 1; facts->source && step < side->lineage->steps + side->lineage->count; step++) {
		if (!mismatch_is_any(step->event.operation, "cat concat concatenate") || !where_same_line(facts->source, facts->process, step->event.site, cat->event.site))
			continue;
		if (step->size >= size || (!count && step->size != part))
			break;
		size = step->size;
		count++;
	}
	return count;
}

/* Did CAT's line join several in calls before, too, in which the sides agreed? Then it isn't what is wrong now. */
static bool
joined_and_agreed(const struct cause_facts *facts, const struct lineage_step *cat)
{
	struct event newest;
	int pieces = 0;

	if (!facts->source || facts->calls < GREW_CALLS_LEAST || facts->agreed != facts->calls || !usual_newest(facts->source, facts->process, &cat->event, &newest))
		return false;
	for (int i = rule_next(&newest, 0); i >= 0; i = rule_next(&newest, i + 1))
		pieces += newest.operands[i].item >= 0 && cat->dim < newest.operands[i].ndim && newest.operands[i].sizes[cat->dim] > 0;
	return pieces > 1;
}

struct longer { const struct cause_facts *facts; const struct cause_side *small; int64_t size; struct event found; };

/* Is TENSOR what SIDE has, as it was before views and copies? */
static bool
is_of(const struct cause_side *side, int64_t tensor)
{
	for (int i = 0; tensor > 0 && side->lineage && i < side->lineage->count; i++) {
		const struct lineage_step *step = &side->lineage->steps[i];

		if (step->tensor == tensor)
			return true;
		if (!mismatch_is_view(step->event.operation) && !mismatch_is_any(step->event.operation, "to to_copy clone contiguous detach alias"))
			break;
	}
	return false;
}

static bool
look_at_longer(const struct event *event, void *context)
{
	struct longer *longer = context;
	const struct operand *is = event->output_count ? &event->outputs[0] : NULL;

	if (event->step != longer->facts->step || event->id >= longer->facts->event->id)
		return event->id >= longer->facts->event->id;
	for (int i = rule_next(event, 0); is && i >= 0; i = rule_next(event, i + 1))
		for (int d = 0; is_of(longer->small, event->operands[i].tensor) && d < is->ndim && d < event->operands[i].ndim; d++)
			if (is->sizes[d] == longer->size && event->operands[i].sizes[d] == longer->small->size) {
				longer->found = *event;
				return false;
			}
	return true;
}

/* What SMALL has was joined to SIZE by another cat than STEP: "one of the 52 was made of mask by ...", and to take that, into OUT; false where it wasn't. */
static bool
tell_longer(const struct cause_facts *facts, const struct cause_side *small, const struct lineage_step *step, int64_t size, const char *name, struct cause *out)
{
	struct longer longer = { .facts = facts, .small = small, .size = size, .found = { .id = -1 } };
	struct event anywhere = step->event;

	if (!facts->source || step->event.id < 0)
		return false;
	anywhere.id = facts->event->id;
	anywhere.site = -1;
	facts->source->each_call(facts->source->context, facts->process, &anywhere, look_at_longer, &longer);
	if (longer.found.id < 0)
		return false;
	text_add(&out->evidence, "; one of %" PRId64 " was made of %s by ", size, name);
	cause_add_event(facts, &out->evidence, &longer.found);
	text_add(&out->evidence, " (event %" PRId64 "), and isn't what is used here", longer.found.id);
	text_add(&out->fix, "use what ");
	cause_add_event(facts, &out->fix, &longer.found);
	text_add(&out->fix, " made of it, or make it so here as well: ");
	return true;
}

/* Needs: one side grew by a cat that the other has not gone through, by just what they differ in. Likely where two
 * tensors were joined, unless calls that agreed joined them as well. */
bool
cause_grew_at_cat(const struct cause_facts *facts, struct cause *out)
{
	const struct mismatch *mismatch = facts->mismatch;
	const struct cause_side *large, *small;
	const struct lineage_step *step;
	int64_t more, rows, part = 0, rest = 0;
	int items = 0, kept;

	if (!cause_disagrees(facts, "size") || facts->sides[0].size < 0 || facts->sides[1].size < 0 || mismatch->operand < 0)
		return false;
	large = facts->sides[0].size > facts->sides[1].size ? &facts->sides[0] : &facts->sides[1];
	small = &facts->sides[large == &facts->sides[0]];
	if (large->calls >= GREW_CALLS_LEAST && large->smallest == large->size && large->largest == large->size && small->calls && !small->same)
		return false; /* it is what it always was: the other is new */
	step = cause_own_cat(large, small);
	if (!step || step->dim < 0 || cause_is_old(facts, large) || strcmp(cause_argument(facts, small->place), "weight") == 0)
		return false;
	more = large->size - small->size;
	for (int i = rule_next(&step->event, 0); i >= 0; i = rule_next(&step->event, i + 1)) {
		const struct operand *is = &step->event.operands[i];

		if (step->dim >= is->ndim || is->sizes[step->dim] <= 0)
			continue;
		items++;
		/* joined before rows were put together: as often as there are rows */
		rows = more / is->sizes[step->dim];
		if (!part && more % is->sizes[step->dim] == 0 && (rows == 1 || (large->size % rows == 0 && llabs(large->size / rows - step->size) <= SHIFT_MOST)))
			part = is->sizes[step->dim];
	}
	if (!part || items < 2)
		return false;
	rest = step->size - part;
	out->setting = cause_named_number(facts, part, "virtual prefix prompt soft memory register latent cls query num_tokens");
	if (out->setting && !cause_is_called(out->setting, "virtual prefix prompt soft memory register latent cls query num_tokens"))
		out->setting = NULL;
	kept = more == part ? joined_before(facts, large, step, part) : 0;
	out->confidence = items == 2 && (kept || !joined_and_agreed(facts, step)) ? "likely" : "possible";
	text_add(&out->text, "%" PRId64 " were joined to %" PRId64 " on the way to %s only: ", part, rest, cause_operand_name(facts, large->place));
	cause_add_step(facts, &out->text, step);
	cause_add_number(facts, &out->text, out->setting);
	text_add(&out->evidence, "%" PRId64 " against %" PRId64 ": %" PRId64 " more%s", large->size, small->size, more,
		 more == part ? "" : SAY(", those joined in every row"));
	if (cause_decided_by(small, "arange") && is_own_line(facts, small)) {
		text_add(&out->fix, "count %s from what it goes with now: torch.arange(%" PRId64 "), the other's own shape[%d]", cause_operand_name(facts, small->place),
			 large->size, large->dim < 0 ? 0 : large->dim);
		return true;
	}
	if (kept) {
		text_add(&out->text, "; those were put together at this same line before, in %d calls: a cache, what was kept with what is new", kept);
		text_add(&out->fix, "let %s span what was kept as well as what is new, %" PRId64 " (a mask: ones for the %" PRId64 " that were kept, too), or begin without what was kept",
			 cause_operand_name(facts, small->place), large->size, part);
		return true;
	}
	tell_longer(facts, small, step, large->size, cause_viewed_name(facts, small), out);
	text_add(&out->fix, "extend %s by the same %" PRId64 " (labels: with -100; a mask: with ones), or cut them off before the two meet",
		 cause_viewed_name(facts, small), part);
	if (items == 2 && rest != part) /* equal pieces: which of them was added isn't known */
		text_add(&out->fix, "%s", is_in_front(step, part) ? SAY("; they stand at the front") : SAY("; they stand at the end"));
	return true;
}
