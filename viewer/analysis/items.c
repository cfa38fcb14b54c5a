#include "items.h"

#include <stdlib.h>
#include <string.h>

#include "causes/code/code.h"
#include "mismatch/mismatch_rule.h"
#include "mismatch/operand.h"
#include "text.h"
#include "where.h"

#define LOCALS_DEPTH_MOST 4

/* The place among EVENT's operands of item ITEM of argument ARGUMENT; -1. */
static int
place_of(const struct event *event, int64_t argument, int64_t item)
{
	for (int i = 0; i < event->operand_count; i++)
		if (event->operands[i].argument == argument && event->operands[i].item == item)
			return i;
	return -1;
}

/* What the exception's note calls the tensor that IDENTITY tells; "". */
static const char *
parameter_of(const struct failure *failure, const json_t *identity)
{
	const json_t *list = failure->note ? json_object_get(failure->note->json, "parameters") : NULL;

	for (size_t i = 0; i < json_array_size(list); i++)
		if (json_equal(json_object_get(json_array_get(list, i), "tensor"), identity))
			return text_get(json_array_get(list, i), "name");
	return "";
}

static bool
read_sizes(const json_t *shape, int64_t sizes[ITEMS_DIMS_MOST])
{
	if (!json_is_array(shape) || json_array_size(shape) > ITEMS_DIMS_MOST)
		return false;
	for (size_t d = 0; d < json_array_size(shape); d++) {
		sizes[d] = json_integer_value(json_array_get(shape, d));
		if (!json_is_integer(json_array_get(shape, d)) || sizes[d] < 0)
			return false;
	}
	return true;
}

static const char *
known(const json_t *item, const char *key)
{
	return *text_get(item, key) ? text_get(item, key) : NULL;
}

/* One more operand of EVENT, whose operands are OUT's; false if ITEM is none, or is there already. */
static bool
add_operand(struct event *event, struct items *out, const json_t *item)
{
	const json_t *argument = json_object_get(item, "argument"), *number = json_object_get(item, "item"), *tensor = json_object_get(item, "tensor");
	int added = event->operand_count - out->before.operand_count, list = place_of(event, json_integer_value(argument), -1);

	if (added == ITEMS_MOST || list < 0 || !event->operands[list].name || !json_is_integer(number) || json_integer_value(number) < 0 ||
	    json_integer_value(number) > INT32_MAX || !json_is_integer(tensor) || place_of(event, json_integer_value(argument), json_integer_value(number)) >= 0 ||
	    !read_sizes(json_object_get(item, "shape"), out->sizes[added]))
		return false;
	text_format(out->names[added], sizeof(out->names[added]), "%.80s[%d]", event->operands[list].name, (int)json_integer_value(number));
	out->operands[event->operand_count++] = (struct operand){
		.name = out->names[added], .slot = event->operands[list].slot, .argument = event->operands[list].argument, .item = (int)json_integer_value(number),
		.kind = "tensor", .ndim = (int)json_array_size(json_object_get(item, "shape")), .sizes = out->sizes[added], .tensor = json_integer_value(tensor),
		.dtype = known(item, "dtype"), .device = known(item, "device"), .layout = known(item, "layout"),
	};
	return true;
}

/* The list among LOCALS, at any depth, that has an item called NAME[N] which is tensor IDENTITY. */
static json_t *
find_list(const json_t *locals, int64_t identity, int n, int depth)
{
	char ending[32];

	text_format(ending, sizeof(ending), "[%d]", n);
	for (size_t i = 0; i < json_array_size(locals) && depth < LOCALS_DEPTH_MOST; i++) {
		json_t *local = json_array_get(locals, i), *items = json_object_get(local, "items"), *within;
		size_t length = strlen(text_get(local, "name"));

		for (size_t k = 0; k < json_array_size(items); k++) {
			const json_t *item = json_array_get(items, k), *tensor = json_object_get(item, "tensor");
			const char *name = text_get(item, "name");

			if (json_is_integer(tensor) && json_integer_value(tensor) == identity && strncmp(name, text_get(local, "name"), length) == 0 &&
			    strcmp(name + length, ending) == 0)
				return local;
		}
		within = find_list(items, identity, n, depth + 1);
		if (within)
			return within;
	}
	return NULL;
}

/* What the note TOLD, as a variable. */
static json_t *
variable(const char *name, const json_t *told, const char *parameter)
{
	static const char *const keys[] = { "tensor", "shape", "dtype", "device", "layout" };
	json_t *json = json_object();

	text_set(json, "name", name);
	text_set(json, "kind", "tensor");
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		json_object_set(json, keys[i], json_object_get(told, keys[i]));
	text_set(json, "parameter", *parameter ? parameter : NULL);
	return json;
}

/* No variable holds it, but by NAME it is within reach: the innermost frame of the program's gets it by that. */
static void
add_variable(json_t *frames, const json_t *told, const char *name, const char *parameter)
{
	int chosen = where_choose(frames);
	json_t *frame = chosen < 0 || !*name ? NULL : json_deep_copy(json_array_get(frames, (size_t)chosen));

	if (!frame)
		return;
	if (!json_object_get(frame, "locals"))
		json_object_set_new(frame, "locals", json_array());
	json_array_append_new(json_object_get(frame, "locals"), variable(name, told, parameter));
	json_array_set_new(frames, (size_t)chosen, frame);
}

