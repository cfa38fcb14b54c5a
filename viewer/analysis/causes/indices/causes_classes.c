/* An index that is a class's number: beyond a setting that counts classes, or beyond a table that was built one larger (detectors keep a class for "nothing there"
 * behind the others). */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../causes_tool.h"

#define STATEMENTS_MOST 80

/* The one path of TEXT to which 1 is added ("config.num_labels + 1"), in OUT, if it is called a count of classes; false where there is none, or several. */
static bool
one_more_than(const char *text, char *out, size_t size)
{
	size_t length;
	int found = 0;

	for (const char *at = text; (at = code_next_path(at, &length)); at += length) {
		const char *sign = at + length + strspn(at + length, " "), *one = *sign == '+' ? sign + 1 + strspn(sign + 1, " ") : sign;
		const char *last, *after = one + strspn(one, "1");
		char name[96];

		if (one == sign || after != one + 1 || text_is_word(*after) || *after == '.' || length >= sizeof(name))
			continue;
		text_format(name, sizeof(name), "%.*s", (int)length, at);
		if (!cause_last_name(name, &last) || !text_contains_any(last, (const char *const[]){ "label", "class", "categ" }, 3))
			continue;
		text_format(out, size, "%s", name);
		found++;
	}
	return found == 1;
}

/* The statement that STEP's operation was called from says so of its size. */
static bool
is_one_more(const struct cause_facts *facts, const struct lineage_step *step, char *name, size_t size, char *file, size_t file_size, int *line)
{
	struct code_statement *statements = malloc(STATEMENTS_MOST * sizeof(*statements));
	int count = statements ? cause_statements(facts, step, statements, STATEMENTS_MOST, file, file_size, line) : 0;
	bool found = count > 0 && one_more_than(statements[count - 1].text, name, size);

	free(statements);
	return found;
}

/* What to change where the values are made, so that they are below CLASSES. */
static void
fix_values(const struct cause_facts *facts, struct cause *out, int64_t classes)
{
	text_add(&out->fix, "map the values to 0 .. %" PRId64 " where they are made", classes - 1);
	if (!cause_decider(&facts->sides[0]))
		return;
	text_add(&out->fix, " (");
	cause_add_step(facts, &out->fix, cause_decider(&facts->sides[0]));
	text_add(&out->fix, ")");
}

bool
cause_tell_classes(const struct cause_facts *facts, struct cause *out)
{
	const struct mismatch *mismatch = facts->mismatch;

	if (!out->setting || !cause_is_called(out->setting, "class label categ") || !mismatch->has_actual || mismatch->actual < mismatch->expected || mismatch->actual == INT64_MAX)
		return false;
	text_add(&out->text, "; that is no class: they go from 0 to %" PRId64, mismatch->expected - 1);
	fix_values(facts, out, mismatch->expected);
	text_add(&out->fix, ", or build the model for %" PRId64 " classes or more: %s", mismatch->actual + 1, text_get(out->setting, "name"));
	if (mismatch->actual == mismatch->expected)
		text_add(&out->fix, "; if they count from 1, subtract 1");
	return true;
}

bool
cause_tell_one_more(const struct cause_facts *facts, struct cause *out)
{
	const struct mismatch *mismatch = facts->mismatch;
	const struct lineage *table = facts->sides[1].lineage;
	int64_t classes = mismatch->expected - 1;
	char name[96], file[512];
	int line = 0;
	bool found = false;

	if (!mismatch->has_actual || mismatch->actual < classes || mismatch->actual == INT64_MAX || classes < 1 || !facts->source)
		return false;
	for (int i = table ? table->count - 1 : -1; i >= 0 && !found; i--)
		found = table->steps[i].size == mismatch->expected && is_one_more(facts, &table->steps[i], name, sizeof(name), file, sizeof(file), &line);
	if (!found)
		return false;
	out->confidence = "likely";
	text_add(&out->text, "%s is built for %" PRId64 " classes, 0 to %" PRId64 ", and its last of %" PRId64 " is none of them (`%s + 1` at %s:%d): %s holds %" PRId64,
		 cause_operand_name(facts, mismatch->against), classes, classes - 1, mismatch->expected, name, file, line, cause_operand_name(facts, mismatch->operand), mismatch->actual);
	fix_values(facts, out, classes);
	text_add(&out->fix, ", or build the model for %" PRId64 " classes or more: %s; at %" PRId64 ", the last class would be taken for none", mismatch->actual + 1, name, mismatch->actual);
	return true;
}
