#include "contract_text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "report_parts.h"

bool
contract_write(FILE *file, const json_t *contract)
{
	const char *key;
	json_t *value, *call;
	size_t i;

	fputs("{\n", file);
	json_object_foreach((json_t *)contract, key, value) {
		char *text = json_is_array(value) ? NULL : json_dumps(value, JSON_ENCODE_ANY);

		if (json_is_array(value))
			continue;
		if (!text)
			return false;
		fprintf(file, "\"%s\": %s,\n", key, text);
		free(text);
	}
	fputs("\"calls\": [", file);
	json_array_foreach(json_object_get(contract, "calls"), i, call) {
		char *text = json_dumps(call, 0);

		if (!text)
			return false;
		fprintf(file, "%s\n%s", i ? "," : "", text);
		free(text);
	}
	return fputs("\n]\n}\n", file) >= 0;
}

static void
call_line(struct page *page, const char *label, const json_t *call, int columns)
{
	struct page line = { 0 };
	const json_t *operand;
	size_t i;

	page_words(&line, report_string(call, "at"));
	page_add(&line, "  ");
	page_words(&line, report_string(call, "call"));
	page_add(&line, "(");
	json_array_foreach(json_object_get(call, "operands"), i, operand) {
		page_add(&line, i ? ", " : "");
		page_words(&line, json_string_value(operand));
	}
	page_add(&line, ")");
	report_label(page, label);
	page_wrap(page, REPORT_INDENT, columns, 0, json_is_object(call) ? page_string(&line) : "-");
	page_free(&line);
}

void
contract_text(struct page *page, const json_t *held, const char *path, int columns)
{
	const json_t *departure = json_object_get(held, "departure"), *rank = json_object_get(departure, "rank");
	struct page text = { 0 };

	if (!json_is_object(departure)) {
		page_add(page, SAY("as in "));
		page_safe(page, path);
		page_add(page, ": ");
		page_plural(page, json_integer_value(json_object_get(held, "calls")), SAY("operation"), SAY("operations"));
		page_add(page, ", ");
		page_plural(page, json_integer_value(json_object_get(held, "steps")), SAY("complete step"), SAY("complete steps"));
		page_add(page, "\n");
		return;
	}
	report_verdict(page, PAGE_BAD, SAY("DEPARTS"));
	page_add(page, SAY("from "));
	page_safe(page, path);
	page_format(page, SAY(" in step %" PRId64), (int64_t)json_integer_value(json_object_get(departure, "step")));
	if (json_is_integer(rank))
		page_format(page, SAY(", rank %" PRId64), (int64_t)json_integer_value(rank));
	page_format(page, SAY(", event %" PRId64), (int64_t)json_integer_value(json_object_get(departure, "event")));
	page_add(page, "\n");
	page_words(&text, report_string(departure, "text"));
	report_label(page, report_string(departure, "kind"));
	page_wrap(page, REPORT_INDENT, columns, 0, page_string(&text));
	call_line(page, SAY("contract"), json_object_get(departure, "contract"), columns);
	call_line(page, SAY("this run"), json_object_get(departure, "run"), columns);
	page_free(&text);
}
