/* links: libshim */
#include <CUnit/Basic.h>
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libshim/hooks.h"
#include "libshim/recorder.h"

#define TENSORS 3
#define THREADS 3
#define PROCESSES 20
#define TURNS 20000

void _ZNK3c1010TensorImpl15incref_pyobjectEv(const void *impl);
void _ZNK3c1010TensorImpl15decref_pyobjectEv(const void *impl);

/* What PyTorch and Python count of a tensor that Python holds. */
static struct tensor { void *table; uint32_t references, weak; int64_t python, calls; } tensors[TENSORS] __attribute__((aligned(64)));
static pthread_mutex_t gil = PTHREAD_MUTEX_INITIALIZER;
static int64_t wrong;
static void (*while_paying)(struct tensor *);

static void
add_python(struct tensor *tensor, int64_t count)
{
	pthread_mutex_lock(&gil);
	tensor->python += count;
	tensor->calls++;
	wrong += tensor->python < 1; /* Python's object would be gone */
	pthread_mutex_unlock(&gil);
}

static void
real_count(const void *impl)
{
	add_python((struct tensor *)(uintptr_t)impl, 1);
	if (while_paying)
		while_paying((struct tensor *)(uintptr_t)impl);
}

static void
real_uncount(const void *impl)
{
	add_python((struct tensor *)(uintptr_t)impl, -1);
}

/* intrusive_ptr's retain_ and reset_not_null_ */
static void
retain(struct tensor *tensor)
{
	if (__atomic_add_fetch(&tensor->references, 1, __ATOMIC_RELAXED) == 2)
		_ZNK3c1010TensorImpl15incref_pyobjectEv(tensor);
}

static void
release(struct tensor *tensor)
{
	if (__atomic_sub_fetch(&tensor->references, 1, __ATOMIC_ACQ_REL) == 1)
		_ZNK3c1010TensorImpl15decref_pyobjectEv(tensor);
}

static void
box(struct boxed *boxed, struct tensor *tensor)
{
	boxed_begin(boxed);
	retain(tensor);
	boxed_end(boxed);
}

static void
prove(struct boxed *boxed)
{
	for (int i = 0; i < 40; i++) {
		box(boxed, &tensors[0]);
		release(&tensors[0]);
	}
}

static struct boxed *
start(void)
{
	while_paying = NULL;
	wrong = 0;
	for (int i = 0; i < TENSORS; i++)
		tensors[i] = (struct tensor){ NULL, 1, 1, 1, 0 };
	return &recorder_get()->boxed;
}

static void
what_a_box_holds_is_not_counted_once_pairs_were_seen(void)
{
	struct boxed *boxed = start();

	box(boxed, &tensors[0]);
	CU_ASSERT_EQUAL(tensors[0].python, 2); /* as always */
	release(&tensors[0]);
	prove(boxed);
	int64_t calls = tensors[0].calls;
	box(boxed, &tensors[0]);
	CU_ASSERT_EQUAL(tensors[0].python, 1);
	release(&tensors[0]);
	CU_ASSERT_EQUAL(tensors[0].calls, calls);
	CU_ASSERT_EQUAL(boxed->left, 0);
	/* what is no box is counted */
	retain(&tensors[0]);
	CU_ASSERT_EQUAL(tensors[0].python, 2);
	release(&tensors[0]);
	CU_ASSERT_EQUAL(tensors[0].python, 1);
	CU_ASSERT_EQUAL(tensors[0].calls, calls + 2);
}

static void
operands_beyond_the_room_are_counted(void)
{
	struct boxed *boxed = start();
	struct tensor many[BOXED_MOST + 2] __attribute__((aligned(64)));

	prove(boxed);
	boxed_begin(boxed);
	for (int i = 0; i < BOXED_MOST + 2; i++) {
		many[i] = (struct tensor){ NULL, 1, 1, 1, 0 };
		retain(&many[i]);
	}
	boxed_end(boxed);
	for (int i = 0; i < BOXED_MOST + 2; i++) {
		CU_ASSERT_EQUAL(many[i].python, i < BOXED_MOST ? 1 : 2);
		release(&many[i]);
		CU_ASSERT_EQUAL(many[i].python, 1);
	}
	CU_ASSERT_EQUAL(wrong, 0);
}

