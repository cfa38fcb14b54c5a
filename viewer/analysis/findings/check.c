#include "check.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../mismatch/mismatch_rule.h"
#include "../text.h"
#include "../where.h"

#define CALLERS_MOST 3
#define WRAPPERS_MOST 8 /* frames between a function and the statement that calls it */

/* The named numbers within reach of FRAME, which is one of the note's. */
static const json_t *
numbers_of(const struct failure *failure, const json_t *frame)
{
	const json_t *note = failure->note ? failure->note->json : NULL, *frames = json_object_get(note, "frames");
	const json_t *reach = json_object_get(note, "numbers");

	for (size_t i = 0; i < json_array_size(reach); i++) {
		const json_t *of = json_array_get(frames, (size_t)json_integer_value(json_object_get(json_array_get(reach, i), "frame")));

		if (of && json_equal(json_object_get(of, "line"), json_object_get(frame, "line")) &&
		    strcmp(text_get(of, "file"), text_get(frame, "file")) == 0)
			return json_object_get(json_array_get(reach, i), "numbers");
	}
	return NULL;
}

/* The scopes of a frame and of those that called it. */
struct scopes { struct condition_scope list[1 + CALLERS_MOST]; struct code_statement statements[1 + CALLERS_MOST][CODE_STATEMENTS_MOST]; };

static bool
read_scope(const struct source *source, const struct failure *failure, const json_t *frame, struct code_statement *statements, struct condition_scope *out)
{
	struct code code;

	*out = (struct condition_scope){ .locals = json_object_get(frame, "locals"), .numbers = numbers_of(failure, frame),
					 .reach = failure->note ? json_object_get(failure->note->json, "numbers") : NULL };
	if (!where_code(source, failure, text_get(frame, "file"), &code))
		return false;
	out->statements = statements;
	out->count = code_statements(&code, (int)json_integer_value(json_object_get(frame, "line")), statements, CODE_STATEMENTS_MOST);
	code_close(&code);
	return out->count > 0;
}

/* As what FRAME's function is called: by its name, a class's by the class, a module's by the attribute that holds it. */
static bool
called_as(const json_t *frame, char *out, size_t size)
{
	const char *function = text_get(frame, "function"), *module = strrchr(text_get(frame, "module"), '.'), *last = strrchr(function, '.');

	last = last ? last + 1 : function;
	if (text_among("forward __call__", last)) {
		last = module ? module + 1 : text_get(frame, "module");
	} else if (strcmp(last, "__init__") == 0 && last > function + 1) {
		text_format(out, size, "%.*s", (int)(last - 1 - function), function);
		memmove(out, strrchr(out, '.') ? strrchr(out, '.') + 1 : out, strlen(strrchr(out, '.') ? strrchr(out, '.') + 1 : out) + 1);
		return true;
	}
	text_format(out, size, "%s", last);
	return *out && !isdigit((unsigned char)*out) && *out != '<';
}

/* Adds the callers of the function at FRAMES[AT], as far as their statements tell. */
static void
add_callers(const struct source *source, const struct failure *failure, const json_t *frames, size_t at, struct scopes *scopes)
{
	for (int depth = 0; depth < CALLERS_MOST; depth++) {
		struct condition_scope *scope = &scopes->list[depth], *caller = scope + 1;
		size_t out = at + 1;

		if (!called_as(json_array_get(frames, at), scope->called, sizeof(scope->called)))
			return;
		for (; out < json_array_size(frames) && out <= at + WRAPPERS_MOST; out++)
			if (read_scope(source, failure, json_array_get(frames, out), scopes->statements[depth + 1], caller) &&
			    code_calls(caller->statements[caller->count - 1].text, scope->called))
				break;
		if (out >= json_array_size(frames) || out > at + WRAPPERS_MOST)
			return;
		scope->caller = caller;
		at = out;
	}
}

