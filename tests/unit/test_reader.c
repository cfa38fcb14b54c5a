/* links: schema viewer */
/* The reader, on directories of boxes and databases made by hand: what is folded, who is who, what is refused. */
#include <CUnit/Basic.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "box_maker.c"
#include "viewer/reader/trace.h"

static char folder[64];

static void
shell(const char *format, const char *name)
{
	char command[512];

	snprintf(command, sizeof command, format, folder, name);
	CU_ASSERT_EQUAL(system(command), 0);
}

static const char *
path_of(const char *name)
{
	static char paths[4][256];
	static int next;

	next = (next + 1) % 4;
	snprintf(paths[next], sizeof paths[next], "%s/%s", folder, name);
	return paths[next];
}

static void
file_write(const char *name, const char *text)
{
	FILE *file = fopen(path_of(name), "wb");

	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	fputs(text, file);
	fclose(file);
}

static bool
file_there(const char *name)
{
	return access(path_of(name), F_OK) == 0;
}

/* A box of one chain: randn makes tensor 2, relu makes 3 of it, add_ writes 3 again, a backward op makes 4. */
static void
box_begin(struct box_maker *maker, int pid, int parent, int rank)
{
	static const int64_t sizes[] = { 2, 3 };
	struct maker_words one = { 0 }, size = { 0 };
	uint32_t ops[3], in[3], out[3], frame, site, id2[] = { 2 }, id3[] = { 3 }, id4[] = { 4 }, id32[] = { 3, 2 };

	box_maker_begin(maker);
	maker->header.pid = pid;
	maker->header.parent_pid = parent;
	maker->header.rank = rank;
	maker->header.world_size = rank < 0 ? -1 : 2;
	maker_tensor(&one, 6, 0, 2, sizes);
	maker_ints(&size, 2, sizes);
	ops[0] = box_maker_op(maker, "aten::randn", "", "size");
	ops[1] = box_maker_op(maker, "aten::relu", "", "self");
	ops[2] = box_maker_op(maker, "aten::add_", "Tensor", "self,other");
	in[0] = box_maker_signature(maker, ops[0], false, &size);
	in[1] = box_maker_signature(maker, ops[1], false, &one);
	for (int i = 0; i < 3; i++)
		out[i] = box_maker_signature(maker, ops[i], true, &one);
	maker_tensor(&one, 6, 0, 2, sizes);
	in[2] = box_maker_signature(maker, ops[2], false, &one);
	frame = box_maker_frame(maker, "/u/t.py", "f", 12);
	site = box_maker_site(maker, &frame, 1);
	box_maker_chunk(maker, 0, 0, 0, 0);
	box_maker_start(maker, 64, in[0], site, 20, 0, BOX_FLAG_GRAD, 0, NULL);
	box_maker_end(maker, 128, out[0], 0, 0, 1, id2);
	box_maker_start(maker, 192, in[1], site, 20, 0, BOX_FLAG_GRAD, 1, id2);
	box_maker_end(maker, 256, out[1], 0, 0, 1, id3);
	box_maker_start(maker, 320, in[2], 0, 21, 0, BOX_FLAG_GRAD, 2, id32);
	box_maker_end(maker, 384, out[2], 0, 0, 1, id3);
	box_maker_scope(maker, 448, "ReluBackward0", BOX_SCOPE_BACKWARD, 20, 9);
	box_maker_start(maker, 512, in[1], 0, 22, 0, 0, 1, id3);
	box_maker_end(maker, 576, out[1], 0, 0, 1, id4);
	box_maker_scope_end(maker, 640, 9);
	box_maker_tensor(maker, 2, ops[0], out[0], site, true);
	box_maker_tensor(maker, 9, ops[1], out[1], site, false);
	box_maker_base(maker, ops[0], out[0], site, BOX_LIVE_BASE_VALUES);
}

static void
box_end(struct box_maker *maker, const char *name)
{
	CU_ASSERT_TRUE_FATAL(box_maker_write(maker, path_of(name)));
	box_maker_free(maker);
}

