/* Rules about checks that Python code makes: what its message and its failing line name is looked up among the variables. */
#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "causes_tool.h"
#include "mismatch_rule.h"

#define WORD_BYTES 64

struct padded { const struct cause_facts *facts; struct lineage *lineage; const struct lineage_step *step; };

/* Whole numbers that were padded on their way here. */
static bool
is_padded(const json_t *local, void *context)
{
	struct padded *padded = context;
	const json_t *tensor = json_object_get(local, "tensor");

	if (!json_is_integer(tensor) || !rule_is_integral(text_get(local, "dtype")) || strcmp(text_get(local, "dtype"), "bool") == 0)
		return false;
	lineage_walk_tensor(padded->facts->source, padded->facts->process, json_integer_value(tensor), padded->facts->before, -1, LINEAGE_VALUES,
			    padded->lineage);
	for (int i = 0; i < padded->lineage->count; i++) {
		char name[96];

		mismatch_plain_name(padded->lineage->steps[i].event.operation, name, sizeof(name));
		if (text_among("pad_sequence constant_pad_nd pad replication_pad1d", name)) {
			padded->step = &padded->lineage->steps[i];
			return true;
		}
	}
	return false;
}

static const char *
padding_of(const struct event *event)
{
	static const char *const names[] = { "padding_value", "value" };

	for (size_t i = 0; i < 2; i++) {
		int place = rule_place(event, names[i]);

		if (place >= 0 && event->operands[place].value)
			return event->operands[place].value;
	}
	return NULL;
}

/* Needs: a check of Python's that failed, and whole numbers in the failing frame that were padded. Likely where the value
 * they were padded with isn't one that marks what is to be ignored. */
bool
cause_padded_numbers(const struct cause_facts *facts, struct cause *out)
{
	struct padded padded = { .facts = facts };
	struct cause_facts inner = *facts;
	json_t *frame;
	const json_t *local;
	const char *value;
	double number;

	if (!cause_is_raised(facts) || !facts->source || !facts->type || !text_among("AssertionError ValueError IndexError RuntimeError", facts->type) ||
	    !json_array_size(facts->frames))
		return false;
	padded.lineage = calloc(1, sizeof(*padded.lineage));
	frame = json_pack("[O]", json_array_get(facts->frames, 0));
	inner.frames = frame;
	local = padded.lineage ? cause_local(&inner, is_padded, &padded) : NULL;
	if (local) {
		value = padding_of(&padded.step->event);
		number = value ? strtod(value, NULL) : 0;
		out->confidence = number >= 0 ? "likely" : "possible";
		text_add(&out->text, "padding became data: %s was padded with %g by ", text_get(local, "name"), number);
		cause_add_step(facts, &out->text, padded.step);
		text_add(&out->text, ", and what was padded is read as if it were one of its values");
		text_add(&out->evidence, "%s is %s in the frame that failed", text_get(local, "name"), text_get(local, "dtype"));
		text_add(&out->fix, "pad %s with a value that it can't hold (-1) and mask it, or keep its lengths and read no further", text_get(local, "name"));
	}
	json_decref(frame);
	free(padded.lineage);
	return local != NULL;
}

/* The name that ends before AT ("self.window" of "x % self.window"), or begins there, in OUT. */
static bool
read_name(const char *start, const char *at, bool before, char *out)
{
	size_t size = 0;

	if (before) {
		while (at > start && at[-1] == ' ')
			at--;
		while (at > start && (isalnum((unsigned char)at[-1]) || strchr("_.", at[-1]))) {
			at--;
			size++;
		}
	} else {
		at += strspn(at, " `'\"(");
		while (isalnum((unsigned char)at[size]) || (at[size] && strchr("_.", at[size])))
			size++;
	}
	while (size && !before && at[size - 1] == '.')
		size--;
	if (!size || size >= WORD_BYTES)
		return false;
	memcpy(out, at, size);
	out[size] = 0;
	return true;
}

static int64_t
value_of(const struct cause_facts *facts, const char *name)
{
	char *end;
	long long number = strtoll(name, &end, 10);

	return !*end ? number : isdigit((unsigned char)*name) ? -1 : cause_value_of(facts, name);
}

/* Two names whose remainder the failing line or the message speaks of, and that leave one. */
static bool
find_division(const struct cause_facts *facts, char *whole, char *part)
{
	static const char *const words[] = { "in chunks of", "divisible by", "multiple of", "divided by", "evenly by", "evenly into" };
	const char *at;

	for (at = facts->line; at && (at = strchr(at, '%')); at++)
		if (read_name(facts->line, at, true, whole) && read_name(at, at + 1, false, part) && value_of(facts, whole) > 0 &&
		    value_of(facts, part) > 1 && value_of(facts, whole) % value_of(facts, part))
			return true;
	for (size_t i = 0; facts->message && i < sizeof(words) / sizeof(*words); i++) {
		int64_t last = 0;

		at = strstr(facts->message, words[i]);
		if (!at || !read_name(at, at + strlen(words[i]), false, part) || value_of(facts, part) < 2)
			continue;
		for (const char *c = facts->message; c < at; c++) { /* the last word before it that is a number */
			char name[WORD_BYTES];

			if ((c == facts->message || (!isalnum((unsigned char)c[-1]) && !strchr("_.", c[-1]))) && isalnum((unsigned char)*c) &&
			    read_name(c, c, false, name) && value_of(facts, name) > 0) {
				text_format(whole, WORD_BYTES, "%s", name);
				last = value_of(facts, name);
			}
		}
		if (last && last % value_of(facts, part))
			return true;
	}
	return false;
}

