/* What a statement reads of its object, and which line changes that. */
#include "code.h"

#include <stdlib.h>
#include <string.h>

#include "../../text.h"

#define STATEMENTS_MOST 128

/* The nearest line before LINE (from 1), of what it stands within, that begins with WORD; 0. */
static int
line_around(const struct code *code, int line, const char *word)
{
	int indent = code_indent(code->lines[line - 1]);

	for (int i = line - 1; i > 0; i--) {
		const char *at = code->lines[i - 1] + strspn(code->lines[i - 1], " \t");

		if (!*at || *at == '#' || code_indent(code->lines[i - 1]) >= indent)
			continue;
		indent = code_indent(code->lines[i - 1]);
		at += strncmp(at, "async ", 6) == 0 ? 6 : 0;
		if (strncmp(at, word, strlen(word)) == 0)
			return i;
	}
	return 0;
}

/* The name of the function that LINE (from 1) stands in, in OUT; the line of its def, 0. */
static int
function_of(const struct code *code, int line, char *out, size_t size)
{
	int def = line_around(code, line, "def ");
	const char *at = def ? strstr(code->lines[def - 1], "def ") + 4 : "";

	text_format(out, size, "%.*s", (int)strcspn(at, "( "), at);
	return def;
}

/* The line of the class that LINE (from 1) stands in; 0. */
static int
class_of(const struct code *code, int line)
{
	return line_around(code, line, "class ");
}

/* Does LINE begin by giving what is called *.ATTRIBUTE another value? */
static bool
sets(const char *line, const char *attribute)
{
	const char *at = line + strspn(line, " \t"), *last = at;
	size_t size = strlen(attribute);

	while (text_is_word(*at) || *at == '.') {
		last = *at == '.' ? at + 1 : last;
		at++;
	}
	if (last == line + strspn(line, " \t") || (size_t)(at - last) != size || strncmp(last, attribute, size) != 0)
		return false;
	at += strspn(at, " ");
	at += *at && strchr("+-*/%", *at) ? 1 + (at[1] == *at) : 0;
	return *at == '=' && at[1] != '=';
}

/* The line that calls FUNCTION, but for its def; 0. */
static int
calls(const struct code *code, const char *function)
{
	size_t size = strlen(function);

	for (int i = 0; i < code->count; i++) {
		const char *line = code->lines[i], *at = line + strspn(line, " \t");

		if (*at == '#' || strncmp(at, "def ", 4) == 0)
			continue;
		for (at = line; (at = strstr(at, function)); at += size)
			if (at[size] == '(' && (at == line || !text_is_word(at[-1])))
				return i + 1;
	}
	return 0;
}

/* Who sets OUT's name, where no object is made. LINE reads it. */
static bool
find_setter(const struct code *code, int line, struct code_state *out)
{
	const char *attribute = strrchr(out->name, '.') + 1;
	char reader[64] = "";
	int reads = function_of(code, line, reader, sizeof(reader));
	bool own = strchr(out->name, '.') + 1 == attribute; /* of the object itself, not of one that it holds */

	for (int i = 1; i <= code->count; i++) {
		int def;

		if (!sets(code->lines[i - 1], attribute) || !(def = function_of(code, i, out->function, sizeof(out->function))) ||
		    text_among("__init__ __new__ __post_init__ __setstate__", out->function))
			continue;
		if (own && strncmp(code->lines[i - 1] + strspn(code->lines[i - 1], " \t"), "self.", 5) == 0 && class_of(code, i) != class_of(code, line))
			continue; /* another class's */
		out->set = i;
		out->within = def == reads;
		out->called = out->within ? 0 : calls(code, out->function);
		return true;
	}
	return false;
}

static bool look_in(const struct code *code, int line, const char *text, bool deeper, struct code_state *out);

/* The same of what the method of that name reads, of the class that LINE stands in. */
static bool
look_in_method(const struct code *code, int line, const char *name, struct code_state *out)
{
	size_t size = strlen(name);

	for (int i = 1; i <= code->count; i++) {
		const char *at = code->lines[i - 1] + strspn(code->lines[i - 1], " \t");

		if (strncmp(at, "def ", 4) != 0 || strncmp(at + 4, name, size) != 0 || at[4 + size] != '(' || class_of(code, i) != class_of(code, line))
			continue;
		for (int n = i + 1; n <= code->count; n++) {
			const char *is = code->lines[n - 1];

			if (is[strspn(is, " \t")] && code_indent(is) <= code_indent(code->lines[i - 1]))
				break;
			if (look_in(code, n, is, false, out))
				return true;
		}
	}
	return false;
}

/* The attributes that TEXT reads, one after the other, until one has a setter. DEEPER: those that a method reads which it calls, too. */
static bool
look_in(const struct code *code, int line, const char *text, bool deeper, struct code_state *out)
{
	for (const char *at = text; (at = strstr(at, "self."));) {
		const char *end = at, *last;

		if (at > text && (text_is_word(at[-1]) || at[-1] == '.')) {
			at += 5;
			continue;
		}
		while (text_is_word(*end) || (*end == '.' && text_is_word(end[1])))
			end++;
		text_format(out->name, sizeof(out->name), "%.*s", (int)(end - at), at);
		last = strrchr(out->name, '.') + 1;
		at = end;
		if (strlen(out->name) + 1 >= sizeof(out->name))
			continue;
		if (*end == '(') {
			char method[sizeof(out->name)];

			text_format(method, sizeof(method), "%s", last);
			if (deeper && strchr(out->name, '.') + 1 == last && look_in_method(code, line, method, out))
				return true;
		} else if (!text_among("shape dtype device ndim training", last) && find_setter(code, line, out)) {
			return true;
		}
	}
	return false;
}

bool
code_state(const struct code *code, int line, struct code_state *out)
{
	struct code_statement *statements = malloc(STATEMENTS_MOST * sizeof(*statements));
	struct code_names *names = calloc(1, sizeof(*names));
	int count = statements ? code_statements(code, line, statements, STATEMENTS_MOST) : 0, place;
	bool found = count > 0 && look_in(code, line, statements[count - 1].text, true, out);
	char text[CODE_TEXT_MOST];

	if (names && count > 0)
		code_depends(statements, count, names);
	for (int i = 0; names && i < names->count && !found; i++)
		if (names->names[i].assigned && code_assigned(statements, count, names->names[i].name, text, sizeof(text), &place))
			found = look_in(code, line, text, true, out);
	free(statements);
	free(names);
	return found;
}
