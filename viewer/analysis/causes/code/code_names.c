/* What a statement rests on, and the condition it stands under. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "code.h"
#include "../../text.h"

static const char keywords[] =
	"and or not if elif else for while in is assert raise return yield lambda with as try except finally def class pass None True False "
	"await async import from del global nonlocal self cls int float len sum min max abs all any isinstance print str range zip enumerate "
	"list tuple set dict bool torch np numpy F nn ValueError RuntimeError AssertionError TypeError IndexError KeyError Exception";

static bool
starts_with(const char *text, const char *word)
{
	size_t size = strlen(word);

	return strncmp(text, word, size) == 0 && !isalnum((unsigned char)text[size]) && text[size] != '_';
}

/* Moves past a string that begins at AT; the last character of it. */
static const char *
skip_string(const char *at, const char *end)
{
	char quote = *at;
	bool triple = at + 2 < end && at[1] == quote && at[2] == quote;

	for (at += triple ? 3 : 1; at < end; at++) {
		if (*at == '\\')
			at++;
		else if (*at == quote && (!triple || (at + 2 < end && at[1] == quote && at[2] == quote)))
			return at + (triple ? 2 : 0);
	}
	return end - 1;
}

static bool
is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_' || (unsigned char)c >= 128;
}

/* The next name in [AT, END): not an attribute, a keyword argument, a keyword or in a string. Its size, 0: none. */
static size_t
next_name(const char **at, const char *end, char *out, size_t room)
{
	for (const char *start; *at < end; (*at)++) {
		if (**at == '\'' || **at == '"') {
			*at = skip_string(*at, end);
			continue;
		}
		if (!is_word(**at))
			continue;
		start = *at;
		while (*at < end && is_word(**at))
			(*at)++;
		const char *before = start, *after = *at;

		while (before > start - 64 && before[-1] == ' ')
			before--;
		while (after < end && *after == ' ')
			after++;
		text_format(out, room, "%.*s", (int)(*at - start), start);
		if (isdigit((unsigned char)*start) || before[-1] == '.' || text_among(keywords, out) || (size_t)(*at - start) >= room) {
			(*at)--;
			continue;
		}
		if (after + 1 < end && *after == '=' && after[1] != '=' && (before[-1] == '(' || before[-1] == ',')) {
			(*at)--; /* f(name=value) */
			continue;
		}
		if (**at == '\'' || **at == '"') {
			(*at)--; /* a string's prefix */
			continue;
		}
		return (size_t)(*at - start);
	}
	return 0;
}

static int
find_name(const struct code_names *names, const char *name)
{
	for (int i = 0; i < names->count; i++)
		if (strcmp(names->names[i].name, name) == 0)
			return i;
	return -1;
}

static void
add_names(const char *from, const char *end, int depth, struct code_names *out)
{
	char padded[CODE_TEXT_MOST + 1] = ";", name[sizeof(out->names[0].name)];
	const char *at = padded + 1;

	snprintf(padded + 1, sizeof(padded) - 1, "%.*s", (int)(end - from), from); /* something in front to look back at */
	end = padded + strlen(padded);
	while (next_name(&at, end, name, sizeof(name)) && out->count < CODE_NAMES_MOST)
		if (find_name(out, name) < 0) {
			struct code_name *added = &out->names[out->count++];

			*added = (struct code_name){ .depth = depth };
			text_format(added->name, sizeof(added->name), "%s", name);
		}
}

/* The sign that gives a value at AT: "=", or the "=" of "+=". */
static bool
is_assignment(const char *text, const char *at)
{
	return *at == '=' && at[1] != '=' && at > text && !strchr("=!<>:", at[-1]);
}

