/* links: schema viewer */
/* Which failure ended the run: own failures, echoes, handled ones, ranks. */
#include <CUnit/Basic.h>
#include <stdio.h>

#include "analysis_events.h"
#include "viewer/analysis/failure/failure.h"
#include "viewer/analysis/failure/sample.h"

#define PROCESS(index_, pid_, parent_, rank_, status_) \
	{ .index = index_, .file = "x.db", .role = rank_ >= 0 ? "rank" : "other", .rank = rank_, .local_rank = rank_, .world_size = 2, \
	  .pid = pid_, .parent_pid = parent_, .host = "h", .status = status_, .exit_status = 1, .start_ns = index_, .end_ns = 1000, .steps = 5 }
#define NOTE(id_, kind_, time_, event_, json_) { .id = id_, .time_ns = time_, .event = event_, .thread = 0, .kind = kind_, .json = json_ }

static const struct operand operands[] = { TENSOR("self", 1, 2, 3), TENSOR("other", 2, 2, 3) };
static const struct event events[] = {
	{ .id = 10, .parent = -1, .scope = -1, .site = 1, .operation = "aten::matmul", .phase = "forward", .status = "failed", .step = 3,
	  .operand_count = 2, .operands = operands },
	{ .id = 11, .parent = 10, .depth = 1, .scope = -1, .site = 1, .operation = "aten::mm", .phase = "forward", .status = "failed", .step = 3,
	  .operand_count = 2, .operands = operands },
	{ .id = 20, .parent = -1, .scope = -1, .site = 2, .operation = "aten::cat", .phase = "data", .status = "failed", .step = 4 },
	{ .id = 30, .parent = -1, .scope = -1, .site = 3, .operation = "c10d::allreduce_", .phase = "backward", .status = "failed", .step = 4 },
	{ .id = 40, .parent = -1, .scope = -1, .site = 3, .operation = "aten::add", .phase = "forward", .status = "open", .step = 4 },
};

static json_t *
operation(const char *name, const char *message)
{
	return json_pack("{s:s, s:s, s:n, s:{s:s, s:s}}", "operation", name, "overload", "", "nested", "exception", "type", "c10::Error",
			 "message", message);
}

static json_t *
exception(const char *type, const char *message, const char *file)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:[], s:[{s:s, s:i, s:s}]}", "how", "excepthook", "thread", "MainThread", "type", type, "message",
			 message, "chain", "frames", "file", file, "line", 7, "function", "f");
}

static struct failure failure;
static bool failed;
static struct hand hand;
static int64_t collectives[8];
static bool stopped_early; /* the operations' call site is known */
static const struct frame caller[] = { { .file = "/x/model.py", .function = "block", .line = 7 } };
static const struct site sites[] = { { .id = 1, .frame_count = 1, .frames = caller } };

static void
choose(const struct process *processes, int count, const struct note *const *notes, const int *note_counts)
{
	struct source source;

	hand = (struct hand){ .processes = processes, .process_count = count, .events = events, .event_count = COUNT(events) };
	for (int i = 0; i < count; i++) {
		hand.notes[i] = notes[i];
		hand.note_counts[i] = note_counts[i];
	}
	memcpy(hand.collectives, collectives, sizeof(collectives));
	hand.sites = sites;
	hand.site_count = stopped_early ? COUNT(sites) : 0;
	source = hand_source(&hand);
	failed = failure_choose(&source, &failure);
}