bool
check_open(struct condition_scope *scope, void **room, const struct source *source, const struct failure *failure, const json_t *frames)
{
	int chosen = where_choose(frames);
	const json_t *frame = chosen < 0 ? NULL : json_array_get(frames, (size_t)chosen);
	struct scopes *scopes = frame ? malloc(sizeof(*scopes)) : NULL;

	*room = scopes;
	if (!scopes || !read_scope(source, failure, frame, scopes->statements[0], &scopes->list[0]) ||
	    (!json_array_size(scopes->list[0].locals) && !json_array_size(scopes->list[0].numbers))) {
		free(scopes);
		return false;
	}
	add_callers(source, failure, frames, (size_t)chosen, scopes);
	*scope = scopes->list[0];
	return true;
}

bool
check_condition(const struct source *source, const struct failure *failure, const json_t *frames, struct condition *out)
{
	struct condition_scope scope;
	void *room;
	char text[CODE_TEXT_MOST];
	bool wanted, found;

	if (!check_open(&scope, &room, source, failure, frames))
		return false;
	found = code_condition(scope.statements, scope.count, text, sizeof(text), &wanted) && condition_find(&scope, text, wanted, out);
	free(room);
	return found;
}

static bool
add_tensor(struct subject *out, const json_t *tensor)
{
	return tensor && subject_add(out, text_get(tensor, "name"), tensor);
}

/* A mask's count against a tensor's rows (or elements, of which both may be whole rows). */
static bool
state_count(struct subject *out, const struct condition_value *supplied, const struct condition_value *selected, struct mismatch *found)
{
	const json_t *shape = json_object_get(supplied->tensor, "shape");
	size_t rank = json_array_size(shape);
	int64_t rows = supplied->number, places = selected->number, width = rank ? json_integer_value(json_array_get(shape, rank - 1)) : 0;

	if (!add_tensor(out, supplied->tensor) || !add_tensor(out, selected->mask))
		return false;
	if (supplied->dim < 0 && rank > 1 && width > 1 && rows % width == 0 && places % width == 0) {
		rows /= width;
		places /= width;
	}
	text_say(found->text, sizeof(found->text), "%s has %" PRId64 " %s where %s selects %" PRId64, out->operands[0].name, rows,
		    rows == supplied->number && supplied->dim < 0 ? SAY("elements") : SAY("rows"), out->operands[1].name, places);
	state_numbers(found, "count", 0, 1, 0, places, rows);
	state_mark(found, 1, -1);
	return true;
}

/* Two numbers, of which at least one is a tensor's; OTHER_TEXT is what the source calls the one that may be none. */
static bool
state_numbers_of(struct subject *out, const struct condition_value *one, const struct condition_value *other, const char *other_text, struct mismatch *found)
{
	struct mismatch_facts facts = { .event = &out->event };

	if (one->mask && other->tensor && !other->mask)
		return state_count(out, other, one, found);
	if (other->mask && one->tensor && !one->mask)
		return state_count(out, one, other, found);
	if (one->mask || other->mask || !one->tensor || !add_tensor(out, one->tensor))
		return false;
	if (one->rank)
		return state_rank(&facts, found, 0, other->rank && add_tensor(out, other->tensor) ? 1 : -1, other->number);
	if (one->dim < 0)
		return false;
	if (other->tensor && !other->rank && other->dim >= 0 && (other->tensor != one->tensor || other->dim != one->dim) && add_tensor(out, other->tensor))
		return state_size(&facts, found, 0, one->dim, 1, other->dim, other->number, one->number);
	state_size(&facts, found, 0, one->dim, -1, -1, other->number, one->number);
	if (isalpha((unsigned char)*other_text) && strlen(other_text) < 64)
		text_say(found->text, sizeof(found->text), "%s has %" PRId64 " in dimension %d where %s is %" PRId64, out->operands[0].name, one->number,
			 one->dim, other_text, other->number);
	return true;
}

/* Two shapes, of which at least one is a tensor's. */
static bool
state_shapes(struct subject *out, const struct condition_value *one, const struct condition_value *other, const char *other_text, struct mismatch *found)
{
	struct mismatch_facts facts = { .event = &out->event };

	if (one->ndim != other->ndim)
		return one->tensor && add_tensor(out, one->tensor) &&
		       state_rank(&facts, found, 0, other->tensor && add_tensor(out, other->tensor) ? 1 : -1, other->ndim);
	for (int d = 0; d < one->ndim; d++)
		if (one->sizes[d] != other->sizes[d]) {
			struct condition_value a = condition_entry(one, d), b = condition_entry(other, d);

			return state_numbers_of(out, &a, &b, other->tensor ? "" : other_text, found);
		}
	return false;
}

