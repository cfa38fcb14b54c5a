#include "reckoned.h"

#include <ctype.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "condition_parts.h"
#include "../where.h"

#define EXPRESSION_MOST 100 /* bytes; a longer one says little */
#define FOLLOWED_MOST 3     /* assignments from one name to the next */
#define LOOKUPS_MOST 200    /* assignments that one expression rests on */
#define FUNCTION_MOST 80    /* statements of a function that are read, the last of them */
#define SEVERAL -2
#define SIZE_LEAST 3
#define NAMES_LEAST 3       /* letters: a shorter name is many things */

/* A place in the source and what its names come to. */
struct place {
	const struct cause_facts *facts;
	struct condition_scope scope;
	json_t *numbers;        /* owned: what the names of the text are known to be */
	const char *file;       /* without folders */
};

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

	while (size >= NAMES_LEAST && (number = cause_next_number(facts, &at))) {
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

	for (int i = 0; size >= NAMES_LEAST && facts->settings && i < facts->settings->count; i++) {
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
is_known(const struct place *place, const char *name)
{
	const json_t *number;
	size_t i;

	json_array_foreach(place->numbers, i, number) {
		if (strcmp(text_get(number, "name"), name) == 0)
			return true;
	}
	return false;
}

/* Adds to PLACE's numbers what the names of TEXT are, where one value alone is within reach. What the function itself gives its value isn't asked. */
static void
learn_names(struct place *place, const char *text)
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
is_setting(const struct place *place, const char *name, int64_t value)
{
	bool constant = true;

	for (const char *at = name; *at; at++)
		constant = constant && !islower((unsigned char)*at);
	return is_known(place, name) && (constant || strpbrk(name, ".[") || settings_find(place->facts->settings, name, value));
}

/* --- an expression ------------------------------------------------------------------------------------ */

static struct condition_value
read_from(const struct place *place, const char *text, const char **end)
{
	int left = LOOKUPS_MOST;
	struct condition_reader reader = { .scope = &place->scope, .at = text, .left = &left };
	struct condition_value value = condition_any(&reader);

	*end = reader.at;
	return value;
}

/* What settings an expression rests on, in its order: "max_seconds 6, clips.py:47". */
static void
add_setting(const struct place *place, const char *name, int64_t value, struct text *settings)
{
	const struct setting *found = settings_find(place->facts->settings, name, value);
	const char *last;
	int size = (int)cause_last_name(name, &last);

	if (found && found->file >= 0)
		text_add(settings, "%s%.*s: %s:%d", settings->used ? ", " : "", size, last, text_basename(place->facts->settings->files[found->file]), found->line);
	else if (found)
		text_add(settings, "%s%.*s: on the command line", settings->used ? ", " : "", size, last);
}

/* EXPRESSION with its names' values in their place, in OUT: false if it isn't at least two numbers that are put together, one of them a setting. */
static bool
substitute(const struct place *place, const char *expression, struct text *out, struct text *settings)
{
	int terms = 0, set = 0;
	bool operator = false;

	for (const char *at = expression; *at;) {
		size_t size = code_term(at), plain = code_path(at);
		struct condition_value value = { .dim = -1 };
		char term[EXPRESSION_MOST + 1];
		const char *end;

		if (!size || (at > expression && (text_is_word(at[-1]) || at[-1] == '.'))) {
			operator = operator || strchr("+-*/%", *at);
			text_add(out, "%c", *at++);
			continue;
		}
		text_format(term, sizeof(term), "%.*s", (int)size, at);
		if (at[plain] == '(' && text_among("int min max abs round", (text_format(term, sizeof(term), "%.*s", (int)plain, at), term))) {
			operator = operator || text_among("min max", term);
			text_add(out, "%s", term);
			at += plain;
			continue;
		}
		value = read_from(place, term, &end);
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
	return terms > 1 && set > 0 && operator;
}

/* The longest expression of TEXT that comes to VALUE and is a reckoning of settings: said in OUT, as of line LINE. */
static bool
find_expression(const struct place *place, const char *text, int line, int64_t value, struct text *out)
{
	struct text best = {{0}, 0}, best_numbers = best, best_settings = best;

	for (const char *at = text; *at; at++) {
		char expression[EXPRESSION_MOST + 1];
		struct text numbers = {{0}, 0}, settings = numbers;
		const char *end, *from = at + strspn(at, " ");
		struct condition_value is;
		size_t size;

		if (at > text && !(strchr("(,[:{", at[-1]) || (at[-1] == '=' && *at != '=' && (at - text < 2 || !strchr("=!<>", at[-2]))) ||
				   (at - text > 6 && strncmp(at - 7, "return ", 7) == 0)))
			continue;
		is = read_from(place, from, &end);
		if (is.kind != CONDITION_NUMBER || is.number != value)
			continue;
		while (end > from && end[-1] == ' ')
			end--;
		size = (size_t)(end - from);
		if (size <= best.used || size > EXPRESSION_MOST)
			continue;
		text_format(expression, sizeof(expression), "%.*s", (int)size, from);
		if (!substitute(place, expression, &numbers, &settings))
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

/* --- places ------------------------------------------------------------------------------------------- */

/* The frame at the failure that runs the function of STEP; -1: it has returned. */
static int
frame_of(const struct cause_facts *facts, int64_t site)
{
	json_t *frames = where_site_frames(facts->source, facts->process, site);
	const json_t *is = json_array_get(frames, (size_t)where_choose(frames));
	int found = -1;

	for (size_t i = 0; is && found < 0 && i < json_array_size(facts->frames); i++) {
		const json_t *frame = json_array_get(facts->frames, i);

		if (strcmp(text_get(frame, "file"), text_get(is, "file")) == 0 && strcmp(text_get(frame, "function"), text_get(is, "function")) == 0)
			found = (int)i;
	}
	json_decref(frames);
	return found;
}

/* The line on which NAME is given TEXT, the value that code_assigned found. */
static int
line_of(const struct condition_scope *scope, const char *name, const char *text)
{
	for (int i = scope->count - 2; i >= 0; i--)
		if (strstr(scope->statements[i].text, name) && strstr(scope->statements[i].text, text))
			return scope->statements[i].first;
	return scope->statements[scope->count - 1].first;
}

/* The assignments that the statement's names of that VALUE go back to. */
static bool
follow_names(struct place *place, const char *text, int64_t value, int followed, struct text *out)
{
	char name[96], assigned[512];
	size_t size;

	for (const char *at = text; followed < FOLLOWED_MOST && (at = code_next_path(at, &size));) {
		struct condition_value is;
		const char *end;
		int which;

		text_format(name, sizeof(name), "%.*s", (int)size, at);
		at += size;
		if (size >= sizeof(name) || *at == '(' || (is = read_from(place, name, &end)).kind != CONDITION_NUMBER || is.number != value)
			continue;
		if (!strpbrk(name, ".[") && code_assigned(place->scope.statements, place->scope.count, name, assigned, sizeof(assigned), &which) && which < 0) {
			learn_names(place, assigned);
			if (find_expression(place, assigned, line_of(&place->scope, name, assigned), value, out) || follow_names(place, assigned, value, followed + 1, out))
				return true;
		} else if (reckoned_name(place->facts, name, value, out)) {
			return true;
		}
	}
	return false;
}

bool
reckoned_at_step(const struct cause_facts *facts, const struct lineage_step *step, int64_t value, struct text *out)
{
	char file[512];
	struct code code;
	int line = cause_open(facts, step, &code, file, sizeof(file)), frame;
	struct code_statement *statements = line ? malloc(FUNCTION_MOST * sizeof(*statements)) : NULL;
	struct place place = { .facts = facts, .file = file };
	bool found = false;

	if (statements && (place.scope.count = code_statements(&code, line, statements, FUNCTION_MOST)) > 0) {
		const char *text = statements[place.scope.count - 1].text;

		frame = frame_of(facts, step->event.site);
		place.scope.locals = frame < 0 ? NULL : json_object_get(json_array_get(facts->frames, (size_t)frame), "locals");
		place.scope.statements = statements;
		place.numbers = json_array();
		for (int i = 0; i < place.scope.count; i++)
			learn_names(&place, statements[i].text);
		found = find_expression(&place, text, line, value, out) || follow_names(&place, text, value, 0, out);
		json_decref(place.numbers);
	}
	free(statements);
	if (line)
		code_close(&code);
	return found;
}

/* What LINE, if it gives what is called NAME a value, gives it; NULL. */
static const char *
given(const char *line, const char *name)
{
	for (const char *at = line, *after; (at = text_word(at, name)); at = after) {
		after = at + strlen(name);
		after += *after == '"' || *after == '\'';
		after += strspn(after, " ");
		if ((*after == '=' || *after == ':') && after[1] != '=')
			return after + 1;
	}
	return NULL;
}

static bool
look_in_file(const struct cause_facts *facts, const char *path, const char *name, int64_t value, struct text *out)
{
	struct place place = { .facts = facts, .file = text_basename(path) };
	const char *last;
	size_t size = cause_last_name(name, &last);
	char called[64];
	struct code code;
	bool found = false;

	if (size < NAMES_LEAST || size >= sizeof(called) || !code_open(&code, path, facts->time_ns))
		return false;
	text_format(called, sizeof(called), "%.*s", (int)size, last);
	for (int i = 0; i < code.count && !found; i++) {
		const char *text = code.lines[i][strspn(code.lines[i], " \t")] == '#' ? NULL : given(code.lines[i], called);

		if (!text || !strpbrk(text, "+-*/%("))
			continue;
		place.numbers = json_array();
		learn_names(&place, text);
		found = find_expression(&place, text, i + 1, value, out);
		json_decref(place.numbers);
	}
	code_close(&code);
	return found;
}

bool
reckoned_name(const struct cause_facts *facts, const char *name, int64_t value, struct text *out)
{
	for (int i = 0; facts->settings && i < facts->settings->file_count; i++)
		if (text_ends(facts->settings->files[i], ".py") && look_in_file(facts, facts->settings->files[i], name, value, out))
			return true;
	return false;
}

/* A step of SIDE's story from its decider on that reckons the side's size. */
static bool
find_step(const struct cause_facts *facts, const struct cause_side *side, struct text *out)
{
	const struct lineage *lineage = side->lineage;

	for (int i = lineage && lineage->property == LINEAGE_SIZE && lineage->decider >= 0 ? lineage->decider : INT_MAX; lineage && i < lineage->count; i++)
		if (lineage->steps[i].size == side->size && reckoned_at_step(facts, &lineage->steps[i], side->size, out))
			return true;
	return false;
}

bool
reckoned_setting(const struct cause_facts *facts, const json_t *setting, struct text *out)
{
	return setting && facts->source && reckoned_name(facts, text_get(setting, "name"), json_integer_value(json_object_get(setting, "value")), out);
}

bool
reckoned_sides(const struct cause_facts *facts, struct text *out)
{
	for (int i = 0; i < 2 && facts->source; i++)
		if (facts->sides[i].size >= SIZE_LEAST && find_step(facts, &facts->sides[i], out))
			return true;
	return false;
}
