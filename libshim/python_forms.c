/* What the items of a list are. See python_forms.h. */
#include <string.h>

#include "schema/box.h"

#include "python_forms.h"
#include "python_values.h"

#define FORM_BYTES 400
#define FORMS_MAX 8
#define ITEMS_MAX 256
#define PARTS_MAX 12
#define DEPTH_MAX 3
#define DEPTH_ROUGH 1 /* where items are of too many forms: how many each has rather than what they are */

struct form { char text[FORM_BYTES]; size_t used; int depth; };

static void
add(struct form *form, const char *more)
{
	while (*more && form->used + 1 < sizeof form->text)
		form->text[form->used++] = *more++;
	form->text[form->used] = 0;
}

static void
add_number(struct form *form, int64_t number)
{
	char text[32];

	python_values_index(text, sizeof text, "", number); /* "[7]" */
	text[strlen(text) - 1] = 0;
	add(form, text + 1);
}

static void
add_sizes(struct form *form, const int64_t *sizes, int count)
{
	add(form, " [");
	for (int i = 0; i < count; i++) {
		add(form, i ? ", " : "");
		add_number(form, sizes[i]);
	}
	add(form, "]");
}

static void
add_tensor(struct form *form, const struct python_torch *torch, struct python_object *object)
{
	const void *impl = python_tensor_impl(torch, object);
	struct tensor_meta meta;

	add(form, "tensor");
	if (!impl || !tensor_read(impl, &meta) || meta.flags & BOX_TENSOR_OPAQUE)
		return;
	add(form, " ");
	add(form, python_dtype_name(meta.dtype) ? python_dtype_name(meta.dtype) : "?");
	add_sizes(form, meta.sizes, meta.ndim);
}

int
python_array_sizes(struct python_object *object, int64_t *sizes, int most)
{
	struct python_object *shape;
	int count = 0;

	if (python_type(object) != python_module_item("numpy", "ndarray"))
		return -1;
	shape = py.PyObject_GetAttrString(object, "shape");
	for (long i = 0; python_is(shape, py.PyTuple_Type) && i < py.PyTuple_Size(shape) && count < most; i++)
		count += python_integer(py.PyTuple_GetItem(shape, i), &sizes[count]);
	python_release(shape);
	py.PyErr_Clear();
	return count;
}

static void
add_array(struct form *form, struct python_object *object)
{
	struct python_object *dtype = py.PyObject_GetAttrString(object, "dtype"), *name = dtype ? py.PyObject_Str(dtype) : NULL;
	int64_t sizes[16];
	char text[32];

	add(form, "array ");
	add(form, name ? python_text_copy(name, text, sizeof text) : "?");
	add_sizes(form, sizes, python_array_sizes(object, sizes, 16));
	python_release(name);
	python_release(dtype);
	py.PyErr_Clear();
}

static long
size_of(struct python_object *object)
{
	enum python_kind kind = python_kind(object);

	return kind == PYTHON_LIST ? py.PyList_Size(object) : kind == PYTHON_TUPLE ? py.PyTuple_Size(object) : -1;
}

static struct python_object *
item_of(struct python_object *object, long i)
{
	return python_kind(object) == PYTHON_LIST ? py.PyList_GetItem(object, i) : py.PyTuple_GetItem(object, i);
}

static bool
is_plain(struct python_object *object)
{
	enum python_kind kind = python_kind(object);

	return kind == PYTHON_LONG || kind == PYTHON_TEXT || python_is(object, py.PyFloat_Type);
}

static void add_form(struct form *form, const struct python_torch *torch, struct python_object *object, int depth);

static void
add_sequence(struct form *form, const struct python_torch *torch, struct python_object *object, int depth)
{
	bool list = python_kind(object) == PYTHON_LIST, plain = true;
	long size = size_of(object);

	for (long i = 0; i < size && i < PARTS_MAX && plain; i++)
		plain = is_plain(item_of(object, i));
	if (size > PARTS_MAX || depth >= form->depth || (list && plain)) {
		add(form, list ? "list of " : "tuple of ");
		add_number(form, size);
		return;
	}
	add(form, list ? "[" : "(");
	for (long i = 0; i < size; i++) {
		add(form, i ? ", " : "");
		add_form(form, torch, item_of(object, i), depth + 1);
	}
	add(form, list ? "]" : ")");
}

