#include <inttypes.h>
#include <string.h>

#include "report_parts.h"

void
report_where(struct page *page, const json_t *where, int width)
{
	const char *file = report_string(where, "file"), *function = report_string(where, "function");
	const char *module = report_string(where, "module");
	const json_t *caller = json_object_get(where, "caller");
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
	if (!report_string(caller, "file")[0])
		return;
	page_add(&line, SAY("called at "));
	page_words(&line, report_base(report_string(caller, "file")));
	page_format(&line, ":%" PRId64, report_integer(caller, "line", 0));
	page_add(&line, SAY(" in "));
	page_words(&line, report_string(caller, "function"));
	report_label(page, "");
	page_wrap(page, REPORT_INDENT, width, 1, page_string(&line));
	page_free(&line);
}
