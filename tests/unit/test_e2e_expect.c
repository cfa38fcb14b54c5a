/* links: e2e */
/* The judge itself: expectations that hold, that don't, and that can't be read. */
#include <CUnit/Basic.h>
#include <CUnit/CUnit.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/e2e/case.h"
#include "tests/e2e/expect.h"

static const char text[] =
	"{\"a\": {\"b\": [10, 20, {\"c\": null}], \"s\": \"x/model.py\"}, \"n\": null, \"none\": [],"
	" \"list\": [{\"k\": 1, \"v\": [2, 3]}, {\"k\": 2, \"v\": [4]}], \"words\": [\"p\", \"q\"]}";

static json_t *root;
static char directory[] = "/tmp/shapebox-expect-XXXXXX";
static char why[512];

static bool
holds(const char *expectation)
{
	struct expect_context context = { directory, "program.py" };

	return expect_holds(root, expectation, &context, why, sizeof why);
}

static void
test_true(void)
{
	static const char *const right[] = {
		"a.b[0] == 10", "a.b[-2] == 20", "a.b[1] != 10", "a.b[0] >= 10", "a.b[0] < 10.5", "a.b count 3", "a.b count > 2",
		"a.s ends \"model.py\"", "a.s begins \"x/\"", "a.s contains \"/mod\"", "a.s lacks \"tower\"", "a.s exists",
		"n null", "missing null", "a.b[2].c null", "none count 0", "a.b[7] null",
		"a.b[0] in [1, 10]", "n in [null]", "missing in [1, null]", "words contains \"q\"",
		"list any k == 2 and v == [4]", "list all k >= 1", "list none k == 3", "words any . == \"p\"",
		"list[1].k == @SECOND LINE", "list[1].k == @program.py SECOND LINE", "list any k == @SECOND LINE and v == [4]", NULL,
	};

	for (size_t i = 0; right[i] != NULL; i++) {
		bool wrong = !holds(right[i]);

		if (wrong)
			printf(" %s: %s\n", right[i], why);
		CU_ASSERT_FALSE(wrong);
	}
}

static void
test_false(void)
{
	static const char *const untrue[] = {
		"a.b[0] == 11", "a.b[0] == \"10\"", "a.b[0] != 10", "a.b[0] > 10", "a.s > 1", "a.b count 2", "a.b count < 3",
		"a.s ends \"model\"", "a.s contains \"tower\"", "missing lacks \"x\"", "list[0].k == @SECOND LINE", "missing contains \"x\"", "n exists",
		"missing exists", "a null", "missing == 1", "n > 0", "a.b[0] in [1, 2]", "list any k == 1 and v == [4]",
		"list all k == 1", "list none k == 2", "none all k == 1", "none any k == 1", "missing any k == 1",
		"missing none k == 1", NULL,
	};

	for (size_t i = 0; untrue[i] != NULL; i++) {
		bool wrong = holds(untrue[i]) || strstr(why, "can't be read") != NULL;

		if (wrong)
			printf(" %s: %s\n", untrue[i], why);
		CU_ASSERT_FALSE(wrong);
	}
}

static void
test_unreadable(void)
{
	static const char *const bad[] = {
		"", "a.b[0]", "a.b[0] is 10", "a.b[0] == ten", "a.b[0 == 10", "a..b == 1", "a.b[0] == @NO SUCH MARK",
		"a.b[0] == 10 or 11", "list any k ~ 1", NULL,
	};

	for (size_t i = 0; bad[i] != NULL; i++) {
		bool wrong = holds(bad[i]) || strstr(why, "can't be read") == NULL;

		if (wrong)
			printf(" %s: %s\n", bad[i], why);
		CU_ASSERT_FALSE(wrong);
	}
}

static int
set_up(void)
{
	char path[128];
	FILE *file;

	root = json_loads(text, 0, NULL);
	if (root == NULL || mkdtemp(directory) == NULL)
		return 1;
	snprintf(path, sizeof path, "%s/program.py", directory);
	file = fopen(path, "w");
	if (file == NULL)
		return 1;
	fputs("first\nsecond()  # SECOND LINE\n", file);
	return fclose(file);
}

static int
tear_down(void)
{
	char path[128];

	json_decref(root);
	snprintf(path, sizeof path, "%s/program.py", directory);
	unlink(path);
	return rmdir(directory);
}

int
main(void)
{
	CU_pSuite suite;
	unsigned failures;

	CU_initialize_registry();
	suite = CU_add_suite("expect", set_up, tear_down);
	CU_add_test(suite, "what holds", test_true);
	CU_add_test(suite, "what doesn't hold", test_false);
	CU_add_test(suite, "what can't be read", test_unreadable);
	CU_basic_set_mode(CU_BRM_VERBOSE);
	CU_basic_run_tests();
	failures = CU_get_number_of_failures() + CU_get_number_of_suites_failed();
	CU_cleanup_registry();
	return failures ? 1 : 0;
}