/* The variables that hold the list of OPERAND get it as an item: those that have the list's first recorded item at its place. */
static void
add_to_frames(const struct failure *failure, json_t *frames, const struct event *recorded, const struct operand *operand, const json_t *told)
{
	const char *parameter = parameter_of(failure, json_object_get(told, "tensor"));
	const struct operand *first = NULL;
	char name[200];

	for (int i = 0; i < recorded->operand_count && !first; i++)
		if (recorded->operands[i].argument == operand->argument && recorded->operands[i].item >= 0 && recorded->operands[i].tensor > 0)
			first = &recorded->operands[i];
	for (size_t i = 0; first && i < json_array_size(frames); i++) {
		json_t *frame = json_array_get(frames, i), *list;

		if (!find_list(json_object_get(frame, "locals"), first->tensor, first->item, 0))
			continue;
		frame = json_deep_copy(frame); /* the note's own stays as it is */
		list = find_list(json_object_get(frame, "locals"), first->tensor, first->item, 0);
		text_format(name, sizeof(name), "%.150s[%d]", text_get(list, "name"), operand->item);
		json_array_append_new(json_object_get(list, "items"), variable(name, told, parameter));
		json_array_set_new(frames, i, frame);
	}
	if (!operand_local(frames, operand->tensor))
		add_variable(frames, told, parameter, parameter);
}

/* What a note would tell of OPERAND. New reference. */
static json_t *
told_of(const struct operand *operand)
{
	json_t *told = json_object(), *shape = json_array();

	for (int d = 0; d < operand->ndim; d++)
		json_array_append_new(shape, json_integer(operand->sizes[d]));
	json_object_set_new(told, "shape", shape);
	json_object_set_new(told, "tensor", json_integer(operand->tensor));
	text_set(told, "dtype", operand->dtype);
	text_set(told, "device", operand->device);
	text_set(told, "layout", operand->layout);
	return told;
}

/* Recorded operands that no variable holds, and that are parameters. */
static void
name_parameters(const struct failure *failure, json_t *frames)
{
	for (int i = 0; i < failure->event.operand_count; i++) {
		const struct operand *operand = &failure->event.operands[i];
		json_t *told = operand->tensor > 0 && operand->ndim >= 0 && !operand_local(frames, operand->tensor) ? told_of(operand) : NULL;

		if (told) {
			const char *parameter = parameter_of(failure, json_object_get(told, "tensor"));

			add_variable(frames, told, parameter, parameter);
		}
		json_decref(told);
	}
}

/* "self.keys" of a failing STATEMENT "self.keys.index_copy_(...)", where OPERATION is called once: what it is called on, in OUT. Of another root than self it may be
 * a module's name. */
static bool
called_on(const char *statement, const char *operation, char *out, size_t size)
{
	int found = 0;
	char plain[96];
	size_t length;

	mismatch_plain_name(operation, plain, sizeof(plain));
	for (const char *at = statement; (at = code_next_path(at, &length)) && length; at += length) {
		const char *end = at + length, *dot = end;
		char called[96], method[96];

		while (dot > at && dot[-1] != '.')
			dot--;
		text_format(called, sizeof(called), "%.*s", (int)(end - dot), dot);
		mismatch_plain_name(called, method, sizeof(method));
		if (*end != '(' || dot <= at || strcmp(method, plain) != 0)
			continue;
		found++;
		text_format(out, size, "%.*s", (int)(dot - at - 1), at);
	}
	return found == 1 && strncmp(out, "self.", 5) == 0;
}

/* The operand that the failing statement calls its operation on, as an attribute that no variable is. */
static void
name_receiver(const struct source *source, const struct failure *failure, json_t *frames)
{
	int chosen = where_choose(frames);
	const json_t *frame = chosen < 0 ? NULL : json_array_get(frames, (size_t)chosen);
	const struct operand *self = NULL;
	struct code_statement statement;
	char name[160] = "";

	for (int i = 0; i < failure->event.operand_count && !self; i++)
		if (failure->event.operands[i].name && strcmp(failure->event.operands[i].name, "self") == 0)
			self = &failure->event.operands[i];
	if (self && self->tensor > 0 && self->ndim >= 0 && !operand_local(frames, self->tensor) && where_statement(source, failure, frame, &statement) &&
	    called_on(statement.text, failure->event.operation, name, sizeof(name))) {
		json_t *told = told_of(self);

		add_variable(frames, told, name, "");
		json_decref(told);
	}
}

void
items_start(const struct source *source, struct failure *failure, json_t *frames, struct items *out)
{
	const json_t *list = failure->operation && failure->has_event && failure->operation->event == failure->event.id
		? json_object_get(failure->operation->json, "items") : NULL;
	struct event *event = &failure->event;

	if (failure->operation && failure->has_event && failure->operation->event == failure->event.id) {
		name_parameters(failure, frames);
		name_receiver(source, failure, frames);
	}
	out->before = *event;
	out->operands = json_array_size(list) ? calloc((size_t)event->operand_count + ITEMS_MOST, sizeof(*out->operands)) : NULL;
	if (!out->operands)
		return;
	memcpy(out->operands, event->operands, (size_t)event->operand_count * sizeof(*out->operands));
	event->operands = out->operands;
	for (size_t i = 0; i < json_array_size(list); i++)
		if (add_operand(event, out, json_array_get(list, i)))
			add_to_frames(failure, frames, &out->before, &event->operands[event->operand_count - 1], json_array_get(list, i));
}

void
items_end(struct failure *failure, struct items *items)
{
	if (items->operands && failure->event.operands == items->operands) {
		failure->event.operands = items->before.operands;
		failure->event.operand_count = items->before.operand_count;
	}
	free(items->operands);
	items->operands = NULL;
}