static void
test_fatal(void)
{
	const struct process processes[] = { PROCESS(0, 100, 1, 0, "failed") };
	json_t *inner = operation("aten::mm", "mat1 and mat2 shapes cannot be multiplied\nException raised from mm"), *outer;
	json_t *handled = operation("aten::cat", "Sizes of tensors must match");
	json_t *fatal = exception("RuntimeError", "mat1 and mat2 shapes cannot be multiplied", "/x/model.py");
	struct note notes[4];
	struct source source;
	json_t *list;

	outer = operation("aten::matmul", "mat1 and mat2 shapes cannot be multiplied");
	notes[0] = (struct note)NOTE(1, "operation", 10, 20, handled);
	notes[1] = (struct note)NOTE(2, "operation", 20, 11, inner);
	notes[2] = (struct note)NOTE(3, "operation", 21, 10, outer);
	notes[3] = (struct note)NOTE(4, "fatal", 30, 11, fatal);
	choose(processes, 1, (const struct note *const[]){ notes }, (const int[]){ 4 });
	CU_ASSERT_TRUE_FATAL(failed);
	CU_ASSERT_STRING_EQUAL(failure.kind, "operation");
	CU_ASSERT_STRING_EQUAL(failure.operation_name, "aten::matmul"); /* what was called, out of what PyTorch made of it */
	CU_ASSERT_EQUAL(failure.event.id, 10);
	CU_ASSERT_EQUAL(failure.inner.id, 11);
	CU_ASSERT_EQUAL(failure.step, 3);
	source = hand_source(&hand);
	list = failure_handled(&source, &failure);
	CU_ASSERT_EQUAL_FATAL(json_array_size(list), 1);
	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(json_array_get(list, 0), "message")), "Sizes of tensors must match");
	json_decref(list);
	json_decref(inner);
	json_decref(outer);
	json_decref(handled);
	json_decref(fatal);
}

/* One line and operation is one row; operations beyond those that have a note are counted. */
static void
test_handled(void)
{
	const struct process processes[] = { PROCESS(0, 100, 1, 0, "ok") };
	const struct event adds[] = {
		{ .id = 1, .parent = -1, .scope = -1, .site = 1, .operation = "aten::add", .phase = "forward", .status = "failed", .step = 1 },
		{ .id = 2, .parent = -1, .scope = -1, .site = 1, .operation = "aten::add", .phase = "forward", .status = "failed", .step = 2 },
		{ .id = 3, .parent = -1, .scope = -1, .site = 1, .operation = "aten::add", .phase = "forward", .status = "failed", .step = 3 },
		{ .id = 4, .parent = -1, .scope = -1, .site = 2, .operation = "aten::add", .phase = "forward", .status = "failed", .step = 4 },
	};
	json_t *one = operation("aten::add", "The size of tensor a (21) must match"), *other = operation("aten::add", "The size of tensor a (22) must match");
	const struct note notes[] = { NOTE(1, "operation", 10, 1, one), NOTE(2, "operation", 11, 2, other) };
	struct hand with = { .processes = processes, .process_count = 1, .events = adds, .event_count = 4, .sites = sites, .site_count = 1,
			     .notes = { notes }, .note_counts = { 2 } };
	struct source source = hand_source(&with);
	json_t *list = failure_handled(&source, NULL), *row = json_array_get(list, 0);

	CU_ASSERT_EQUAL_FATAL(json_array_size(list), 1);
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(row, "times")), 3);
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(row, "messages")), 2);
	json_decref(list);
	json_decref(one);
	json_decref(other);
}

static void
test_healthy(void)
{
	const struct process processes[] = { PROCESS(0, 100, 1, 0, "ok") };
	json_t *handled = operation("aten::cat", "Sizes of tensors must match");
	const struct note notes[] = { NOTE(1, "operation", 10, 20, handled) };

	choose(processes, 1, (const struct note *const[]){ notes }, (const int[]){ 1 });
	CU_ASSERT_FALSE(failed);
	json_decref(handled);
}

static void
test_python(void)
{
	const struct process processes[] = { PROCESS(0, 100, 1, 0, "failed") };
	json_t *fatal = exception("ValueError", "Image features and image tokens do not match", "/x/model.py");
	const struct note notes[] = { NOTE(1, "fatal", 10, 20, fatal) };

	choose(processes, 1, (const struct note *const[]){ notes }, (const int[]){ 1 });
	CU_ASSERT_TRUE_FATAL(failed);
	CU_ASSERT_STRING_EQUAL(failure.kind, "python");
	CU_ASSERT_PTR_NULL(failure.operation_name);
	CU_ASSERT_STRING_EQUAL(failure.type, "ValueError");
	json_decref(fatal);
}

