/*
 * The options that say how to record, made from schema/config.def: those of `run`, and of `env`, which prints what `run` sets.
 */
#ifndef SHAPEBOX_VIEWER_COMMANDS_RUN_OPTIONS_H
#define SHAPEBOX_VIEWER_COMMANDS_RUN_OPTIONS_H

#include "../../schema/config.h"
#include "options.h"

/* What was typed. It stands first in the values of a command that has these options. */
struct run_values { const char *text[CONFIG_COUNT]; bool flags[CONFIG_COUNT]; };

#define RUN_KIND_PATH OPTION_TEXT
#define RUN_KIND_DEPTH OPTION_TEXT
#define RUN_KIND_KEEP OPTION_TEXT
#define RUN_KIND_CUDA OPTION_TEXT
#define RUN_KIND_SYNC OPTION_TEXT
#define RUN_KIND_SIZE OPTION_TEXT
#define RUN_KIND_FLAG OPTION_FLAG
#define RUN_KIND_UNFLAG OPTION_FLAG
#define RUN_OFFSET(id, kind) \
	(RUN_KIND_##kind == OPTION_FLAG ? offsetof(struct run_values, flags) + CONFIG_##id * sizeof(bool) \
					: offsetof(struct run_values, text) + CONFIG_##id * sizeof(const char *))
#define RUN_OPTION_ROW(id, kind, fallback, option, letter, argument, help) \
	{ option, letter, RUN_KIND_##kind, RUN_OFFSET(id, kind), argument, RUN_KIND_##kind == OPTION_FLAG ? "off" : fallback, help },

/* Check what was typed, as options or as variables, and put the options into the environment. COMMAND is named in ERROR. */
bool run_options_apply(const char *command, const struct run_values *values, struct error *error);

#endif