static struct trace *
open_well(void)
{
	struct error error = { "" };
	struct trace *trace = trace_open(path_of("t"), &error);

	if (!trace)
		printf("  trace_open: %s\n", error.text);
	CU_ASSERT_PTR_NOT_NULL_FATAL(trace);
	return trace;
}

/* An empty directory t. */
static void
prepare(void)
{
	shell("cd %s && rm -rf t%s && mkdir t", "");
}

struct seen { int64_t ids[16]; int count, stop_after; };

static bool
see(const struct event *event, void *context)
{
	struct seen *seen = context;

	if (seen->count < 16)
		seen->ids[seen->count++] = event->id;
	return seen->count != seen->stop_after;
}

static void
test_events(void)
{
	struct box_maker maker;
	struct event_filter filter = event_filter_all;
	struct seen seen = { .count = 0 };
	struct trace *trace;
	struct event event;
	struct site site;
	struct scope scope;
	struct live_tensor live;
	int index;

	prepare();
	box_begin(&maker, 4711, 1, -1);
	box_end(&maker, "t/rank0-4711.box");
	trace = open_well();
	CU_ASSERT_EQUAL_FATAL(trace_process_count(trace), 1);
	CU_ASSERT_FALSE(file_there("t/rank0-4711.box"));
	CU_ASSERT_TRUE(file_there("t/rank0-4711.db"));
	CU_ASSERT_STRING_EQUAL(trace_process(trace, 0)->file, "rank0-4711.db");
	CU_ASSERT_STRING_EQUAL(trace_process(trace, 0)->torch_version, "2.13.0");
	CU_ASSERT_EQUAL(trace_process(trace, 0)->events_kept, 4);
	CU_ASSERT_PTR_NULL(trace_process(trace, 1));

	CU_ASSERT_TRUE_FATAL(trace_event(trace, 0, 2, &event));
	CU_ASSERT_STRING_EQUAL(event.operation, "aten::add_");
	CU_ASSERT_STRING_EQUAL(event.overload, "Tensor");
	CU_ASSERT_EQUAL(event.operand_count, 2);
	CU_ASSERT_STRING_EQUAL(event.operands[1].name, "other");
	CU_ASSERT_EQUAL(event.operands[1].tensor, 2);
	CU_ASSERT_EQUAL(event.operands[1].ndim, 2);
	CU_ASSERT_EQUAL(event.operands[1].sizes[1], 3);
	CU_ASSERT_EQUAL(event.operands[1].strides[0], 3);
	CU_ASSERT_STRING_EQUAL(event.operands[0].dtype, "float32");
	CU_ASSERT_STRING_EQUAL(event.operands[0].device, "cpu");
	CU_ASSERT_EQUAL(event.output_count, 1);
	CU_ASSERT_EQUAL(event.outputs[0].tensor, 3);
	CU_ASSERT_EQUAL(event.site, -1);
	CU_ASSERT_EQUAL(event.sequence, 21);
	CU_ASSERT_TRUE(trace_event(trace, 0, 0, &event));
	CU_ASSERT_STRING_EQUAL(event.operands[0].value, "[2,3]");
	CU_ASSERT_STRING_EQUAL(event.operands[0].kind, "int[]");
	CU_ASSERT_TRUE(trace_site(trace, 0, event.site, &site));
	CU_ASSERT_EQUAL(site.frame_count, 1);
	CU_ASSERT_STRING_EQUAL(site.frames[0].file, "/u/t.py");
	CU_ASSERT_EQUAL(site.frames[0].line, 12);
	CU_ASSERT_FALSE(trace_event(trace, 0, 99, &event));
	CU_ASSERT_FALSE(trace_event(trace, 5, 0, &event));

	CU_ASSERT_EQUAL(trace_each_event(trace, 0, &event_filter_all, see, &seen), 4);
	CU_ASSERT_EQUAL(seen.ids[3], 3);
	seen.count = 0;
	filter.operation = "re*";
	filter.newest = 1;
	CU_ASSERT_EQUAL(trace_each_event(trace, 0, &filter, see, &seen), 1);
	CU_ASSERT_EQUAL(seen.ids[0], 3);
	filter = event_filter_all;
	filter.operation = "add_.Tensor";
	CU_ASSERT_EQUAL(trace_each_event(trace, 0, &filter, see, &seen), 1);
	filter.operation = "add";
	CU_ASSERT_EQUAL(trace_each_event(trace, 0, &filter, see, &seen), 0);
	filter = event_filter_all;
	filter.newest = 3;
	filter.backward = true;
	seen = (struct seen){ .stop_after = 2 };
	CU_ASSERT_EQUAL(trace_each_event(trace, 0, &filter, see, &seen), 2);
	CU_ASSERT_EQUAL(seen.ids[0], 3);
	CU_ASSERT_EQUAL(seen.ids[1], 2);

	/* Back by operation or line: the same events as forward, whatever was asked before and how much of it was seen. */
	for (int ask = 0; ask < 24; ask++) {
		struct event_filter back = event_filter_all;
		struct seen forth = { 0 }, again = { 0 };

		back.operation = ask % 4 == 0 ? NULL : ask % 4 == 1 ? "re*" : ask % 4 == 2 ? "add*" : "*";
		back.site = ask % 4 == 0 ? event.site : -1;
		back.status = ask & 4 ? "ok" : NULL;
		back.last = ask < 8 ? -1 : ask < 16 ? 2 : 0;
		back.first = ask & 8 ? 1 : -1;
		trace_each_event(trace, 0, &back, see, &forth);
		back.backward = true;
		CU_ASSERT_EQUAL(trace_each_event(trace, 0, &back, see, &again), forth.count);
		CU_ASSERT_EQUAL_FATAL(again.count, forth.count);
		for (int i = 0; i < forth.count; i++)
			CU_ASSERT_EQUAL(again.ids[i], forth.ids[forth.count - 1 - i]);
	}
	CU_ASSERT_TRUE(trace_maker(trace, 0, 3, -1, &event, &index));
	CU_ASSERT_EQUAL(event.id, 2);
	CU_ASSERT_TRUE(trace_maker(trace, 0, 3, 2, &event, &index));
	CU_ASSERT_EQUAL(event.id, 1);
	CU_ASSERT_EQUAL(index, 0);
	CU_ASSERT_FALSE(trace_maker(trace, 0, 3, 1, &event, &index));
	CU_ASSERT_FALSE(trace_maker(trace, 0, 77, -1, &event, &index));
	CU_ASSERT_TRUE(trace_first_use(trace, 0, 2, &event, &index));
	CU_ASSERT_EQUAL(event.id, 1);
	CU_ASSERT_FALSE(trace_met_before(trace, 0, 1)); /* every event is kept */
	CU_ASSERT_TRUE(trace_forward_of(trace, 0, 20, -1, &event));
	CU_ASSERT_EQUAL(event.id, 1);
	CU_ASSERT_TRUE(trace_live_tensor(trace, 0, 2, &live));
	CU_ASSERT_TRUE(live.made.entered);
	CU_ASSERT_STRING_EQUAL(live.made.operation, "aten::randn");
	CU_ASSERT_PTR_NULL(live.base.operation);
	CU_ASSERT_TRUE(trace_live_tensor(trace, 0, 9, &live));
	CU_ASSERT_STRING_EQUAL(live.made.operation, "aten::relu");
	CU_ASSERT_STRING_EQUAL(live.base.operation, "aten::randn");
	CU_ASSERT_TRUE(live.values && !live.base.entered && live.base.output_count == 1 && live.base.site == live.made.site);
	CU_ASSERT_FALSE(trace_live_tensor(trace, 0, 3, &live));
	CU_ASSERT_TRUE(trace_event(trace, 0, 3, &event));
	CU_ASSERT_STRING_EQUAL(event.phase, "backward");
	CU_ASSERT_TRUE(trace_scope(trace, 0, event.scope, &scope));
	CU_ASSERT_STRING_EQUAL(scope.name, "ReluBackward0");
	CU_ASSERT_EQUAL(scope.sequence, 20);
	trace_close(trace);
	/* and again, from the database alone */
	trace = open_well();
	CU_ASSERT_STRING_EQUAL(trace_process(trace, 0)->status, "ok");
	trace_close(trace);
	/* the same, with older events overwritten: tensor 2 is the first that a kept one made */
	prepare();
	box_begin(&maker, 4711, 1, -1);
	maker.header.events = 100;
	box_end(&maker, "t/rank0-4711.box");
	trace = open_well();
	CU_ASSERT_TRUE(trace_met_before(trace, 0, 1));
	CU_ASSERT_FALSE(trace_met_before(trace, 0, 2));
	trace_close(trace);
}