static void
test_chain(void)
{
	const struct process processes[] = { PROCESS(0, 100, 1, 0, "failed") };
	json_t *left = operation("aten::cat", "Sizes of tensors must match"), *fatal = exception("ValueError", "batch 3 failed", "/x/train.py");
	struct note notes[2];

	json_array_append_new(json_object_get(fatal, "chain"),
			      json_pack("{s:s, s:s, s:s, s:[{s:s, s:i, s:s}]}", "relation", "cause", "type", "RuntimeError", "message",
					"Sizes of tensors must match", "frames", "file", "/x/collate.py", "line", 41, "function", "collate"));
	notes[0] = (struct note)NOTE(1, "operation", 10, 20, left);
	notes[1] = (struct note)NOTE(2, "fatal", 20, 20, fatal);
	choose(processes, 1, (const struct note *const[]){ notes }, (const int[]){ 2 });
	CU_ASSERT_TRUE_FATAL(failed);
	CU_ASSERT_STRING_EQUAL(failure.type, "RuntimeError"); /* where it arose */
	CU_ASSERT_EQUAL(failure.link, 0);
	CU_ASSERT_STRING_EQUAL(failure.operation_name, "aten::cat");
	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(json_array_get(failure.frames, 0), "file")), "/x/collate.py");
	json_decref(left);
	json_decref(fatal);
}

static json_t *
link_json(const char *relation, const char *type, const char *message, const char *file)
{
	return json_pack("{s:s, s:s, s:s, s:[{s:s, s:i, s:s}]}", "relation", relation, "type", type, "message", message, "frames", "file",
			 file, "line", 41, "function", "inner");
}

/* The operation's own note has made room for newer ones: the lines that the exception passed tell which it was. */
static void
test_chain_untold(void)
{
	const struct process processes[] = { PROCESS(0, 100, 1, 0, "failed") };
	const struct frame lines[] = { { .file = "/x/collate.py", .function = "collate", .line = 41 }, { .file = "/x/train.py", .function = "run", .line = 9 } };
	const struct frame tries[] = { { .file = "/x/collate.py", .function = "look", .line = 60 }, { .file = "/x/train.py", .function = "run", .line = 9 } };
	const struct site places[] = { { .id = 5, .frame_count = 2, .frames = lines }, { .id = 6, .frame_count = 2, .frames = tries } };
	struct event moments[] = {
		{ .id = 50, .parent = -1, .scope = -1, .site = 5, .operation = "aten::resize_", .phase = "data", .status = "failed", .step = 4 },
		{ .id = 51, .parent = -1, .scope = -1, .site = 6, .operation = "aten::stack", .phase = "data", .status = "failed", .step = 4 },
		{ .id = 52, .parent = -1, .scope = -1, .site = 6, .operation = "aten::resize_", .phase = "data", .status = "ok", .step = 4 },
	};
	json_t *fatal = exception("ValueError", "batch 3 failed", "/x/train.py"), *tried = operation("aten::stack", "expects each tensor");
	struct note notes[] = { NOTE(1, "operation", 10, 51, tried), NOTE(2, "fatal", 20, 52, fatal) };
	struct hand with = { .processes = processes, .process_count = 1, .events = moments, .event_count = 3, .sites = places, .site_count = 2,
			     .notes = { notes }, .note_counts = { 2 } };
	struct source source = hand_source(&with);
	struct failure chosen;

	json_array_append_new(json_object_get(fatal, "chain"),
			      json_pack("{s:s, s:s, s:s, s:[{s:s, s:i, s:s}]}", "relation", "cause", "type", "RuntimeError", "message",
					"Trying to resize", "frames", "file", "/x/collate.py", "line", 41, "function", "collate"));
	CU_ASSERT_TRUE_FATAL(failure_choose(&source, &chosen));
	CU_ASSERT_STRING_EQUAL(chosen.kind, "operation");
	CU_ASSERT_EQUAL(chosen.event.id, 50);
	CU_ASSERT_PTR_NULL(chosen.operation);
	moments[2].site = 5; /* the line went on to do it */
	CU_ASSERT_TRUE_FATAL(failure_choose(&source, &chosen));
	CU_ASSERT_STRING_EQUAL(chosen.kind, "python");
	moments[2].site = 6;
	moments[0].site = 6; /* elsewhere */
	CU_ASSERT_TRUE_FATAL(failure_choose(&source, &chosen));
	CU_ASSERT_STRING_EQUAL(chosen.kind, "python");
	json_decref(fatal);
	json_decref(tried);
}

