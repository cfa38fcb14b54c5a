/* What an exception says, without running its class's code. See python_exception.h. */
#include <string.h>

#include "python_exception.h"

#define EXCEPTION_ARGUMENTS 24 /* PyBaseExceptionObject.args, 3.10 to 3.14 */
#define FLAG_HEAP (1ul << 9)
#define SLOT_STR 70            /* Py_tp_str of typeslots.h */

struct python_object *
python_exception_arguments(struct python_object *exception)
{
	struct python_object *arguments = python_at(exception, EXCEPTION_ARGUMENTS);

	return python_is(arguments, py.PyTuple_Type) ? arguments : NULL;
}

/* Whether turning VALUE into text runs CPython's own code alone. */
static bool
is_plain(struct python_object *value)
{
	return python_is(value, py.PyUnicode_Type) || python_is(value, py.PyLong_Type)
	       || python_is(value, py.PyFloat_Type) || python_is(value, py.PyBool_Type)
	       || python_is(value, py.PyBytes_Type)
	       || (value && !strcmp(python_type_name(python_type(value)), "NoneType")
		   && !(py.PyType_GetFlags(python_type(value)) & FLAG_HEAP));
}

static bool
attribute_is_plain(struct python_object *exception, const char *name)
{
	struct python_object *value = py.PyObject_GetAttrString(exception, name);
	bool plain = is_plain(value);

	python_release(value);
	py.PyErr_Clear();
	return plain;
}

/* Whether str(EXCEPTION) is CPython's own code from end to end. */
static bool
text_is_safe(struct python_object *exception, struct python_object *arguments)
{
	struct python_object *type = python_type(exception);
	bool built_in = !(py.PyType_GetFlags(type) & FLAG_HEAP);

	for (long i = 0; i < py.PyTuple_Size(arguments); i++)
		if (!is_plain(py.PyTuple_GetItem(arguments, i)))
			return false;
	if (python_isinstance(exception, *py.PyExc_SyntaxError))
		return false;
	if (python_isinstance(exception, *py.PyExc_OSError))
		return built_in && attribute_is_plain(exception, "errno") && attribute_is_plain(exception, "strerror")
		       && attribute_is_plain(exception, "filename") && attribute_is_plain(exception, "filename2");
	/* A class that inherits BaseException's text (torch's own do) is as good as a built-in one. */
	return built_in
	       || py.PyType_GetSlot(type, SLOT_STR) == py.PyType_GetSlot(*py.PyExc_BaseException, SLOT_STR);
}

void
python_message_write(struct json_writer *json, struct python_object *exception, long max)
{
	struct python_object *arguments = python_exception_arguments(exception), *text = NULL, *held = NULL;
	const char *bytes = NULL;
	size_t size = 0;

	if (arguments && text_is_safe(exception, arguments)) {
		text = py.PyObject_Str(exception);
		bytes = python_text(text, max, &size, &held);
	}
	for (long i = 0; arguments && !bytes && i < py.PyTuple_Size(arguments); i++)
		bytes = python_text(py.PyTuple_GetItem(arguments, i), max, &size, &held);
	py.PyErr_Clear();
	json_text(json, bytes ? bytes : "", bytes ? size : 0);
	python_release(held);
	python_release(text);
}
