/*
 * shapebox completion: what bash, zsh and fish need to complete shapebox's words, from the tables of commands and options.
 *
 * What an option's argument may be is read from how help shows it: "a|b" is one of these words, DIR a directory, FILE a
 * file; of others nothing is known. Behind `run` stands another program's command line, which is completed as such.
 */
#include <stdio.h>
#include <string.h>

#include "command.h"

const struct option_row command_completion_options[] = { { 0 } };

static bool
completion_is_words(const char *argument)
{
	return argument && strchr(argument, '|') && !strpbrk(argument, "[]. ");
}

/* "a|b" with BETWEEN in place of the bars. */
static void
completion_words(const char *argument, char between)
{
	for (; *argument; argument++)
		putchar(*argument == '|' ? between : *argument);
}

/* TEXT within single quotes. AVOID: characters that a completion system reads as its own, escaped by a backslash. */
static void
completion_quoted(const char *text, const char *avoid)
{
	for (; *text; text++) {
		if (*text == '\'')
			fputs("'\\''", stdout);
		else if (strchr(avoid, *text))
			printf("\\%c", *text);
		else
			putchar(*text);
	}
}

static bool
completion_wants_trace(const struct command *command)
{
	return strstr(command->synopsis, "DIR") != NULL;
}

/* --- bash ----------------------------------------------------------------------------------- */

static void
bash_pattern(const struct command *command)
{
	printf("\t%s%s%s)\n", command->name, command->alias ? "|" : "", command->alias ? command->alias : "");
}

static void
bash_command(const struct command *command)
{
	bash_pattern(command);
	printf("\t\tcase $previous in\n");
	for (const struct option_row *row = command->options; row->name; row++) {
		if (!row->argument)
			continue;
		printf("\t\t--%s", row->name);
		if (row->letter)
			printf("|-%c", row->letter);
		if (completion_is_words(row->argument)) {
			printf(") COMPREPLY=($(compgen -W '");
			completion_words(row->argument, ' ');
			printf("' -- \"$current\")); return ;;\n");
		} else {
			printf(") %s return ;;\n", strcmp(row->argument, "DIR") == 0 ? "compopt -o filenames; COMPREPLY=($(compgen -d -- \"$current\"));"
						 : strcmp(row->argument, "FILE") == 0 ? "compopt -o filenames; COMPREPLY=($(compgen -f -- \"$current\"));"
						 : "");
		}
	}
	printf("\t\tesac\n\t\twords=\"--help");
	for (const struct option_row *row = command->options; row->name; row++)
		printf(" --%s", row->name);
	if (completion_is_words(command->synopsis)) {
		putchar(' ');
		completion_words(command->synopsis, ' ');
	}
	if (command->run == command_help)
		printf(" $commands");
	printf("\" kind=%s ;;\n", command->run == command_run ? "command" : completion_wants_trace(command) ? "directory" : "none");
}

static void
bash_print(void)
{
	printf("# bash completion for shapebox; made by `shapebox completion bash`\n_shapebox()\n{\n"
	       "\tlocal current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} at=1 command= words= kind=none valued=' '\n"
	       "\tlocal commands='");
	for (int i = 0; i < command_count; i++)
		printf("%s%s", i ? " " : "", command_rows[i].name);
	printf("'\n\tCOMPREPLY=()\n"
	       "\t# --option=value stands in three words\n"
	       "\tif [ \"$current\" = '=' ]; then current= ; elif [ \"$previous\" = '=' ]; then previous=${COMP_WORDS[COMP_CWORD-2]}; fi\n"
	       "\tif [ \"$COMP_CWORD\" -gt 1 ]; then command=${COMP_WORDS[1]}; fi\n"
	       "\tcase $command in\n\t'') words=\"$commands --help --version\" ;;\n");
	for (int i = 0; i < command_count; i++)
		bash_command(&command_rows[i]);
	printf("\tesac\n\tif [ $kind = command ]; then\n\t\tvalued=' ");
	for (const struct option_row *row = command_run_options; row->name; row++) {
		if (row->argument)
			printf("--%s ", row->name);
		if (row->argument && row->letter)
			printf("-%c ", row->letter);
	}
	printf("'\n\t\tfor ((at = 2; at < COMP_CWORD; at++)); do\n"
	       "\t\t\tcase ${COMP_WORDS[at]} in\n"
	       "\t\t\t--) at=$((at + 1)); break ;;\n"
	       "\t\t\t-*) case $valued in *\" ${COMP_WORDS[at]} \"*) at=$((at + 1)); [ \"${COMP_WORDS[at]}\" != '=' ] || at=$((at + 1)) ;; esac ;;\n"
	       "\t\t\t*) break ;;\n\t\t\tesac\n\t\tdone\n"
	       "\t\tif [[ $at -lt $COMP_CWORD || ${COMP_WORDS[at-1]} = -- || $current != -* ]]; then\n"
	       "\t\t\tif declare -F _command_offset >/dev/null; then _command_offset $at\n"
	       "\t\t\telif [ $at -lt $COMP_CWORD ]; then compopt -o filenames; COMPREPLY=($(compgen -f -- \"$current\"))\n"
	       "\t\t\telse COMPREPLY=($(compgen -c -- \"$current\")); fi\n\t\t\treturn\n\t\tfi\n\tfi\n"
	       "\tCOMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
	       "\tif [ $kind = directory ] && [[ $current != -* ]]; then compopt -o filenames; COMPREPLY=($(compgen -d -- \"$current\")); fi\n"
	       "}\ncomplete -F _shapebox shapebox\n");
}

/* --- zsh ------------------------------------------------------------------------------------ */

