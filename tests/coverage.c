/*
 * In a build with COVERAGE=1, linked into the library: where a process is about to leave without exit handlers (_exit, exec, and so
 * every forked worker of Python's multiprocessing), what it counted is written all the same. The linker puts this before box_end.
 */
#include "libshim/box.h"

void __gcov_dump(void);
void __gcov_reset(void);
void __real_box_end(enum box_state state, int exit_status);
void __wrap_box_end(enum box_state state, int exit_status);

void
__wrap_box_end(enum box_state state, int exit_status)
{
	__real_box_end(state, exit_status);
	if (state != BOX_STATE_RUNNING) {
		__gcov_dump();
		__gcov_reset();
	}
}
