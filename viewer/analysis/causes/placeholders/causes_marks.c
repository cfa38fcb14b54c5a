/* Marks in the tokens, a number below all ids, that each take a row of features: those that are too many, sequence by sequence. */
#include <inttypes.h>

#include "../causes_tool.h"
#include "placeholders.h"

#define IGNORED (-100) /* labels that don't count are no marks */
#define TOLD_MOST 16

/* The one local table of tokens whose smallest stands in its rows more than ROWS times in all; NULL. MARKS gets how often. */
static const json_t *
find_marked(const struct cause_facts *facts, int64_t rows, int64_t *marks)
{
	struct text_walk at = { 0 };
	const json_t *local, *found = NULL;

	while ((local = text_next(facts->frames, "locals", &at))) {
		const json_t *summary = json_object_get(local, "summary"), *lowest = json_object_get(summary, "lowest");
		int64_t sum = placeholders_sum(lowest);

		if (sum <= rows || cause_count(summary, "min", 0) >= 0 || cause_count(summary, "min", 0) == IGNORED)
			continue;
		if (found && json_integer_value(json_object_get(found, "tensor")) != json_integer_value(json_object_get(local, "tensor")))
			return NULL;
		found = local;
		*marks = sum;
	}
	return found;
}

/* The one sequence that has more marks than EACH, as all others have; -1. */
static int
odd_row(const json_t *lowest, int64_t each)
{
	int odd = -1;

	for (size_t i = 0; i < json_array_size(lowest); i++) {
		int64_t marks = json_integer_value(json_array_get(lowest, i));

		if (marks == each)
			continue;
		if (marks < each || odd >= 0)
			return -1;
		odd = (int)i;
	}
	return json_array_size(lowest) > 1 ? odd : -1;
}

bool
placeholders_tell_marks(const struct cause_facts *facts, int64_t rows, struct cause *out)
{
	int64_t marks = 0, smallest, each;
	const json_t *local = rows > 0 ? find_marked(facts, rows, &marks) : NULL, *lowest = json_object_get(json_object_get(local, "summary"), "lowest");
	size_t sequences = json_array_size(lowest);
	struct text made = {{0}, 0};
	int odd;

	if (!local)
		return false;
	smallest = cause_count(json_object_get(local, "summary"), "min", 0);
	each = rows % (int64_t)sequences ? -1 : rows / (int64_t)sequences;
	odd = each > 0 ? odd_row(lowest, each) : -1;
	text_add(&out->text, "; %s has %" PRId64 " marks for them (%" PRId64 "), %" PRId64 " too many", text_get(local, "name"), marks, smallest, marks - rows);
	if (odd >= 0)
		text_add(&out->text, ": sequence %d has %" PRId64 ", each of the others %" PRId64, odd, (int64_t)json_integer_value(json_array_get(lowest, (size_t)odd)), each);
	if (sequences <= TOLD_MOST) {
		text_add(&out->evidence, "%smarks in each sequence: ", out->evidence.used ? SAY("; ") : "");
		for (size_t i = 0; i < sequences; i++)
			text_add(&out->evidence, "%s%" PRId64, i ? ", " : "", (int64_t)json_integer_value(json_array_get(lowest, i)));
	}
	if (odd >= 0)
		text_add(&out->fix, "look at the text of that sample (number %d of the batch, from 0): a mark that is a word of it (in an answer, say), and stands for nothing that is given, is to be "
			 "taken out or written otherwise before the text is made tokens; or give what it stands for", odd);
	else
		text_add(&out->fix, "take the marks that stand for nothing out of the texts before they are made tokens, or give what they stand for");
	if (placeholders_add_tokens(facts, json_integer_value(json_object_get(local, "tensor")), &made))
		text_add(&out->fix, " (%s)", made.data);
	return true;
}
