/* links: libshim */
/* Which items of lists that a record cut are written as they fail. */
#include <CUnit/Basic.h>
#include <string.h>

#include "fake_tensor.h"
#include "libshim/identity.h"
#include "libshim/lists.h"
#include "shim_fixture.h"

enum { LENGTH = 40, LISTS = 3 };

static struct fake_tensor tensors[LISTS][LENGTH];
static struct torch_value items[LISTS][LENGTH], arguments[LISTS + 1];
static struct { uint64_t head[2]; const struct torch_value *begin, *end; } objects[LISTS];
static struct lists lists;
static char text[20000];

/* Lists of LENGTH matrices, the N-th item of all with N + 1 rows; every tensor is met. */
static void
make(void)
{
	static const struct fake_storage storage = { .bytes = 64 };
	const struct identity_event event = { 1, 2, 3, NULL };
	uint64_t block[2] = { 0, 0 };

	torch = (struct torch){ .tag_tensor = 1, .tag_double = 3, .tag_list = 12, .list_values = offsetof(__typeof__(objects[0]), begin) };
	for (int n = 0; n < LISTS; n++) {
		for (int i = 0; i < LENGTH; i++) {
			tensors[n][i] = tensor(&storage, FLOAT, 2, DIMS(i + 1, 4), DIMS(4, 1), 0);
			items[n][i] = (struct torch_value){ .payload = &tensors[n][i], .tag = torch.tag_tensor };
			identity_meet(&tensors[n][i], 1, true, &event, block);
		}
		objects[n].begin = items[n];
		objects[n].end = items[n] + LENGTH;
		arguments[n] = (struct torch_value){ .payload = &objects[n], .tag = torch.tag_list };
	}
	arguments[LISTS] = (struct torch_value){ .tag = torch.tag_double };
}

static const char *
written(uint64_t event)
{
	struct json_writer json;

	json_begin(&json, text, sizeof text - 1);
	lists_write(&json, &lists, event);
	json_finish(&json);
	text[json.used] = 0;
	return text;
}

/* How often WORD stands in what was written. */
static int
times(const char *word)
{
	int count = 0;

	for (const char *at = text; (at = strstr(at, word)); at++)
		count++;
	return count;
}

static void
test_pairs(void)
{
	make();
	lists_keep(&lists, 7, arguments, LISTS + 1);
	CU_ASSERT_EQUAL(lists.count, LISTS);
	CU_ASSERT_STRING_EQUAL(written(7), "[]"); /* all agree */
	tensors[1][30].sizes[0] = 5;
	CU_ASSERT_STRING_EQUAL(written(6), "[]"); /* another operation's */
	written(7);
	CU_ASSERT_EQUAL(times("\"argument\""), 2);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "{\"argument\":0,\"item\":30,\"tensor\":"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "{\"argument\":1,\"item\":30,\"tensor\":"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "\"shape\":[31,4],\"dtype\":\"float32\",\"device\":\"cpu\",\"layout\":\"strided\""));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "\"shape\":[5,4]"));
	CU_ASSERT_EQUAL(lists.told_count, 2);
	CU_ASSERT_PTR_EQUAL(lists.told[0].storage, tensors[0][30].storage->data);
	tensors[2][3].dtype = LONG;
	written(7);
	CU_ASSERT_EQUAL(times("\"argument\":2"), 1);
	CU_ASSERT_EQUAL(times("int64"), 1);
	for (int i = 5; i < 20; i++)
		tensors[1][i].ndim = 1;
	written(7);
	CU_ASSERT_EQUAL(times("\"argument\":0"), LISTS_PLACES); /* no more than these */
}

/* Lists of another kind, or of another length, differ everywhere: nothing is said of them. One kind may still agree. */
static void
test_other_kinds(void)
{
	make();
	for (int i = 0; i < LENGTH; i++) {
		tensors[1][i].ndim = 0;
		tensors[2][i].dtype = LONG;
	}
	objects[2].end = items[2] + LENGTH;
	lists_keep(&lists, 7, arguments, LISTS);
	CU_ASSERT_STRING_EQUAL(written(7), "[]");
	tensors[2][9].sizes[0] = 77;
	written(7);
	CU_ASSERT_EQUAL(times("\"argument\""), 2);
	CU_ASSERT_EQUAL(times("\"shape\":[77,4]"), 1);
	objects[2].end = items[2] + LENGTH - 1;
	lists_keep(&lists, 7, arguments, LISTS);
	CU_ASSERT_STRING_EQUAL(written(7), "[]");
}

