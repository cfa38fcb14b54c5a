/* Rules about what a message of Python's tells where no operands do: shapes, dimensions, dtypes, limits. */
#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../causes_tool.h"
#include "../../mismatch/mismatch_rule.h"
#include "../../subject.h"

/* Needs: torch.tensor's own word that rows of a list have unequal lengths. */
bool
cause_ragged_rows(const struct cause_facts *facts, struct cause *out)
{
	const char *at = facts->message ? strstr(facts->message, "expected sequence of length ") : NULL;
	int64_t wanted, dim, got;
	char name[64];
	bool named;

	if (!cause_is_raised(facts) || !at || !text_number(&at, &wanted) || !text_number(&at, &dim) || !text_number(&at, &got) || wanted == got)
		return false;
	out->confidence = "certain";
	named = cause_message_word(facts->outer, "features (`", name, sizeof(name));
	text_add(&out->text, "a list of rows of unequal length%s%s is made a tensor; one row has %" PRId64 " where the first has %" PRId64 " (dimension %" PRId64
		 ")", named ? " for " : "", named ? name : "", got, wanted, dim);
	text_add(&out->fix, "pad the rows to one length before the tensor is made (tokenizer(..., padding=True, truncation=True); pad_sequence; a "
		 "collator that pads the labels, too)");
	return true;
}

struct numbered { const char *name; int64_t value; };

/* Is it the item of a batch's sample numbers that stands at a place? */
static bool
is_number_at(const json_t *local, void *context)
{
	struct numbered *numbered = context;
	const char *name = text_get(local, "name"), *open = strrchr(name, '[');

	if (!open || strcmp(open, numbered->name) != 0 || !strstr(name, "ind") || !json_is_integer(json_object_get(local, "value")))
		return false;
	numbered->value = json_integer_value(json_object_get(local, "value"));
	return true;
}

/* Needs: a list of lists of unequal lengths at hand, where Python says that they must be equal. */
bool
cause_ragged_lists(const struct cause_facts *facts, struct cause *out)
{
	const struct mismatch *mismatch = facts->mismatch;
	const char *name, *place;
	struct numbered numbered;

	if (!cause_disagrees(facts, "size") || !cause_is(facts, SUBJECT_LISTS) || mismatch->operand < 0)
		return false;
	name = cause_argument(facts, mismatch->operand);
	place = strrchr(name, '[');
	numbered = (struct numbered){ place ? place : "", -1 };
	out->confidence = "likely";
	text_add(&out->text, "samples of unequal length are put into one batch as they are: %s has %" PRId64 " items where others have %" PRId64, name,
		 mismatch->actual, mismatch->expected);
	if (place && cause_local(facts, is_number_at, &numbered))
		text_add(&out->text, " (it is sample %" PRId64 " of the data set)", numbered.value);
	text_add(&out->fix, "bring the lists to one length where a sample is made (pad or cut them), or give the DataLoader a collate_fn that pads "
		 "(torch.nn.utils.rnn.pad_sequence, a tokenizer's pad)");
	return true;
}

bool
cause_tells_excess(const char *message)
{
	static const char *const words[] = { "exceed", "maximum", "longer", "larger", "greater", "more than", "too long", "too many", "at most", "limit" };

	return text_contains_any(message, words, sizeof(words) / sizeof(*words));
}