static void
zsh_option(const struct option_row *row)
{
	printf("\t\t\t'");
	if (row->letter)
		printf("(-%c --%s)'{-%c%s,--%s%s}'", row->letter, row->name, row->letter, row->argument ? "+" : "", row->name,
		       row->argument ? "=" : "");
	else
		printf("--%s%s", row->name, row->argument ? "=" : "");
	putchar('[');
	completion_quoted(row->help, "[]\\");
	putchar(']');
	if (row->argument) {
		putchar(':');
		completion_quoted(row->argument, ":[]\\");
		putchar(':');
		if (completion_is_words(row->argument)) {
			putchar('(');
			completion_words(row->argument, ' ');
			putchar(')');
		} else if (strcmp(row->argument, "DIR") == 0) {
			printf("_files -/");
		} else if (strcmp(row->argument, "FILE") == 0) {
			printf("_files");
		}
	}
	printf("' \\\n");
}

static void
zsh_print(void)
{
	printf("#compdef shapebox\n# zsh completion for shapebox; made by `shapebox completion zsh`\n_shapebox() {\n"
	       "\tlocal curcontext=$curcontext state line\n\tlocal -a commands\n\tcommands=(\n");
	for (int i = 0; i < command_count; i++) {
		printf("\t\t'%s:", command_rows[i].name);
		completion_quoted(command_rows[i].help, ":\\");
		printf("'\n");
	}
	printf("\t)\n\t_arguments -C '(- *)--help[help]' '(- *)--version[version]' '1:command:->command' '*::argument:->argument' && return\n"
	       "\tcase $state in\n\tcommand) _describe command commands ;;\n\targument)\n\t\tcase $words[1] in\n");
	for (int i = 0; i < command_count; i++) {
		const struct command *command = &command_rows[i];

		bash_pattern(command);
		printf("\t\t_arguments -s \\\n");
		for (const struct option_row *row = command->options; row->name; row++)
			zsh_option(row);
		printf("\t\t\t'(- *)'{-h,--help}'[this help]'");
		if (command->run == command_run)
			printf(" '(-):program: _command_names -e' '*::argument: _normal'");
		else if (command->run == command_help)
			printf(" '1:command:{_describe command commands}'");
		else if (completion_is_words(command->synopsis))
			fputs(" '1:shell:(", stdout), completion_words(command->synopsis, ' '), fputs(")'", stdout);
		else if (completion_wants_trace(command))
			printf(" '*:trace:_files -/'");
		printf(" ;;\n");
	}
	printf("\t\tesac ;;\n\tesac\n}\nif [ \"$funcstack[1]\" = _shapebox ]; then _shapebox \"$@\"; else compdef _shapebox shapebox; fi\n");
}

/* --- fish ----------------------------------------------------------------------------------- */

static void
fish_option(const struct command *command, const struct option_row *row)
{
	printf("complete -c shapebox -n '__fish_seen_subcommand_from %s%s%s' -l %s", command->name, command->alias ? " " : "",
	       command->alias ? command->alias : "", row->name);
	if (row->letter)
		printf(" -s %c", row->letter);
	if (completion_is_words(row->argument)) {
		printf(" -x -a '");
		completion_words(row->argument, ' ');
		putchar('\'');
	} else if (row->argument) {
		printf(strcmp(row->argument, "DIR") == 0 ? " -x -a '(__fish_complete_directories)'"
		       : strcmp(row->argument, "FILE") == 0 ? " -r" : " -x");
	}
	printf(" -d '");
	for (const char *at = row->help; *at; at++)
		printf(*at == '\'' || *at == '\\' ? "\\%c" : "%c", *at);
	printf("'\n");
}

static void
fish_print(void)
{
	printf("# fish completion for shapebox; made by `shapebox completion fish`\ncomplete -c shapebox -f\n"
	       "complete -c shapebox -l help -s h -d 'this help'\n"
	       "complete -c shapebox -n __fish_use_subcommand -l version -d 'the version'\n");
	for (int i = 0; i < command_count; i++) {
		const struct command *command = &command_rows[i];

		printf("complete -c shapebox -n __fish_use_subcommand -a %s -d '", command->name);
		for (const char *at = command->help; *at; at++)
			printf(*at == '\'' || *at == '\\' ? "\\%c" : "%c", *at);
		printf("'\n");
		for (const struct option_row *row = command->options; row->name; row++)
			fish_option(command, row);
		if (command->run == command_run) {
			printf("complete -c shapebox -n '__fish_seen_subcommand_from %s %s' -a '(__fish_complete_subcommand --fcs-skip=2)'\n",
			       command->name, command->alias);
		} else if (completion_is_words(command->synopsis)) {
			printf("complete -c shapebox -n '__fish_seen_subcommand_from %s' -a '", command->name);
			completion_words(command->synopsis, ' ');
			printf("'\n");
		} else if (completion_wants_trace(command)) {
			printf("complete -c shapebox -n '__fish_seen_subcommand_from %s%s%s' -a '(__fish_complete_directories)'\n",
			       command->name, command->alias ? " " : "", command->alias ? command->alias : "");
		}
	}
}

int
command_completion(int argc, char **argv, struct error *error)
{
	const char *shell;
	int rest, status;

	if (!command_parse("completion", NULL, argc, argv, false, &rest, &status, error))
		return status;
	shell = rest < argc ? argv[rest] : "";
	if (strcmp(shell, "bash") == 0)
		bash_print();
	else if (strcmp(shell, "zsh") == 0)
		zsh_print();
	else if (strcmp(shell, "fish") == 0)
		fish_print();
	else
		return command_trouble(error, "completion: for which shell? one of bash, zsh, fish");
	return COMMAND_OK;
}
