/* links: schema viewer */
/* Which batch it was where the loader works in the process itself: counted by the loader's ranges since the epoch began. */
#include <CUnit/Basic.h>

#include "analysis_events.h"
#include "viewer/analysis/failure/fetched.h"
#include "viewer/analysis/failure/sample.h"
#include "viewer/analysis/text.h"

#define LOADER "/p/torch/utils/data/dataloader.py"
#define EVENTS 64

static const struct frame fetching[] = { { "/p/torch/utils/data/_utils/collate.py", "collate", 7, 0 }, { "/p/torch/utils/data/_utils/fetch.py", "_MapDatasetFetcher.fetch", 54, 0 },
					 { LOADER, "_BaseDataLoaderIter.__next__", 725, 0 }, { "/x/train.py", "main", 13, 0 }, { "/x/train.py", "<module>", 40, 0 } };
static const struct frame beginning[] = { { LOADER, "_BaseDataLoaderIter.__init__", 690, 0 }, { LOADER, "DataLoader.__iter__", 490, 0 }, { "/x/train.py", "main", 13, 0 },
					  { "/x/train.py", "<module>", 40, 0 } };
static const struct frame evaluation[] = { { LOADER, "_BaseDataLoaderIter.__init__", 690, 0 }, { "/x/train.py", "main", 22, 0 }, { "/x/train.py", "<module>", 40, 0 } };
static const struct frame model[] = { { "/x/train.py", "main", 15, 0 }, { "/x/train.py", "<module>", 40, 0 } };
static const struct frame worker[] = { { "/p/torch/utils/data/_utils/fetch.py", "fetch", 54, 0 }, { "/p/torch/utils/data/_utils/worker.py", "_worker_loop", 300, 0 },
				       { "/x/train.py", "main", 13, 0 } };
static const struct frame receiving[] = { { "/p/torch/multiprocessing/reductions.py", "rebuild_tensor", 110, 0 }, { LOADER, "_MultiProcessingDataLoaderIter._try_get_data", 1291, 0 },
					  { LOADER, "_BaseDataLoaderIter.__next__", 725, 0 }, { "/x/train.py", "main", 13, 0 }, { "/x/train.py", "<module>", 40, 0 } };
static const struct site sites[] = { { 1, 5, 0, 0, fetching }, { 2, 4, 0, 0, beginning }, { 3, 3, 0, 0, evaluation }, { 4, 2, 0, 0, model }, { 5, 3, 0, 0, worker },
				     { 6, 5, 0, 0, receiving } };

static struct event events[EVENTS];
static struct scope scopes[EVENTS];
static struct operand batches[EVENTS][1];
static struct hand hand = { .events = events, .sites = sites, .site_count = COUNT(sites), .scopes = scopes };
static struct source source;
static struct failure failure;
static struct fetched found;

static void
add(const char *operation, int site, int64_t scope)
{
	int n = hand.event_count++;

	batches[n][0] = (struct operand)TENSOR("output", n + 1, 8, 6);
	events[n] = (struct event){ .id = n + 1, .parent = -1, .scope = scope, .site = site, .sequence = -1, .operation = operation, .overload = "", .phase = "data",
				    .status = "ok", .output_count = 1, .outputs = batches[n] };
}

/* Two tensors by FETCH's line are put together for a batch. */
static void
add_batch(int site)
{
	int64_t range = hand.scope_count++;

	scopes[range] = (struct scope){ .id = range, .sequence = -1, .parent = -1, .kind = "user", .name = "enumerate(DataLoader)#_SingleProcessDataLoaderIter.__next__" };
	add("aten::stack", site, range);
	add("aten::stack", site, range);
}

static void
start(int site)
{
	hand.event_count = hand.scope_count = 0;
	source = hand_source(&hand);
	add("aten::random_", 2, -1);
	for (int i = 0; i < 3; i++)
		add_batch(site);
	add("aten::random_", 2, -1); /* the next epoch */
	for (int i = 0; i < 4; i++)
		add_batch(site);
	add("aten::random_", 3, -1); /* another loop's */
	add_batch(site);
	failure = (struct failure){ .kind = "operation", .has_event = true, .context_event = -1, .link = -1,
				    .event = { .id = 60, .scope = -1, .site = 4, .operation = "aten::linear", .overload = "" } };
}

