#include "command.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../rendering/terminal.h"
#include "../rendering/page.h"
#include "../language/language.h"

const struct command command_rows[] = {
#define COMMAND(id, name, alias, synopsis, help) \
	{ name, alias, synopsis, help, command_##id, command_##id##_options },
#include "../commands.def"
#undef COMMAND
};

const int command_count = (int)(sizeof command_rows / sizeof command_rows[0]);

int
command_trouble(struct error *error, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(error->text, sizeof error->text, format, arguments);
	va_end(arguments);
	return COMMAND_TROUBLE;
}

const struct command *
command_find(const char *word)
{
	for (int i = 0; i < command_count; i++) {
		const struct command *row = &command_rows[i];

		if (strcmp(row->name, word) == 0 || (row->alias && strcmp(row->alias, word) == 0))
			return row;
	}
	return NULL;
}

int
command_distance(const char *from, const char *to)
{
	enum { MOST = 40 };
	int rows[3][MOST + 1];
	size_t from_size = strlen(from), to_size = strlen(to);

	if (from_size > MOST || to_size > MOST)
		return MOST;
	for (size_t j = 0; j <= to_size; j++)
		rows[0][j] = (int)j;
	for (size_t i = 1; i <= from_size; i++) {
		int *now = rows[i % 3], *before = rows[(i - 1) % 3], *swap = rows[(i + 1) % 3];

		now[0] = (int)i;
		for (size_t j = 1; j <= to_size; j++) {
			int best = before[j - 1] + (from[i - 1] != to[j - 1]);

			if (before[j] + 1 < best)
				best = before[j] + 1;
			if (now[j - 1] + 1 < best)
				best = now[j - 1] + 1;
			if (i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1] &&
			    swap[j - 2] + 1 < best)
				best = swap[j - 2] + 1;
			now[j] = best;
		}
	}
	return rows[from_size % 3][to_size];
}

void
command_unknown(const char *word, struct error *error)
{
	size_t size = strlen(word);
	const char *best = NULL;
	int least = size <= 3 ? 2 : 3;

	if (size > 3 && strcmp(word + size - 3, ".py") == 0) {
		command_trouble(error, "'%s' is no command; did you mean: shapebox run -- python %s", word, word);
		return;
	}
	for (int i = 0; i < command_count; i++) {
		const char *names[] = { command_rows[i].name, command_rows[i].alias };

		for (int n = 0; n < 2; n++) {
			int distance = names[n] ? command_distance(word, names[n]) : least;

			if (distance < least) {
				least = distance;
				best = names[n];
			}
		}
	}
	if (best)
		command_trouble(error, "'%s' is no command; did you mean: shapebox %s", word, best);
	else if (strncmp(word, "python", 6) == 0 || strcmp(word, "torchrun") == 0 || strcmp(word, "accelerate") == 0)
		command_trouble(error, "'%s' is no command; did you mean: shapebox run -- %s ...", word, word);
	else if (access(word, F_OK) == 0)
		command_trouble(error, "'%s' is no command; did you mean: shapebox report %s", word, word);
	else
		command_trouble(error, "'%s' is no command; see: shapebox help", word);
}

static void
command_print_options(const struct command *command, struct page *page)
{
	page_add(page, "\nOptions:\n");
	for (const struct option_row *row = command->options; row->name; row++) {
		char left[64];

		snprintf(left, sizeof left, "  %c%c%s--%s%s%s", row->letter ? '-' : ' ', row->letter ? row->letter : ' ',
			 row->letter ? ", " : "  ", row->name, row->argument ? " " : "", row->argument ? row->argument : "");
		page_format(page, "%-28s", left);
		if (page_columns(left) > 27)
			page_format(page, "\n%28s", "");
		page_add(page, row->help);
		if (row->fallback && row->fallback[0])
			page_format(page, " [default: %s]", row->fallback);
		page_add(page, "\n");
	}
	page_format(page, "%-28s%s\n", "  -h, --help", "this help");
}

/* What `run` reads from the environment is the same table as its options. */
static void
command_print_variables(struct page *page)
{
	page_add(page, "\nEach option can be given as a variable instead; an option wins:\n");
#define CONFIG(id, variable, kind, fallback, option, letter, argument, help) \
	page_format(page, "  %-26s--%s\n", variable, option);
#define CONFIG_VARIABLE(id, variable, kind, fallback, help) page_format(page, "  %-26s%s\n", variable, help);
#include "../../schema/config.def"
#undef CONFIG
#undef CONFIG_VARIABLE
	page_add(page, "\n" COMMAND_RUN_STATUS "\n");
}

void
command_print_help(const struct command *command)
{
	struct page page = { 0 };

	if (command) {
		page_format(&page, "Usage: " PAGE_STRONG "shapebox %s" PAGE_END " %s\n", command->name, command->synopsis);
		page_format(&page, "%c%s.", toupper((unsigned char)command->help[0]), command->help + 1);
		if (command->alias)
			page_format(&page, " Also called: %s.", command->alias);
		page_add(&page, "\n");
		command_print_options(command, &page);
		if (command->run == command_run)
			command_print_variables(&page);
		else if (command->options[0].name)
			page_format(&page, "\n%sExit status: 0 nothing wrong found, 1 a failure found, 2 trouble.\n",
				    strstr(command->synopsis, "[DIR]") ? COMMAND_DIR "\n" : "");
	} else {
		page_add(&page, "shapebox: a flight recorder for the shapes of PyTorch's tensors\n\n"
				"  shapebox run -- python train.py     your own command, unchanged\n"
				"  shapebox report                     what failed, where, and why\n\nCommands:\n");
		for (int i = 0; i < command_count; i++)
			page_format(&page, "  " PAGE_STRONG "%-12s" PAGE_END "%s%s%s%s\n", command_rows[i].name, command_rows[i].help,
				    command_rows[i].alias ? " (also: " : "", command_rows[i].alias ? command_rows[i].alias : "",
				    command_rows[i].alias ? ")" : "");
		page_add(&page, "\nshapebox COMMAND --help shows every option with its default.\n" COMMAND_STATUS "\n");
	}
	page_print(&page, stdout, terminal_color(stdout));
	page_free(&page);
}

bool
command_language(const char *command, const char *option, FILE *file, struct error *error)
{
	static const char *const locale[] = { "LC_ALL", "LC_MESSAGES", "LANG" };
	const char *variable = getenv("SHAPEBOX_LANG");
	enum language language = LANGUAGE_EN;

	if (option) {
		if (strlen(option) != 2 || !language_parse(option, &language)) {
			command_trouble(error, "%s: --lang wants en or zh, not '%s'", command, option);
			return false;
		}
	} else if (variable && *variable) {
		language_parse(variable, &language);
	} else if (file && isatty(fileno(file))) {
		for (unsigned i = 0; i < sizeof locale / sizeof *locale; i++) {
			variable = getenv(locale[i]);
			if (variable && *variable) {
				language_parse(variable, &language);
				break;
			}
		}
	}
	language_set(language);
	return true;
}

bool
command_parse(const char *name, void *values, int argc, char **argv, bool stop_at_first, int *rest, int *status,
	      struct error *error)
{
	const struct command *command = command_find(name);

	if (!command) { /* (each command parses its own) */
		*status = COMMAND_TROUBLE;
		return false;
	}
	switch (options_parse(command->options, name, values, argc, argv, stop_at_first, rest, error)) {
	case OPTION_OK:
		return true;
	case OPTION_HELP:
		command_print_help(command);
		*status = COMMAND_OK;
		return false;
	default:
		*status = COMMAND_TROUBLE;
		return false;
	}
}
