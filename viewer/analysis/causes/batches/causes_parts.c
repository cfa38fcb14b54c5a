/* A rule about samples of several parts each (choices, pictures, turns), put into one and viewed as if each had the same number. */
#include <inttypes.h>
#include <string.h>

#include "../causes_tool.h"
#include "../../failure/samples.h"
#include "../../mismatch/mismatch_rule.h"
#include "../../where.h"

#define STATEMENTS_MOST 80 /* of the function, the last of them */
#define VALUE_MOST 70      /* characters of what a name was set to */

/* What the view asks for: ROWS rows are to be SAMPLES (-1: as many as come out) of EACH parts. */
struct asked { int64_t rows, samples, each; };

static bool
find_asked(const struct cause_facts *facts, struct asked *out)
{
	const struct mismatch *mismatch = facts->mismatch;
	int64_t sizes[RULE_INTS_MOST];
	const struct operand *is;

	if (!cause_disagrees(facts, "numel") || mismatch->operand < 0 || mismatch->against < 0)
		return false;
	is = &facts->event->operands[mismatch->against];
	if (is->ndim < 1 || rule_ints(facts->event, cause_argument(facts, mismatch->operand), sizes, RULE_INTS_MOST) < 2)
		return false;
	*out = (struct asked){ is->sizes[0], sizes[0], sizes[1] };
	return out->each > 1 && out->samples && out->rows > out->each && out->rows != out->samples * out->each && (out->samples > 0 || out->rows % out->each);
}

/* The name, no list's length, that the failing line has for the parts of EACH, in NAME; false if it has none. */
static bool
find_name(const struct cause_facts *facts, int64_t each, const json_t **out, char *name, size_t size)
{
	const json_t *number = cause_number_on_line(facts, each);
	const char *last;
	size_t used = number ? cause_last_name(text_get(number, "name"), &last) : 0;

	*out = number;
	if (!used || used >= size)
		return false;
	text_format(name, size, "%.*s", (int)used, last);
	return true;
}

/* Is it of the first of several ("len(features[0])", "next(iter(x))")? */
static bool
is_of_first(const char *value)
{
	for (const char *at = value; (at = strstr(at, "[0]")); at++)
		if (at > value && !(at - value >= 5 && strncmp(at - 5, "shape", 5) == 0))
			return true;
	return strstr(value, "next(iter(") != NULL;
}

/* What NAME was set to in the failing function, where that is of the first sample; false if it isn't. */
static bool
find_first(const struct cause_facts *facts, const char *name, char *value, size_t size, int64_t *line)
{
	const json_t *frame = json_array_get(facts->frames, (size_t)where_choose(facts->frames));
	struct code_statement statements[STATEMENTS_MOST];
	struct code code;
	bool found = false;
	int count, place;

	*line = json_integer_value(json_object_get(frame, "line"));
	if (!frame || !code_open(&code, text_get(frame, "file"), facts->time_ns))
		return false;
	count = code_statements(&code, (int)*line, statements, STATEMENTS_MOST);
	if (count > 0 && code_assigned(statements, count, name, value, size, &place) && place < 0)
		found = is_of_first(value);
	while (found && value[strlen(value) - 1] == ' ')
		value[strlen(value) - 1] = 0;
	code_close(&code);
	return found;
}

/* "item 2 of features (sample 1258 of the data set) has 3" of each that is told. */
static void
add_odd(struct text *text, const struct samples_parts *parts)
{
	for (int i = 0; i < parts->shown; i++) {
		text_add(text, "%sitem %d", i ? ", " : "", parts->few[i].place);
		if (parts->few[i].number >= 0)
			text_add(text, " (sample %" PRId64 " of the data set)", parts->few[i].number);
		text_add(text, " has %" PRId64, parts->few[i].parts);
	}
	if (parts->odd > parts->shown)
		text_add(text, ", and %d more", parts->odd - parts->shown);
}

static void
add_asked(const struct cause_facts *facts, struct cause *out, const struct asked *asked)
{
	char name[64], value[256];
	const json_t *number;
	int64_t line;

	text_add(&out->text, "; the view asks for %" PRId64 " of each", asked->each);
	if (!find_name(facts, asked->each, &number, name, sizeof(name)))
		return;
	out->setting = number;
	cause_add_number(facts, &out->text, number);
	if (find_first(facts, name, value, sizeof(value), &line)) {
		text_add(&out->text, ", taken of the first for all: `");
		text_add_short(&out->text, value, VALUE_MOST);
		text_add(&out->text, "%s", "`");
	}
}

/* Needs: a view of rows as samples of so many parts each; a list within reach whose samples have as many parts together as there are rows, some of
 * them the number that is asked for, and others not. */
bool
cause_sample_parts(const struct cause_facts *facts, struct cause *out)
{
	struct samples_parts parts;
	struct asked asked;

	if (!find_asked(facts, &asked) || !samples_parts(facts->frames, asked.rows, asked.each, &parts) || (asked.samples > 0 && parts.all != asked.samples))
		return false;
	out->confidence = "likely";
	out->tells_news = true;
	text_add(&out->text, "not every item of %s has %" PRId64, parts.list, asked.each);
	if (*parts.path)
		text_add(&out->text, " in %s", parts.path);
	text_add(&out->text, ": ");
	add_odd(&out->text, &parts);
	text_add(&out->text, "; that makes %" PRId64 " rows of %d, not %d x %" PRId64 " = %" PRId64, asked.rows, parts.all, parts.all, asked.each, parts.all * asked.each);
	add_asked(facts, out, &asked);
	if (cause_decider(&facts->sides[1])) {
		text_add(&out->evidence, "the rows were put into one by ");
		cause_add_step(facts, &out->evidence, cause_decider(&facts->sides[1]));
	}
	text_add(&out->fix, "bring each item to %" PRId64 " before they are put into one (add empty ones that a mask leaves out), leave out those that have another number, or keep "
		 "each one's own number and split by these", asked.each);
	return true;
}

/* How many samples the loader that called this was asked for, if that is what its batches have; -1. */
static int64_t
full_batch(const struct cause_facts *facts)
{
	struct text_walk at = { 0 };
	const json_t *number;

	while ((number = cause_next_number(facts, &at))) {
		struct text_walk within = { 0 };
		const json_t *other;

		if (!text_among("len(possibly_batched_index) len(indices) len(batch_indices) len(index)", text_get(number, "name")))
			continue;
		while ((other = cause_next_number(facts, &within)))
			if (cause_is_called(other, "batch_size") && json_equal(json_object_get(other, "value"), json_object_get(number, "value")))
				return json_integer_value(json_object_get(other, "value"));
	}
	return -1;
}

/* Is VALUE the length of a list, and taken as that by the failing line? */
static bool
is_length_on_line(const struct cause_facts *facts, int64_t value)
{
	struct text_walk at = { 0 };
	const json_t *number;

	while (facts->line && (number = cause_next_number(facts, &at)))
		if (strncmp(text_get(number, "name"), "len(", 4) == 0 && json_integer_value(json_object_get(number, "value")) == value && strstr(facts->line, text_get(number, "name")))
			return true;
	return false;
}

bool
cause_batch_is_full(const struct cause_facts *facts, int64_t asked)
{
	return full_batch(facts) > 1 || (asked > 1 && is_length_on_line(facts, asked));
}
