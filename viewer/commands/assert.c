/*
 * shapebox assert: a healthy run as a contract, and later runs held against it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../analysis/contract/contract.h"
#include "../rendering/contract_text.h"
#include "../rendering/terminal.h"
#include "command.h"
#include "output.h"
#include "traces.h"

struct assert_values { const char *save, *widen, *language; bool json; };

const struct option_row command_assert_options[] = {
	{ "save", 's', OPTION_TEXT, offsetof(struct assert_values, save), "FILE", NULL, "make the contract of this healthy run; - is standard output" },
	{ "widen", 'w', OPTION_TEXT, offsetof(struct assert_values, widen), "FILE", NULL, "make this contract wide enough for one more healthy run" },
	OPTION_ROWS_JSON(assert_values),
	OPTION_ROW_LANGUAGE(assert_values),
	{ 0 }
};

static bool
assert_write(FILE *file, void *context)
{
	return contract_write(file, context);
}

/* CONTRACT into the file PATH, and what became of it to whom it may concern. WIDENED: NULL where it is new. */
static int
assert_write_to(const struct contract *contract, const struct contract_widened *widened, const char *path, struct error *error)
{
	json_t *json = contract_json(contract);
	int result = json && output_write(path, true, assert_write, json, error) ? COMMAND_OK : COMMAND_TROUBLE;

	if (result == COMMAND_OK && strcmp(path, "-") != 0) {
		struct page page = { 0 };

		page_safe(&page, path);
		page_format(&page, SAY(": %zu calls"), json_array_size(json_object_get(json, "calls")));
		if (widened && widened->added + widened->loosened + widened->varied == 0)
			page_add(&page, SAY("; nothing had to be widened"));
		else if (widened)
			page_format(&page, SAY("; widened: %d calls are new, %d come in fewer places or not always, %d have tensors that vary more"), widened->added,
				    widened->loosened, widened->varied);
		else if (json_integer_value(json_object_get(json, "steps")) < 2)
			page_add(&page, SAY("; fewer than two complete steps: no size or order is known to be constant"));
		page_add(&page, "\n");
		page_print(&page, stdout, false);
		page_free(&page);
	}
	json_decref(json);
	return result;
}

static int
assert_save(struct trace *trace, const char *path, struct error *error)
{
	struct contract *contract = contract_learn(trace, error);
	json_t *json = contract ? contract_json(contract) : NULL;
	bool empty = json && !json_array_size(json_object_get(json, "calls"));
	int result = COMMAND_TROUBLE;

	json_decref(json);
	if (empty)
		command_trouble(error, "%s: no rank ran an operation from a line of Python: nothing to make a contract of", trace_directory(trace));
	else if (contract)
		result = assert_write_to(contract, NULL, path, error);
	contract_free(contract);
	return result;
}

static int
assert_widen(struct trace *trace, struct contract *contract, const char *path, struct error *error)
{
	struct contract_widened widened;

	return contract_widen(contract, trace, &widened, error) ? assert_write_to(contract, &widened, path, error) : COMMAND_TROUBLE;
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
	if (values.save && values.widen)
		return command_trouble(error, "assert: --save makes a contract, --widen changes one: either");
	if (!values.json && !command_language("assert", values.language, stdout, error))
		return COMMAND_TROUBLE;
	if (!values.save) {
		if (rest == argc && !values.widen)
			return command_trouble(error, "assert: which contract? such as: shapebox assert contract.json; make one: shapebox assert --save contract.json");
		path = values.widen ? values.widen : argv[rest++];
		contract = contract_read(path, error);
		if (!contract)
			return COMMAND_TROUBLE;
	}
	trace = traces_word("assert", argc, argv, rest, &word, error) ? traces_open(word, &chosen, error) : NULL;
	if (trace && traces_recorded(trace, error))
		result = values.save ? assert_save(trace, values.save, error)
			 : values.widen ? assert_widen(trace, contract, values.widen, error) : assert_hold(trace, contract, path, values.json, error);
	if (trace)
		trace_close(trace);
	contract_free(contract);
	return result;
}
