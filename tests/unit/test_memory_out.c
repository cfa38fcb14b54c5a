/* links: schema viewer */
/* Allocations that fail on a device: who held the memory then, who had been taking more, and what it comes from. */
#include <CUnit/Basic.h>
#include <stdio.h>

#include "analysis_events.h"
#include "viewer/analysis/causes/causes.h"
#include "viewer/analysis/memory/memory_out.h"
#include "viewer/analysis/memory/memory_walk.h"
#include "viewer/analysis/mismatch/operand_memory.h"

#define MB 1000000ll
#define CALLS_MOST 200

static struct cuda_call calls[CALLS_MOST];
static int call_count;
static struct cuda_memory earlier[1];
static int earlier_count;

static struct cuda_call *
add(const char *kind, int64_t step, int64_t site, const char *operation, int64_t address, int64_t bytes, int64_t allocated, int64_t reserved)
{
	struct cuda_call *call = &calls[call_count++];

	*call = (struct cuda_call){ .id = call_count, .time_ns = call_count, .step = step, .event = -1, .site = site, .kind = kind, .function = "caching allocator",
				    .operation = operation, .address = address, .bytes = bytes, .allocated = allocated, .reserved = reserved };
	return call;
}

static const struct frame frames[] = { { "/x/m.py", "f", 10, 8 }, { "/x/m.py", "f", 11, 8 } };
static const struct site sites[] = { { 1, 1, 1, 0, &frames[0] }, { 2, 1, 1, 0, &frames[1] } };
static json_t *memory, *causes;

/* Looks at the calls made so far, as MESSAGE tells it; forgets them. */
static void
look(const char *message)
{
	struct hand hand = { .sites = sites, .site_count = COUNT(sites), .calls = calls, .call_count = call_count, .blocks = true, .memory = earlier,
			     .memory_count = earlier_count };
	struct source source = hand_source(&hand);
	struct failure failure = { .kind = "python", .message = message, .time_ns = call_count };
	struct cause_facts facts = { .message = message, .source = &source };

	json_decref(memory);
	json_decref(causes);
	facts.memory = memory = memory_out(&source, &failure);
	causes = causes_build(&facts);
	call_count = earlier_count = 0;
}

static int64_t
value(const json_t *object, const char *key)
{
	const json_t *number = json_object_get(object, key);

	return json_is_integer(number) ? json_integer_value(number) : -1;
}

static const char *
told(const char *key)
{
	const char *text = json_string_value(json_object_get(json_array_get(causes, 0), key));

	return text ? text : "";
}

static void
test_growth(void)
{
	for (int step = 0; step < 6; step++) {
		add("block", step, 1, "aten::relu", 0x1000 + step, 10 * MB, 10 * MB * step, 80 * MB);
		add("block", step, 2, "aten::mul", 0x9000, 5 * MB, 0, 80 * MB);
		add("block free", step, 2, "aten::mul", 0x9000, 5 * MB, 0, 80 * MB);
	}
	add("block", 6, 2, "aten::mul", 0x9000, 5 * MB, 65 * MB, 80 * MB);
	calls[call_count - 1].device = 1; /* another device's memory is no holder here */
	add("allocation", 6, 2, "aten::mul", 0, 20 * MB, -1, -1)->result = 2;
	add("out of memory", 6, 2, "aten::mul", 0, 7 * MB, 60 * MB, 62 * MB);
	add("block free", 6, 1, "aten::relu", 0x1000, 10 * MB, 50 * MB, 62 * MB); /* after it: of no account */
	look("CUDA out of memory. Tried to allocate 20.00 MiB. GPU 0 has a total capacity of 1.50 GiB of which 10.00 MiB is free.");
	CU_ASSERT_PTR_NOT_NULL_FATAL(memory);
	CU_ASSERT_EQUAL(value(memory, "asked"), 7 * MB);
	CU_ASSERT_EQUAL(value(memory, "allocated"), 60 * MB);
	CU_ASSERT_EQUAL(value(memory, "reserved"), 62 * MB);
	CU_ASSERT_EQUAL(value(memory, "total"), 3ll << 29);
	CU_ASSERT_EQUAL(value(memory, "free"), 10ll << 20);
	CU_ASSERT_EQUAL(value(memory, "known"), 60 * MB);
	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(memory, "where")), "m.py:11");
	CU_ASSERT_EQUAL(json_array_size(json_object_get(memory, "holders")), 1);
	CU_ASSERT_EQUAL(value(json_array_get(json_object_get(memory, "holders"), 0), "bytes"), 60 * MB);
	CU_ASSERT_EQUAL(value(json_array_get(json_object_get(memory, "growth"), 0), "first"), 10 * MB);
	CU_ASSERT_EQUAL(value(json_array_get(json_object_get(memory, "growth"), 0), "last"), 60 * MB);
	CU_ASSERT_EQUAL(value(json_array_get(json_object_get(memory, "operations"), 0), "bytes"), 60 * MB);
	CU_ASSERT_STRING_EQUAL(told("rule"), "out_of_memory");
	CU_ASSERT_STRING_EQUAL(told("confidence"), "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(told("text"), "aten::relu at m.py:10 made is kept from step to step"));
}

