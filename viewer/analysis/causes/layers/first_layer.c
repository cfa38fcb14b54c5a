#include "first_layer.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* The "self.NAME" that LINE calls with NAME as its first argument, in OUT; false if it calls none. */
static bool
calls_with(const char *line, const char *name, char *out, size_t size)
{
	size_t length = strlen(name);

	for (const char *at = line; (at = strstr(at, "self.")); at += 5) {
		const char *end = at;

		while (text_is_word(*end) || *end == '.')
			end++;
		if (*end != '(' || strncmp(end + 1, name, length) != 0 || !strchr("),", end[1 + length]) || (at > line && text_is_word(at[-1])))
			continue;
		text_format(out, size, "%.*s", (int)(end - at), at);
		return true;
	}
	return false;
}

/* Does LINE give NAME another value? */
static bool
sets(const char *line, const char *name)
{
	const char *at = line + strspn(line, " \t"), *after;

	if (strncmp(at, name, strlen(name)) != 0)
		return false;
	after = at + strlen(name) + strspn(at + strlen(name), " ");
	return *after == '=' && after[1] != '=';
}

/* The first layer that the function around LINE gives NAME to after it, in OUT; false if there is none. */
static bool
find_call(const struct code *code, int line, const char *name, char *out, size_t size)
{
	struct code_statement *statements = calloc(CODE_STATEMENTS_MOST, sizeof(*statements));
	int count = statements ? code_statements(code, line, statements, CODE_STATEMENTS_MOST) : 0;
	int indent = count ? statements[0].indent : 0, first = count ? statements[count - 1].last : code->count;

	free(statements);
	for (int i = first; i < code->count; i++) {
		const char *text = code->lines[i];

		if (text[strspn(text, " \t")] && code_indent(text) <= indent)
			return false;
		if (calls_with(text, name, out, size))
			return true;
		if (sets(text, name))
			return false;
	}
	return false;
}

/* The line at or before LINE, in its class, that begins to make NAME, and of which kind; 0. */
static int
find_made(const struct code *code, int line, const char *name, struct first_layer *out)
{
	for (int i = line; i > 0; i--) {
		const char *text = code->lines[i - 1], *at;

		if (strncmp(text + strspn(text, " \t"), "class ", 6) == 0)
			return 0;
		at = sets(text, name) ? strstr(text, "Conv") : NULL;
		if (!at || !isdigit((unsigned char)at[4]) || at[5] != 'd' || at[6] != '(')
			continue;
		text_format(out->kind, sizeof(out->kind), "%.6s", at);
		out->spatial = at[4] - '0';
		return i;
	}
	return 0;
}

/* What EXPRESSION, of the function that built the object, comes to in the frame that failed: a number, or an attribute that the object still has. */
static int64_t
value_of(const struct cause_facts *facts, const char *expression, char told[64])
{
	struct condition_value value;
	char own[CONDITION_TEXT_MOST];

	text_format(told, 64, "%s", isdigit((unsigned char)*expression) ? "" : expression);
	if (isdigit((unsigned char)*expression))
		return strtoll(expression, NULL, 10);
	if (strncmp(expression, "self.", 5) != 0)
		text_format(told, 64, "self.%s", expression);
	text_format(own, sizeof(own), "%s", told);
	value = condition_read(facts->scope, own);
	return value.kind == CONDITION_NUMBER ? value.number : -1;
}

bool
first_layer_find(const struct cause_facts *facts, const char *name, struct first_layer *out)
{
	const json_t *frame = json_array_get(facts->frames, 0);
	int line = (int)json_integer_value(json_object_get(frame, "line"));
	struct code_statement *statements;
	char channels[CONDITION_TEXT_MOST] = "", called[24];
	struct code code;
	int count;

	if (!facts->scope || line < 1 || !*name || !code_open(&code, text_get(frame, "file"), facts->time_ns))
		return false;
	statements = calloc(CODE_STATEMENTS_MOST, sizeof(*statements));
	out->line = line <= code.count && find_call(&code, line, name, out->name, sizeof(out->name)) ? find_made(&code, line, out->name, out) : 0;
	count = out->line && statements ? code_statements(&code, out->line, statements, CODE_STATEMENTS_MOST) : 0;
	text_format(called, sizeof(called), "%s", out->kind);
	if (count && !code_argument(statements[count - 1].text, called, "in_channels", 0, channels, sizeof(channels)))
		*channels = 0;
	free(statements);
	code_close(&code);
	out->channels = *channels ? value_of(facts, channels, out->told) : -1;
	return out->channels > 0;
}

bool
first_layer_takes(const struct first_layer *layer, const struct operand *is)
{
	return (is->ndim == layer->spatial + 2 && is->sizes[1] == layer->channels) || (is->ndim == layer->spatial + 1 && is->sizes[0] == layer->channels);
}
