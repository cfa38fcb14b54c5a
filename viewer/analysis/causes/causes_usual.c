/* What is new on the way of the sizes in question, as evidence of a cause that doesn't tell it. */
#include <inttypes.h>
#include <string.h>

#include "causes_tool.h"
#include "../where.h"

#define STEP_LEAST 10 /* smaller numbers are many things */

void
cause_find_news(struct cause_facts *facts, struct news room[2])
{
	for (int i = 0; i < 2; i++) {
		const struct lineage *lineage = facts->sides[i].lineage;
		const struct lineage_step *first = lineage && lineage->count ? &lineage->steps[0] : NULL;

		if (!first || !facts->source || lineage->property != LINEAGE_SIZE || first->dim < 0 || first->tensor <= 0)
			continue;
		news_find(facts->source, facts->process, first->tensor, facts->event && facts->event->id >= 0 ? facts->event->id : facts->before, first->dim, &room[i]);
		news_changed(facts->source, lineage, &room[i].change);
		facts->sides[i].news = &room[i];
	}
}

bool
cause_made_before(const struct cause_facts *facts, const struct lineage_step *step, struct usual *out)
{
	struct usuals usuals;

	return facts->source && step->output >= 0 && usual_made(facts->source, facts->process, &step->event, step->output, USUAL_CALLS_QUICK, &usuals) &&
	       usual_dim(&usuals, step->dim, out);
}

/* "12 in each of the last 64 calls". */
static void
add_usual(struct text *text, const struct usual *usual)
{
	if (usual_is_steady(usual))
		text_add(text, "%" PRId64 " in each of the last %" PRId64 " calls", usual->smallest, usual->calls);
	else
		text_add(text, "%" PRId64 " to %" PRId64 " in the last %" PRId64 " calls", usual->smallest, usual->largest, usual->calls);
}

/* Is NEW of an earlier call of a line that SIDE's way meets again, with another size: what grows from call to call is new in each? */
static bool
is_of_earlier_call(const struct cause_facts *facts, const struct cause_side *side, const struct lineage_step *new)
{
	for (int i = 0; side->lineage && i < side->lineage->count; i++) {
		const struct lineage_step *step = &side->lineage->steps[i];

		if (step->event.id > new->event.id && new->event.id >= 0 && step->size != new->size && strcmp(step->event.operation, new->event.operation) == 0 &&
		    where_same_line(facts->source, facts->process, step->event.site, new->event.site))
			return true;
	}
	return false;
}

void
cause_add_went_off(const struct cause_facts *facts, struct cause *out)
{
	char line[512];

	if (out->tells_news || !facts->mismatch || !text_among("size numel count", facts->mismatch->property))
		return;
	for (int i = 0; i < 2; i++) {
		const struct news_change *change = facts->sides[i].news ? &facts->sides[i].news->change : NULL;

		if (!change || change->step.event.id < 0)
			continue;
		if (!where_site_line(facts->source, facts->process, change->step.event.site, false, line, sizeof(line)) || strstr(out->text.data, line))
			return;
		text_add(&out->evidence, "%snew at ", out->evidence.used ? SAY("; ") : "");
		cause_add_step(facts, &out->evidence, &change->step);
		text_add(&out->evidence, ": it makes %" PRId64 " of %" PRId64 ", where %" PRId64 " earlier calls left everything as it was", change->to, change->from, change->calls);
		return;
	}
	for (int i = 0; i < 2; i++) {
		const struct news *news = facts->sides[i].news;
		const struct news_step *new = news && news->count ? &news->steps[news->count - 1] : NULL;

		if (!new || !where_site_line(facts->source, facts->process, new->step.event.site, false, line, sizeof(line)) ||
		    (strstr(out->text.data, line) && strstr(out->text.data, "earlier calls")) || is_of_earlier_call(facts, &facts->sides[i], &new->step))
			continue;
		text_add(&out->evidence, "%snew at ", out->evidence.used ? SAY("; ") : "");
		cause_add_line(facts, &out->evidence, &new->step, new->step.size);
		text_add(&out->evidence, ": %" PRId64 ", where it was ", new->step.size);
		add_usual(&out->evidence, &new->usual);
		return;
	}
}

void
cause_add_began(const struct cause_facts *facts, struct cause *out)
{
	static const char hints[] = "after start begin from since until warmup unfreeze switch";
	struct text_walk at = { 0 };
	const json_t *number;

	if (facts->step < STEP_LEAST || !((facts->sides[0].news && facts->sides[0].news->count) || (facts->sides[1].news && facts->sides[1].news->count)))
		return;
	while ((number = cause_next_number(facts, &at)))
		if (json_integer_value(json_object_get(number, "value")) == facts->step && cause_is_called(number, hints)) {
			text_add(&out->evidence, "%sthis is step %" PRId64 ", which is %s: see what begins there", out->evidence.used ? SAY("; ") : "", facts->step,
				 text_get(number, "name"));
			if (!out->setting)
				out->setting = number;
			return;
		}
}
