/* Expressions of the source that come to a number by what is recorded of their names. */
#include "reckoned_parts.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "condition_parts.h"

#define LOOKUPS_MOST 200    /* assignments that one expression rests on */
#define SEVERAL -2

/* --- what names come to ------------------------------------------------------------------------------- */

/* The one value that the numbers within reach of any frame have under NAME's last name; -1 if there is none, SEVERAL. */
static int64_t
value_in_reach(const struct cause_facts *facts, const char *name)
{
	struct text_walk at = { 0 };
	const char *last, *is;
	size_t size = cause_last_name(name, &last);
	int64_t found = -1;
	const json_t *number;

	while (size >= RECKONED_NAMES_LEAST && (number = cause_next_number(facts, &at))) {
		const char *called = text_get(number, "name");
		int64_t value = json_integer_value(json_object_get(number, "value"));

		if (strncmp(called, "len(", 4) == 0 || cause_last_name(called, &is) != size || strncmp(is, last, size) != 0)
			continue;
		if (found >= 0 && found != value)
			return SEVERAL;
		found = value;
	}
	return found;
}

/* The same of what files and the command line set. */
static int64_t
value_of_setting(const struct cause_facts *facts, const char *name)
{
	const char *last;
	size_t size = cause_last_name(name, &last);
	int64_t found = -1;

	for (int i = 0; size >= RECKONED_NAMES_LEAST && facts->settings && i < facts->settings->count; i++) {
		const struct setting *setting = &facts->settings->list[i];

		if (strlen(setting->key) != size || strncmp(setting->key, last, size) != 0)
			continue;
		if (found >= 0 && found != setting->value)
			return SEVERAL;
		found = setting->value;
	}
	return found;
}

static bool
is_known(const struct reckoned_place *place, const char *name)
{
	const json_t *number;
	size_t i;

	json_array_foreach(place->numbers, i, number) {
		if (strcmp(text_get(number, "name"), name) == 0)
			return true;
	}
	return false;
}

void
reckoned_learn(struct reckoned_place *place, const char *text)
{
	char name[96], assigned[512];
	size_t size;
	int which;

	for (const char *at = text; (at = code_next_path(at, &size));) {
		int64_t value;

		text_format(name, sizeof(name), "%.*s", (int)size, at);
		at += size;
		if (*at == '(' || size >= sizeof(name) || is_known(place, name) || condition_local(place->scope.locals, name, 0) ||
		    (!strpbrk(name, ".[") && code_assigned(place->scope.statements, place->scope.count, name, assigned, sizeof(assigned), &which)))
			continue;
		value = value_in_reach(place->facts, name);
		value = value == -1 ? value_of_setting(place->facts, name) : value;
		if (value >= 0)
			json_array_append_new(place->numbers, json_pack("{s:s,s:I}", "name", name, "value", (json_int_t)value));
	}
	place->scope.numbers = place->numbers;
}

/* Was it set, not measured: an attribute or item that is a number within reach, a constant, what a file or the command line sets? */
static bool
is_setting(const struct reckoned_place *place, const char *name, int64_t value)
{
	bool constant = true;

	for (const char *at = name; *at; at++)
		constant = constant && !islower((unsigned char)*at);
	return is_known(place, name) && (constant || strpbrk(name, ".[") || settings_find(place->facts->settings, name, value));
}

/* --- an expression ------------------------------------------------------------------------------------ */

struct condition_value
reckoned_read(const struct reckoned_place *place, const char *text, const char **end)
{
	int left = LOOKUPS_MOST;
	struct condition_reader reader = { .scope = &place->scope, .at = text, .left = &left };
	struct condition_value value = condition_any(&reader);

	*end = reader.at;
	return value;
}

/* What settings an expression rests on, in its order: "max_seconds 6, clips.py:47". */
static void
add_setting(const struct reckoned_place *place, const char *name, int64_t value, struct text *settings)
{
	const struct setting *found = settings_find(place->facts->settings, name, value);
	const char *last;
	int size = (int)cause_last_name(name, &last);

	if (found && found->file >= 0)
		text_add(settings, "%s%.*s: %s:%d", settings->used ? ", " : "", size, last, text_basename(place->facts->settings->files[found->file]), found->line);
	else if (found)
		text_add(settings, "%s%.*s: on the command line", settings->used ? ", " : "", size, last);
}

bool
reckoned_substitute(const struct reckoned_place *place, const char *expression, struct text *out, struct text *settings)
{
	int terms = 0, set = 0;
	bool operator = false, whole = strstr(expression, "//") != NULL;

	for (const char *at = expression; *at;) {
		size_t size = code_term(at), plain = code_path(at);
		struct condition_value value = { .dim = -1 };
		char term[RECKONED_EXPRESSION_MOST + 1];
		const char *end;

		if (!size || (at > expression && (text_is_word(at[-1]) || at[-1] == '.'))) {
			operator = operator || strchr("+-*/%", *at);
			text_add(out, "%c", *at++);
			continue;
		}
		text_format(term, sizeof(term), "%.*s", (int)size, at);
		if (at[plain] == '(' && text_among("int min max abs round math.floor math.ceil", (text_format(term, sizeof(term), "%.*s", (int)plain, at), term))) {
			operator = operator || text_among("min max", term);
			whole = whole || text_among("int round math.floor math.ceil", term);
			text_add(out, "%s", term);
			at += plain;
			continue;
		}
		value = reckoned_read(place, term, &end);
		if (value.kind == CONDITION_NUMBER && !*end) {
			text_add(out, "%" PRId64, value.number);
			terms++;
			if (is_setting(place, term, value.number)) {
				set++;
				add_setting(place, term, value.number, settings);
			}
		} else {
			text_add(out, "%s", term);
		}
		at += size;
	}
	return operator && ((terms > 1 && set > 0) || (terms > 0 && whole));
}

bool
reckoned_find(const struct reckoned_place *place, const char *text, int line, int64_t value, struct text *out)
{
	struct text best = {{0}, 0}, best_numbers = best, best_settings = best;

	for (const char *at = text; *at; at++) {
		char expression[RECKONED_EXPRESSION_MOST + 1];
		struct text numbers = {{0}, 0}, settings = numbers;
		const char *end, *from = at + strspn(at, " ");
		struct condition_value is;
		size_t size;

		if (at > text && !(strchr("(,[:{", at[-1]) || (at[-1] == '=' && *at != '=' && (at - text < 2 || !strchr("=!<>", at[-2]))) ||
				   (at - text > 6 && strncmp(at - 7, "return ", 7) == 0)))
			continue;
		is = reckoned_read(place, from, &end);
		if (is.kind != CONDITION_NUMBER || is.number != value)
			continue;
		while (end > from && end[-1] == ' ')
			end--;
		size = (size_t)(end - from);
		if (size <= best.used || size > RECKONED_EXPRESSION_MOST)
			continue;
		text_format(expression, sizeof(expression), "%.*s", (int)size, from);
		if (!reckoned_substitute(place, expression, &numbers, &settings))
			continue;
		best = (struct text){{0}, 0};
		text_add(&best, "%s", expression);
		best_numbers = numbers;
		best_settings = settings;
	}
	if (!best.used)
		return false;
	text_add(out, "%" PRId64 " is `%s` at %s:%d: %s", value, best.data, place->file, line, best_numbers.data);
	if (best_settings.used)
		text_add(out, " (%s)", best_settings.data);
	return true;
}