/* Which phase an exception is of that no operation raised: its frames tell, the operation before it was perhaps another's. */
static void
test_phase_of_raised(void)
{
	static const struct { const char *file, *last; bool grad; const char *phase; } cases[] = {
		{ "/p/torch/nn/modules/module.py", "data", true, "forward" },  { "/p/torch/nn/modules/module.py", "optimizer", false, "eval" },
		{ "/p/torch/utils/data/loader.py", "forward", true, "data" },  { "/x/train.py", "data", true, "data" },
		{ "/p/torch/nn/modules/module.py", "backward", true, "backward" },
	};
	const struct process processes[] = { PROCESS(0, 100, 1, 0, "failed") };

	for (size_t i = 0; i < COUNT(cases); i++) {
		json_t *fatal = exception("ValueError", "not as large as it should be", "/x/model.py");
		const struct note notes[] = { NOTE(1, "fatal", 20, 70, fatal) };
		struct event last = { .id = 70, .parent = -1, .scope = -1, .site = -1, .operation = "aten::stack", .phase = cases[i].last, .status = "ok", .grad = cases[i].grad };
		struct hand with = { .processes = processes, .process_count = 1, .events = &last, .event_count = 1, .notes = { notes }, .note_counts = { 1 } };
		struct source source = hand_source(&with);
		struct failure chosen;

		json_array_append_new(json_object_get(fatal, "frames"),
				      json_pack("{s:s, s:i, s:s}", "file", cases[i].file, "line", 9, "function", "Module._call_impl"));
		CU_ASSERT_TRUE_FATAL(failure_choose(&source, &chosen));
		CU_ASSERT_STRING_EQUAL(chosen.phase, cases[i].phase);
		json_decref(fatal);
	}
}

/* Python alone: "from" leads inwards; what was merely being handled doesn't, unless it is told again. */
static void
test_python_chain(void)
{
	const struct process processes[] = { PROCESS(0, 100, 1, 0, "failed") };
	json_t *fatal = exception("RuntimeError", "step 3 of training failed", "/x/train.py"), *chain = json_object_get(fatal, "chain");
	const struct note notes[] = { NOTE(1, "fatal", 20, 20, fatal) };

	json_array_append_new(chain, link_json("cause", "ValueError", "the collator is unhappy", "/x/collate.py"));
	json_array_append_new(chain, link_json("cause", "AssertionError", "46 starts, 45 ends", "/x/pairs.py"));
	json_array_append_new(chain, link_json("context", "KeyError", "'cached item nine'", "/x/cache.py"));
	choose(processes, 1, (const struct note *const[]){ notes }, (const int[]){ 1 });
	CU_ASSERT_STRING_EQUAL(failure.type, "AssertionError");
	CU_ASSERT_EQUAL(failure.link, 1);
	json_array_clear(chain);
	json_array_append_new(chain, link_json("context", "KeyError", "'cached item nine'", "/x/cache.py"));
	choose(processes, 1, (const struct note *const[]){ notes }, (const int[]){ 1 });
	CU_ASSERT_STRING_EQUAL(failure.type, "RuntimeError");
	CU_ASSERT_EQUAL(failure.link, -1);
	json_array_clear(chain);
	json_array_append_new(chain, link_json("context", "ValueError", "step 3 of training", "/x/pairs.py"));
	choose(processes, 1, (const struct note *const[]){ notes }, (const int[]){ 1 });
	CU_ASSERT_STRING_EQUAL(failure.type, "ValueError");
	json_decref(fatal);
}

