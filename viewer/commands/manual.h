/*
 * What the tables of commands and options also make: the manual page and the shells' completions.
 *
 * Everything comes from commands.def, each command's options and config.def, as `--help` does; a test compares them.
 */
#ifndef SHAPEBOX_VIEWER_COMMANDS_MANUAL_H
#define SHAPEBOX_VIEWER_COMMANDS_MANUAL_H

#include <stdio.h>

/* shapebox(1), in the man macros. */
void manual_print(FILE *file);

#endif
