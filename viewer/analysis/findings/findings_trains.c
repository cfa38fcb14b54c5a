#include "findings_trains.h"

#include <string.h>

#include "../text.h"

const json_t *
findings_state(const struct source *source, int process)
{
	const struct note *notes;
	int count = source->notes(source->context, process, "state", &notes);

	return count ? notes[count - 1].json : NULL;
}

#define CHILDREN_MOST 12

/* The first part of ROW's path behind the COMMON bytes that all share: its length, 0 for what the outermost module holds itself. */
static size_t
child_size(const char *path, size_t common)
{
	size_t size = strlen(path) > common ? common + strcspn(path + common, ".") : common;

	return size;
}

/* How much of the paths of ROWS is the same: whole parts, with the last dot. */
static size_t
common_path(const json_t *rows)
{
	const char *first = text_get(json_array_get(rows, 0), "module");
	size_t common = strlen(first), i;
	const json_t *row;

	json_array_foreach(rows, i, row) {
		const char *path = text_get(row, "module");
		size_t same = 0;

		while (same < common && path[same] == first[same])
			same++;
		while (same > 0 && first[same - 1] != '.')
			same--;
		common = same;
	}
	return common;
}

/* [{"module","elements","trainable"}]: the parts of the model where its paths part; [] where that isn't known of each. */
static json_t *
children_json(const json_t *rows)
{
	json_t *list = json_array(), *child = NULL;
	size_t common = common_path(rows), i, n;
	const json_t *row;

	json_array_foreach(rows, i, row) {
		const char *path = text_get(row, "module");
		int64_t elements = json_integer_value(json_object_get(row, "parameters"));
		int64_t trainable = json_is_integer(json_object_get(row, "trainable")) ? json_integer_value(json_object_get(row, "trainable"))
				    : json_is_true(json_object_get(row, "requires_grad")) ? elements : 0;
		size_t size = child_size(path, common);
		char name[300];

		if (elements == 0)
			continue;
		if (json_is_null(json_object_get(row, "requires_grad")) && !json_is_integer(json_object_get(row, "trainable"))) {
			json_array_clear(list);
			return list;
		}
		text_format(name, sizeof name, "%.*s", (int)size, path);
		json_array_foreach(list, n, child)
			if (strcmp(text_get(child, "module"), name) == 0)
				break;
		if (n == json_array_size(list)) {
			if (n == CHILDREN_MOST)
				return list;
			child = json_object();
			text_set(child, "module", name);
			json_array_append_new(list, child);
		}
		json_object_set_new(child, "elements", json_integer(json_integer_value(json_object_get(child, "elements")) + elements));
		json_object_set_new(child, "trainable", json_integer(json_integer_value(json_object_get(child, "trainable")) + trainable));
	}
	return list;
}

json_t *
findings_trains(const struct source *source)
{
	const json_t *state = NULL, *model, *row;
	json_t *json, *frozen;
	size_t n;

	for (int i = 0; i < source->process_count(source->context) && !state; i++)
		state = findings_state(source, i);
	model = json_object_get(state, "model");
	if (!json_is_object(model) || json_integer_value(json_object_get(model, "unknown")))
		return json_null();
	json = json_object();
	frozen = json_array();
	text_set(json, "root", text_get(state, "root"));
	text_set(json, "class", text_get(state, "class"));
	text_set(json, "optimizer", text_get(state, "optimizer"));
	json_object_set(json, "elements", json_object_get(model, "elements"));
	json_object_set(json, "trainable", json_object_get(model, "trainable_elements"));
	json_array_foreach(json_object_get(state, "modules"), n, row)
		if (json_is_false(json_object_get(row, "requires_grad")))
			json_array_append_new(frozen, text_json(text_get(row, "module")));
	json_object_set_new(json, "frozen", frozen);
	json_object_set_new(json, "children", children_json(json_object_get(state, "modules")));
	return json;
}
