/* A rule about what has no elements: where the last of them went. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../causes_tool.h"
#include "../../mismatch/mismatch_rule.h"
#include "../code/slice.h"
#include "../../where.h"

/* The dimension of the operand at PLACE that is 0; -1 if none is. */
static int
zero_of(const struct cause_facts *facts, int place)
{
	const struct operand *is = place >= 0 && place < facts->event->operand_count ? &facts->event->operands[place] : NULL;

	for (int d = 0; is && is->tensor > 0 && d < is->ndim; d++)
		if (is->sizes[d] == 0)
			return d;
	return -1;
}

/* The first step on LINEAGE's way that has none; NULL. */
static const struct lineage_step *
first_empty(const struct lineage *lineage)
{
	const struct lineage_step *found = NULL;

	for (int i = 0; i < lineage->count && lineage->steps[i].size == 0 && !lineage->steps[i].possible; i++)
		found = &lineage->steps[i];
	return found;
}

static void
tell_slice(const struct cause_facts *facts, struct cause *out, const struct lineage_step *step, const struct slice *slice)
{
	struct lineage *lineage = calloc(1, sizeof(*lineage));
	char line[512];

	text_add(&out->text, "nothing is left of %s: ", cause_operand_name(facts, facts->mismatch && facts->mismatch->operand >= 0 ? facts->mismatch->operand : 0));
	cause_add_step(facts, &out->text, step);
	if (where_caller_line(facts->source, facts->process, step->event.site, line, sizeof(line)) && !strstr(out->text.data, line))
		text_add(&out->text, ", called at %s", line);
	text_add(&out->text, ", begins at %" PRId64 " and there are %" PRId64 " only", slice->start, slice->whole);
	if (lineage)
		lineage_walk_tensor(facts->source, facts->process, step->event.operands[rule_tensor(&step->event, "self")].tensor, step->event.id, slice->dim, LINEAGE_SIZE, lineage);
	if (lineage && lineage->count) {
		text_add(&out->text, ", made by ");
		cause_add_line(facts, &out->text, &lineage->steps[lineage->decider >= 0 ? lineage->decider : lineage->count - 1], -1);
	}
	free(lineage);
	text_add(&out->fix, "give it more than %" PRId64 " there: where what is known already is cut off (the length of a cache, of a prompt), it must be the whole sequence, what came before "
		 "included, not only what is new; or begin anew with an empty cache", slice->start);
}

static void
tell_selection(const struct cause_facts *facts, struct cause *out, const struct lineage_step *step)
{
	text_add(&out->text, "nothing was selected: %s has no elements since ", cause_operand_name(facts, facts->mismatch && facts->mismatch->operand >= 0 ? facts->mismatch->operand : 0));
	cause_add_line(facts, &out->text, step, -1);
	text_add(&out->fix, "see why nothing fulfils that condition here; where that may happen, leave out what follows (a loss of 0, the batch skipped) if numel() is 0");
}

/* Needs: an operand without elements, and the step by which it lost them: a slice that begins at the end or behind it, or ends before it begins, or a selection of none. */
bool
cause_emptied(const struct cause_facts *facts, struct cause *out)
{
	const struct mismatch *mismatch = facts->mismatch;
	const struct lineage_step *step;
	struct lineage *lineage;
	int place = -1, dim = -1;
	struct slice slice;
	bool sliced;

	if (!facts->event || !facts->source || cause_is_raised(facts))
		return false;
	if (mismatch && mismatch->operand >= 0 && (dim = zero_of(facts, mismatch->operand)) >= 0)
		place = mismatch->operand;
	else if (mismatch && mismatch->against >= 0 && (dim = zero_of(facts, mismatch->against)) >= 0)
		place = mismatch->against;
	for (int i = 0; !mismatch && place < 0 && i < facts->event->operand_count; i++)
		if ((dim = zero_of(facts, i)) >= 0)
			place = i;
	if (place < 0 || !(lineage = calloc(1, sizeof(*lineage))))
		return false;
	lineage_walk(facts->source, facts->process, facts->event, place, dim, LINEAGE_SIZE, lineage);
	step = first_empty(lineage);
	sliced = step && slice_read(&step->event, &slice) && slice.dim == step->dim && slice.whole > 0;
	if (sliced && slice.start >= slice.whole)
		tell_slice(facts, out, step, &slice);
	else if (sliced && slice.start >= slice_stop(&slice))
		cause_tell_turned(facts, out, step, &slice, cause_operand_name(facts, place));
	else if (step && mismatch_is_any(step->event.operation, "index masked_select nonzero nonzero_numpy where argwhere"))
		tell_selection(facts, out, step);
	else
		step = NULL;
	if (step) {
		out->confidence = "likely";
		out->tells_news = true;
		for (int i = 0; i < 2; i++)
			if (facts->sides[i].place == place && facts->sides[i].dim == dim && facts->sides[i].calls && facts->sides[i].smallest > 0)
				text_add(&out->evidence, "in %" PRId64 " earlier calls there were %" PRId64 " to %" PRId64, facts->sides[i].calls, facts->sides[i].smallest,
					 facts->sides[i].largest);
	}
	free(lineage);
	return step != NULL;
}
