/*
 * shapebox diff: who went wrong first, and where ranks, runs or steps part.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../schema/progress.h"
#include "../analysis/diff/diff.h"
#include "../rendering/diff_text.h"
#include "../rendering/page.h"
#include "../rendering/terminal.h"
#include "command.h"
#include "output.h"
#include "traces.h"

#define TRACES_MOST 1024

struct diff_values { const char *ranks, *steps, *language; bool json; };

const struct option_row command_diff_options[] = {
	{ "rank", 'r', OPTION_TEXT, offsetof(struct diff_values, ranks), "A,B", "all", "only these ranks" },
	{ "steps", 's', OPTION_TEXT, offsetof(struct diff_values, steps), "I,J", NULL, "step J of one rank against its step I" },
	OPTION_ROWS_JSON(diff_values),
	OPTION_ROW_LANGUAGE(diff_values),
	{ 0 }
};

/* "0,3" as numbers; how many, -1 if it isn't such a list. */
static int
numbers_parse(const char *text, int64_t *out, int room)
{
	int count = 0;
	char *end;

	for (; text && *text; text = *end ? end + 1 : end) {
		long long value = strtoll(text, &end, 10);

		if (end == text || value < 0 || value > INT32_MAX || (*end && *end != ',') || count == room || (*end == ',' && !end[1]))
			return -1;
		out[count++] = value;
	}
	return count;
}

static bool
request_fill(struct diff_request *request, const struct diff_values *values, struct error *error)
{
	int64_t ranks[DIFF_RANKS_MOST];

	request->steps[0] = request->steps[1] = -1;
	request->rank_count = numbers_parse(values->ranks, ranks, DIFF_RANKS_MOST);
	if (request->rank_count < 0 || (values->ranks && request->rank_count == 0)) {
		command_trouble(error, "diff: --rank takes ranks, such as --rank 0,3: '%s'", values->ranks);
		return false;
	}
	for (int i = 0; i < request->rank_count; i++)
		request->ranks[i] = (int)ranks[i];
	if (values->steps && numbers_parse(values->steps, request->steps, 2) != 2) {
		command_trouble(error, "diff: --steps takes two steps, such as --steps 490,491: '%s'", values->steps);
		return false;
	}
	return true;
}

/* Ranks are read, compared, and their sizes looked at: a third of the way each. */
static void
progress_show(const char *what, int done, int total)
{
	int before = strcmp(what, "read") == 0 ? 0 : strcmp(what, "compared") == 0 ? 1 : 2;

	progress_tell(before * (int64_t)total + done, 3 * (int64_t)total);
}

static int
diff_print(const json_t *diff, bool json, struct error *error)
{
	int result = diff_found(diff) ? COMMAND_FOUND : COMMAND_OK;
	struct page page = { 0 };

	if (json)
		return output_json(diff, result, error);
	diff_text(&page, diff, terminal_columns(stdout));
	result = output_page(&page, result, error);
	page_free(&page);
	return result;
}

int
command_diff(int argc, char **argv, struct error *error)
{
	struct diff_values values = { 0 };
	struct diff_request request = { .progress = progress_show };
	struct trace **traces;
	json_t *diff = NULL;
	int rest, status, count = 0, result = COMMAND_TROUBLE;
	bool chosen;

	if (!command_parse("diff", &values, argc, argv, false, &rest, &status, error))
		return status;
	if (!request_fill(&request, &values, error) || (!values.json && !command_language("diff", values.language, stdout, error)))
		return COMMAND_TROUBLE;
	if (argc - rest > TRACES_MOST)
		return command_trouble(error, "diff: at most %d directories", TRACES_MOST);
	traces = calloc((size_t)(argc - rest) + 1, sizeof(struct trace *));
	if (!traces)
		return command_trouble(error, "out of memory");
	for (int i = rest; i < argc || count == 0; i++) {
		traces[count] = traces_open(i < argc ? argv[i] : NULL, &chosen, error);
		if (!traces[count])
			goto out;
		count++;
	}
	request.traces = traces;
	request.trace_count = count;
	terminal_work("comparing ranks");
	diff = diff_build(&request, error);
	terminal_done();
	if (diff)
		result = diff_print(diff, values.json, error);
out:
	json_decref(diff);
	for (int i = 0; i < count; i++)
		trace_close(traces[i]);
	free(traces);
	return result;
}
