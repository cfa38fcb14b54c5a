/*
 * shapebox run: what the user typed is checked first; then whatever the machine refuses costs the recording, never the
 * run. The report at the end is that of `shapebox report`.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../schema/box.h"
#include "../../schema/config.h"
#include "../analysis/contract/contract.h"
#include "../rendering/contract_text.h"
#include "../rendering/page.h"
#include "../rendering/report_text.h"
#include "../rendering/terminal.h"
#include "command.h"
#include "run_options.h"
#include "run_parts.h"
#include "traces.h"

/* What was typed: how to record, and what `run` does by itself. */
struct run_typed { struct run_values values; int64_t check_after; const char *contract; };

const struct option_row command_run_options[] = {
	{ "check-after", 0, OPTION_COUNT, offsetof(struct run_typed, check_after), "STEPS", NULL,
	  "print what `check` finds once, after so many training steps" },
	{ "assert", 0, OPTION_TEXT, offsetof(struct run_typed, contract), "FILE", NULL,
	  "hold the run against this contract of `assert --save` when it has ended" },
#define CONFIG(id, variable, kind, fallback, option, letter, argument, help) \
	RUN_OPTION_ROW(id, kind, fallback, option, letter, argument, help)
#define CONFIG_VARIABLE(id, variable, kind, fallback, help)
#include "../../schema/config.def"
#undef CONFIG
#undef CONFIG_VARIABLE
	{ 0 }
};

/* One line on stderr; arguments may be anything. */
static void __attribute__((format(printf, 1, 2)))
run_say(const char *format, ...)
{
	struct page page = { 0 };
	char *line = NULL;
	va_list arguments;

	va_start(arguments, format);
	if (vasprintf(&line, format, arguments) >= 0) {
		page_safe(&page, line);
		fprintf(stderr, "shapebox: %s\n", page_string(&page));
		free(line);
	}
	va_end(arguments);
	page_free(&page);
}

/* 0, or the status of a shell for a command that can't be started. */
static int
run_check_command(char **argv, char program[PATH_MAX], struct error *error)
{
	int status = run_find_program(argv[0], program);
	const char *end = strrchr(argv[0], '.');

	if (status == 0)
		return 0;
	if (end && strcmp(end, ".py") == 0 && access(argv[0], R_OK) == 0)
		command_trouble(error, "run: %s is not a command; did you mean: shapebox run -- python %s", argv[0], argv[0]);
	else if (status == 126)
		command_trouble(error, "run: %s: not executable", argv[0]);
	else
		command_trouble(error, "run: %s: command not found", argv[0]);
	return status;
}

/* Get ready to record. False, said in one line, where the run goes on without. */
static bool
run_prepare(const char *program, const char *job, char directory[PATH_MAX], bool *joined, char *preload, size_t preload_size)
{
	char library[PATH_MAX], python[PATH_MAX];
	const char *before = getenv("LD_PRELOAD");
	struct error error = { "" }, notice = { "" };
	bool on = false;

	config_flag(config_text(CONFIG_DISABLE), &on);
	if (on) {
		run_say("SHAPEBOX_DISABLE is set: running without recording");
		return false;
	}
	if (!run_find_library(library, &error)) {
		run_say("running without recording: %s", error.text);
		return false;
	}
	if (before && before[0] && strstr(before, library))
		snprintf(preload, preload_size, "%s", before); /* run under run */
	else
		snprintf(preload, preload_size, "%s%s%s", library, before && before[0] ? ":" : "", before ? before : "");
	if (!run_probe(preload, run_find_python(program, python) ? python : NULL, &error)) {
		run_say("running without recording: %s", error.text);
		return false;
	}
	if (!run_directory_make(config_text(CONFIG_OUTPUT), job, directory, joined, &notice, &error)) {
		run_say("running without recording: %s", error.text);
		return false;
	}
	if (notice.text[0])
		run_say("%s", notice.text);
	return true;
}

/* DIRECTORY as the user would type it here. */
static const char *
run_short(const char *directory)
{
	char cwd[PATH_MAX];
	size_t size;

	if (!getcwd(cwd, sizeof cwd))
		return directory;
	size = strlen(cwd);
	return strncmp(directory, cwd, size) == 0 && directory[size] == '/' ? directory + size + 1 : directory;
}

/* Nothing was recorded: an empty trace would only be in the way. */
static void
run_nothing(const struct run_child *child, bool quiet)
{
	static const char *const names[] = { "run.json", ".gitignore", BOX_STARTS_FILE };
	char path[PATH_MAX + 16], why[1024];

	run_nothing_why(child, why, sizeof why);
	for (unsigned i = 0; !child->joined && i < sizeof names / sizeof names[0]; i++) {
		snprintf(path, sizeof path, "%s/%s", child->directory, names[i]);
		unlink(path);
	}
	rmdir(child->directory);
	if (!quiet || child->exit_status != 0)
		run_say("nothing recorded: %s", why);
}

