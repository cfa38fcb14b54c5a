/*
 * __cxa_throw: type, text and native stack of an exception that leaves an operation, taken while the stack stands.
 *
 * Healthy programs throw rarely; the hook looks closer only inside a recorded operation, and takes the native stack
 * only while that has cost less than a hundredth of the process's time.
 */
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <unwind.h>

#include "box.h"
#include "clock.h"
#include "hooks.h"
#include "install.h"
#include "note.h"
#include "operands.h"
#include "recorder.h"
#include "settings.h"
#include "shim.h"
#include "throw.h"
#include "torch.h"

/* libstdc++'s std::type_info: virtual table, then the mangled name (a leading '*' means "compare by address"). */
struct type_info {
	void *const *table;
	const char *name;
};

static uint64_t native_ticks; /* atomic: spent on native stacks so far, unwinding and naming */

/* The first few stacks are worth their price (naming one takes some 20 ms: a linear search through libtorch's symbols);
 * a program that throws all the time shall not feel it. */
static bool
can_afford_stack(const struct thrown *thrown)
{
	uint64_t since = clock_ticks() - shim_box.header->start_ticks;

	return thrown->count <= 16 || __atomic_load_n(&native_ticks, __ATOMIC_RELAXED) < since / 100;
}

static const char *
type_name(const struct type_info *type)
{
	return *type->name == '*' ? type->name + 1 : type->name;
}

/* OBJECT as a std::exception, by the very question that a catch clause asks; NULL if TYPE isn't derived from it. */
static void *
as_exception(void *object, const struct type_info *type)
{
	const struct type_info *base = hook_symbol("libstdc++.so.6", "_ZTISt9exception");

	if (!base)
		return NULL;
	/* virtual bool type_info::__do_catch(const type_info *thrown, void **object, unsigned outer) const: slot 4 */
	bool (*do_catch)(const void *, const void *, void **, unsigned) =
		(bool (*)(const void *, const void *, void **, unsigned))base->table[4];
	return do_catch(base, type, &object, 1) ? object : NULL;
}

static void
copy_text(struct thrown *thrown, const char *text, size_t size)
{
	if (size >= sizeof thrown->message)
		size = sizeof thrown->message - 1;
	memcpy(thrown->message, text, size);
	thrown->message[size] = 0;
}

static void
take_message(struct thrown *thrown, void *object, const struct type_info *type)
{
	const char *name = type_name(type);

	thrown->message[0] = 0;
	/* A Python exception in C++ clothes: its text is Python's, and asking for it would need the GIL. */
	if (strstr(name, "python") || strstr(name, "pybind11"))
		return;
	if (!strncmp(name, "N3c10", 5) && strstr(name, "Error")) {
		/* c10::Error: what() would symbolise a backtrace. compute_what(false) returns a std::string without it: of the kind
		 * that its name tells (torch.h), and that the kind's own destructor ends. */
		static const struct { size_t bytes; const char *compute, *end; } kinds[] = {
			{ TORCH_STRING_BYTES, "_ZNK3c105Error12compute_whatB5cxx11Eb", "_ZNSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEED1Ev" },
			{ TORCH_STRING_OLD_BYTES, "_ZNK3c105Error12compute_whatEb", "_ZNSsD1Ev" },
		};
		for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
			uint64_t place[TORCH_STRING_BYTES / 8] = { 0 };
			void *(*compute)(void *, void *, bool) = (void *(*)(void *, void *, bool))hook_symbol("libc10.so", kinds[i].compute);
			void (*end)(void *) = (void (*)(void *))hook_symbol("libstdc++.so.6", kinds[i].end);
			if (!compute || !end)
				continue;
			compute(place, object, false);
			struct torch_string string = torch_string_at(place, kinds[i].bytes);
			copy_text(thrown, string.text, string.size);
			end(place);
			return;
		}
	}
	void *exception = as_exception(object, type);
	if (exception) {
		/* virtual const char *std::exception::what() const noexcept: slot 2, after two destructors */
		const char *(*what)(void *) = (const char *(*)(void *))(*(void ***)exception)[2];
		const char *text = what(exception);
		if (text)
			copy_text(thrown, text, strlen(text));
	}
}

/* NAME as a C++ programmer writes it; NULL if it is no mangled name. To be freed. */
static char *
demangled(const char *name)
{
	char *(*demangle)(const char *, char *, size_t *, int *) =
		(char *(*)(const char *, char *, size_t *, int *))hook_symbol("libstdc++.so.6", "__cxa_demangle");

	return demangle ? demangle(name, NULL, NULL, NULL) : NULL;
}

static void
take_type(struct thrown *thrown, const struct type_info *type)
{
	char *text = demangled(type_name(type));

	strncpy(thrown->type, text ? text : type_name(type), sizeof thrown->type - 1);
	thrown->type[sizeof thrown->type - 1] = 0;
	free(text);
}

/* libgcc's unwinder, as the process has it: the very one that carries the exception. */
static _Unwind_Ptr (*unwind_ip)(struct _Unwind_Context *);

