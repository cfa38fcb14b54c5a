#include "operand.h"

#include <string.h>

#include "../lineage/lineage.h"
#include "schema/box.h"
#include "../text.h"
#include "../told.h"
#include "../where.h"

#define LOCAL_DEPTH_MOST 4
#define OPERANDS_MOST 512
#define LOCALS_MOST 24

static const json_t *
search_locals(const json_t *locals, int64_t tensor, int depth)
{
	for (size_t i = 0; i < json_array_size(locals); i++) {
		const json_t *local = json_array_get(locals, i), *identity = json_object_get(local, "tensor"), *found;

		if (json_is_integer(identity) && json_integer_value(identity) == tensor)
			return local;
		found = depth < LOCAL_DEPTH_MOST ? search_locals(json_object_get(local, "items"), tensor, depth + 1) : NULL;
		if (found)
			return found;
	}
	return NULL;
}

const json_t *
operand_local(const json_t *frames, int64_t tensor)
{
	for (int foreign = 0; foreign < 2 && tensor >= 0; foreign++)
		for (size_t i = 0; i < json_array_size(frames); i++) {
			const json_t *frame = json_array_get(frames, i), *found;

			if (where_frame_passes(frame) != (foreign != 0))
				continue;
			found = search_locals(json_object_get(frame, "locals"), tensor, 0);
			if (found)
				return found;
		}
	return NULL;
}

static json_t *
sizes_json(const int64_t *sizes, int count)
{
	json_t *list = json_array();

	for (int i = 0; i < count; i++)
		json_array_append_new(list, json_integer(sizes[i]));
	return list;
}

static json_t *
origin_json(const struct source *source, int process, int64_t tensor, int64_t before)
{
	struct live_tensor live;
	struct event maker = { .id = -1 };
	int output, writes = 0;
	json_t *json;
	char line[4200];

	if (tensor < 0)
		return json_null();
	if (!lineage_maker(source, process, tensor, before, LINEAGE_SIZE, &maker, &output, &writes)) {
		if (!source->live_tensor(source->context, process, tensor, &live) || live.made.entered || !live.made.operation)
			return json_null();
		maker = (struct event){ .id = -1, .operation = live.made.operation, .site = live.made.site };
	}
	json = json_object();
	text_set_integer(json, "event", maker.id, -1);
	text_set(json, "operation", maker.operation);
	text_set(json, "where", where_site_line(source, process, maker.site, true, line, sizeof(line)) ? line : NULL);
	if (writes)
		json_object_set_new(json, "written_since", json_integer(writes));
	return json;
}

static json_t *
known(const json_t *local, const char *key)
{
	json_t *value = json_object_get(local, key);

	return value ? json_incref(value) : json_null();
}

static json_t *
value_json(const struct operand *operand)
{
	json_t *value = operand->value ? json_loads(operand->value, JSON_DECODE_ANY, NULL) : NULL;

	return value ? value : text_json(operand->value);
}

static void
set_marks(json_t *json, const struct mismatch *mismatch, int place)
{
	json_t *dims = json_array();
	bool marked = false;

	for (int i = 0; mismatch && i < mismatch->mark_count; i++)
		if (mismatch->marks[i].operand == place) {
			marked = true;
			if (mismatch->marks[i].dim >= 0)
				json_array_append_new(dims, json_integer(mismatch->marks[i].dim));
		}
	json_object_set_new(json, "marked", json_boolean(marked));
	json_object_set_new(json, "marked_dims", dims);
}

static json_t *
operand_json(const struct source *source, int process, const struct event *event, int place, const json_t *frames)
{
	const struct operand *operand = &event->operands[place];
	const json_t *local = operand_local(frames, operand->tensor);
	json_t *json = json_object();

	text_set(json, "name", operand->name);
	text_set(json, "variable", local ? text_get(local, "name") : NULL);
	text_set(json, "kind", operand->kind);
	json_object_set_new(json, "value", value_json(operand));
	json_object_set_new(json, "shape", operand->ndim >= 0 ? sizes_json(operand->sizes, operand->ndim) : json_null());
	json_object_set_new(json, "strides", operand->ndim >= 0 && operand->strides ? sizes_json(operand->strides, operand->ndim)
										    : json_null());
	text_set(json, "dtype", operand->dtype);
	text_set(json, "device", operand->device);
	text_set(json, "layout", operand->layout);
	text_set_integer(json, "tensor", operand->tensor, -1);
	json_object_set_new(json, "requires_grad", known(local, "requires_grad"));
	json_object_set_new(json, "is_leaf", known(local, "is_leaf"));
	json_object_set_new(json, "origin", origin_json(source, process, operand->tensor, event->id));
	return json;
}

