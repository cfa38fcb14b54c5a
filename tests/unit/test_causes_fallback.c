/* links: schema viewer */
/* What disagrees was made in an except branch, or after the try whose error was handled (causes_fallback.c, code_fallback.c). */
#include "causes_asked.h"

static char path[] = "/tmp/shapebox-fallback-XXXXXX.py";
static struct cause cause;

static const char program[] =
	"def take_over(model, saved):\n"
	"    try:\n"
	"        with torch.no_grad():\n"
	"            model.table.weight.copy_(saved)\n" /* 4 */
	"    except RuntimeError as error:\n"
	"        log.warning(error)\n"
	"        model.table = nn.Embedding.from_pretrained(saved)\n" /* 7 */
	"    return model.rest(saved)\n" /* 8 */
	"def batch(rows):\n"
	"    try:\n"
	"        return next(rows)\n"
	"    except StopIteration:\n"
	"        return torch.zeros(8)\n" /* 13 */
	"    except (OSError,\n"
	"            ValueError):\n"
	"        if rows:\n"
	"            return torch.ones(8)\n" /* 17 */
	"    else:\n"
	"        return torch.zeros(6)\n" /* 19 */
	"def other(saved):\n"
	"    return saved.clone()\n"; /* 21 */

/* What is asked: a line that made what has 20 rows and how, the handled error's line (0: none) and message, and the failing frame's line. */
struct question { int made; bool passes; int handled; const char *message; int fails; int64_t handled_event; };

static bool
told(struct question asked)
{
	static struct lineage story;
	const struct operand layer[] = { TENSOR("input", 8, 2, 4), TENSOR("weight", 9, 24, 4) };
	const struct operand failing[] = { TENSOR("weight", 1, 20, 4), INDEX("indices", 2, 2, 6) };
	const struct frame frames[] = { { .file = path, .function = "f", .line = asked.made }, { .file = "/p/train.py", .function = "main", .line = 3 } };
	const struct site sites[] = { { .id = 60, .frame_count = 1, .frames = frames }, { .id = 61, .frame_count = 1, .frames = frames + 1 } };
	struct event events[] = { { .id = 30, .site = 61, .operation = "aten::linear", .phase = "forward", .status = "ok", .operand_count = 2, .operands = layer } };
	json_t *note = json_pack("{s:s, s:s, s:[{s:s, s:s, s:i}]}", "type", "RuntimeError", "message", asked.message ? asked.message : "", "frames", "file", path, "function", "f", "line",
				 asked.handled);
	json_t *inner = json_pack("{s:s, s:{s:s, s:s}}", "operation", "aten::copy_", "exception", "type", "c10::Error", "message", asked.message ? asked.message : "");
	const struct note notes[] = { { .id = 1, .kind = "operation", .json = inner, .event = asked.handled_event },
				      { .id = 2, .kind = "exception", .json = note, .event = asked.handled_event } };
	struct hand hand = { .sites = sites, .site_count = 2, .events = events, .event_count = 1, .notes = { notes }, .note_counts = { asked.handled ? 2 : 0 } };
	struct source source = hand_source(&hand);
	const struct event event = { .id = 90, .site = 61, .operation = "aten::embedding", .phase = "forward", .operand_count = 2, .operands = failing };
	const struct mismatch is = { .property = "index", .operand = 1, .against = 0, .dim = -1, .against_dim = 0, .has_expected = true, .has_actual = true, .expected = 20, .actual = 21,
				     .text = "indices holds 21 where weight has 20 rows" };
	json_t *stack = json_pack("[{s:s, s:i, s:s, s:[{s:s, s:s, s:i}]}]", "file", path, "line", asked.fails, "function", "main", "locals", "name", "model.table.weight", "kind",
				  "tensor", "tensor", 1);
	const struct cause_facts facts = { .source = &source, .event = &event, .mismatch = &is, .last_call = -1, .frames = stack,
					   .sides = { { .place = 1, .dim = -1, .size = 21 }, { .place = 0, .dim = 0, .size = 20, .lineage = &story } } };
	bool holds;

	story = (struct lineage){ .property = LINEAGE_SIZE, .count = 2, .decider = asked.passes ? 1 : 0 };
	story.steps[0] = (struct lineage_step){ .event = { .id = 12, .site = 60, .operation = "aten::detach" }, .size = 20, .decides = !asked.passes };
	story.steps[1] = (struct lineage_step){ .event = { .id = 2, .site = 61, .operation = "aten::randn" }, .size = 20, .decides = true };
	cause = (struct cause){ .confidence = "" };
	holds = cause_fallback(&facts, &cause);
	json_decref(note);
	json_decref(inner);
	json_decref(stack);
	return holds;
}

