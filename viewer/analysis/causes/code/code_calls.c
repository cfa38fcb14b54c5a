/* What a call gives to a function's parameters. */
#include <string.h>

#include "code.h"
#include "../../text.h"

/* The end of the item that begins at AT in brackets: its comma, or what closes them. */
static const char *
item_end(const char *at)
{
	int depth = 0;

	for (; *at; at++) {
		if (*at == '\'' || *at == '"') {
			const char *close = strchr(at + 1, *at);

			if (!close)
				return at + strlen(at);
			at = close;
			continue;
		}
		if (!depth && strchr(",)]}", *at))
			return at;
		depth += strchr("([{", *at) ? 1 : strchr(")]}", *at) ? -1 : 0;
	}
	return at;
}

static size_t
word_size(const char *at)
{
	size_t size = 0;

	while (text_is_word(at[size]))
		size++;
	return size;
}

int
code_parameter(const struct code_statement *def, const char *name)
{
	const char *at = strstr(def->text, "def ") ? strchr(def->text, '(') : NULL;
	int place = 0;

	while (at && *at && *at != ')') {
		size_t size;
		bool first = *at == '(';

		at++;
		at += strspn(at, " *");
		size = word_size(at);
		if (first && ((size == 4 && strncmp(at, "self", 4) == 0) || (size == 3 && strncmp(at, "cls", 3) == 0)))
			place--;
		if (size && size == strlen(name) && strncmp(at, name, size) == 0)
			return place;
		at = item_end(at);
		place++;
	}
	return -1;
}

/* Where the arguments of the only call of CALLED in TEXT begin; NULL. */
static const char *
only_call(const char *text, const char *called)
{
	size_t size = strlen(called);
	const char *found = NULL;

	for (const char *at = text; size && (at = strstr(at, called)); at += size) {
		if ((at > text && text_is_word(at[-1])) || at[size] != '(')
			continue;
		if (found)
			return NULL;
		found = at + size + 1;
	}
	return found;
}

bool
code_calls(const char *text, const char *called)
{
	return only_call(text, called) != NULL;
}

bool
code_argument(const char *text, const char *called, const char *name, int place, char *out, size_t size)
{
	const char *at = only_call(text, called), *end;

	for (int i = 0; at && *at; i++, at = end + 1) {
		size_t word;
		bool keyword;

		at += strspn(at, " ");
		end = item_end(at);
		if (*at == ')' || (*at == '*' && at[1] != '*'))
			return false;
		word = word_size(at);
		keyword = word && at[word + strspn(at + word, " ")] == '=' && at[word + strspn(at + word, " ") + 1] != '=';
		if (keyword ? word == strlen(name) && strncmp(at, name, word) == 0 : i == place && *at != '*') {
			at += keyword ? word + strspn(at + word, " ") + 1 : 0;
			at += strspn(at, " ");
			while (end > at && end[-1] == ' ')
				end--;
			text_format(out, size, "%.*s", (int)(end - at), at);
			return end > at;
		}
		if (*end != ',')
			return false;
	}
	return false;
}