/* A loop without an optimizer: line 1 made PIECES of which FREED were freed, line 2 frees what it makes. */
static void
loop(int pieces, int freed, bool others)
{
	for (int i = 0; i < pieces; i++) {
		add("block", 0, 1, "aten::mm", 0x1000 + i, 20 * MB, 20 * MB * (i + 1), 900 * MB);
		add("block", 0, 2, "aten::mul", 0x9000, 5 * MB, 0, 900 * MB);
		if (others)
			add("block free", 0, 2, "aten::mul", 0x9000, 5 * MB, 0, 900 * MB);
	}
	for (int i = 0; i < freed; i++)
		add("block free", 0, 1, "aten::mm", 0x1000 + i, 20 * MB, 0, 900 * MB);
	add("out of memory", 0, 1, "aten::mm", 0, 20 * MB, 20 * MB * pieces, 20 * MB * pieces);
	look("CUDA out of memory.");
}

static void
test_kept(void)
{
	loop(39, 0, true);
	CU_ASSERT_EQUAL(value(json_object_get(memory, "kept"), "pieces"), 39);
	CU_ASSERT_STRING_EQUAL(told("confidence"), "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(told("text"), "aten::mm at m.py:10 made is kept: 39 pieces of 20.0 MB, one for each of its 39 calls"));
	loop(39, 1, true); /* it frees some */
	CU_ASSERT_TRUE(json_is_null(json_object_get(memory, "kept")));
	CU_ASSERT_STRING_EQUAL(told("confidence"), "possible");
	loop(5, 0, true);  /* so few tell nothing */
	CU_ASSERT_TRUE(json_is_null(json_object_get(memory, "kept")));
	add("block", 0, 1, "aten::mm", 0x500000, 400 * MB, 0, 900 * MB); /* pieces of other sizes */
	loop(39, 0, true);
	CU_ASSERT_TRUE(json_is_null(json_object_get(memory, "kept")));
}

/* The first forward: what each line made is kept for backward. */
static void
test_kept_by_all(void)
{
	for (int i = 0; i < 12; i++) {
		add("block", 0, 1, "aten::mm", 0x1000 + i, 20 * MB, 0, 900 * MB);
		add("block", 0, 2, "aten::mul", 0x9000 + i, 15 * MB, 0, 900 * MB);
	}
	add("out of memory", 0, 1, "aten::mm", 0, 20 * MB, 420 * MB, 420 * MB);
	look("CUDA out of memory.");
	CU_ASSERT_TRUE(json_is_null(json_object_get(memory, "kept")));
	CU_ASSERT_STRING_EQUAL(told("confidence"), "possible");
}

static void
test_fragments(void)
{
	add("block", 0, 1, "aten::relu", 0x1000, 40 * MB, 40 * MB, 100 * MB);
	add("out of memory", 0, 2, "aten::mul", 0, 7 * MB, 40 * MB, 100 * MB);
	look("CUDA out of memory.");
	CU_ASSERT_PTR_NOT_NULL(strstr(told("text"), "60.0 MB more that is free, but in pieces too small"));
	CU_ASSERT_PTR_NOT_NULL(strstr(told("fix"), "expandable_segments:True"));
}

static void
test_others(void)
{
	add("block", 0, 1, "aten::relu", 0x1000, 40 * MB, 40 * MB, 41 * MB);
	add("out of memory", 0, 2, "aten::mul", 0, 7 * MB, 40 * MB, 41 * MB);
	look("CUDA out of memory. Tried to allocate 7.00 MiB. GPU 0 has a total capacity of 1.00 GiB of which 1.00 MiB is free. Including non-PyTorch memory, "
	     "this process has 60.00 MiB memory in use.");
	CU_ASSERT_EQUAL(value(memory, "in_use"), 60ll << 20);
	CU_ASSERT_PTR_NOT_NULL(strstr(told("text"), "held by others than PyTorch in this process"));
	CU_ASSERT_PTR_NOT_NULL(strstr(told("fix"), "nvidia-smi"));
}

static void
test_huge_and_plain(void)
{
	add("block", 0, 1, "aten::relu", 0x1000, 40 * MB, 40 * MB, 41 * MB);
	add("out of memory", 0, 2, "aten::mul", 0, 9000 * MB, 40 * MB, 41 * MB);
	look("CUDA out of memory.");
	CU_ASSERT_PTR_NOT_NULL(strstr(told("text"), "this one request that is too large"));
	/* a piece from before the kept calls is known of the table of live memory */
	earlier[earlier_count++] = (struct cuda_memory){ .kind = "block", .address = 0x5000, .bytes = 30 * MB, .site = 1, .operation = "aten::to" };
	add("block", 0, 1, "aten::relu", 0x1000, 40 * MB, 70 * MB, 71 * MB);
	add("out of memory", 0, 2, "aten::mul", 0, 7 * MB, 70 * MB, 71 * MB);
	look("CUDA out of memory.");
	CU_ASSERT_EQUAL(value(memory, "known"), 70 * MB);
	CU_ASSERT_STRING_EQUAL(told("confidence"), "possible");
}

static void
test_without_allocator(void)
{
	add("allocation", 0, 1, "demo::make", 0x1000, 40 * MB, -1, -1);
	add("allocation", 0, 2, "demo::make", 0, 50 * MB, -1, -1)->result = 2;
	look("something else");
	CU_ASSERT_PTR_NULL(memory); /* neither the message nor the operation is that call's */
	CU_ASSERT_EQUAL(json_array_size(causes), 0);
	add("allocation", 0, 1, "demo::make", 0x1000, 40 * MB, -1, -1);
	look("CUDA out of memory.");
	CU_ASSERT_PTR_NULL(memory); /* no call failed */
}

/* What is known of the piece that DATA lies in, by the time of the last call but LATER. */
/* One line keeps 10 MB more at each of four steps, the other 2 MB that it frees within its step. */
static void
test_over_time(void)
{
	struct hand hand = { .sites = sites, .site_count = COUNT(sites), .calls = calls, .blocks = true };
	struct source source = hand_source(&hand);
	struct memory_walk walk = { .source = &source, .process = 0, .until = -1 };
	const json_t *kept, *points;
	json_t *lines;

	for (int step = 0; step < 4; step++) {
		add("block", step, 1, "aten::relu", 0x1000 + step * 0x100, 10 * MB, 10 * MB * (step + 1), 100 * MB);
		add("block", step, 2, "aten::mul", 0x9000, 2 * MB, 10 * MB * (step + 1) + 2 * MB, 100 * MB);
		add("block free", step, 2, "aten::mul", 0x9000, 2 * MB, 10 * MB * (step + 1), 100 * MB);
	}
	hand.call_count = call_count;
	memory_walk_run(&walk);
	lines = memory_over_time(&walk);
	CU_ASSERT_EQUAL(json_array_size(lines), 1); /* the other held nothing when a step ended */
	kept = json_array_get(lines, 0);
	points = json_object_get(kept, "points");
	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(kept, "where")), "m.py:10");
	CU_ASSERT_EQUAL(json_array_size(points), 4);
	for (int step = 0; step < 4; step++) {
		CU_ASSERT_EQUAL(json_integer_value(json_array_get(json_array_get(points, (size_t)step), 0)), step);
		CU_ASSERT_EQUAL(json_integer_value(json_array_get(json_array_get(points, (size_t)step), 1)), 10 * MB * (step + 1));
	}
	json_decref(lines);
	memory_walk_free(&walk);
	call_count = 0;
}

