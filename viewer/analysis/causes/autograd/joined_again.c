#include "joined_again.h"

#include <string.h>

#include "../../mismatch/mismatch_rule.h"
#include "../../text.h"
#include "../../where.h"

#define WAY_MOST 8 /* operations from a piece back to the line that both passes ran */

struct asked { const struct source *source; int process; const struct event *cat; bool ran; };

static bool
is_of_forward(const struct event *event, const struct event *cat)
{
	return event->step == cat->step && event->phase && strcmp(event->phase, "backward") != 0;
}

/* Did the same line of the same operation make a piece of CAT in the forward pass of this step? OUT gets that event. */
static bool
made_by_itself(const struct asked *asked, struct event *out)
{
	const struct event *cat = asked->cat;
	int output;

	for (int i = rule_next(cat, 0); i >= 0; i = rule_next(cat, i + 1))
		if (cat->operands[i].item >= 0 && cat->operands[i].tensor > 0 &&
		    asked->source->maker(asked->source->context, asked->process, cat->operands[i].tensor, cat->id, out, &output) &&
		    strcmp(out->operation, cat->operation) == 0 && is_of_forward(out, cat) && where_same_line(asked->source, asked->process, out->site, cat->site))
			return true;
	return false;
}

/* The operations that led to TENSOR, newest first, each by its first tensor; how many. */
static int
way_to(const struct asked *asked, int64_t tensor, struct event way[WAY_MOST])
{
	int64_t before = asked->cat->id;
	int count = 0, output;

	while (count < WAY_MOST && tensor > 0 && asked->source->maker(asked->source->context, asked->process, tensor, before, &way[count], &output)) {
		int from = rule_next(&way[count], 0);

		before = way[count].id;
		tensor = from >= 0 ? way[count].operands[from].tensor : 0;
		count++;
	}
	return count;
}

/* Did one line make both, first in forward and then in backward? */
static bool
made_alike(const struct asked *asked, int64_t kept, int64_t own, struct event *maker)
{
	struct event ways[2][WAY_MOST];
	int counts[2] = { way_to(asked, kept, ways[0]), way_to(asked, own, ways[1]) };

	if (!counts[0] || !counts[1] || !is_of_forward(&ways[0][0], asked->cat) || is_of_forward(&ways[1][0], asked->cat) ||
	    !where_in_checkpoint(asked->source, asked->process, ways[0][0].site))
		return false;
	*maker = ways[0][0];
	for (int i = 0; i < counts[0] && is_of_forward(&ways[0][i], asked->cat); i++)
		for (int j = 0; j < counts[1] && !is_of_forward(&ways[1][j], asked->cat); j++)
			if (strcmp(ways[0][i].operation, ways[1][j].operation) == 0 && ways[0][i].site >= 0 &&
			    where_same_line(asked->source, asked->process, ways[0][i].site, ways[1][j].site))
				return true;
	return false;
}

static bool
look_for_cat(const struct event *event, void *context)
{
	struct asked *asked = context;

	if (event->step != asked->cat->step)
		return event->step > asked->cat->step;
	asked->ran = asked->ran || (is_of_forward(event, asked->cat) && where_same_line(asked->source, asked->process, event->site, asked->cat->site));
	return !asked->ran;
}

/* Did no call of this step's forward join anything at CAT's line, though what it joins now is what the block made then, and the same anew? OUT gets who
 * made what was kept. */
static bool
joined_anew(struct asked *asked, struct event *out)
{
	const struct event *cat = asked->cat;
	struct event anywhere = *cat;
	bool alike = false;

	for (int i = rule_next(cat, 0); i >= 0 && !alike; i = rule_next(cat, i + 1))
		for (int j = rule_next(cat, 0); j >= 0 && !alike; j = rule_next(cat, j + 1))
			alike = i != j && cat->operands[i].item >= 0 && cat->operands[j].item >= 0 &&
				made_alike(asked, cat->operands[i].tensor, cat->operands[j].tensor, out);
	if (!alike)
		return false;
	anywhere.site = -1;
	asked->source->each_call(asked->source->context, asked->process, &anywhere, look_for_cat, asked);
	return !asked->ran;
}

int
joined_again(const struct source *source, int process, const struct lineage *lineage, struct joined_again *out)
{
	for (int i = 0; lineage && i < lineage->count; i++) {
		const struct event *event = &lineage->steps[i].event;
		struct asked asked = { .source = source, .process = process, .cat = event };

		if (!mismatch_is_any(event->operation, "cat concat concatenate") || !event->phase || strcmp(event->phase, "backward") != 0 || event->site < 0 ||
		    !where_in_checkpoint(source, process, event->site))
			continue;
		out->anew = false;
		if (made_by_itself(&asked, &out->forward))
			return i;
		out->anew = true;
		if (joined_anew(&asked, &out->forward))
			return i;
	}
	return -1;
}
