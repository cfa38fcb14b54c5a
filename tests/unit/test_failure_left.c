/* links: schema viewer */
/* Failures of programs that live on, attempts, and parents that aren't in the trace. */
#include <CUnit/Basic.h>
#include <stdio.h>

#include "analysis_events.h"
#include "viewer/analysis/failure/failure.h"
#include "viewer/analysis/failure/failure_process.h"
#include "viewer/analysis/report_failures.h"

#define PROCESS(index_, pid_, rank_, status_) \
	.index = index_, .file = "x.db", .role = rank_ >= 0 ? "rank" : "other", .rank = rank_, .world_size = 2, .pid = pid_, \
	.parent_pid = 1, .host = "h", .status = status_, .exit_status = -1, .start_ns = index_, .steps = 5
#define NOTE(id_, time_, json_) { .id = id_, .time_ns = time_, .event = -1, .thread = 0, .kind = "exception", .json = json_ }
#define USER "/home/u/train.py"
#define CELL "/tmp/ipykernel_77/123.py"
#define SHELL "/v/lib/python3.11/site-packages/IPython/core/interactiveshell.py"
#define KERNEL "/v/lib/python3.11/site-packages/ipykernel/kernelapp.py"
#define SCRIPT "/v/bin/pytest"

static json_t *
exception(const char *message, const char *inner, const char *outer, const char *caller)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:[], s:[{s:s, s:i, s:s}, {s:s, s:i, s:s}], s:[{s:s, s:i, s:s}]}", "how", "pending", "thread",
			 "MainThread", "type", "ValueError", "message", message, "chain", "frames", "file", inner, "line", 7, "function",
			 "f", "file", outer, "line", 9, "function", "g", "callers", "file", caller, "line", 3, "function", "<module>");
}

static bool
left(const char *inner, const char *outer, const char *caller)
{
	json_t *json = exception("of some length", inner, outer, caller);
	struct note note = NOTE(1, 10, json);
	bool result = failure_left_program(&note);

	json_decref(json);
	return result;
}

static void
test_left(void)
{
	CU_ASSERT_TRUE(left(CELL, SHELL, KERNEL));
	CU_ASSERT_TRUE(left(USER, SHELL, SCRIPT));           /* pip's own few lines are nobody's program */
	CU_ASSERT_TRUE(left(USER, "python/ray/_raylet.pyx", KERNEL)); /* compiled elsewhere: Ray's executor */
	CU_ASSERT_FALSE(left(USER, "/home/u/mine.pyx", KERNEL));
	CU_ASSERT_FALSE(left(CELL, CELL, KERNEL));           /* caught in the cell */
	CU_ASSERT_FALSE(left(CELL, SHELL, USER));            /* the program itself runs the shell */
	CU_ASSERT_FALSE(left(SHELL, SHELL, KERNEL));         /* nothing of the program's was in it */
	CU_ASSERT_FALSE(left(USER, USER, "/x/bin/train.py")); /* a program that lies in a folder bin */
}

static void
test_living(void)
{
	const struct process processes[] = { { PROCESS(0, 100, 0, "ok") } };
	json_t *first = exception("the first failing cell", CELL, SHELL, KERNEL);
	json_t *again = exception("the second failing cell", CELL, SHELL, KERNEL);
	json_t *caught = exception("caught in its cell", CELL, CELL, KERNEL), *list;
	const struct note notes[] = { NOTE(1, 10, first), NOTE(2, 20, again), NOTE(3, 30, caught) };
	struct hand hand = { .processes = processes, .process_count = 1, .notes = { notes }, .note_counts = { 3 } };
	struct source source = hand_source(&hand);
	struct failure failure, all[4];

	json_object_set_new(first, "object", json_string("0x1"));
	json_object_set_new(again, "object", json_string("0x2"));
	CU_ASSERT_TRUE_FATAL(failure_choose(&source, &failure));
	CU_ASSERT_STRING_EQUAL(failure.message, "the second failing cell");
	CU_ASSERT_EQUAL_FATAL(failure_list(&source, all, 4), 2);
	CU_ASSERT_STRING_EQUAL(all[0].message, "the first failing cell");
	CU_ASSERT_EQUAL(failure_list(&source, all, 1), 1);
	list = report_failure_list(&source, &failure);
	CU_ASSERT_TRUE(json_is_false(json_object_get(json_array_get(list, 0), "shown")));
	CU_ASSERT_TRUE(json_is_true(json_object_get(json_array_get(list, 1), "shown")));
	json_decref(list);
	list = failure_handled(&source, &failure);
	CU_ASSERT_EQUAL_FATAL(json_array_size(list), 1);
	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(json_array_get(list, 0), "message")), "caught in its cell");
	json_decref(list);
	json_decref(first);
	json_decref(again);
	json_decref(caught);
}

