/*
 * shapebox memory: CUDA memory, who holds it, and how it grew.
 */
#include <stdio.h>
#include <stdlib.h>

#include "../analysis/memory/memory.h"
#include "../rendering/memory_text.h"
#include "../rendering/terminal.h"
#include "command.h"
#include "traces.h"

#define MEMORY_MOST 12

struct memory_values { int64_t rank; const char *language; bool steps, all, json; };

const struct option_row command_memory_options[] = {
	{ "rank", 'r', OPTION_COUNT, offsetof(struct memory_values, rank), "R", "every process", "of this rank" },
	{ "steps", 's', OPTION_FLAG, offsetof(struct memory_values, steps), NULL, "off", "and a line for each step" },
	{ "all", 'a', OPTION_FLAG, offsetof(struct memory_values, all), NULL, "off", "every holder, not only the largest" },
	OPTION_ROWS_JSON(memory_values),
	OPTION_ROW_LANGUAGE(memory_values),
	{ 0 }
};

int
command_memory(int argc, char **argv, struct error *error)
{
	struct memory_values values = { .rank = -1 };
	struct trace *trace;
	json_t *memory;
	bool chosen;
	const char *word;
	int rest, status, result = COMMAND_OK;

	if (!command_parse("memory", &values, argc, argv, false, &rest, &status, error))
		return status;
	if (!traces_word("memory", argc, argv, rest, &word, error) ||
	    (!values.json && !command_language("memory", values.language, stdout, error)))
		return COMMAND_TROUBLE;
	trace = traces_open(word, &chosen, error);
	if (!trace)
		return COMMAND_TROUBLE;
	memory = memory_build(trace, (int)values.rank);
	if (values.json) {
		char *text = json_dumps(memory, JSON_INDENT(1));

		puts(text ? text : "{}");
		free(text);
	} else if (json_array_size(json_object_get(memory, "processes")) == 0) {
		puts(SAY("no process of this trace called CUDA"));
	} else {
		struct page page = { 0 };

		memory_text(&page, memory, terminal_columns(stdout), values.steps, values.all ? -1 : MEMORY_MOST);
		page_print(&page, stdout, terminal_color(stdout));
		page_free(&page);
	}
	json_decref(memory);
	trace_close(trace);
	return result;
}
