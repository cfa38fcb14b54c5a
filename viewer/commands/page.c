/*
 * shapebox page: the report and the newest operations as one HTML file, to look at and to pass on.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../rendering/html.h"
#include "../rendering/page.h"
#include "command.h"
#include "output.h"
#include "traces.h"

struct page_values { const char *output; int64_t rows; };

const struct option_row command_page_options[] = {
	{ "output", 'o', OPTION_TEXT, offsetof(struct page_values, output), "FILE", "report.html", "the file to write; - is standard output" },
	{ "rows", 'n', OPTION_COUNT, offsetof(struct page_values, rows), "N", "20000", "operations in its log, the newest; 100000 at most" },
	{ 0 }
};

static bool
page_file(FILE *file, void *context)
{
	json_t **parts = context;

	return html_write(file, parts[0], parts[1], "en");
}

int
command_page(int argc, char **argv, struct error *error)
{
	struct page_values values = { .output = "report.html", .rows = 20000 };
	struct trace *trace;
	json_t *parts[2] = { NULL, NULL };
	bool chosen;
	int rest, status, result = COMMAND_TROUBLE;

	if (!command_parse("page", &values, argc, argv, false, &rest, &status, error))
		return status;
	if (argc - rest > 1)
		return command_trouble(error, "page: one trace at a time: %s is too many", argv[rest + 1]);
	if (values.rows > HTML_ROWS_MOST)
		return command_trouble(error, "page: --rows is %d at most", HTML_ROWS_MOST);
	trace = traces_open(rest < argc ? argv[rest] : NULL, &chosen, error);
	if (!trace)
		return COMMAND_TROUBLE;
	if (trace_process_count(trace) == 0) {
		command_trouble(error, "%s: nothing recorded: no process ran a PyTorch operation", trace_directory(trace));
		goto out;
	}
	parts[0] = traces_report(trace, error);
	if (!parts[0])
		goto out;
	parts[1] = html_log(trace, json_string_value(json_object_get(json_object_get(json_object_get(parts[0], "failure"), "process"), "file")),
			    values.rows);
	if (!output_write(values.output, page_file, parts, error))
		goto out;
	result = COMMAND_OK;
	if (strcmp(values.output, "-") != 0) {
		struct page name = { 0 };

		page_safe(&name, values.output);
		printf("%s\n", page_string(&name));
		page_free(&name);
	}
out:
	json_decref(parts[0]);
	json_decref(parts[1]);
	trace_close(trace);
	return result;
}