/* Needs: two shapes in a message of Python's that differ in their order, by dimensions of one, or in one size. */
bool
cause_told_shapes(const struct cause_facts *facts, struct cause *out)
{
	int64_t one[CAUSE_SHAPE_MOST], other[CAUSE_SHAPE_MOST];
	int a = cause_message_shape(facts->message, 0, one), b = cause_message_shape(facts->message, 1, other), dim = -1, apart = 0;
	bool turned;

	if (!cause_is_raised(facts) || a < 1 || b < 1 || (facts->type && strstr(facts->type, "CheckpointError")) ||
	    strstr(facts->message, "gradient") || strstr(facts->message, "Expected hidden"))
		return false;
	if (cause_tell_ranks(facts, out))
		return true;
	turned = a == b && a >= 2;
	for (int d = 0; d < a && turned; d++)
		turned = one[d] == other[a - 1 - d];
	for (int d = 0; d < a && a == b; d++)
		if (one[d] != other[d]) {
			apart++;
			dim = d;
		}
	if (a == b && !apart)
		return false;
	out->confidence = "possible";
	text_add(&out->text, "shapes that should agree: ");
	text_add_sizes(&out->text, one, a);
	text_add(&out->text, " and ");
	text_add_sizes(&out->text, other, b);
	if (turned && apart > 1) {
		out->confidence = "likely";
		text_add(&out->text, ": one is the other with its dimensions in the other order");
		text_add(&out->fix, "transpose one of them (batch first or sequence first, channels first or last)");
		return true;
	}
	if (a != b) {
		const int64_t *more = a > b ? one : other, *less = a > b ? other : one;
		int m = a > b ? a : b, l = a > b ? b : a, at = 0;

		for (int d = 0; d < m; d++) {
			if (at < l && more[d] == less[at])
				at++;
			else if (more[d] != 1)
				return false;
		}
		if (at < l)
			return false;
		out->confidence = "likely";
		text_add(&out->text, ": one has %s that the other lacks", m - l == 1 ? SAY("a dimension of 1") : SAY("dimensions of 1"));
		text_add(&out->fix, "squeeze it from the one (squeeze(-1)), or unsqueeze the other");
		return true;
	}
	if (apart != 1)
		return false;
	text_add(&out->text, " differ in dimension %d: %" PRId64 " and %" PRId64, dim, one[dim], other[dim]);
	for (int i = 0; i < 2 && !out->setting; i++) {
		const json_t *number = cause_named_number(facts, i ? one[dim] : other[dim], "batch head max size");

		out->setting = cause_is_limit(facts, number) || cause_is_called(number, "batch head size") ? number : NULL;
	}
	cause_add_number(facts, &out->text, out->setting);
	text_add(&out->fix, "bring dimension %d of both to one size where the two are made", dim);
	return true;
}

static bool
has_size(const json_t *local, void *context)
{
	const int64_t *size = context;

	for (size_t d = 0; d < json_array_size(json_object_get(local, "shape")); d++)
		if (cause_local_size(local, d) == *size)
			return true;
	return false;
}

/* The number before the D of "4D input" from AT on; -1. */
static int
told_dimensions(const char *at)
{
	for (const char *c = at; c && *c; c++)
		if (isdigit((unsigned char)*c) && (c == at || !isalnum((unsigned char)c[-1])) && (c[1] == 'D' || (c[1] == '-' && c[2] == 'D')))
			return *c - '0';
	return -1;
}

struct ranked { const char *line; int ndim; };

static bool
is_ranked(const json_t *local, void *context)
{
	const struct ranked *ranked = context;
	const char *name = text_get(local, "name");
	size_t size = strlen(name);

	if (strcmp(text_get(local, "kind"), "tensor") != 0 || (int)json_array_size(json_object_get(local, "shape")) != ranked->ndim)
		return false;
	for (const char *at = ranked->line; at && size && (at = strstr(at, name)); at += size)
		if ((at == ranked->line || (!isalnum((unsigned char)at[-1]) && !strchr("_.", at[-1]))) && !isalnum((unsigned char)at[size]) && at[size] != '_')
			return true;
	return false;
}

/* Needs: a message that wants some dimensions and got others, and on the failing line a tensor that has those. */
bool
cause_told_rank(const struct cause_facts *facts, struct cause *out)
{
	const char *got = facts->message ? strstr(facts->message, "got ") : NULL;
	int wanted = got && strcasestr(facts->message, "expected") ? told_dimensions(facts->message) : -1, given = told_dimensions(got);
	struct ranked ranked = { facts->line, given };
	const json_t *local;

	if (!cause_is_raised(facts) || wanted < 0 || given < 0 || wanted == given)
		return false;
	local = cause_local(facts, is_ranked, &ranked);
	out->confidence = local ? "likely" : "possible";
	text_add(&out->text, "%s: %s has %d dimensions where %d are wanted", wanted - given == 1 ? SAY("the batch dimension is missing") : wanted > given
		 ? SAY("dimensions are missing") : SAY("there are dimensions too many"), local ? text_get(local, "name") : SAY("the input"), given, wanted);
	if (wanted > given)
		text_add(&out->fix, "give it a batch of one: %s.unsqueeze(0), or a slice (x[i:i + 1]) where a number selects it", local ? text_get(local, "name") : "x");
	else
		text_add(&out->fix, "squeeze, flatten or select the dimension that is too many of %s", local ? text_get(local, "name") : SAY("it"));
	return true;
}