/* The batch of a variable of the loop's that is tensor IDENTITY. */
static bool
find(int64_t identity)
{
	json_t *frames = json_pack("[{s:s, s:s, s:[{s:s, s:s, s:I}]}]", "file", "/x/train.py", "function", "main", "locals", "name", "batch", "kind", "tensor", "tensor",
				   (json_int_t)identity);
	bool is = fetched_find(&source, &failure, frames, (struct lineage *const[]){ NULL, NULL }, &found);

	json_decref(frames);
	return is;
}

static void
test_counted(void)
{
	const struct operand moved[] = { TENSOR("self", 15, 8, 6) }, output[] = { TENSOR("output", 50, 8, 6) };

	start(1);
	CU_ASSERT_TRUE(find(16)); /* the fourth of the second epoch */
	CU_ASSERT_EQUAL(found.batch, 3);
	CU_ASSERT_EQUAL(found.count, 0);
	CU_ASSERT_TRUE(find(9));
	CU_ASSERT_EQUAL(found.batch, 0);
	CU_ASSERT_TRUE(find(5)); /* of the first, the second */
	CU_ASSERT_EQUAL(found.batch, 1);
	add("aten::to", 4, -1);
	events[hand.event_count - 1].operands = moved;
	events[hand.event_count - 1].operand_count = 1;
	events[hand.event_count - 1].outputs = output;
	CU_ASSERT_TRUE(find(50)); /* as it was moved elsewhere */
	CU_ASSERT_EQUAL(found.batch, 3);
}

static void
test_in_stories(void)
{
	struct lineage story = { .count = 2 };

	start(1);
	story.steps[0].event = (struct event){ .id = 55, .site = 4, .scope = -1, .operation = "aten::sub" };
	story.steps[1].event = events[11]; /* what is used may not be what was fetched last */
	CU_ASSERT_TRUE(fetched_find(&source, &failure, NULL, (struct lineage *const[]){ &story, NULL }, &found));
	CU_ASSERT_EQUAL(found.batch, 1);
}

static void
test_not_counted(void)
{
	start(1);
	CU_ASSERT_FALSE(find(999)); /* nothing of a loader's is in sight */
	start(5);
	CU_ASSERT_FALSE(find(16)); /* a worker's */
	start(1);
	events[0].operation = events[7].operation = "aten::normal_"; /* the epoch's beginning is no longer kept */
	CU_ASSERT_FALSE(find(16));
	start(1);
	for (int i = 0; i < hand.scope_count; i++)
		scopes[i].name = "mine";
	CU_ASSERT_FALSE(find(16));
}

static int64_t whole_calls, whole_epochs;

/* What the whole run knows of the calls of EVENT's operation. */
static void
each_call_site(void *context, int process, const struct event *event, bool (*visit)(int64_t site, int64_t calls, void *context), void *visitor)
{
	(void)context;
	(void)process;
	if (strcmp(event->operation, "aten::random_") == 0)
		visit(2, whole_epochs, visitor);
	else
		visit(1, strcmp(event->operation, "aten::pad_sequence") == 0 ? whole_calls : 2 * whole_calls, visitor);
}

/* A batch of two stacks, one pad_sequence and, if OTHER, a cat of its own. */
static void
add_padded(bool other)
{
	add_batch(1);
	add("aten::pad_sequence", 1, hand.scope_count - 1);
	if (other)
		add("aten::cat", 1, hand.scope_count - 1);
}

/* An operation that this batch alone has doesn't make it the first. */
static void
test_seldom(void)
{
	start(1);
	hand.event_count = hand.scope_count = 0;
	add("aten::random_", 2, -1);
	for (int i = 0; i < 5; i++)
		add_padded(i == 4);
	CU_ASSERT_TRUE(find(hand.event_count)); /* the cat */
	CU_ASSERT_EQUAL(found.batch, 4);
}

/* The epoch's beginning is no longer kept: of one epoch the calls of the whole run are, where the steps agree. */
static void
test_overwritten(void)
{
	static const struct { int64_t calls, epochs, step; bool found; } rows[] = { { 324, 1, 323, true }, { 324, 2, 323, false }, { 324, 1, 300, false }, { 2, 1, 1, false } };

	for (int i = 0; i < COUNT(rows); i++) {
		start(1);
		hand.event_count = hand.scope_count = 0;
		for (int n = 0; n < 4; n++)
			add_padded(false);
		source.each_call_site = each_call_site;
		whole_calls = rows[i].calls;
		whole_epochs = rows[i].epochs;
		failure.step = rows[i].step;
		CU_ASSERT_EQUAL(find(hand.event_count), rows[i].found);
		CU_ASSERT_EQUAL(found.batch, rows[i].found ? rows[i].step : -1);
	}
	source.each_call_site = NULL;
}

