/* Pending calls. See python_late.h. */
#include <time.h>

#include "box.h"
#include "environment.h"
#include "group.h"
#include "python_enter.h"
#include "python_late.h"
#include "python_seen.h"
#include "python_state.h"

#define FAILURES_FREE 64 /* that each leave a call; after that one a second */

bool python_wanting;
static uint32_t wanted; /* of python_wish; atomic */
static bool listening;  /* somebody makes what calls we leave */

static void
look_for_failures(void)
{
	if (!python_seen_handled("pending"))
		python_seen_alive();
}

static void
do_all(uint32_t wishes)
{
	if (wishes & PYTHON_START)
		python_start_late();
	if (wishes & PYTHON_FAILURES)
		look_for_failures();
	if (wishes & PYTHON_STATE)
		python_state_look();
	if (wishes & PYTHON_GROUPS)
		group_look();
	if (wishes & PYTHON_ENVIRONMENT)
		environment_note_python();
}

/* Made by the interpreter. */
static int
call(void *user)
{
	struct python_quiet quiet;

	(void)user;
	if (!__atomic_load_n(&wanted, __ATOMIC_RELAXED))
		return 0;
	if (!box_is_there() || !python_enter(&quiet)) {
		__atomic_store_n(&python_wanting, true, __ATOMIC_RELAXED);
		return 0;
	}
	uint32_t wishes = __atomic_exchange_n(&wanted, 0, __ATOMIC_ACQUIRE);
	if (python_usable())
		do_all(wishes);
	python_leave(&quiet);
	return 0;
}

void
python_late_begin(void)
{
	listening = true;
}

void
python_late_ask(void)
{
	if (!__atomic_exchange_n(&python_wanting, false, __ATOMIC_RELAXED) || !listening)
		return;
	if (!py.Py_IsInitialized() || py.Py_AddPendingCall(call, NULL))
		__atomic_store_n(&python_wanting, true, __ATOMIC_RELAXED);
}

void
python_want_next(unsigned wishes)
{
	__atomic_fetch_or(&wanted, wishes, __ATOMIC_RELEASE);
	__atomic_store_n(&python_wanting, true, __ATOMIC_RELAXED);
}

void
python_want(unsigned wishes)
{
	python_want_next(wishes);
	python_late_ask();
}

void
python_late_failed(void)
{
	static uint64_t last_second; /* atomic */
	uint64_t count = python_seen_count();
	struct timespec now;

	if (!box_is_there())
		return;
	if (count > FAILURES_FREE) {
		clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
		if (__atomic_exchange_n(&last_second, (uint64_t)now.tv_sec, __ATOMIC_RELAXED) == (uint64_t)now.tv_sec)
			return;
	}
	python_want(PYTHON_FAILURES);
}

void
python_late_forked(void)
{
	python_wanting = (wanted &= PYTHON_GROUPS) != 0;
}