static void
test_attempts(void)
{
	const struct process processes[] = { { PROCESS(0, 100, 0, "failed") }, { PROCESS(1, 101, 0, "failed"), .attempt = 1 },
					     { PROCESS(2, 102, 0, "ok"), .attempt = 2 } };
	json_t *one = exception("of the first attempt", USER, USER, USER), *two = exception("of the second attempt", USER, USER, USER);
	json_t *list, *attempts;
	struct note first[] = { NOTE(1, 20, one) }, second[] = { NOTE(1, 10, two) }; /* clocks of two hosts may disagree */
	struct hand hand = { .processes = processes, .process_count = 3, .notes = { first, second }, .note_counts = { 1, 1 } };
	struct source source = hand_source(&hand);
	struct failure failure;

	first[0].kind = second[0].kind = "fatal";
	CU_ASSERT_TRUE_FATAL(failure_choose(&source, &failure));
	CU_ASSERT_EQUAL(failure.process, 0);
	list = report_failure_list(&source, &failure);
	attempts = report_attempt_list(&source, &failure, list);
	CU_ASSERT_EQUAL_FATAL(json_array_size(attempts), 3);
	CU_ASSERT_TRUE(json_is_true(json_object_get(json_array_get(attempts, 0), "shown")));
	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(json_array_get(attempts, 1), "status")), "failed");
	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(json_array_get(attempts, 2), "status")), "ok");
	json_decref(list);
	json_decref(attempts);
	json_decref(one);
	json_decref(two);
}

/* A launcher ran torchrun, which has no file of its own, with check=True. */
static void
test_ancestors(void)
{
	const struct process processes[] = { { PROCESS(0, 300, 0, "failed"), .ancestors = { 200, 100 } },
					     { PROCESS(1, 100, -1, "failed") } };
	struct process swapped[] = { processes[0], processes[1] };
	json_t *own = exception("the image tokens do not match", USER, USER, USER);
	json_t *echo = exception("Command torchrun returned non-zero exit status 1", "/usr/lib/python3.11/subprocess.py", USER, USER);
	struct note child[] = { NOTE(1, 10, own) }, launcher[] = { NOTE(1, 20, echo) };
	struct hand hand = { .processes = swapped, .process_count = 2, .notes = { child, launcher }, .note_counts = { 1, 1 } };
	struct source source = hand_source(&hand);
	struct failure failure, all[4];

	child[0].kind = launcher[0].kind = "fatal";
	swapped[1].start_ns = -5;
	CU_ASSERT_TRUE_FATAL(failure_choose(&source, &failure));
	CU_ASSERT_EQUAL(failure.process, 0);
	CU_ASSERT_EQUAL(failure_list(&source, all, 4), 1); /* the echo isn't listed */
	json_object_set_new(echo, "message", json_string("")); /* raised by the launcher's own code, its text not known */
	json_object_set_new(json_array_get(json_object_get(echo, "frames"), 0), "file", json_string("/x/site-packages/launcher/launch.py"));
	CU_ASSERT_EQUAL(failure_list(&source, all, 4), 2);
	json_object_set_new(echo, "type", json_string("CalledProcessError"));
	CU_ASSERT_EQUAL(failure_list(&source, all, 4), 1);
	swapped[0].ancestors[1] = 0; /* nobody's child: two failures of their own */
	CU_ASSERT_EQUAL(failure_list(&source, all, 4), 2);
	json_decref(own);
	json_decref(echo);
}

/* A pool raises its worker's exception again and ends the other worker, which nobody saw end. */
static void
test_ended_in_its_wake(void)
{
	struct process processes[] = { { PROCESS(0, 100, 0, "failed") }, { PROCESS(1, 101, -1, "ok") }, { PROCESS(2, 102, -1, "killed") } };
	json_t *own = exception("mat1 and mat2 shapes cannot be multiplied", USER, USER, USER);
	json_t *again = exception("mat1 and mat2 shapes cannot be multiplied", "/usr/lib/python3.11/multiprocessing/pool.py", USER, USER);
	struct note parent[] = { NOTE(1, 20, again) }, worker[] = { NOTE(1, 10, own) };
	struct hand hand = { .processes = processes, .process_count = 3, .notes = { parent, worker }, .note_counts = { 1, 1 } };
	struct source source = hand_source(&hand);
	struct failure failure, all[4];

	parent[0].kind = "fatal";
	processes[1].parent_pid = processes[2].parent_pid = 100;
	processes[1].role = processes[2].role = "worker";
	CU_ASSERT_TRUE_FATAL(failure_choose(&source, &failure));
	CU_ASSERT_EQUAL(failure.process, 1);
	CU_ASSERT_EQUAL(failure_list(&source, all, 4), 1);
	processes[2].signal = 11; /* a crash is its own */
	CU_ASSERT_EQUAL(failure_list(&source, all, 4), 2);
	processes[2].signal = 15;
	CU_ASSERT_EQUAL(failure_list(&source, all, 4), 1);
	processes[2].parent_pid = 1; /* somebody else's child */
	CU_ASSERT_EQUAL(failure_list(&source, all, 4), 2);
	json_decref(own);
	json_decref(again);
}

