/* The failures beside the one that is shown: attempts of a restarted run, earlier ones of a process that lived on. */
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "report_parts.h"
#include "report_text.h"

void
report_attempts(struct page *page, const json_t *attempts, int width)
{
	struct page line = { 0 };
	const json_t *attempt;
	size_t i;

	json_array_foreach(attempts, i, attempt) {
		page_format(&line, "%s%" PRId64 " ", i ? "; " : "", report_integer(attempt, "attempt", 0));
		page_words(&line, language_word(report_string(attempt, "status")));
		if (json_is_true(json_object_get(attempt, "shown"))) {
			page_add(&line, SAY(" (shown here)"));
		} else if (report_string(attempt, "headline")[0]) {
			page_add(&line, ": ");
			page_words(&line, report_string(attempt, "headline"));
		}
	}
	if (line.size > 0) {
		report_label(page, SAY("attempts"));
		page_wrap(page, REPORT_INDENT, width, 4, page_string(&line));
	}
	page_free(&line);
}

/* Failures of the process that is shown, itself included. */
static size_t
count_of_shown(const json_t *failures)
{
	const json_t *failure, *shown = NULL;
	size_t i, count = 0;

	json_array_foreach(failures, i, failure)
		if (json_is_true(json_object_get(failure, "shown")))
			shown = json_object_get(failure, "process");
	json_array_foreach(failures, i, failure)
		count += shown && json_equal(json_object_get(failure, "process"), shown);
	return count;
}

void
report_failures_hint(struct page *page, const json_t *report)
{
	size_t count = count_of_shown(json_object_get(report, "failures"));

	if (count < 2)
		return;
	report_label(page, SAY("failures"));
	page_format(page, SAY("%zu in this process, which lived on; this is the newest. All: shapebox report --all\n"), count);
}

void
report_failures_all(struct page *page, const json_t *report, int width)
{
	const json_t *failures = json_object_get(report, "failures"), *failure;
	int64_t start = report_integer(json_object_get(report, "trace"), "start_ns", 0);
	size_t i;

	page_add(page, "\n" PAGE_STRONG);
	page_format(page, SAY("%zu failure%s"), json_array_size(failures), language_plural((int64_t)json_array_size(failures)));
	page_format(page, PAGE_END "%s\n", SAY(", oldest first:"));
	json_array_foreach(failures, i, failure) {
		const json_t *process = json_object_get(failure, "process");
		int64_t time = report_integer(failure, "time_ns", 0), rank = report_integer(process, "rank", -1);
		struct page line = { 0 };
		char number[24];

		snprintf(number, sizeof number, "%zu%s", i + 1, json_is_true(json_object_get(failure, "shown")) ? " *" : "");
		report_label(page, number);
		if (start > 0 && time > start) {
			struct page after = { 0 };

			page_duration(&after, (double)(time - start) / 1e9);
			page_format(&line, SAY("after %s, "), page_string(&after));
			page_free(&after);
		}
		if (rank >= 0)
			page_format(&line, SAY("rank %" PRId64 ", "), rank);
		page_format(&line, SAY("process %" PRId64 ", step %" PRId64 ": "), report_integer(process, "pid", -1),
			    report_integer(failure, "step", 0));
		page_words(&line, report_string(failure, "headline"));
		page_wrap(page, REPORT_INDENT, width, 3, page_string(&line));
		page_free(&line);
		report_line(page, "", report_string(json_object_get(failure, "exception"), "message"), width, 2);
	}
}
