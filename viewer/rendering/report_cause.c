#include <inttypes.h>
#include <string.h>

#include "report_parts.h"

#define EVIDENCE_SHOWN 3
#define LINEAGE_LINES 9 /* over all operands */
#define LINEAGE_PARTS 8
#define LINES_MOST 16    /* of one story */

static void
cause_evidence(struct page *page, const json_t *evidence, int width)
{
	const json_t *item;
	size_t i;

	json_array_foreach(evidence, i, item) {
		struct page line = { 0 };
		int64_t event = report_integer(item, "event", -1);

		if (i == EVIDENCE_SHOWN) {
			page_format(page, SAY("%*s  (%zu more)\n"), REPORT_INDENT, "", json_array_size(evidence) - i);
			break;
		}
		page_words(&line, json_is_string(item) ? json_string_value(item) : report_string(item, "text"));
		if (line.size > 0) {
			if (event >= 0)
				page_format(&line, SAY(" (event %" PRId64 ")"), event);
			page_format(page, "%*s- ", REPORT_INDENT, "");
			page_wrap(page, REPORT_INDENT + 2, width, 3, page_string(&line));
		}
		page_free(&line);
	}
}

void
report_causes(struct page *page, const char *label, const json_t *causes, int width, size_t most, bool ranked)
{
	const json_t *cause;
	size_t i;

	json_array_foreach(causes, i, cause) {
		const json_t *setting = json_object_get(cause, "setting");
		const char *confidence = report_string(cause, "confidence");
		struct page line = { 0 };

		if (i == most)
			break;
		if (confidence[0]) {
			page_words(&line, language_word(confidence));
			page_add(&line, SAY(": "));
		}
		page_words(&line, report_string(cause, "text"));
		report_label(page, i == 0 ? label : ranked ? SAY("or") : "");
		if (ranked && i > 0) {
			page_wrap(page, REPORT_INDENT, width, 2, page_string(&line));
			page_free(&line);
			continue;
		}
		page_wrap(page, REPORT_INDENT, width, 4, page_string(&line));
		page_free(&line);
		cause_evidence(page, json_object_get(cause, "evidence"), width);
		page_words(&line, report_string(cause, "fix"));
		if (json_is_object(setting) && report_string(setting, "file")[0]) {
			page_add(&line, line.size ? " (" : "(");
			page_words(&line, report_string(setting, "name"));
			page_add(&line, SAY(" is set at "));
			page_words(&line, report_file(report_string(setting, "file")));
			page_format(&line, ":%" PRId64 ")", report_integer(setting, "line", 0));
		} else if (json_is_object(setting) && report_string(setting, "source")[0]) {
			page_add(&line, line.size ? " (" : "(");
			page_words(&line, report_string(setting, "source"));
			page_add(&line, ")");
		}
		if (line.size > 0) {
			report_label(page, SAY("fix"));
			page_wrap(page, REPORT_INDENT, width, 4, page_string(&line));
		}
		page_free(&line);
	}
}

/* The lines of one operand's story, of which some are left out; never the first, nor the last. */
struct part_shown { const json_t *lines, *passing; const char *operand; size_t count, shown; bool hidden[LINES_MOST]; };

/* On how many lines of the screen it may be told: the one that ends the story says where the program asked for it, and isn't cut off before that. */
#define LINE_ROWS(part, n) ((n) + 1 == (part)->count ? 4 : 2)

/* Line N of PART, as it is shown, in LINE. */
static void
part_line(const struct part_shown *part, size_t n, struct page *line)
{
	if (part->operand[0] && n == 0) {
		page_words(line, part->operand);
		page_add(line, ": ");
	} else if (part->operand[0]) {
		page_add(line, "  ");
	}
	if (n && part->hidden[n - 1])
		page_add(line, "... ");
	page_words(line, json_string_value(json_array_get(part->lines, n)));
}

