/* Findings about what operands held when they were looked at: the samples of the newest "state" note. */
#include <inttypes.h>
#include <string.h>

#include "findings.h"
#include "where.h"

static int64_t
number(const json_t *sample, const char *key)
{
	return json_integer_value(json_object_get(sample, key));
}

/* The next sample from *AT on that is odd and about WHAT; NULL. */
static const json_t *
next_odd(const struct finding_facts *facts, const char *what, size_t *at)
{
	const json_t *samples = json_object_get(facts->state, "samples");

	while (*at < json_array_size(samples)) {
		const json_t *sample = json_array_get(samples, (*at)++);

		if (strcmp(text_get(sample, "what"), what) == 0 && number(sample, "odd") > 0)
			return sample;
	}
	return NULL;
}

static struct finding *
begin(const struct finding_facts *facts, struct finding_sink *sink, const json_t *sample)
{
	struct finding *finding = finding_new(sink);
	int64_t calls = number(sample, "calls"), looked = number(sample, "looked");

	if (!finding)
		return NULL;
	finding->site = number(sample, "site");
	text_add(&finding->evidence, "in %" PRId64 " of %" PRId64 " calls", number(sample, "odd"), looked);
	if (calls > looked)
		text_add(&finding->evidence, " that were looked at, of %" PRId64, calls);
	(void)facts;
	return finding;
}

static void
add_site(const struct finding_facts *facts, struct text *text, int64_t site)
{
	char line[256];

	if (where_site_line(facts->source, facts->process, site, false, line, sizeof line))
		text_add(text, " at %s", line);
}

/* A loss over no label at all is nan (0 / 0), and so are the weights after it. */
void
finding_labels_ignored(const struct finding_facts *facts, struct finding_sink *sink)
{
	const json_t *sample;

	for (size_t at = 0; (sample = next_odd(facts, "labels_ignored", &at));) {
		struct finding *finding = begin(facts, sink, sample);

		if (!finding)
			return;
		text_add(&finding->text, "a loss");
		add_site(facts, &finding->text, finding->site);
		text_add(&finding->text, " has no label to count: all %" PRId64 " are -100, so that its mean is nan", number(sample, "count"));
	}
}

/* masked_scatter takes from its source as many as there are places, and doesn't say that more came. */
void
finding_features_in_part(const struct finding_facts *facts, struct finding_sink *sink)
{
	const json_t *sample;

	for (size_t at = 0; (sample = next_odd(facts, "source_in_part", &at));) {
		struct finding *finding = begin(facts, sink, sample);

		if (!finding)
			return;
		text_add(&finding->text, "masked_scatter");
		add_site(facts, &finding->text, finding->site);
		text_add(&finding->text, " puts only %" PRId64 " of %" PRId64 " elements in place: the mask has fewer places than there are features, and those "
			 "behind the first missing place stand where others belong", number(sample, "count"), number(sample, "of"));
	}
}
