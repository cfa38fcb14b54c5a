/*
 * shapebox lineage: where a tensor, or one of its sizes, came from.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../analysis/lineage/lineage.h"
#include "../analysis/text.h"
#include "../rendering/page.h"
#include "../rendering/report_parts.h"
#include "../rendering/terminal.h"
#include "command.h"
#include "traces.h"

struct lineage_values { int64_t rank, pid; const char *trace, *language; bool json; };

const struct option_row command_lineage_options[] = {
	{ "trace", 'd', OPTION_TEXT, offsetof(struct lineage_values, trace), "DIR", "the newest here", "the trace to look in" },
	{ "rank", 'r', OPTION_COUNT, offsetof(struct lineage_values, rank), "R", "the process that failed, else the first", "of this rank" },
	{ "pid", 'p', OPTION_COUNT, offsetof(struct lineage_values, pid), "PID", NULL, "of this process" },
	OPTION_ROWS_JSON(lineage_values),
	OPTION_ROW_LANGUAGE(lineage_values),
	{ 0 }
};

/* The process that was asked for; without a wish the one that failed, else the first. -1: there is none. */
static int
lineage_process(const struct trace *trace, const struct lineage_values *values)
{
	int count = trace_process_count(trace), first = -1;

	for (int i = 0; i < count; i++) {
		const struct process *process = trace_process(trace, i);

		if ((values->rank >= 0 && (process->rank != values->rank || strcmp(process->role, "worker") == 0)) ||
		    (values->pid >= 0 && process->pid != values->pid))
			continue;
		if (first < 0)
			first = i;
		if (strcmp(process->status, "failed") == 0 && strcmp(process->role, "launcher") != 0)
			return i;
	}
	return first;
}

static void
lineage_text(json_t *lineage)
{
	json_t *part, *line;
	struct page page = { 0 };
	size_t i, n;

	json_array_foreach(json_object_get(lineage, "lineage"), i, part) {
		if (report_string(part, "operand")[0]) {
			page_add(&page, PAGE_STRONG);
			page_words(&page, report_string(part, "operand"));
			page_add(&page, PAGE_END "\n");
		}
		json_array_foreach(json_object_get(part, "lines"), n, line) {
			struct page words = { 0 };

			page_words(&words, json_string_value(line));
			page_add(&page, "  ");
			page_wrap(&page, 4, terminal_columns(stdout), 0, page_string(&words));
			page_free(&words);
		}
	}
	if (json_array_size(json_object_get(lineage, "lineage")) == 0)
		page_format(&page, "%s\n", SAY("it has no tensor operand: nothing led here"));
	report_line(&page, SAY("origin"), report_string(json_object_get(lineage, "origin"), "text"), terminal_columns(stdout), 4);
	page_print(&page, stdout, terminal_color(stdout));
	page_free(&page);
}

int
command_lineage(int argc, char **argv, struct error *error)
{
	struct lineage_values values = { .rank = -1, .pid = -1 };
	struct page what = { 0 };
	struct trace *trace = NULL;
	json_t *lineage = NULL;
	bool chosen;
	int rest, status, process, result = COMMAND_TROUBLE;

	if (!command_parse("lineage", &values, argc, argv, false, &rest, &status, error))
		return status;
	if (!values.json && !command_language("lineage", values.language, stdout, error))
		return COMMAND_TROUBLE;
	if (rest == argc)
		return command_trouble(error, "lineage: of what? such as: shapebox lineage tensor 45, or event 123, or "
					      "123:tensors[1].0");
	if (!values.trace && rest + 1 < argc && !text_among("event tensor", argv[rest]) && access(argv[rest], F_OK) == 0)
		values.trace = argv[rest++]; /* as the other commands take it */
	for (int i = rest; i < argc; i++) {
		page_add(&what, i > rest ? " " : "");
		page_add(&what, argv[i]);
	}
	trace = traces_open(values.trace, &chosen, error);
	if (!trace)
		goto out;
	process = lineage_process(trace, &values);
	if (process < 0) {
		command_trouble(error, "lineage: no such process in %s", trace_directory(trace));
		goto out;
	}
	lineage = lineage_build(trace, process, page_string(&what), error);
	if (!lineage)
		goto out;
	result = COMMAND_OK;
	if (values.json) {
		char *text = json_dumps(lineage, JSON_INDENT(1));

		puts(text ? text : "{}");
		free(text);
	} else {
		lineage_text(lineage);
	}
out:
	page_free(&what);
	json_decref(lineage);
	if (trace)
		trace_close(trace);
	return result;
}
