/* links: schema viewer */
/* Where a size that is new came from, and what was usual before. */
#include <CUnit/Basic.h>
#include <stdlib.h>

#include "analysis_events.h"
#include "viewer/analysis/history/news.h"

#define CALLS 12
#define LINES 5

/* A picture that is cut into patches (stride 8), laid out in a row, joined with 13 words, put into one row and taken apart again. */
struct call { struct operand asked[1], picture[1], patches[1], row[1], pieces[3], joined[1], flat[1], whole[1]; int64_t sizes[8][4]; };

static struct call made[CALLS + 1];
static struct event events[(CALLS + 1) * (LINES + 1)];
static struct hand hand = { .events = events };
static struct source source;
static struct news *news;

static struct operand
tensor(const char *name, int64_t identity, int ndim, const int64_t *sizes)
{
	return (struct operand){ .name = name, .kind = "tensor", .item = -1, .ndim = ndim, .sizes = sizes, .dtype = "float32", .device = "cpu", .layout = "strided",
				 .tensor = identity };
}

static void
add(const char *operation, int site, int64_t step, const struct operand *operands, int count, const struct operand *output)
{
	events[hand.event_count] = (struct event){ .id = hand.event_count + 1, .parent = -1, .scope = -1, .site = site, .sequence = -1, .operation = operation,
						   .overload = "", .phase = "forward", .status = "ok", .step = step, .operand_count = count, .operands = operands,
						   .output_count = 1, .outputs = output };
	hand.event_count++;
}

/* One pass with a picture of SIZE; its tensors are 10 * N and on. The first site is SITE. */
static void
pass(int n, int64_t size, int site)
{
	struct call *call = &made[n];
	int64_t grid = size / 8, id = 10 * (n + 1);

	memcpy(call->sizes, (int64_t[8][4]){ { 1, size }, { 1, grid }, { grid }, { 13 }, { grid + 13 }, { 3 * (grid + 13) }, { 3, grid + 13 } }, sizeof(call->sizes));
	call->asked[0] = (struct operand)VALUE("size", "int[]", "[1, 1]");
	call->picture[0] = tensor("self", id, 2, call->sizes[0]);
	call->patches[0] = tensor("self", id + 1, 2, call->sizes[1]);
	call->row[0] = tensor("self", id + 2, 1, call->sizes[2]);
	call->pieces[0] = tensor("tensors[0]", id + 2, 1, call->sizes[2]);
	call->pieces[1] = tensor("tensors[1]", id + 3, 1, call->sizes[3]);
	call->pieces[2] = (struct operand)VALUE("dim", "int", "0");
	call->joined[0] = tensor("self", id + 4, 1, call->sizes[4]);
	add("aten::randn", site, n, call->asked, 1, call->picture);
	add("aten::avg_pool1d", 2, n, call->picture, 1, call->patches);
	add("aten::view", 3, n, call->patches, 1, call->row);
	add("aten::cat", 4, n, call->pieces, 3, call->joined);
}

static void
follow(int64_t last, int site)
{
	hand.event_count = 0;
	for (int n = 0; n < CALLS; n++)
		pass(n, 32, 1);
	pass(CALLS, last, site);
	news_find(&source, 0, 10 * (CALLS + 1) + 4, 9999, 0, news);
}

static void
test_first(void)
{
	follow(40, 1);
	CU_ASSERT_EQUAL_FATAL(news->count, 3);
	CU_ASSERT_EQUAL(news->steps[0].step.size, 18); /* 5 + 13 */
	CU_ASSERT_EQUAL(news->steps[1].step.size, 5);
	CU_ASSERT_STRING_EQUAL(news->steps[2].step.event.operation, "aten::randn");
	CU_ASSERT_EQUAL(news->steps[2].step.size, 40);
	CU_ASSERT_EQUAL(news->steps[2].usual.largest, 32);
	CU_ASSERT_EQUAL(news->steps[2].usual.calls, CALLS);
	CU_ASSERT_TRUE(usual_is_steady(&news->steps[2].usual));
	CU_ASSERT_TRUE(news->ended);
	follow(40, 99); /* a line that ran for the first time: what came of it is new, itself nobody knows */
	CU_ASSERT_EQUAL_FATAL(news->count, 2);
	CU_ASSERT_STRING_EQUAL(news->steps[1].step.event.operation, "aten::avg_pool1d");
}

static void
test_as_ever(void)
{
	follow(32, 1);
	CU_ASSERT_EQUAL(news->count, 0);
	CU_ASSERT_TRUE(news->known);
	events[0].step = events[1].step = 0;
	news_find(&source, 0, 4711, 9999, 0, news); /* no such tensor */
	CU_ASSERT_EQUAL(news->count, 0);
	CU_ASSERT_FALSE(news->known);
}

/* A size among those that vary anyway is no news, though it never was; one beyond them is. */
static void
test_varies(void)
{
	for (int pass_size = 40; pass_size <= 56; pass_size += 16) {
		hand.event_count = 0;
		for (int n = 0; n < CALLS; n++)
			pass(n, n % 2 ? 32 : 48, 1);
		pass(CALLS, pass_size, 1);
		news_find(&source, 0, 10 * (CALLS + 1) + 4, 9999, 0, news);
		CU_ASSERT_EQUAL(news->count > 0, pass_size == 56);
	}
	CU_ASSERT_FALSE(usual_is_steady(&news->steps[0].usual));
}

