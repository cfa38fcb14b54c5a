/*
 * shapebox page: the report and the newest operations as one HTML file, to look at and to pass on.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../analysis/memory/memory.h"
#include "../rendering/html.h"
#include "../rendering/page.h"
#include "../rendering/terminal.h"
#include "command.h"
#include "output.h"
#include "traces.h"

struct page_values { const char *output, *language; int64_t rows; };

const struct option_row command_page_options[] = {
	{ "output", 'o', OPTION_TEXT, offsetof(struct page_values, output), "FILE", "report.html", "the file to write; - is standard output" },
	{ "rows", 'n', OPTION_COUNT, offsetof(struct page_values, rows), "N", "20000", "operations in its log, the newest; 100000 at most" },
	OPTION_ROW_LANGUAGE(page_values),
	{ 0 }
};

struct page_parts { json_t *reports[2], *log, *memory; enum language language; };

static bool
page_file(FILE *file, void *context)
{
	const struct page_parts *parts = context;

	return html_write(file, parts->reports, parts->log, parts->memory, parts->language);
}

/* The report in every language that the page can be switched to. */
static bool
page_reports(struct trace *trace, json_t *reports[2], struct error *error)
{
	for (enum language language = LANGUAGE_EN; language <= LANGUAGE_ZH; language++) {
		language_set(language);
		reports[language] = traces_report(trace, error);
		if (!reports[language])
			return false;
	}
	return true;
}

/* CUDA's memory in the process whose file is called FAILED (NULL: none failed), else in the first that has any; NULL. */
static json_t *
page_memory(struct trace *trace, const char *failed)
{
	json_t *memory = NULL;

	for (int i = 0; failed && !memory && i < trace_process_count(trace); i++)
		if (strcmp(trace_process(trace, i)->file, failed) == 0)
			memory = memory_process(trace, i);
	for (int i = 0; !memory && i < trace_process_count(trace); i++)
		memory = memory_process(trace, i);
	return memory;
}

int
command_page(int argc, char **argv, struct error *error)
{
	struct page_values values = { .output = "report.html", .rows = 20000 };
	struct trace *trace;
	struct page_parts parts = { { NULL, NULL }, NULL, NULL, LANGUAGE_EN };
	bool chosen;
	const char *word, *failed;
	int rest, status, result = COMMAND_TROUBLE;

	if (!command_parse("page", &values, argc, argv, false, &rest, &status, error))
		return status;
	if (!traces_word("page", argc, argv, rest, &word, error))
		return COMMAND_TROUBLE;
	if (values.rows > HTML_ROWS_MOST)
		return command_trouble(error, "page: --rows is %d at most", HTML_ROWS_MOST);
	if (!command_language("page", values.language, NULL, error))
		return COMMAND_TROUBLE;
	parts.language = language_now();
	trace = traces_open(word, &chosen, error);
	if (!trace)
		return COMMAND_TROUBLE;
	if (!traces_recorded(trace, error))
		goto out;
	if (!page_reports(trace, parts.reports, error))
		goto out;
	failed = json_string_value(json_object_get(json_object_get(json_object_get(parts.reports[0], "failure"), "process"), "file"));
	terminal_work("collecting the log");
	parts.log = html_log(trace, failed, values.rows);
	parts.memory = page_memory(trace, failed);
	terminal_work("writing the page");
	if (!output_write(values.output, true, page_file, &parts, error))
		goto out;
	terminal_done();
	result = COMMAND_OK;
	if (strcmp(values.output, "-") != 0) {
		struct page name = { 0 };

		page_safe(&name, values.output);
		printf("%s\n", page_string(&name));
		page_free(&name);
	}
out:
	terminal_done();
	json_decref(parts.reports[0]);
	json_decref(parts.reports[1]);
	json_decref(parts.log);
	json_decref(parts.memory);
	trace_close(trace);
	return result;
}
