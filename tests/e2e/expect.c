#include "tests/e2e/expect.h"

#include "tests/e2e/case.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct parse {
	const char *at;
	const struct expect_context *context;
	char *why;
	size_t why_size;
	bool wrong; /* the expectation itself can't be read */
};

static bool
wrong(struct parse *p, const char *what)
{
	p->wrong = true;
	snprintf(p->why, p->why_size, "the expectation can't be read: %s at \"%.60s\"", what, p->at);
	return false;
}

static void
skip_spaces(struct parse *p)
{
	while (isspace((unsigned char)*p->at))
		p->at++;
}

/* Take WORD if it comes next and ends there. */
static bool
take_word(struct parse *p, const char *word)
{
	size_t length = strlen(word);

	skip_spaces(p);
	if (strncmp(p->at, word, length) != 0)
		return false;
	if (p->at[length] != '\0' && !isspace((unsigned char)p->at[length]))
		return false;
	p->at += length;
	return true;
}

/* Take a path and follow it from ROOT. NULL: not there (or p->wrong). */
static json_t *
take_path(struct parse *p, json_t *root)
{
	json_t *here = root;

	skip_spaces(p);
	if (*p->at == '\0')
		return wrong(p, "no path"), NULL;
	if (*p->at == '.' && (isspace((unsigned char)p->at[1]) || p->at[1] == '\0')) {
		p->at++;
		return here;
	}
	while (*p->at != '\0' && !isspace((unsigned char)*p->at)) {
		if (*p->at == '[') {
			char *end;
			long index = strtol(p->at + 1, &end, 10);

			if (*end != ']')
				return wrong(p, "no ]"), NULL;
			if (index < 0)
				index += (long)json_array_size(here);
			here = json_array_get(here, (size_t)index);
			p->at = end + 1;
		} else {
			char key[128];
			size_t length;

			if (*p->at == '.')
				p->at++;
			length = strcspn(p->at, ".[ \t");
			if (length == 0 || length >= sizeof key)
				return wrong(p, "no key"), NULL;
			memcpy(key, p->at, length);
			key[length] = '\0';
			here = json_object_get(here, key);
			p->at += length;
		}
	}
	return here;
}

/* Take the value to compare with. The caller owns it. */
static json_t *
take_value(struct parse *p)
{
	json_error_t error;
	json_t *value;

	skip_spaces(p);
	if (*p->at == '@') {
		char marker[128], file[512];
		const char *end = strstr(p->at, " and "), *space;
		size_t length = end ? (size_t)(end - p->at) - 1 : strlen(p->at + 1);
		const char *name = p->context->program;
		int line;

		if (length >= sizeof marker)
			return wrong(p, "marker too long"), NULL;
		memcpy(marker, p->at + 1, length);
		marker[length] = '\0';
		space = strchr(marker, ' ');
		if (space != NULL && space - marker > 3 && strncmp(space - 3, ".py", 3) == 0) {
			marker[space - marker] = '\0';
			name = marker;
			space++;
		} else
			space = marker;
		snprintf(file, sizeof file, "%s/%s", p->context->directory, name);
		line = case_marker(file, space);
		if (line == 0)
			return wrong(p, "no line has this marker"), NULL;
		p->at += 1 + length;
		return json_integer(line);
	}
	value = json_loads(p->at, JSON_DECODE_ANY | JSON_DISABLE_EOF_CHECK, &error);
	if (value == NULL)
		return wrong(p, "no JSON value"), NULL;
	p->at += error.position;
	return value;
}

static bool
ends_with(const char *text, const char *end)
{
	size_t a = strlen(text), b = strlen(end);

	return a >= b && strcmp(text + a - b, end) == 0;
}

static bool
equal(const json_t *a, const json_t *b)
{
	if (json_is_number(a) && json_is_number(b))
		return json_number_value(a) == json_number_value(b);
	return json_equal(a, b) != 0;
}

static bool
in_array(json_t *array, const json_t *value)
{
	size_t i;
	json_t *item;

	json_array_foreach(array, i, item)
		if (equal(item, value))
			return true;
	return false;
}

static bool
contains(json_t *there, const json_t *value)
{
	if (json_is_array(there))
		return in_array(there, value);
	return json_is_string(there) && json_is_string(value) &&
	       strstr(json_string_value(there), json_string_value(value)) != NULL;
}

