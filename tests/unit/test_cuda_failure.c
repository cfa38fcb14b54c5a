/* links: schema viewer */
/* Asynchronous errors of CUDA: what was launched since the device was known good, and when it is known which one it was. */
#include <CUnit/Basic.h>

#include "analysis_events.h"
#include "viewer/analysis/failure/cuda_failure.h"

#define RAN(id_, site_, operation_, operands_) \
	{ .id = id_, .parent = -1, .scope = -1, .site = site_, .sequence = -1, .step = 7, .operation = operation_, .overload = "", .phase = "forward", \
	  .status = "ok", .operand_count = COUNT(operands_), .operands = operands_ }
#define MADE(id_, operation_, operands_, outputs_) \
	{ .id = id_, .parent = -1, .scope = -1, .site = 1, .sequence = -1, .operation = operation_, .overload = "", .phase = "forward", \
	  .status = "ok", .operand_count = COUNT(operands_), .operands = operands_, .output_count = COUNT(outputs_), .outputs = outputs_ }
#define CALL(id_, kind_, function_, event_, site_, operation_, result_) \
	{ .id = id_, .time_ns = (id_) * 1000, .step = 7, .event = event_, .site = site_, .kind = kind_, .function = function_, \
	  .operation = operation_, .kernel = "k", .result = result_, .stream = 0, .allocated = -1, .reserved = -1 }
#define LAUNCH(id_, event_, operation_) CALL(id_, "launch", "cudaLaunchKernel", event_, event_, operation_, 0)
#define WAIT(id_) CALL(id_, "wait", "cudaStreamSynchronize", -1, -1, NULL, 0)
#define TOLD(id_, event_, operation_, code_) CALL(id_, "error query", "cudaGetLastError", event_, event_, operation_, code_)
#define FAILED_AT 1000000

static const struct frame frames[] = {
	{ "/x/m.py", "Model.forward", 10, 8 }, { "/x/m.py", "Model.forward", 11, 8 }, { "/x/m.py", "Model.forward", 12, 8 },
	{ "/x/m.py", "Model.forward", 13, 8 }, { "/x/m.py", "Model.forward", 14, 8 },
};
static const struct site sites[] = { { 1, 1, 1, 0, &frames[0] }, { 2, 1, 1, 0, &frames[1] }, { 3, 1, 1, 0, &frames[2] }, { 4, 1, 1, 0, &frames[3] },
				     { 5, 1, 1, 0, &frames[4] } };
static const struct operand on_cpu[] = { INDEX("self", 9, 4, 8) }, on_gpu[] = { TENSOR_ON("output", 1, "int64", "cuda:0", 4, 8) };
static const struct operand embed[] = { TENSOR_ON("weight", 5, "float32", "cuda:0", 100, 16), TENSOR_ON("indices", 1, "int64", "cuda:0", 4, 8) };
static const struct operand plain[] = { TENSOR_ON("self", 2, "float32", "cuda:0", 4, 8, 16) };
static const struct operand gather[] = { TENSOR_ON("self", 2, "float32", "cuda:0", 4, 50), VALUE("dim", "int", "1"),
					 TENSOR_ON("index", 3, "int64", "cuda:0", 4, 8) };
static const struct event events[] = {
	MADE(1, "aten::to", on_cpu, on_gpu), RAN(2, 2, "aten::embedding", embed), RAN(3, 3, "aten::mul", plain), RAN(4, 4, "aten::gather", gather),
	RAN(5, 5, "aten::relu", plain),
};
static const struct process process = { .role = "rank" };

static struct cuda_failure *
find(const struct cuda_call *calls, int count, struct failure *failure, const char *locals)
{
	struct hand hand = { .processes = &process, .process_count = 1, .events = events, .event_count = COUNT(events), .sites = sites,
			     .site_count = COUNT(sites), .calls = calls, .call_count = count };
	struct source source = hand_source(&hand);
	json_t *known = json_loads(locals, 0, NULL);
	struct cuda_failure *cuda;

	failure->kind = "operation";
	failure->has_event = true;
	failure->event = events[4];
	failure->time_ns = FAILED_AT;
	if (!failure->message)
		failure->message = "CUDA error: device-side assert triggered";
	cuda = cuda_failure_find(&source, failure, known);
	if (cuda && cuda->located >= 0)
		known = cuda_failure_turn(&source, cuda, failure, known);
	json_decref(known);
	return cuda;
}

static const char bare[] = "[{\"file\":\"/x/m.py\",\"line\":14,\"function\":\"Model.forward\"}]";
/* the ids as they were on the CPU: 0 to 189 */
static const char counted[] = "[{\"file\":\"/x/m.py\",\"line\":14,\"function\":\"Model.forward\",\"locals\":[{\"name\":\"ids\",\"kind\":\"tensor\",\"tensor\":9,"
			      "\"shape\":[4,8],\"dtype\":\"int64\",\"device\":\"cpu\",\"summary\":{\"elements\":32,\"min\":0,\"max\":189,\"negative\":0,"
			      "\"zero\":1,\"ignored\":0}}]}]";

