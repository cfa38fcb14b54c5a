#include "kernel_name.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct reader { const char *at, *end; };

/* A <source-name>: a length and as many characters. False if there is none here. */
static bool
identifier(struct reader *reader, const char **name, size_t *size)
{
	const char *at = reader->at;
	size_t length = 0;

	while (at < reader->end && isdigit((unsigned char)*at) && length < 100000)
		length = length * 10 + (size_t)(*at++ - '0');
	if (at == reader->at || length == 0 || length > (size_t)(reader->end - at))
		return false;
	*name = at;
	*size = length;
	reader->at = at + length;
	return true;
}

static bool
begins(const char *name, size_t size, const char *with)
{
	return size >= strlen(with) && memcmp(name, with, strlen(with)) == 0;
}

static bool
holds(const char *name, size_t size, const char *part)
{
	size_t length = strlen(part);

	for (size_t i = 0; i + length <= size; i++)
		if (memcmp(name + i, part, length) == 0)
			return true;
	return false;
}

static void
append(char *text, size_t room, const char *between, const char *name, size_t size)
{
	size_t used = strlen(text);

	snprintf(text + used, room - used, "%s%.*s", used ? between : "", (int)size, name);
}

/* The functor in the template's arguments: the identifier that says what is done to each element. */
static void
functor(struct reader *reader, char *text, size_t room)
{
	const char *name;
	size_t size;

	while (reader->at < reader->end) {
		if (!isdigit((unsigned char)*reader->at)) {
			/* L<type><number>E: a number, whose digits are no length */
			if (*reader->at == 'L')
				while (reader->at < reader->end && *reader->at != 'E')
					reader->at++;
			reader->at++;
			continue;
		}
		if (!identifier(reader, &name, &size))
			return;
		if (holds(name, size, "Functor") || holds(name, size, "_kernel") || holds(name, size, "Op")) {
			append(text, room, "<", name, size);
			append(text, room, "", ">", 1);
			return;
		}
	}
}

void
kernel_name(const char *symbol, size_t size, char *text, size_t room)
{
	struct reader reader = { symbol + 2, symbol + size };
	const char *name;
	size_t length;
	bool nested;

	text[0] = 0;
	if (size < 4 || symbol[0] != '_' || symbol[1] != 'Z')
		goto plain;
	nested = *reader.at == 'N';
	reader.at += nested;
	while (reader.at < reader.end) {
		if (identifier(&reader, &name, &length)) {
			/* unnamed namespaces, and nvcc's names for what is local to a file */
			if (!begins(name, length, "_GLOBAL__N_") && !begins(name, length, "_INTERNAL_") && !begins(name, length, "__internal_"))
				append(text, room, "::", name, length);
			if (!nested && !(reader.at < reader.end && *reader.at == 'I'))
				break;
		} else if (*reader.at == 'I') {
			functor(&reader, text, room);
			break;
		} else if (reader.end - reader.at >= 2 && reader.at[0] == 'S' && reader.at[1] == 't') {
			append(text, room, "::", "std", 3);
			reader.at += 2;
		} else if (*reader.at == 'E') {
			break;
		} else {
			reader.at++; /* qualifiers, substitutions */
		}
	}
plain:
	if (!text[0])
		snprintf(text, room, "%.*s", (int)size, symbol);
}
