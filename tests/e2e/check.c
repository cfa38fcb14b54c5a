/* Runs one case: the program with and without shapebox, then every expectation on what was reported. */
#include "tests/e2e/case.h"
#include "tests/e2e/expect.h"
#include "tests/e2e/process.h"
#include "tests/e2e/sql.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ARGUMENTS 48

struct run {
	const struct test_case *test_case;
	const struct places *places;
	int failures;
};

static void __attribute__((format(printf, 2, 3)))
complain(struct run *run, const char *format, ...)
{
	va_list arguments;

	run->failures++;
	printf("    ");
	va_start(arguments, format);
	vprintf(format, arguments);
	va_end(arguments);
	printf("\n");
}

/* An argument list, with room for the strings. */
struct command { char text[8192]; size_t used; char *argv[ARGUMENTS]; int count; };

static void
command_add(struct command *command, const char *format, ...)
{
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(command->text + command->used, sizeof command->text - command->used, format, arguments);
	va_end(arguments);
	if (command->count + 1 >= ARGUMENTS || command->used + (size_t)length + 1 >= sizeof command->text) {
		fprintf(stderr, "the case's command is too long\n");
		exit(2);
	}
	command->argv[command->count++] = command->text + command->used;
	command->argv[command->count] = NULL;
	command->used += (size_t)length + 1;
}

/* Words of TEXT; `python` and `torchrun` are those of the tests, {bin}/WORD is another command of theirs, {program} is the
 * program's path, {programs} the folder of all. */
static void
command_add_words(struct command *command, const struct run *run, const char *text)
{
	char *copy = strdup(text), *rest = copy, *word;

	while ((word = strsep(&rest, " ")) != NULL) {
		if (*word == '\0')
			continue;
		if (strcmp(word, "python") == 0 || strcmp(word, "torchrun") == 0)
			command_add(command, "%s/%s", run->places->python, word);
		else if (strncmp(word, "{bin}/", 6) == 0)
			command_add(command, "%s/%s", run->places->python, word + 6);
		else if (strncmp(word, "{programs}/", 11) == 0)
			command_add(command, "%s/%s", run->places->programs, word + 11);
		else if (strcmp(word, "{program}") == 0)
			command_add(command, "%s/%s", run->places->programs, run->test_case->program);
		else
			command_add(command, "%s", word);
	}
	free(copy);
}

static char *
read_output(struct run *run, const char *path)
{
	char *text = file_text(path, NULL);

	if (text == NULL) {
		complain(run, "%s: not there", path);
		text = strdup("");
	}
	return text;
}

/* The last line that says anything, without the newline: TEXT is cut. */
static char *
last_line(char *text)
{
	char *newline;

	for (;;) {
		newline = strrchr(text, '\n');
		if (newline == NULL)
			return text;
		if (newline[1] != '\0')
			return newline + 1;
		*newline = '\0';
	}
}

static void
check_same(struct run *run)
{
	const struct test_case *c = run->test_case;
	struct command bare = { .count = 0 };
	struct process_result result;
	char *out, *err, *bare_out, *bare_err;

	command_add_words(&bare, run, c->run);
	result = process_run(bare.argv, "bare.out", "bare.err", c->timeout_s);
	if (result.timed_out)
		complain(run, "without shapebox: no end within %d s", c->timeout_s);
	if (result.status != c->exit_status)
		complain(run, "without shapebox: exit status %d, expected %d", result.status, c->exit_status);
	out = read_output(run, "run.out");
	err = read_output(run, "run.err");
	bare_out = read_output(run, "bare.out");
	bare_err = read_output(run, "bare.err");
	if (strcmp(out, bare_out) != 0)
		complain(run, "standard output differs: run.out, bare.out");
	if (strstr(err, last_line(bare_err)) == NULL)
		complain(run, "standard error lacks the bare program's last line: %.200s", last_line(bare_err));
	free(out);
	free(err);
	free(bare_out);
	free(bare_err);
}

static void
check_fixed(struct run *run)
{
	const struct test_case *c = run->test_case;
	struct command fixed = { .count = 0 };
	struct process_result result;
	char *err;

	if (c->fixed == NULL)
		return;
	command_add_words(&fixed, run, c->run);
	command_add_words(&fixed, run, c->fixed);
	result = process_run(fixed.argv, "fixed.out", "fixed.err", c->timeout_s);
	if (result.timed_out)
		complain(run, "with %s: no end within %d s", c->fixed, c->timeout_s);
	else if (result.status != 0) {
		err = read_output(run, "fixed.err");
		complain(run, "with %s: exit status %d, expected 0: %.200s", c->fixed, result.status, last_line(err));
		free(err);
	}
}

int
case_check_fixed(const struct test_case *c, const struct places *places)
{
	struct run run = { c, places, 0 };

	check_fixed(&run);
	return run.failures;
}