/* An operation failed and was handled; what the handler tried then failed by itself. */
static void
test_handler_fails(void)
{
	const struct process processes[] = { PROCESS(0, 100, 1, 0, "failed") };
	json_t *left = operation("aten::cat", "Sizes of tensors must match"), *fatal = exception("OSError", "no space left here", "/x/save.py");
	json_t *link = link_json("context", "RuntimeError", "Sizes of tensors must match", "/x/collate.py");
	const struct note notes[] = { NOTE(1, "operation", 10, 20, left), NOTE(2, "fatal", 20, 20, fatal) };

	json_array_append_new(json_object_get(fatal, "chain"), link);
	choose(processes, 1, (const struct note *const[]){ notes }, (const int[]){ 2 });
	CU_ASSERT_STRING_EQUAL(failure.type, "OSError");
	CU_ASSERT_PTR_NULL(failure.operation_name);
	json_array_append_new(json_object_get(link, "frames"), json_pack("{s:s, s:i, s:s}", "file", "/x/save.py", "line", 3, "function", "f"));
	choose(processes, 1, (const struct note *const[]){ notes }, (const int[]){ 2 });
	CU_ASSERT_STRING_EQUAL(failure.type, "RuntimeError"); /* raised by the handler itself */
	json_array_insert_new(json_object_get(fatal, "chain"), 0,
			      link_json("cause", "ValueError", "batch 3: Sizes of tensors must match", "/x/collate.py"));
	choose(processes, 1, (const struct note *const[]){ notes }, (const int[]){ 2 });
	CU_ASSERT_EQUAL(failure.link, 1); /* told twice on its way */
	json_decref(left);
	json_decref(fatal);
}

/* What the fatal exception left behind on its way out was not handled. */
static void
test_passing(void)
{
	const struct process processes[] = { PROCESS(0, 100, 1, 0, "failed"), PROCESS(1, 101, 1, 1, "failed") };
	json_t *through = operation("demo::custom", ""), *fatal = exception("ValueError", "shapes differ", "/x/model.py");
	json_t *again = exception("ValueError", "shapes differ", "/x/model.py"), *other = exception("ValueError", "another sentence", "/x/model.py");
	const struct note first[] = { NOTE(1, "operation", 10, 10, through), NOTE(2, "fatal", 20, 11, fatal) };
	const struct note second[] = { NOTE(1, "exception", 19, 11, again), NOTE(2, "exception", 19, 11, other), NOTE(3, "fatal", 20, 11, again) };
	struct source source;
	json_t *list;

	json_object_set_new(json_object_get(through, "exception"), "type", json_string("python_error"));
	choose(processes, 2, (const struct note *const[]){ first, second }, (const int[]){ 2, 3 });
	CU_ASSERT_TRUE_FATAL(failed);
	CU_ASSERT_EQUAL(failure.process, 0); /* same step: the smallest rank */
	source = hand_source(&hand);
	list = failure_handled(&source, &failure);
	CU_ASSERT_EQUAL_FATAL(json_array_size(list), 1);
	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(json_array_get(list, 0), "message")), "another sentence");
	json_decref(list);
	json_object_set_new(fatal, "frames", json_pack("[{s:s, s:s}, {s:s, s:s}]", "file", "/lib/x-packages/torch/utils/checkpoint.py", "function",
						       "check", "file", "/x/model.py", "function", "step"));
	stopped_early = true; /* an early stop of what is computed again: neither the failure nor worth telling */
	choose(processes, 1, (const struct note *const[]){ first }, (const int[]){ 2 });
	CU_ASSERT_PTR_NULL(failure.operation);
	list = failure_handled(&source, &failure);
	CU_ASSERT_EQUAL(json_array_size(list), 0);
	json_decref(list);
	stopped_early = false;
	choose(processes, 1, (const struct note *const[]){ first }, (const int[]){ 2 });
	CU_ASSERT_PTR_NOT_NULL(failure.operation);
	json_decref(through);
	json_decref(fatal);
	json_decref(again);
	json_decref(other);
}