static _Unwind_Reason_Code
take_frame(struct _Unwind_Context *context, void *argument)
{
	struct thrown *thrown = argument;

	if (thrown->frame_count == THROWN_FRAMES)
		return _URC_END_OF_STACK;
	thrown->frames[thrown->frame_count++] = (void *)unwind_ip(context);
	return _URC_NO_REASON;
}

static void
take_stack(struct thrown *thrown)
{
	uint64_t start = clock_ticks();
	_Unwind_Reason_Code (*backtrace)(_Unwind_Trace_Fn, void *) =
		(_Unwind_Reason_Code(*)(_Unwind_Trace_Fn, void *))hook_symbol("libgcc_s.so.1", "_Unwind_Backtrace");

	thrown->frame_count = 0;
	unwind_ip = (_Unwind_Ptr(*)(struct _Unwind_Context *))hook_symbol("libgcc_s.so.1", "_Unwind_GetIP");
	if (!settings.native_stacks || !backtrace || !unwind_ip || !can_afford_stack(thrown))
		return;
	backtrace(take_frame, thrown);
	__atomic_fetch_add(&native_ticks, clock_ticks() - start, __ATOMIC_RELAXED);
}

SHIM_EXPORT void
__cxa_throw(void *object, void *type, void (*destroy)(void *))
{
	void (*real)(void *, void *, void (*)(void *)) =
		(void (*)(void *, void *, void (*)(void *)))hook_real(HOOK_THROW);
	struct recorder *recorder = recorder_self;

	if (install_is_recording() && recorder && recorder->depth) {
		recorder->thrown.count++;
		take_type(&recorder->thrown, type);
		take_message(&recorder->thrown, object, type);
		take_stack(&recorder->thrown);
	}
	real(object, type, destroy);
	__builtin_unreachable();
}

/* --- the note --------------------------------------------------------------------------------- */

/* "at::_ops::cat::call(...)" -> "cat", into NAME; false if FUNCTION isn't such an entry. */
static bool
operation_of(const char *function, char *name, size_t room)
{
	const char *start = strstr(function, "at::_ops::");

	if (!start)
		return false;
	start += 10;
	const char *end = strstr(start, "::");
	if (!end || (size_t)(end - start) >= room)
		return false;
	memcpy(name, start, (size_t)(end - start));
	name[end - start] = 0;
	return true;
}

static void
write_frame(struct json_writer *json, void *address, char *nested, size_t room)
{
	Dl_info info;

	/* The return address may belong to the next function: ask for the call itself. */
	if (!address || !dladdr((char *)address - 1, &info) || !info.dli_fname)
		return;
	char *text = info.dli_sname ? demangled(info.dli_sname) : NULL;
	const char *function = text ? text : info.dli_sname;
	const char *module = strrchr(info.dli_fname, '/');
	json_object_begin(json);
	json_key(json, "function");
	if (function)
		json_text(json, function, strnlen(function, 300));
	else
		json_null(json);
	json_key(json, "module");
	json_string(json, module ? module + 1 : info.dli_fname);
	json_key(json, "offset");
	json_int(json, (char *)address - (char *)info.dli_fbase);
	json_object_end(json);
	if (function && !*nested)
		operation_of(function, nested, room);
	free(text);
}

static const char *
string_text(uint32_t ref)
{
	return ((const struct box_string *)((char *)box_region(BOX_STRINGS) + ref))->text;
}

void
throw_note(struct recorder *recorder, const struct open_op *open)
{
	struct thrown *thrown = &recorder->thrown;
	const struct box_op *op = (const struct box_op *)box_region(BOX_OPS) + open->op;
	char nested[256] = "", full[264];
	struct operands operands;
	struct note note;

	if (thrown->noted == thrown->count || !note_begin(&note, BOX_NOTE_OPERATION, open->event))
		return;
	thrown->noted = thrown->count;
	struct json_writer *json = &note.json;
	json_object_begin(json);
	json_key(json, "operation");
	json_string(json, string_text(op->name));
	json_key(json, "overload");
	json_string(json, op->overload ? string_text(op->overload) : "");
	json_key(json, "exception");
	json_object_begin(json);
	json_key(json, "type");
	json_string(json, thrown->type);
	json_key(json, "message");
	json_string(json, thrown->message);
	json_object_end(json);
	json_key(json, "operands");
	operands_find(&operands, recorder, open);
	operands_write(json, &operands);
	json_key(json, "items");
	lists_write(json, &recorder->lists, open->event);
	operands_tell(&recorder->lists, &operands);
	json_key(json, "native_stack");
	json_array_begin(json);
	uint64_t start_ticks = clock_ticks();
	for (int i = 1; i < thrown->frame_count; i++) /* 0 is our own __cxa_throw */
		write_frame(json, thrown->frames[i], nested, sizeof nested);
	__atomic_fetch_add(&native_ticks, clock_ticks() - start_ticks, __ATOMIC_RELAXED);
	json_array_end(json);
	json_key(json, "nested");
	if (*nested) {
		memcpy(full, "aten::", 6);
		memcpy(full + 6, nested, strlen(nested) + 1);
		json_string(json, full);
	} else {
		json_null(json);
	}
	json_object_end(json);
	note_publish(&note);
}
