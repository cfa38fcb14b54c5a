/* Findings about features that find no place, and are left out in silence. */
#include <inttypes.h>
#include <string.h>

#include "findings_tool.h"

#define WHOLE_LEAST 2 /* calls in which nothing was cut: then cutting isn't the way it works */

/* embeds[mask] = features[:mask.sum()]: in most calls all, in some the beginning alone. */
void
finding_features_cut(const struct finding_facts *facts, struct finding_sink *sink)
{
	for (int i = 0; i < facts->survey->count; i++) {
		const struct survey_site *site = &facts->survey->sites[i];
		struct finding *finding = site->kind == SURVEY_PLACES && site->odd && site->odd <= site->calls / 2 && site->calls - site->odd >= WHOLE_LEAST
						  ? finding_new(sink) : NULL;

		if (!finding)
			continue;
		text_add(&finding->text, "%s", site->operation + 6);
		finding_add_place(facts, &finding->text, site->site);
		text_add(&finding->text, " writes only the first %" PRId64 " of %" PRId64 " rows of features: the mask has too few places for the others",
			 site->sizes[1][0], site->sizes[0][0]);
		finding_add_calls(&finding->evidence, site);
		finding->event = site->event;
		finding->site = site->site;
	}
}

/* try: embeds[mask] = features; except: ...: what failed was handled, and it goes on with what is left. */
void
finding_write_refused(const struct finding_facts *facts, struct finding_sink *sink)
{
	for (int i = 0; i < facts->survey->count; i++) {
		const struct survey_site *site = &facts->survey->sites[i];
		struct finding *finding = site->kind == SURVEY_REFUSED ? finding_new(sink) : NULL;

		if (!finding)
			continue;
		text_add(&finding->text, "%s", site->operation + 6);
		finding_add_place(facts, &finding->text, site->site);
		text_add(&finding->text, " failed %" PRId64 " times and the program went on: values of ", site->odd);
		text_add_sizes(&finding->text, site->sizes[1], site->ndim[1]);
		text_add(&finding->text, " did not fit the places of a mask of ");
		text_add_sizes(&finding->text, site->sizes[0], site->ndim[0]);
		text_add(&finding->evidence, "the newest in step %" PRId64, site->last_step);
		finding->event = site->event;
		finding->site = site->site;
	}
}

/* where(mask, features[mask.cumsum() - 1], text): in some calls the count of places doesn't reach the last feature. */
void
finding_features_skipped(const struct finding_facts *facts, struct finding_sink *sink)
{
	for (int i = 0; i < facts->survey->count; i++) {
		const struct survey_site *site = &facts->survey->sites[i];
		const json_t *sample = site->kind == SURVEY_GATHERED ? finding_sample(facts, "index", site->other) : NULL;
		int64_t odd = finding_number(sample, "odd"), looked = finding_number(sample, "looked");
		struct finding *finding = odd && odd <= looked / 2 && looked - odd >= WHOLE_LEAST ? finding_new(sink) : NULL;

		if (!finding)
			continue;
		text_add(&finding->text, "where");
		finding_add_place(facts, &finding->text, site->site);
		text_add(&finding->text, " puts only %" PRId64 " of %" PRId64 " rows of features in place: the mask has too few places for the others",
			 finding_number(sample, "count"), finding_number(sample, "of"));
		text_add(&finding->evidence, "in %" PRId64 " of %" PRId64 " calls", odd, looked);
		finding->event = site->event;
		finding->site = site->site;
	}
}
