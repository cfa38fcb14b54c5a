/* links: schema viewer */
/* Operations on lists: what disagrees pair by pair, and the items that only the failed operation's note has. */
#include <CUnit/Basic.h>
#include <stdio.h>
#include <unistd.h>

#include "analysis_events.h"
#include "program_file.h"
#include "viewer/analysis/mismatch/mismatch.h"
#include "viewer/analysis/mismatch/operand.h"
#include "viewer/analysis/report_failure.h"
#include "viewer/analysis/text.h"

static struct mismatch found;
static bool finds;

static void
look(const struct event *event, const char *message)
{
	struct mismatch_facts facts = { .event = event, .message = message };

	finds = mismatch_find(&facts, &found);
}

static void
expect(const char *property, int operand, int against, int64_t expected, int64_t actual)
{
	CU_ASSERT_TRUE_FATAL(finds);
	CU_ASSERT_STRING_EQUAL(found.property, property);
	CU_ASSERT_EQUAL(found.operand, operand);
	CU_ASSERT_EQUAL(found.against, against);
	CU_ASSERT_EQUAL(found.expected, expected);
	CU_ASSERT_EQUAL(found.actual, actual);
}

static void
expect_names(const char *property, int operand, const char *expected, const char *actual)
{
	CU_ASSERT_TRUE_FATAL(finds);
	CU_ASSERT_STRING_EQUAL(found.property, property);
	CU_ASSERT_EQUAL(found.operand, operand);
	CU_ASSERT_STRING_EQUAL(found.expected_name, expected);
	CU_ASSERT_STRING_EQUAL(found.actual_name, actual);
}

#define LISTED(name_, argument_, item_, dtype_, device_, ...) \
	{ .name = name_, .kind = "tensor", .argument = argument_, .item = item_, .ndim = (int)(sizeof(SIZES(__VA_ARGS__)) / sizeof(int64_t)), \
	  .sizes = SIZES(__VA_ARGS__), .dtype = dtype_, .device = device_, .layout = "strided", .tensor = 1 }
#define LISTED_AS(name_, argument_, item_, ...) LISTED(name_, argument_, item_, "float32", "cpu", __VA_ARGS__)

/* Lists that go together item by item; where the records of the lists are cut, the items of one place stand anywhere. */
static void
test_pairs(void)
{
	const struct operand odd[] = { VALUE("self", "list", NULL), LISTED_AS("self[0]", 0, 0, 3, 4), LISTED_AS("tensors1[0]", 1, 0, 3, 4), LISTED_AS("self[58]", 0, 58, 21, 4),
				       LISTED_AS("tensors1[58]", 1, 58, 7, 4) };
	const struct operand wide[] = { LISTED_AS("self[0]", 0, 0, 3, 4), LISTED_AS("other[0]", 1, 0, 4), LISTED_AS("self[1]", 0, 1, 3), LISTED_AS("other[2]", 1, 2, 9) };
	const struct operand larger[] = { LISTED_AS("self[0]", 0, 0, 3, 1), LISTED_AS("other[0]", 1, 0, 3, 4) };
	const struct operand half[] = { LISTED_AS("self[0]", 0, 0, 8), LISTED_AS("self[1]", 0, 1, 8), LISTED("self[2]", 0, 2, "bfloat16", "cpu", 8),
					LISTED_AS("tensors1[0]", 1, 0, 8), LISTED_AS("tensors1[1]", 1, 1, 8), LISTED_AS("tensors1[2]", 1, 2, 8) };
	const struct operand fused[] = { LISTED_AS("self[0]", 0, 0, 8), LISTED_AS("grads[0]", 1, 0, 1), LISTED("state_steps[0]", 5, 0, "float32", "cpu", 8) };
	const struct operand moved[] = { LISTED("self[0]", 0, 0, "float32", "cuda:0", 8), LISTED_AS("src[0]", 1, 0, 8) };
	const struct event a = EVENT("aten::_foreach_lerp_", odd), b = EVENT("aten::_foreach_add", wide), c = EVENT("aten::_foreach_add", larger),
			   d = EVENT("aten::_foreach_add_", larger), e = EVENT("aten::_foreach_lerp_", half), f = EVENT("aten::_foreach_addcmul_", half),
			   g = EVENT("aten::_fused_adamw_", fused), h = EVENT("aten::_foreach_add_", fused), i = EVENT("aten::_foreach_copy_", moved),
			   j = EVENT("aten::_foreach_add_", moved);

	look(&a, NULL);
	expect("size", 4, 3, 21, 7);
	CU_ASSERT_FALSE(found.from_message);
	CU_ASSERT_STRING_EQUAL(found.text, "tensors1[58] has 7 in dimension 0 where self[58] has 21");
	look(&b, NULL);
	CU_ASSERT_FALSE(finds); /* what has no partner, or is spread, is right */
	look(&c, NULL);
	CU_ASSERT_FALSE(finds);
	look(&d, NULL);
	expect("size", 1, 0, 1, 4); /* but not into what is smaller */
	look(&e, NULL);
	expect_names("dtype", 2, "float32", "bfloat16"); /* the one that isn't as the others of its list */
	look(&f, NULL);
	CU_ASSERT_FALSE(finds); /* promoted */
	look(&g, NULL);
	expect("size", 1, 0, 8, 1);
	look(&h, NULL);
	CU_ASSERT_FALSE(finds);
	look(&i, NULL);
	CU_ASSERT_FALSE(finds);
	look(&j, NULL);
	expect_names("device", 1, "cuda:0", "cpu");
}

