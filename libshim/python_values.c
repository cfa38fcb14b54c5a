/* A frame's variables as JSON. See python_values.h. */
#include <string.h>

#include "python_forms.h"
#include "python_values.h"
#include "summary.h"

#define INDICES_MAX 256 /* samples of one batch that are listed */
#define LENGTHS_MAX 256 /* lists of one batch whose lengths are listed */
#define DEPTH_MAX 2
#define NAME_MAX_BYTES 256

struct values {
	struct json_writer *json;
	const struct python_torch *torch;
	struct summary_budget *budget;
	uint32_t reserve;
	int left;
	enum { INDICES, TENSORS, NUMBERS } pass;
};

static size_t
append(char *text, size_t used, size_t room, const char *more)
{
	while (*more && used + 1 < room)
		text[used++] = *more++;
	text[used] = 0;
	return used;
}

void
python_values_index(char *text, size_t room, const char *name, int64_t index)
{
	char digits[24];
	int start = sizeof digits - 1;
	uint64_t rest = index < 0 ? 0 - (uint64_t)index : (uint64_t)index;

	digits[start] = 0;
	do
		digits[--start] = (char)('0' + rest % 10);
	while (rest /= 10);
	if (index < 0)
		digits[--start] = '-';
	size_t used = append(text, append(text, append(text, 0, room, name), room, "["), room, digits + start);
	append(text, used, room, "]");
}

bool
python_values_key(char *text, size_t room, const char *name, struct python_object *key)
{
	char key_text[64];
	int64_t number;

	if (python_integer(key, &number)) {
		python_values_index(text, room, name, number);
		return true;
	}
	if (!python_is(key, py.PyUnicode_Type))
		return false;
	python_text_copy(key, key_text, sizeof key_text);
	size_t used = append(text, append(text, append(text, 0, room, name), room, "['"), room, key_text);
	append(text, used, room, "']");
	return true;
}

struct python_object *
python_values_mapping(struct python_object *object, struct python_object **held)
{
	struct python_object *type = python_type(object), *dict, *data;

	*held = NULL;
	if (python_kind(object) == PYTHON_DICT)
		return object;
	/* collections.UserDict and what derives from it (BatchEncoding, BatchFeature). */
	if (!python_isinstance(object, python_module_item("collections", "UserDict")) || python_kind(type) != PYTHON_TYPE)
		return NULL;
	dict = python_dict(object);
	data = python_item(dict, "data");
	*held = dict;
	return python_kind(data) == PYTHON_DICT ? data : NULL;
}

static bool
has_tensor(const struct python_torch *torch, struct python_object *object, int depth)
{
	struct python_object *key, *value, *held, *dict;
	long position = 0, size;
	bool found = false;

	if (python_is_tensor(torch, object))
		return true;
	if (depth >= DEPTH_MAX)
		return false;
	enum python_kind kind = python_kind(object);
	if (kind == PYTHON_LIST || kind == PYTHON_TUPLE) {
		size = kind == PYTHON_LIST ? py.PyList_Size(object) : py.PyTuple_Size(object);
		for (long i = 0; i < size && i < VALUES_PER_LIST && !found; i++)
			found = has_tensor(torch, kind == PYTHON_LIST ? py.PyList_GetItem(object, i)
								      : py.PyTuple_GetItem(object, i), depth + 1);
		return found;
	}
	dict = python_values_mapping(object, &held);
	for (int i = 0; dict && !found && i < VALUES_PER_LIST && py.PyDict_Next(dict, &position, &key, &value); i++)
		found = has_tensor(torch, value, depth + 1);
	python_release(held);
	return found;
}

static void write_value(struct values *values, const char *name, struct python_object *object, int depth);

