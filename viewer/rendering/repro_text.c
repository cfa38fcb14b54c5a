#include "repro_text.h"

#include <string.h>

#include "../analysis/repro/repro.h"
#include "report_parts.h"

#define COLUMNS 98
#define MESSAGE_LINES 4
#define COMMENT_LINES (REPRO_ABOUT_MOST - 3) /* `import torch` and two empty lines stand below it */

/* TEXT (escaped) as comment lines, at most MOST and what is left for the comment. */
static void
comment(struct page *page, const struct page *text, int most)
{
	struct page wrapped = { 0 };
	int left = COMMENT_LINES - page_lines(page);

	if (left < most)
		most = left;
	if (most > 0) {
		page_wrap(&wrapped, 0, COLUMNS, most, page_string(text));
		for (const char *line = page_string(&wrapped), *end; *line; line = end + 1) {
			end = strchr(line, '\n');
			page_format(page, "# %.*s\n", (int)(end - line), line);
		}
	}
	page_free(&wrapped);
}

void
repro_text(struct page *page, const json_t *repro)
{
	const json_t *exception = json_object_get(repro, "exception"), *line;
	const char *where = report_string(repro, "where"), *torch = report_string(repro, "torch"), *operation = report_string(repro, "operation");
	struct page about = { 0 }, told = { 0 }, rest = { 0 };
	size_t i;

	page_words(&about, *operation ? operation : "backward");
	if (*where) {
		page_add(&about, " at ");
		page_words(&about, where);
	}
	page_add(&about, ", as shapebox recorded it");
	if (*torch) {
		page_add(&about, " with torch ");
		page_words(&about, torch);
	}
	comment(page, &about, 2);
	page_words(&told, report_string(exception, "type"));
	page_add(&told, ": ");
	page_words(&told, report_string(exception, "message"));
	comment(page, &told, MESSAGE_LINES);
	page_add(&rest, "Sizes, strides, dtypes, devices and counts are as recorded; no data and no weights are in it.");
	json_array_foreach(json_object_get(repro, "notes"), i, line) {
		page_add(&rest, " Note: ");
		page_words(&rest, json_string_value(line));
		page_add(&rest, ".");
	}
	comment(page, &rest, MESSAGE_LINES);
	page_add(page, "import torch\n\n");
	json_array_foreach(json_object_get(repro, "program"), i, line) {
		page_add(page, json_string_value(line));
		page_add(page, "\n");
	}
	page_free(&about);
	page_free(&told);
	page_free(&rest);
}