static void
run_healthy_line(const char *directory, json_t *report)
{
	json_t *processes = json_object_get(report, "processes"), *process;
	const json_t *merged = json_object_get(report, "merged");
	int64_t operations = json_integer_value(json_object_get(merged, "events"));
	int64_t count = (int64_t)json_array_size(processes) + json_integer_value(json_object_get(merged, "processes"));
	struct page page = { 0 };
	size_t i;

	json_array_foreach(processes, i, process)
		operations += json_integer_value(json_object_get(process, "events"));
	page_add(&page, SAY("shapebox: trace in "));
	page_safe(&page, run_short(directory));
	page_add(&page, " (");
	page_plural(&page, count, SAY("process"), SAY("processes"));
	page_add(&page, ", ");
	page_plural(&page, operations, SAY("operation"), SAY("operations"));
	if (report_unheard(report))
		page_format(&page, SAY(": this torch is older than %s, and not recorded"), REPORT_TORCH_OLDEST);
	page_add(&page, "); ");
	if (json_array_size(json_object_get(report, "findings")))
		page_format(&page, SAY("%zu found: "), json_array_size(json_object_get(report, "findings")));
	page_add(&page, "shapebox report ");
	page_safe(&page, run_short(directory));
	page_add(&page, "\n");
	page_print(&page, stderr, false);
	page_free(&page);
}

/* The first departure from CONTRACT; that there is none is said to who wants to know. */
static void
run_assert(struct trace *trace, const struct contract *contract, const char *path, bool quiet)
{
	struct error error = { "" };
	json_t *held = contract_hold(contract, trace, &error);
	const json_t *departure = json_object_get(held, "departure");
	struct page page = { 0 };

	if (!held) {
		run_say("%s", error.text);
	} else if (!quiet) {
		contract_text(&page, held, path, terminal_columns(stderr));
		page_print(&page, stderr, terminal_color(stderr));
	} else if (json_is_object(departure)) {
		run_say("departs from %s in step %lld: %s", path, (long long)json_integer_value(json_object_get(departure, "step")),
			json_string_value(json_object_get(departure, "text")));
	}
	page_free(&page);
	json_decref(held);
}

static void
run_report(const struct run_child *child, const struct contract *contract, const char *path, bool quiet)
{
	struct error error = { "" };
	struct trace_place place;
	struct trace *trace = NULL;
	json_t *report = NULL, *failure;
	struct page page = { 0 };
	bool failed = child->exit_status != 0;

	if (traces_is(child->directory, &place) && !place.data) {
		run_nothing(child, quiet);
		return;
	}
	command_language("run", NULL, stderr, &error);
	trace = trace_open(run_short(child->directory), &error);
	report = trace ? traces_report(trace, &error) : NULL;
	if (!report) {
		run_say(SAY("%s; what was recorded stays: once that is repaired, shapebox report %s"), error.text, run_short(child->directory));
		goto out;
	}
	failure = json_object_get(report, "failure");
	if (json_is_object(failure))
		failed = true;
	if (!failed) {
		if (!quiet)
			run_healthy_line(child->directory, report);
	} else if (quiet) {
		const char *headline = json_string_value(json_object_get(failure, "headline"));

		run_say("%s; shapebox report %s", headline ? headline : SAY("the run failed"), run_short(child->directory));
	} else {
		report_text(&page, report, terminal_columns(stderr));
		page_print(&page, stderr, terminal_color(stderr));
	}
	if (contract)
		run_assert(trace, contract, path, quiet);
out:
	page_free(&page);
	json_decref(report);
	if (trace)
		trace_close(trace);
}

static void
run_started(struct run_child *child)
{
	if (child->preload)
		run_record_write(child);
	if (child->preload && child->check_after > 0)
		run_check_after(child, child->check_after);
}

int
command_run(int argc, char **argv, struct error *error)
{
	struct run_typed typed = { 0 };
	struct run_child child = { 0 };
	char program[PATH_MAX], directory[PATH_MAX] = "", job[256];
	size_t preload_size = PATH_MAX + (getenv("LD_PRELOAD") ? strlen(getenv("LD_PRELOAD")) : 0) + 2;
	struct contract *contract = NULL;
	char *preload = NULL;
	int rest, status;
	bool quiet = false;

	if (!command_parse("run", &typed, argc, argv, true, &rest, &status, error) || !run_options_apply("run", &typed.values, error))
		return error->text[0] ? COMMAND_TROUBLE : status;
	if (rest == argc)
		return command_trouble(error, "run: no command to run; such as: shapebox run -- python train.py");
	status = run_check_command(argv + rest, program, error);
	if (status != 0)
		return status;
	if (typed.contract && !(contract = contract_read(typed.contract, error)))
		return COMMAND_TROUBLE;
	config_flag(config_text(CONFIG_QUIET), &quiet);
	child.argv = argv + rest;
	child.check_after = typed.check_after;
	child.directory = directory;
	run_job_name(child.argv, job, sizeof job);
	child.job = job;
	preload = malloc(preload_size);
	if (preload && run_prepare(program, job, directory, &child.joined, preload, preload_size))
		child.preload = preload;
	if (!run_child(&child, run_started)) {
		status = child.error_number == ENOENT ? 127 : 126;
		command_trouble(error, "run: %s: %s", argv[rest], strerror(child.error_number));
		if (child.preload)
			run_nothing(&child, true);
		goto out;
	}
	status = child.signal ? COMMAND_SIGNAL + child.signal : child.exit_status;
	if (child.preload) {
		char starts[PATH_MAX + 16];

		run_record_write(&child);
		run_report(&child, contract, typed.contract, quiet);
		snprintf(starts, sizeof starts, "%s/" BOX_STARTS_FILE, directory);
		unlink(starts);
	}
out:
	contract_free(contract);
	free(preload);
	return status;
}