static void
write_sequence(struct values *values, const char *name, struct python_object *object, bool list, int depth)
{
	char item[NAME_MAX_BYTES];
	long size = list ? py.PyList_Size(object) : py.PyTuple_Size(object);

	json_key(values->json, "kind");
	json_string(values->json, list ? "list" : "tuple");
	json_key(values->json, "length");
	json_int(values->json, size);
	json_key(values->json, "items");
	json_array_begin(values->json);
	for (long i = 0; i < size && i < VALUES_PER_LIST; i++) {
		struct python_object *value = list ? py.PyList_GetItem(object, i) : py.PyTuple_GetItem(object, i);
		python_values_index(item, sizeof item, name, i);
		if (has_tensor(values->torch, value, depth + 1))
			write_value(values, item, value, depth + 1);
	}
	json_array_end(values->json);
	if (!depth)
		python_forms_write(values->json, values->torch, object);
}

static void
write_mapping(struct values *values, const char *name, struct python_object *object, int depth)
{
	char item[NAME_MAX_BYTES];
	struct python_object *key, *value, *held, *dict = python_values_mapping(object, &held);
	long position = 0;

	json_key(values->json, "kind");
	json_string(values->json, "dict");
	json_key(values->json, "length");
	json_int(values->json, dict ? py.PyDict_Size(dict) : 0);
	json_key(values->json, "items");
	json_array_begin(values->json);
	for (int i = 0; dict && i < VALUES_PER_LIST && py.PyDict_Next(dict, &position, &key, &value); i++)
		if (has_tensor(values->torch, value, depth + 1)
		    && python_values_key(item, sizeof item, name, key))
			write_value(values, item, value, depth + 1);
	json_array_end(values->json);
	python_release(held);
}

static void
write_tensor(struct values *values, struct python_object *object)
{
	struct summary summary;

	python_tensor_write(values->json, values->torch, object);
	if (!summary_take(&summary, python_tensor_impl(values->torch, object), values->budget))
		return;
	json_key(values->json, "summary");
	summary_write(values->json, &summary);
}

static void
write_value(struct values *values, const char *name, struct python_object *object, int depth)
{
	enum python_kind kind = python_kind(object);

	if (json_left(values->json) < values->reserve)
		return;
	json_object_begin(values->json);
	json_key(values->json, "name");
	json_string(values->json, name);
	if (python_is_tensor(values->torch, object))
		write_tensor(values, object);
	else if (kind == PYTHON_LIST || kind == PYTHON_TUPLE)
		write_sequence(values, name, object, kind == PYTHON_LIST, depth);
	else
		write_mapping(values, name, object, depth);
	json_object_end(values->json);
}

/* A plain int, bool or float; anything else (their subclasses, too) is passed over. */
static bool
write_number(struct json_writer *json, const char *name, struct python_object *object)
{
	bool truth = python_is(object, py.PyBool_Type), real = python_is(object, py.PyFloat_Type);
	int overflow;
	int64_t value = 0;

	if (!truth && !real && !python_integer(object, &value))
		return false;
	json_object_begin(json);
	json_key(json, "name");
	json_string(json, name);
	json_key(json, "kind");
	json_string(json, truth ? "bool" : real ? "float" : "int");
	json_key(json, "value");
	if (truth) {
		json_bool(json, py.PyLong_AsLongLongAndOverflow(object, &overflow) != 0);
	} else if (real) {
		char text[64];
		struct python_object *string = py.PyObject_Str(object);
		python_text_copy(string, text, sizeof text);
		json_number(json, text, strlen(text));
		python_release(string);
	} else {
		json_int(json, value);
	}
	json_object_end(json);
	return true;
}

/* Which samples make up a batch: the list of integers that a sampler hands to a fetcher, by the names that
 * torch.utils.data gives it. */
static bool
known_indices(const char *name, struct python_object *object)
{
	static const char *const names[] = { "possibly_batched_index", "index", "indices", "batch_indices" };
	long size = python_kind(object) == PYTHON_LIST ? py.PyList_Size(object) : 0;
	bool known = false;
	int64_t value;

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		known = known || !strcmp(name, names[i]);
	return known && size >= 1 && size <= INDICES_MAX && python_integer(py.PyList_GetItem(object, 0), &value);
}

