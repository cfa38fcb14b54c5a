#include "diff_text.h"

#include <stdlib.h>
#include <string.h>

#include "report_parts.h"

#define GROUPS_SHOWN 8
#define OPERANDS_SHOWN 8

void
diff_ranks(struct page *page, const json_t *ranks)
{
	size_t count = json_array_size(ranks);

	for (size_t i = 0; i < count;) {
		long long first = json_integer_value(json_array_get(ranks, i)), last = first;
		size_t next = i + 1;

		while (next < count && json_integer_value(json_array_get(ranks, next)) == last + 1) {
			last++;
			next++;
		}
		page_format(page, last == first ? "%s%lld" : last == first + 1 ? "%s%lld, %lld" : "%s%lld-%lld", i ? ", " : "", first, last);
		i = next;
	}
}

/* A line under LABEL with what BUILT holds, wrapped. */
static void
line_end(struct page *page, const char *label, struct page *built, int width)
{
	report_label(page, label);
	page_wrap(page, REPORT_INDENT, width, 0, page_string(built));
	page_free(built);
}

static void
place_add(struct page *page, const json_t *side)
{
	const json_t *where = json_object_get(side, "where");

	page_words(page, report_string(side, "operation"));
	if (!json_is_object(where))
		return;
	page_add(page, SAY(" at "));
	page_words(page, report_file(report_string(where, "file")));
	page_format(page, SAY(":%lld in "), (long long)report_integer(where, "line", 0));
	page_words(page, report_string(where, "function"));
}

static void
failure_text(struct page *page, const json_t *failure, int width)
{
	struct page line = { 0 };
	const json_t *exception = json_object_get(failure, "exception");

	if (!json_is_object(failure))
		return;
	if (json_is_false(json_object_get(failure, "own")))
		page_add(&line, SAY("no rank failed by itself; the first error is that of "));
	page_format(&line, PAGE_BAD "%srank %lld" PAGE_END, strcmp(report_string(failure, "role"), "worker") == 0 ? SAY("a worker of ") : "",
		    (long long)report_integer(failure, "rank", -1));
	if (report_string(failure, "operation")[0]) {
		page_add(&line, SAY(", in "));
		page_words(&line, report_string(failure, "operation"));
	}
	if (json_is_object(json_object_get(failure, "where"))) {
		page_add(&line, SAY(" at "));
		page_words(&line, report_file(report_string(json_object_get(failure, "where"), "file")));
		page_format(&line, ":%lld", (long long)report_integer(json_object_get(failure, "where"), "line", 0));
	}
	if (report_integer(failure, "step", -1) >= 0)
		page_format(&line, SAY(", at step %lld"), (long long)report_integer(failure, "step", 0));
	line_end(page, SAY("first"), &line, width);
	if (report_string(exception, "message")[0]) {
		page_words(&line, report_string(exception, "type"));
		page_add(&line, ": ");
		page_words(&line, report_string(exception, "message"));
		report_label(page, "");
		page_wrap(page, REPORT_INDENT, width, 3, page_string(&line));
		page_free(&line);
	}
}

/* The values of LIST that say something, OPERANDS_SHOWN of them. */
static void
operands_add(struct page *line, const json_t *list, const char *before)
{
	size_t i, shown = 0;
	json_t *operand;

	json_array_foreach(list, i, operand) {
		bool tensor = strcmp(report_string(operand, "kind"), "tensor") == 0;
		char *shape;

		if ((!tensor && !report_string(operand, "value")[0]) || shown++ >= OPERANDS_SHOWN)
			continue;
		shape = json_dumps(json_object_get(operand, "shape"), JSON_ENCODE_ANY | JSON_COMPACT);
		page_add(line, shown > 1 ? ", " : before);
		page_words(line, report_string(operand, "name"));
		page_add(line, " ");
		page_words(line, tensor ? shape : report_string(operand, "value"));
		if (tensor) {
			page_add(line, " ");
			page_words(line, report_string(operand, "dtype"));
			page_add(line, " ");
			page_words(line, report_string(operand, "device"));
		}
		free(shape);
	}
	if (shown > OPERANDS_SHOWN)
		page_format(line, SAY(", and %d more"), (int)(shown - OPERANDS_SHOWN));
}

static void
side_text(struct page *page, const char *label, const json_t *side, bool outputs, int width)
{
	struct page line = { 0 };

	if (!json_is_object(side))
		return;
	page_format(&line, SAY("rank %lld, event %lld: "), (long long)report_integer(side, "rank", -1), (long long)report_integer(side, "event", -1));
	place_add(&line, side);
	line_end(page, label, &line, width);
	operands_add(&line, json_object_get(side, "operands"), "  ");
	if (outputs)
		operands_add(&line, json_object_get(side, "outputs"), " -> ");
	if (line.size)
		line_end(page, "", &line, width);
	page_free(&line);
}

static void
divergence_text(struct page *page, const char *label, const json_t *divergence, int width)
{
	struct page line = { 0 };
	const json_t *before = json_object_get(divergence, "before");

	if (!json_is_object(divergence))
		return;
	page_format(&line, PAGE_STRONG);
	page_words(&line, report_string(divergence, "kind"));
	page_format(&line, PAGE_END ": ");
	page_words(&line, report_string(divergence, "text"));
	line_end(page, label, &line, width);
	side_text(page, "", json_object_get(divergence, "a"), false, width);
	side_text(page, "", json_object_get(divergence, "b"), false, width);
	if (json_is_object(before)) {
		side_text(page, "before", json_object_get(before, "a"), true, width);
		side_text(page, "", json_object_get(before, "b"), true, width);
	}
}

