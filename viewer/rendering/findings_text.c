#include "findings_text.h"

#include <inttypes.h>

#include "report_parts.h"

#define FINDINGS_MOST 20
#define FROZEN_MOST 6

/* How much of each part of the model is trained, where there are several. */
static void
children_lines(struct page *page, const json_t *children)
{
	const json_t *child;
	size_t i;

	if (json_array_size(children) < 2)
		return;
	json_array_foreach(children, i, child) {
		page_format(page, "%*s%12" PRId64 " / %-12" PRId64 " ", REPORT_INDENT, "", report_integer(child, "trainable", 0), report_integer(child, "elements", 0));
		page_words(page, report_string(child, "module"));
		page_add(page, "\n");
	}
}

/* "8,192 of 123,456 elements of model (Tower), by AdamW; none of model.visual, model.embed" */
static void
trains_line(struct page *page, const json_t *trains, int width)
{
	const json_t *frozen = json_object_get(trains, "frozen");
	struct page line = { 0 }, names = { 0 }, root = { 0 }, class = { 0 }, optimizer = { 0 };

	if (!json_is_object(trains))
		return;
	page_words(&root, report_string(trains, "root"));
	page_words(&class, report_string(trains, "class"));
	page_words(&optimizer, report_string(trains, "optimizer"));
	page_format(&line, SAY("%" PRId64 " of %" PRId64 " elements of %s (%s), by %s"), report_integer(trains, "trainable", 0),
		    report_integer(trains, "elements", 0), page_string(&root), page_string(&class), page_string(&optimizer));
	for (size_t i = 0; i < json_array_size(frozen) && i < FROZEN_MOST; i++) {
		page_add(&names, i ? ", " : "");
		page_words(&names, json_string_value(json_array_get(frozen, i)));
	}
	if (json_array_size(frozen) > FROZEN_MOST)
		page_add(&names, ", ...");
	if (names.size)
		page_format(&line, SAY("; none of %s"), page_string(&names));
	report_label(page, SAY("trains"));
	page_wrap(page, REPORT_INDENT, width, 3, page_string(&line));
	children_lines(page, json_object_get(trains, "children"));
	page_free(&root);
	page_free(&class);
	page_free(&optimizer);
	page_free(&names);
	page_free(&line);
}

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
	if (report_integer(found, "processes", 0) > 1) {
		page_add(&line, ", ");
		page_plural(&line, report_integer(found, "processes", 0), SAY("process"), SAY("processes"));
	}
	if (json_is_true(json_object_get(found, "running")))
		page_add(&line, SAY(", still running"));
	report_label(page, SAY("trace"));
	page_safe(page, report_string(found, "trace"));
	page_add(page, "\n");
	report_verdict(page, count ? PAGE_STRONG : PAGE_GOOD, count ? SAY("FOUND") : SAY("OK"));
	page_wrap(page, REPORT_INDENT, width, 2, page_string(&line));
	page_free(&line);
	trains_line(page, json_object_get(found, "trains"), width);
	report_causes(page, SAY("found"), findings, width, FINDINGS_MOST, false);
	json_array_foreach(json_object_get(found, "not_looked"), i, missing)
		report_line(page, i ? "" : SAY("not seen"), report_string(missing, "text"), width, 3);
	if (json_is_true(json_object_get(found, "failed")))
		report_line(page, SAY("next"), SAY("it did not end well: shapebox report"), width, 1);
}