static void
add_mapping(struct form *form, const struct python_torch *torch, struct python_object *dict, int depth)
{
	struct python_object *key, *value;
	long position = 0;
	char name[64];
	int64_t number;

	add(form, "{");
	for (int i = 0; i < PARTS_MAX && py.PyDict_Next(dict, &position, &key, &value); i++) {
		add(form, i ? ", " : "");
		if (python_integer(key, &number))
			add_number(form, number);
		else
			add(form, python_is(key, py.PyUnicode_Type) ? python_text_copy(key, name, sizeof name) : "?");
		add(form, ": ");
		if (depth < DEPTH_MAX)
			add_form(form, torch, value, depth + 1);
	}
	add(form, py.PyDict_Size(dict) > PARTS_MAX ? ", ...}" : "}");
}

static void
add_form(struct form *form, const struct python_torch *torch, struct python_object *object, int depth)
{
	enum python_kind kind = python_kind(object);
	struct python_object *held = NULL, *dict;

	if (python_is_tensor(torch, object))
		add_tensor(form, torch, object);
	else if (kind == PYTHON_LIST || kind == PYTHON_TUPLE)
		add_sequence(form, torch, object, depth);
	else if ((dict = python_values_mapping(object, &held)))
		add_mapping(form, torch, dict, depth);
	else if (python_type(object) == python_module_item("numpy", "ndarray"))
		add_array(form, object);
	else
		add(form, !strcmp(python_type_name(python_type(object)), "NoneType") ? "None" : python_type_name(python_type(object)));
	python_release(held);
}

struct forms { struct form forms[FORMS_MAX], one; int first[FORMS_MAX], counts[FORMS_MAX], count; bool cut; };

/* The forms of OBJECT's items, sequences told item by item to DEPTH, by their first. More than FORMS_MAX are counted with the last. */
static void
collect(struct forms *forms, const struct python_torch *torch, struct python_object *object, int depth)
{
	long size = size_of(object);

	forms->count = 0;
	forms->cut = false;
	forms->one.depth = depth;
	for (long i = 0; i < size && i < ITEMS_MAX; i++) {
		int at = 0;

		forms->one.used = 0;
		add_form(&forms->one, torch, item_of(object, i), 0);
		while (at < forms->count && strcmp(forms->forms[at].text, forms->one.text))
			at++;
		if (at == forms->count && at < FORMS_MAX) {
			forms->forms[at] = forms->one;
			forms->first[at] = (int)i;
			forms->counts[at] = 0;
			forms->count++;
		}
		forms->counts[at < FORMS_MAX ? at : FORMS_MAX - 1]++;
		forms->cut = forms->cut || at == FORMS_MAX || forms->one.used + 1 == sizeof forms->one.text;
	}
}

bool
python_forms_differ(const struct python_torch *torch, struct python_object *object)
{
	struct forms forms;

	if (size_of(object) < 2)
		return false;
	collect(&forms, torch, object, DEPTH_MAX);
	return forms.count > 1;
}

bool
python_forms_write(struct json_writer *json, const struct python_torch *torch, struct python_object *object)
{
	struct forms forms;

	if (size_of(object) < 2)
		return false;
	collect(&forms, torch, object, DEPTH_MAX);
	if (forms.cut) {
		collect(&forms, torch, object, DEPTH_ROUGH);
		if (forms.cut || forms.count < 2)
			collect(&forms, torch, object, DEPTH_MAX);
	}
	if (forms.count < 2)
		return false;
	json_key(json, "forms");
	json_array_begin(json);
	for (int i = 0; i < forms.count; i++) {
		json_object_begin(json);
		json_key(json, "first");
		json_int(json, forms.first[i]);
		json_key(json, "count");
		json_int(json, forms.counts[i]);
		json_key(json, "form");
		json_string(json, forms.forms[i].text);
		json_object_end(json);
	}
	json_array_end(json);
	return true;
}
