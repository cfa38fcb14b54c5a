/* links: schema viewer */
/* Live boxes looked at: what each rank is in, and who keeps the others waiting. */
#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rank_maker.h"
#include "viewer/analysis/diff/watch.h"

#define AFTER_S 10.0
#define SECOND 1000000000ll

static char folder[64];

/* Rank NUMBER, running as this process: it has finished OPERATION, or (OPEN) is inside it. */
static void
rank_make(int number, const char *operation, bool open)
{
	const int64_t size = 3;
	struct maker_words in = { 0 };
	struct rank_maker rank;
	char path[128];

	rank_begin(&rank, number, 3, "");
	gethostname(rank.box.header.host, sizeof rank.box.header.host - 1);
	rank.box.header.pid = getpid();
	rank.box.header.state = BOX_STATE_RUNNING;
	rank.box.header.start_unix_ns = UINT64_C(4000000000) * SECOND; /* a process that was started after its box has another's number */
	((struct box_chunk *)rank.box.chunks.data)->os_thread = getpid();
	rank_tensor(&rank, &in, 6, 1, &size);
	rank_operation(&rank, "aten::relu", "self", RANK_MODEL, 10, &in, NULL, 0);
	rank_step(&rank);
	rank_operation(&rank, operation, "self", RANK_SCRIPT, 40 + number, &in, NULL, 0);
	if (open) /* take its end back: the last record, 16 bytes */
		((struct box_chunk *)rank.box.chunks.data)->used_bytes -= sizeof(struct box_end);
	snprintf(path, sizeof path, "%s/rank%d-%d.box", folder, number, number);
	CU_ASSERT_TRUE_FATAL(box_maker_write(&rank.box, path));
	rank_free(&rank);
}

static json_t *
look(double after_s, int *count)
{
	struct live_process *processes;
	struct error error;
	json_t *watch;
	int ended;

	*count = live_read(folder, &processes, &ended, &error);
	CU_ASSERT_TRUE_FATAL(*count >= 0);
	watch = watch_build(processes, *count, ended, (int64_t)MAKER_START_NS + 312 * SECOND, after_s);
	live_free(processes, *count);
	return watch;
}

static const char *
text_at(const json_t *json, const char *key)
{
	const char *text = json_string_value(json_object_get(json, key));

	return text ? text : "";
}

static void
test_stuck(void)
{
	json_t *watch, *one;
	int count;

	rank_make(0, "c10d::allreduce_", false);
	rank_make(1, "aten::nonzero", true);
	rank_make(2, "c10d::allreduce_", true);
	watch = look(AFTER_S, &count);
	CU_ASSERT_EQUAL(count, 3);
	CU_ASSERT_STRING_EQUAL(text_at(watch, "text"),
			       "rank 1 has been in aten::nonzero for 312 s at train.py:41 while ranks 0, 2 wait in c10d::allreduce_");
	CU_ASSERT_EQUAL(json_array_size(json_object_get(watch, "waited_for")), 1);
	one = json_array_get(json_object_get(watch, "processes"), 1);
	CU_ASSERT_TRUE(json_is_true(json_object_get(one, "open")));
	CU_ASSERT_TRUE(json_is_true(json_object_get(one, "running")));
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(one, "step")), 1);
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(json_object_get(one, "where"), "line")), 41);
	json_decref(watch);
	/* Nobody has waited for long enough: nobody is blamed. */
	watch = look(1000, &count);
	CU_ASSERT_TRUE(json_is_null(json_object_get(watch, "text")));
	json_decref(watch);
}