/* The clock of the second rank is ahead; its failure is told second all the same. */
static void
test_ranks(void)
{
	const struct process processes[] = { PROCESS(0, 100, 1, 0, "failed"), PROCESS(1, 101, 1, 1, "failed") };
	json_t *left = operation("aten::cat", "Sizes of tensors must match");
	const struct note first[] = { NOTE(1, "operation", 90, 20, left) }, second[] = { NOTE(1, "operation", 10, 20, left) };

	choose(processes, 2, (const struct note *const[]){ first, second }, (const int[]){ 1, 1 });
	CU_ASSERT_TRUE_FATAL(failed);
	CU_ASSERT_EQUAL(failure.process, 0);
	collectives[0] = 3; /* rank 0 came further in that step before it failed */
	collectives[1] = 2;
	choose(processes, 2, (const struct note *const[]){ first, second }, (const int[]){ 1, 1 });
	collectives[0] = collectives[1] = 0;
	CU_ASSERT_EQUAL(failure.process, 1);
	json_decref(left);
}

static void
test_worker(void)
{
	const struct process processes[] = { PROCESS(0, 100, 1, 0, "failed"), PROCESS(1, 101, 100, -1, "ok") };
	json_t *left = operation("aten::cat", "Sizes of tensors must match");
	json_t *seen = exception("RuntimeError", "Sizes of tensors must match", "/x/collate.py");
	json_t *fatal = exception("RuntimeError", "Caught RuntimeError in DataLoader worker process 0.\nOriginal Traceback\n"
				  "RuntimeError: Sizes of tensors must match", "/lib/site-packages/torch/_utils.py");
	const struct note parent[] = { NOTE(1, "fatal", 30, 40, fatal) };
	const struct note child[] = { NOTE(1, "operation", 10, 20, left), NOTE(2, "exception", 11, 20, seen) };

	choose(processes, 2, (const struct note *const[]){ parent, child }, (const int[]){ 1, 2 });
	CU_ASSERT_TRUE_FATAL(failed);
	CU_ASSERT_EQUAL(failure.process, 1);
	CU_ASSERT_STRING_EQUAL(failure.operation_name, "aten::cat");
	json_decref(left);
	json_decref(seen);
	json_decref(fatal);
}

/* The pool's own process ran no operation: nobody but its helper has anything to tell. */
static void
test_main_lost(void)
{
	const struct process processes[] = { PROCESS(0, 101, 100, -1, "ok") };
	json_t *left = operation("aten::cat", "Sizes of tensors must match");
	json_t *seen = exception("RuntimeError", "Sizes of tensors must match", "/lib/concurrent/futures/process.py");
	const struct note child[] = { NOTE(1, "operation", 10, 20, left), NOTE(2, "exception", 11, 20, seen) };
	struct source source;
	struct failure found;

	choose(processes, 1, (const struct note *const[]){ child }, (const int[]){ 2 });
	CU_ASSERT_FALSE(failed); /* it may be survived: the command ended well */
	hand.main_lost = true;
	source = hand_source(&hand);
	CU_ASSERT_TRUE_FATAL(failure_choose(&source, &found));
	CU_ASSERT_STRING_EQUAL(found.operation_name, "aten::cat");
	json_decref(left);
	json_decref(seen);
}