/* Lists of unequal length, cut and whole. */
static void
test_lengths(void)
{
	static const char message[] = "Tensor lists must have the same number of tensors, got 26 and 28";
	const struct operand cut_lists[] = { { .name = "self", .kind = "list", .value = "{\"count\":26,\"kept\":16}", .argument = 0, .item = -1, .ndim = -1, .tensor = -1 },
					     LISTED_AS("self[0]", 0, 0, 8),
					     { .name = "other", .kind = "list", .value = "{\"count\":28,\"kept\":16}", .argument = 1, .item = -1, .ndim = -1, .tensor = -1 },
					     LISTED_AS("other[0]", 1, 0, 8) };
	const struct operand whole[] = { LISTED_AS("self[0]", 0, 0, 8), LISTED_AS("self[1]", 0, 1, 8), LISTED_AS("other[0]", 1, 0, 8) };
	const struct event a = EVENT("aten::_foreach_add_", cut_lists), b = EVENT("aten::_foreach_add_", whole);

	look(&a, message);
	expect("items", 2, 0, 26, 28);
	CU_ASSERT_STRING_EQUAL(found.text, "other has 28 tensors where self has 26");
	look(&b, message);
	expect("items", 2, 0, 2, 1);
	look(&b, "another failure");
	CU_ASSERT_FALSE(finds);
}

static const struct process processes[] = { { .file = "x.db", .role = "rank", .status = "failed" } };
static const struct operand cut[] = {
	{ .name = "self", .kind = "list", .argument = 0, .item = -1, .ndim = -1, .tensor = -1 },
	{ .name = "self[0]", .kind = "tensor", .argument = 0, .item = 0, .ndim = 1, .sizes = SIZES(8), .dtype = "float32", .device = "cpu", .tensor = 11 },
	{ .name = "other", .kind = "list", .argument = 1, .item = -1, .ndim = -1, .tensor = -1 },
	{ .name = "other[0]", .kind = "tensor", .argument = 1, .item = 0, .ndim = 1, .sizes = SIZES(8), .dtype = "float32", .device = "cpu", .tensor = 12 },
};

static const char exception[] = "{'modules':[], 'parameters':[{'tensor':31,'name':'model.head.weight'},{'tensor':32,'name':'ema.head.weight'}],"
	"'frames':[{'file':'/p/train.py','line':3,'function':'update','locals':[{'name':'averages','kind':'list','length':40,"
	"'items':[{'name':'averages[0]','kind':'tensor','tensor':11,'shape':[8]}]}]}]}";

