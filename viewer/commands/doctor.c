/*
 * shapebox doctor: starts a small PyTorch program under the library and tells what was verified.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../schema/config.h"
#include "../rendering/page.h"
#include "../rendering/terminal.h"
#include "command.h"
#include "doctor_cuda.h"
#include "run_parts.h"
#include "traces.h"

struct doctor_values { const char *python; bool json; };

const struct option_row command_doctor_options[] = {
	{ "python", 'p', OPTION_TEXT, offsetof(struct doctor_values, python), "PATH", "python3, else python, of PATH", "the Python to look at" },
	OPTION_ROWS_JSON(doctor_values),
	{ 0 }
};

/* Meets everything that the library verifies: operations, a backward, an exception of an operation. */
static const char doctor_program[] =
	"import sys\n"
	"print(sys.version.split()[0], flush=True)\n"
	"import torch\n"
	"print(torch.__version__, flush=True)\n"
	"a = torch.ones(2, 3, requires_grad=True)\n"
	"(a @ a.T).sum().backward()\n"
	"try:\n"
	"    a @ a\n"
	"except RuntimeError:\n"
	"    pass\n"
	DOCTOR_CUDA_PROGRAM;

struct doctor {
	char library[PATH_MAX], python[PATH_MAX], directory[PATH_MAX];
	char python_version[64], torch_version[64];
	char problem[512];  /* what stopped it, in one sentence */
	int status;         /* of the program, as waitpid gives it */
	json_t *checks, *degraded, *cuda;
	int64_t operations;
};

/* Run the program. Its first lines are the versions; its last line of stderr says what went wrong. */
static void
doctor_run(struct doctor *doctor)
{
	char output[16384], *newline;
	size_t used = 0;
	ssize_t size;
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) != 0 || (pid = fork()) < 0) {
		snprintf(doctor->problem, sizeof doctor->problem, "no process can be started: %s", strerror(errno));
		return;
	}
	if (pid == 0) {
		const char *before = getenv("LD_PRELOAD");
		char preload[2 * PATH_MAX];

		snprintf(preload, sizeof preload, "%s%s%s", doctor->library, before && before[0] ? ":" : "", before ? before : "");
		setenv("LD_PRELOAD", preload, 1);
		setenv(config_rows[CONFIG_RUN].variable, "1", 1);
		setenv(config_rows[CONFIG_OUTPUT].variable, doctor->directory, 1);
		unsetenv(config_rows[CONFIG_DISABLE].variable);
		dup2(ends[1], STDOUT_FILENO);
		dup2(ends[1], STDERR_FILENO);
		execl(doctor->python, doctor->python, "-c", doctor_program, (char *)NULL);
		_exit(127);
	}
	close(ends[1]);
	while ((size = read(ends[0], output + used, sizeof output - 1 - used)) > 0) {
		used += (size_t)size;
		if (used == sizeof output - 1) { /* keep the beginning and the newest end */
			memmove(output + 1024, output + 2048, used - 2048);
			used -= 1024;
		}
	}
	close(ends[0]);
	output[used] = 0;
	waitpid(pid, &doctor->status, 0);
	newline = strchr(output, '\n');
	if (newline && newline - output < 32) {
		snprintf(doctor->python_version, sizeof doctor->python_version, "%.*s", (int)(newline - output), output);
		if (doctor->status == 0 && newline[1])
			snprintf(doctor->torch_version, sizeof doctor->torch_version, "%.*s", (int)strcspn(newline + 1, "\n"),
				 newline + 1);
	}
	if (doctor->status == 0) {
		doctor->cuda = doctor_cuda_parse(output);
		return;
	}
	while (used > 0 && output[used - 1] == '\n')
		output[--used] = 0;
	newline = strrchr(output, '\n');
	if (WIFSIGNALED(doctor->status))
		snprintf(doctor->problem, sizeof doctor->problem, "the test program died of signal %d", WTERMSIG(doctor->status));
	else
		snprintf(doctor->problem, sizeof doctor->problem, "%.400s", newline ? newline + 1 : output);
}

static void
doctor_check(const char *name, const char *result, const char *text, void *context)
{
	struct doctor *doctor = context;

	json_array_append_new(doctor->checks, json_pack("{s:s, s:s, s:s}", "name", name, "result", result, "text", text));
}

static void
doctor_degraded(const char *name, int64_t count, const char *text, void *context)
{
	struct doctor *doctor = context;

	json_array_append_new(doctor->degraded,
			      json_pack("{s:s, s:I, s:s}", "name", name, "count", (json_int_t)count, "text", text));
}

static void
doctor_read(struct doctor *doctor)
{
	struct error error = { "" };
	struct trace_place place;
	struct trace *trace = NULL;

	if (!traces_is(doctor->directory, &place) || !place.data) {
		snprintf(doctor->problem, sizeof doctor->problem, "the library recorded nothing although torch was loaded");
		return;
	}
	trace = trace_open(doctor->directory, &error);
	if (!trace || trace_process_count(trace) == 0) {
		snprintf(doctor->problem, sizeof doctor->problem, "%s", error.text[0] ? error.text : "the trace is empty");
	} else {
		doctor->operations = trace_process(trace, 0)->events;
		trace_each_check(trace, 0, doctor_check, doctor);
		trace_each_degraded(trace, 0, doctor_degraded, doctor);
		doctor_cuda_count(doctor->cuda, trace);
	}
	if (trace)
		trace_close(trace);
}

/* The temporary trace; nothing else is ever in it. */
static void
doctor_clean(const struct doctor *doctor, struct error *ignored)
{
	char *words[] = { "rm", "--force", (char *)doctor->directory, NULL };

	command_rm(3, words, ignored);
	rmdir(doctor->directory);
}

