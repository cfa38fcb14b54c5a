/* Names with two shapes. See python_shapes.h. */
#include <string.h>

#include "python_shapes.h"
#include "python_values.h"

#define DEPTH_MAX 1
#define LOOKED_MAX 2048     /* values of one exception */
#define ENTRIES_MAX 64      /* of an object, of a dictionary */
#define PAIRS_MAX 16
#define SET_MAX 4096        /* items that a set may have, as it is copied to be read */
#define NAME_BYTES 200
#define DIMENSIONS_MAX 8

struct search {
	struct json_writer *json;
	const struct python_torch *torch;
	struct python_object *size; /* torch.Size */
	uint32_t reserve;
	int looked, pairs;
	bool done;
};

static bool
is_shape(const struct search *search, struct python_object *object)
{
	return python_is(object, search->size) && py.PyTuple_Size(object) <= DIMENSIONS_MAX;
}

static void
write_shape(struct search *search, struct python_object *shape)
{
	int64_t size;

	json_array_begin(search->json);
	for (long i = 0; i < py.PyTuple_Size(shape); i++)
		json_int(search->json, python_integer(py.PyTuple_GetItem(shape, i), &size) ? size : -1);
	json_array_end(search->json);
}

/* Write NAME with both shapes, into the collection that is called PATH. */
static void
write_pair(struct search *search, const char *path, struct python_object *name, struct python_object *one, struct python_object *other)
{
	char text[NAME_BYTES];

	if (search->pairs >= PAIRS_MAX || json_left(search->json) < search->reserve + 1024)
		return;
	if (!search->pairs++) {
		json_key(search->json, "shapes");
		json_object_begin(search->json);
		json_key(search->json, "name");
		json_string(search->json, path);
		json_key(search->json, "pairs");
		json_array_begin(search->json);
	}
	python_text_copy(name, text, sizeof text);
	json_object_begin(search->json);
	json_key(search->json, "of");
	json_string(search->json, text);
	json_key(search->json, "shapes");
	json_array_begin(search->json);
	write_shape(search, one);
	write_shape(search, other);
	json_array_end(search->json);
	json_object_end(search->json);
}

static struct python_object *
item_of(struct python_object *object, bool list, long at)
{
	return list ? py.PyList_GetItem(object, at) : py.PyTuple_GetItem(object, at);
}

/* The items of a list or tuple, as long as they are (name, shape, shape). */
static void
look_at_items(struct search *search, const char *path, struct python_object *object)
{
	bool list = python_kind(object) == PYTHON_LIST;
	long count = list ? py.PyList_Size(object) : py.PyTuple_Size(object);

	for (long i = 0; i < count && i < PAIRS_MAX; i++) {
		struct python_object *item = item_of(object, list, i);

		if (!python_is(item, py.PyTuple_Type) || py.PyTuple_Size(item) != 3 || !python_is(py.PyTuple_GetItem(item, 0), py.PyUnicode_Type) ||
		    !is_shape(search, py.PyTuple_GetItem(item, 1)) || !is_shape(search, py.PyTuple_GetItem(item, 2)))
			return;
		write_pair(search, path, py.PyTuple_GetItem(item, 0), py.PyTuple_GetItem(item, 1), py.PyTuple_GetItem(item, 2));
	}
}

static void look_at(struct search *search, const char *path, struct python_object *value, int depth);

/* What a dictionary holds: pairs by their name, or collections of such, which an object's ATTRIBUTES are, too. */
static void
look_at_dict(struct search *search, const char *path, struct python_object *dict, bool attributes, int depth)
{
	struct python_object *key, *value;
	char name[NAME_BYTES], text[100];
	long position = 0;

	for (int i = 0; i < ENTRIES_MAX && !search->done && py.PyDict_Next(dict, &position, &key, &value); i++) {
		if (!python_is(key, py.PyUnicode_Type))
			return;
		if (python_is(value, py.PyTuple_Type) && py.PyTuple_Size(value) == 2 && is_shape(search, py.PyTuple_GetItem(value, 0)) &&
		    is_shape(search, py.PyTuple_GetItem(value, 1))) {
			write_pair(search, path, key, py.PyTuple_GetItem(value, 0), py.PyTuple_GetItem(value, 1));
			continue;
		}
		if (search->pairs || depth >= DEPTH_MAX)
			continue;
		python_text_copy(key, text, sizeof text);
		if (attributes ? strlen(path) + strlen(text) + 2 > sizeof name : !python_values_key(name, sizeof name, path, key))
			continue;
		if (attributes) {
			strcpy(name, path);
			strcat(name, ".");
			strcat(name, text);
		}
		look_at(search, name, value, depth + 1);
	}
}

static void
look_at(struct search *search, const char *path, struct python_object *value, int depth)
{
	enum python_kind kind = python_kind(value);
	struct python_object *held = NULL;

	if (search->done || ++search->looked > LOOKED_MAX)
		return;
	if (kind == PYTHON_LIST || kind == PYTHON_TUPLE) {
		look_at_items(search, path, value);
	} else if (kind == PYTHON_DICT) {
		look_at_dict(search, path, value, false, depth);
	} else if (python_is(value, py.PySet_Type) && py.PySet_Size(value) <= SET_MAX) {
		held = py.PySequence_List(value);
		if (held)
			look_at_items(search, path, held);
	} else if (kind == PYTHON_OTHER && depth < DEPTH_MAX && !python_is_tensor(search->torch, value) && !python_is_module(search->torch, value)) {
		held = python_dict(value);
		if (held)
			look_at_dict(search, path, held, true, depth);
	}
	python_release(held);
	search->done = search->pairs > 0;
}

static bool
visit_variable(void *context, const char *name, struct python_object *value)
{
	struct search *search = context;

	if (strlen(name) < 100)
		look_at(search, name, value, 0);
	return !search->done && search->looked < LOOKED_MAX;
}

void
python_shapes_write(struct json_writer *json, const struct python_torch *torch, const struct python_trace *trace, uint32_t reserve)
{
	struct search search = { json, torch, python_module_item("torch", "Size"), reserve, 0, 0, false };
	struct python_visitor visitor = { visit_variable, &search };

	for (int i = 0; search.size && i < trace->count && !search.done && search.looked < LOOKED_MAX; i++)
		if (!trace->frames[i].library)
			python_trace_variables(&trace->frames[i], &visitor);
	if (search.pairs) {
		json_array_end(json);
		json_object_end(json);
	}
}