static const char *const operators[] = { "==", "!=", ">=", "<=", ">", "<", "contains", "lacks", "begins", "ends", "in" };

static bool
compare(const char *name, json_t *there, json_t *value)
{
	const char *a = json_string_value(there), *b = json_string_value(value);
	bool numbers = json_is_number(there) && json_is_number(value);
	double x = numbers ? json_number_value(there) : 0, y = numbers ? json_number_value(value) : 0;

	if (there == NULL) /* missing is no better than null */
		there = json_null();
	switch (name[0]) {
	case '=': return equal(there, value);
	case '!': return !equal(there, value);
	case '>': return numbers && (name[1] ? x >= y : x > y);
	case '<': return numbers && (name[1] ? x <= y : x < y);
	case 'c': return contains(there, value);
	case 'l': return !json_is_null(there) && !contains(there, value);
	case 'b': return a && b && strncmp(a, b, strlen(b)) == 0;
	case 'e': return a && b && ends_with(a, b);
	default: return json_is_array(value) && in_array(value, there);
	}
}

static void
describe(struct parse *p, const char *what, json_t *there)
{
	char *text = there ? json_dumps(there, JSON_ENCODE_ANY | JSON_COMPACT) : strdup("(missing)");

	if (p->why[0] == '\0')
		snprintf(p->why, p->why_size, "%s%.1500s", what, text ? text : "?");
	free(text);
}

/* `OPERATOR VALUE`, `exists` or `null` about THERE. */
static bool
take_test(struct parse *p, json_t *there)
{
	if (take_word(p, "exists"))
		return there != NULL && !json_is_null(there);
	if (take_word(p, "null"))
		return there == NULL || json_is_null(there);
	for (size_t i = 0; i < sizeof operators / sizeof *operators; i++) {
		json_t *value;
		bool holds;

		if (!take_word(p, operators[i]))
			continue;
		value = take_value(p);
		if (value == NULL)
			return false;
		holds = compare(operators[i], there, value);
		json_decref(value);
		return holds;
	}
	return wrong(p, "no operator");
}

/* `PATH TEST and PATH TEST ...` about one ELEMENT. */
static bool
take_conditions(struct parse *p, json_t *element)
{
	bool holds = true;

	do {
		json_t *there = take_path(p, element);

		if (p->wrong)
			return false;
		if (!take_test(p, there))
			holds = false;
		if (p->wrong)
			return false;
	} while (take_word(p, "and"));
	return holds;
}

static bool
take_each(struct parse *p, json_t *array, char which)
{
	const char *start = p->at;
	size_t i, count = 0;
	json_t *element;

	if (!json_is_array(array)) {
		describe(p, "no array there, but ", array);
		p->at = start + strlen(start);
		return false;
	}
	json_array_foreach(array, i, element) {
		p->at = start;
		if (take_conditions(p, element))
			count++;
		if (p->wrong)
			return false;
	}
	p->at = start + strlen(start);
	if (which == 'l')
		return count == json_array_size(array) && count > 0;
	return which == 'y' ? count > 0 : count == 0;
}

static bool
take_count(struct parse *p, json_t *there)
{
	json_t *count = json_integer((json_int_t)(json_is_array(there) ? json_array_size(there) : json_object_size(there)));
	bool holds;

	skip_spaces(p);
	if (isdigit((unsigned char)*p->at)) {
		json_t *value = take_value(p);

		holds = value && equal(count, value);
		json_decref(value);
	} else
		holds = take_test(p, count);
	json_decref(count);
	return holds;
}

bool
expect_holds(json_t *root, const char *text, const struct expect_context *context, char *why, size_t why_size)
{
	struct parse p = { .at = text, .context = context, .why = why, .why_size = why_size };
	json_t *there;
	bool holds;

	why[0] = '\0';
	there = take_path(&p, root);
	if (p.wrong)
		return false;
	if (take_word(&p, "any"))
		holds = take_each(&p, there, 'y');
	else if (take_word(&p, "all"))
		holds = take_each(&p, there, 'l');
	else if (take_word(&p, "none"))
		holds = take_each(&p, there, 'n');
	else if (take_word(&p, "count"))
		holds = take_count(&p, there);
	else
		holds = take_test(&p, there);
	skip_spaces(&p);
	if (!p.wrong && *p.at != '\0')
		return wrong(&p, "more than one expectation");
	if (!holds && !p.wrong)
		describe(&p, "it is ", there);
	return holds && !p.wrong;
}
