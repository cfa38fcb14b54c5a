#include "findings_tool.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "../where.h"

int64_t
finding_number(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

bool
finding_knows(const struct finding_facts *facts, const json_t **model)
{
	*model = json_object_get(facts->state, "model");
	return json_is_object(*model) && finding_number(*model, "unknown") == 0 && json_is_true(json_object_get(facts->state, "complete"));
}

const char *
finding_root(const struct finding_facts *facts)
{
	const char *root = text_get(facts->state, "root");

	return *root ? root : SAY("the model");
}

void
finding_add_row(const struct finding_facts *facts, struct text *text, const json_t *row)
{
	const char *module = text_get(row, "module");
	int64_t tensors = finding_number(row, "tensors");

	text_add(text, "%s (%" PRId64 " parameter%s, %" PRId64 " elements)", *module ? module : finding_root(facts), tensors, language_plural(tensors),
		 finding_number(row, "elements"));
}

void
finding_add_place(const struct finding_facts *facts, struct text *text, int64_t site)
{
	char line[256];

	if (where_site_line(facts->source, facts->process, site, false, line, sizeof line))
		text_add(text, " at %s", line);
}

void
finding_add_calls(struct text *text, const struct survey_site *site)
{
	if (site->odd == site->calls && site->calls == 1)
		text_add(text, "in its only call");
	else if (site->odd == site->calls)
		text_add(text, "in all %" PRId64 " calls", site->calls);
	else
		text_add(text, "in %" PRId64 " of %" PRId64 " calls", site->odd, site->calls);
}

bool
finding_is_numbered(const json_t *row)
{
	const char *module = text_get(row, "module"), *dot = strrchr(module, '.');

	return dot && isdigit((unsigned char)dot[1]);
}

const json_t *
finding_sample(const struct finding_facts *facts, const char *what, int64_t site)
{
	const json_t *sample;
	size_t i;

	json_array_foreach(json_object_get(facts->state, "samples"), i, sample)
		if (finding_number(sample, "site") == site && strcmp(text_get(sample, "what"), what) == 0)
			return sample;
	return NULL;
}
