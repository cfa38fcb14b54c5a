/* Rules about checks that Python code makes: what they rest on, what their line and message name among the variables. */
#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../causes_tool.h"
#include "../../mismatch/mismatch_rule.h"

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
		if (mismatch_is_any(padded->lineage->steps[i].event.operation, "pad_sequence constant_pad_nd pad replication_pad1d")) {
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

/* Needs: a check of Python's that failed, and whole numbers that it rests on and that were padded (tokens and their like may
 * be). Likely where the value they were padded with isn't one that marks what is to be ignored. */
bool
cause_padded_numbers(const struct cause_facts *facts, struct cause *out)
{
	struct padded padded = { .facts = facts };
	const json_t *local = NULL;
	const char *value, *name;
	double number;

	if (!cause_is_raised(facts) || !facts->source || !facts->rests_count || cause_disagrees(facts, "size")) /* what it holds is not in question */
		return false;
	padded.lineage = calloc(1, sizeof(*padded.lineage));
	for (int i = 0; padded.lineage && i < facts->rests_count && !local; i++) {
		name = text_get(facts->rests_on[i], "name");
		if (!strstr(name, "ids") && !strstr(name, "token") && !strstr(name, "label") && !strstr(name, "mask") && is_padded(facts->rests_on[i], &padded))
			local = facts->rests_on[i];
	}
	if (local) {
		value = padding_of(&padded.step->event);
		number = value ? strtod(value, NULL) : 0;
		out->confidence = number >= 0 ? "likely" : "possible";
		text_add(&out->text, "padding became data: %s was padded with %g by ", text_get(local, "name"), number);
		cause_add_step(facts, &out->text, padded.step);
		text_add(&out->text, ", and what was padded is read as if it were one of its values");
		text_add(&out->evidence, "the check rests on %s, whole numbers (%s)", text_get(local, "name"), text_get(local, "dtype"));
		text_add(&out->fix, "pad %s with a value that it can't hold (-1) and mask it, or keep its lengths and read no further", text_get(local, "name"));
	}
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

	if (facts->condition && facts->condition->one.part > 1 && facts->condition->one.whole % facts->condition->one.part) {
		const char *sign = strrchr(facts->condition->left, '%');

		if (sign && read_name(facts->condition->left, sign, true, whole) && read_name(sign, sign + 1, false, part) &&
		    value_of(facts, whole) == facts->condition->one.whole && value_of(facts, part) == facts->condition->one.part)
			return true;
		text_format(whole, WORD_BYTES, "%" PRId64, facts->condition->one.whole);
		text_format(part, WORD_BYTES, "%" PRId64, facts->condition->one.part);
		return true;
	}
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

/* A name of facts->line that carries a number, called like one of HINTS or (NULL) none of them; 0 if there is none or several. */
static const json_t *
argument_of(const struct cause_facts *facts, const char *hints, bool called)
{
	const json_t *found = NULL, *number;
	struct text_walk next = { 0 };

	while ((number = cause_next_number(facts, &next))) {
		const char *name = text_get(number, "name"), *at = facts->line && *name ? strstr(facts->line, name) : NULL;

		if (!at || at == facts->line || !strchr("=( ,", at[-1]) || !strchr("), ", at[strlen(name)]) || cause_is_called(number, hints) != called)
			continue;
		if (found && strcmp(text_get(found, "name"), name) != 0)
			return NULL;
		found = number;
	}
	return found;
}

/* "embed_dim must be divisible by num_heads": a library's names; the program's are on the line that called it. */
static bool
find_arguments(const struct cause_facts *facts, char *whole, char *part)
{
	const char *at = facts->message ? strstr(facts->message, "divisible by ") : NULL;
	const json_t *one, *other;
	int64_t a, b;

	if (!at || !strstr(at, "head"))
		return false;
	other = argument_of(facts, "head", true);
	one = argument_of(facts, "head", false);
	a = json_integer_value(json_object_get(one, "value"));
	b = json_integer_value(json_object_get(other, "value"));
	if (!one || !other || b < 2 || a % b == 0)
		return false;
	text_format(whole, WORD_BYTES, "%s", text_get(one, "name"));
	text_format(part, WORD_BYTES, "%s", text_get(other, "name"));
	return true;
}

/* Needs: a division that the failing line or the message names; likely as the numbers leave a rest. */
bool
cause_not_divisible(const struct cause_facts *facts, struct cause *out)
{
	char whole[WORD_BYTES], part[WORD_BYTES];
	struct text last = {{0}, 0};
	int64_t a, b;

	if (!cause_is_raised(facts) || (!find_division(facts, whole, part) && !find_arguments(facts, whole, part)))
		return false;
	a = value_of(facts, whole);
	b = value_of(facts, part);
	out->confidence = "likely";
	if (isdigit((unsigned char)*whole))
		text_add(&out->text, "%" PRId64 " is no multiple of %" PRId64 ": it leaves %" PRId64, a, b, a % b);
	else
		text_add(&out->text, "%s = %" PRId64 " is no multiple of %s = %" PRId64 ": it leaves %" PRId64, whole, a, part, b, a % b);
	out->setting = cause_named_number(facts, b, isdigit((unsigned char)*part) ? "window patch merge stride chunk block head group" : part);
	if (facts->sides[0].size == a && cause_add_smaller_batch(facts, &facts->sides[0], &last)) {
		text_add(&out->text, "; it is %s", last.data);
		text_add(&out->fix, "leave the last, smaller batch out where the loader is made (drop_last=True), or choose a number of samples, or of those in a batch, that leaves a last one "
			 "with a multiple of %" PRId64, b);
		return true;
	}
	if (isdigit((unsigned char)*part))
		text_add(&out->fix, "bring %s to a multiple of %" PRId64 " (%" PRId64 " or %" PRId64 ") where it is made", whole, b, a / b * b, (a / b + 1) * b);
	else
		text_add(&out->fix, "bring %s to a multiple of %" PRId64 " (%" PRId64 " or %" PRId64 "), or choose %s so that it divides", whole, b, a / b * b, (a / b + 1) * b, part);
	return true;
}
