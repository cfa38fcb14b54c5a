/*
 * shapebox ls: the traces under a directory, newest first, with how each ended.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../rendering/page.h"
#include "../rendering/table.h"
#include "../rendering/terminal.h"
#include "command.h"
#include "run_parts.h"
#include "traces.h"

struct ls_values { int64_t last; bool json; };

const struct option_row command_ls_options[] = {
	{ "last", 'n', OPTION_COUNT, offsetof(struct ls_values, last), "N", "20", "the newest N" },
	OPTION_ROWS_JSON(ls_values),
	{ 0 }
};

/* How the run of REPORT ended, in a word or two. */
static const char *
ls_state(json_t *report)
{
	json_t *facts = json_object_get(report, "trace"), *processes = json_object_get(report, "processes"), *process;
	size_t i;

	json_array_foreach(processes, i, process) {
		const char *status = json_string_value(json_object_get(process, "status"));

		if (status && strcmp(status, "running") == 0)
			return "running";
	}
	if (json_is_object(json_object_get(report, "failure")) || json_integer_value(json_object_get(facts, "exit_status")) > 0 ||
	    json_integer_value(json_object_get(facts, "signal")) > 0)
		return "failed";
	return "ok";
}

static json_t *
ls_trace(const struct trace_place *place)
{
	struct error error = { "" };
	struct trace *trace = traces_open_path(place->path, &error);
	json_t *report = trace ? traces_report(trace, &error) : NULL, *processes = json_object_get(report, "processes"), *process;
	const char *headline = json_string_value(json_object_get(json_object_get(report, "failure"), "headline"));
	json_t *row = json_object();
	int64_t ranks = 0;
	size_t i;

	json_array_foreach(processes, i, process) {
		const char *role = json_string_value(json_object_get(process, "role"));

		ranks += role && strcmp(role, "rank") == 0;
	}
	if (json_object_set_new(row, "directory", json_string(place->path)) != 0)
		json_object_set_new(row, "directory", json_null());
	json_object_set_new(row, "written_ns", json_integer(place->written_ns));
	json_object_set_new(row, "size_bytes", json_integer(place->size_bytes));
	json_object_set_new(row, "processes", json_integer((json_int_t)json_array_size(processes)));
	json_object_set_new(row, "ranks", json_integer(ranks));
	json_object_set_new(row, "state", json_string(!report ? "unreadable" : json_array_size(processes) == 0 ? "empty" :
						     ls_state(report)));
	if (json_object_set_new(row, "failure", json_string(report ? headline ? headline : "" : error.text)) != 0 ||
	    (report && !headline))
		json_object_set_new(row, "failure", json_null());
	json_decref(report);
	if (trace)
		trace_close(trace);
	return row;
}

static void
ls_row(struct table *table, json_t *row)
{
	struct page cell = { 0 };
	int64_t ranks = json_integer_value(json_object_get(row, "ranks"));
	const char *state = json_string_value(json_object_get(row, "state"));

	table_add_words(table, json_string_value(json_object_get(row, "directory")));
	page_duration(&cell, (double)(run_now_ns() - json_integer_value(json_object_get(row, "written_ns"))) / 1e9);
	table_add(table, page_string(&cell));
	page_free(&cell);
	table_add_format(table, ranks > 0 ? "%" PRId64 : "-", ranks);
	table_add_format(table, "%" JSON_INTEGER_FORMAT, json_integer_value(json_object_get(row, "processes")));
	page_bytes(&cell, json_integer_value(json_object_get(row, "size_bytes")));
	table_add(table, page_string(&cell));
	page_free(&cell);
	table_add_format(table, strcmp(state, "failed") == 0 ? PAGE_BAD "%s" PAGE_END : "%s", state);
	table_add_words(table, json_string_value(json_object_get(row, "failure")));
}

int
command_ls(int argc, char **argv, struct error *error)
{
	struct ls_values values = { .last = 20 };
	struct table table = {
		.columns = 7,
		.headers = { "trace", "age", "ranks", "processes", "size", "state", "failure" },
		.styles = { TABLE_TAIL, TABLE_RIGHT, TABLE_RIGHT, TABLE_RIGHT, TABLE_RIGHT, TABLE_LEFT, TABLE_CUT },
	};
	struct trace_place *places;
	struct page page = { 0 };
	json_t *rows = json_array(), *row;
	size_t count, i;
	int rest, status;

	if (!command_parse("ls", &values, argc, argv, false, &rest, &status, error)) {
		json_decref(rows);
		return status;
	}
	count = traces_list(rest < argc ? argv[rest] : ".", &places);
	for (i = 0; i < count && i < (size_t)values.last; i++)
		json_array_append_new(rows, ls_trace(&places[i]));
	free(places);
	if (values.json) {
		char *text = json_dumps(rows, JSON_INDENT(1));

		puts(text ? text : "[]");
		free(text);
	} else if (count == 0) {
		printf("no traces here\n");
	} else {
		json_array_foreach(rows, i, row)
			ls_row(&table, row);
		table_write(&table, &page, 0, terminal_columns_real(stdout));
		if (count > (size_t)values.last)
			page_format(&page, "(%zu older ones: shapebox ls -n %zu)\n", count - (size_t)values.last, count);
		page_print(&page, stdout, terminal_color(stdout));
	}
	page_free(&page);
	table_free(&table);
	json_decref(rows);
	return COMMAND_OK;
}