static void *
drop(void *tensor)
{
	recorder_get();
	release(tensor);
	return NULL;
}

static void
by_another_thread(struct tensor *tensor)
{
	pthread_t other;

	while_paying = NULL;
	pthread_create(&other, NULL, drop, tensor);
	pthread_join(other, NULL);
}

static void
the_last_reference_may_be_anothers(void)
{
	struct boxed *boxed = start();

	prove(boxed);
	int64_t calls = tensors[0].calls;
	box(boxed, &tensors[0]);
	tensors[0].references++; /* a copy made by another thread, meanwhile */
	release(&tensors[0]);
	CU_ASSERT_EQUAL(boxed->left, 1);
	by_another_thread(&tensors[0]);
	CU_ASSERT_EQUAL(tensors[0].calls, calls);
	boxed_settle(boxed);
	CU_ASSERT_EQUAL(tensors[0].calls, calls);
	CU_ASSERT_EQUAL(tensors[0].python, 1);
}

static void
what_is_left_is_counted_late(void)
{
	struct boxed *boxed = start();

	prove(boxed);
	box(boxed, &tensors[0]);
	tensors[0].references++;
	release(&tensors[0]);
	boxed_settle(boxed);
	CU_ASSERT_EQUAL(tensors[0].python, 2);
	by_another_thread(&tensors[0]);
	CU_ASSERT_EQUAL(tensors[0].python, 1);
	/* and where the other drops it at that very moment */
	box(boxed, &tensors[1]);
	tensors[1].references++;
	release(&tensors[1]);
	while_paying = by_another_thread;
	boxed_settle(boxed);
	CU_ASSERT_EQUAL(tensors[1].references, 1);
	CU_ASSERT_EQUAL(tensors[1].python, 1);
	CU_ASSERT_EQUAL(wrong, 0);
}

static void
what_is_written_to_is_owed_while_the_operation_lasts(void)
{
	struct boxed *boxed = start();

	prove(boxed);
	boxed_learn(&tensors[0]);
	int64_t calls = tensors[0].calls;
	box(boxed, &tensors[0]);
	release(&tensors[0]);
	boxed_writes(boxed, &tensors[0]);
	for (int i = 0; i < 20; i++) { /* within it */
		retain(&tensors[0]);
		release(&tensors[0]);
	}
	retain(&tensors[1]); /* another */
	CU_ASSERT_EQUAL(tensors[1].python, 2);
	release(&tensors[1]);
	retain(&tensors[0]); /* the box of what was made */
	boxed_ends(boxed, &tensors[0]);
	release(&tensors[0]);
	CU_ASSERT_EQUAL(tensors[0].calls, calls);
	CU_ASSERT_EQUAL(boxed->left, 0);
	retain(&tensors[0]); /* it is over */
	CU_ASSERT_EQUAL(tensors[0].python, 2);
	release(&tensors[0]);
	/* It was saved, and is boxed as well. */
	boxed_writes(boxed, &tensors[0]);
	retain(&tensors[0]);
	retain(&tensors[0]);
	CU_ASSERT_EQUAL(tensors[0].python, 1);
	boxed_ends(boxed, &tensors[0]);
	CU_ASSERT_EQUAL(tensors[0].python, 2);
	release(&tensors[0]);
	release(&tensors[0]);
	CU_ASSERT_EQUAL(tensors[0].python, 1);
	/* It was saved, and something else was made; or nothing was, for it failed. */
	for (int i = 0; i < 2; i++) {
		boxed_writes(boxed, &tensors[0]);
		retain(&tensors[0]);
		boxed_ends(boxed, i ? NULL : &tensors[1]);
		CU_ASSERT_EQUAL(tensors[0].python, 2);
		release(&tensors[0]);
		CU_ASSERT_EQUAL(tensors[0].python, 1);
	}
	CU_ASSERT_EQUAL(wrong, 0);
}

