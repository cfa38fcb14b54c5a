/* Findings about autocast. */
#include <inttypes.h>
#include <string.h>

#include "findings_tool.h"

#define STEPS_LEAST 2
#define SHARE 5 /* a fifth of the layers, or it may be one that is kept in float32 on purpose */

/* Was what SITE's newest call takes made by a conversion, `x.float()`? Then float32 is meant there. */
static bool
is_converted(const struct finding_facts *facts, const struct survey_site *site)
{
	struct event call, maker;
	int output;

	return !facts->source->event(facts->source->context, facts->process, site->event, &call) || call.operand_count < 1 ||
	       (facts->source->maker(facts->source->context, facts->process, call.operands[0].tensor, call.id, &maker, &output) &&
		text_among("aten::to aten::_to_copy aten::float", maker.operation) && maker.phase && strcmp(maker.phase, "forward") == 0 &&
		maker.operand_count > 0 && maker.operands[0].dtype && strcmp(maker.operands[0].dtype, "float32") != 0);
}

/* The first layers of a step outside of autocast, all later ones within: the block begins too late. */
void
finding_autocast_in_part(const struct finding_facts *facts, struct finding_sink *sink)
{
	const struct findings_survey *survey = facts->survey;
	const struct survey_site *first = NULL, *within = NULL;
	int64_t outside = 0, inside = 0, last_outside = -1, first_inside = INT64_MAX;
	struct finding *finding;

	for (int i = 0; i < survey->count; i++) {
		const struct survey_site *site = &survey->sites[i];

		if (site->kind != SURVEY_CAST)
			continue;
		if (site->odd && site->odd < site->calls)
			return; /* now so, now so */
		if (site->odd && site->event < first_inside) {
			first_inside = site->event;
			within = site;
		}
		inside += site->odd;
		if (site->odd)
			continue;
		if (site->last_step - site->first_step < STEPS_LEAST || is_converted(facts, site))
			return;
		outside += site->calls;
		last_outside = site->event > last_outside ? site->event : last_outside;
		first = !first || site->event < first->event ? site : first;
	}
	if (!first || !within || last_outside > first_inside || outside * SHARE < outside + inside || within->last_step - within->first_step < STEPS_LEAST)
		return;
	finding = finding_new(sink);
	text_add(&finding->text, "autocast is on for a part of each step: the layers from ");
	text_add(&finding->text, "%s", first->operation + 6);
	finding_add_place(facts, &finding->text, first->site);
	text_add(&finding->text, " on run in float32, those from ");
	text_add(&finding->text, "%s", within->operation + 6);
	finding_add_place(facts, &finding->text, within->site);
	text_add(&finding->text, " on under autocast");
	text_add(&finding->evidence, "%" PRId64 " calls outside, %" PRId64 " within, of the newest operations", outside, inside);
	finding->event = first->event;
	finding->site = first->site;
}
