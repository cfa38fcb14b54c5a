/* The log's rows for a page. See html.h. */
#include <stdlib.h>
#include <string.h>

#include "../../schema/progress.h"
#include "event_text.h"
#include "html.h"
#include "page.h"

enum { HTML_EVENT, HTML_STEP, HTML_PROCESS, HTML_PHASE, HTML_OPERATION, HTML_OPERANDS, HTML_OUTPUTS, HTML_AT, HTML_STATUS, HTML_MS, HTML_COLUMNS };
static const char *const html_columns[] = { "event", "step", "process", "phase", "operation", "operands", "outputs", "at", "status", "ms" };

struct html_rows {
	struct trace *trace;
	const struct process *process;
	json_t *columns[HTML_COLUMNS], *strings, *places /* a text's place in strings */;
	int64_t count, most;
	size_t bytes;
};

/* TEXT's place among the strings. */
static json_t *
html_string(struct html_rows *rows, const char *text)
{
	json_t *place = json_object_get(rows->places, text);

	if (!place) {
		place = json_integer((json_int_t)json_array_size(rows->strings));
		json_array_append_new(rows->strings, json_string(text));
		json_object_set_new(rows->places, text, place);
		rows->bytes += strlen(text) + 3;
	}
	return json_incref(place);
}

static json_t *
html_words(struct html_rows *rows, const char *text)
{
	struct page page = { 0 };
	json_t *place;

	page_words(&page, text ? text : "");
	place = html_string(rows, page_string(&page));
	page_free(&page);
	return place;
}

static json_t *
html_operands(struct html_rows *rows, const struct operand *operands, int count)
{
	struct page page = { 0 };
	json_t *place;

	event_text_operands(&page, operands, count);
	place = html_string(rows, page_string(&page));
	page_free(&page);
	return place;
}

static json_t *
html_place(struct html_rows *rows, const struct event *event)
{
	struct page page = { 0 };
	struct site site;
	json_t *place;

	if (event->site >= 0 && trace_site(rows->trace, rows->process->index, event->site, &site))
		event_text_place(&page, &site);
	place = html_string(rows, page_string(&page));
	page_free(&page);
	return place;
}

static bool
html_row(const struct event *event, void *context)
{
	struct html_rows *rows = context;
	json_t *values[HTML_COLUMNS] = {
		[HTML_EVENT] = json_integer(event->id),
		[HTML_STEP] = json_integer(event->step),
		[HTML_PROCESS] = json_integer(rows->process->index),
		[HTML_PHASE] = html_words(rows, event->phase),
		[HTML_OPERATION] = html_words(rows, event->operation),
		[HTML_OPERANDS] = html_operands(rows, event->operands, event->operand_count),
		[HTML_OUTPUTS] = html_operands(rows, event->outputs, event->output_count),
		[HTML_AT] = html_place(rows, event),
		[HTML_STATUS] = html_words(rows, strcmp(event->status, "open") == 0 ? "never left" : event->status),
		/* thousandths are enough, and short */
		[HTML_MS] = event->duration_ns >= 0 ? json_real((double)(event->duration_ns / 1000) / 1000) : json_null(),
	};

	for (int i = 0; i < HTML_COLUMNS; i++)
		json_array_append_new(rows->columns[i], values[i]);
	rows->count++;
	if ((rows->count & 255) == 0)
		progress_tell(rows->count, rows->most);
	return rows->bytes < HTML_BYTES_MOST;
}

/* The newest MOST of PROCESS. */
static void
html_process(struct html_rows *rows, const struct process *process, int64_t most)
{
	struct event_filter filter = event_filter_all;

	rows->process = process;
	filter.newest = most;
	if (most > 0)
		trace_each_event(rows->trace, process->index, &filter, html_row, rows);
}

json_t *
html_log(struct trace *trace, const char *failed, int64_t most)
{
	struct html_rows rows = { .trace = trace, .strings = json_array(), .places = json_object() };
	int count = trace_process_count(trace);
	int64_t kept = 0, each;
	json_t *json = json_object();

	for (int i = 0; i < HTML_COLUMNS; i++)
		json_object_set_new(json, html_columns[i], rows.columns[i] = json_array());
	if (most > HTML_ROWS_MOST)
		most = HTML_ROWS_MOST;
	rows.most = most;
	each = most / (count > 0 ? count : 1);
	for (int pass = 0; pass < 2; pass++)
		for (int i = 0; i < count; i++) {
			const struct process *process = trace_process(trace, i);
			bool first = failed && process->file && strcmp(process->file, failed) == 0;

			/* the failed one has half, if others leave it less */
			if (first == (pass == 0))
				html_process(&rows, process, first && count > 1 && each < most / 2 ? most / 2 : pass == 1 && each > most - rows.count ? most - rows.count : each);
			kept += pass == 0 ? process->events_kept : 0;
		}
	json_object_set_new(json, "count", json_integer(rows.count));
	json_object_set_new(json, "left_out", json_integer(kept > rows.count ? kept - rows.count : 0));
	json_object_set_new(json, "strings", rows.strings);
	json_decref(rows.places);
	return json;
}