#define SIZES_OF(a, b) "The size of tensor a (" #a ") must match the size of tensor b (" #b ") at non-singleton dimension 0"

static void
test_replaced(void)
{
	CU_ASSERT_TRUE(told((struct question){ 7, true, 4, SIZES_OF(24, 20), 3, 10 }));
	CU_ASSERT_STRING_EQUAL(cause.confidence, "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(cause.text.data, "model.table.weight has 20 instead of 24 since a fallback: "));
	CU_ASSERT_PTR_NOT_NULL(strstr(cause.text.data, ":7 (`except RuntimeError as error`) put it in place after RuntimeError at "));
	CU_ASSERT_PTR_NOT_NULL(strstr(cause.text.data, "(24) must match the size of tensor b (20)"));
	CU_ASSERT_PTR_NOT_NULL(strstr(cause.evidence.data, "a layer has 24 rows still: aten::linear at train.py:3"));
	CU_ASSERT_PTR_NOT_NULL(strstr(cause.fix.data, "copy the 20 into the first 20 of the 24 that are there (x[:20].copy_(...)), and keep all 24"));
	CU_ASSERT_TRUE(told((struct question){ 7, true, 4, "shape torch.Size([20, 4]) from checkpoint, the model's is torch.Size([24, 4])", 3, -1 }));
	CU_ASSERT_TRUE(told((struct question){ 7, true, 4, "The expanded size (24) must match the existing size (20) at dimension 0. Target: [24, 4]. Tensor: [20, 4]", 3, -1 }));
	CU_ASSERT_PTR_NOT_NULL(strstr(cause.text.data, "has 20 instead of 24"));
	CU_ASSERT_FALSE(told((struct question){ 7, true, 4, "from [20, 4] to [24, 8]", 3, 10 })); /* in two dimensions */
	CU_ASSERT_FALSE(told((struct question){ 7, true, 4, SIZES_OF(16, 12), 3, 10 })); /* of other sizes */
	CU_ASSERT_FALSE(told((struct question){ 7, true, 4, "rows 24, 20 and 18", 3, 10 })); /* of more than two */
	CU_ASSERT_FALSE(told((struct question){ 7, true, 4, SIZES_OF(24, 20), 3, 50 })); /* handled after it was made */
	CU_ASSERT_FALSE(told((struct question){ 7, true, 0, NULL, 3, 10 })); /* no error is known, and it only passed through */
	CU_ASSERT_FALSE(told((struct question){ 7, true, 21, SIZES_OF(24, 20), 3, 10 })); /* handled elsewhere */
}

static void
test_after(void)
{
	CU_ASSERT_TRUE(told((struct question){ 8, true, 4, SIZES_OF(24, 20), 3, 10 }));
	CU_ASSERT_PTR_NULL(strstr(cause.text.data, "except"));
	CU_ASSERT_FALSE(told((struct question){ 8, false, 4, SIZES_OF(16, 12), 3, 10 }));
	CU_ASSERT_FALSE(told((struct question){ 21, false, 4, SIZES_OF(24, 20), 3, 10 })); /* another function */
}

static void
test_branch(void)
{
	CU_ASSERT_TRUE(told((struct question){ 17, false, 0, NULL, 3, 10 })); /* that it ran is proof enough */
	CU_ASSERT_PTR_NOT_NULL(strstr(cause.text.data, "comes from a fallback: `return torch.ones(8)` at "));
	CU_ASSERT_PTR_NOT_NULL(strstr(cause.text.data, "what is tried at line 11 had raised; indices holds 21"));
	CU_ASSERT_PTR_NOT_NULL(strstr(cause.fix.data, ":17 make what line 11 would have made"));
	CU_ASSERT_FALSE(told((struct question){ 17, false, 0, NULL, 16, 10 })); /* what fails is within it */
	CU_ASSERT_FALSE(told((struct question){ 13, false, 0, NULL, 3, 10 })); /* a loader's end is no error */
	CU_ASSERT_FALSE(told((struct question){ 19, false, 0, NULL, 3, 10 })); /* else: nothing was raised */
	CU_ASSERT_FALSE(told((struct question){ 11, false, 0, NULL, 3, 10 })); /* what was tried */
	CU_ASSERT_FALSE(told((struct question){ 21, false, 0, NULL, 3, 10 }));
}

static void
fill(CU_pSuite suite)
{
	CU_add_test(suite, "put in place in an except branch", test_replaced);
	CU_add_test(suite, "after the try", test_after);
	CU_add_test(suite, "made in an except branch", test_branch);
}

int
main(void)
{
	return run_suite_with(path, program, "fallbacks", fill);
}