/* TEXT as `contains "..."`, `lacks "..."`, `empty`, `at most N lines`, `width N`. */
static void
check_text(struct run *run, const char *what, const char *path, const struct case_line *line)
{
	char *text = read_output(run, path), *first, *last;
	int limit, lines = 0, width = 0, column = 0;

	first = strchr(line->text, '"');
	last = strrchr(line->text, '"');
	for (const char *at = text; *at != '\0'; at++) {
		if (*at == '\n') {
			lines++;
			column = 0;
		} else if (((unsigned char)*at & 0xc0) != 0x80 && ++column > width)
			width = column;
	}
	if (strcmp(line->text, "empty") == 0) {
		if (*text != '\0')
			complain(run, "line %d: %s isn't empty: %.200s", line->number, what, text);
	} else if (sscanf(line->text, "at most %d lines", &limit) == 1) {
		if (lines > limit || lines == 0)
			complain(run, "line %d: %s has %d lines, at most %d expected", line->number, what, lines, limit);
	} else if (sscanf(line->text, "width %d", &limit) == 1) {
		if (width > limit)
			complain(run, "line %d: %s is %d columns wide, at most %d expected", line->number, what, width, limit);
	} else if (first != NULL && last > first) {
		bool wanted = strncmp(line->text, "contains ", 9) == 0;
		char *needle = strndup(first + 1, (size_t)(last - first - 1));

		if (!wanted && strncmp(line->text, "lacks ", 6) != 0)
			complain(run, "line %d: can't be read: %s", line->number, line->text);
		else if ((strstr(text, needle) != NULL) != wanted)
			complain(run, "line %d: %s %s \"%s\"", line->number, what, wanted ? "lacks" : "has", needle);
		free(needle);
	} else
		complain(run, "line %d: can't be read: %s", line->number, line->text);
	free(text);
}

static json_t *
report_json(struct run *run)
{
	struct command command = { .count = 0 };
	struct process_result result;
	json_error_t error;
	json_t *root;
	int expected;

	command_add(&command, "%s/shapebox", run->places->build);
	command_add(&command, "report");
	command_add(&command, "trace");
	result = process_run(command.argv, "report.txt", "report.err", 60);
	command_add(&command, "--format");
	command_add(&command, "json");
	expected = result.status;
	result = process_run(command.argv, "report.json", "report.err", 60);
	if (expected != result.status)
		complain(run, "`report` ends with %d as text and with %d as JSON", expected, result.status);
	root = json_load_file("report.json", JSON_REJECT_DUPLICATES, &error);
	if (root == NULL) {
		char *err = read_output(run, "report.err");

		complain(run, "report.json: %s (line %d); status %d; %.300s", error.text, error.line, result.status, err);
		free(err);
		return NULL;
	}
	expected = json_is_object(json_object_get(root, "failure")) ? 1 : 0;
	if (run->test_case->report_status >= 0)
		expected = run->test_case->report_status;
	if (result.status != expected)
		complain(run, "`report` ends with %d, expected %d", result.status, expected);
	return root;
}

/* What `shapebox repro` makes of the failure: a program, for the runner to try with the others', or a reason why not. Of an operation
 * that failed there is one, unless the case says otherwise. */
static void
check_repro(struct run *run, const json_t *root)
{
	const json_t *failure = json_object_get(root, "failure"), *exception = json_object_get(failure, "exception");
	const char *kind = json_string_value(json_object_get(failure, "kind")), *reason = run->test_case->no_repro;
	struct command command = { .count = 0 };
	struct process_result result;
	char path[4096], *err;
	json_t *wanted;
	bool must;

	command_add(&command, "%s/shapebox", run->places->build);
	command_add(&command, "repro");
	command_add(&command, "trace");
	command_add(&command, "-o");
	command_add(&command, "%s/%s/%s.py", run->places->work, CASE_REPROS, run->test_case->name);
	result = process_run(command.argv, "repro.out", "repro.err", 60);
	err = read_output(run, "repro.err");
	snprintf(path, sizeof path, "%s/%s/%s.json", run->places->work, CASE_REPROS, run->test_case->name);
	wanted = json_pack("{s:O?, s:O?}", "told", exception, "own", json_object_get(failure, "exception_native"));
	if (result.status == 0 && json_dump_file(wanted, path, 0) != 0)
		complain(run, "%s: can't be written", path);
	json_decref(wanted);
	must = !reason && kind && strcmp(kind, "operation") == 0;
	if (result.status != (must ? 0 : 1) && (result.status != 0 || reason || !kind))
		complain(run, "`repro` ends with %d: %s", result.status, err);
	if (reason && strstr(err, reason) == NULL)
		complain(run, "`repro` gives another reason than \"%s\": %s", reason, err);
	free(err);
}

