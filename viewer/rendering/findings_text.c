#include "findings_text.h"

#include <inttypes.h>

#include "report_parts.h"

#define FINDINGS_MOST 20

void
findings_text(struct page *page, const json_t *found, int width)
{
	const json_t *findings = json_object_get(found, "findings"), *missing;
	size_t count = json_array_size(findings), i;
	struct page line = { 0 };

	if (count == 0)
		page_add(&line, SAY("nothing found: "));
	else
		page_format(&line, SAY("%zu found: "), count);
	page_plural(&line, report_integer(found, "events", 0), SAY("operation"), SAY("operations"));
	page_add(&line, ", ");
	page_plural(&line, report_integer(found, "steps", 0), SAY("training step"), SAY("training steps"));
	if (report_integer(found, "ranks", 0) > 1)
		page_format(&line, SAY(", %" PRId64 " ranks"), report_integer(found, "ranks", 0));
	if (json_is_true(json_object_get(found, "running")))
		page_add(&line, SAY(", still running"));
	report_label(page, SAY("trace"));
	page_safe(page, report_string(found, "trace"));
	page_add(page, "\n");
	report_verdict(page, count ? PAGE_STRONG : PAGE_GOOD, count ? SAY("FOUND") : SAY("OK"));
	page_wrap(page, REPORT_INDENT, width, 2, page_string(&line));
	page_free(&line);
	report_causes(page, SAY("found"), findings, width, FINDINGS_MOST);
	json_array_foreach(json_object_get(found, "not_looked"), i, missing)
		report_line(page, i ? "" : SAY("not seen"), report_string(missing, "text"), width, 3);
	if (json_is_true(json_object_get(found, "failed")))
		report_line(page, SAY("next"), SAY("it did not end well: shapebox report"), width, 1);
}