/* JSON whose quotes are single ones. */
static json_t *
read_json(const char *text)
{
	char copy[2000];

	text_format(copy, sizeof(copy), "%s", text);
	for (char *at = copy; *at; at++)
		*at = *at == '\'' ? '"' : *at;
	return json_loads(copy, 0, NULL);
}

/* The diagnosis of a failed event with the lists above, with ITEMS in its note; END it. */
static void
diagnose(const char *items, int64_t event_of_note, struct failure *failure, struct diagnosis *out)
{
	static struct hand hand;
	static struct source source;
	static struct note operation, python;
	char text[1500];

	hand = (struct hand){ .processes = processes, .process_count = 1 };
	source = hand_source(&hand);
	text_format(text, sizeof(text), "{'operation':'aten::_foreach_add_','items':%s}", items);
	operation = (struct note){ .kind = "operation", .event = event_of_note, .json = read_json(text) };
	python = (struct note){ .kind = "exception", .event = 100, .json = read_json(exception) };
	*failure = (struct failure){ .kind = "operation", .has_event = true, .event = EVENT("aten::_foreach_add_", cut), .operation_name = "aten::_foreach_add_",
				     .context_event = -1, .link = -1, .operation = &operation, .note = &python, .message = "",
				     .frames = json_object_get(python.json, "frames") };
	diagnosis_start(out, &source, failure);
}

static void
finish(struct failure *failure, struct diagnosis *diagnosis)
{
	json_t *operation = failure->operation->json, *python = failure->note->json;

	diagnosis_end(diagnosis);
	CU_ASSERT_PTR_EQUAL(failure->event.operands, cut);
	CU_ASSERT_EQUAL(failure->event.operand_count, COUNT(cut));
	json_decref(operation);
	json_decref(python);
}

static void
test_items(void)
{
	struct diagnosis diagnosis;
	struct failure failure;

	diagnose("[{'argument':0,'item':33,'tensor':32,'shape':[5],'dtype':'float32','device':'cpu'},"
		 "{'argument':1,'item':33,'tensor':31,'shape':[7],'dtype':'float32','device':'cpu'}]", 100, &failure, &diagnosis);
	CU_ASSERT_TRUE_FATAL(diagnosis.has_mismatch);
	CU_ASSERT_STRING_EQUAL(diagnosis.mismatch.text, "other[33] has 7 in dimension 0 where self[33] has 5");
	CU_ASSERT_EQUAL(diagnosis.subject->operand_count, COUNT(cut) + 2);
	/* The variable that has the list has the item; what no variable has is called by the parameter's name. The note is as it was. */
	CU_ASSERT_STRING_EQUAL(text_get(operand_local(diagnosis.frames, 32), "name"), "averages[33]");
	CU_ASSERT_STRING_EQUAL(text_get(operand_local(diagnosis.frames, 32), "parameter"), "ema.head.weight");
	CU_ASSERT_STRING_EQUAL(text_get(operand_local(diagnosis.frames, 31), "name"), "model.head.weight");
	CU_ASSERT_PTR_NULL(operand_local(json_object_get(failure.note->json, "frames"), 32));
	CU_ASSERT_PTR_NULL(operand_local(json_object_get(failure.note->json, "frames"), 31));
	finish(&failure, &diagnosis);
}

