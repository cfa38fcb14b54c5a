/*
 * Options: one table per command says what it takes; parsing and help come from the table.
 *
 * Values are written into the command's own structure, at the row's offset. Options may stand behind other
 * arguments too, which are then moved behind them (as GNU programs do), unless the caller asks to stop at the first.
 */
#ifndef SHAPEBOX_VIEWER_COMMANDS_OPTIONS_H
#define SHAPEBOX_VIEWER_COMMANDS_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

struct error;

enum option_kind {
	OPTION_FLAG,    /* bool: set */
	OPTION_TEXT,    /* const char * */
	OPTION_COUNT,   /* int64_t, not negative */
	OPTION_INTEGER, /* int64_t, may be negative */
	OPTION_FORMAT   /* bool: true for json, false for text */
};

struct option_row {
	const char *name;     /* "last" for --last; NULL ends the table */
	char letter;          /* 'n' for -n; 0: none */
	enum option_kind kind;
	size_t offset;        /* in the command's values */
	const char *argument; /* "N", shown in help; NULL for flags */
	const char *fallback; /* the default, shown in help; NULL: nothing to show */
	const char *help;
};

#define OPTION_ROWS_JSON(values) \
	{ "format", 'f', OPTION_FORMAT, offsetof(struct values, json), "text|json", "text", "for people, or for programs" }, \
	{ "json", 0, OPTION_FLAG, offsetof(struct values, json), NULL, NULL, "same as --format json" }

/* The language of what is said to people; VALUES has a `const char *language`. See command_language. */
#define OPTION_ROW_LANGUAGE(values) \
	{ "lang", 'l', OPTION_TEXT, offsetof(struct values, language), "en|zh", "SHAPEBOX_LANG; on a terminal else its own", \
	  "the language of the text; JSON is never translated" }

enum option_result { OPTION_OK, OPTION_HELP, OPTION_ERROR };

/* Parse argv[1..] into VALUES. REST gets the index of the first argument that is no option. */
enum option_result options_parse(const struct option_row *rows, const char *command, void *values, int argc, char **argv,
				 bool stop_at_first, int *rest, struct error *error);

#endif