/* Is ONE the side to explain: the tensor's own size, against what it is held to? */
static bool
is_explained(const struct condition_value *one, const struct condition_value *other)
{
	bool sized = one->tensor && (one->dim >= 0 || one->rank || one->kind == CONDITION_SHAPE);
	bool other_sized = other->tensor && (other->dim >= 0 || other->rank || other->kind == CONDITION_SHAPE);

	return sized != other_sized ? sized : one->direct != other->direct ? one->direct : false;
}

bool
check_compares(const struct source *source, const struct failure *failure, const json_t *frames, struct subject *out,
	       struct mismatch *found)
{
	struct condition condition;
	const struct condition_value *one = &condition.one, *other = &condition.other;
	const char *other_text = condition.left;

	if (!check_condition(source, failure, frames, &condition) || one->part || other->part)
		return false;
	subject_start(out, SUBJECT_CHECK);
	mismatch_start(found);
	if (is_explained(one, other)) {
		other_text = condition.right;
	} else {
		one = &condition.other;
		other = &condition.one;
	}
	if (one->kind == CONDITION_SHAPE && other->kind == CONDITION_SHAPE)
		return state_shapes(out, one, other, other_text, found);
	if (one->kind == CONDITION_NUMBER && other->kind == CONDITION_SHAPE && other->ndim > 0) { /* "x.dim() in (3, 4)" */
		struct condition_value first = condition_entry(other, 0);

		return state_numbers_of(out, one, &first, "", found);
	}
	return one->kind == CONDITION_NUMBER && other->kind == CONDITION_NUMBER && state_numbers_of(out, one, other, other_text, found);
}

static int
add_found(const json_t *tensor, const json_t **out, int count)
{
	for (int i = 0; i < count; i++)
		if (out[i] == tensor)
			return count;
	if (tensor && count < CHECK_TENSORS_MOST)
		out[count++] = tensor;
	return count;
}

/* TEXT without the difference between its quotes. */
static void
take_quotes(const char *text, char *out, size_t size)
{
	text_format(out, size, "%s", text);
	for (char *at = out; *at; at++)
		*at = *at == '"' ? '\'' : *at;
}

/* What LOCALS hold in lists and dicts that the statement TEXT names by its place ("batch['mask']"). */
static int
add_subscripted(const json_t *locals, const char *text, const json_t **out, int count)
{
	char line[CODE_TEXT_MOST], name[128];

	take_quotes(text, line, sizeof(line));
	for (size_t i = 0; i < json_array_size(locals); i++) {
		const json_t *items = json_object_get(json_array_get(locals, i), "items");

		for (size_t n = 0; n < json_array_size(items); n++) {
			const json_t *item = json_array_get(items, n);

			take_quotes(text_get(item, "name"), name, sizeof(name));
			if (strchr(name, '[') && strstr(line, name) && strcmp(text_get(item, "kind"), "tensor") == 0 &&
			    json_is_array(json_object_get(item, "shape")))
				count = add_found(item, out, count);
		}
	}
	return count;
}

int
check_tensors(const struct source *source, const struct failure *failure, const json_t *frames, const json_t *out[CHECK_TENSORS_MOST])
{
	struct code_names *names = calloc(1, sizeof(*names));
	struct condition_scope scope;
	void *room;
	int count = 0;

	if (names && check_open(&scope, &room, source, failure, frames)) {
		code_depends(scope.statements, scope.count, names);
		for (int assigned = 0; assigned < 2; assigned++) {
			for (int i = 0; i < names->count; i++)
				if (names->names[i].assigned == (assigned != 0))
					count = add_found(condition_tensor(&scope, names->names[i].name), out, count);
			if (!assigned)
				count = add_subscripted(scope.locals, scope.statements[scope.count - 1].text, out, count);
		}
		free(room);
	}
	free(names);
	return count;
}
