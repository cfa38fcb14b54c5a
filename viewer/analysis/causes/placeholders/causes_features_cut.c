/* A rule about features that were cut at a limit which nothing had come to before, while their places are counted from what is uncut. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../causes_tool.h"
#include "placeholders.h"
#include "../code/slice.h"

/* The slice on the features' way that takes something off for the first time; NULL. */
static const struct news_change *
first_cut(const struct cause_facts *facts)
{
	for (int i = 0; i < 2; i++) {
		const struct cause_side *side = &facts->sides[i];
		const struct news_change *change = side->news ? &side->news->change : NULL;
		const char *dtype = facts->event && side->place >= 0 && side->place < facts->event->operand_count ? facts->event->operands[side->place].dtype : NULL;

		if (!change || change->step.event.id < 0 || change->to >= change->from || change->to < 1 || (dtype && strcmp(dtype, "bool") == 0))
			continue;
		if (slice_shortens(&change->step.event, change->step.dim))
			return change;
	}
	return NULL;
}

/* Needs: more places than features, and a slice on the features' way that left everything as it was in every earlier call and cuts now. */
bool
cause_features_cut(const struct cause_facts *facts, struct cause *out)
{
	struct placeholders found;
	const struct news_change *cut;
	int64_t apart;

	if (!placeholders_find(facts, &found) || found.supplied < 1 || found.selected <= found.supplied || !(cut = first_cut(facts)))
		return false;
	apart = llabs(found.selected * cut->to - found.supplied * cut->from);
	out->confidence = "likely";
	out->tells_news = true;
	text_add(&out->text, "what the features are made of was cut, for the first time, and their places are counted from what is uncut: ");
	cause_add_line(facts, &out->text, &cut->step, -1);
	text_add(&out->text, " kept %" PRId64 " of %" PRId64 "; there are %" PRId64 " placeholders for %" PRId64 " rows of features", cut->to, cut->from, found.selected, found.supplied);
	text_add(&out->evidence, "%" PRId64 " earlier calls left everything as it was", cut->calls);
	if (apart <= cut->from + cut->to)
		text_add(&out->evidence, "; %" PRId64 " places are to %" PRId64 " rows as the %" PRId64 " before the cut to the %" PRId64 " after it", found.selected, found.supplied, cut->from,
			 cut->to);
	text_add(&out->fix, "count the places from what that cut leaves (%" PRId64 " at most), or leave out what is longer before either is made; or raise the limit at ", cut->to);
	cause_add_event(facts, &out->fix, &cut->step.event);
	text_add(&out->fix, " to %" PRId64 ", which this sample needs", cut->from);
	return true;
}
