/* Findings about what operands held when they were looked at: the samples of the newest "state" note. */
#include <inttypes.h>
#include <string.h>

#include "../causes/causes_tool.h"
#include "findings_tool.h"

/* The next sample from *AT on that is odd and about WHAT; NULL. */
static const json_t *
next_odd(const struct finding_facts *facts, const char *what, size_t *at)
{
	const json_t *samples = json_object_get(facts->state, "samples");

	while (*at < json_array_size(samples)) {
		const json_t *sample = json_array_get(samples, (*at)++);

		if (strcmp(text_get(sample, "what"), what) == 0 && finding_number(sample, "odd") > 0)
			return sample;
	}
	return NULL;
}

static struct finding *
begin(struct finding_sink *sink, const json_t *sample)
{
	struct finding *finding = finding_new(sink);
	int64_t calls = finding_number(sample, "calls"), looked = finding_number(sample, "looked");

	if (!finding)
		return NULL;
	finding->site = finding_number(sample, "site");
	text_add(&finding->evidence, "in %" PRId64 " of %" PRId64 " calls", finding_number(sample, "odd"), looked);
	if (calls > looked)
		text_add(&finding->evidence, " that were looked at, of %" PRId64, calls);
	return finding;
}

/* A loss over no label at all is nan (0 / 0), and so are the weights after it. */
void
finding_labels_ignored(const struct finding_facts *facts, struct finding_sink *sink)
{
	const json_t *sample;

	for (size_t at = 0; (sample = next_odd(facts, "labels_ignored", &at));) {
		struct finding *finding = begin(sink, sample);

		if (!finding)
			return;
		text_add(&finding->text, "a loss");
		finding_add_place(facts, &finding->text, finding->site);
		text_add(&finding->text, " has no label to count: all %" PRId64 " are -100, so that its mean is nan", finding_number(sample, "count"));
	}
}

/* masked_scatter takes from its source as many as there are places, and doesn't say that more came. */
void
finding_features_in_part(const struct finding_facts *facts, struct finding_sink *sink)
{
	const json_t *sample;

	for (size_t at = 0; (sample = next_odd(facts, "source_in_part", &at));) {
		struct finding *finding = begin(sink, sample);

		if (!finding)
			return;
		text_add(&finding->text, "masked_scatter");
		finding_add_place(facts, &finding->text, finding->site);
		text_add(&finding->text, " puts only %" PRId64 " of %" PRId64 " elements in place: the mask has fewer places than there are features, and those "
			 "behind the first missing place stand where others belong", finding_number(sample, "count"), finding_number(sample, "of"));
	}
}

/* --- ids near the end of the vocabulary ------------------------------------------------------------ */

#define NEAR 10  /* a tenth of the table from its end */
#define ADDED 20 /* a twentieth of the table, or ADDED_LEAST rows, may have been added to a tokenizer */
#define ADDED_LEAST 64

/* A number called like a vocabulary that is a little more than ROWS; NULL. One that is equal says that all is well. */
static const json_t *
larger_vocabulary(const struct finding_facts *facts, int64_t rows)
{
	const json_t *frame, *one, *larger = NULL;
	int64_t most = rows + (rows / ADDED > ADDED_LEAST ? rows / ADDED : ADDED_LEAST);
	size_t i, n;

	json_array_foreach(json_object_get(facts->state, "numbers"), i, frame)
		json_array_foreach(json_object_get(frame, "numbers"), n, one) {
			int64_t value = finding_number(one, "value");

			if (!cause_is_called(one, "vocab tokenizer"))
				continue;
			if (value == rows)
				return NULL;
			larger = value > rows && value <= most ? one : larger;
		}
	return larger;
}

/* Tokens that the tokenizer has and the table hasn't: the first sample with one of them fails. */
void
finding_vocabulary_short(const struct finding_facts *facts, struct finding_sink *sink)
{
	for (int i = 0; i < facts->survey->count; i++) {
		const struct survey_site *site = &facts->survey->sites[i];
		const json_t *sample = site->kind == SURVEY_LOOKUP ? finding_sample(facts, "index", site->site) : NULL, *named;
		int64_t rows = finding_number(sample, "rows"), largest = finding_number(sample, "largest");
		struct finding *finding;

		if (!sample || finding_number(sample, "runs") > 0 || largest < rows - (rows + NEAR - 1) / NEAR)
			continue;
		named = larger_vocabulary(facts, rows);
		finding = named ? finding_new(sink) : NULL;
		if (!finding)
			continue;
		text_add(&finding->text, "a table of %" PRId64 " rows", rows);
		finding_add_place(facts, &finding->text, site->site);
		text_add(&finding->text, " is asked for ids up to %" PRId64 " so far, and %s is %" PRId64 ": an id from %" PRId64 " on fails", largest, text_get(named, "name"),
			 finding_number(named, "value"), rows);
		finding->setting = json_deep_copy(named);
		finding->event = site->event;
		finding->site = site->site;
	}
}