/* Where the targets of STATEMENT end and its value begins; false if it gives no value. */
static bool
split_assignment(const char *text, const char **targets_end, const char **value)
{
	const char *end = text + strlen(text), *in;
	int depth = 0;

	if (starts_with(text, "for") || starts_with(text, "async for")) {
		in = strstr(text, " in ");
		*targets_end = in;
		*value = in ? in + 4 : NULL;
		return in != NULL;
	}
	for (const char *at = text; at < end; at++) {
		if (*at == '\'' || *at == '"')
			at = skip_string(at, end);
		depth += strchr("([{", *at) ? 1 : strchr(")]}", *at) ? -1 : 0;
		if (depth == 0 && is_assignment(text, at)) {
			*targets_end = at;
			*value = at + 1;
			return true;
		}
	}
	return false;
}

bool
code_part_of(const char *text, char *out, size_t size)
{
	const char *end, *value, *at;
	int depth = 0;

	if (!split_assignment(text, &end, &value))
		return false;
	while (end > text && strchr(" +-*/@%&|^<>", end[-1]))
		end--;
	for (at = end - 1; at >= text; at--) {
		depth += strchr(")]}", *at) ? 1 : strchr("([{", *at) ? -1 : 0;
		if (depth == 0)
			break;
	}
	if (end == text || end[-1] != ']' || at <= text || *at != '[')
		return false;
	text_format(out, size, "%.*s", (int)(at - text), text);
	return true;
}

static bool
is_condition(const struct code_statement *statement)
{
	return starts_with(statement->text, "if") || starts_with(statement->text, "elif") || starts_with(statement->text, "while");
}

/* The condition that led to statement AT, -1. */
static int
condition_around(const struct code_statement *statements, int at)
{
	for (int i = at - 1, indent = statements[at].indent; i >= 0; i--) {
		if (statements[i].indent >= indent)
			continue;
		if (is_condition(&statements[i]))
			return i;
		indent = statements[i].indent;
	}
	return -1;
}

void
code_depends(const struct code_statement *statements, int count, struct code_names *out)
{
	const struct code_statement *last = count > 0 ? &statements[count - 1] : NULL;
	int condition = last && starts_with(last->text, "raise") ? condition_around(statements, count - 1) : -1;

	out->count = 0;
	if (!last)
		return;
	if (condition >= 0)
		add_names(statements[condition].text, statements[condition].text + strlen(statements[condition].text), 0, out);
	add_names(last->text, last->text + strlen(last->text), condition >= 0, out);
	for (int i = count - 2; i >= 0; i--) {
		const char *text = statements[i].text, *end, *value;
		struct code_names targets = { .count = 0 };
		int nearest = -1;

		if (!split_assignment(text, &end, &value) || is_condition(&statements[i]))
			continue;
		add_names(text, end, 0, &targets);
		for (int t = 0; t < targets.count; t++) {
			int found = find_name(out, targets.names[t].name);

			if (found < 0)
				continue;
			out->names[found].assigned = true;
			nearest = nearest < 0 || out->names[found].depth < nearest ? out->names[found].depth : nearest;
		}
		if (nearest >= 0)
			add_names(value, text + strlen(text), nearest + 1, out);
	}
}

/* Where NAME stands among the targets in [TEXT, END): -1 alone, -2 not (or with what takes several). */
static int
target_place(const char *text, const char *end, const char *name)
{
	int place = -2, count = 0;

	for (const char *from = text + strspn(text, " ("); from < end; count++) {
		size_t size = 0;

		while (from + size < end && from[size] != ',')
			size++;
		if (*from == '*')
			return -2;
		if (starts_with(from, name) && strspn(from + strlen(name), " )") + strlen(name) >= size)
			place = count;
		from += size + (from + size < end);
		from += from < end ? strspn(from, " ") : 0;
	}
	return place >= 0 && count == 1 ? -1 : place;
}

bool
code_assigned(const struct code_statement *statements, int count, const char *name, char *out, size_t size, int *place)
{
	for (int i = count - 2; i >= 0; i--) {
		const char *text = statements[i].text, *end, *value;

		if (!split_assignment(text, &end, &value) || starts_with(text, "for") || starts_with(text, "async for"))
			continue;
		*place = target_place(text, end, name);
		if (*place == -2)
			continue;
		text_format(out, size, "%s", value + strspn(value, " "));
		for (size_t length = strlen(out); length && out[length - 1] == ' '; length--)
			out[length - 1] = 0;
		return !strchr("+-*/%&|^@", end[-1]);
	}
	return false;
}

