/* links: schema viewer */
/* What a handler hid: the operation for want of whose result the program ended, and what is none. */
#include <CUnit/Basic.h>
#include <stdlib.h>
#include <unistd.h>

#include "analysis_events.h"
#include "viewer/analysis/failure/failure.h"
#include "viewer/analysis/text.h"

static const char program[] =
	"class Evaluator:\n"                         /* 1 */
	"    def evaluate(self):\n"
	"        return self.model(1)\n"
	"    def run(self):\n"
	"        try:\n"                             /* 5 */
	"            self.metrics = self.evaluate()\n"
	"        except Exception:\n"
	"            pass\n"
	"def score(batch):\n"
	"    try:\n"                                 /* 10 */
	"        return torch.cat(batch)\n"
	"    except RuntimeError:\n"
	"        print('skipped')\n"
	"def main(evaluator, batch):\n"
	"    metrics = evaluator.result()\n"         /* 15 */
	"    print(metrics['accuracy'])\n"
	"    found = score(batch)\n"
	"    print(found.mean())\n"
	"    try:\n"
	"        loss = model(batch)\n"              /* 20 */
	"    except RuntimeError:\n"
	"        print('again')\n"
	"    loss.backward()\n"
	"    other = load()\n"
	"    print(other.size())\n";                 /* 25 */

static char path[] = "/tmp/shapebox-hidden-XXXXXX.py";

/* What is told of a run that ends by TYPE and MESSAGE at LINE of main, after an operation failed at step STEP where INNER (line, function) called it
 * on behalf of OUTER's. */
static bool
ends(const char *type, const char *message, int line, int64_t step, int inner, const char *inner_function, int outer, const char *outer_function, char out[96])
{
	const struct frame frames[] = { { .file = path, .line = inner, .function = inner_function }, { .file = path, .line = outer, .function = outer_function } };
	const struct site sites[] = { { .id = 1, .frame_count = 2, .frames = frames } };
	const struct operand operands[] = { TENSOR("self", 1, 2, 3), TENSOR("other", 2, 2, 3) };
	const struct event events[] = {
		{ .id = 10, .parent = -1, .scope = -1, .site = 1, .operation = "aten::matmul", .phase = "forward", .status = "failed", .step = step,
		  .operand_count = 2, .operands = operands },
		{ .id = 20, .parent = -1, .scope = -1, .site = -1, .operation = "aten::add", .phase = "forward", .status = "ok", .step = 5,
		  .operand_count = 2, .operands = operands },
	};
	const struct process process = { .file = "x.db", .role = "rank", .status = "failed", .exit_status = 1, .steps = 5 };
	struct note notes[] = {
		{ .id = 1, .time_ns = 100, .event = 10, .kind = "operation", .json = json_pack("{s:s, s:{s:s, s:s}}", "operation", "aten::matmul", "exception", "type",
											       "c10::Error", "message", "shapes cannot be multiplied") },
		{ .id = 2, .time_ns = 200000000000000000, .event = 20, .kind = "fatal", .json = json_pack("{s:s, s:s, s:s, s:[], s:[{s:s, s:i, s:s}]}", "how", "excepthook",
			"type", type, "message", message, "chain", "frames", "file", path, "line", line, "function", "main") },
	};
	struct hand hand = { .events = events, .event_count = 2, .sites = sites, .site_count = 1, .processes = &process, .process_count = 1,
			     .notes = { notes }, .note_counts = { 2 } };
	struct source source = hand_source(&hand);
	struct failure failure;
	bool hidden;

	notes[1].time_ns = INT64_MAX / 2; /* after the program was written */
	if (!failure_choose(&source, &failure))
		return false;
	hidden = failure.led_to != NULL;
	text_format(out, 96, "%s%s", failure.operation_name ? failure.operation_name : "none", failure.surfaced);
	json_decref((json_t *)notes[0].json);
	json_decref((json_t *)notes[1].json);
	return hidden;
}

static void
test_hidden(void)
{
	static const char none[] = "'NoneType' object is not subscriptable", unbound[] = "cannot access local variable 'loss' where it is not associated with a value";
	char out[96];

	CU_ASSERT_TRUE(ends("TypeError", none, 16, 5, 3, "Evaluator.evaluate", 6, "Evaluator.run", out)); /* its line was to set what is None */
	CU_ASSERT_PTR_NOT_NULL(strstr(out, "aten::matmul; that was handled, and led to the TypeError at shapebox-hidden"));
	CU_ASSERT_TRUE(ends("AttributeError", "'NoneType' object has no attribute 'mean'", 18, 5, 11, "score", 17, "main", out)); /* within what was to return it */
	CU_ASSERT_TRUE(ends("UnboundLocalError", unbound, 23, 5, 3, "Evaluator.evaluate", 20, "main", out));
	/* none of that: another exception, another name, an earlier step, another function's name of the same spelling */
	CU_ASSERT_FALSE(ends("ValueError", none, 16, 5, 3, "Evaluator.evaluate", 6, "Evaluator.run", out));
	CU_ASSERT_STRING_EQUAL(out, "none");
	CU_ASSERT_FALSE(ends("TypeError", "'int' object is not subscriptable", 16, 5, 3, "Evaluator.evaluate", 6, "Evaluator.run", out));
	CU_ASSERT_FALSE(ends("AttributeError", "'NoneType' object has no attribute 'size'", 25, 5, 3, "Evaluator.evaluate", 6, "Evaluator.run", out));
	CU_ASSERT_FALSE(ends("TypeError", none, 16, 3, 3, "Evaluator.evaluate", 6, "Evaluator.run", out));
	CU_ASSERT_FALSE(ends("UnboundLocalError", unbound, 23, 5, 3, "Evaluator.evaluate", 20, "train", out));
}

int
main(void)
{
	int file = mkstemps(path, 3);
	CU_pSuite suite;
	unsigned failures;

	if (file < 0 || write(file, program, sizeof(program) - 1) != (ssize_t)sizeof(program) - 1 || close(file) || CU_initialize_registry() != CUE_SUCCESS)
		return 2;
	suite = CU_add_suite("hidden", NULL, NULL);
	CU_add_test(suite, "what a handler hid", test_hidden);
	CU_basic_run_tests();
	failures = CU_get_number_of_failures();
	CU_cleanup_registry();
	unlink(path);
	return failures ? 1 : 0;
}
