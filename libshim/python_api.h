/*
 * CPython's C interface, looked up in the process by name: libshim links against no Python.
 *
 * python_api_load resolves the table once; afterwards `py` is read only. Unless a function says otherwise the GIL must
 * be held, with the error indicator saved by the caller (python_quiet_begin). Nothing here runs the user's code: types
 * are compared by address, attributes are read from dictionaries or by layout, never through a lookup that a class can
 * override. Layouts are those of CPython 3.10 to 3.14 without free threading; another Python is not looked into.
 */
#ifndef SHAPEBOX_LIBSHIM_PYTHON_API_H
#define SHAPEBOX_LIBSHIM_PYTHON_API_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct python_object; /* CPython's PyObject */

/* Functions: one row each: result, name, arguments. All must be there, or exceptions are not recorded. */
#define PYTHON_FUNCTIONS(X) \
	X(int, PySys_AddAuditHook, (int (*)(const char *, struct python_object *, void *), void *)) \
	X(int, Py_AddPendingCall, (int (*)(void *), void *)) \
	X(int, Py_IsInitialized, (void)) \
	X(const char *, Py_GetVersion, (void)) \
	X(void, Py_IncRef, (struct python_object *)) \
	X(void, Py_DecRef, (struct python_object *)) \
	X(void, PyErr_Fetch, (struct python_object **, struct python_object **, struct python_object **)) \
	X(void, PyErr_Restore, (struct python_object *, struct python_object *, struct python_object *)) \
	X(void, PyErr_Clear, (void)) \
	X(void, PyErr_GetExcInfo, (struct python_object **, struct python_object **, struct python_object **)) \
	X(int, PyGC_Disable, (void)) \
	X(int, PyGC_Enable, (void)) \
	X(unsigned long, PyThread_get_thread_ident, (void)) \
	X(struct python_object *, PyImport_GetModuleDict, (void)) \
	X(struct python_object *, PyModule_GetDict, (struct python_object *)) \
	X(struct python_object *, PyDict_GetItemString, (struct python_object *, const char *)) \
	X(int, PyDict_Next, (struct python_object *, long *, struct python_object **, struct python_object **)) \
	X(long, PyDict_Size, (struct python_object *)) \
	X(struct python_object *, PyTuple_GetItem, (struct python_object *, long)) \
	X(long, PyTuple_Size, (struct python_object *)) \
	X(struct python_object *, PyList_GetItem, (struct python_object *, long)) \
	X(long, PyList_Size, (struct python_object *)) \
	X(long, PySet_Size, (struct python_object *)) \
	X(struct python_object *, PySequence_List, (struct python_object *)) \
	X(const char *, PyUnicode_AsUTF8AndSize, (struct python_object *, long *)) \
	X(struct python_object *, PyUnicode_AsEncodedString, (struct python_object *, const char *, const char *)) \
	X(struct python_object *, PyUnicode_Substring, (struct python_object *, long, long)) \
	X(long, PyUnicode_GetLength, (struct python_object *)) \
	X(int, PyBytes_AsStringAndSize, (struct python_object *, char **, long *)) \
	X(long long, PyLong_AsLongLongAndOverflow, (struct python_object *, int *)) \
	X(void *, PyLong_AsVoidPtr, (struct python_object *)) \
	X(struct python_object *, PyObject_Str, (struct python_object *)) \
	X(struct python_object *, PyObject_CallObject, (struct python_object *, struct python_object *)) \
	X(struct python_object *, PyObject_GetAttrString, (struct python_object *, const char *)) \
	X(struct python_object *, PyObject_GenericGetDict, (struct python_object *, void *)) \
	X(struct python_object *, PyCell_Get, (struct python_object *)) \
	X(int, PyType_IsSubtype, (struct python_object *, struct python_object *)) \
	X(unsigned long, PyType_GetFlags, (struct python_object *)) \
	X(void *, PyType_GetSlot, (struct python_object *, int)) \
	X(struct python_object *, PyException_GetCause, (struct python_object *)) \
	X(struct python_object *, PyException_GetContext, (struct python_object *)) \
	X(struct python_object *, PyException_GetTraceback, (struct python_object *)) \
	X(struct python_object *, PyEval_GetFrame, (void)) \
	X(struct python_object *, PyFrame_GetBack, (struct python_object *)) \
	X(struct python_object *, PyFrame_GetCode, (struct python_object *)) \
	X(int, PyFrame_GetLineNumber, (struct python_object *)) \
	X(int, PyCode_Addr2Line, (struct python_object *, int))

