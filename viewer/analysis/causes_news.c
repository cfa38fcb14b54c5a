/* What is new this time: on the way of the sizes in question, the first step that made a size which no earlier call of it made. */
#include <inttypes.h>
#include <string.h>

#include "causes_tool.h"
#include "history.h"
#include "mismatch_rule.h"
#include "subject.h"

#define STEPS_MOST 24
#define CALLS_SURE 10

/* The earliest step of SIDE's story that made a size which none of its earlier calls made, one that always made the same before others; -1. */
static int
first_new(const struct cause_facts *facts, const struct cause_side *side, struct history_size *out)
{
	const struct lineage *lineage = side->lineage;
	int last = lineage ? lineage->count : 0, found = -1;
	struct history_size size = { 0 };

	for (int i = last > STEPS_MOST ? STEPS_MOST - 1 : last - 1; i >= 0; i--) {
		const struct lineage_step *step = &lineage->steps[i];
		bool steady;

		if (step->event.id < 0 || step->entered || step->dim < 0 || step->event.id == facts->event->id ||
		    !history_size_new(facts->source, facts->process, &step->event, step->output, step->dim, &size))
			continue;
		steady = size.smallest == size.largest; /* what never varied tells more than what was larger than ever */
		if (found >= 0 && (!steady || out->smallest == out->largest))
			continue;
		found = i;
		*out = size;
	}
	return found;
}

static const struct lineage_step *
find_new(const struct cause_facts *facts, int *side, struct history_size *out)
{
	const struct lineage_step *found = NULL;
	struct history_size size = { 0 };

	if (!facts->event || !facts->mismatch || !facts->source || strcmp(facts->mismatch->property, "size") != 0 ||
	    (!cause_is(facts, SUBJECT_CHECK) && !(facts->message && strstr(facts->message, "fake tensors: call_"))))
		return NULL;
	for (int i = 0; i < 2; i++) {
		int at = first_new(facts, &facts->sides[i], &size);
		const struct lineage_step *step = at < 0 ? NULL : &facts->sides[i].lineage->steps[at];

		if (!step || (found && step->event.id >= found->event.id))
			continue; /* the earlier of the two */
		found = step;
		*side = i;
		*out = size;
	}
	return found;
}

static void
add_new(const struct cause_facts *facts, struct text *text, const struct lineage_step *step, const struct history_size *size)
{
	text_add(text, "new this time: ");
	cause_add_step(facts, text, step);
	if (size->smallest == size->largest)
		text_add(text, " made %" PRId64 ", where %" PRId64 " earlier calls always made %" PRId64, step->size, size->calls, size->smallest);
	else
		text_add(text, " made %" PRId64 ", where %" PRId64 " earlier calls made %" PRId64 " to %" PRId64 ", never this", step->size, size->calls, size->smallest,
			 size->largest);
}

/* What an operation did that made the size new, and what to do about it. */
static void
add_fix(struct cause *out, const struct lineage_step *step, const struct history_size *size)
{
	char name[96];
	int self = rule_any(&step->event, "self input condition");
	const struct operand *from = self >= 0 ? &step->event.operands[self] : NULL;
	int64_t start = 0, whole = from && step->dim < from->ndim ? from->sizes[step->dim] : -1;

	mismatch_plain_name(step->event.operation, name, sizeof(name));
	if (text_among("slice narrow", name) && step->size < size->smallest && whole > 0 && rule_int(&step->event, "start", &start) && start > 0)
		text_add(&out->fix, "it starts at %" PRId64 " of %" PRId64 " and ends before the %" PRId64 " that it should have: let the last start be %" PRId64
			 " or less (or pad the end, or leave this piece out)", start, whole, size->smallest, whole - size->smallest);
	else if (text_among("index masked_select nonzero unique unique2 index_select", name) && step->size < size->smallest)
		text_add(&out->fix, "rows were left out there that all earlier calls kept: leave out whatever belongs to them as well, keep them (with weight 0), or make "
			 "what follows count what is left");
	else if (step->size > size->largest)
		text_add(&out->fix, "bound it there to the %" PRId64 " that were the most so far (cut, resize by the longer side, drop the sample), or make what it meets "
			 "as large as it", size->largest);
	else
		text_add(&out->fix, "bring it there to what it was before (%" PRId64 "), or make what it meets from its own size", size->largest);
}

/* Needs: a step on the way of one of the sizes that disagree made a size that no earlier call of its line made. Likely where it was always
 * one and the same before, as the failing line's two were. */
bool
cause_first_new(const struct cause_facts *facts, struct cause *out)
{
	struct history_size size = { 0 };
	int side = 0;
	const struct lineage_step *step = find_new(facts, &side, &size), *decider;

	if (!step)
		return false;
	out->confidence = size.smallest == size.largest && size.calls >= CALLS_SURE && facts->calls && facts->agreed == facts->calls ? "likely" : "possible";
	text_add(&out->text, "%s has %" PRId64 " (dimension %d), %s %" PRId64 "; ", cause_operand_name(facts, facts->sides[side].place), facts->sides[side].size,
		 facts->sides[side].dim, facts->sides[!side].place >= 0 ? cause_operand_name(facts, facts->sides[!side].place) : SAY("what is needed is"),
		 facts->sides[!side].size);
	add_new(facts, &out->text, step, &size);
	decider = cause_decider(&facts->sides[side]);
	if (decider && decider->size == step->size && decider->event.id < step->event.id) { /* no earlier call of it, or none like it */
		text_add(&out->text, "; it was decided by ");
		cause_add_step(facts, &out->text, decider);
		step = decider;
	}
	add_fix(out, step, &size);
	return true;
}
