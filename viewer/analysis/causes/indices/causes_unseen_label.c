/* A rule about a label, or another number of one thing in a sample (a speaker, a station), that only an evaluation's data have: they were counted over training's. */
#include <inttypes.h>
#include <string.h>

#include "../causes_tool.h"
#include "../../history/elsewhere.h"
#include "../../mismatch/mismatch_rule.h"
#include "../../where.h"

#define CALLS_LEAST 20
#define CALLS_LOOKED 512

/* Calls of the loss in training with as many classes as now. */
struct fitted { const struct cause_facts *facts; int place, dim; int64_t calls, newest_site; };

static bool
add_fitted(const struct event *event, void *context)
{
	struct fitted *fitted = context;
	const struct operand *scores = fitted->place < event->operand_count ? &event->operands[fitted->place] : NULL;

	if (!event->phase || strcmp(event->phase, "forward") != 0 || strcmp(event->status, "ok") != 0 || !scores || fitted->dim >= scores->ndim ||
	    scores->sizes[fitted->dim] != fitted->facts->mismatch->expected)
		return true;
	if (!fitted->calls++)
		fitted->newest_site = event->site;
	return fitted->calls < CALLS_LOOKED;
}

static void
find_lines(const struct cause_facts *facts, int64_t trained, char there[ELSEWHERE_LINE], char here[ELSEWHERE_LINE])
{
	*there = *here = 0;
	if (trained < 0 || facts->event->site < 0 || elsewhere_parts(facts->source, facts->process, trained, facts->event->site, there, here))
		return;
	if (!where_called_line(facts->source, facts->process, trained, there, ELSEWHERE_LINE) ||
	    !where_called_line(facts->source, facts->process, facts->event->site, here, ELSEWHERE_LINE))
		*there = *here = 0;
}

/* Where the labels came in, and where the head was built: the ends of both stories. */
static const struct lineage_step *
entry_of(const struct cause_side *side)
{
	const struct lineage_step *last = side->lineage && side->lineage->count ? &side->lineage->steps[side->lineage->count - 1] : NULL;

	return last && last->event.site >= 0 ? last : NULL;
}

/* Is it a table of a row for each thing, with one number in each sample? (Tokens are several.) */
static bool
is_of_things(const struct cause_facts *facts)
{
	return cause_is(facts, "embedding") && facts->mismatch->operand >= 0 && facts->event->operands[facts->mismatch->operand].ndim == 1 && !cause_are_positions(facts);
}

/* Needs: a loss (or such a table) in evaluation with a label beyond its classes, and many calls of it in training, with as many classes, all of whose labels fitted. */
bool
cause_unseen_label(const struct cause_facts *facts, struct cause *out)
{
	const struct mismatch *mismatch = facts->mismatch;
	struct fitted fitted = { .facts = facts, .newest_site = -1 };
	char there[ELSEWHERE_LINE], here[ELSEWHERE_LINE], built[512] = "";
	const struct lineage_step *head, *labels;
	struct event anywhere;
	bool things = cause_disagrees(facts, "index") && facts->event && is_of_things(facts);

	if (!cause_disagrees(facts, "index") || !facts->event || !(cause_is_loss(facts) || things) || !facts->source || !facts->event->phase || strcmp(facts->event->phase, "eval") != 0 ||
	    !mismatch->has_actual || mismatch->actual < mismatch->expected || mismatch->actual > 2 * mismatch->expected + 1 /* a mark, no class */ || mismatch->against < 0 || mismatch->against_dim < 0)
		return false;
	fitted.place = mismatch->against;
	fitted.dim = mismatch->against_dim;
	anywhere = *facts->event;
	anywhere.site = -1;
	facts->source->each_call(facts->source->context, facts->process, &anywhere, add_fitted, &fitted);
	if (fitted.calls < CALLS_LEAST)
		return false;
	labels = entry_of(&facts->sides[0]);
	head = entry_of(&facts->sides[1]);
	find_lines(facts, fitted.newest_site, there, here);
	out->confidence = "likely";
	if (things)
		text_add(&out->text, "the %" PRId64 " of %s comes with evaluation's data alone", mismatch->actual, cause_operand_name(facts, mismatch->operand));
	else
		text_add(&out->text, "the label %" PRId64 " comes with evaluation's data alone", mismatch->actual);
	if (*here)
		text_add(&out->text, " (%s)", here);
	text_add(&out->text, ": %s; in the last %" PRId64 " calls in training", mismatch->text, fitted.calls);
	if (*there)
		text_add(&out->text, " (%s)", there);
	text_add(&out->text, "%s", things ? SAY(" every one fitted, so they were counted without it") : SAY(" every label fitted, so the classes were counted without it"));
	if (labels) {
		text_add(&out->evidence, "the labels came in by ");
		cause_add_line(facts, &out->evidence, labels, -1);
	}
	if (head && where_called_line(facts->source, facts->process, head->event.site, built, sizeof(built)))
		text_add(&out->evidence, "%sthe %" PRId64 " classes were built by the call at %s", labels ? SAY("; ") : "", mismatch->expected, built);
	if (mismatch->actual == mismatch->expected)
		text_add(&out->evidence, "%s%" PRId64 " is as many as there are classes: what a default for unknown names gives (`.get(name, len(names))`)",
			 out->evidence.used ? SAY("; ") : "", mismatch->actual);
	if (things) {
		text_add(&out->fix, "leave out of evaluation what training doesn't have, or give all unknown ones a row of their own that training uses too, or count them over both sets before "
			 "the table is built");
		if (*built)
			text_add(&out->fix, " (%s)", built);
		return true;
	}
	text_add(&out->fix, "see which class evaluation has and training lacks: leave those rows out of evaluation, or count the classes over both sets before the head is built");
	if (*built)
		text_add(&out->fix, " (%s)", built);
	text_add(&out->fix, " and train with them; one class more alone hides it, as it is never trained");
	return true;
}