/* From one version on only (NULL before). */
#define PYTHON_NEWER_FUNCTIONS(X) \
	X(struct python_object *, PyCode_GetVarnames, (struct python_object *))   /* 3.11 */ \
	X(struct python_object *, PyCode_GetCellvars, (struct python_object *))   /* 3.11 */ \
	X(struct python_object *, PyCode_GetFreevars, (struct python_object *))   /* 3.11 */ \
	X(struct python_object *, PyFrame_GetGlobals, (struct python_object *))   /* 3.11 */ \
	X(struct python_object *, PyFrame_GetVar, (struct python_object *, struct python_object *)) /* 3.12 */

/* Objects that are symbols: types by their address. */
#define PYTHON_TYPES(X) \
	X(PyType_Type) X(PyTuple_Type) X(PyList_Type) X(PyDict_Type) X(PySet_Type) X(PyUnicode_Type) X(PyBytes_Type) X(PyLong_Type) \
	X(PyBool_Type) X(PyFloat_Type) X(PyModule_Type) X(PyFrame_Type) X(PyCode_Type) X(PyTraceBack_Type) X(PyCell_Type)

/* Objects that a symbol points to. */
#define PYTHON_EXCEPTIONS(X) \
	X(PyExc_BaseException) X(PyExc_SystemExit) X(PyExc_StopIteration) X(PyExc_StopAsyncIteration) \
	X(PyExc_GeneratorExit) X(PyExc_OSError) X(PyExc_SyntaxError)

struct python_api {
	int minor; /* of Python 3; 0: not known yet */
#define X(result, name, arguments) result(*name) arguments;
	PYTHON_FUNCTIONS(X)
	PYTHON_NEWER_FUNCTIONS(X)
#undef X
#define X(name) struct python_object *name;
	PYTHON_TYPES(X)
#undef X
#define X(name) struct python_object **name;
	PYTHON_EXCEPTIONS(X)
#undef X
};

extern struct python_api py;

/* Resolve the table. False where the process has no Python, or one that is not known. No GIL needed. */
bool python_api_load(void);
/* Whether the layouts read here are those of the running Python: a known-answer test on its own objects. */
bool python_api_verify(void);

/* Around any use: keeps the error indicator, and the garbage collector from running somebody's finalizers now. */
struct python_quiet {
	struct python_object *type, *value, *traceback;
	int collecting, saved_errno;
};
void python_quiet_begin(struct python_quiet *quiet);
void python_quiet_end(struct python_quiet *quiet);

/* Drop a reference; NULL is fine. */
void python_release(struct python_object *object);

static inline void *
python_at(const void *object, long offset)
{
	return *(void *const *)((const char *)object + offset);
}

static inline struct python_object *
python_type(const struct python_object *object)
{
	return python_at(object, 8);
}

static inline bool
python_is(const struct python_object *object, const struct python_object *type)
{
	return object && python_type(object) == type;
}

/* Whether OBJECT is an instance of TYPE or a subclass: by its type's bases alone, never by isinstance. */
bool python_isinstance(struct python_object *object, struct python_object *type);

/* Built-in kinds, subclasses included (by flags of the type). */
enum python_kind { PYTHON_OTHER, PYTHON_LONG, PYTHON_LIST, PYTHON_TUPLE, PYTHON_BYTES, PYTHON_TEXT, PYTHON_DICT,
		   PYTHON_EXCEPTION, PYTHON_TYPE };
enum python_kind python_kind(struct python_object *object);

/* Item NAME of the dictionary DICT; borrowed; NULL if DICT is NULL or no dictionary. */
struct python_object *python_item(struct python_object *dict, const char *name);
/* Item NAME of the loaded module MODULE's dictionary; borrowed; NULL if it isn't loaded. */
struct python_object *python_module_item(const char *module, const char *name);
/* The instance dictionary of OBJECT (a new reference), NULL if it has none. */
struct python_object *python_dict(struct python_object *object);
/* The name of type TYPE without its module, and the module ("builtins" where it has none) as a str object or text. */
const char *python_type_name(struct python_object *type);
const char *python_type_module(struct python_object *type);

/* UTF-8 of the str OBJECT, at most MAX characters; SIZE bytes. `*held` keeps it alive: python_release it. NULL if it
 * is no str. */
const char *python_text(struct python_object *object, long max, size_t *size, struct python_object **held);
/* The same copied into TEXT of ROOM bytes with a NUL. Returns TEXT ("" if OBJECT is no str). */
char *python_text_copy(struct python_object *object, char *text, size_t room);
/* OBJECT as an integer, where it is exactly an int (not a bool, not a subclass) that fits. */
bool python_integer(struct python_object *object, int64_t *value);

#endif
