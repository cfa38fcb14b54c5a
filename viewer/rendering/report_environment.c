/* The environment of the process that is shown: a few words in the head, all of it on demand. */
#include <inttypes.h>
#include <string.h>

#include "report_parts.h"
#include "report_text.h"

void
report_environment_words(struct page *line, const json_t *report)
{
	const json_t *environment = json_object_get(report, "environment"), *value;
	json_t *versions = json_object_get(environment, "versions");
	const char *name;

	/* torch is named before; the rest of what explains most failures */
	json_object_foreach(versions, name, value)
		if (strcmp(name, "torch") != 0 && strcmp(name, "numpy") != 0 && strcmp(name, "triton") != 0 && json_is_string(value)) {
			page_add(line, ", ");
			page_words(line, name);
			page_add(line, " ");
			page_words(line, json_string_value(value));
		}
	if (report_string(environment, "launcher")[0]) {
		page_add(line, SAY("; by "));
		page_words(line, report_string(environment, "launcher"));
	}
}

/* One fact: NAME and VALUE, whatever it is made of. */
static void
fact(struct page *page, const char *label, const char *name, const json_t *value, int width)
{
	struct page line = { 0 };
	const json_t *item;
	size_t i;

	if (!value || json_is_null(value) || (json_is_array(value) && !json_array_size(value)))
		return;
	page_words(&line, name);
	page_add(&line, " ");
	if (json_is_string(value))
		page_words(&line, json_string_value(value));
	else if (json_is_integer(value))
		page_format(&line, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
	else if (json_is_real(value))
		page_format(&line, "%.0f", json_real_value(value));
	json_array_foreach(value, i, item) {
		page_add(&line, i ? " " : "");
		page_words(&line, json_string_value(item) ? json_string_value(item) : "");
	}
	report_label(page, label);
	page_wrap(page, REPORT_INDENT, width, 0, page_string(&line));
	page_free(&line);
}

void
report_environment_all(struct page *page, const json_t *report, int width)
{
	static const char *const keys[] = { "launcher", "argv", "cwd", "executable", "python", "glibc", "driver", "gpus", "seed" };
	json_t *environment = json_object_get(report, "environment"), *value;
	const char *name, *label;

	page_format(page, "\n" PAGE_STRONG "%s" PAGE_END "\n", SAY("environment of the process above (secrets are never stored):"));
	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
		fact(page, "", keys[i], json_object_get(environment, keys[i]), width);
	label = SAY("versions");
	json_object_foreach(json_object_get(environment, "versions"), name, value) {
		fact(page, label, name, value, width);
		label = "";
	}
	label = SAY("variables");
	json_object_foreach(json_object_get(environment, "env"), name, value) {
		fact(page, label, name, value, width);
		label = "";
	}
}
