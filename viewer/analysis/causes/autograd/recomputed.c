#include "recomputed.h"

#include <string.h>

#include "../../mismatch/mismatch_rule.h"
#include "../../where.h"

#define EVENTS_MOST 65536 /* of a recomputation */

bool
recomputed_find(const struct cause_facts *facts, struct recomputed *out)
{
	struct event event;

	*out = (struct recomputed){ .facts = facts, .first = -1, .last = -1 };
	for (int64_t id = facts->before - 1; id >= 0 && id > facts->before - EVENTS_MOST; id--) {
		if (!facts->source->event(facts->source->context, facts->process, id, &event) || (out->last >= 0 && event.thread != out->thread))
			continue;
		if (event.step != facts->step || strcmp(event.phase, "backward") != 0 || event.site < 0 || !where_in_checkpoint(facts->source, facts->process, event.site))
			break;
		if (out->last < 0) {
			out->last = id;
			out->thread = event.thread;
		}
		out->first = id;
	}
	return out->last >= 0;
}

struct looked { const struct recomputed *again; const struct event *of; struct recomputed_call found; };

static bool
shares_tensor(const struct event *one, const struct event *other)
{
	for (int i = rule_next(one, 0); i >= 0; i = rule_next(one, i + 1))
		for (int j = rule_next(other, 0); j >= 0; j = rule_next(other, j + 1))
			if (one->operands[i].tensor > 0 && one->operands[i].tensor == other->operands[j].tensor)
				return true;
	return false;
}

static bool
same_operands(const struct event *one, const struct event *other)
{
	if (one->operand_count != other->operand_count)
		return false;
	for (int i = 0; i < one->operand_count; i++)
		if (one->operands[i].ndim != other->operands[i].ndim ||
		    (one->operands[i].ndim > 0 && memcmp(one->operands[i].sizes, other->operands[i].sizes, (size_t)one->operands[i].ndim * sizeof(int64_t)) != 0))
			return false;
	return true;
}

static bool
look_at_first(const struct event *event, void *context)
{
	struct looked *first = context;
	const struct cause_facts *facts = first->again->facts;

	if (event->id >= first->again->first)
		return true;
	if (event->step != facts->step)
		return false;
	if (strcmp(event->phase, "backward") == 0 || !where_same_line(facts->source, facts->process, event->site, first->of->site))
		return true;
	if (first->found.alike < 0 && same_operands(event, first->of))
		first->found.alike = event->id;
	if (shares_tensor(event, first->of))
		first->found.shares = event->id;
	return first->found.shares < 0;
}

struct recomputed_call
recomputed_first_time(const struct recomputed *again, const struct event *of)
{
	struct looked first = { .again = again, .of = of, .found = { .shares = -1, .alike = -1 } };
	struct event anywhere = *of;

	anywhere.site = -1;
	again->facts->source->each_call(again->facts->source->context, again->facts->process, &anywhere, look_at_first, &first);
	return first.found;
}