/* Two ranks under a launcher, a forked loader worker, another forked child, a process that did nothing of note. */
static void
test_roles(void)
{
	struct box_maker maker;
	struct trace *trace;
	const struct process *process;
	static const struct { const char *file, *role, *status; int rank, signal; bool loads_data; } wanted[] = {
		{ "rank0-11.db", "rank", "failed", 0, 0, false },
		{ "rank1-12.db", "rank", "killed", 1, 9, false },
		{ "rank1-worker-13.db", "worker", "crashed", 1, 11, true },
		{ "rank1-worker-14.db", "worker", "ok", 1, 0, false },
		{ "x-10.db", "launcher", "failed", -1, 0, false },
		{ "x-99.db", "other", "ok", -1, 0, false },
	};

	prepare();
	box_begin(&maker, 10, 1, -1);
	maker.header.exit_status = 1;
	box_end(&maker, "t/x-10.box");
	box_begin(&maker, 11, 10, 0);
	maker.header.exit_status = 1;
	box_maker_note(&maker, 1, BOX_NOTE_FATAL, 0, UINT64_MAX, 4, "{\"type\":\"RuntimeError\"}");
	box_end(&maker, "t/rank0-11.box");
	box_begin(&maker, 12, 10, 1);
	maker.header.state = BOX_STATE_RUNNING;
	maker.header.exit_status = -1;
	box_end(&maker, "t/rank1-12.box");
	box_begin(&maker, 13, 12, 1);
	maker.header.origin = BOX_ORIGIN_FORKED;
	maker.header.state = BOX_STATE_RUNNING;
	maker.header.exit_status = -1;
	box_maker_frame(&maker, "/p/torch/utils/data/_utils/worker.py", "_worker_loop", 349);
	box_end(&maker, "t/rank1-worker-13.box");
	box_begin(&maker, 14, 12, 1);
	maker.header.origin = BOX_ORIGIN_FORKED;
	maker.header.start_unix_ns++;
	box_maker_frame(&maker, "/p/torch/utils/data/_utils/worker.py", "get_worker_info", 120);
	box_end(&maker, "t/rank1-worker-14.box");
	box_begin(&maker, 99, 1, -1);
	box_end(&maker, "t/x-99.box");
	file_write("t/run.json", "{\"command\":[\"torchrun\"],\"pid\":10,\"exit_status\":1,\"signal\":null,"
				 "\"signals\":{\"12\":9,\"13\":11}}");
	/* the boxes are of another host: quiet for long, so their processes are dead */
	shell("touch -d '1 hour ago' %s/t/*.box%s", "");
	trace = open_well();
	CU_ASSERT_EQUAL_FATAL(trace_process_count(trace), 6);
	for (int i = 0; i < 6; i++) {
		process = trace_process(trace, i);
		CU_ASSERT_EQUAL(process->index, i);
		CU_ASSERT_STRING_EQUAL(process->file, wanted[i].file);
		CU_ASSERT_STRING_EQUAL(process->role, wanted[i].role);
		CU_ASSERT_STRING_EQUAL(process->status, wanted[i].status);
		CU_ASSERT_EQUAL(process->rank, wanted[i].rank);
		CU_ASSERT_EQUAL(process->signal, wanted[i].signal);
		CU_ASSERT_EQUAL(process->loads_data, wanted[i].loads_data);
	}
	CU_ASSERT_STRING_EQUAL(json_string_value(json_array_get(json_object_get(trace_run(trace), "command"), 0)), "torchrun");
	trace_close(trace);
}

