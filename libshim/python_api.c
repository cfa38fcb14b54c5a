/* CPython's interface by name, and safe ways to look at objects. See python_api.h. */
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "python_api.h"

#define TYPE_NAME 24        /* PyTypeObject.tp_name, .tp_dict: equal in 3.10 to 3.14 */
#define TYPE_DICT 264
#define FLAG_HEAP (1ul << 9)
#define MINOR_FIRST 10
#define MINOR_LAST 14

struct python_api py;

static int
version_minor(const char *version)
{
	int minor = version && !strncmp(version, "3.", 2) ? atoi(version + 2) : 0;

	if (minor < MINOR_FIRST || minor > MINOR_LAST || strstr(version, "free-threading"))
		return 0;
	return minor;
}

bool
python_api_load(void)
{
	/* One look-up answers for the many processes that have no Python. */
	if (!dlsym(RTLD_DEFAULT, "PySys_AddAuditHook"))
		return false;
#define X(result, name, arguments) \
	if (!(py.name = (result(*) arguments)dlsym(RTLD_DEFAULT, #name))) \
		return false;
	PYTHON_FUNCTIONS(X)
#undef X
#define X(result, name, arguments) py.name = (result(*) arguments)dlsym(RTLD_DEFAULT, #name);
	PYTHON_NEWER_FUNCTIONS(X)
#undef X
#define X(name) \
	if (!(py.name = dlsym(RTLD_DEFAULT, #name))) \
		return false;
	PYTHON_TYPES(X)
	PYTHON_EXCEPTIONS(X)
#undef X
	py.minor = version_minor(py.Py_GetVersion());
	if (py.minor >= 11 && (!py.PyFrame_GetGlobals || !py.PyCode_GetVarnames))
		return false;
	if (py.minor >= 12 && !py.PyFrame_GetVar)
		return false;
	return py.minor != 0;
}

bool
python_api_verify(void)
{
	struct python_object *modules = py.PyImport_GetModuleDict();
	struct python_object *base = *py.PyExc_BaseException;

	/* An object's type, a type's name, and a Python class's dictionary, where we look for them. */
	if (!modules || !base || !python_is(modules, py.PyDict_Type) || !python_is(base, py.PyType_Type))
		return false;
	const char *name = python_at(base, TYPE_NAME);
	if (!name || strcmp(name, "BaseException"))
		return false;
	struct python_object *spec = python_module_item("_frozen_importlib", "ModuleSpec");
	if (!spec)
		return true; /* nothing to compare with */
	struct python_object *dict = python_at(spec, TYPE_DICT);
	return dict && python_is(dict, py.PyDict_Type) && python_item(dict, "__module__") != NULL;
}

void
python_quiet_begin(struct python_quiet *quiet)
{
	quiet->saved_errno = errno;
	py.PyErr_Fetch(&quiet->type, &quiet->value, &quiet->traceback);
	quiet->collecting = py.PyGC_Disable();
}

void
python_quiet_end(struct python_quiet *quiet)
{
	if (quiet->collecting)
		py.PyGC_Enable();
	py.PyErr_Restore(quiet->type, quiet->value, quiet->traceback); /* drops whatever we left there */
	errno = quiet->saved_errno;
}

void
python_release(struct python_object *object)
{
	if (object)
		py.Py_DecRef(object);
}

bool
python_isinstance(struct python_object *object, struct python_object *type)
{
	return object && type && (python_type(object) == type || py.PyType_IsSubtype(python_type(object), type));
}

enum python_kind
python_kind(struct python_object *object)
{
	static const enum python_kind kinds[] = { PYTHON_LONG, PYTHON_LIST, PYTHON_TUPLE, PYTHON_BYTES, PYTHON_TEXT,
						  PYTHON_DICT, PYTHON_EXCEPTION, PYTHON_TYPE };
	unsigned long flags = object ? py.PyType_GetFlags(python_type(object)) >> 24 & 255 : 0;

	return flags ? kinds[__builtin_ctzl(flags)] : PYTHON_OTHER;
}

struct python_object *
python_item(struct python_object *dict, const char *name)
{
	return python_kind(dict) == PYTHON_DICT ? py.PyDict_GetItemString(dict, name) : NULL;
}

struct python_object *
python_module_item(const char *module, const char *name)
{
	struct python_object *found = python_item(py.PyImport_GetModuleDict(), module);

	if (!found || !python_isinstance(found, py.PyModule_Type))
		return NULL;
	return python_item(py.PyModule_GetDict(found), name);
}

struct python_object *
python_dict(struct python_object *object)
{
	struct python_object *dict = py.PyObject_GenericGetDict(object, NULL);

	if (!dict) {
		py.PyErr_Clear();
		return NULL;
	}
	if (python_kind(dict) == PYTHON_DICT)
		return dict;
	python_release(dict);
	return NULL;
}

const char *
python_type_name(struct python_object *type)
{
	const char *name = python_at(type, TYPE_NAME), *dot;

	if (!name)
		return "?";
	/* Types made in C carry their module in the name; classes made by `class` do not. */
	dot = strrchr(name, '.');
	return dot && dot[1] ? dot + 1 : name;
}

const char *
python_type_module(struct python_object *type)
{
	static __thread char text[128];

	if (py.PyType_GetFlags(type) & FLAG_HEAP) {
		python_text_copy(python_item(python_at(type, TYPE_DICT), "__module__"), text, sizeof text);
		if (text[0])
			return text;
	}
	const char *name = python_at(type, TYPE_NAME), *dot = name ? strrchr(name, '.') : NULL;
	if (!dot || (size_t)(dot - name) >= sizeof text)
		return "builtins";
	memcpy(text, name, (size_t)(dot - name));
	text[dot - name] = 0;
	return text;
}

const char *
python_text(struct python_object *object, long max, size_t *size, struct python_object **held)
{
	const char *text;
	long bytes = 0;

	*held = NULL;
	*size = 0;
	if (python_kind(object) != PYTHON_TEXT)
		return NULL;
	if (py.PyUnicode_GetLength(object) > max) {
		*held = object = py.PyUnicode_Substring(object, 0, max);
		if (!object) {
			py.PyErr_Clear();
			return NULL;
		}
	}
	text = py.PyUnicode_AsUTF8AndSize(object, &bytes);
	if (!text) { /* lone surrogates */
		py.PyErr_Clear();
		struct python_object *encoded = py.PyUnicode_AsEncodedString(object, "utf-8", "backslashreplace");
		python_release(*held);
		*held = encoded;
		if (!encoded || py.PyBytes_AsStringAndSize(encoded, (char **)&text, &bytes)) {
			py.PyErr_Clear();
			return NULL;
		}
	}
	*size = (size_t)bytes;
	return text;
}

char *
python_text_copy(struct python_object *object, char *text, size_t room)
{
	struct python_object *held;
	size_t size;
	const char *found = python_text(object, (long)room, &size, &held);

	if (!found)
		size = 0;
	if (size >= room)
		size = room - 1;
	if (found && size)
		memcpy(text, found, size);
	text[size] = 0;
	python_release(held);
	return text;
}

bool
python_integer(struct python_object *object, int64_t *value)
{
	int overflow = 0;

	if (!python_is(object, py.PyLong_Type))
		return false;
	*value = py.PyLong_AsLongLongAndOverflow(object, &overflow);
	return !overflow;
}