static int
doctor_json(const struct doctor *doctor, int result)
{
	json_t *json = json_pack("{s:s, s:s, s:s?, s:s?, s:I, s:O, s:O, s:O?, s:s?, s:b}", "library", doctor->library, "python",
				 doctor->python, "python_version", doctor->python_version[0] ? doctor->python_version : NULL,
				 "torch", doctor->torch_version[0] ? doctor->torch_version : NULL, "operations",
				 (json_int_t)doctor->operations, "checks", doctor->checks, "degraded", doctor->degraded, "cuda", doctor->cuda, "problem",
				 doctor->problem[0] ? doctor->problem : NULL, "ok", result == COMMAND_OK);
	char *text = json_dumps(json, JSON_INDENT(1));

	puts(text ? text : "{}");
	free(text);
	json_decref(json);
	return result;
}

static void
doctor_line(struct page *page, const char *label, const char *value, const char *more)
{
	page_format(page, PAGE_FAINT "%-9s" PAGE_END, label);
	page_words(page, value);
	if (more[0]) {
		page_add(page, " ");
		page_words(page, more);
	}
	page_add(page, "\n");
}

static void
doctor_text(const struct doctor *doctor)
{
	struct page page = { 0 };
	json_t *row;
	size_t i;

	doctor_line(&page, "library", doctor->library, "");
	doctor_line(&page, "python", doctor->python, doctor->python_version);
	doctor_line(&page, "torch", doctor->torch_version[0] ? doctor->torch_version : "not found", "");
	if (doctor->torch_version[0])
		page_format(&page, PAGE_FAINT "recorded " PAGE_END "%" JSON_INTEGER_FORMAT " operations of a test program\n",
			    (json_int_t)doctor->operations);
	json_array_foreach(doctor->checks, i, row) {
		const char *result = json_string_value(json_object_get(row, "result"));

		if (i == 0)
			page_add(&page, "\n");
		page_format(&page, "%s%-8s" PAGE_END " ", strcmp(result, "ok") == 0 ? PAGE_GOOD : strcmp(result, "failed") == 0 ? PAGE_BAD :
			    PAGE_FAINT, strcmp(result, "failed") == 0 ? "FAILED" : result);
		page_format(&page, "%-28s ", json_string_value(json_object_get(row, "name")));
		page_words(&page, json_string_value(json_object_get(row, "text")));
		page_add(&page, "\n");
	}
	json_array_foreach(doctor->degraded, i, row) {
		page_add(&page, i == 0 ? "\n" PAGE_FAINT "missing  " PAGE_END : "         ");
		if (json_integer_value(json_object_get(row, "count")) > 1) {
			page_count(&page, json_integer_value(json_object_get(row, "count")));
			page_add(&page, " ");
		}
		page_words(&page, json_string_value(json_object_get(row, "text")));
		page_add(&page, "\n");
	}
	doctor_cuda_text(&page, doctor->cuda);
	page_print(&page, stdout, terminal_color(stdout));
	page_free(&page);
}

static bool
doctor_prepare(struct doctor *doctor, const struct doctor_values *values, struct error *error)
{
	const char *root = getenv("TMPDIR");
	struct error why = { "" };

	if (!run_find_library(doctor->library, error))
		return false;
	if (values->python && run_find_program(values->python, doctor->python) != 0) {
		command_trouble(error, "doctor: %s: no such program", values->python);
		return false;
	}
	if (!values->python && run_find_program("python3", doctor->python) != 0 &&
	    run_find_program("python", doctor->python) != 0) {
		command_trouble(error, "doctor: no python3 or python in PATH; name one: shapebox doctor --python PATH");
		return false;
	}
	if (!run_probe(doctor->library, doctor->python, &why)) {
		command_trouble(error, "doctor: %s can't be preloaded: %.300s", doctor->library, why.text);
		return false;
	}
	snprintf(doctor->directory, sizeof doctor->directory, "%s/shapebox-doctor-XXXXXX", root && root[0] ? root : "/tmp");
	if (!mkdtemp(doctor->directory)) {
		command_trouble(error, "doctor: %s: %s", doctor->directory, strerror(errno));
		return false;
	}
	return true;
}

int
command_doctor(int argc, char **argv, struct error *error)
{
	struct doctor_values values = { 0 };
	struct doctor doctor = { .checks = NULL };
	struct error ignored = { "" };
	json_t *row;
	size_t i;
	int rest, status, result;

	if (!command_parse("doctor", &values, argc, argv, false, &rest, &status, error))
		return status;
	if (rest < argc)
		return command_trouble(error, "doctor: what is %s? a Python goes behind --python", argv[rest]);
	if (!doctor_prepare(&doctor, &values, error))
		return COMMAND_TROUBLE;
	doctor.checks = json_array();
	doctor.degraded = json_array();
	terminal_work("starting PyTorch");
	doctor_run(&doctor);
	if (!doctor.problem[0])
		doctor_read(&doctor);
	terminal_done();
	doctor_clean(&doctor, &ignored);
	result = doctor.problem[0] ? COMMAND_TROUBLE : json_array_size(doctor.degraded) || doctor_cuda_is_blind(doctor.cuda) ? COMMAND_FOUND
		 : COMMAND_OK;
	json_array_foreach(doctor.checks, i, row)
		if (result == COMMAND_OK && strcmp(json_string_value(json_object_get(row, "result")), "failed") == 0)
			result = COMMAND_FOUND;
	if (values.json)
		doctor_json(&doctor, result);
	else
		doctor_text(&doctor);
	if (doctor.problem[0])
		command_trouble(error, "doctor: %s", doctor.problem);
	json_decref(doctor.checks);
	json_decref(doctor.degraded);
	json_decref(doctor.cuda);
	return result;
}
