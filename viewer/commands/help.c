/*
 * shapebox help: a command's options, all commands, or the manual page; from commands.def and the options' tables.
 */
#include "../rendering/page.h"
#include "command.h"
#include "manual.h"

struct help_values { bool man; };

const struct option_row command_help_options[] = {
	{ "man", 0, OPTION_FLAG, offsetof(struct help_values, man), NULL, NULL, "the manual page shapebox(1), as source for man" },
	{ 0 }
};

int
command_help(int argc, char **argv, struct error *error)
{
	struct help_values values = { 0 };
	const struct command *command = NULL;
	int rest, status;

	if (!command_parse("help", &values, argc, argv, false, &rest, &status, error))
		return status;
	if (rest < argc) {
		command = command_find(argv[rest]);
		if (!command) {
			command_unknown(argv[rest], error);
			return COMMAND_TROUBLE;
		}
	}
	if (values.man)
		manual_print(stdout);
	else
		command_print_help(command);
	return COMMAND_OK;
}