/* How many lines of the screen PART takes. */
static int
part_height(const struct part_shown *part, int width)
{
	int height = 0;

	for (size_t n = 0; n < part->count; n++) {
		struct page line = { 0 }, screen = { 0 };

		if (part->hidden[n])
			continue;
		part_line(part, n, &line);
		report_label(&screen, "");
		height += page_wrap(&screen, REPORT_INDENT + 4, width, LINE_ROWS(part, n), page_string(&line));
		page_free(&line);
		page_free(&screen);
	}
	return height;
}

/* The line of PART to be left out next, among those that only pass on what they were given if PASSING; 0 if there is none. */
static size_t
part_next(const struct part_shown *part, bool passing)
{
	for (size_t n = part->count > 1 ? part->count - 2 : 0; n > 0; n--) {
		bool passes = false;

		for (size_t i = 0; i < json_array_size(part->passing); i++)
			passes = passes || json_integer_value(json_array_get(part->passing, i)) == (json_int_t)n;
		if (!part->hidden[n] && (passes || !passing))
			return n;
	}
	return 0;
}

/* Leaves a line out of the part that shows most; false if there is none. */
static bool
parts_hide(struct part_shown *parts, size_t count, bool passing)
{
	struct part_shown *longest = NULL;

	for (size_t i = 0; i < count; i++)
		if (part_next(&parts[i], passing) && (!longest || parts[i].shown > longest->shown))
			longest = &parts[i];
	if (!longest)
		return false;
	longest->hidden[part_next(longest, passing)] = true;
	longest->shown--;
	return true;
}

/* Leaves lines out of the middle until all fit into LINES, views first: where a size comes from, the last, is told. Returns false if they can't. */
static bool
parts_fit(struct part_shown *parts, size_t count, int lines, int width)
{
	for (;;) {
		int height = 0;

		for (size_t i = 0; i < count; i++)
			height += part_height(&parts[i], width);
		if (height <= lines)
			return true;
		if (!parts_hide(parts, count, true) && !parts_hide(parts, count, false))
			return false;
	}
}

void
report_lineage(struct page *page, const json_t *failure, int width)
{
	const json_t *lineage = json_object_get(failure, "lineage");
	size_t first = json_array_size(json_object_get(json_array_get(lineage, 0), "lines")), count = 0;
	bool twins = report_string(failure, "parting")[0] != 0, all;
	struct part_shown parts[LINEAGE_PARTS];
	int lines = 0;

	if (json_array_size(lineage) == 0) {
		const json_t *origin = json_object_get(failure, "origin");

		report_line(page, SAY("from where"), report_string(origin, "text"), width, 3);
		return;
	}
	if (twins) {
		report_line(page, SAY("from where"), report_string(failure, "parting"), width, 2);
		lines++;
	}
	for (size_t i = 0; i < json_array_size(lineage) && count < LINEAGE_PARTS; i++) {
		const json_t *part = json_array_get(lineage, i), *texts = json_object_get(part, "lines");
		size_t size = json_array_size(texts);

		if (size > LINES_MOST)
			size = LINES_MOST;
		if (i && twins && size == first)
			size = size ? 1 : 0; /* the same lines again */
		if (size)
			parts[count++] = (struct part_shown){ .lines = texts, .passing = json_object_get(part, "passing"), .operand = report_string(part, "operand"),
							      .count = size, .shown = size };
	}
	all = parts_fit(parts, count, LINEAGE_LINES - lines, width);
	for (size_t i = 0; i < count; i++)
		for (size_t n = 0; n < parts[i].count; n++) {
			struct page line = { 0 };

			if (parts[i].hidden[n])
				continue;
			if (!all && lines >= LINEAGE_LINES) {
				report_label(page, "");
				page_add(page, SAY("(more in: shapebox report --format json)\n"));
				return;
			}
			part_line(&parts[i], n, &line);
			report_label(page, lines == 0 ? SAY("from where") : "");
			lines += page_wrap(page, REPORT_INDENT + 4, width, LINE_ROWS(&parts[i], n), page_string(&line));
			page_free(&line);
		}
}
