/*
 * shapebox report: what failed, as text or as JSON.
 */
#include <stdio.h>

#include "../rendering/page.h"
#include "../rendering/report_text.h"
#include "../rendering/terminal.h"
#include "command.h"
#include "output.h"
#include "traces.h"

struct report_values { bool json, all, environment; const char *language; };

const struct option_row command_report_options[] = {
	OPTION_ROWS_JSON(report_values),
	{ "all", 'a', OPTION_FLAG, offsetof(struct report_values, all), NULL, "off", "list every failure of the trace as well" },
	{ "environment", 'e', OPTION_FLAG, offsetof(struct report_values, environment), NULL, "off",
	  "show what the process was started with: versions, arguments, variables" },
	OPTION_ROW_LANGUAGE(report_values),
	{ 0 }
};

int
command_report(int argc, char **argv, struct error *error)
{
	struct report_values values = { 0 };
	struct page page = { 0 };
	struct trace *trace;
	json_t *report = NULL, *facts;
	bool chosen;
	const char *word;
	int rest, status, result = COMMAND_TROUBLE;

	if (!command_parse("report", &values, argc, argv, false, &rest, &status, error))
		return status;
	if (!traces_word("report", argc, argv, rest, &word, error) ||
	    (!values.json && !command_language("report", values.language, stdout, error)))
		return COMMAND_TROUBLE;
	trace = traces_open(word, &chosen, error);
	if (!trace)
		return COMMAND_TROUBLE;
	if (!traces_recorded(trace, error))
		goto out;
	report = traces_report(trace, error);
	if (!report)
		goto out;
	facts = json_object_get(report, "trace");
	result = json_is_object(json_object_get(report, "failure")) ||
		 json_integer_value(json_object_get(facts, "exit_status")) > 0 ||
		 json_integer_value(json_object_get(facts, "signal")) > 0 ? COMMAND_FOUND : COMMAND_OK;
	if (values.json) {
		result = output_json(report, result, error);
		goto out;
	}
	if (chosen)
		json_object_set_new(facts, "chosen", json_true());
	report_text(&page, report, terminal_columns(stdout));
	if (values.environment)
		report_environment_all(&page, report, terminal_columns(stdout));
	if (values.all)
		report_failures_all(&page, report, terminal_columns(stdout));
	result = output_page(&page, result, error);
out:
	page_free(&page);
	json_decref(report);
	trace_close(trace);
	return result;
}
