/* Looking into Python without being noticed. See python_enter.h. */
#include "box.h"
#include "python_enter.h"

static bool usable, usable_known; /* decided on the first event */
static bool told;                 /* to the box */
static __thread bool inside;

bool
python_enter(struct python_quiet *quiet)
{
	if (inside || !py.Py_IsInitialized())
		return false;
	inside = true;
	python_quiet_begin(quiet);
	return true;
}

void
python_leave(struct python_quiet *quiet)
{
	python_quiet_end(quiet);
	inside = false;
}

bool
python_usable(void)
{
	if (!usable_known) {
		usable = python_api_verify();
		usable_known = true;
	}
	if (!told && box_is_there()) {
		told = true;
		box_check(BOX_CHECK_PYTHON, usable);
	}
	return usable;
}

void
python_enter_forked(void)
{
	told = false;
	inside = false;
}