static json_t *
piece(const char *data, int later)
{
	struct hand hand = { .sites = sites, .site_count = COUNT(sites), .calls = calls, .call_count = call_count, .blocks = true, .memory = earlier,
			     .memory_count = earlier_count };
	struct source source = hand_source(&hand);
	json_t *local = json_pack("{s:s}", "data", data), *found = operand_memory(&source, 0, local, call_count - later);

	json_decref(local);
	return found;
}

static void
test_piece(void)
{
	json_t *found;

	add("block", 0, 1, "aten::to", 0x1000, 0x800, 0, 0);
	add("block free", 0, 2, NULL, 0x1000, 0x800, 0, 0);
	add("block", 0, 2, "aten::mul", 0x5000, 0x100, 0, 0);
	found = piece("0x1200", 0);
	CU_ASSERT_TRUE(json_is_true(json_object_get(found, "freed")));
	CU_ASSERT_EQUAL(value(found, "offset"), 0x200);
	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(found, "where")), "m.py:10");
	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(found, "freed_where")), "m.py:11");
	json_decref(found);
	found = piece("0x1200", 2); /* freed after the failure only */
	CU_ASSERT_TRUE(json_is_false(json_object_get(found, "freed")));
	json_decref(found);
	add("block", 0, 2, "aten::mul", 0x1000, 0x800, 0, 0);
	found = piece("0x1200", 0); /* handed out again: it can't be told whose data it is, but it is no free memory */
	CU_ASSERT_TRUE(json_is_false(json_object_get(found, "freed")));
	json_decref(found);
	CU_ASSERT_TRUE(json_is_null(piece("0x1800", 0))); /* its end is no part of it */
	earlier[earlier_count++] = (struct cuda_memory){ .kind = "block", .address = 0x9000, .bytes = 0x100, .site = 1, .operation = "aten::to" };
	found = piece("0x9010", 0);
	CU_ASSERT_EQUAL(value(found, "offset"), 0x10);
	CU_ASSERT_TRUE(json_is_false(json_object_get(found, "freed")));
	json_decref(found);
	call_count = earlier_count = 0;
}

int
main(void)
{
	CU_pSuite suite;
	unsigned failures;

	if (CU_initialize_registry() != CUE_SUCCESS)
		return 2;
	suite = CU_add_suite("memory_out", NULL, NULL);
	CU_add_test(suite, "kept from step to step", test_growth);
	CU_add_test(suite, "kept by a list", test_kept);
	CU_add_test(suite, "kept for backward", test_kept_by_all);
	CU_add_test(suite, "fragments", test_fragments);
	CU_add_test(suite, "other processes", test_others);
	CU_add_test(suite, "one request; nothing special", test_huge_and_plain);
	CU_add_test(suite, "not of this call", test_without_allocator);
	CU_add_test(suite, "what lines held over the steps", test_over_time);
	CU_add_test(suite, "the piece that data lies in", test_piece);
	CU_basic_run_tests();
	json_decref(memory);
	json_decref(causes);
	failures = CU_get_number_of_failures();
	CU_cleanup_registry();
	return failures ? 1 : 0;
}
