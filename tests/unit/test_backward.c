/* links: schema viewer */
/* Failures that only backward knows: which node, made where, which gradient; and whose dtype is the odd one. */
#include <CUnit/Basic.h>

#include "analysis_events.h"
#include "viewer/analysis/lineage/backward.h"
#include "viewer/analysis/modules.h"
#include "schema/box.h"

#define AT(id_, site_, phase_, sequence_, scope_, operation_, operands_, outputs_) \
	{ .id = id_, .parent = -1, .scope = scope_, .site = site_, .sequence = sequence_, .operation = operation_, .overload = "", \
	  .time_ns = id_ * 1000000000ll, .phase = phase_, .status = "ok", .operand_count = COUNT(operands_), .operands = operands_, \
	  .output_count = COUNT(outputs_), .outputs = outputs_ }

static const struct frame frames[] = {
	{ "/x/main.py", "Head.forward", 33, 30 }, { "/x/main.py", "main", 40, 38 },                              /* before the node */
	{ "/x/main.py", "Cut.forward", 15, 12 }, { "/x/main.py", "Head.forward", 35, 30 }, { "/x/main.py", "main", 40, 38 },
	{ "/x/main.py", "Cut.backward", 22, 20 }, { "/x/main.py", "main", 41, 38 },
};
static const struct site sites[] = { { 1, 2, 2, 0, &frames[0] }, { 2, 3, 3, 0, &frames[2] }, { 3, 2, 2, 0, &frames[5] } };
static const struct operand x[] = { TENSOR("input", 1, 2, 31, 6) }, projected[] = { TENSOR("output", 2, 2, 31, 3) };
static const struct operand cut_in[] = { TENSOR("self", 2, 2, 31, 3) }, cut[] = { TENSOR("output", 3, 2, 24, 3) };
static const struct operand grad[] = { TENSOR("self", 10, 2, 24, 3) }, scaled[] = { TENSOR("output", 11, 2, 24, 3) };
static const struct operand times[] = { TENSOR("output", 12, 2, 24, 3) }, summed_in[] = { TENSOR("self", 12, 2, 24, 3) }, summed[] = { TENSOR("output", 13, 3) };
static const struct event events[] = {
	AT(1, 1, "forward", 7, -1, "aten::linear", x, projected), AT(2, 2, "forward", -1, -1, "aten::slice", cut_in, cut),
	AT(3, 3, "backward", -1, 5, "aten::mul", grad, scaled), AT(4, 3, "backward", -1, 5, "aten::mul", grad, times),
	AT(5, 3, "backward", -1, 5, "aten::sum", summed_in, summed),
};
static const struct scope scopes[] = { { .id = 4, .sequence = 20, .start_ns = 1, .end_ns = 2, .parent = -1, .kind = "backward", .name = "OtherBackward" },
				       { .id = 5, .sequence = 8, .start_ns = 3000000000, .end_ns = 6000000000, .parent = -1, .kind = "backward", .name = "CutBackward" } };
static struct hand hand = { .events = events, .event_count = COUNT(events), .sites = sites, .site_count = COUNT(sites), .scopes = scopes,
			    .scope_count = COUNT(scopes) };

static const char engine[] = "[{\"file\":\"/p/lib/python3.11/site-packages/torch/autograd/graph.py\",\"line\":9,\"function\":\"_engine_run_backward\"},"
			     "{\"file\":\"/x/main.py\",\"line\":41,\"function\":\"main\"}]";

static void
test_gradient(void)
{
	struct failure failure = { .kind = "python", .context_event = 5, .time_ns = 100000000000, .message = "Function CutBackward returned an invalid "
				   "gradient at index 0 - got [2, 24, 3] but expected shape compatible with [2, 31, 3]" };
	struct source source = hand_source(&hand);
	struct subject subject;
	struct mismatch found;
	struct scope node;
	json_t *made_at;

	failure.frames = json_loads(engine, 0, NULL);
	CU_ASSERT_TRUE_FATAL(backward_node(&source, &failure, &node));
	CU_ASSERT_EQUAL(node.id, 5);
	made_at = backward_made_at(&source, 0, &node, 6);
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(json_array_get(made_at, 0), "line")), 35);
	json_decref(made_at);
	CU_ASSERT_TRUE_FATAL(backward_gradient(&source, &failure, &subject, &found));
	CU_ASSERT_EQUAL(found.dim, 1);
	CU_ASSERT_EQUAL(found.expected, 31);
	CU_ASSERT_EQUAL(found.actual, 24);
	CU_ASSERT_EQUAL(subject.operands[0].tensor, 11); /* 12 was taken up again */
	CU_ASSERT_EQUAL(subject.operands[1].tensor, 2);  /* what Cut.forward was given */
	failure.message = "Function CutBackward returned an invalid gradient at index 0 - got [2, 24, 3] but expected shape compatible with [2, 24, 9]";
	CU_ASSERT_TRUE_FATAL(backward_gradient(&source, &failure, &subject, &found));
	CU_ASSERT_EQUAL(subject.operands[1].tensor, -1); /* nothing of these sizes */
	failure.message = "Function CutBackward returned an invalid gradient at index 1 - expected device cuda:0 but got cpu";
	CU_ASSERT_TRUE_FATAL(backward_gradient(&source, &failure, &subject, &found));
	CU_ASSERT_STRING_EQUAL(found.expected_name, "cuda:0");
	CU_ASSERT_STRING_EQUAL(found.actual_name, "cpu");
	failure.message = "Function CutBackward returned nothing";
	CU_ASSERT_FALSE(backward_gradient(&source, &failure, &subject, &found));
	failure.context_event = 2; /* a forward operation, and no node since: the engine never ran one */
	failure.time_ns = 2000000000;
	CU_ASSERT_FALSE(backward_node(&source, &failure, &node));
	json_decref(failure.frames);
}

