/* Which try a line of source is the way out of: its except branch, or what follows it. */
#include "code.h"

#include <string.h>

#include "../../text.h"

/* What LINE (from 1) says, without its indentation; NULL if it says nothing. */
static const char *
said(const struct code *code, int line)
{
	const char *at = code->lines[line - 1] + strspn(code->lines[line - 1], " \t\r\f");

	return *at && *at != '#' ? at : NULL;
}

/* Does AT begin with WORD, which a colon or a blank ends? */
static bool
begins(const char *at, const char *word)
{
	size_t size = strlen(word);

	return at && strncmp(at, word, size) == 0 && !text_is_word(at[size]);
}

static bool
is_function(const char *at)
{
	return begins(at, "def") || begins(at, "async") || begins(at, "class") || begins(at, "lambda");
}

/* The last line after FROM that stands deeper than it. */
static int
last_inside(const struct code *code, int from)
{
	int indent = code_indent(code->lines[from - 1]), last = from;

	for (int i = from + 1; i <= code->count; i++) {
		if (!said(code, i))
			continue;
		if (code_indent(code->lines[i - 1]) <= indent)
			break;
		last = i;
	}
	return last;
}

/* The nearest line above LINE, of what it stands within in its function, that begins with WORD; 0. */
static int
around(const struct code *code, int line, const char *word)
{
	int indent = code_indent(code->lines[line - 1]);

	for (int i = line - 1; i > 0 && indent > 0; i--) {
		const char *at = said(code, i);

		if (!at || code_indent(code->lines[i - 1]) >= indent || strchr(")]}", *at))
			continue;
		indent = code_indent(code->lines[i - 1]);
		if (begins(at, word))
			return i;
		if (is_function(at) && !begins(at, "async with") && !begins(at, "async for"))
			return 0;
	}
	return 0;
}

/* The try that the except at LINE belongs to; 0. */
static int
try_of(const struct code *code, int line)
{
	int indent = code_indent(code->lines[line - 1]);

	for (int i = line - 1; i > 0; i--) {
		const char *at = said(code, i);
		int is = at ? code_indent(code->lines[i - 1]) : indent + 1;

		if (is > indent)
			continue;
		if (is < indent || !begins(at, "except"))
			return is == indent && begins(at, "try") ? i : 0;
	}
	return 0;
}

/* The last line of the try at LINE with all its branches; FIRST gets its first except, 0: it has none. */
static int
end_of_try(const struct code *code, int line, int *first)
{
	int indent = code_indent(code->lines[line - 1]), last = last_inside(code, line);

	*first = 0;
	for (int i = last + 1; i <= code->count; i++) {
		const char *at = said(code, i);

		if (!at)
			continue;
		if (code_indent(code->lines[i - 1]) != indent || !(begins(at, "except") || begins(at, "else") || begins(at, "finally")))
			break;
		if (!*first && begins(at, "except"))
			*first = i;
		i = last = last_inside(code, i);
	}
	return last;
}

/* The def that LINE stands in; 0: none. */
static int
function_of(const struct code *code, int line)
{
	int def = around(code, line, "def");

	return def ? def : around(code, line, "async def");
}

bool
code_fallback(const struct code *code, int line, struct code_fallback *out)
{
	const char *at;

	*out = (struct code_fallback){ 0 };
	if (line < 1 || line > code->count || !(out->branch = around(code, line, "except")) || !(out->tried = try_of(code, out->branch)))
		return false;
	at = said(code, out->branch);
	text_format(out->clause, sizeof(out->clause), "%.*s", (int)strcspn(at, ":#"), at);
	out->tried_last = last_inside(code, out->tried);
	out->last = last_inside(code, out->branch);
	return true;
}

bool
code_follows_try(const struct code *code, int line, int handled, struct code_fallback *out)
{
	int first;

	*out = (struct code_fallback){ 0 };
	if (line < 1 || line > code->count || handled < 1 || handled >= line || function_of(code, line) != function_of(code, handled) ||
	    !(out->tried = around(code, handled, "try")))
		return false;
	out->tried_last = last_inside(code, out->tried);
	out->last = end_of_try(code, out->tried, &first);
	return first && line > out->last && handled <= out->tried_last;
}