static void
test_likely(void)
{
	static const struct cuda_call calls[] = { LAUNCH(1, 4, "aten::gather"), WAIT(2), LAUNCH(3, 2, "aten::embedding"), LAUNCH(4, 2, "aten::embedding"),
						  LAUNCH(5, 3, "aten::mul"), TOLD(6, 5, "aten::relu", 710), TOLD(7, 5, "aten::relu", 710) };
	struct failure failure = { .process = 0 };
	struct cuda_failure *cuda = find(calls, COUNT(calls), &failure, bare);

	CU_ASSERT_PTR_NOT_NULL_FATAL(cuda);
	CU_ASSERT_EQUAL(cuda->told.call, 6);
	CU_ASSERT_EQUAL(cuda->good.call, 2);
	CU_ASSERT_EQUAL(cuda->launches, 3);
	CU_ASSERT_EQUAL(cuda->operations, 2);
	CU_ASSERT_EQUAL_FATAL(cuda->located, 0);
	CU_ASSERT_STRING_EQUAL(cuda->confidence, "likely");
	CU_ASSERT_STRING_EQUAL(cuda->suspects[0].operation, "aten::embedding");
	CU_ASSERT_EQUAL(cuda->suspects[0].launches, 2);
	CU_ASSERT_EQUAL(cuda->suspects[0].limit, 100);
	CU_ASSERT_STRING_EQUAL(cuda->suspects[0].index, "indices");
	/* the failure is now that operation's, and tells where it came out */
	CU_ASSERT_EQUAL(failure.event.id, 2);
	CU_ASSERT_STRING_EQUAL(failure.operation_name, "aten::embedding");
	CU_ASSERT_PTR_NOT_NULL(strstr(failure.surfaced, "aten::relu, m.py:14"));
	free(cuda);
}

static void
test_one_alone(void)
{
	static const struct cuda_call calls[] = { LAUNCH(1, 2, "aten::embedding"), WAIT(2), LAUNCH(3, 3, "aten::mul"), TOLD(4, 5, "aten::relu", 700) };
	struct failure failure = { .process = 0 };
	struct cuda_failure *cuda = find(calls, COUNT(calls), &failure, bare);

	CU_ASSERT_PTR_NOT_NULL_FATAL(cuda);
	CU_ASSERT_STRING_EQUAL_FATAL(cuda->confidence, "certain");
	CU_ASSERT_EQUAL(failure.event.id, 3);
	free(cuda);
}

static void
test_two_indices(void)
{
	static const struct cuda_call calls[] = { WAIT(1), LAUNCH(2, 2, "aten::embedding"), LAUNCH(3, 3, "aten::mul"), LAUNCH(4, 4, "aten::gather"),
						  TOLD(5, 5, "aten::relu", 710) };
	struct failure failure = { .process = 0 }, known = { .process = 0 };
	struct cuda_failure *cuda = find(calls, COUNT(calls), &failure, bare);

	CU_ASSERT_PTR_NOT_NULL_FATAL(cuda);
	CU_ASSERT_EQUAL(cuda->located, -1);
	CU_ASSERT_PTR_NULL(cuda->confidence);
	CU_ASSERT_EQUAL(cuda->suspect_count, 3);
	CU_ASSERT_STRING_EQUAL(cuda->suspects[0].operation, "aten::gather"); /* the newest that takes an index */
	CU_ASSERT_EQUAL(cuda->suspects[0].limit, 50);
	CU_ASSERT_STRING_EQUAL(cuda->suspects[2].operation, "aten::mul");
	CU_ASSERT_EQUAL(failure.event.id, 5);
	CU_ASSERT_STRING_EQUAL(failure.surfaced, "");
	free(cuda);
	/* the ids are known from before they were moved: it is the embedding */
	cuda = find(calls, COUNT(calls), &known, counted);
	CU_ASSERT_PTR_NOT_NULL_FATAL(cuda);
	CU_ASSERT_EQUAL_FATAL(cuda->located, 0);
	CU_ASSERT_TRUE(cuda->suspects[0].proven);
	CU_ASSERT_STRING_EQUAL(cuda->confidence, "certain");
	CU_ASSERT_EQUAL(known.event.id, 2);
	free(cuda);
}

