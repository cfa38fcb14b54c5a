#include "environment_text.h"

#include <inttypes.h>
#include <string.h>

#include "report_parts.h"

static void
item(struct page *page, const char *name, const json_t *value)
{
	if (!json_is_string(value) || !json_string_length(value))
		return;
	page_add(page, "- ");
	page_words(page, name);
	page_add(page, ": ");
	page_words(page, json_string_value(value));
	page_add(page, "\n");
}

/* TEXT between fences that are longer than any in it. */
static void
fenced(struct page *page, const char *text)
{
	size_t longest = 2;

	for (const char *at = text; *at;) {
		size_t run = strspn(at, "`");

		longest = run > longest ? run : longest;
		at += run + (at[run] != 0);
	}
	for (size_t i = 0; i <= longest; i++)
		page_add(page, "`");
	page_add(page, "text\n");
	page_add(page, text);
	page_add(page, "\n");
	for (size_t i = 0; i <= longest; i++)
		page_add(page, "`");
	page_add(page, "\n");
}

static void
command(struct page *page, const json_t *argv)
{
	struct page line = { 0 };
	const json_t *word;
	size_t i;

	json_array_foreach(argv, i, word) {
		page_add(&line, i ? " " : "");
		page_words(&line, json_string_value(word));
	}
	if (line.size) {
		page_add(page, "- Command:\n\n");
		fenced(page, page_string(&line));
	}
	page_free(&line);
}

void
environment_text(struct page *page, const json_t *report, const char *version)
{
	const json_t *environment = json_object_get(report, "environment"), *failure = json_object_get(report, "failure"), *gpu, *value;
	const json_t *exception = json_object_get(failure, "exception");
	struct page words = { 0 };
	const char *name;
	size_t i;

	page_format(page, "### Environment\n\n- shapebox: %s\n", version);
	page_add(page, "- Platform: Linux x86-64");
	if (report_string(environment, "glibc")[0]) {
		page_add(page, ", glibc ");
		page_words(page, report_string(environment, "glibc"));
	}
	page_add(page, "\n");
	item(page, "Python", json_object_get(environment, "python"));
	json_object_foreach(json_object_get(environment, "versions"), name, value)
		item(page, strcmp(name, "torch") == 0 ? "PyTorch" : name, value);
	json_array_foreach(json_object_get(environment, "gpus"), i, gpu)
		item(page, "GPU", gpu);
	if (json_array_size(json_object_get(environment, "gpus")) == 0)
		page_add(page, "- GPU: none seen\n");
	item(page, "Driver", json_object_get(environment, "driver"));
	item(page, "Launcher", json_object_get(environment, "launcher"));
	page_format(page, "- Processes: %zu\n", json_array_size(json_object_get(report, "processes")));
	command(page, json_object_get(environment, "argv"));
	if (!json_is_object(failure))
		return;
	page_add(page, "\n### Failure\n\n");
	page_words(&words, report_string(failure, "headline"));
	fenced(page, page_string(&words));
	page_free(&words);
	page_words(&words, report_string(exception, "type"));
	page_add(&words, words.size ? ": " : "");
	page_words(&words, report_string(exception, "message"));
	if (words.size) {
		page_add(page, "\n");
		fenced(page, page_string(&words));
	}
	page_free(&words);
}
