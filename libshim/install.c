/* Life cycle inside the host: constructor, first operation, fork. See install.h. */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

#include "box.h"
#include "cuda.h"
#include "dictionary.h"
#include "frames.h"
#include "helper.h"
#include "history.h"
#include "hooks.h"
#include "identity.h"
#include "install.h"
#include "operation.h"
#include "recorder.h"
#include "settings.h"
#include "shim.h"
#include "torch.h"

int install_state_now;
static bool learned, usable;

static void
settle(enum install_state state)
{
	__atomic_store_n(&install_state_now, state, __ATOMIC_RELEASE);
}

/* The box: made by the first operation or the first CUDA call that is recorded, whichever comes first. */
static uint32_t box_state;        /* BOX_*; atomic */
static uint32_t box_number;       /* how many this process image has had */
enum { BOX_NOT_YET, BOX_BEING_MADE, BOX_THERE, BOX_REFUSED };

static bool
prepare(void)
{
	if (!dictionary_open() || !identity_open())
		return false;
	history_open();
	operation_forget();
	__atomic_fetch_add(&box_number, 1, __ATOMIC_RELEASE);
	return true;
}

bool
install_box(void)
{
	static pthread_t maker; /* atomic; who makes it, while it is being made */
	uint32_t state = BOX_NOT_YET;

	if (settings.disabled)
		return false;
	if (__atomic_compare_exchange_n(&box_state, &state, BOX_BEING_MADE, false, __ATOMIC_ACQUIRE, __ATOMIC_ACQUIRE)) {
		__atomic_store_n(&maker, pthread_self(), __ATOMIC_RELAXED);
		box_ending = cuda_report;
		box_for_cuda = cuda_on && cuda_is_loaded();
		state = box_open(prepare) ? BOX_THERE : BOX_REFUSED;
		__atomic_store_n(&box_state, state, __ATOMIC_RELEASE);
	}
	while ((state = __atomic_load_n(&box_state, __ATOMIC_ACQUIRE)) == BOX_BEING_MADE) {
		if (pthread_equal(__atomic_load_n(&maker, __ATOMIC_RELAXED), pthread_self()))
			return false; /* a signal handler, in the midst of it */
		sched_yield(); /* another thread is at it: once in the life of a process */
	}
	return state == BOX_THERE;
}

uint32_t
install_box_number(void)
{
	return __atomic_load_n(&box_number, __ATOMIC_ACQUIRE);
}

/* The library's only line, and only where nobody else would say it. */
static void
say_unrecorded(void)
{
	static const char text[] = "shapebox: this process is not recorded: no trace file can be made in SHAPEBOX_OUTPUT, "
				   "TMPDIR or /tmp\n";

	if (!settings.under_run && write(STDERR_FILENO, text, sizeof text - 1) < 0)
		return; /* a closed stderr: then nobody wants to know */
}

static __thread bool installing __attribute__((tls_model("initial-exec")));
static uint64_t missed; /* operations of other threads meanwhile; atomic */

static void
count_missed(void)
{
	uint64_t count = __atomic_exchange_n(&missed, 0, __ATOMIC_RELAXED);

	if (count)
		box_lose(BOX_LOSS_STARTING, count);
}

void
install_now(void)
{
	int expected = INSTALL_NOT_YET, saved_errno = errno;

	if (!__atomic_compare_exchange_n(&install_state_now, &expected, INSTALL_BUSY, false, __ATOMIC_ACQUIRE,
					 __ATOMIC_RELAXED)) {
		if (expected == INSTALL_BUSY && !installing)
			__atomic_fetch_add(&missed, 1, __ATOMIC_RELAXED);
		if (install_is_recording()) /* since a moment ago */
			count_missed();
		return;
	}
	installing = true;
	/* The test runs once per process image: a forked child inherits what it proved, and the callback. */
	if (!learned) {
		learned = true;
		frames_select();
		usable = torch_learn();
	}
	bool opened = install_box();
	if (!opened)
		say_unrecorded();
	if (opened) {
		torch_report_checks();
		box_check(BOX_CHECK_THROW, hook_real(HOOK_THROW) != NULL);
		python_recording();
	}
	settle(opened && usable ? INSTALL_RECORDING : INSTALL_OFF);
	installing = false;
	if (install_is_recording())
		count_missed();
	errno = saved_errno;
}

static void
after_fork_in_child(void)
{
	if (settings.disabled)
		return;
	if (install_state_now == INSTALL_NOT_YET && !shim_box.base) {
		if (python_has_torch())
			box_forget(); /* a helper of what will run operations, or lets its helpers run them all */
		return;
	}
	__atomic_store_n(&box_state, BOX_NOT_YET, __ATOMIC_RELEASE);
	cuda_forked();
	box_forget();
	__atomic_store_n(&missed, 0, __ATOMIC_RELAXED);
	installing = false;
	recorder_forked();
	python_forked();
	settle(usable || !learned ? INSTALL_NOT_YET : INSTALL_OFF);
}

void
install_at_end(void)
{
	int saved_errno = errno;

	if (install_state_now == INSTALL_NOT_YET && !settings.disabled && python_has_torch() && helper_is_rank() && install_box())
		python_recording();
	errno = saved_errno;
}

static void
process_ends(int status, void *unused)
{
	(void)unused;
	if (status)
		install_at_end();
	box_end(BOX_STATE_EXITED, status);
}

__attribute__((constructor)) static void
library_loaded(void)
{
	int saved_errno = errno;

	settings_read();
	/* Without the handler a forked child would write into its parent's box. */
	if (settings.disabled || !recorder_start() || pthread_atfork(NULL, NULL, after_fork_in_child)) {
		settings.disabled = true;
		settle(INSTALL_OFF);
		return;
	}
	cuda_start();
	on_exit(process_ends, NULL); /* registered first, so it runs last; it gets the status */
	python_start();
	errno = saved_errno;
}