/* This very process: alive, so its box stays and nothing is left beside it. */
static void
test_running(void)
{
	struct box_maker maker;
	struct trace *trace;

	prepare();
	box_begin(&maker, (int)getpid(), 1, -1);
	gethostname(maker.header.host, sizeof maker.header.host - 1);
	maker.header.state = BOX_STATE_RUNNING;
	maker.header.exit_status = -1;
	maker.header.start_unix_ns = 4000000000000000000ull; /* later than this process was started */
	box_end(&maker, "t/rank0-1.box");
	trace = open_well();
	CU_ASSERT_STRING_EQUAL(trace_process(trace, 0)->status, "running");
	CU_ASSERT_STRING_EQUAL(trace_process(trace, 0)->role, "rank");
	CU_ASSERT_EQUAL(trace_process(trace, 0)->world_size, 1);
	CU_ASSERT_TRUE(file_there("t/rank0-1.box"));
	CU_ASSERT_FALSE(file_there("t/rank0-1.db"));
	trace_close(trace);
	/* the same number, but a box from long before: another process had it */
	box_begin(&maker, (int)getpid(), 1, -1);
	gethostname(maker.header.host, sizeof maker.header.host - 1);
	maker.header.state = BOX_STATE_RUNNING;
	maker.header.exit_status = -1;
	maker.header.start_unix_ns = 1000000000000000000ull;
	box_end(&maker, "t/rank0-1.box");
	trace = open_well();
	CU_ASSERT_STRING_EQUAL(trace_process(trace, 0)->status, "killed");
	CU_ASSERT_FALSE(file_there("t/rank0-1.box"));
	trace_close(trace);
}