static void
test_sync(void)
{
	static const struct cuda_call calls[] = { WAIT(1), LAUNCH(2, 3, "aten::mul"), LAUNCH(3, 4, "aten::gather"),
						  { .id = 4, .time_ns = 4000, .event = 4, .site = 4, .kind = "wait", .function = "wait (--sync)",
						    .operation = "aten::gather", .result = 710, .ours = true }, TOLD(5, 4, "aten::gather", 710) };
	struct failure failure = { .process = 0 };
	struct cuda_failure *cuda = find(calls, COUNT(calls), &failure, bare);

	CU_ASSERT_PTR_NOT_NULL_FATAL(cuda);
	CU_ASSERT_TRUE(cuda->told.ours);
	CU_ASSERT_STRING_EQUAL_FATAL(cuda->confidence, "certain");
	CU_ASSERT_EQUAL(failure.event.id, 4);
	CU_ASSERT_PTR_NULL(strstr(failure.surfaced, "came out"));
	free(cuda);
}

static void
test_streams_and_devices(void)
{
	static const struct cuda_call calls[] = {
		{ .id = 1, .event = 2, .kind = "launch", .function = "cudaLaunchKernel", .operation = "aten::embedding", .stream = 5 }, /* its stream: good at 4 */
		{ .id = 2, .event = 4, .kind = "launch", .function = "cudaLaunchKernel", .operation = "aten::gather", .stream = 6 },    /* that one isn't */
		{ .id = 3, .event = 3, .kind = "launch", .function = "cudaLaunchKernel", .operation = "aten::mul", .device = 1 },
		{ .id = 4, .event = -1, .kind = "wait", .function = "cudaStreamSynchronize", .stream = 5 },
		{ .id = 5, .event = -1, .kind = "wait", .function = "cudaEventSynchronize" },        /* of whatever stream */
		{ .id = 6, .event = 3, .kind = "launch", .function = "cudaLaunchKernel", .operation = "aten::mul", .captured = true },
		TOLD(7, 5, "aten::relu", 710),
	};
	static const struct cuda_call whole[] = { LAUNCH(1, 2, "aten::embedding"), CALL(2, "wait", "cudaDeviceSynchronize", -1, -1, NULL, 0),
						  LAUNCH(3, 3, "aten::mul"), LAUNCH(4, 5, "aten::relu"), TOLD(5, 5, "aten::relu", 710) };
	struct failure failure = { .process = 0 };
	struct cuda_failure *cuda = find(calls, COUNT(calls), &failure, bare);

	CU_ASSERT_PTR_NOT_NULL_FATAL(cuda);
	CU_ASSERT_EQUAL(cuda->suspect_count, 1);
	CU_ASSERT_STRING_EQUAL(cuda->suspects[0].operation, "aten::gather");
	free(cuda);
	cuda = find(whole, COUNT(whole), &failure, bare);
	CU_ASSERT_PTR_NOT_NULL_FATAL(cuda);
	CU_ASSERT_EQUAL(cuda->suspect_count, 2);
	CU_ASSERT_EQUAL(cuda->located, -1); /* neither takes an index */
	free(cuda);
}

static void
test_others(void)
{
	static const struct cuda_call sound[] = { LAUNCH(1, 2, "aten::embedding") };
	static const struct cuda_call memory[] = { CALL(1, "allocation", "cudaMalloc", 5, 5, "aten::relu", 2) };
	static const struct cuda_call later[] = { LAUNCH(1, 2, "aten::embedding"), { .id = 2, .time_ns = FAILED_AT + 1, .kind = "error query",
						  .function = "cudaGetLastError", .event = -1, .result = 710 } };
	static const struct cuda_call away[] = { LAUNCH(1, 2, "aten::embedding"), TOLD(2, 3, "aten::mul", 710) };
	struct failure failure = { .process = 0 };

	CU_ASSERT_PTR_NULL(find(sound, COUNT(sound), &failure, bare));
	CU_ASSERT_PTR_NULL(find(memory, COUNT(memory), &failure, bare));
	CU_ASSERT_PTR_NULL(find(later, COUNT(later), &failure, bare));
	failure.message = "mat1 and mat2 shapes cannot be multiplied";
	CU_ASSERT_PTR_NULL(find(away, COUNT(away), &failure, bare));
	failure.message = "CUBLAS_STATUS_EXECUTION_FAILED when calling cublasSgemm"; /* the message names another library: the same error */
	struct cuda_failure *cuda = find(away, COUNT(away), &failure, bare);
	CU_ASSERT_PTR_NOT_NULL(cuda);
	free(cuda);
}

int
main(void)
{
	CU_pSuite suite;
	unsigned failures;

	if (CU_initialize_registry() != CUE_SUCCESS)
		return 2;
	suite = CU_add_suite("cuda_failure", NULL, NULL);
	CU_add_test(suite, "one that takes an index", test_likely);
	CU_add_test(suite, "one that ran alone", test_one_alone);
	CU_add_test(suite, "two that take an index", test_two_indices);
	CU_add_test(suite, "--sync", test_sync);
	CU_add_test(suite, "streams and devices", test_streams_and_devices);
	CU_add_test(suite, "no asynchronous error", test_others);
	CU_basic_run_tests();
	failures = CU_get_number_of_failures();
	CU_cleanup_registry();
	return failures ? 1 : 0;
}
