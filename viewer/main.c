/*
 * shapebox: looks up the command, prints its error, ends the process. The only file that exits.
 */
#include <locale.h>
#include <langinfo.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "reserve.h"
#include "commands/command.h"
#include "rendering/page.h"
#include "rendering/terminal.h"
#include "schema/shortage.h"

/* Die as the child did: by its signal, without a second core file. */
static void
main_die(int signal_number)
{
	struct rlimit none = { 0, 0 };
	sigset_t one;

	fflush(NULL);
	setrlimit(RLIMIT_CORE, &none);
	signal(signal_number, SIG_DFL);
	sigemptyset(&one);
	sigaddset(&one, signal_number);
	sigprocmask(SIG_UNBLOCK, &one, NULL);
	raise(signal_number);
	_exit(128 + signal_number); /* a signal whose default action is not death */
}

/* KEEPS: the status is that of a program that was run, and stays so. */
static int
main_finish(int status, bool keeps, struct error *error)
{
	if (shortage_count() && !error->text[0]) {
		int trouble = command_trouble(error, "there was not enough memory at times: parts of the answer may be missing");

		status = keeps ? status : trouble;
	}
	terminal_done();
	if (error->text[0]) {
		struct page page = { 0 };

		page_safe(&page, error->text); /* it may quote a trace */
		fprintf(stderr, "shapebox: %s\n", page_string(&page));
		page_free(&page);
	}
	if (status >= COMMAND_SIGNAL)
		main_die(status - COMMAND_SIGNAL);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		perror("shapebox: standard output");
		return status == COMMAND_OK ? COMMAND_TROUBLE : status;
	}
	return status;
}

int
main(int argc, char **argv)
{
	struct error error = { "" };
	const struct command *command;

	reserve_for_json();
	/* widths of characters need a UTF-8 locale; containers often have none set */
	if (!setlocale(LC_CTYPE, "") || strcmp(nl_langinfo(CODESET), "UTF-8") != 0)
		setlocale(LC_CTYPE, "C.UTF-8");
	if (argc < 2) {
		command_print_help(NULL);
		return COMMAND_TROUBLE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
		return command_help(argc - 1, argv + 1, &error);
	if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0)
		return command_version(1, argv + 1, &error);
	if (argv[1][0] == '-') {
		command_trouble(&error, "unknown option %s; see: shapebox help", argv[1]);
		return main_finish(COMMAND_TROUBLE, false, &error);
	}
	command = command_find(argv[1]);
	if (!command) {
		command_unknown(argv[1], &error);
		return main_finish(COMMAND_TROUBLE, false, &error);
	}
	return main_finish(command->run(argc - 1, argv + 1, &error), command->run == command_run, &error);
}