/* The condition of the if or elif that the else at AT belongs to; -1. */
static int
condition_before(const struct code_statement *statements, int at)
{
	for (int i = at - 1; i >= 0 && statements[i].indent >= statements[at].indent; i--)
		if (statements[i].indent == statements[at].indent)
			return starts_with(statements[i].text, "if") || starts_with(statements[i].text, "elif") ? i : -1;
	return -1;
}

bool
code_condition(const struct code_statement *statements, int count, char *out, size_t size, bool *wanted)
{
	const char *text = count > 0 ? statements[count - 1].text : "", *end, *value;
	size_t length = strlen(text);

	*wanted = false;
	if (starts_with(text, "assert")) {
		text_format(out, size, "%s", text + 6);
		return true;
	}
	if ((starts_with(text, "if") || starts_with(text, "elif")) && strstr(text, ": raise ")) { /* on one line */
		*wanted = true;
		text_format(out, size, "%s", text + strcspn(text, " ("));
		return true;
	}
	if (!starts_with(text, "raise")) { /* check(a == b, "...") */
		while (length && text[length - 1] == ' ')
			length--;
		text_format(out, size, "%s", text);
		return length && text[length - 1] == ')' && !split_assignment(text, &end, &value) && !starts_with(text, "return") && !starts_with(text, "yield") &&
		       !starts_with(text, "await") && !starts_with(text, "del");
	}
	for (int i = count - 2, indent = statements[count - 1].indent; i >= 0; i--) {
		if (statements[i].indent >= indent)
			continue;
		indent = statements[i].indent;
		if (starts_with(statements[i].text, "except"))
			return false;
		*wanted = is_condition(&statements[i]);
		if (starts_with(statements[i].text, "else"))
			i = condition_before(statements, i);
		else if (!*wanted)
			continue;
		if (i < 0)
			return false;
		text = statements[i].text;
		text_format(out, size, "%s", text + strcspn(text, " ("));
		return true;
	}
	return false;
}

size_t
code_path(const char *at)
{
	size_t size = 0;

	while (is_word(at[size]) || (at[size] == '.' && is_word(at[size + 1]) && !isdigit((unsigned char)at[size + 1])))
		size++;
	while (at[size] == '[' && (at[size + 1] == '\'' || at[size + 1] == '"')) {
		const char *end = strpbrk(at + size + 2, "'\"");

		if (!end || end[1] != ']')
			break;
		size = (size_t)(end + 2 - at);
	}
	return size;
}

const char *
code_next_path(const char *at, size_t *size)
{
	while (*at) {
		if (*at == '\'' || *at == '"') {
			at = code_skip_string(at);
		} else if (isalpha((unsigned char)*at) || *at == '_') {
			*size = code_path(at);
			return at;
		} else {
			size_t skipped = is_word(*at) || *at == '.' ? code_path(at) : 0; /* a number, an attribute of what was called */
			at += skipped ? skipped : 1;
		}
	}
	return NULL;
}

size_t
code_term(const char *at)
{
	size_t size = code_path(at);

	while (size && (at[size] == '(' || at[size] == '[')) {
		int depth = 0;
		size_t i = size;

		do {
			depth += at[i] == '(' || at[i] == '[' ? 1 : at[i] == ')' || at[i] == ']' ? -1 : 0;
			i++;
		} while (at[i - 1] && depth > 0);
		if (depth || !at[i - 1])
			return size;
		size = i;
		if (at[size] == '.')
			size += 1 + code_path(at + size + 1);
	}
	return size;
}

const char *
code_skip_string(const char *at)
{
	return skip_string(at, at + strlen(at)) + 1;
}