static void *
run(void *seed)
{
	struct boxed *boxed = &recorder_get()->boxed;
	struct tensor *kept = NULL;
	uint64_t random = (uintptr_t)seed;

	for (int i = 0; i < TURNS; i++) {
		random = random * 6364136223846793005ull + 1442695040888963407ull;
		struct tensor *tensor = &tensors[random >> 33 & 1], *beside = &tensors[2];

		boxed_begin(boxed);
		retain(tensor);
		retain(beside);
		boxed_end(boxed);
		release(tensor);
		release(beside);
		if (random >> 62 == 0) {
			boxed_writes(boxed, tensor);
			retain(tensor);
			release(tensor);
			retain(tensor);
			boxed_ends(boxed, tensor);
			release(tensor);
		}
		if (kept) {
			release(kept);
			kept = NULL;
		} else if (random >> 60 < 4) {
			retain(kept = tensor); /* what an operation saves */
		}
		if (boxed->left)
			boxed_settle(boxed);
	}
	if (kept)
		release(kept);
	return NULL;
}

static int64_t
run_threads(uintptr_t seed)
{
	pthread_t threads[THREADS];

	for (uintptr_t i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, run, (void *)(seed * THREADS + i));
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	for (int i = 0; i < TENSORS; i++)
		wrong += tensors[i].references != 1 || tensors[i].python != 1;
	return wrong;
}

/* In processes of their own: after so many late ones, a process counts as always. */
static void
threads_leave_the_counts_as_they_were(void)
{
	prove(start());
	boxed_learn(&tensors[0]);
	for (uintptr_t seed = 0; seed < PROCESSES; seed++) {
		int status;
		pid_t child = fork();
		if (!child)
			_exit(run_threads(seed) != 0);
		CU_ASSERT_EQUAL(waitpid(child, &status, 0), child);
		CU_ASSERT_EQUAL(status, 0);
	}
}

/* Last: nothing is owed afterwards. */
static void
what_does_not_come_in_pairs_is_counted_from_then_on(void)
{
	struct boxed *boxed = start();

	for (int i = 0; i < 100; i++) {
		box(boxed, &tensors[0]);
		tensors[0].references--; /* given back by a road that doesn't come by here */
		boxed_settle(boxed);
	}
	int64_t calls = tensors[1].calls;
	box(boxed, &tensors[1]);
	CU_ASSERT_EQUAL(tensors[1].calls, calls + 1);
	release(&tensors[1]);
	CU_ASSERT_EQUAL(tensors[1].python, 1);
}

int
main(void)
{
	hook_reals[HOOK_TENSOR_COUNTED] = (void *)real_count;
	hook_reals[HOOK_TENSOR_UNCOUNTED] = (void *)real_uncount;
	if (!recorder_start())
		return 1;
	CU_initialize_registry();
	CU_pSuite suite = CU_add_suite("boxed", NULL, NULL);
	CU_add_test(suite, "what a box holds is not counted once pairs were seen", what_a_box_holds_is_not_counted_once_pairs_were_seen);
	CU_add_test(suite, "operands beyond the room are counted", operands_beyond_the_room_are_counted);
	CU_add_test(suite, "the last reference may be another's", the_last_reference_may_be_anothers);
	CU_add_test(suite, "what is left is counted late", what_is_left_is_counted_late);
	CU_add_test(suite, "what is written to is owed while the operation lasts", what_is_written_to_is_owed_while_the_operation_lasts);
	CU_add_test(suite, "threads leave the counts as they were", threads_leave_the_counts_as_they_were);
	CU_add_test(suite, "what does not come in pairs is counted from then on", what_does_not_come_in_pairs_is_counted_from_then_on);
	CU_basic_run_tests();
	return CU_get_number_of_failures() ? 1 : 0;
}
