#include "reckoned.h"

#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "condition_parts.h"
#include "reckoned_parts.h"
#include "../../where.h"

#define FOLLOWED_MOST 3     /* assignments from one name to the next */
#define FUNCTION_MOST 80    /* statements of a function that are read, the last of them */
#define SIZE_LEAST 3

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

/* The statement that gives NAME the TEXT, the value that code_assigned found. */
static int
statement_of(const struct condition_scope *scope, const char *name, const char *text)
{
	for (int i = scope->count - 2; i >= 0; i--)
		if (strstr(scope->statements[i].text, name) && strstr(scope->statements[i].text, text))
			return i;
	return scope->count - 1;
}

/* Is what NAME was set to before statement AT all that it is set to before the last one? */
static bool
stays(const struct condition_scope *scope, int at, const char *name)
{
	char before[512] = "", last[512] = "";
	int which;

	if (!code_assigned(scope->statements, at + 1, name, before, sizeof(before), &which))
		*before = 0;
	if (!code_assigned(scope->statements, scope->count, name, last, sizeof(last), &which))
		*last = 0;
	return strcmp(before, last) == 0;
}

/* NAME, which is recorded as VALUE, was given EXPRESSION alone, by statement AT; not all of its numbers are known: said in OUT with those that are. */
static bool
tell_in_part(const struct reckoned_place *place, const char *name, const char *expression, int at, int64_t value, struct text *out)
{
	struct text numbers = {{0}, 0}, settings = numbers;
	char term[96], other[512];
	size_t size;
	int which;

	expression += strspn(expression, " ");
	if (strlen(expression) > RECKONED_EXPRESSION_MOST || !condition_local(place->scope.locals, name, 0) ||
	    code_assigned(place->scope.statements, at + 1, name, other, sizeof(other), &which) || !reckoned_substitute(place, expression, &numbers, &settings))
		return false;
	for (const char *next = expression; (next = code_next_path(next, &size)); next += size) {
		text_format(term, sizeof(term), "%.*s", (int)size, next);
		if (!strpbrk(term, ".[") && !stays(&place->scope, at, term))
			return false;
	}
	text_add(out, "%" PRId64 " is `%s` at %s:%d: %s", value, expression, place->file, place->scope.statements[at].first, numbers.data);
	return true;
}

/* The assignments that the statement's names of that VALUE go back to. */
static bool
follow_names(struct reckoned_place *place, const char *text, int64_t value, int followed, struct text *out)
{
	char name[96], assigned[512];
	size_t size;

	for (const char *at = text; followed < FOLLOWED_MOST && (at = code_next_path(at, &size));) {
		struct condition_value is;
		const char *end;
		int which;

		text_format(name, sizeof(name), "%.*s", (int)size, at);
		at += size;
		if (size >= sizeof(name) || *at == '(' || (is = reckoned_read(place, name, &end)).kind != CONDITION_NUMBER || is.number != value)
			continue;
		if (!strpbrk(name, ".[") && code_assigned(place->scope.statements, place->scope.count, name, assigned, sizeof(assigned), &which)) {
			int from = statement_of(&place->scope, name, assigned);
			char item[512];

			text_format(item, sizeof(item), "%s", assigned);
			if (which >= 0 && (!condition_item(item, 1, assigned, sizeof(assigned)) || !condition_item(item, which, assigned, sizeof(assigned)))) /* of "a, b = c, d" */
				continue;
			reckoned_learn(place, assigned);
			if (reckoned_find(place, assigned, place->scope.statements[from].first, value, out) || follow_names(place, assigned, value, followed + 1, out) ||
			    tell_in_part(place, name, assigned, from, value, out))
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
	int line, frame;
	struct code_statement *statements = malloc(FUNCTION_MOST * sizeof(*statements));
	struct reckoned_place place = { .facts = facts, .file = file };
	bool found = false;

	if (statements && (place.scope.count = cause_statements(facts, step, statements, FUNCTION_MOST, file, sizeof(file), &line)) > 0) {
		const char *text = statements[place.scope.count - 1].text;

		frame = frame_of(facts, step->event.site);
		place.scope.locals = frame < 0 ? NULL : json_object_get(json_array_get(facts->frames, (size_t)frame), "locals");
		place.scope.statements = statements;
		place.numbers = json_array();
		for (int i = 0; i < place.scope.count; i++)
			reckoned_learn(&place, statements[i].text);
		found = reckoned_find(&place, text, line, value, out) || follow_names(&place, text, value, 0, out);
		json_decref(place.numbers);
	}
	free(statements);
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
	struct reckoned_place place = { .facts = facts, .file = text_basename(path) };
	const char *last;
	size_t size = cause_last_name(name, &last);
	char called[64];
	struct code code;
	bool found = false;

	if (size < RECKONED_NAMES_LEAST || size >= sizeof(called) || !code_open(&code, path, facts->time_ns))
		return false;
	text_format(called, sizeof(called), "%.*s", (int)size, last);
	for (int i = 0; i < code.count && !found; i++) {
		const char *text = code.lines[i][strspn(code.lines[i], " \t")] == '#' ? NULL : given(code.lines[i], called);

		if (!text || !strpbrk(text, "+-*/%("))
			continue;
		place.numbers = json_array();
		reckoned_learn(&place, text);
		found = reckoned_find(&place, text, i + 1, value, out);
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

/* Does STEP have its size from an argument of its own (unfold's size)? */
static bool
is_given(const struct lineage_step *step)
{
	char size[24];

	text_format(size, sizeof(size), "%" PRId64, step->size);
	for (int i = 0; i < step->event.operand_count && !step->asked; i++)
		if (strcmp(step->event.operands[i].kind, "int") == 0 && step->event.operands[i].value && strcmp(step->event.operands[i].value, size) == 0)
			return true;
	return step->asked;
}

/* A step of SIDE's story from its decider on that reckons the side's size, else the first that was given the size which became it. */
static bool
find_step(const struct cause_facts *facts, const struct cause_side *side, struct text *out)
{
	const struct lineage *lineage = side->lineage;

	for (int i = lineage && lineage->property == LINEAGE_SIZE && lineage->decider >= 0 ? lineage->decider : INT_MAX; lineage && i < lineage->count; i++)
		if (lineage->steps[i].size == side->size && reckoned_at_step(facts, &lineage->steps[i], side->size, out))
			return true;
	for (int i = lineage && lineage->property == LINEAGE_SIZE && lineage->decider >= 0 ? lineage->decider : INT_MAX; lineage && i < lineage->count; i++)
		if (lineage->steps[i].size >= SIZE_LEAST && is_given(&lineage->steps[i]))
			return reckoned_at_step(facts, &lineage->steps[i], lineage->steps[i].size, out);
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
