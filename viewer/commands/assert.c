/*
 * shapebox assert: a healthy run as a contract, and later runs held against it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../analysis/contract.h"
#include "../rendering/contract_text.h"
#include "../rendering/terminal.h"
#include "command.h"
#include "output.h"
#include "traces.h"

struct assert_values { const char *save; bool json; };

const struct option_row command_assert_options[] = {
	{ "save", 's', OPTION_TEXT, offsetof(struct assert_values, save), "FILE", NULL, "make the contract of this healthy run; - is standard output" },
	OPTION_ROWS_JSON(assert_values),
	{ 0 }
};

static bool
assert_write(FILE *file, void *context)
{
	return contract_write(file, context);
}

static int
assert_save(struct trace *trace, const char *path, struct error *error)
{
	struct contract *contract = contract_learn(trace, error);
	json_t *json = contract ? contract_json(contract) : NULL;
	int result = COMMAND_TROUBLE;

	contract_free(contract);
	if (json && !json_array_size(json_object_get(json, "calls")))
		command_trouble(error, "%s: no rank ran an operation from a line of Python: nothing to make a contract of", trace_directory(trace));
	else if (json && output_write(path, true, assert_write, json, error))
		result = COMMAND_OK;
	if (result == COMMAND_OK && strcmp(path, "-") != 0) {
		struct page page = { 0 };

		page_safe(&page, path);
		page_format(&page, ": %zu calls", json_array_size(json_object_get(json, "calls")));
		if (json_integer_value(json_object_get(json, "steps")) < 2)
			page_add(&page, "; fewer than two complete steps: no size or order is known to be constant");
		page_add(&page, "\n");
		page_print(&page, stdout, false);
		page_free(&page);
	}
	json_decref(json);
	return result;
}

static int
assert_hold(struct trace *trace, const struct contract *contract, const char *path, bool as_json, struct error *error)
{
	json_t *held = contract_hold(contract, trace, error);
	struct page page = { 0 };
	int result;

	if (!held)
		return COMMAND_TROUBLE;
	result = json_is_object(json_object_get(held, "departure")) ? COMMAND_FOUND : COMMAND_OK;
	if (as_json) {
		char *text = json_dumps(held, JSON_INDENT(1));

		page_add(&page, text ? text : "");
		page_add(&page, "\n");
		free(text);
	} else {
		contract_text(&page, held, path, terminal_columns(stdout));
	}
	if (!page_print(&page, stdout, !as_json && terminal_color(stdout)) && page.failed)
		result = command_trouble(error, "out of memory");
	page_free(&page);
	json_decref(held);
	return result;
}

int
command_assert(int argc, char **argv, struct error *error)
{
	struct assert_values values = { 0 };
	struct contract *contract = NULL;
	struct trace *trace;
	const char *word, *path = NULL;
	bool chosen;
	int rest, status, result = COMMAND_TROUBLE;

	if (!command_parse("assert", &values, argc, argv, false, &rest, &status, error))
		return status;
	if (!values.save) {
		if (rest == argc)
			return command_trouble(error, "assert: which contract? such as: shapebox assert contract.json; make one: shapebox assert --save contract.json");
		path = argv[rest++];
		contract = contract_read(path, error);
		if (!contract)
			return COMMAND_TROUBLE;
	}
	trace = traces_word("assert", argc, argv, rest, &word, error) ? traces_open(word, &chosen, error) : NULL;
	if (trace && traces_recorded(trace, error))
		result = values.save ? assert_save(trace, values.save, error) : assert_hold(trace, contract, path, values.json, error);
	if (trace)
		trace_close(trace);
	contract_free(contract);
	return result;
}
