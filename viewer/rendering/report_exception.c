/* The exception, quoted, and what became of it. */
#include <stdio.h>
#include <string.h>

#include "report_parts.h"

#define QUOTED_BEFORE 60 /* characters of what an inner error is wrapped in */

/* OUTER, an exception, behind WORDS that say how it followed, on MOST lines. */
static void
report_outer(struct page *page, const char *words, const json_t *outer, int width, int most)
{
	struct page line = { 0 };

	page_add(&line, words);
	page_words(&line, report_string(outer, "type"));
	page_add(&line, ": ");
	page_words(&line, report_string(outer, "message"));
	report_label(page, "");
	page_wrap(page, REPORT_INDENT, width, most, page_string(&line));
	page_free(&line);
}

/* Where MESSAGE, too long to be quoted in full, tells the error that it is about ("...: got RuntimeError('...')"); NULL if it doesn't, or begins with it. */
static const char *
inner_error(const char *message)
{
	static const char mark[] = ": got ";
	const char *at = strstr(message, mark), *end;

	for (; at; at = strstr(at + 1, mark)) {
		end = at + strlen(mark) + strspn(at + strlen(mark), "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz.");
		if (*end == '(' && end - at > 11 && strncmp(end - 5, "Error", 5) == 0)
			return at - message > QUOTED_BEFORE ? at + 2 : NULL;
	}
	return NULL;
}

static void
report_message(struct page *line, const char *message)
{
	const char *inner = inner_error(message);
	char before[QUOTED_BEFORE + 8];
	size_t length = strcspn(message, "\n");

	if (!inner) {
		page_words(line, message);
		return;
	}
	length = length < QUOTED_BEFORE ? length : QUOTED_BEFORE;
	while (length > 0 && ((unsigned char)message[length] & 0xc0) == 0x80) /* not within a character */
		length--;
	snprintf(before, sizeof(before), "%.*s", (int)length, message);
	page_words(line, before);
	page_add(line, " ... ");
	page_words(line, inner);
}

void
report_exception(struct page *page, const json_t *failure, int width)
{
	const json_t *exception = json_object_get(failure, "exception"), *outer;
	struct page line = { 0 };
	size_t i;

	if (!json_is_object(exception) || !report_string(exception, "type")[0])
		exception = json_object_get(failure, "exception_native");
	page_words(&line, report_string(exception, "type"));
	if (report_string(exception, "message")[0]) {
		page_add(&line, line.size ? ": " : "");
		report_message(&line, report_string(exception, "message"));
	}
	if (line.size > 0) {
		report_label(page, SAY("exception"));
		page_wrap(page, REPORT_INDENT, width, 3, page_string(&line));
	}
	page_free(&line);
	json_array_foreach(json_object_get(failure, "wrapped_by"), i, outer) {
		report_outer(page, SAY("raised on as "), outer, width, i == 0 ? 3 : 1);
		if (i == 1)
			break;
	}
	outer = json_object_get(failure, "led_to");
	if (json_is_object(outer))
		report_outer(page, SAY("handled, and led to "), outer, width, 1);
}
