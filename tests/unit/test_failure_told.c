/* links: schema viewer */
/* Data workers that fetch ahead: which of their failures the loader raised, and which nobody had come to. */
#include <CUnit/Basic.h>
#include <stdio.h>

#include "analysis_events.h"
#include "viewer/analysis/failure/failure.h"
#include "viewer/analysis/failure/failure_process.h"

#define PROCESS(index_, pid_, parent_, role_, status_) \
	{ .index = index_, .file = "x.db", .role = role_, .rank = 0, .world_size = 1, .pid = pid_, .parent_pid = parent_, .host = "h", .status = status_, \
	  .exit_status = -1, .start_ns = index_, .end_ns = 1000, .steps = 5, .loads_data = index_ > 0 }
#define NOTE(id_, kind_, time_, json_) { .id = id_, .time_ns = time_, .event = -1, .thread = 0, .kind = kind_, .json = json_ }
#define LIB "/p/site-packages/torch/utils/data/_utils/"

/* What worker NUMBER raised at line 7 of its collator, with MESSAGE. */
static json_t *
raised(const char *message, int number)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:[], s:[{s:s, s:i, s:s}, {s:s, s:i, s:s, s:[{s:s, s:s, s:i}]}]}", "how", "pending", "thread", "MainThread", "type",
			 "RuntimeError", "message", message, "chain", "frames", "file", "/x/collate.py", "line", 7, "function", "collate", "file",
			 LIB "worker.py", "line", 374, "function", "_worker_loop", "locals", "name", "worker_id", "kind", "int", "value", number);
}

/* What the loader made of it. */
static json_t *
told(int number, const char *end)
{
	char message[400];

	snprintf(message, sizeof(message), "Caught RuntimeError in DataLoader worker process %d.\nOriginal Traceback\n  File \"/x/collate.py\", line 7, in collate\n%s",
		 number, end);
	return json_pack("{s:s, s:s, s:s, s:s, s:[], s:[{s:s, s:i, s:s}]}", "how", "excepthook", "thread", "MainThread", "type", "RuntimeError", "message",
			 message, "chain", "frames", "file", "/p/site-packages/torch/_utils.py", "line", 794, "function", "reraise");
}

static struct failure failure;
static json_t *handled;

/* Worker 0 raised "19 but got 23", then SECOND; worker 1 raised THIRD, before either; the loader tells FATAL. */
static void
choose(const char *second, const char *third, json_t *fatal)
{
	const struct process processes[] = { PROCESS(0, 100, 1, "rank", "failed"), PROCESS(1, 101, 100, "worker", "ok"), PROCESS(2, 102, 100, "worker", "ok") };
	json_t *one = raised("Expected size 19 but got size 23", 0), *two = raised(second, 0), *three = raised(third, 1);
	const struct note parent[] = { NOTE(1, "fatal", 90, fatal) };
	const struct note zero[] = { NOTE(1, "exception", 20, one), NOTE(2, "exception", 40, two) }, first[] = { NOTE(1, "exception", 10, three) };
	struct hand hand = { .processes = processes, .process_count = 3, .notes = { parent, zero, first }, .note_counts = { 1, 2, 1 } };
	struct source source = hand_source(&hand);

	json_decref(handled);
	CU_ASSERT_TRUE_FATAL(failure_choose(&source, &failure));
	handled = failure_handled(&source, &failure);
	failure.type = failure.message = NULL; /* its notes end here */
	json_decref(one);
	json_decref(two);
	json_decref(three);
	json_decref(fatal);
}

static void
test_first_batch(void)
{
	choose("Expected size 10 but got size 17", "Expected size 16 but got size 14", told(0, "RuntimeError: Expected size 19 but got size 23\n"));
	CU_ASSERT_EQUAL(failure.process, 1);
	CU_ASSERT_EQUAL(failure.time_ns, 20);
	CU_ASSERT_EQUAL(json_array_size(handled), 0); /* nobody handled the others: nobody had come to them */
}

/* All say the same: the worker's number and the order of its batches tell. */
static void
test_same_words(void)
{
	choose("Expected size 19 but got size 23", "Expected size 19 but got size 23", told(0, "RuntimeError: Expected size 19 but got size 23\n"));
	CU_ASSERT_EQUAL(failure.process, 1);
	CU_ASSERT_EQUAL(failure.time_ns, 20);
	choose("Expected size 19 but got size 23", "Expected size 19 but got size 23", told(1, "RuntimeError: Expected size 19 but got size 23\n"));
	CU_ASSERT_EQUAL(failure.process, 2);
}

/* The loader's message was cut before the words: the lines tell, of the worker that it names. */
static void
test_cut(void)
{
	choose("Expected size 10 but got size 17", "Expected size 16 but got size 14", told(1, ""));
	CU_ASSERT_EQUAL(failure.process, 2);
}

/* What the loader raised is none of these: they were not what ended the run, and are told as handled. */
static void
test_another(void)
{
	choose("Expected size 10 but got size 17", "Expected size 16 but got size 14", told(0, "RuntimeError: something else altogether\n"));
	CU_ASSERT_EQUAL(failure.process, 0);
	CU_ASSERT_TRUE(json_array_size(handled) > 0);
}

int
main(void)
{
	CU_pSuite suite;
	unsigned failures;

	CU_initialize_registry();
	suite = CU_add_suite("failure_told", NULL, NULL);
	CU_add_test(suite, "the first batch's", test_first_batch);
	CU_add_test(suite, "the same words", test_same_words);
	CU_add_test(suite, "a message that was cut", test_cut);
	CU_add_test(suite, "another", test_another);
	CU_basic_run_tests();
	failures = CU_get_number_of_failures();
	json_decref(handled);
	CU_cleanup_registry();
	return failures != 0;
}
