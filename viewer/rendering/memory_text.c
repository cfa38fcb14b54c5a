#include "memory_text.h"

#include <string.h>

#include "report_parts.h"
#include "table.h"

static void
cell_bytes(struct table *table, const json_t *value)
{
	struct page cell = { 0 };

	if (json_is_integer(value))
		page_bytes(&cell, json_integer_value(value));
	table_add(table, page_string(&cell));
	page_free(&cell);
}

static void
holders(struct page *page, const char *label, const json_t *list, int width, int most)
{
	struct table table = { .columns = 6, .headers = { SAY("bytes"), SAY("pieces"), SAY("what"), SAY("on"), SAY("operation"), SAY("at") },
			       .styles = { TABLE_RIGHT, TABLE_RIGHT, TABLE_LEFT, TABLE_LEFT, TABLE_CUT, TABLE_CUT } };
	const json_t *holder;
	size_t i;

	if (json_array_size(list) == 0)
		return;
	json_array_foreach(list, i, holder) {
		struct page place = { 0 };

		if ((int)i == most)
			break;
		cell_bytes(&table, json_object_get(holder, "bytes"));
		table_add_format(&table, "%lld", (long long)report_integer(holder, "pieces", 0));
		table_add_words(&table, report_string(holder, "kind"));
		table_add_words(&table, report_string(holder, "device"));
		table_add_words(&table, report_string(holder, "operation"));
		if (json_is_true(json_object_get(holder, "backward")))
			page_add(&place, SAY("backward of "));
		page_words(&place, report_string(holder, "where"));
		table_add(&table, page_string(&place));
		page_free(&place);
	}
	page_format(page, "\n" PAGE_STRONG "%s" PAGE_END "\n", label);
	table_write(&table, page, 2, width);
	table_free(&table);
}

static void
devices(struct page *page, const json_t *list, int width)
{
	struct table table = { .columns = 8, .headers = { SAY("device"), SAY("live"), SAY("peak"), SAY("tensors"), SAY("peak"), SAY("reserved"), SAY("peak"), SAY("at step") },
			       .styles = { TABLE_LEFT, TABLE_RIGHT, TABLE_RIGHT, TABLE_RIGHT, TABLE_RIGHT, TABLE_RIGHT, TABLE_RIGHT, TABLE_RIGHT } };
	static const char *const keys[] = { "live", "peak", "allocated", "peak_allocated", "reserved", "peak_reserved" };
	const json_t *device;
	size_t i;

	json_array_foreach(list, i, device) {
		table_add_words(&table, report_string(device, "device"));
		for (int k = 0; k < 6; k++)
			cell_bytes(&table, json_object_get(device, keys[k]));
		table_add_format(&table, "%lld", (long long)report_integer(device, "peak_step", 0));
	}
	if (i)
		table_write(&table, page, 2, width);
	table_free(&table);
}

static void
steps_text(struct page *page, const json_t *list, int width)
{
	struct table table = { .columns = 6, .headers = { SAY("step"), SAY("peak"), SAY("at its end"), SAY("reserved"), SAY("launches"), SAY("allocations") },
			       .styles = { TABLE_RIGHT, TABLE_RIGHT, TABLE_RIGHT, TABLE_RIGHT, TABLE_RIGHT, TABLE_RIGHT } };
	const json_t *step;
	size_t i;

	json_array_foreach(list, i, step) {
		table_add_format(&table, "%lld", (long long)report_integer(step, "step", 0));
		cell_bytes(&table, json_object_get(step, "peak_allocated"));
		cell_bytes(&table, json_object_get(step, "end_allocated"));
		cell_bytes(&table, json_object_get(step, "peak_reserved"));
		table_add_format(&table, "%lld", (long long)report_integer(step, "launches", 0));
		table_add_format(&table, "%lld", (long long)report_integer(step, "allocations", 0));
	}
	page_format(page, "\n" PAGE_STRONG "%s" PAGE_END "\n", SAY("by step"));
	table_write(&table, page, 2, width);
	table_free(&table);
}

static void
failed(struct page *page, const json_t *list, int width)
{
	struct table table = { .columns = 6, .headers = { SAY("call"), SAY("error"), SAY("bytes"), SAY("step"), SAY("operation"), SAY("at") },
			       .styles = { TABLE_LEFT, TABLE_RIGHT, TABLE_RIGHT, TABLE_RIGHT, TABLE_CUT, TABLE_CUT } };
	const json_t *call;
	size_t i;

	if (json_array_size(list) == 0)
		return;
	json_array_foreach(list, i, call) {
		table_add_words(&table, report_string(call, "function"));
		table_add_format(&table, "%lld", (long long)report_integer(call, "result", 0));
		cell_bytes(&table, report_integer(call, "bytes", 0) ? json_object_get(call, "bytes") : NULL);
		table_add_format(&table, "%lld", (long long)report_integer(call, "step", 0));
		table_add_words(&table, report_string(call, "operation"));
		table_add_words(&table, report_string(call, "where"));
	}
	page_format(page, "\n" PAGE_BAD "%s" PAGE_END "\n", SAY("calls that failed"));
	table_write(&table, page, 2, width);
	table_free(&table);
}

void
memory_text(struct page *page, const json_t *memory, int width, bool steps, int most)
{
	const json_t *process, *count, *list = json_object_get(memory, "processes");
	const char *name;
	size_t i;

	json_array_foreach(list, i, process) {
		const json_t *peak = json_object_get(process, "at_peak");

		page_add(page, i ? "\n" : "");
		page_add(page, PAGE_STRONG);
		page_words(page, report_string(process, "file"));
		page_add(page, PAGE_END "\n");
		devices(page, json_object_get(process, "devices"), width);
		page_add(page, "  ");
		struct page counts = { 0 };
		json_object_foreach((json_t *)json_object_get(process, "totals"), name, count) {
			if (json_integer_value(count) == 0)
				continue;
			page_add(&counts, counts.size ? ", " : "");
			page_count(&counts, json_integer_value(count));
			page_add(&counts, " ");
			for (const char *at = name; *at; at++)
				page_format(&counts, "%c", *at == '_' ? ' ' : *at);
		}
		page_wrap(page, 2, width, 0, page_string(&counts));
		page_free(&counts);
		holders(page, SAY("live at the end"), json_object_get(process, "live"), width, most);
		holders(page, SAY("live at the peak"), json_object_get(peak, "holders"), width, most);
		holders(page, SAY("grew from step to step"), json_object_get(process, "growth"), width, most);
		failed(page, json_object_get(process, "failed"), width);
		if (steps)
			steps_text(page, json_object_get(process, "steps"), width);
	}
}
