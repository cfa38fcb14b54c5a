#include "joined_again.h"

#include <string.h>

#include "../mismatch/mismatch_rule.h"
#include "../text.h"
#include "../where.h"

/* Did the same line of the same operation make a piece of CAT in the forward pass of this step? OUT gets that event. */
static bool
made_by_itself(const struct source *source, int process, const struct event *cat, struct event *out)
{
	int output;

	for (int i = rule_next(cat, 0); i >= 0; i = rule_next(cat, i + 1))
		if (cat->operands[i].item >= 0 && cat->operands[i].tensor > 0 &&
		    source->maker(source->context, process, cat->operands[i].tensor, cat->id, out, &output) &&
		    strcmp(out->operation, cat->operation) == 0 && out->step == cat->step && out->phase && strcmp(out->phase, "backward") != 0 &&
		    where_same_line(source, process, out->site, cat->site))
			return true;
	return false;
}

int
joined_again(const struct source *source, int process, const struct lineage *lineage, struct event *forward)
{
	for (int i = 0; lineage && i < lineage->count; i++) {
		const struct event *event = &lineage->steps[i].event;

		if (mismatch_is_any(event->operation, "cat concat concatenate") && event->phase && strcmp(event->phase, "backward") == 0 && event->site >= 0 &&
		    made_by_itself(source, process, event, forward) && where_in_checkpoint(source, process, event->site))
			return i;
	}
	return -1;
}
