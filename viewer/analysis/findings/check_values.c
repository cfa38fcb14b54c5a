/* What the numbers that the failing statement names came to; of a raise, those of the condition that it stands under. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "../text.h"

#define VALUES_MOST 6
#define TERM_MOST 48 /* bytes */

static bool
has_name(const json_t *values, const char *name)
{
	const json_t *value;
	size_t i;

	json_array_foreach(values, i, value) {
		if (strcmp(text_get(value, "name"), name) == 0)
			return true;
	}
	return false;
}

/* Adds the number that TERM, a name with what follows it, came to; false if it is none. */
static bool
add_value(const struct condition_scope *scope, const char *term, json_t *values)
{
	struct condition_value value = condition_read(scope, term);

	if (value.kind != CONDITION_NUMBER)
		return false;
	if (!has_name(values, term))
		json_array_append_new(values, json_pack("{s:s,s:I}", "name", term, "value", (json_int_t)value.number));
	return true;
}

json_t *
check_values(const struct source *source, const struct failure *failure, const json_t *frames)
{
	json_t *values = json_array();
	struct condition_scope scope;
	void *room;
	char term[TERM_MOST + 1], condition[CODE_TEXT_MOST];
	const char *text;
	size_t path;
	bool wanted;

	if (!check_open(&scope, &room, source, failure, frames))
		return values;
	text = scope.statements[scope.count - 1].text;
	if (strncmp(text, "raise", 5) == 0 && code_condition(scope.statements, scope.count, condition, sizeof(condition), &wanted))
		text = condition;
	for (const char *at = text; json_array_size(values) < VALUES_MOST && (at = code_next_path(at, &path));) {
		size_t whole = code_term(at);

		text_format(term, sizeof(term), "%.*s", (int)whole, at);
		if (whole <= TERM_MOST && add_value(&scope, term, values)) {
			at += whole;
			continue;
		}
		text_format(term, sizeof(term), "%.*s", (int)path, at);
		if (path <= TERM_MOST && whole > path)
			add_value(&scope, term, values);
		at += path;
	}
	free(room);
	return values;
}
