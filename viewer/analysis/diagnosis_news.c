/* Which of two stories has the origin, by what is new on them. */
#include <stdlib.h>
#include <string.h>

#include "mismatch/mismatch_rule.h"
#include "history/news.h"
#include "report_failure.h"
#include "text.h"

/* Is the origin told one that the program asked for by a number? That number is what is wrong. */
static bool
is_asked_for(const struct diagnosis *diagnosis)
{
	return mismatch_is_any(text_get(diagnosis->origin, "operation"), "arange linspace zeros ones full empty eye");
}

/* Where one side alone was changed by a line that never changed one before, or made by one that always made the same, that side has the
 * origin. */
void
diagnosis_news(struct diagnosis *diagnosis, const struct lineage *sides[2], const int64_t sizes[2])
{
	struct news *news = calloc(2, sizeof(*news));
	bool steady[2], changed[2];

	if (!news)
		return;
	for (int i = 0; i < 2; i++) {
		const struct lineage_step *step = &sides[i]->steps[0];
		const struct news_step *first;

		if (sides[i]->count && step->tensor > 0 && step->dim >= 0)
			news_find(diagnosis->source, diagnosis->failure->process, step->tensor, diagnosis->subject->id, step->dim, &news[i]);
		changed[i] = news_changed(diagnosis->source, sides[i], &news[i].change);
		first = news[i].count ? &news[i].steps[news[i].count - 1] : NULL;
		steady[i] = first && news[i].ended && usual_is_steady(&first->usual) && first->usual.calls >= NEWS_CALLS_SURE;
	}
	for (int i = 0; i < 2; i++)
		if (changed[i] && !changed[!i] && !is_asked_for(diagnosis) && !news[i].change.near && sides[i]->decider >= 0)
			diagnosis_retell(diagnosis, sides[i], sizes[i]);
	for (int i = 0; i < 2 && !changed[0] && !changed[1]; i++)
		if (steady[i] && !news[!i].count && news[!i].known && sides[i]->decider >= 0)
			diagnosis_retell(diagnosis, sides[i], sizes[i]);
	if (json_is_true(json_object_get(diagnosis->origin, "possible")) && sides[1]->decider >= 0 && !sides[1]->steps[sides[1]->decider].possible &&
	    sides[0]->decider >= 0 && sides[0]->steps[sides[0]->decider].possible)
		diagnosis_retell(diagnosis, sides[1], sizes[1]); /* rather what is known */
	free(news);
}