struct typed { const char *line, *dtype; };

static bool
is_typed(const json_t *local, void *context)
{
	const struct typed *typed = context;
	struct ranked ranked = { typed->line, (int)json_array_size(json_object_get(local, "shape")) };

	return strcmp(text_get(local, "dtype"), typed->dtype) == 0 && is_ranked(local, &ranked);
}

/* Needs: a message that wants one dtype and got another, where no operands tell. Likely where the failing line names a tensor
 * of the latter. */
bool
cause_told_dtype(const struct cause_facts *facts, struct cause *out)
{
	const char *wanted, *got, *name;
	struct typed typed = { facts->line, NULL };
	const json_t *local;

	if (facts->mismatch || !rule_told_dtypes(facts->message, &wanted, &got))
		return false;
	typed.dtype = got;
	local = cause_local(facts, is_typed, &typed);
	name = local ? text_get(local, "name") : SAY("it");
	out->confidence = local ? "likely" : "possible";
	text_add(&out->text, "%s is %s where %s is needed", local ? name : SAY("a tensor"), got, wanted);
	text_add(&out->fix, "convert %s where it is made: %s", name, strcmp(wanted, "int64") == 0
		 ? SAY(".long() (of a division: use // rather than /)") : strcmp(wanted, "float32") == 0 ? ".float()" : SAY("to that dtype"));
	return true;
}

/* Was it raised because ACTUAL, a tensor's size, is more than BOUND, as the code itself compares them? */
static bool
is_compared(const struct cause_facts *facts, int64_t bound, int64_t actual)
{
	return facts->condition && text_among("> >= < <=", facts->condition->operator) && cause_disagrees(facts, "size") && facts->mismatch->operand >= 0 &&
	       facts->mismatch->expected == bound && facts->mismatch->actual == actual;
}

/* Needs: a number in a message of Python's that is a limit by name, and a larger one beside it. Likely where it
 * says so, and the latter is the size of a tensor at hand, or where the code compares the two. */
bool
cause_told_limit(const struct cause_facts *facts, struct cause *out)
{
	const json_t *limit = NULL, *sized, *cut;
	int64_t number, most = 0, bound = 0;
	const char *name;

	if (!cause_is_raised(facts) || !facts->message || strstr(facts->message, "gradient") || strstr(facts->message, "metadata"))
		return false;
	for (const char *at = facts->message; text_number(&at, &number);)
		most = number > most ? number : most;
	for (const char *at = facts->message; text_number(&at, &number);) {
		const json_t *named = number > 1 && number < most ? cause_named_number(facts, number, cause_limits) : NULL;

		if (cause_is_limit(facts, named) && (!limit || number > bound)) {
			limit = named;
			bound = number;
		}
	}
	if (!limit)
		return false;
	sized = cause_tells_excess(facts->message) ? cause_local(facts, has_size, &most) : NULL;
	name = sized ? text_get(sized, "name") : is_compared(facts, bound, most) ? cause_operand_name(facts, facts->mismatch->operand) : NULL;
	out->confidence = name ? "likely" : "possible";
	out->setting = limit;
	if (name)
		text_add(&out->text, "%s has %" PRId64 ", more than %s = %" PRId64, name, most, text_get(limit, "name"), bound);
	else
		text_add(&out->text, "%" PRId64 " is %s, and %" PRId64 " is more than that", bound, text_get(limit, "name"), most);
	if (name)
		cause_add_sum(facts, most, bound, out);
	cut = name ? cause_named_number(facts, most, cause_limits) : NULL;
	if (cause_is_limit(facts, cut)) {
		out->setting = cut;
		text_add(&out->text, "; %" PRId64 " is just %s, at which it is cut", most, text_get(cut, "name"));
		text_add(&out->fix, "lower %s to %" PRId64 ", or ", text_get(cut, "name"), bound);
	}
	else if (name)
		cause_add_checked_before(facts, cause_decider(&facts->sides[0]), bound, most, out);
	text_add(&out->fix, "raise %s to %" PRId64 " or more, or cut the input to %" PRId64, text_get(limit, "name"), most, bound);
	if (strstr(text_get(limit, "name"), "position"))
		text_add(&out->fix, "; loaded weights have a table of %" PRId64 " rows: with them only cutting helps", bound);
	return true;
}