/* A list alone: what isn't like its first. */
static void
test_alone(void)
{
	make();
	for (int i = 0; i < LENGTH; i++)
		tensors[0][i].sizes[0] = 9;
	tensors[0][33].sizes[0] = 8;
	lists_keep(&lists, 1, arguments, 1);
	written(1);
	CU_ASSERT_EQUAL(times("\"argument\""), 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "\"item\":33"));
	for (int i = 0; i < LENGTH; i++)
		tensors[0][i].sizes[0] = i;
	CU_ASSERT_STRING_EQUAL(written(1), "[]"); /* a batch of all lengths */
}

/* A list that is the other with some put in: those. */
static void
test_more(void)
{
	make();
	for (int i = 20; i < LENGTH - 2; i++) /* the second has two fewer, from the twentieth on the first's from the twenty-second */
		tensors[1][i].sizes[0] = tensors[0][i + 2].sizes[0];
	objects[1].end = items[1] + LENGTH - 2;
	lists_keep(&lists, 7, arguments, 2);
	written(7);
	CU_ASSERT_EQUAL(times("\"argument\":0"), 2);
	CU_ASSERT_EQUAL(times("\"argument\":1"), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "\"item\":20"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "\"item\":21"));
	objects[1].end = items[1] + LENGTH - 3; /* another one is missing elsewhere */
	tensors[1][3].sizes[0] = 99;
	lists_keep(&lists, 7, arguments, 2);
	CU_ASSERT_STRING_EQUAL(written(7), "[]");
	make();
	objects[0].end = items[0] + LENGTH - 4; /* the first is the shorter one */
	lists_keep(&lists, 7, arguments, 2);
	written(7);
	CU_ASSERT_EQUAL(times("\"argument\":1"), 4);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "\"item\":36"));
}

/* What has ended, was never met, or is no tensor isn't looked at. */
static void
test_ended(void)
{
	make();
	tensors[1][30].sizes[0] = 5;
	lists_keep(&lists, 7, arguments, 2);
	identity_end(&tensors[1][30]);
	CU_ASSERT_STRING_EQUAL(written(7), "[]");
	make();
	items[1][30] = (struct torch_value){ .payload = (void *)8, .tag = torch.tag_double };
	lists_keep(&lists, 7, arguments, 2);
	CU_ASSERT_PTR_NULL(lists.of[1].items[30]);
	CU_ASSERT_STRING_EQUAL(written(7), "[]");
	tensors[1][31].sizes[0] = 5;
	shim_box.header->checks[BOX_CHECK_DEATHS] = BOX_CHECK_FAILED;
	CU_ASSERT_STRING_EQUAL(written(7), "[]");
	shim_box.header->checks[BOX_CHECK_DEATHS] = BOX_CHECK_OK;
	CU_ASSERT_STRING_NOT_EQUAL(written(7), "[]");
}

/* Lists longer than there is room for are kept in part, evenly. */
static void
test_room(void)
{
	static struct torch_value many[LISTS_ITEMS + 10];

	make();
	for (size_t i = 0; i < sizeof many / sizeof many[0]; i++)
		many[i] = items[0][i % LENGTH];
	for (int n = 0; n < 2; n++) {
		objects[n].begin = many;
		objects[n].end = many + LISTS_ITEMS + 10;
	}
	lists_keep(&lists, 7, arguments, 2);
	CU_ASSERT_EQUAL(lists.of[0].kept, LISTS_ITEMS / 2);
	CU_ASSERT_EQUAL(lists.of[1].kept, LISTS_ITEMS / 2);
	CU_ASSERT_EQUAL(lists.of[1].length, LISTS_ITEMS + 10);
	CU_ASSERT_PTR_EQUAL(lists.of[1].items, lists.items + LISTS_ITEMS / 2);
	CU_ASSERT_STRING_EQUAL(written(7), "[]");
}

int
main(void)
{
	if (CU_initialize_registry())
		return CU_get_error();
	CU_pSuite suite = CU_add_suite("lists", NULL, NULL);
	learn_fakes();
	if (!fixture_open(4 << 20))
		return 1;
	shim_box.header->checks[BOX_CHECK_DEATHS] = BOX_CHECK_OK;
	CU_add_test(suite, "of lists of one length the items that differ are written", test_pairs);
	CU_add_test(suite, "lists of other kinds say nothing", test_other_kinds);
	CU_add_test(suite, "of a list alone what isn't like the first", test_alone);
	CU_add_test(suite, "of a longer list what was put in", test_more);
	CU_add_test(suite, "only what lives is looked at", test_ended);
	CU_add_test(suite, "long lists are kept in part", test_room);
	CU_basic_run_tests();
	unsigned failures = CU_get_number_of_failures();
	CU_cleanup_registry();
	fixture_remove();
	return failures ? 1 : 0;
}
