/*
 * shapebox check: what may go wrong later, or goes wrong in silence, in a run that has not failed.
 */
#include <stdio.h>

#include "../analysis/findings/findings.h"
#include "../rendering/findings_text.h"
#include "../rendering/page.h"
#include "../rendering/terminal.h"
#include "command.h"
#include "output.h"
#include "traces.h"

struct check_values { bool json; const char *language; };

const struct option_row command_check_options[] = {
	OPTION_ROWS_JSON(check_values),
	OPTION_ROW_LANGUAGE(check_values),
	{ 0 }
};

int
command_check(int argc, char **argv, struct error *error)
{
	struct check_values values = { 0 };
	struct page page = { 0 };
	struct trace *trace;
	json_t *found = NULL;
	bool chosen;
	const char *word;
	int rest, status, result = COMMAND_TROUBLE;

	if (!command_parse("check", &values, argc, argv, false, &rest, &status, error))
		return status;
	if (!traces_word("check", argc, argv, rest, &word, error) ||
	    (!values.json && !command_language("check", values.language, stdout, error)))
		return COMMAND_TROUBLE;
	trace = traces_open(word, &chosen, error);
	if (!trace)
		return COMMAND_TROUBLE;
	if (!traces_recorded(trace, error))
		goto out;
	found = findings_build(trace);
	result = json_array_size(json_object_get(found, "findings")) ? COMMAND_FOUND : COMMAND_OK;
	if (values.json) {
		result = output_json(found, result, error);
		goto out;
	}
	findings_text(&page, found, terminal_columns(stdout));
	result = output_page(&page, result, error);
out:
	page_free(&page);
	json_decref(found);
	trace_close(trace);
	return result;
}
