/*
 * Whether frames read without the GIL are the frames that Python itself tells of.
 *
 * The public interface needs the GIL and makes frame objects, so it is asked once, when torch is imported, for every
 * frame of that moment: the code object and the line must be equal from the innermost to the outermost.
 */
#include "box.h"
#include "frames.h"
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
	frames_allow(result == BOX_CHECK_OK && settings.frames);
	return report();
}
