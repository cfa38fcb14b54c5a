/* A rule about what was to be selected alike and wasn't: each side by random numbers of its own. */
#include <inttypes.h>
#include <string.h>

#include "../causes_tool.h"
#include "../../mismatch/mismatch_rule.h"
#include "../../where.h"

static const char choosing[] = "index index_select masked_select nonzero gather";

/* The step of SIDE that drew what it was selected by; NULL. */
static const struct lineage_step *
drawn(const struct cause_side *side)
{
	const struct lineage *lineage = side->lineage;

	if (!lineage || !cause_decider(side) || !mismatch_is_any(cause_decider(side)->event.operation, choosing))
		return NULL;
	for (int i = lineage->decider + 1; i < lineage->count; i++)
		if (mismatch_is_any(lineage->steps[i].event.operation, cause_drawing))
			return &lineage->steps[i];
	return NULL;
}

/* Needs: two sizes, each selected by random numbers that one and the same line drew, once for each side. */
bool
cause_drawn_twice(const struct cause_facts *facts, struct cause *out)
{
	const struct lineage_step *one = cause_disagrees(facts, "size") ? drawn(&facts->sides[0]) : NULL, *other = one ? drawn(&facts->sides[1]) : NULL;
	const struct lineage_step *to[2];

	if (!other || one->event.id == other->event.id || !facts->source || !where_same_line(facts->source, facts->process, one->event.site, other->event.site))
		return false;
	to[0] = cause_decider(&facts->sides[0]);
	to[1] = cause_decider(&facts->sides[1]);
	out->confidence = "likely";
	text_add(&out->text, "what was to be selected alike was drawn twice: ");
	cause_add_line(facts, &out->text, one, -1);
	text_add(&out->text, " drew random numbers for %s, and others for %s, so that %" PRId64 " were selected of the one and %" PRId64 " of the other",
		 cause_operand_name(facts, facts->sides[0].place), cause_operand_name(facts, facts->sides[1].place), facts->sides[0].size, facts->sides[1].size);
	text_add(&out->evidence, "selected by ");
	cause_add_step(facts, &out->evidence, to[0]);
	text_add(&out->evidence, " and ");
	cause_add_step(facts, &out->evidence, to[1]);
	text_add(&out->fix, "draw once, keep the mask (or index), and select both by it; where sizes happened to be equal, rows didn't belong together either");
	return true;
}
