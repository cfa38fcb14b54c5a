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

struct page_values { const char *output, *language; int64_t rows; };

const struct option_row command_page_options[] = {
	{ "output", 'o', OPTION_TEXT, offsetof(struct page_values, output), "FILE", "report.html", "the file to write; - is standard output" },
	{ "rows", 'n', OPTION_COUNT, offsetof(struct page_values, rows), "N", "20000", "operations in its log, the newest; 100000 at most" },
	{ "lang", 'l', OPTION_TEXT, offsetof(struct page_values, language), "en|zh", "SHAPEBOX_LANG, else en",
	  "the page's own words at first; it has a switch" },
	{ 0 }
};

struct page_parts { json_t *report, *log; const char *language; };

static bool
page_file(FILE *file, void *context)
{
	const struct page_parts *parts = context;

	return html_write(file, parts->report, parts->log, parts->language);
}

/* What was asked for must be one that the page speaks; what the environment says may be any: "zh_CN.UTF-8". */
static bool
page_language(struct page_values *values, struct error *error)
{
	const char *variable = getenv("SHAPEBOX_LANG");

	if (!values->language)
		values->language = variable && strncmp(variable, "zh", 2) == 0 ? "zh" : "en";
	if (strcmp(values->language, "en") == 0 || strcmp(values->language, "zh") == 0)
		return true;
	command_trouble(error, "page: --lang wants en or zh, not '%s'", values->language);
	return false;
}

int
command_page(int argc, char **argv, struct error *error)
{
	struct page_values values = { .output = "report.html", .rows = 20000 };
	struct trace *trace;
	struct page_parts parts = { NULL, NULL, NULL };
	bool chosen;
	const char *word;
	int rest, status, result = COMMAND_TROUBLE;

	if (!command_parse("page", &values, argc, argv, false, &rest, &status, error))
		return status;
	if (!traces_word("page", argc, argv, rest, &word, error))
		return COMMAND_TROUBLE;
	if (values.rows > HTML_ROWS_MOST)
		return command_trouble(error, "page: --rows is %d at most", HTML_ROWS_MOST);
	if (!page_language(&values, error))
		return COMMAND_TROUBLE;
	parts.language = values.language;
	trace = traces_open(word, &chosen, error);
	if (!trace)
		return COMMAND_TROUBLE;
	if (!traces_recorded(trace, error))
		goto out;
	parts.report = traces_report(trace, error);
	if (!parts.report)
		goto out;
	parts.log = html_log(trace, json_string_value(json_object_get(json_object_get(json_object_get(parts.report, "failure"), "process"), "file")),
			    values.rows);
	if (!output_write(values.output, page_file, &parts, error))
		goto out;
	result = COMMAND_OK;
	if (strcmp(values.output, "-") != 0) {
		struct page name = { 0 };

		page_safe(&name, values.output);
		printf("%s\n", page_string(&name));
		page_free(&name);
	}
out:
	json_decref(parts.report);
	json_decref(parts.log);
	trace_close(trace);
	return result;
}