/* Ranks of which the same is said, on one line. */
static void
consequences_text(struct page *page, const json_t *list, int width)
{
	size_t count = json_array_size(list);
	const char *label = SAY("then");

	for (size_t i = 0; i < count; i++) {
		const char *text = report_string(json_array_get(list, i), "text");
		json_t *ranks = json_array();
		struct page line = { 0 };
		bool told = false;

		for (size_t n = 0; n < i && !told; n++)
			told = strcmp(report_string(json_array_get(list, n), "text"), text) == 0;
		for (size_t n = i; n < count && !told; n++)
			if (strcmp(report_string(json_array_get(list, n), "text"), text) == 0)
				json_array_append(ranks, json_object_get(json_array_get(list, n), "rank"));
		if (!told) {
			page_add(&line, json_array_size(ranks) == 1 ? SAY("rank ") : SAY("ranks "));
			diff_ranks(&line, ranks);
			page_add(&line, ": ");
			page_words(&line, text);
			line_end(page, label, &line, width);
			label = "";
		}
		json_decref(ranks);
	}
}

static void
groups_text(struct page *page, const json_t *groups, int width)
{
	const char *label = SAY("groups");
	json_t *group;
	size_t i;

	json_array_foreach(groups, i, group) {
		struct page line = { 0 };

		if (i == GROUPS_SHOWN) {
			page_format(&line, SAY("and %d more"), (int)(json_array_size(groups) - i));
			line_end(page, label, &line, width);
			return;
		}
		page_add(&line, json_array_size(json_object_get(group, "ranks")) == 1 ? SAY("rank ") : SAY("ranks "));
		diff_ranks(&line, json_object_get(group, "ranks"));
		page_add(&line, ": ");
		page_plural(&line, report_integer(group, "operations", 0), SAY("operation"), SAY("operations"));
		page_add(&line, SAY(", signature "));
		page_words(&line, report_string(group, "signature"));
		line_end(page, label, &line, width);
		label = "";
	}
}

static void
lost_text(struct page *page, const json_t *diff, int width)
{
	const json_t *overwritten = json_object_get(diff, "overwritten");
	int64_t dropped = 0, usual = report_integer(overwritten, "usual_differences", 0);
	struct page line = { 0 };
	json_t *one;
	size_t i;

	json_array_foreach(json_object_get(diff, "lost"), i, one)
		dropped += report_integer(one, "dropped", 0);
	if (json_is_object(overwritten)) {
		page_format(&line, SAY("operations before step %lld are overwritten (--keep all keeps them)"),
			    (long long)report_integer(overwritten, "before_step", 0));
		page_add(&line, json_is_true(json_object_get(overwritten, "compared"))
					? SAY(": those steps were compared by their fingerprints") : SAY(": those steps were not compared"));
		if (usual > 0)
			page_format(&line, SAY(", %lld of which differ as usual"), (long long)usual);
	}
	if (dropped > 0) {
		page_add(&line, line.size ? "; " : "");
		page_plural(&line, dropped, SAY("operation was dropped"), SAY("operations were dropped"));
	}
	if (line.size)
		line_end(page, SAY("lost"), &line, width);
	page_free(&line);
}

void
diff_text(struct page *page, const json_t *diff, int width)
{
	const json_t *missing = json_object_get(diff, "ranks_missing");
	const char *compared = report_string(diff, "compared");
	bool differ = json_is_object(json_object_get(diff, "first_divergence"));
	struct page line = { 0 };

	if (strcmp(compared, "steps") == 0)
		page_add(&line, SAY("two steps of one rank"));
	else {
		page_plural(&line, report_integer(diff, "ranks", 0), SAY("rank"), SAY("ranks"));
		if (strcmp(compared, "runs") == 0)
			page_add(&line, SAY(" of two runs"));
		else if (report_integer(diff, "world_size", 0) > report_integer(diff, "ranks", 0))
			page_format(&line, SAY(" of %lld"), (long long)report_integer(diff, "world_size", 0));
	}
	line_end(page, SAY("compared"), &line, width);
	if (json_array_size(missing)) {
		page_add(&line, PAGE_BAD);
		page_add(&line, json_array_size(missing) == 1 ? SAY("rank ") : SAY("ranks "));
		diff_ranks(&line, missing);
		page_add(&line, PAGE_END);
		page_add(&line, SAY(": no trace here"));
		line_end(page, SAY("missing"), &line, width);
	}
	failure_text(page, json_object_get(diff, "first_failure"), width);
	consequences_text(page, json_object_get(diff, "consequences"), width);
	divergence_text(page, SAY("parted"), json_object_get(diff, "first_divergence"), width);
	divergence_text(page, SAY("kept"), json_object_get(json_object_get(diff, "first_divergence"), "kept"), width);
	if (!differ) {
		page_format(&line, PAGE_GOOD "%s" PAGE_END "%s", SAY("the same operations in the same order"), SAY(", as far as each went"));
		line_end(page, SAY("agree"), &line, width);
	}
	groups_text(page, json_object_get(diff, "groups"), width);
	if (report_integer(diff, "usual_differences", 0) > 0) {
		page_plural(&line, report_integer(diff, "usual_differences", 0), SAY("operation differs as usual"), SAY("operations differ as usual"));
		page_add(&line, SAY(": sizes that a rank varies by itself or has had from its start, and what one rank alone logs or loads"));
		line_end(page, SAY("usual"), &line, width);
	}
	lost_text(page, diff, width);
	if (json_is_false(json_object_get(diff, "complete"))) {
		page_add(&line, SAY("memory ran out: sizes were compared in part"));
		line_end(page, SAY("lost"), &line, width);
	}
}