json_t *
operand_list(const struct source *source, int process, const struct event *event, const json_t *frames,
	     const struct mismatch *mismatch)
{
	json_t *list = json_array();

	for (int i = 0; i < event->operand_count && i < OPERANDS_MOST; i++) {
		json_t *json = operand_json(source, process, event, i, frames);

		set_marks(json, mismatch, i);
		json_array_append_new(list, json);
	}
	return list;
}

/* Dimensions of SHAPE whose size TEXT mentions. New reference. */
static json_t *
sizes_in(const json_t *shape, const char *text)
{
	json_t *dims = json_array();

	for (size_t d = 0; d < json_array_size(shape); d++) {
		const char *at = text;
		int64_t number;

		while (text_number(&at, &number))
			if (number > 1 && number == json_integer_value(json_array_get(shape, d))) {
				json_array_append_new(dims, json_integer((json_int_t)d));
				break;
			}
	}
	return dims;
}

/* Is dimension D of shape I in question: does another shape that is told differ from it there, or none in as many dimensions at all? */
static bool
differs_in(const struct told_shape *shapes, int count, int i, int d)
{
	bool others = false;

	for (int n = 0; n < count; n++) {
		int apart = 0;

		for (int k = 0; shapes[n].ndim == shapes[i].ndim && k < shapes[i].ndim; k++)
			apart += shapes[n].sizes[k] != shapes[i].sizes[k];
		if (apart && shapes[n].sizes[d] != shapes[i].sizes[d])
			return true;
		others = others || apart;
	}
	return !others;
}

json_t *
operand_mentioned(const json_t *shape, const char *message)
{
	struct told_shape shapes[TOLD_SHAPES_MOST];
	int count = told_shapes(message, shapes);
	json_t *dims;
	char rest[1024];

	told_rest(message, rest, sizeof(rest));
	dims = sizes_in(shape, rest);
	for (int i = 0; i < count && !json_array_size(dims); i++)
		if (told_is(&shapes[i], shape))
			for (int d = 0; d < shapes[i].ndim; d++)
				if (shapes[i].sizes[d] > 1 && differs_in(shapes, count, i, d))
					json_array_append_new(dims, json_integer(d));
	return dims;
}

struct locals { const struct source *source; int process; const char *message; int64_t before; json_t *list; bool marked; };

static bool
is_listed(const json_t *list, const json_t *identity)
{
	for (size_t i = 0; i < json_array_size(list); i++)
		if (json_is_integer(identity) && json_equal(json_object_get(json_array_get(list, i), "tensor"), identity))
			return true;
	return false;
}

static void
add_locals(struct locals *locals, const json_t *from, int depth)
{
	static const char *const keys[] = { "shape", "dtype", "device", "layout", "tensor", "requires_grad", "is_leaf" };

	for (size_t i = 0; i < json_array_size(from) && json_array_size(locals->list) < LOCALS_MOST; i++) {
		const json_t *local = json_array_get(from, i), *identity = json_object_get(local, "tensor");
		json_t *json, *dims;

		if (depth < LOCAL_DEPTH_MOST)
			add_locals(locals, json_object_get(local, "items"), depth + 1);
		if (strcmp(text_get(local, "kind"), "tensor") != 0 || is_listed(locals->list, identity))
			continue;
		dims = operand_mentioned(json_object_get(local, "shape"), locals->message);
		if ((json_array_size(dims) != 0) != locals->marked) {
			json_decref(dims);
			continue;
		}
		json = json_object();
		text_set(json, "name", text_get(local, "name"));
		text_set(json, "variable", text_get(local, "name"));
		text_set(json, "kind", "tensor");
		json_object_set_new(json, "value", json_null());
		json_object_set_new(json, "strides", json_null());
		for (size_t k = 0; k < sizeof(keys) / sizeof(*keys); k++)
			json_object_set_new(json, keys[k], known(local, keys[k]));
		json_object_set_new(json, "origin", json_is_integer(identity)
			? origin_json(locals->source, locals->process, json_integer_value(identity), locals->before) : json_null());
		json_object_set_new(json, "marked", json_boolean(locals->marked));
		json_object_set_new(json, "marked_dims", dims);
		json_array_append_new(locals->list, json);
	}
}

json_t *
operand_list_locals(const struct source *source, int process, const json_t *frames, const char *message, int64_t before)
{
	struct locals locals = { .source = source, .process = process, .message = message ? message : "",
				 .before = before, .list = json_array() };

	for (int pass = 0; pass < 2; pass++)
		for (size_t i = 0, user = 0; i < json_array_size(frames) && user < 3; i++) {
			const json_t *frame = json_array_get(frames, i);

			if (where_frame_passes(frame) || !json_array_size(json_object_get(frame, "locals")))
				continue;
			if (pass && (user || json_array_size(locals.list) > 8))
				break; /* of what the message doesn't mention, the innermost frame's own */
			user++;
			locals.marked = pass == 0;
			add_locals(&locals, json_object_get(frame, "locals"), 0);
		}
	return locals.list;
}