static void
write_indices(struct values *values, const char *name, struct python_object *object)
{
	long size = python_kind(object) == PYTHON_LIST ? py.PyList_Size(object) : 0;
	char item[NAME_MAX_BYTES];

	if (!known_indices(name, object))
		return;
	json_object_begin(values->json);
	json_key(values->json, "name");
	json_string(values->json, name);
	json_key(values->json, "kind");
	json_string(values->json, "list");
	json_key(values->json, "length");
	json_int(values->json, size);
	json_key(values->json, "items");
	json_array_begin(values->json);
	for (long i = 0; i < size; i++) {
		python_values_index(item, sizeof item, name, i);
		write_number(values->json, item, py.PyList_GetItem(object, i));
	}
	json_array_end(values->json);
	json_object_end(values->json);
}

/* How many items VALUE holds, if it is a plain list or tuple; -1. */
static long
length_of(struct python_object *value)
{
	enum python_kind kind = python_kind(value);

	return kind == PYTHON_LIST ? py.PyList_Size(value) : kind == PYTHON_TUPLE ? py.PyTuple_Size(value) : -1;
}

/* Begin the row of the list or tuple OBJECT. */
static void
begin_row(struct values *values, const char *name, struct python_object *object)
{
	json_object_begin(values->json);
	json_key(values->json, "name");
	json_string(values->json, name);
	json_key(values->json, "kind");
	json_string(values->json, python_kind(object) == PYTHON_LIST ? "list" : "tuple");
	json_key(values->json, "length");
	json_int(values->json, length_of(object));
}

/* The lengths of what a list or tuple of lists or tuples holds: samples that were no tensors yet. If all are alike, what the items are tells more. */
static bool
write_lengths(struct values *values, const char *name, struct python_object *object)
{
	bool list = python_kind(object) == PYTHON_LIST, alike = true;
	long size = length_of(object), first = -1;

	if (size < 2)
		return false;
	for (long i = 0; i < size && i < LENGTHS_MAX; i++) {
		long length = length_of(list ? py.PyList_GetItem(object, i) : py.PyTuple_GetItem(object, i));

		if (length < 0)
			return false;
		first = i ? first : length;
		alike = alike && length == first;
	}
	begin_row(values, name, object);
	json_key(values->json, "lengths");
	json_array_begin(values->json);
	for (long i = 0; i < size && i < LENGTHS_MAX; i++)
		json_int(values->json, length_of(list ? py.PyList_GetItem(object, i) : py.PyTuple_GetItem(object, i)));
	json_array_end(values->json);
	if (alike)
		python_forms_write(values->json, values->torch, object);
	json_object_end(values->json);
	return true;
}

/* A list or tuple without tensors whose items are of several forms. */
static bool
write_forms(struct values *values, const char *name, struct python_object *object)
{
	if (!python_forms_differ(values->torch, object))
		return false;
	begin_row(values, name, object);
	python_forms_write(values->json, values->torch, object);
	json_object_end(values->json);
	return true;
}

static bool
visit_variable(void *context, const char *name, struct python_object *object)
{
	struct values *values = context;

	if (values->pass == INDICES) { /* which samples a batch has is worth more than the room that is set aside for what follows */
		if (json_left(values->json) > values->reserve / 2)
			write_indices(values, name, object);
		return true;
	}
	if (values->left <= 0 || json_left(values->json) < values->reserve)
		return false;
	if (values->pass == NUMBERS) {
		values->left -= write_number(values->json, name, object) || known_indices(name, object) ||
				(!has_tensor(values->torch, object, 0) &&
				 (write_lengths(values, name, object) || write_forms(values, name, object)));
	} else if (has_tensor(values->torch, object, 0)) {
		write_value(values, name, object, 0);
		values->left--;
	}
	return true;
}

void
python_values_write(struct json_writer *json, const struct python_torch *torch, const struct python_frame *frame,
		    struct summary_budget *budget, uint32_t reserve)
{
	struct values values = { json, torch, budget, reserve + 1024, VALUES_PER_FRAME, INDICES };
	struct python_visitor visitor = { visit_variable, &values };

	json_array_begin(json);
	for (values.pass = INDICES; values.pass <= NUMBERS; values.pass++)
		python_trace_variables(frame, &visitor);
	json_array_end(json);
}
