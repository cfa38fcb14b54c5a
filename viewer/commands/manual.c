/* shapebox(1), from the tables. See manual.h. */
#include "manual.h"

#include <ctype.h>
#include <string.h>

#include "../../schema/config.h"
#include "command.h"

/* TEXT as groff reads it back: no escapes, no requests, no hyphens that aren't minus signs. */
static void
manual_text(FILE *file, const char *text)
{
	for (bool line_start = true; *text; text++) {
		if (line_start && (*text == '.' || *text == '\''))
			fputs("\\&", file);
		line_start = *text == '\n';
		if (*text == '\\')
			fputs("\\e", file);
		else if (*text == '-')
			fputs("\\-", file);
		else
			putc(*text, file);
	}
}

static void
manual_sentence(FILE *file, const char *text)
{
	char first[2] = { (char)toupper((unsigned char)text[0]), 0 };

	manual_text(file, first);
	manual_text(file, text + 1);
}

static void
manual_option(FILE *file, const struct option_row *row)
{
	fputs(".TP\n", file);
	if (row->letter)
		fprintf(file, "\\fB\\-%c\\fR, ", row->letter);
	fputs("\\fB", file);
	manual_text(file, "--");
	manual_text(file, row->name);
	fputs("\\fR", file);
	if (row->argument) {
		fputs(" \\fI", file);
		manual_text(file, row->argument);
		fputs("\\fR", file);
	}
	putc('\n', file);
	manual_text(file, row->help);
	if (row->fallback && row->fallback[0]) {
		fputs(" [default: ", file);
		manual_text(file, row->fallback);
		putc(']', file);
	}
	putc('\n', file);
}

static void
manual_command(FILE *file, const struct command *command)
{
	fputs(".SS shapebox ", file);
	manual_text(file, command->name);
	putc(' ', file);
	manual_text(file, command->synopsis);
	putc('\n', file);
	manual_sentence(file, command->help);
	putc('.', file);
	if (command->alias) {
		fputs(" Also called: ", file);
		manual_text(file, command->alias);
		putc('.', file);
	}
	putc('\n', file);
	for (const struct option_row *row = command->options; row->name; row++)
		manual_option(file, row);
}

static void
manual_variables(FILE *file)
{
	fputs(".SH ENVIRONMENT\nEach option of\n.B shapebox run\ncan be given as a variable instead; an option wins.\n", file);
	for (int i = 0; i < CONFIG_COUNT; i++) {
		const struct config_row *row = &config_rows[i];

		fprintf(file, ".TP\n.B %s\n", row->variable);
		if (row->option) {
			manual_text(file, "--");
			manual_text(file, row->option);
			fputs(": ", file);
		}
		manual_text(file, row->help);
		putc('\n', file);
	}
	fputs(".TP\n.B NO_COLOR\nnot empty: no colour, even on a terminal\n"
	      ".TP\n.B COLUMNS\nhow wide the output may be\n", file);
}

void
manual_print(FILE *file)
{
	fprintf(file, ".\\\" Made by `shapebox help --man`.\n.TH SHAPEBOX 1 \"\" \"shapebox %s\" \"User Commands\"\n", SHAPEBOX_VERSION);
	fputs(".SH NAME\nshapebox \\- flight recorder for the shapes of PyTorch's tensors\n.SH SYNOPSIS\n", file);
	fputs(".B shapebox run \\-\\- python train.py\n.br\n.B shapebox report\n.br\n.B shapebox\n"
	      ".I COMMAND\n.RI [ options ]\n.SH DESCRIPTION\n", file);
	fputs("Put\n.B shapebox run \\-\\-\nin front of a training command. Nothing else changes. When the training fails,\n"
	      ".B shapebox report\nsays which operation failed, on which rank, at which line, with which operands, where the\n"
	      "wrong size came from, why, and what to change.\n.PP\n", file);
	manual_text(file, COMMAND_DIR);
	fputs("\n.SH COMMANDS\nEach command takes\n.BR \\-h ,\\  \\-\\-help .\n", file);
	for (int i = 0; i < command_count; i++)
		manual_command(file, &command_rows[i]);
	manual_variables(file);
	fputs(".SH EXIT STATUS\n", file);
	manual_text(file, strchr(COMMAND_STATUS, ' ') + 1);
	fputs("\n.PP\n.BR \"shapebox run\" :\n", file);
	manual_text(file, COMMAND_RUN_STATUS);
	fputs("\n.SH FILES\nA trace is a directory,\n.IR shapebox\\-<date>\\-<time>/ ,\n"
	      "with one SQLite database for each process; their tables and views are described within them\n"
	      ".RI ( .schema\nin the sqlite3 shell).\n", file);
}
