/*
 * shapebox repro: a program that fails the same way, of what was recorded, with PyTorch alone.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../analysis/repro/repro.h"
#include "../rendering/page.h"
#include "../rendering/repro_text.h"
#include "command.h"
#include "output.h"
#include "traces.h"

struct repro_values { const char *output; bool json; };

const struct option_row command_repro_options[] = {
	{ "output", 'o', OPTION_TEXT, offsetof(struct repro_values, output), "FILE", "-", "the file to write; - is standard output" },
	OPTION_ROWS_JSON(repro_values),
	{ 0 }
};

static bool
repro_write(FILE *file, void *context)
{
	return page_print(context, file, false);
}

/* Why there is no program, on one line. */
static int
repro_none(const json_t *repro, struct error *error)
{
	struct page reason = { 0 };

	page_words(&reason, json_string_value(json_object_get(repro, "reason")));
	command_trouble(error, "repro: no program can be made: %s", page_string(&reason));
	page_free(&reason);
	return COMMAND_FOUND;
}

int
command_repro(int argc, char **argv, struct error *error)
{
	struct repro_values values = { .output = "-" };
	struct page page = { 0 };
	struct trace *trace;
	struct source source;
	json_t *repro = NULL;
	bool chosen, there;
	const char *word;
	char *text = NULL;
	int rest, status, result = COMMAND_TROUBLE;

	if (!command_parse("repro", &values, argc, argv, false, &rest, &status, error))
		return status;
	if (!traces_word("repro", argc, argv, rest, &word, error))
		return COMMAND_TROUBLE;
	trace = traces_open(word, &chosen, error);
	if (!trace)
		return COMMAND_TROUBLE;
	if (!traces_recorded(trace, error))
		goto out;
	source = source_of_trace(trace);
	repro = repro_build(&source);
	if (values.json && (text = json_dumps(repro, JSON_INDENT(1)))) {
		page_add(&page, text);
		page_add(&page, "\n");
	} else if (json_is_array(json_object_get(repro, "program"))) {
		repro_text(&page, repro);
	} else if (repro) {
		result = repro_none(repro, error);
		goto out;
	}
	if (!repro || page.failed || !page.bytes) {
		command_trouble(error, "out of memory");
		goto out;
	}
	there = strcmp(values.output, "-") != 0 && access(values.output, F_OK) == 0;
	if (!output_write(values.output, true, repro_write, &page, error))
		goto out;
	result = json_is_array(json_object_get(repro, "program")) ? COMMAND_OK : COMMAND_FOUND;
	if (strcmp(values.output, "-") != 0) {
		struct page name = { 0 };

		page_safe(&name, values.output);
		printf("%s%s\n", page_string(&name), there ? " (what was there is replaced)" : "");
		page_free(&name);
	}
out:
	free(text);
	page_free(&page);
	json_decref(repro);
	trace_close(trace);
	return result;
}
