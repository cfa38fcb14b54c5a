/* An asynchronous error of CUDA: where it came out, since when it may have happened, and what ran in between. */
#include <inttypes.h>
#include <string.h>

#include "report_parts.h"
#include "table.h"

#define SUSPECTS_SHOWN 6
#define LOCATED_SHOWN 3 /* where it is known which of them */

static void
add_place(struct page *line, const json_t *place)
{
	page_words(line, report_string(place, "function"));
	if (report_string(place, "operation")[0]) {
		page_add(line, SAY(" in the operation "));
		page_words(line, report_string(place, "operation"));
	}
	if (report_string(place, "where")[0]) {
		page_add(line, ", ");
		page_words(line, report_string(place, "where"));
	}
}

static void
suspects(struct page *page, const json_t *cuda, int width)
{
	struct table table = { .columns = 6, .headers = { "", SAY("event"), SAY("launched by"), SAY("at"), SAY("operands"), SAY("may hold") },
			       .styles = { TABLE_LEFT, TABLE_RIGHT, TABLE_CUT, TABLE_CUT, TABLE_CUT, TABLE_LEFT } };
	const json_t *list = json_object_get(cuda, "suspects"), *suspect;
	bool located = report_string(cuda, "located")[0] != 0;
	size_t i;

	json_array_foreach(list, i, suspect) {
		const char *operation = report_string(suspect, "operation");

		if (i == (located ? LOCATED_SHOWN : SUSPECTS_SHOWN))
			break;
		table_add(&table, located ? (i == 0 ? "*" : "") : json_is_true(json_object_get(suspect, "takes_index")) ? "?" : "");
		table_add_format(&table, report_integer(suspect, "event", -1) < 0 ? "" : "%" PRId64, report_integer(suspect, "event", -1));
		table_add_words(&table, operation[0] ? operation : report_string(suspect, "kernel"));
		table_add_words(&table, report_string(suspect, "where"));
		table_add_words(&table, located ? "" : report_string(suspect, "operands")); /* the guilty one's have a table of their own */
		table_add_words(&table, report_string(suspect, "allowed"));
	}
	if (i) {
		report_label(page, SAY("launched"));
		table_write(&table, page, REPORT_INDENT, width);
	}
	table_free(&table);
	if (report_integer(cuda, "operations", 0) > (int64_t)i) {
		report_label(page, "");
		page_format(page, SAY("  (%" PRId64 " more)\n"), report_integer(cuda, "operations", 0) - (int64_t)i);
	}
}

void
report_cuda(struct page *page, const json_t *failure, int width)
{
	const json_t *cuda = json_object_get(failure, "cuda"), *good = json_object_get(cuda, "good_at");
	struct page line = { 0 };

	if (!json_is_object(cuda))
		return;
	page_words(&line, report_string(cuda, "text"));
	page_format(&line, SAY(" (%" PRId64 ") on "), report_integer(cuda, "code", 0));
	page_words(&line, report_string(cuda, "device"));
	page_add(&line, SAY(", told by "));
	add_place(&line, json_object_get(cuda, "told_at"));
	if (!json_is_true(json_object_get(cuda, "blocking"))) {
		page_add(&line, "; ");
		page_plural(&line, report_integer(cuda, "launches", 0), SAY("kernel"), SAY("kernels"));
		if (json_is_object(good)) {
			page_add(&line, SAY(" launched since it was last known good ("));
			add_place(&line, good);
			page_add(&line, ")");
		} else {
			page_add(&line, SAY(" launched before, as far back as is kept"));
		}
	}
	report_label(page, SAY("device"));
	page_wrap(page, REPORT_INDENT, width, 3, page_string(&line));
	page_free(&line);
	suspects(page, cuda, width);
}

static void
add_bytes(struct page *line, const json_t *object, const char *key, const char *after)
{
	if (!json_is_integer(json_object_get(object, key)))
		return;
	page_bytes(line, report_integer(object, key, 0));
	page_add(line, after);
}

static void
holders(struct page *page, const char *label, const json_t *list, int width, size_t most)
{
	struct table table = { .columns = 5, .headers = { SAY("bytes"), SAY("pieces"), SAY("grew from"), SAY("made by"), SAY("at") },
			       .styles = { TABLE_RIGHT, TABLE_RIGHT, TABLE_LEFT, TABLE_CUT, TABLE_CUT } };
	const json_t *holder;
	size_t i;

	json_array_foreach(list, i, holder) {
		struct page words = { 0 };

		if (i == most)
			break;
		page_bytes(&words, report_integer(holder, "bytes", 0));
		table_add(&table, page_string(&words));
		page_free(&words);
		table_add_format(&table, "%" PRId64, report_integer(holder, "pieces", 0));
		if (json_is_integer(json_object_get(holder, "first"))) {
			page_bytes(&words, report_integer(holder, "first", 0));
			page_format(&words, SAY(" in %" PRId64 " steps"), report_integer(holder, "steps", 0));
		}
		table_add(&table, page_string(&words));
		page_free(&words);
		table_add_words(&table, report_string(holder, "operation"));
		if (json_is_true(json_object_get(holder, "backward")))
			page_add(&words, SAY("backward of "));
		page_words(&words, report_string(holder, "where"));
		table_add(&table, page_string(&words));
		page_free(&words);
	}
	if (i) {
		report_label(page, label);
		table_write(&table, page, REPORT_INDENT, width);
	}
	table_free(&table);
}

void
report_memory(struct page *page, const json_t *failure, int width)
{
	const json_t *memory = json_object_get(failure, "memory");
	struct page line = { 0 };

	if (!json_is_object(memory))
		return;
	page_bytes(&line, report_integer(memory, "asked", 0));
	page_add(&line, SAY(" asked for on "));
	page_words(&line, report_string(memory, "device"));
	page_add(&line, SAY(" by "));
	page_words(&line, report_string(memory, report_string(memory, "operation")[0] ? "operation" : "function"));
	if (report_string(memory, "where")[0]) {
		page_add(&line, ", ");
		page_words(&line, report_string(memory, "where"));
	}
	page_add(&line, "; ");
	add_bytes(&line, memory, "allocated", SAY(" in tensors, "));
	add_bytes(&line, memory, "reserved", SAY(" reserved, "));
	add_bytes(&line, memory, "free", SAY(" free, "));
	add_bytes(&line, memory, "total", SAY(" in all, "));
	add_bytes(&line, memory, "known", SAY(" of it known by line:"));
	report_label(page, SAY("memory"));
	page_wrap(page, REPORT_INDENT, width, 3, page_string(&line));
	page_free(&line);
	holders(page, SAY("held by"), json_object_get(memory, "holders"), width, 4);
	holders(page, SAY("grew"), json_object_get(memory, "growth"), width, 2);
}
