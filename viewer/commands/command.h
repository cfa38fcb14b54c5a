/*
 * Commands: the table of commands.def, lookup, suggestions and help.
 *
 * A command gets its own arguments (argv[0] is its name), prints its results on stdout and returns the exit
 * status: 0 nothing wrong found, 1 a failure found, 2 trouble. With trouble it fills ERROR with one sentence, which
 * main prints; an empty ERROR prints nothing. A result of COMMAND_SIGNAL + N asks main to die of signal N.
 */
#ifndef SHAPEBOX_VIEWER_COMMANDS_COMMAND_H
#define SHAPEBOX_VIEWER_COMMANDS_COMMAND_H

#include <stdbool.h>
#include <stdio.h>

#include "../reader/trace.h"
#include "options.h"

#define SHAPEBOX_VERSION "0.1.0" /* packages take it from this line */

enum { COMMAND_OK = 0, COMMAND_FOUND = 1, COMMAND_TROUBLE = 2, COMMAND_SIGNAL = 1000 };

struct command {
	const char *name, *alias, *synopsis, *help;
	int (*run)(int argc, char **argv, struct error *error);
	const struct option_row *options; /* ends with an all-zero row */
};

extern const struct command command_rows[];
extern const int command_count;

#define COMMAND(id, name, alias, synopsis, help) \
	int command_##id(int argc, char **argv, struct error *error); \
	extern const struct option_row command_##id##_options[];
#include "../commands.def"
#undef COMMAND

/* What help and the manual page both say. */
#define COMMAND_DIR "DIR: a trace; by default the newest of the current directory."
#define COMMAND_STATUS "Exit status: 0 nothing wrong found, 1 a failure found, 2 trouble; `run`: the command's own."
#define COMMAND_RUN_STATUS \
	"The exit status is the command's own; a signal that ends it ends shapebox too. 127: not found,\n" \
	"126: not executable, 2: a wrong option (nothing was started)."

/* By name or alias; NULL if there is none. */
const struct command *command_find(const char *word);

/* Set the language in which COMMAND speaks on FILE: that of OPTION ("en", "zh"; NULL: none was given), else SHAPEBOX_LANG's,
 * else, if FILE (or NULL) is a terminal, the locale's; English where none says otherwise. False: ERROR names an OPTION that is neither. */
bool command_language(const char *command, const char *option, FILE *file, struct error *error);

/* Fill ERROR for a WORD that names no command: what may have been meant. */
void command_unknown(const char *word, struct error *error);

/* Print the help of COMMAND, or of shapebox itself (NULL), on stdout. */
void command_print_help(const struct command *command);

/* Parse ARGV by COMMAND's own options. Returns true to go on; false where *STATUS is the command's result (help was
 * asked for and printed, or ERROR is filled). REST gets the index of the first argument that isn't an option. */
bool command_parse(const char *name, void *values, int argc, char **argv, bool stop_at_first, int *rest, int *status,
		   struct error *error);

/* Fill ERROR with FORMAT, escaping nothing. Returns COMMAND_TROUBLE, so that one can return it. */
int command_trouble(struct error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Edit distance between two words (insert, delete, replace, swap neighbours). */
int command_distance(const char *from, const char *to);

#endif
