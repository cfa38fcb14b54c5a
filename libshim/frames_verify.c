/*
 * Whether frames read without the GIL are the frames that Python itself tells of.
 *
 * The public interface needs the GIL and makes frame objects, so it is asked once, when torch is imported, for every
 * frame of that moment: the code object and the line must be equal from the innermost to the outermost.
 */
#include <dlfcn.h>

#include "box.h"
#include "frames.h"
#include "frames_site.h"
#include "python_api.h"
#include "settings.h"
#include "shim.h"

#define COMPARED_MAX 256

static int result = BOX_CHECK_NOT_RUN;

/* Compare the frames from FRAME (a new reference, dropped here) outwards with REFS. */
static bool
frames_equal(struct python_object *frame, const struct frame_ref *refs, int count)
{
	int index = 0;
	bool equal = true;

	while (frame && equal && index < count) {
		struct python_object *code = py.PyFrame_GetCode(frame);
		int line = py.PyFrame_GetLineNumber(frame);
		equal = code == refs[index].code && (line < 0 ? 0 : line) == frames_line(&refs[index]);
		python_release(code);
		struct python_object *back = py.PyFrame_GetBack(frame);
		python_release(frame);
		frame = back;
		index++;
	}
	equal = equal && index == count && (!frame || count == COMPARED_MAX);
	python_release(frame);
	return equal;
}

/* --- code objects that end -------------------------------------------------------------------- */

#define TYPE_DEALLOC 48  /* PyTypeObject: PyObject_VAR_HEAD, tp_name, tp_basicsize, tp_itemsize, tp_dealloc (Include/cpython/object.h) */
#define SLOT_DEALLOC 52  /* Py_tp_dealloc */

static void (*end_code)(struct python_object *);

/* What the interpreter calls for a code object that nobody holds any longer (GIL held). */
static void
code_ends(struct python_object *code)
{
	__atomic_fetch_add(&frames_codes_ended, 1, __ATOMIC_RELEASE);
	end_code(code);
}

/* Stand in front of the code type's own function. Only where a code object that ends is then seen to be counted. */
static void
watch_codes(void)
{
	struct python_object *(*make_code)(const char *, const char *, int) =
		(struct python_object *(*)(const char *, const char *, int))dlsym(RTLD_DEFAULT, "PyCode_NewEmpty");
	void **slot = (void **)((char *)py.PyCode_Type + TYPE_DEALLOC);

	if (!make_code || !*slot || *slot != py.PyType_GetSlot(py.PyCode_Type, SLOT_DEALLOC))
		return;
	end_code = (void (*)(struct python_object *))*slot;
	__atomic_store_n(slot, (void *)code_ends, __ATOMIC_RELEASE);
	struct python_object *code = make_code("shapebox", "shapebox", 1);
	if (!code)
		py.PyErr_Clear();
	python_release(code);
	if (frames_codes_ended == 1) /* this one */
		__atomic_store_n(&frames_codes_ended, 2, __ATOMIC_RELEASE);
	else {
		__atomic_store_n(slot, (void *)end_code, __ATOMIC_RELEASE);
		__atomic_store_n(&frames_codes_ended, 0, __ATOMIC_RELEASE);
	}
}

static bool
report(void)
{
	if (shim_box.base)
		box_check(BOX_CHECK_FRAMES, result == BOX_CHECK_OK);
	return true;
}

bool
frames_verify(void)
{
	struct frame_ref refs[COMPARED_MAX];
	struct python_object *frame;

	if (result != BOX_CHECK_NOT_RUN)
		return report();
	if (!py.minor)
		return false;
	if (!frames_select()) {
		result = BOX_CHECK_FAILED;
		return report();
	}
	/* Frames only exist as objects once asked for: ask first, so that both sides see the same state. */
	frame = py.PyEval_GetFrame();
	if (!frame)
		return false;
	py.Py_IncRef(frame);
	int count = frames_walk(refs, COMPARED_MAX);
	result = frames_equal(frame, refs, count) ? BOX_CHECK_OK : BOX_CHECK_FAILED;
	if (result == BOX_CHECK_OK && settings.frames)
		watch_codes();
	frames_allow(result == BOX_CHECK_OK && settings.frames);
	return report();
}