/* What an error kept the fold from may be there another time: the box stays until nothing does. */
static void
test_unread(void)
{
	struct box_maker maker;
	struct trace *trace;

	prepare();
	for (int round = 0; round < 3; round++) {
		if (round == 0) {
			box_begin(&maker, 4711, 1, -1);
			maker.header.segments = 1;
			box_end(&maker, "t/rank0-4711.box");
			shell("ln -s rank0-4711.box.1 %s/t/rank0-4711.box.1%s", ""); /* leads to itself */
		} else if (round == 1) { /* opens, and can't be read */
			shell("cd %s/t && rm rank0-4711.box.1%s && mkdir rank0-4711.box.1", "");
		} else { /* never made: there is nothing more to be had */
			shell("rmdir %s/t/rank0-4711.box.1%s", "");
		}
		trace = open_well();
		CU_ASSERT_EQUAL(trace_process(trace, 0)->events_kept, 4);
		trace_close(trace);
		CU_ASSERT_TRUE(file_there("t/rank0-4711.db"));
		CU_ASSERT_EQUAL(file_there("t/rank0-4711.box"), round < 2);
	}
}

static void
refused(const char *name, const char *part)
{
	struct error error = { "" };
	struct trace *trace = trace_open(path_of(name), &error);

	CU_ASSERT_PTR_NULL(trace);
	trace_close(trace);
	if (!strstr(error.text, part))
		printf("  wanted: %s\n  got:    %s\n", part, error.text);
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, part));
	CU_ASSERT_PTR_NULL(strchr(error.text, '\n'));
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, folder));
}

static void
count_degraded(const char *name, int64_t count, const char *text, void *context)
{
	(void)count;
	(void)text;
	if (strcmp(name, "file") == 0)
		++*(int *)context;
}

