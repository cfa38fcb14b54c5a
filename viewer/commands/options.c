#include "options.h"

#include <errno.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"

static bool
options_integer(const char *text, int64_t *value)
{
	char *end;
	long long number;

	errno = 0;
	number = strtoll(text, &end, 10);
	if (end == text || *end || errno || text[0] == ' ')
		return false;
	*value = number;
	return true;
}

/* Store ARGUMENT (NULL for a flag) as ROW says. */
static bool
options_store(const struct option_row *row, const char *command, void *values, const char *argument,
	      struct error *error)
{
	void *at = (char *)values + row->offset;
	int64_t number;

	if (!argument) { /* a flag */
		*(bool *)at = true;
		return true;
	}
	switch (row->kind) {
	case OPTION_TEXT:
		*(const char **)at = argument;
		return true;
	case OPTION_COUNT:
	case OPTION_INTEGER:
		if (!options_integer(argument, &number) || (row->kind == OPTION_COUNT && number < 0)) {
			command_trouble(error, "%s: --%s wants a number%s, not '%s'", command, row->name,
					row->kind == OPTION_COUNT ? " of 0 or more" : "", argument);
			return false;
		}
		*(int64_t *)at = number;
		return true;
	case OPTION_FORMAT:
		if (strcmp(argument, "json") != 0 && strcmp(argument, "text") != 0) {
			command_trouble(error, "%s: --%s wants text or json, not '%s'", command, row->name, argument);
			return false;
		}
		*(bool *)at = argument[0] == 'j';
		return true;
	case OPTION_FLAG:
		break;
	}
	return false;
}

static const struct option_row *
options_long(const struct option_row *rows, const char *name, size_t size)
{
	for (; rows->name; rows++)
		if (strlen(rows->name) == size && strncmp(rows->name, name, size) == 0)
			return rows;
	return NULL;
}

static const struct option_row *
options_short(const struct option_row *rows, char letter)
{
	for (; rows->name; rows++)
		if (rows->letter && rows->letter == letter)
			return rows;
	return NULL;
}

static void
options_unknown(const struct option_row *rows, const char *command, const char *word, struct error *error)
{
	const struct option_row *best = NULL;
	char name[64];
	int least = 3;

	snprintf(name, sizeof name, "%.*s", (int)strcspn(word, "="), word);
	for (; word[1] == '-' && rows->name; rows++) {
		int distance = command_distance(name + 2, rows->name);

		if (distance < least) {
			least = distance;
			best = rows;
		}
	}
	if (best)
		command_trouble(error, "%s: unknown option %s; did you mean --%s?", command, name, best->name);
	else
		command_trouble(error, "%s: unknown option %s; see: shapebox %s --help", command, name, command);
}

/* One word that begins with a dash, and its argument, if it takes one, from the next word. USED gets 1 or 2. */
static enum option_result
options_word(const struct option_row *rows, const char *command, void *values, const char *word, const char *next,
	     int *used, struct error *error)
{
	const struct option_row *row;
	const char *argument = NULL;

	*used = 1;
	if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)
		return OPTION_HELP;
	if (word[1] == '-') {
		size_t size = strcspn(word + 2, "=");

		row = options_long(rows, word + 2, size);
		if (row && word[2 + size])
			argument = word + 3 + size;
		if (row && !row->argument && argument) {
			command_trouble(error, "%s: --%s takes no value", command, row->name);
			return OPTION_ERROR;
		}
	} else {
		row = options_short(rows, word[1]);
		if (row && !row->argument && word[2]) { /* -qv: flags in one word */
			char rest[64];

			snprintf(rest, sizeof rest, "-%s", word + 2);
			if (!options_store(row, command, values, NULL, error))
				return OPTION_ERROR;
			return options_word(rows, command, values, rest, next, used, error);
		}
		if (row && word[2])
			argument = word + 2 + (word[2] == '=');
	}
	if (!row) {
		options_unknown(rows, command, word, error);
		return OPTION_ERROR;
	}
	if (row->argument && !argument) {
		if (!next) {
			command_trouble(error, "%s: --%s wants a value: %s", command, row->name, row->argument);
			return OPTION_ERROR;
		}
		argument = next;
		*used = 2;
	}
	return options_store(row, command, values, argument, error) ? OPTION_OK : OPTION_ERROR;
}

enum option_result
options_parse(const struct option_row *rows, const char *command, void *values, int argc, char **argv,
	      bool stop_at_first, int *rest, struct error *error)
{
	int others = 0; /* arguments that are no options, kept in order at argv[1..] until the end */

	for (int i = 1; i < argc;) {
		char *word = argv[i];
		int used;
		enum option_result result;

		if (strcmp(word, "--") == 0) {
			memmove(argv + i - others + 1, argv + 1, (size_t)others * sizeof *argv);
			*rest = i - others + 1;
			return OPTION_OK;
		}
		if (word[0] != '-' || word[1] == 0) {
			if (stop_at_first) {
				*rest = i;
				return OPTION_OK;
			}
			/* keep it in front: options already read may be overwritten */
			argv[++others] = word;
			i++;
			continue;
		}
		result = options_word(rows, command, values, word, i + 1 < argc ? argv[i + 1] : NULL, &used, error);
		if (result != OPTION_OK)
			return result;
		i += used;
	}
	memmove(argv + argc - others, argv + 1, (size_t)others * sizeof *argv);
	*rest = argc - others;
	return OPTION_OK;
}
