/* A place behind a tensor's end that Python's own code asked for: a counter that ran past. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../causes_tool.h"
#include "../placeholders/placeholders.h"
#include "../../history/usual.h"
#include "../../mismatch/mismatch_rule.h"
#include "../../subject.h"

#define RECENT_MOST 400 /* operations of the failing step that are looked at */
#define CALLS_ENOUGH 10

/* What the step's operations by values (nonzero, a mask, unique) found: the one that always found the same, and now another number. */
struct found_other { const struct cause_facts *facts; int64_t step; bool begun, is; struct event event; struct usual usual; int64_t size; };

static bool
look_found(const struct event *event, void *context)
{
	struct found_other *found = context;
	const struct cause_facts *facts = found->facts;
	struct usuals usuals;
	struct usual usual;

	if (!found->begun) {
		found->begun = true;
		found->step = event->step;
	}
	if (event->step != found->step)
		return false;
	if (!mismatch_is_any(event->operation, "nonzero nonzero_numpy where argwhere masked_select unique unique2 _unique2 unique_consecutive") || event->output_count < 1 ||
	    event->outputs[0].ndim < 1 || !usual_made(facts->source, facts->process, event, 0, USUAL_CALLS_QUICK, &usuals) || !usual_dim(&usuals, 0, &usual))
		return true;
	if (usual.calls < CALLS_ENOUGH || !usual_is_steady(&usual) || usual.smallest == event->outputs[0].sizes[0])
		return true;
	found->is = true;
	found->event = *event;
	found->usual = usual;
	found->size = event->outputs[0].sizes[0];
	return false;
}

/* Needs: a tensor was asked in Python for a place behind its end. Likely where something that is found by values in this step is of another number than ever, or the tokens
 * have more marks than it has rows. */
bool
cause_place_beyond(const struct cause_facts *facts, struct cause *out)
{
	const struct mismatch *mismatch = facts->mismatch;
	struct found_other found = { .facts = facts };
	const char *name;

	if (!cause_disagrees(facts, "size") || !cause_is(facts, SUBJECT_SUBSCRIPT))
		return false;
	name = cause_operand_name(facts, mismatch->operand);
	if (facts->source)
		facts->source->each_recent(facts->source->context, facts->process, RECENT_MOST, look_found, &found);
	out->confidence = found.is ? "likely" : "possible";
	text_add(&out->text, "what counts the places of %s ran past its end: it has %" PRId64 ", and number %" PRId64 " is asked for", name, mismatch->actual, mismatch->expected);
	if (found.is) {
		text_add(&out->text, "; in this step ");
		cause_add_event(facts, &out->text, &found.event);
		text_add(&out->text, " found %" PRId64 ", where it found %" PRId64 " in each of %" PRId64 " earlier calls", found.size, found.usual.smallest, found.usual.calls);
	}
	if (cause_decider(&facts->sides[0])) {
		text_add(&out->evidence, "the %" PRId64 " of %s was decided by ", mismatch->actual, name);
		cause_add_step(facts, &out->evidence, cause_decider(&facts->sides[0]));
	}
	if (placeholders_tell_marks(facts, mismatch->actual, out)) {
		out->confidence = "likely";
		return true;
	}
	text_add(&out->fix, "see what is counted to reach %" PRId64 ": give %s as many rows as that has places (one is missing), or take away the place that has no row (one too many in the data)",
		 mismatch->expected, name);
	return true;
}