/* A child's assert says nothing but where it stands: its traceback is in what the parent raises. */
static void
test_silent_worker(void)
{
	const struct process processes[] = { PROCESS(0, 100, 1, 0, "failed"), PROCESS(1, 101, 100, -1, "ok") };
	json_t *seen = exception("AssertionError", "", "/x/data.py");
	json_t *fatal = exception("AssertionError", "Caught AssertionError in DataLoader worker process 0.\n  File \"/x/data.py\", line 7, in __getitem__\n"
				  "    assert a == b\nAssertionError", "/lib/site-packages/torch/_utils.py");
	const struct note parent[] = { NOTE(1, "fatal", 30, 40, fatal) };
	const struct note child[] = { NOTE(1, "exception", 11, 20, seen) };

	choose(processes, 2, (const struct note *const[]){ parent, child }, (const int[]){ 1, 1 });
	CU_ASSERT_TRUE_FATAL(failed);
	CU_ASSERT_EQUAL(failure.process, 1);
	json_decref(fatal);
	fatal = exception("AssertionError", "Caught AssertionError in DataLoader worker process 0.\n  File \"/x/other.py\", line 7, in f", "/lib/torch/_utils.py");
	choose(processes, 2, (const struct note *const[]){ (const struct note[]){ NOTE(1, "fatal", 30, 40, fatal) }, child }, (const int[]){ 1, 1 });
	CU_ASSERT_EQUAL(failure.process, 0); /* another's */
	json_decref(seen);
	json_decref(fatal);
}

static void
test_launcher(void)
{
	const struct process processes[] = { PROCESS(0, 50, 1, -1, "failed"), PROCESS(1, 101, 50, 0, "failed"), PROCESS(2, 102, 50, 1, "failed") };
	json_t *child_failed = exception("ChildFailedError", "train.py FAILED", "/p/site-packages/torch/distributed/launcher/api.py");
	json_t *waits = operation("c10d::allreduce_", "Connection closed by peer"), *waited = exception("RuntimeError", "Connection closed by peer", "/x/t.py");
	json_t *left = operation("aten::cat", "Sizes of tensors must match"), *fatal = exception("RuntimeError", "Sizes of tensors must match", "/x/c.py");
	const struct note launcher[] = { NOTE(1, "fatal", 90, -1, child_failed) };
	const struct note rank0[] = { NOTE(1, "operation", 10, 30, waits), NOTE(2, "fatal", 11, 30, waited) };
	const struct note rank1[] = { NOTE(1, "operation", 20, 20, left), NOTE(2, "fatal", 21, 20, fatal) };

	choose(processes, 3, (const struct note *const[]){ launcher, rank0, rank1 }, (const int[]){ 1, 2, 2 });
	CU_ASSERT_TRUE_FATAL(failed);
	CU_ASSERT_EQUAL(failure.process, 2); /* although the collective's error came first by the clock */
	json_decref(child_failed);
	json_decref(waits);
	json_decref(waited);
	json_decref(left);
	json_decref(fatal);
}

static void
test_logged_and_killed(void)
{
	const struct process left[] = { PROCESS(0, 100, 1, 0, "failed") }, killed[] = { PROCESS(0, 100, 1, 0, "killed") };
	json_t *seen = exception("RuntimeError", "Sizes of tensors must match", "/x/collate.py");
	const struct note notes[] = { NOTE(1, "exception", 11, 20, seen) };

	choose(left, 1, (const struct note *const[]){ notes }, (const int[]){ 1 });
	CU_ASSERT_TRUE_FATAL(failed);
	CU_ASSERT_STRING_EQUAL(failure.kind, "python");
	CU_ASSERT_STRING_EQUAL(failure.message, "Sizes of tensors must match");
	choose(killed, 1, (const struct note *const[]){ notes }, (const int[]){ 0 });
	CU_ASSERT_TRUE_FATAL(failed);
	CU_ASSERT_STRING_EQUAL(failure.kind, "signal");
	CU_ASSERT_STRING_EQUAL(failure.operation_name, "aten::add");
	CU_ASSERT_STRING_EQUAL(failure.event.status, "open");
	json_decref(seen);
}