/* Layers of one line, in one step, have what the first of them has: it is as new for all. */
static void
test_same_step(void)
{
	struct usuals usuals;
	struct usual usual;

	hand.event_count = 0;
	for (int n = 0; n < CALLS; n++)
		pass(n, n < CALLS - 1 ? 32 : 40, 1);
	pass(CALLS, 40, 1);
	events[hand.event_count - 4].step = events[hand.event_count - 8].step;
	CU_ASSERT_TRUE(usual_made(&source, 0, &events[hand.event_count - 4], 0, USUAL_CALLS_QUICK, &usuals));
	CU_ASSERT_TRUE(usual_dim(&usuals, 1, &usual));
	CU_ASSERT_EQUAL(usual.same, 0);
	CU_ASSERT_EQUAL(usual.calls, CALLS - 1);
	events[hand.event_count - 4].step++;
	CU_ASSERT_TRUE(usual_made(&source, 0, &events[hand.event_count - 4], 0, USUAL_CALLS_QUICK, &usuals));
	CU_ASSERT_TRUE(usual_dim(&usuals, 1, &usual));
	CU_ASSERT_EQUAL(usual.same, 1);
	CU_ASSERT_FALSE(usual_made(&source, 0, &events[hand.event_count - 4], 1, USUAL_CALLS_QUICK, &usuals)); /* no such output */
	CU_ASSERT_FALSE(usual_dim(&usuals, 0, &usual));
}

/* The call before the last, which is still there when the search for it has ended. */
static void
test_newest(void)
{
	struct event before = { .id = -1 };

	follow(40, 1);
	CU_ASSERT_TRUE_FATAL(usual_newest(&source, 0, &events[hand.event_count - 1], &before));
	CU_ASSERT_EQUAL(before.id, events[hand.event_count - 1 - (LINES - 1)].id);
	CU_ASSERT_EQUAL_FATAL(before.operand_count, 3);
	CU_ASSERT_EQUAL(before.operands[0].ndim, 1);
	CU_ASSERT_EQUAL(before.operands[0].sizes[0], 4);
	CU_ASSERT_FALSE(usual_newest(&source, 0, &events[0], &before));
}

/* A line that was reached on another way. */
static void
test_other_way(void)
{
	static const struct frame here[] = { { .file = "/x/a.py", .function = "f", .line = 3 }, { .file = "/x/a.py", .function = "train", .line = 30 } };
	static const struct frame there[] = { { .file = "/x/a.py", .function = "f", .line = 3 }, { .file = "/x/a.py", .function = "test", .line = 40 } };
	static const struct site sites[] = { { .id = 1, .frame_count = 2, .frames = here }, { .id = 50, .frame_count = 2, .frames = there } };

	hand.sites = sites;
	hand.site_count = 2;
	follow(40, 50);
	CU_ASSERT_EQUAL_FATAL(news->count, 3);
	CU_ASSERT_STRING_EQUAL(news->steps[2].step.event.operation, "aten::randn");
	hand.site_count = 0;
}

/* Gradients that the line which called FUNCTION put where they belong: 12 of 32, then one of 40. How much is new of that one. */
static int
gradients(const char *function)
{
	static const int64_t sizes[] = { 32, 40 };
	static struct operand from[CALLS + 1], to[CALLS + 1];
	const struct frame frames[] = { { .file = "/x/torch/autograd/graph.py", .function = function, .line = 3 }, { .file = "/x/a.py", .function = "train", .line = 30 } };
	const struct site site = { .id = 7, .frame_count = 2, .frames = frames };

	hand.event_count = 0;
	for (int n = 0; n <= CALLS; n++) {
		from[n] = tensor("self", 1000 + n, 1, &sizes[n == CALLS]);
		to[n] = tensor("output", 2000 + n, 1, &sizes[n == CALLS]);
		add("aten::detach", 7, n, &from[n], 1, &to[n]);
		events[n].phase = "backward";
	}
	hand.sites = &site;
	hand.site_count = 1;
	news_find(&source, 0, 2000 + CALLS, 9999, 0, news);
	hand.site_count = 0;
	return news->count;
}

/* Each is another parameter's: that one is larger than those before says nothing. */
static void
test_gradients(void)
{
	CU_ASSERT_EQUAL(gradients("_engine_run_backward"), 0);
	CU_ASSERT_EQUAL(gradients("my_backward"), 1);
}

int
main(void)
{
	unsigned failures;
	CU_pSuite suite;

	if (CU_initialize_registry() != CUE_SUCCESS || !(news = calloc(1, sizeof(*news))))
		return 2;
	source = hand_source(&hand);
	suite = CU_add_suite("news", NULL, NULL);
	CU_add_test(suite, "the first step that is new", test_first);
	CU_add_test(suite, "as ever", test_as_ever);
	CU_add_test(suite, "sizes that vary", test_varies);
	CU_add_test(suite, "calls of the same step", test_same_step);
	CU_add_test(suite, "the newest call before", test_newest);
	CU_add_test(suite, "a line on another way", test_other_way);
	CU_add_test(suite, "gradients of many parameters", test_gradients);
	CU_basic_run_tests();
	failures = CU_get_number_of_failures();
	free(news);
	CU_cleanup_registry();
	return failures ? 1 : 0;
}
