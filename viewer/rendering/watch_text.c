#include "watch_text.h"

#include <string.h>

#include "report_parts.h"
#include "table.h"

static void
cell_add(struct table *table, struct page *cell)
{
	table_add(table, page_string(cell));
	page_free(cell);
}

static void
row_add(struct table *table, const json_t *process)
{
	const json_t *where = json_object_get(process, "where");
	struct page cell = { 0 };

	if (json_is_integer(json_object_get(process, "rank")))
		table_add_format(table, "%lld%s", (long long)report_integer(process, "rank", -1),
				 strcmp(report_string(process, "role"), "worker") == 0 ? SAY(" worker") : "");
	else
		table_add(table, "-");
	table_add_format(table, "%lld", (long long)report_integer(process, "pid", -1));
	if (json_is_integer(json_object_get(process, "step")))
		table_add_format(table, "%lld", (long long)report_integer(process, "step", 0));
	else
		table_add(table, "-");
	if (json_is_true(json_object_get(process, "running")) && json_is_real(json_object_get(process, "for_s")))
		page_duration(&cell, json_real_value(json_object_get(process, "for_s")));
	else if (json_is_null(json_object_get(process, "running")))
		page_add(&cell, SAY("not seen"));
	else
		page_add(&cell, json_is_true(json_object_get(process, "running")) ? "" : SAY("ended"));
	cell_add(table, &cell);
	if (!json_is_true(json_object_get(process, "open")) && report_string(process, "operation")[0])
		page_add(&cell, SAY("after "));
	page_words(&cell, report_string(process, "operation"));
	cell_add(table, &cell);
	if (json_is_object(where)) {
		page_words(&cell, report_base(report_string(where, "file")));
		page_format(&cell, ":%lld ", (long long)report_integer(where, "line", 0));
		page_words(&cell, report_string(where, "function"));
	}
	cell_add(table, &cell);
}

void
watch_text(struct page *page, const json_t *watch, int width)
{
	struct table table = { .columns = 6,
			       .headers = { "rank", "pid", SAY("step"), SAY("for"), SAY("in"), SAY("at") },
			       .styles = { TABLE_LEFT, TABLE_RIGHT, TABLE_RIGHT, TABLE_RIGHT, TABLE_CUT, TABLE_CUT } };
	const char *text = report_string(watch, "text");
	struct page words = { 0 };
	json_t *process, *host;
	size_t i;

	json_array_foreach(json_object_get(watch, "processes"), i, process)
		row_add(&table, process);
	table_write(&table, page, 0, width);
	table_free(&table);
	if (report_integer(watch, "ended", 0) > 0) {
		page_plural(page, report_integer(watch, "ended", 0), SAY("process has ended"), SAY("processes have ended"));
		page_add(page, "\n");
	}
	json_array_foreach(json_object_get(watch, "elsewhere"), i, host) {
		page_words(&words, report_string(host, "host"));
		page_plural(page, report_integer(host, "processes", 0), SAY("process"), SAY("processes"));
		page_format(page, SAY(" on %s, in local space there: run this there, too"), page_string(&words));
		page_add(page, "\n");
		page_free(&words);
	}
	if (text[0]) {
		page_words(&words, text);
		page_add(page, PAGE_BAD);
		page_wrap(page, 0, width, 0, page_string(&words));
		page_add(page, PAGE_END);
		page_free(&words);
	}
}