static void
test_recomputed(void)
{
	struct failure failure = { .kind = "python", .context_event = 5, .time_ns = 100000000000,
				   .message = "differ.\ntensor at position 0:\nsaved metadata: {'shape': torch.Size([62, 3]), 'dtype': d}\n"
					      "recomputed metadata: {'shape': torch.Size([48, 3]), 'dtype': d}\ntensor at position 1:\n"
					      "saved metadata: {'shape': torch.Size([2, 31, 3]), 'dtype': d}\n"
					      "recomputed metadata: {'shape': torch.Size([2, 24, 3]), 'dtype': d}" };
	struct source source = hand_source(&hand);
	struct subject subject;
	struct mismatch found;

	CU_ASSERT_TRUE_FATAL(backward_recomputed(&source, &failure, &subject, &found));
	CU_ASSERT_EQUAL(found.expected, 31);
	CU_ASSERT_EQUAL(found.actual, 24);
	CU_ASSERT_EQUAL(subject.operands[0].tensor, 11);
	failure.message = "Recomputed nothing";
	CU_ASSERT_FALSE(backward_recomputed(&source, &failure, &subject, &found));
}

static void
test_written(void)
{
	const struct operand ones[] = { TENSOR("self", 1, 3) }, hidden[] = { TENSOR("output", 2, 3) }, in[] = { TENSOR("self", 2, 3) };
	const struct operand part[] = { TENSOR("output", 3, 1) }, part_in[] = { TENSOR("self", 3, 1) };
	const struct event calls[] = { AT(1, 1, "forward", 8, -1, "aten::exp", ones, hidden), AT(2, 1, "forward", 9, -1, "aten::slice", in, part),
				       AT(3, 2, "forward", 9, -1, "aten::add_", part_in, part) };
	struct hand with = { .events = calls, .event_count = 3, .sites = sites, .site_count = COUNT(sites), .scopes = scopes, .scope_count = 2 };
	struct failure failure = { .kind = "python", .context_event = 3, .time_ns = 100000000000, .message = "one of the variables needed for gradient "
				   "computation has been modified by an inplace operation: [torch.FloatTensor [3]]" };
	struct source source = hand_source(&with);
	json_t *lines = json_array(), *origin;
	struct subject subject;
	struct mismatch found;

	failure.frames = json_loads(engine, 0, NULL);
	origin = backward_written(&source, &failure, failure.message, lines);
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(origin, "event")), 3);
	CU_ASSERT_EQUAL(json_array_size(lines), 1);
	json_decref(origin);
	origin = backward_written(&source, &failure, "something else", lines);
	CU_ASSERT_TRUE(json_is_null(origin));
	json_decref(origin);
	json_decref(lines);
	json_decref(failure.frames);
	CU_ASSERT_TRUE_FATAL(subject_of_saved(&subject, "one of the variables needed for gradient computation has been modified by an inplace operation: "
					      "[torch.FloatTensor [48, 1]], which is output 0 of AsStrided, is at version 3; expected version 1 instead.", &found));
	CU_ASSERT_STRING_EQUAL(found.property, "version");
	CU_ASSERT_EQUAL(found.actual, 3);
	CU_ASSERT_EQUAL(found.expected, 1);
	CU_ASSERT_EQUAL(subject.operands[0].sizes[0], 48);
	CU_ASSERT_FALSE(subject_of_saved(&subject, failure.message, &found)); /* no version is told */
	CU_ASSERT_FALSE(subject_of_saved(&subject, "is at version 3; expected version 1", &found));
}