/* The next range of a loader with workers, in which COUNT batches of two tensors came. */
static void
add_range(int count)
{
	int64_t range = hand.scope_count++;

	scopes[range] = (struct scope){ .id = range, .sequence = -1, .parent = -1, .kind = "user", .name = "enumerate(DataLoader)#_MultiProcessingDataLoaderIter.__next__" };
	for (int i = 0; i < 2 * count; i++)
		add("aten::set_", 6, range);
}

/* COUNTS: how many batches came within each range, up to -1. */
static void
receive(const int *counts)
{
	start(1);
	add("aten::random_", 2, -1);
	for (; *counts >= 0; counts++)
		add_range(*counts);
}

static void
test_received(void)
{
	receive((const int[]){ 1, 1, 1, 1, -1 });
	CU_ASSERT_TRUE(find(hand.event_count));
	CU_ASSERT_EQUAL(found.batch, 3);
	CU_ASSERT_TRUE(find(hand.event_count - 2)); /* the one before, which is still worked on while the next is there */
	CU_ASSERT_EQUAL(found.batch, 2);
	receive((const int[]){ 1, 2, 0, 1, 1, -1 }); /* one came before its turn */
	CU_ASSERT_TRUE(find(hand.event_count));
	CU_ASSERT_EQUAL(found.batch, 4);
	CU_ASSERT_TRUE(find(hand.event_count - 4)); /* in the second range the last, whose turn it was */
	CU_ASSERT_EQUAL(found.batch, 1);
	CU_ASSERT_TRUE(find(hand.event_count - 6)); /* the early one: given in the range in which none came */
	CU_ASSERT_EQUAL(found.batch, 2);
	receive((const int[]){ 1, 2, 1, 0, -1 });
	CU_ASSERT_TRUE(find(hand.event_count - 4)); /* another's turn was between */
	CU_ASSERT_EQUAL(found.batch, 3);
}

static void
test_not_received(void)
{
	receive((const int[]){ 1, 3, 0, 0, -1 }); /* two wait: which of them came first isn't known */
	CU_ASSERT_FALSE(find(hand.event_count - 2));
	receive((const int[]){ 1, 2, 2, 0, 0, -1 });
	CU_ASSERT_FALSE(find(hand.event_count - 6));
	receive((const int[]){ 1, 2, -1 }); /* it hasn't been given yet */
	CU_ASSERT_FALSE(find(hand.event_count - 2));
	receive((const int[]){ 2, 0, 0, 1, -1 }); /* ranges of another loader are among them */
	CU_ASSERT_FALSE(find(hand.event_count));
	receive((const int[]){ 1, 1, -1 });
	add("aten::set_", 6, hand.scope_count - 1); /* batches of unequal numbers of tensors */
	CU_ASSERT_FALSE(find(hand.event_count));
}

static void
test_sample_added(void)
{
	json_t *sample = sample_add(json_null(), &(struct fetched){ 1, 7, 56, 8 });

	CU_ASSERT_EQUAL(json_integer_value(json_object_get(sample, "epoch")), 1);
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(sample, "batch")), 7);
	CU_ASSERT_EQUAL(json_array_size(json_object_get(sample, "indices")), 8);
	CU_ASSERT_EQUAL(json_integer_value(json_array_get(json_object_get(sample, "indices"), 7)), 63);
	sample = sample_add(sample, &(struct fetched){ 9, 8, 0, 0 }); /* the loop's own number stays, and so do the samples */
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(sample, "epoch")), 1);
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(sample, "batch")), 8);
	CU_ASSERT_EQUAL(json_array_size(json_object_get(sample, "indices")), 8);
	json_decref(sample);
}

int
main(void)
{
	CU_pSuite suite;
	unsigned failures;

	if (CU_initialize_registry() != CUE_SUCCESS)
		return 2;
	suite = CU_add_suite("batches of this process", NULL, NULL);
	CU_add_test(suite, "counted since the epoch began", test_counted);
	CU_add_test(suite, "by what disagrees", test_in_stories);
	CU_add_test(suite, "not to be counted", test_not_counted);
	CU_add_test(suite, "by what every batch has", test_seldom);
	CU_add_test(suite, "a beginning that is no longer kept", test_overwritten);
	CU_add_test(suite, "received from workers", test_received);
	CU_add_test(suite, "received, and not to be counted", test_not_received);
	CU_add_test(suite, "the sample's object", test_sample_added);
	CU_basic_run_tests();
	failures = CU_get_number_of_failures();
	CU_cleanup_registry();
	return failures ? 1 : 0;
}
