#include "text.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONTAINED_LEAST 8 /* shorter messages are compared whole: "1" is in nearly everything */

void
text_add_listed(struct text *text, const void *listed, const char *format, ...)
{
	va_list list;
	size_t room = sizeof(text->data) - text->used;
	int size;

	if (room <= 1)
		return;
	va_start(list, format);
	size = vsnprintf(text->data + text->used, room, language_text(format, listed), list);
	va_end(list);
	if (size > 0)
		text->used += (size_t)size < room ? (size_t)size : room - 1;
}

void
text_say_listed(char *out, size_t size, const void *listed, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	if (vsnprintf(out, size, language_text(format, listed), list) < 0 && size)
		out[0] = 0;
	va_end(list);
}

void
text_format(char *out, size_t size, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	if (vsnprintf(out, size, format, list) < 0 && size)
		out[0] = 0;
	va_end(list);
}

void
text_add_short(struct text *text, const char *string, size_t most)
{
	size_t length = strcspn(string, "\n"), cut = length;

	while (cut && (cut > most || (cut < length && ((unsigned char)string[cut] & 0xC0) == 0x80)))
		cut--;
	text_add(text, "%.*s%s", (int)cut, string, cut < length ? "..." : "");
}

void
text_add_sizes(struct text *text, const int64_t *sizes, int count)
{
	text_add(text, "[");
	for (int i = 0; i < count; i++)
		text_add(text, "%s%" PRId64, i ? ", " : "", sizes[i]);
	text_add(text, "]");
}

/* Length of the UTF-8 sequence at AT, 0 if it is none. */
static int
sequence_length(const unsigned char *at)
{
	int length = at[0] < 0x80 ? 1 : at[0] >= 0xc2 && at[0] < 0xe0 ? 2 : at[0] >= 0xe0 && at[0] < 0xf0 ? 3
		   : at[0] >= 0xf0 && at[0] < 0xf5 ? 4 : 0;

	for (int i = 1; i < length; i++)
		if ((at[i] & 0xc0) != 0x80)
			return 0;
	if ((at[0] == 0xe0 && at[1] < 0xa0) || (at[0] == 0xed && at[1] >= 0xa0) || (at[0] == 0xf0 && at[1] < 0x90) ||
	    (at[0] == 0xf4 && at[1] >= 0x90))
		return 0;
	return length;
}

const char *
text_bytes(char out[TEXT_BYTES], int64_t bytes)
{
	static const char *const units[] = { "kB", "MB", "GB", "TB" };
	double value = (double)bytes / 1000;
	unsigned unit = 0;

	if (bytes < 1000) {
		text_format(out, TEXT_BYTES, "%lld B", (long long)bytes);
		return out;
	}
	for (; value >= 999.95 && unit < 3; unit++)
		value /= 1000;
	text_format(out, TEXT_BYTES, "%.*f %s", value < 99.95 ? 1 : 0, value, units[unit]);
	return out;
}

json_t *
text_json(const char *text)
{
	json_t *json;
	char *copy;

	if (!text)
		return json_null();
	json = json_string(text);
	if (json)
		return json;
	copy = strdup(text);
	if (!copy)
		return json_null();
	for (unsigned char *at = (unsigned char *)copy; *at;) {
		int length = sequence_length(at);

		if (!length)
			*at = '?';
		at += length ? length : 1;
	}
	json = json_string(copy);
	free(copy);
	return json ? json : json_null();
}

void
text_set(json_t *object, const char *key, const char *text)
{
	json_object_set_new(object, key, text_json(text));
}

void
text_set_integer(json_t *object, const char *key, int64_t value, int64_t none)
{
	json_object_set_new(object, key, value == none ? json_null() : json_integer(value));
}

const char *
text_get(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

const json_t *
text_next(const json_t *outer, const char *key, struct text_walk *at)
{
	for (; at->outer < json_array_size(outer); at->outer++, at->inner = 0) {
		const json_t *list = json_object_get(json_array_get(outer, at->outer), key);

		if (at->inner < json_array_size(list))
			return json_array_get(list, at->inner++);
	}
	return NULL;
}

bool
text_is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

const char *
text_word(const char *line, const char *word)
{
	size_t size = strlen(word);

	for (const char *at = line; size && (at = strstr(at, word)); at++)
		if ((at == line || !text_is_word(at[-1])) && !text_is_word(at[size]))
			return at;
	return NULL;
}

bool
text_has_name(const char *line, const char *name)
{
	for (const char *at = line; (at = text_word(at, name)); at += strlen(name))
		if (at == line || at[-1] != '.')
			return true;
	return false;
}

bool
text_ends(const char *text, const char *ending)
{
	size_t size = text ? strlen(text) : 0, least = strlen(ending);

	return size >= least && strcmp(text + size - least, ending) == 0;
}

const char *
text_basename(const char *path)
{
	const char *slash = path ? strrchr(path, '/') : NULL;

	return slash ? slash + 1 : path ? path : "";
}

bool
text_contains(const char *whole, const char *part)
{
	if (!whole || !part || !*whole || !*part)
		return false;
	if (strcmp(whole, part) == 0)
		return true;
	return strlen(part) >= CONTAINED_LEAST && strstr(whole, part);
}

bool
text_contains_any(const char *text, const char *const *parts, size_t count)
{
	for (size_t i = 0; text && i < count; i++)
		if (strcasestr(text, parts[i]))
			return true;
	return false;
}

bool
text_among(const char *words, const char *word)
{
	size_t size = word ? strlen(word) : 0;

	if (!size)
		return false;
	for (const char *at = words; (at = strstr(at, word)); at += size)
		if ((at == words || at[-1] == ' ') && (at[size] == ' ' || !at[size]))
			return true;
	return false;
}

/* Does what ends at C say that a number is none of the program's: a traceback's line, the version of a tensor that autograd keeps? */
static bool
is_bookkeeping(const char *start, const char *c)
{
	static const char *const before[] = { "\", line ", " version " };

	for (size_t i = 0; i < sizeof(before) / sizeof(*before); i++) {
		size_t length = strlen(before[i]);

		if ((size_t)(c - start) >= length && memcmp(c - length, before[i], length) == 0)
			return true;
	}
	return false;
}

bool
text_number(const char **at, int64_t *out)
{
	const char *start = *at;
	const char *c = *at;

	for (char before = ' '; *c; before = *c++) {
		char *end;
		bool part = isalnum((unsigned char)before) || before == '_' || before == '.';

		if (!isdigit((unsigned char)*c))
			continue;
		*out = strtoll(c, &end, 10);
		if (!part && !isalpha((unsigned char)*end) && *end != '_' && !(*end == '.' && isdigit((unsigned char)end[1])) && !is_bookkeeping(start, c)) {
			*at = end;
			return true;
		}
		while (isalnum((unsigned char)c[1]) || c[1] == '_' || c[1] == '.')
			c++;
	}
	*at = c;
	return false;
}