/* What a worker's loop and fetcher hold says which sample it was. */
static void
test_sample(void)
{
	const struct process processes[] = { PROCESS(0, 100, 1, 0, "failed"), PROCESS(1, 101, 100, -1, "ok") };
	json_t *fatal = exception("RuntimeError", "Caught RuntimeError", "/x/train.py"), *json;
	json_t *frames = json_pack("[{s:s, s:s, s:[]}, {s:s, s:s, s:[{s:s, s:s, s:i}]}, {s:s, s:s, s:[{s:s, s:s, s:i}, {s:s, s:s, s:i}]}]",
				   "file", "/x/data.py", "function", "Data.__getitem__", "locals",
				   "file", "/p/torch/utils/data/_utils/fetch.py", "function", "_MapDatasetFetcher.fetch", "locals",
				   "name", "idx", "kind", "int", "value", 6,
				   "file", "/p/torch/utils/data/_utils/worker.py", "function", "_worker_loop", "locals",
				   "name", "worker_id", "kind", "int", "value", 1, "name", "idx", "kind", "int", "value", 3);
	const struct note parent[] = { NOTE(1, "fatal", 30, 40, fatal) };
	const struct failure failed_child = { .kind = "operation", .process = 1, .phase = "data" };
	struct source source;

	json_object_set_new(json_array_get(json_object_get(fatal, "frames"), 0), "locals",
			    json_pack("[{s:s, s:s, s:i}]", "name", "epoch", "kind", "int", "value", 2));
	hand = (struct hand){ .processes = processes, .process_count = 2, .notes = { parent }, .note_counts = { 1 } };
	source = hand_source(&hand);
	json = sample_build(&source, &failed_child, frames, -1);
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(json, "epoch")), 2);
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(json, "batch")), 3);
	CU_ASSERT_EQUAL(json_integer_value(json_array_get(json_object_get(json, "indices"), 0)), 6);
	CU_ASSERT_TRUE(json_is_null(json_object_get(json, "within_batch")));
	json_decref(json);
	json_array_remove(frames, 0); /* the collator's failure: no single item */
	json_array_remove(frames, 1);
	json = sample_build(&source, &failed_child, frames, 2);
	CU_ASSERT_TRUE(json_is_null(json_object_get(json, "indices")));
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(json, "within_batch")), 2);
	json_decref(json);
	json = sample_build(&source, &failed_child, NULL, -1);
	CU_ASSERT_TRUE(json_is_null(json));
	json_decref(json);
	json_decref(frames);
	json_decref(fatal);
}

int
main(void)
{
	CU_pSuite suite;
	unsigned failures;

	if (CU_initialize_registry() != CUE_SUCCESS)
		return 2;
	suite = CU_add_suite("failure", NULL, NULL);
	CU_add_test(suite, "fatal, nested, with a handled one before", test_fatal);
	CU_add_test(suite, "handled, by line", test_handled);
	CU_add_test(suite, "healthy", test_healthy);
	CU_add_test(suite, "raised in Python", test_python);
	CU_add_test(suite, "raised from another", test_chain);
	CU_add_test(suite, "raised from another that has no note", test_chain_untold);
	CU_add_test(suite, "raised from another, Python alone", test_python_chain);
	CU_add_test(suite, "the phase of what was raised in Python", test_phase_of_raised);
	CU_add_test(suite, "the handler fails", test_handler_fails);
	CU_add_test(suite, "passing through", test_passing);
	CU_add_test(suite, "ranks at the same step", test_ranks);
	CU_add_test(suite, "a worker's, told again by its parent", test_worker);
	CU_add_test(suite, "only a helper has told", test_main_lost);
	CU_add_test(suite, "a worker that says nothing", test_silent_worker);
	CU_add_test(suite, "ranks and their launcher", test_launcher);
	CU_add_test(suite, "which sample", test_sample);
	CU_add_test(suite, "logged; killed", test_logged_and_killed);
	CU_basic_run_tests();
	failures = CU_get_number_of_failures();
	CU_cleanup_registry();
	return failures ? 1 : 0;
}