/* What `shapebox NAME` (diff, check) says about the trace, in NAME.txt and NAME.json; its status follows from that. */
static json_t *
command_json(struct run *run, const char *name)
{
	struct command command = { .count = 0 };
	struct process_result text, json;
	char to_text[32], to_json[32], errors[32];
	json_t *root;
	bool found;

	snprintf(to_text, sizeof to_text, "%s.txt", name);
	snprintf(to_json, sizeof to_json, "%s.json", name);
	snprintf(errors, sizeof errors, "%s.err", name);
	command_add(&command, "%s/shapebox", run->places->build);
	command_add(&command, "%s", name);
	command_add(&command, "trace");
	text = process_run(command.argv, to_text, errors, 60);
	command_add(&command, "--format");
	command_add(&command, "json");
	json = process_run(command.argv, to_json, errors, 60);
	root = json_load_file(to_json, JSON_REJECT_DUPLICATES, NULL);
	found = json_is_object(json_object_get(root, "first_failure")) || json_is_object(json_object_get(root, "first_divergence")) ||
		json_array_size(json_object_get(root, "ranks_missing")) > 0 || json_array_size(json_object_get(root, "findings")) > 0;
	if (text.status != json.status || json.status != (root ? found : 2))
		complain(run, "`%s` ends with %d as text and with %d as JSON; %d expected", name, text.status, json.status, found);
	return root;
}

/* The same, once, and only if a line asks for it. NULL where none does, or there is none: *BAD then. */
static json_t *
json_for(struct run *run, enum case_subject subject, const char *name, bool *bad)
{
	const struct test_case *c = run->test_case;
	json_t *root = NULL;

	for (int i = 0; i < c->line_count && !root && !*bad; i++)
		if (c->lines[i].subject == subject)
			*bad = (root = command_json(run, name)) == NULL;
	return root;
}

static void
check_line(struct run *run, json_t *root, json_t *diff, json_t *found, const struct case_line *line)
{
	struct expect_context context = { run->places->programs, run->test_case->program };
	char why[2048];

	switch (line->subject) {
	case CASE_EXPECT:
		if (!expect_holds(root, line->text, &context, why, sizeof why))
			complain(run, "line %d: %s\n      %s", line->number, line->text, why);
		break;
	case CASE_DIFF:
		if (!expect_holds(diff, line->text, &context, why, sizeof why))
			complain(run, "line %d: %s\n      %s", line->number, line->text, why);
		break;
	case CASE_CHECK:
		if (!expect_holds(found, line->text, &context, why, sizeof why))
			complain(run, "line %d: %s\n      %s", line->number, line->text, why);
		break;
	case CASE_SQL:
		if (!sql_holds(root, "trace", line->text, why, sizeof why))
			complain(run, "line %d: %s\n      %s", line->number, line->text, why);
		break;
	case CASE_TEXT:
		check_text(run, "the report's text", "report.txt", line);
		break;
	case CASE_STDERR:
		check_text(run, "standard error", "run.err", line);
		break;
	case CASE_STDOUT:
		check_text(run, "standard output", "run.out", line);
		break;
	}
}

/* Are the Python modules there that the case needs? They need not be: says which isn't. */
static bool
has_needed(const struct run *run)
{
	struct command command = { .count = 0 };
	char *missing;
	bool all;

	if (!run->test_case->needs[0])
		return true;
	command_add(&command, "%s/python", run->places->python);
	command_add(&command, "-c");
	command_add(&command, "import importlib.util, sys; print(*(m for m in sys.argv[1:] if not importlib.util.find_spec(m)))");
	command_add_words(&command, run, run->test_case->needs);
	all = process_run(command.argv, "needs.out", "needs.err", 60).status == 0;
	missing = file_text("needs.out", NULL);
	all = all && missing && strcmp(missing, "\n") == 0;
	if (!all)
		printf("skipped: not installed: %s\n", missing && *missing ? missing : run->test_case->needs);
	free(missing);
	return all;
}

int
case_check(const struct test_case *c, const struct places *places)
{
	struct run run = { c, places, 0 };
	struct command traced = { .count = 0 };
	struct process_result result;
	json_t *root, *diff, *found;
	bool bad = false;

	process_adopt();
	if (!has_needed(&run))
		return CASE_SKIPPED;
	for (int i = 0; i < c->environment_count; i++)
		putenv(c->environment[i]);
	command_add(&traced, "%s/shapebox", places->build);
	command_add(&traced, "run");
	command_add_words(&traced, &run, c->options);
	command_add(&traced, "--output");
	command_add(&traced, "trace");
	command_add(&traced, "--");
	command_add_words(&traced, &run, c->run);
	result = process_run(traced.argv, "run.out", "run.err", c->timeout_s);
	if (result.timed_out)
		complain(&run, "no end within %d s", c->timeout_s);
	if (result.status != c->exit_status)
		complain(&run, "exit status %d, expected %d", result.status, c->exit_status);
	if (c->same == CASE_SAME_ALWAYS || (c->same == CASE_SAME_WHOLE && places->whole))
		check_same(&run);
	if (places->whole)
		check_fixed(&run);
	root = report_json(&run);
	if (root != NULL)
		check_repro(&run, root);
	diff = json_for(&run, CASE_DIFF, "diff", &bad);
	found = json_for(&run, CASE_CHECK, "check", &bad);
	for (int i = 0; i < c->line_count && root != NULL && !bad; i++)
		check_line(&run, root, diff, found, &c->lines[i]);
	run.failures += bad;
	json_decref(diff);
	json_decref(found);
	json_decref(root);
	return run.failures;
}
