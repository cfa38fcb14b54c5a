#include <inttypes.h>
#include <string.h>

#include "report_parts.h"

#define EVIDENCE_SHOWN 3
#define LINEAGE_LINES 9 /* over all operands */

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

void
report_lineage(struct page *page, const json_t *failure, int width)
{
	const json_t *lineage = json_object_get(failure, "lineage"), *part, *text;
	size_t i, n, first = json_array_size(json_object_get(json_array_get(lineage, 0), "lines"));
	bool twins = report_string(failure, "parting")[0] != 0;
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
	json_array_foreach(lineage, i, part) {
		const char *operand = report_string(part, "operand");

		json_array_foreach(json_object_get(part, "lines"), n, text) {
			struct page line = { 0 };

			if (n && i && twins && json_array_size(json_object_get(part, "lines")) == first)
				break; /* the same lines again */
			if (lines == LINEAGE_LINES) {
				report_label(page, "");
				page_add(page, SAY("(more in: shapebox report --format json)\n"));
				return;
			}
			if (n == 0 && operand[0]) {
				page_words(&line, operand);
				page_add(&line, ": ");
			} else if (operand[0]) {
				page_add(&line, "  ");
			}
			page_words(&line, json_string_value(text));
			report_label(page, lines == 0 ? SAY("from where") : "");
			lines += page_wrap(page, REPORT_INDENT + 4, width, 2, page_string(&line));
			page_free(&line);
		}
	}
}