static void
test_refused(void)
{
	struct box_maker maker;
	struct trace *trace;
	sqlite3 *db;
	int skipped = 0;

	prepare();
	refused("none", "none: No such file or directory");
	file_write("plain", "");
	refused("plain", "plain: not a directory");
	refused("t", "t: not a shapebox trace (no .db or .box file in it)");
	file_write("t/a.db", "this is no database at all, and it is long enough to be asked about");
	refused("t", "t/a.db: damaged: ");
	file_write("t/a.db", "");
	refused("t", "t/a.db: a SQLite database, but not a shapebox trace");
	unlink(path_of("t/a.db"));
	CU_ASSERT_EQUAL(sqlite3_open(path_of("t/a.db"), &db), SQLITE_OK);
	CU_ASSERT_EQUAL(sqlite3_exec(db, "PRAGMA application_id = 0x73686278; PRAGMA user_version = 99; CREATE TABLE x(y)",
				     NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	refused("t", "t/a.db: a trace of version 99: this shapebox reads versions up to ");
	unlink(path_of("t/a.db"));
	file_write("t/b.box", "neither");
	refused("t", "t/b.box: not a box");
	/* beside a good one it is skipped, and said */
	box_begin(&maker, 4711, 1, -1);
	box_end(&maker, "t/rank0-4711.box");
	trace = open_well();
	CU_ASSERT_EQUAL(trace_process_count(trace), 1);
	trace_each_degraded(trace, 0, count_degraded, &skipped);
	CU_ASSERT_EQUAL(skipped, 1);
	CU_ASSERT_TRUE(file_there("t/b.box"));
	trace_close(trace);
}

/* Databases changed at random, read through every door. */
static void
test_hostile(void)
{
	struct box_maker maker;
	struct trace *trace;
	struct error error;
	struct event event;
	const struct note *notes;
	uint8_t *bytes = malloc(1 << 20), *copy = malloc(1 << 20);
	size_t size;
	FILE *file;
	int index;

	prepare();
	box_begin(&maker, 4711, 1, -1);
	box_maker_note(&maker, 1, BOX_NOTE_FATAL, 0, UINT64_MAX, 4, "{\"type\":\"RuntimeError\"}");
	box_end(&maker, "t/rank0-4711.box");
	trace_close(open_well());
	file = fopen(path_of("t/rank0-4711.db"), "rb");
	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	size = fread(bytes, 1, 1 << 20, file);
	fclose(file);
	srand(7);
	for (int round = 0; round < 300; round++) {
		memcpy(copy, bytes, size);
		for (int i = 0; i < 1 + round % 60; i++)
			copy[100 + (size_t)rand() % (size - 100)] = (uint8_t)rand();
		file = fopen(path_of("t/rank0-4711.db"), "wb");
		fwrite(copy, 1, round % 9 == 8 ? size / 2 : size, file);
		fclose(file);
		trace = trace_open(path_of("t"), &error);
		if (!trace)
			continue;
		for (int64_t id = 0; id < 4; id++) {
			if (trace_event(trace, 0, id, &event) && event.site >= 0) {
				struct site site;

				trace_site(trace, 0, event.site, &site);
			}
			trace_maker(trace, 0, id, -1, &event, &index);
			trace_first_use(trace, 0, id, &event, &index);
		}
		trace_each_degraded(trace, 0, count_degraded, &index);
		trace_notes(trace, 0, "fatal", &notes);
		trace_close(trace);
	}
	free(bytes);
	free(copy);
}

int
main(void)
{
	CU_pSuite suite;
	char command[128];
	unsigned failed;

	snprintf(folder, sizeof folder, "/tmp/shapebox-reader-XXXXXX");
	if (!mkdtemp(folder) || CU_initialize_registry() != CUE_SUCCESS)
		return 2;
	suite = CU_add_suite("reader", NULL, NULL);
	CU_add_test(suite, "events", test_events);
	CU_add_test(suite, "roles", test_roles);
	CU_add_test(suite, "unread", test_unread);
	CU_add_test(suite, "running", test_running);
	CU_add_test(suite, "refused", test_refused);
	CU_add_test(suite, "hostile", test_hostile);
	CU_basic_set_mode(CU_BRM_NORMAL);
	CU_basic_run_tests();
	failed = CU_get_number_of_failures();
	CU_cleanup_registry();
	snprintf(command, sizeof command, "rm -rf %s", folder);
	return system(command) != 0 || failed ? 1 : 0;
}