/* Needs: a division that the failing line or the message names; likely as the numbers leave a rest. */
bool
cause_not_divisible(const struct cause_facts *facts, struct cause *out)
{
	char whole[WORD_BYTES], part[WORD_BYTES];
	int64_t a, b;

	if (!cause_is_raised(facts) || !find_division(facts, whole, part))
		return false;
	a = value_of(facts, whole);
	b = value_of(facts, part);
	out->confidence = "likely";
	if (isdigit((unsigned char)*whole))
		text_add(&out->text, "%" PRId64 " is no multiple of %" PRId64 ": it leaves %" PRId64, a, b, a % b);
	else
		text_add(&out->text, "%s = %" PRId64 " is no multiple of %s = %" PRId64 ": it leaves %" PRId64, whole, a, part, b, a % b);
	out->setting = cause_named_number(facts, b, isdigit((unsigned char)*part) ? "window patch merge stride chunk block head group" : part);
	text_add(&out->fix, "bring %s to a multiple of %" PRId64 " (%" PRId64 " or %" PRId64 "), or choose %s so that it divides", whole, b, a / b * b,
		 (a / b + 1) * b, part);
	return true;
}

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
		text_add(&out->text, ": one has %s that the other lacks", m - l == 1 ? "a dimension of 1" : "dimensions of 1");
		text_add(&out->fix, "squeeze it from the one (squeeze(-1)), or unsqueeze the other");
		return true;
	}
	if (apart != 1)
		return false;
	if (strcasestr(facts->message, "process ") || strcasestr(facts->message, "rank ")) {
		out->confidence = "likely";
		text_add(&out->text, " are those of different processes: dimension %d is %" PRId64 " on one rank and %" PRId64 " on another", dim, one[dim], other[dim]);
		text_add(&out->fix, "bring them to one size before they are gathered (pad_across_processes; of the last batch: gather_for_metrics, even_batches "
			 "or drop_last)");
		return true;
	}
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
	text_add(&out->text, "%s: %s has %d dimensions where %d are wanted", wanted - given == 1 ? "the batch dimension is missing" : wanted > given
		 ? "dimensions are missing" : "there are dimensions too many", local ? text_get(local, "name") : "the input", given, wanted);
	if (wanted > given)
		text_add(&out->fix, "give it a batch of one: %s.unsqueeze(0), or a slice (x[i:i + 1]) where a number selects it", local ? text_get(local, "name") : "x");
	else
		text_add(&out->fix, "squeeze, flatten or select the dimension that is too many of %s", local ? text_get(local, "name") : "it");
	return true;
}

/* "Long" or "torch.FloatTensor" after MARK in the message, as a tensor's dtype is called; NULL. */
static const char *
told_type(const char *message, const char *mark)
{
	static const char *const types[][2] = { { "BFloat16", "bfloat16" }, { "Float", "float32" }, { "float", "float32" }, { "Double", "float64" },
						{ "double", "float64" }, { "Half", "float16" }, { "Long", "int64" }, { "Int", "int32" }, { "Bool", "bool" },
						{ "Byte", "uint8" } };
	const char *at = message ? strstr(message, mark) : NULL;

	if (!at)
		return NULL;
	at += strlen(mark);
	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
		if (strncmp(at, types[i][0], strlen(types[i][0])) == 0)
			return types[i][1];
	return NULL;
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
	static const char *const wants[] = { "scalar type ", "scalar types: ", "but expected ", "expected torch." };
	static const char *const gots[] = { "but found ", "but got torch.", "Found dtype ", "got torch." };
	const char *wanted = NULL, *got = NULL, *name;
	struct typed typed = { facts->line, NULL };
	const json_t *local;

	if (facts->mismatch)
		return false;
	for (size_t i = 0; i < 4; i++) {
		wanted = wanted ? wanted : told_type(facts->message, wants[i]);
		got = got ? got : told_type(facts->message, gots[i]);
	}
	if (!wanted || !got || strcmp(wanted, got) == 0)
		return false;
	typed.dtype = got;
	local = cause_local(facts, is_typed, &typed);
	name = local ? text_get(local, "name") : "it";
	out->confidence = local ? "likely" : "possible";
	text_add(&out->text, "%s is %s where %s is needed", local ? name : "a tensor", got, wanted);
	text_add(&out->fix, "convert %s where it is made: %s", name, strcmp(wanted, "int64") == 0
		 ? ".long() (of a division: use // rather than /)" : strcmp(wanted, "float32") == 0 ? ".float()" : "to that dtype");
	return true;
}

/* Needs: a number in a message of Python's that is a limit by name, and a larger one beside it. Likely where that
 * is the size of a tensor at hand. */
bool
cause_told_limit(const struct cause_facts *facts, struct cause *out)
{
	const json_t *limit = NULL, *sized;
	int64_t number, most = 0, bound = 0;

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
	sized = cause_local(facts, has_size, &most);
	out->confidence = sized ? "likely" : "possible";
	out->setting = limit;
	if (sized)
		text_add(&out->text, "%s has %" PRId64 ", more than %s = %" PRId64, text_get(sized, "name"), most, text_get(limit, "name"), bound);
	else
		text_add(&out->text, "%" PRId64 " is %s, and %" PRId64 " is more than that", bound, text_get(limit, "name"), most);
	text_add(&out->fix, "raise %s to %" PRId64 " or more, or cut the input to %" PRId64, text_get(limit, "name"), most, bound);
	return true;
}
