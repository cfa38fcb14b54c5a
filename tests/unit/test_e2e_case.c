/* links: e2e */
/* Reading a case, and its program's run with the fix. */
#include <CUnit/Basic.h>
#include <CUnit/CUnit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/e2e/case.h"
#include "tests/e2e/process.h"

static char directory[] = "/tmp/shapebox-case-XXXXXX";

static void
write_file(const char *name, const char *text)
{
	FILE *file = fopen(name, "w");

	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	fputs(text, file);
	CU_ASSERT_EQUAL(fclose(file), 0);
}

static struct test_case *
read_text(const char *text)
{
	write_file("x.case", text);
	return case_read("x.case");
}

static void
test_words(void)
{
	struct test_case *c = read_text("# a remark\nprogram: p.py\nexit: 1\nfixed: --fixed  twice\n");

	CU_ASSERT_PTR_NOT_NULL_FATAL(c);
	CU_ASSERT_STRING_EQUAL(c->name, "x");
	CU_ASSERT_STRING_EQUAL(c->run, "python {program}");
	CU_ASSERT_STRING_EQUAL(c->fixed, "--fixed  twice");
	CU_ASSERT_EQUAL(c->exit_status, 1);
	CU_ASSERT_EQUAL(c->same, CASE_SAME_WHOLE);
	case_free(c);
	c = read_text("program: p.py\nexit: 1\nsame: yes\n");
	CU_ASSERT_PTR_NOT_NULL_FATAL(c);
	CU_ASSERT_PTR_NULL(c->fixed);
	CU_ASSERT_EQUAL(c->same, CASE_SAME_ALWAYS);
	case_free(c);
}

static void
test_unreadable(void)
{
	static const char *const bad[] = {
		"exit: 1\n", "program: p.py\n", "program: p.py\nexit: one\n", "program: p.py\nexit: 1\nfixed:\n",
		"program: p.py\nexit: 1\nfix: --fixed\n", "program: p.py\nexit: 1\nsame: perhaps\n", NULL,
	};

	for (size_t i = 0; bad[i] != NULL; i++)
		CU_ASSERT_PTR_NULL(read_text(bad[i]));
}

/* How many complaints there are about a program that ends with 0 only if it is given WANTED. */
static int
complaints(const char *line, const char *wanted)
{
	struct places places = { directory, directory, directory, directory, directory, true, false };
	char script[128], text[256];
	struct test_case *c;
	int failures;

	snprintf(script, sizeof script, "echo \"given $*\" >&2\ntest \"$*\" = \"%s\"\n", wanted);
	write_file("p.sh", script);
	snprintf(text, sizeof text, "program: p.sh\nrun: /bin/sh {program}\nexit: 1\ntimeout: 20\n%s\n", line);
	c = read_text(text);
	CU_ASSERT_PTR_NOT_NULL_FATAL(c);
	failures = case_check_fixed(c, &places);
	case_free(c);
	return failures;
}

static void
test_fixed(void)
{
	CU_ASSERT_EQUAL(complaints("fixed: --fixed twice", "--fixed twice"), 0);
	CU_ASSERT_EQUAL(complaints("fixed: --fixed", "--fixed twice"), 1);
	CU_ASSERT_EQUAL(complaints("# nothing to run", "--fixed"), 0);
}

static int
set_up(void)
{
	process_adopt();
	return mkdtemp(directory) == NULL || chdir(directory) != 0;
}

static int
tear_down(void)
{
	static const char *const files[] = { "x.case", "p.sh", "fixed.out", "fixed.err" };

	for (size_t i = 0; i < sizeof files / sizeof *files; i++)
		unlink(files[i]);
	return chdir("/") != 0 || rmdir(directory) != 0;
}

int
main(void)
{
	CU_pSuite suite;
	unsigned failures;

	CU_initialize_registry();
	suite = CU_add_suite("case", set_up, tear_down);
	CU_add_test(suite, "words of a case", test_words);
	CU_add_test(suite, "what can't be read", test_unreadable);
	CU_add_test(suite, "the run with the fix", test_fixed);
	CU_basic_set_mode(CU_BRM_VERBOSE);
	CU_basic_run_tests();
	failures = CU_get_number_of_failures() + CU_get_number_of_suites_failed();
	CU_cleanup_registry();
	return failures ? 1 : 0;
}