/* Rank NUMBER of four waits in a collective of GROUP, which has ranks FIRST and FIRST + STEP. */
static void
member_make(int number, int group, int first, int step)
{
	const int64_t size = 3;
	struct maker_words in = { 0 };
	struct rank_maker rank;
	char path[128], text[128];

	rank_begin(&rank, number, 4, "");
	gethostname(rank.box.header.host, sizeof rank.box.header.host - 1);
	rank.box.header.pid = getpid();
	rank.box.header.state = BOX_STATE_RUNNING;
	rank.box.header.start_unix_ns = UINT64_C(4000000000) * SECOND;
	((struct box_chunk *)rank.box.chunks.data)->os_thread = getpid();
	maker_list(&in, 1);
	rank_tensor(&rank, &in, 6, 1, &size);
	in.inside = false;
	snprintf(text, sizeof text, "2 ranks #%d", group);
	maker_string(&in, text);
	snprintf(text, sizeof text, "{\"groups\":[{\"group\":%d,\"name\":\"x\",\"ranks\":[[%d,%d,%d]]}]}", group, first, first + step, step);
	box_maker_note(&rank.box, BOX_NOTE_FIRST_GROUPS, BOX_NOTE_GROUPS, BOX_NONE, UINT64_MAX, 0, text);
	rank_operation(&rank, "c10d::allreduce_", "tensors,process_group", RANK_SCRIPT, 60 + number, &in, NULL, 0);
	snprintf(path, sizeof path, "%s/rank%d-%d.box", folder, number, number);
	CU_ASSERT_TRUE_FATAL(box_maker_write(&rank.box, path));
	rank_free(&rank);
}

/* Who waits for whom is told by their groups. */
static void
test_groups(void)
{
	char path[128];
	json_t *watch;
	int count;

	rank_make(1, "aten::nonzero", true); /* nobody waits for this one */
	rank_make(3, "aten::nonzero", true);
	member_make(0, 7, 0, 2);
	member_make(2, 8, 2, 1);
	watch = look(AFTER_S, &count);
	CU_ASSERT_EQUAL(count, 4);
	CU_ASSERT_STRING_EQUAL(text_at(watch, "text"), "rank 3 has been in aten::nonzero for 312 s at train.py:43 while rank 2 waits in "
						       "c10d::allreduce_ (the group is ranks 2, 3)");
	CU_ASSERT_EQUAL(json_array_size(json_object_get(watch, "waiting")), 2);
	json_decref(watch);
	member_make(1, 2, 1, 2); /* all wait, each for the next */
	member_make(3, 2, 0, 3);
	watch = look(AFTER_S, &count);
	CU_ASSERT_PTR_NOT_NULL(strstr(text_at(watch, "text"), "rank 0 waits in c10d::allreduce_ at train.py:60 (the group is ranks 0, 2), "
							      "rank 1 waits in c10d::allreduce_ at train.py:61 (the group is ranks 1, 3)"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text_at(watch, "text"), ": none of these calls can end"));
	json_decref(watch);
	snprintf(path, sizeof path, "%s/rank3-3.box", folder); /* one has not begun */
	unlink(path);
	watch = look(AFTER_S, &count);
	CU_ASSERT_PTR_NOT_NULL(strstr(text_at(watch, "text"), "no box of rank 3: no operation run yet, or on another host while rank 0 waits"));
	json_decref(watch);
	for (int i = 0; i < 3; i++) {
		snprintf(path, sizeof path, "%s/rank%d-%d.box", folder, i, i);
		unlink(path);
	}
}

/* Backward runs on the engine's thread, and its collective has returned: the main thread has run nothing since forward. */
static void
test_engine(void)
{
	const int64_t size = 3;
	struct maker_words in = { 0 };
	struct rank_maker rank;
	json_t *watch;
	int count;

	rank_make(0, "c10d::allreduce_", false);
	rank_make(1, "aten::nonzero", true);
	rank_begin(&rank, 2, 3, "");
	gethostname(rank.box.header.host, sizeof rank.box.header.host - 1);
	rank.box.header.pid = getpid();
	rank.box.header.state = BOX_STATE_RUNNING;
	rank.box.header.start_unix_ns = UINT64_C(4000000000) * SECOND;
	((struct box_chunk *)rank.box.chunks.data)->os_thread = getpid();
	rank_tensor(&rank, &in, 6, 1, &size);
	rank_operation(&rank, "aten::linear", "self", RANK_MODEL, 10, &in, NULL, 0);
	box_maker_chunk(&rank.box, 1, 0, 1, rank.ns += 1000000);
	rank_operation(&rank, "c10d::allreduce_", "self", RANK_SCRIPT, 50, &in, NULL, 0);
	box_maker_chunk(&rank.box, 2, 0, 1, rank.ns += 1000000); /* another thread's work says nothing */
	rank_operation(&rank, "aten::copy_", "self", RANK_SCRIPT, 51, &in, NULL, 0);
	{
		char path[128];

		snprintf(path, sizeof path, "%s/rank2-2.box", folder);
		CU_ASSERT_TRUE_FATAL(box_maker_write(&rank.box, path));
	}
	rank_free(&rank);
	watch = look(AFTER_S, &count);
	CU_ASSERT_STRING_EQUAL(text_at(watch, "text"),
			       "rank 1 has been in aten::nonzero for 312 s at train.py:41 while ranks 0, 2 wait in c10d::allreduce_");
	json_decref(watch);
}

