/* Python's expressions: operators, and which comparison decided. */
#include "condition_parts.h"

#include <ctype.h>
#include <string.h>

#include "../../text.h"

#define NESTED_MOST 32   /* brackets within brackets */
#define LOOKUPS_MOST 200 /* assignments that one expression is followed through */

static struct condition_value
read_unary(struct condition_reader *reader)
{
	struct condition_value value, zero = condition_number(0), power;

	if (condition_take(reader, "-")) {
		value = read_unary(reader);
		return condition_combine(&zero, "-", &value);
	}
	if (condition_take(reader, "~") || condition_take(reader, "+") || condition_take(reader, "await"))
		return read_unary(reader);
	value = condition_atom(reader);
	if (!condition_take(reader, "**"))
		return value;
	power = read_unary(reader);
	return condition_combine(&value, "**", &power);
}

/* The one of OPERATORS that comes next, and is passed; NULL. */
static const char *
take_one(struct condition_reader *reader, const char *const *operators, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (condition_take(reader, operators[i]))
			return operators[i];
	return NULL;
}

static struct condition_value
read_product(struct condition_reader *reader)
{
	static const char *const operators[] = { "//", "*", "/", "%", "@" };
	struct condition_value value = read_unary(reader), other;

	for (const char *operator; (operator = take_one(reader, operators, 5));) {
		other = read_unary(reader);
		value = condition_combine(&value, operator, &other);
	}
	return value;
}

static struct condition_value
read_sum(struct condition_reader *reader)
{
	static const char *const operators[] = { "+", "-", "&", "|" };
	struct condition_value value = read_product(reader), other;

	for (const char *operator; (operator = take_one(reader, operators, 4));) {
		other = read_product(reader);
		value = condition_combine(&value, operator, &other);
	}
	return value;
}

static void
copy_span(const char *from, const char *to, char *out)
{
	from += strspn(from, " ");
	while (to > from && to[-1] == ' ')
		to--;
	text_format(out, CONDITION_TEXT_MOST, "%.*s", (int)(to - from), from);
}

/* Keeps the comparison if it is (more) what made the condition come out as it did. */
static void
note(struct condition_reader *reader, const char *operator, int holds, const struct condition_value *one, const char *left, const char *left_end,
     const struct condition_value *other, const char *right, const char *right_end)
{
	bool literal = other->kind == CONDITION_NUMBER && right < right_end && isdigit((unsigned char)*right);
	bool came_out = (holds == 1) != reader->negated;
	int weight = holds < 0 || came_out != reader->wanted ? 0 : text_among("== != in not_in", operator) ? 3 : literal ? 1 : 2;

	if (!reader->found || weight <= reader->weight)
		return;
	reader->weight = weight;
	*reader->found = (struct condition){ .operator = operator, .one = *one, .other = *other };
	copy_span(left, left_end, reader->found->left);
	copy_span(right, right_end, reader->found->right);
}

static bool
is_none(const char *from, const char *to)
{
	while (to > from && to[-1] == ' ')
		to--;
	return to - from == 4 && strncmp(from, "None", 4) == 0;
}

static struct condition_value
read_comparison(struct condition_reader *reader)
{
	static const char *const operators[] = { "==", "!=", "<=", ">=", "<", ">", "in", "is", "not" };
	const char *left = (condition_blanks(reader), reader->at), *left_end, *right, *operator;
	struct condition_value one = read_sum(reader), other;
	static const char zero[] = "0";
	int all = 1;
	bool compared = false, is_not = false;

	for (left_end = reader->at; (operator = take_one(reader, operators, 9)); left = right, left_end = reader->at, one = other) {
		int holds;

		if (strcmp(operator, "not") == 0)
			operator = condition_take(reader, "in") ? "not_in" : "not";
		else if (strcmp(operator, "is") == 0)
			is_not = condition_take(reader, "not");
		condition_blanks(reader);
		right = reader->at;
		other = read_sum(reader);
		holds = condition_holds(&one, operator, &other);
		if (strcmp(operator, "is") == 0 && one.kind == CONDITION_TENSOR && is_none(right, reader->at))
			holds = is_not; /* a tensor is no None */
		note(reader, operator, holds, &one, left, left_end, &other, right, reader->at);
		all = all == 0 || holds == 0 ? 0 : holds < 0 ? -1 : all;
		compared = true;
	}
	if (compared && all < 0)
		return (struct condition_value){ .dim = -1 };
	if (compared)
		return (struct condition_value){ .kind = CONDITION_TRUTH, .number = all, .dim = -1 };
	if (one.part > 0) { /* "if length % window:" */
		other = condition_number(0);
		note(reader, "!=", one.number != 0, &one, left, left_end, &other, zero, zero + 1);
	}
	return one;
}

static struct condition_value
read_not(struct condition_reader *reader)
{
	struct condition_value value;

	if (!condition_take(reader, "not"))
		return read_comparison(reader);
	reader->negated = !reader->negated;
	value = read_not(reader);
	reader->negated = !reader->negated;
	if (value.kind == CONDITION_TRUTH)
		value.number = !value.number;
	else
		value = (struct condition_value){ .dim = -1 };
	return value;
}

/* "VALUE if CONDITION else OTHER", after the if: which of them it is, where the condition is known. */
static struct condition_value
choose(struct condition_reader *reader, const struct condition_value *value)
{
	struct condition *found = reader->found;
	struct condition_value chosen, other;

	reader->found = NULL; /* what decides here is not what the whole came to */
	chosen = read_not(reader);
	if (!condition_take(reader, "else")) {
		condition_skip(reader);
		chosen = (struct condition_value){ .dim = -1 };
	} else {
		other = condition_any(reader);
		if (chosen.kind == CONDITION_TRUTH)
			chosen = chosen.number ? *value : other;
		else
			chosen = (struct condition_value){ .dim = -1 };
	}
	reader->found = found;
	return chosen;
}

struct condition_value
condition_any(struct condition_reader *reader)
{
	struct condition_value value = { .dim = -1 };

	if (++reader->nested > NESTED_MOST) {
		condition_skip(reader);
		reader->nested--;
		return value;
	}
	value = read_not(reader);
	while (condition_take(reader, "and") || condition_take(reader, "or")) {
		read_not(reader);
		value = (struct condition_value){ .dim = -1 };
	}
	if (condition_take(reader, "if")) {
		value = choose(reader, &value);
	} else if (condition_take(reader, "for")) { /* one of many */
		condition_skip(reader);
		value = (struct condition_value){ .dim = -1 };
	}
	reader->nested--;
	return value;
}

struct condition_value
condition_read(const struct condition_scope *scope, const char *text)
{
	int left = LOOKUPS_MOST;
	struct condition_reader reader = { .scope = scope, .at = text, .left = &left };

	return condition_any(&reader);
}

bool
condition_find(const struct condition_scope *scope, const char *text, bool wanted, struct condition *out)
{
	int left = LOOKUPS_MOST;
	struct condition_reader reader = { .scope = scope, .at = text, .left = &left, .wanted = wanted, .found = out };

	condition_any(&reader);
	return reader.weight > 0;
}
