#include "run_options.h"

#include <stdlib.h>

#include "command.h"

bool
run_options_apply(const char *command, const struct run_values *values, struct error *error)
{
	for (int id = 0; id < CONFIG_COUNT; id++) {
		const struct config_row *row = &config_rows[id];
		const char *text = values->flags[id] ? row->kind == CONFIG_KIND_UNFLAG ? "0" : "1" : values->text[id];
		const char *wanted, *variable = getenv(row->variable);

		if (text && !text[0]) {
			command_trouble(error, "%s: --%s wants a value: %s", command, row->option, row->argument);
			return false;
		}
		if (text && !config_valid(row->kind, text, &wanted)) {
			command_trouble(error, "%s: --%s wants %s, not '%s'", command, row->option, wanted, text);
			return false;
		}
		if (!text && variable && variable[0] && !config_valid(row->kind, variable, &wanted)) {
			command_trouble(error, "%s: %s wants %s, not '%s'", command, row->variable, wanted, variable);
			return false;
		}
		if (text)
			setenv(row->variable, text, 1);
	}
	return true;
}