/* What an earlier step made is used again; what this one made, or who takes parameters alone, isn't told. */
static void
test_kept(void)
{
	const struct operand row = { .name = "input", .kind = "tensor", .item = -1, .ndim = 1, .sizes = SIZES(3), .tensor = 20, .flags = BOX_TENSOR_GRAD };
	struct operand weight[] = { row }, kept[] = { row }, view[] = { row }, fresh[] = { row }, again[] = { row };
	struct event calls[] = { AT(1, 1, "forward", 8, -1, "aten::linear", weight, kept), AT(2, 1, "forward", 9, -1, "aten::select", kept, view),
				 AT(3, 3, "backward", -1, 4, "aten::mul", grad, scaled), AT(4, 1, "forward", 18, -1, "aten::linear", weight, fresh),
				 AT(5, 2, "forward", 19, -1, "aten::add", view, again), AT(6, 3, "backward", -1, 5, "aten::mul", grad, scaled) };
	const struct scope nodes[] = { { .id = 5, .sequence = 8, .start_ns = 6000000000, .end_ns = 7000000000, .parent = -1, .kind = "backward", .name = "AddmmBackward0" } };
	struct hand with = { .events = calls, .event_count = COUNT(calls), .sites = sites, .site_count = COUNT(sites), .scopes = nodes, .scope_count = 1 };
	struct failure failure = { .kind = "python", .context_event = 6, .time_ns = 100000000000, .message = "Trying to backward through the graph a second time (or" };
	struct source source = hand_source(&with);
	struct backward_kept found;
	json_t *lines = json_array(), *origin;

	failure.frames = json_loads(engine, 0, NULL);
	weight[0].tensor = 2, view[0].tensor = 21, fresh[0].tensor = 40, again[0].tensor = 41;
	for (size_t i = 0; i < COUNT(calls); i++)
		calls[i].grad = strcmp(calls[i].phase, "forward") == 0;
	calls[3].step = calls[4].step = calls[5].step = 7;
	CU_ASSERT_TRUE_FATAL(backward_kept(&source, &failure, &found));
	CU_ASSERT_EQUAL(found.used.id, 5);
	CU_ASSERT_EQUAL(found.view.id, 2);
	CU_ASSERT_EQUAL(found.made.id, 1);
	origin = backward_kept_origin(&source, &failure, lines);
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(origin, "event")), 1);
	CU_ASSERT_EQUAL(json_array_size(lines), 1);
	json_decref(origin);
	json_decref(lines);
	view[0].flags = 0; /* it was detached */
	CU_ASSERT_FALSE(backward_kept(&source, &failure, &found));
	view[0].flags = BOX_TENSOR_GRAD;
	view[0].tensor = 40; /* this step's own */
	CU_ASSERT_FALSE(backward_kept(&source, &failure, &found));
	view[0].tensor = 21;
	calls[1].grad = calls[0].grad = false; /* made without a graph */
	CU_ASSERT_FALSE(backward_kept(&source, &failure, &found));
	failure.message = "something else";
	CU_ASSERT_FALSE(backward_kept(&source, &failure, &found));
	json_decref(failure.frames);
}

/* The phase of a failure without gradients whose note has ROWS. */
static const char *
phase_with(json_t *rows)
{
	json_t *json = json_pack("{s:O}", "modules", rows);
	const struct note note = { .json = json };
	const struct failure failure = { .phase = "eval", .note = &note };
	const char *phase = modules_phase(&failure);

	json_decref(json);
	return phase;
}

static void
test_modules(void)
{
	json_t *rows = json_loads("[{\"module\":\"a\",\"parameters\":1000,\"dtype\":\"bfloat16\",\"device\":\"cpu\"},"
				  "{\"module\":\"b\",\"parameters\":10,\"dtype\":\"float16\",\"device\":\"cpu\"},"
				  "{\"module\":\"c\",\"parameters\":500,\"dtype\":\"bfloat16\",\"device\":\"cpu\"}]", 0, NULL), *sorted = modules_sorted(rows);

	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(json_array_get(sorted, 0), "module")), "b");
	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(json_array_get(sorted, 1), "module")), "a");
	CU_ASSERT_STRING_EQUAL(modules_majority(rows, "dtype"), "bfloat16");
	CU_ASSERT_TRUE(modules_has_odd(rows, "dtype", "float16"));
	CU_ASSERT_FALSE(modules_has_odd(rows, "dtype", "bfloat16"));
	CU_ASSERT_FALSE(modules_has_odd(rows, "dtype", "float32"));
	CU_ASSERT_PTR_NULL(modules_majority(NULL, "dtype"));
	CU_ASSERT_STRING_EQUAL(phase_with(rows), "eval");
	json_decref(sorted);
	json_decref(rows);
	rows = json_loads("[{\"module\":\"tower\",\"trainable\":0,\"training\":true},{\"module\":\"head\",\"trainable\":9,\"training\":false}]", 0, NULL);
	CU_ASSERT_STRING_EQUAL(phase_with(rows), "eval");
	json_object_set_new(json_array_get(rows, 1), "training", json_true());
	CU_ASSERT_STRING_EQUAL(phase_with(rows), "forward");
	json_decref(rows);
}

int
main(void)
{
	CU_pSuite suite;
	unsigned failures;

	if (CU_initialize_registry() != CUE_SUCCESS)
		return 2;
	suite = CU_add_suite("backward", NULL, NULL);
	CU_add_test(suite, "a gradient of a wrong shape", test_gradient);
	CU_add_test(suite, "recomputed", test_recomputed);
	CU_add_test(suite, "written in place", test_written);
	CU_add_test(suite, "kept with its graph", test_kept);
	CU_add_test(suite, "modules", test_modules);
	CU_basic_run_tests();
	failures = CU_get_number_of_failures();
	CU_cleanup_registry();
	return failures ? 1 : 0;
}
