#include <inttypes.h>
#include <string.h>

#include "report_parts.h"

/* One line about the FRAME that called what is shown, after WORDS. */
static void
called(struct page *page, const char *words, const json_t *frame, int width)
{
	struct page line = { 0 };

	page_add(&line, words);
	page_words(&line, report_base(report_string(frame, "file")));
	page_format(&line, ":%" PRId64, report_integer(frame, "line", 0));
	page_add(&line, SAY(" in "));
	page_words(&line, report_string(frame, "function"));
	if (report_string(frame, "source")[0]) {
		page_add(&line, ": ");
		page_words(&line, report_string(frame, "source"));
	}
	report_label(page, "");
	page_wrap(page, REPORT_INDENT, width, report_string(frame, "source")[0] ? 2 : 1, page_string(&line));
	page_free(&line);
}

void
report_where(struct page *page, const json_t *where, int width)
{
	const char *file = report_string(where, "file"), *function = report_string(where, "function");
	const char *module = report_string(where, "module");
	const json_t *caller = json_object_get(where, "caller"), *backward = json_object_get(where, "backward");
	int64_t number = report_integer(where, "line", 0);
	struct page line = { 0 };
	const json_t *value;
	size_t i;

	if (!file[0])
		return;
	page_words(&line, (int)strlen(file) + REPORT_INDENT + 8 > width ? report_file(file) : file);
	if (number > 0)
		page_format(&line, ":%" PRId64, number);
	if (function[0]) {
		page_add(&line, SAY(" in "));
		page_words(&line, function);
	}
	if (module[0]) {
		page_add(&line, SAY(", module "));
		page_words(&line, module);
	}
	report_label(page, SAY("at"));
	page_wrap(page, REPORT_INDENT, width, 3, page_string(&line));
	page_free(&line);
	page_add(&line, "  ");
	page_words(&line, report_string(where, "source"));
	if (line.size > 2) {
		report_label(page, "");
		page_add(page, PAGE_STRONG);
		page_wrap(page, REPORT_INDENT + 2, width, 1, page_string(&line));
		page_add(page, PAGE_END);
	}
	page_free(&line);
	json_array_foreach(json_object_get(where, "numbers"), i, value) {
		page_add(&line, line.size ? ", " : SAY("  with "));
		page_words(&line, report_string(value, "name"));
		page_format(&line, " = %" PRId64, report_integer(value, "value", 0));
	}
	if (line.size) {
		report_label(page, "");
		page_wrap(page, REPORT_INDENT + 2, width, 2, page_string(&line));
	}
	page_free(&line);
	if (report_string(caller, "file")[0] && (report_integer(caller, "line", 0) != report_integer(backward, "line", -1) ||
						 strcmp(report_string(caller, "file"), report_string(backward, "file")) != 0))
		called(page, SAY("called at "), caller, width);
	if (report_string(backward, "file")[0])
		called(page, SAY("in the backward called at "), backward, width);
}