/* A process pool's worker hands its exception on; the parent, which lives on, at most looks at it. Its way there by fork is no caller. */
static void
test_unheard(void)
{
	struct process processes[] = { { PROCESS(0, 100, 0, "ok") }, { PROCESS(1, 101, -1, "ok") } };
	json_t *own = exception("sizes must match", USER, "/usr/lib/python3.11/concurrent/futures/process.py", "/usr/lib/python3.11/multiprocessing/popen_fork.py");
	json_t *met = exception("sizes must match", USER, USER, USER), *callers = json_object_get(own, "callers");
	json_t *later = json_deep_copy(own);
	struct note parent[] = { NOTE(1, 20, met) }, worker[] = { NOTE(1, 10, own), NOTE(2, 20, later) };
	struct hand hand = { .processes = processes, .process_count = 2, .notes = { parent, worker }, .note_counts = { 0, 1 } };
	struct source source = hand_source(&hand);
	struct failure failure, all[4];

	json_object_set_new(own, "object", json_string("0x1"));
	json_object_set_new(later, "object", json_string("0x2"));
	json_array_append_new(callers, json_pack("{s:s, s:i, s:s}", "file", USER, "line", 3, "function", "main"));
	processes[1].parent_pid = 100;
	processes[1].role = "worker";
	CU_ASSERT_TRUE_FATAL(failure_choose(&source, &failure));
	CU_ASSERT_EQUAL(failure.process, 1);
	hand.note_counts[1] = 2;
	CU_ASSERT_EQUAL(failure_list(&source, all, 4), 2);
	hand.note_counts[1] = 1;
	hand.note_counts[0] = 1; /* the parent caught it */
	CU_ASSERT_FALSE(failure_choose(&source, &failure));
	parent[0].kind = "fatal"; /* the parent fails of it, or of another reason */
	CU_ASSERT_TRUE_FATAL(failure_choose(&source, &failure));
	CU_ASSERT_EQUAL(failure.process, 1);
	json_object_set_new(met, "message", json_string("another"));
	CU_ASSERT_TRUE_FATAL(failure_choose(&source, &failure));
	CU_ASSERT_EQUAL(failure.process, 0);
	parent[0].kind = "exception";
	json_object_set_new(json_array_get(json_object_get(own, "frames"), 1), "file", json_string("/usr/lib/python3.11/multiprocessing/pool.py"));
	CU_ASSERT_FALSE(failure_choose(&source, &failure)); /* such a pool raises it again */
	json_decref(own);
	json_decref(met);
	json_decref(later);
}

/* A child's failure is survived by a parent that ended well; not by one that became another program (exec), which ended badly. */
static void
test_became_another(void)
{
	struct process processes[] = { { PROCESS(0, 100, 0, "ok") }, { PROCESS(1, 101, -1, "failed") } };
	json_t *own = exception("index out of range in self", USER, USER, USER);
	struct note child[] = { NOTE(1, 10, own) };
	struct hand hand = { .processes = processes, .process_count = 2, .notes = { NULL, child }, .note_counts = { 0, 1 } };
	struct source source = hand_source(&hand);
	struct failure failure;

	child[0].kind = "fatal";
	processes[1].parent_pid = 100;
	processes[0].exit_status = 0;
	CU_ASSERT_FALSE(failure_choose(&source, &failure));
	processes[0].exit_status = 1;
	CU_ASSERT_TRUE_FATAL(failure_choose(&source, &failure));
	CU_ASSERT_EQUAL(failure.process, 1);
	json_decref(own);
}

int
main(void)
{
	CU_pSuite suite;
	unsigned failures;

	if (CU_initialize_registry() != CUE_SUCCESS)
		return 2;
	suite = CU_add_suite("failure_left", NULL, NULL);
	CU_add_test(suite, "a future that nobody asked", test_unheard);
	CU_add_test(suite, "whose frames are left", test_left);
	CU_add_test(suite, "a process that lives on", test_living);
	CU_add_test(suite, "attempts of one run", test_attempts);
	CU_add_test(suite, "a launcher behind a launcher", test_ancestors);
	CU_add_test(suite, "became another program", test_became_another);
	CU_add_test(suite, "ended in a failure's wake", test_ended_in_its_wake);
	CU_basic_run_tests();
	failures = CU_get_number_of_failures();
	CU_cleanup_registry();
	return failures ? 1 : 0;
}