/* Another operation's note; items that are recorded, of no list, or make no sense. */
static void
test_no_items(void)
{
	static const char *const wrong[] = {
		"[{'argument':0,'item':0,'tensor':32,'shape':[5]}]", "[{'argument':7,'item':33,'tensor':32,'shape':[5]}]",
		"[{'argument':0,'item':-1,'tensor':32,'shape':[5]}]", "[{'argument':0,'item':99999999999,'tensor':32,'shape':[5]}]",
		"[{'argument':0,'item':33,'tensor':32,'shape':[1,1,1,1,1,1,1,1,1]}]", "[{'argument':0,'item':33,'tensor':32,'shape':[-5]}]",
		"[{'argument':0,'item':33,'tensor':32,'shape':'5'}]", "[{'argument':0,'item':33,'shape':[5]}]", "[3, null, []]", "{}", "[]",
	};
	struct diagnosis diagnosis;
	struct failure failure;

	for (int i = 0; i < COUNT(wrong); i++) {
		diagnose(wrong[i], 100, &failure, &diagnosis);
		CU_ASSERT_FALSE(diagnosis.has_mismatch);
		CU_ASSERT_EQUAL(failure.event.operand_count, COUNT(cut));
		finish(&failure, &diagnosis);
	}
	diagnose("[{'argument':0,'item':33,'tensor':32,'shape':[5]},{'argument':1,'item':33,'tensor':31,'shape':[7]}]", 99, &failure, &diagnosis);
	CU_ASSERT_FALSE(diagnosis.has_mismatch);
	finish(&failure, &diagnosis);
}

/* What an index_copy_ into tensor 11 of a method whose line is BODY is called on; NULL: nothing has it. */
static const char *
receiver(const char *body)
{
	const struct operand into[] = { TENSOR("self", 11, 1, 8), VALUE("dim", "int", "1"), INDEX("index", 12, 1), TENSOR("source", 13, 1, 1) };
	static char path[] = "/tmp/shapebox-receiver.py", name[64];
	struct hand hand = { .processes = processes, .process_count = 1 };
	struct source source = hand_source(&hand);
	struct note operation = { .kind = "operation", .event = 100, .json = json_object() };
	json_t *frames = json_pack("[{s:s, s:i, s:s}]", "file", path, "line", 2, "function", "update");
	struct failure failure = { .kind = "operation", .has_event = true, .event = EVENT("aten::index_copy_", into), .operation = &operation };
	struct items items;

	write_program(path, "def update(self, rows):\n    %s\n", body);
	items_start(&source, &failure, frames, &items);
	text_format(name, sizeof(name), "%s", text_get(operand_local(frames, 11), "name"));
	items_end(&failure, &items);
	json_decref(frames);
	json_decref(operation.json);
	unlink(path);
	return name;
}

/* An attribute that the failing operation is called on, where that is plain. */
static void
test_receiver(void)
{
	CU_ASSERT_STRING_EQUAL(receiver("self.keys.index_copy_(2, at, rows)"), "self.keys");
	CU_ASSERT_STRING_EQUAL(receiver("self.layers.keys.index_copy_(2, at, self.rows(rows))"), "self.layers.keys");
	CU_ASSERT_STRING_EQUAL(receiver("self.keys.index_copy_(2, at, self.rows.index_copy_(2, at, rows))"), ""); /* which of the two isn't known */
	CU_ASSERT_STRING_EQUAL(receiver("torch.index_copy_(rows, 2, at, rows)"), "");
	CU_ASSERT_STRING_EQUAL(receiver("self.index_copy_(rows, 2, at, rows)"), ""); /* a method of its own */
	CU_ASSERT_STRING_EQUAL(receiver("self.keys[:, at].copy_(rows)"), "");
}

int
main(void)
{
	CU_pSuite suite;
	unsigned failures;

	if (CU_initialize_registry() != CUE_SUCCESS)
		return 2;
	suite = CU_add_suite("lists item by item", NULL, NULL);
	CU_add_test(suite, "pairs that disagree", test_pairs);
	CU_add_test(suite, "lists of unequal length", test_lengths);
	CU_add_test(suite, "items of the note", test_items);
	CU_add_test(suite, "items that are none", test_no_items);
	CU_add_test(suite, "called on an attribute", test_receiver);
	CU_basic_run_tests();
	failures = CU_get_number_of_failures();
	CU_cleanup_registry();
	return failures ? 1 : 0;
}