/* Boxes in local space of other hosts: named, not taken for ended ones. One that is gone from here has ended. */
static void
test_away(void)
{
	static const char *const names[] = { "rank7-node-b-4711.at", "rank7-worker-node-b-4712.2.at", "rank7-node-b-4711.box" };
	char path[200], here[64] = "", gone[100];
	json_t *watch, *one, *hosts;
	int count;

	gethostname(here, sizeof here - 1);
	snprintf(gone, sizeof gone, "rank8-%s-4713.at", here);
	for (int i = 0; i < 4; i++) {
		FILE *file;

		snprintf(path, sizeof path, "%s/%s", folder, i < 3 ? names[i] : gone);
		file = fopen(path, "w");
		CU_ASSERT_PTR_NOT_NULL_FATAL(file);
		fprintf(file, BOX_PLACE_MAGIC "/nowhere/box\n");
		fclose(file);
	}
	watch = look(AFTER_S, &count);
	CU_ASSERT_EQUAL(count, 5);
	hosts = json_object_get(watch, "elsewhere");
	CU_ASSERT_EQUAL(json_array_size(hosts), 1);
	CU_ASSERT_STRING_EQUAL(text_at(json_array_get(hosts, 0), "host"), "node-b");
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(json_array_get(hosts, 0), "processes")), 2);
	one = json_array_get(json_object_get(watch, "processes"), 3);
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(one, "rank")), 7);
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(one, "pid")), 4711);
	CU_ASSERT_TRUE(json_is_null(json_object_get(one, "running")));
	CU_ASSERT_STRING_EQUAL(text_at(watch, "text"),
			       "rank 1 has been in aten::nonzero for 312 s at train.py:41 while ranks 0, 2 wait in c10d::allreduce_");
	json_decref(watch);
	for (int i = 0; i < 4; i++) {
		snprintf(path, sizeof path, "%s/%s", folder, i < 3 ? names[i] : gone);
		unlink(path);
	}
}

/* Whatever a box's bytes are, looking at it comes to an end. */
static void
test_hostile(void)
{
	char path[128], bytes[65536];
	unsigned seed = 7;
	json_t *watch;
	int count;
	size_t size;
	FILE *file;

	snprintf(path, sizeof path, "%s/rank1-1.box", folder);
	file = fopen(path, "rb");
	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	size = fread(bytes, 1, sizeof bytes, file);
	fclose(file);
	for (int round = 0; round < 300; round++) {
		file = fopen(path, "r+b");
		CU_ASSERT_PTR_NOT_NULL_FATAL(file);
		for (int i = 0; i < 40; i++) {
			seed = seed * 1103515245u + 12345u;
			fseek(file, (long)((seed >> 8) % size), SEEK_SET);
			fputc((int)(seed >> 20 & 0xff), file);
		}
		fclose(file);
		watch = look(AFTER_S, &count);
		json_decref(watch);
		file = fopen(path, "r+b");
		CU_ASSERT_EQUAL_FATAL(fwrite(bytes, 1, size, file), size);
		fclose(file);
	}
}

int
main(void)
{
	CU_pSuite suite;
	char command[128];
	unsigned failed;

	strcpy(folder, "/tmp/shapebox-watch-XXXXXX");
	if (CU_initialize_registry() != CUE_SUCCESS || !mkdtemp(folder))
		return 2;
	suite = CU_add_suite("watch", NULL, NULL);
	CU_add_test(suite, "one is stuck, the others wait", test_stuck);
	CU_add_test(suite, "groups", test_groups);
	CU_add_test(suite, "backward on its own thread", test_engine);
	CU_add_test(suite, "boxes elsewhere", test_away);
	CU_add_test(suite, "hostile boxes", test_hostile);
	CU_basic_set_mode(CU_BRM_NORMAL);
	CU_basic_run_tests();
	failed = CU_get_number_of_failures();
	CU_cleanup_registry();
	snprintf(command, sizeof command, "rm -rf %s", folder);
	return system(command) != 0 || failed != 0;
}
