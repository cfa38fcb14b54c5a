/* links: viewer */
#include <CUnit/Basic.h>
#include <CUnit/CUnit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "viewer/analysis/redact.h"

static void
expect(struct redact *redact, const char *text, const char *wanted)
{
	char *out = redact_text(redact, text);

	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	if (strcmp(out, wanted) != 0)
		printf("\n  %s became %s, not %s\n", text, out, wanted);
	CU_ASSERT_STRING_EQUAL(out, wanted);
	free(out);
}

static void
test_names(void)
{
	struct redact redact = { 0 };

	redact_learn(&redact, REDACT_HOME, "/srv/people/quixote/");
	redact_learn(&redact, REDACT_USER, "quixote");
	redact_learn(&redact, REDACT_HOST, "gpu01.mancha.example");
	redact_learn_text(&redact, "File \"/home/sancho/x.py\", line 3, and /Users/Teresa");
	redact_learn_text(&redact, "{\"env\": {\"MASTER_ADDR\": \"10.1.2.3\", \"RANK\": \"0\"}, \"host\": \"gpu02\"}");
	expect(&redact, "/home/sancho/project/train.py", "/home/user/project/train.py");
	expect(&redact, "/scratch/sancho/run, sancho's, sanchos, /x/Teresa/y", "/scratch/user/run, user's, sanchos, /x/user/y");
	expect(&redact, "/srv/people/quixote/a.py:1 /srv/people/quixotes", "/home/user/a.py:1 /srv/people/quixotes");
	expect(&redact, "on gpu01, gpu01.mancha.example and gpu02 (10.1.2.3); not gpu011", "on host1, host1 and host3 (host2); not gpu011");
	expect(&redact, "[1, 2, 3]", "[1,2,3]");
	/* keys stay, strings within don't; what only looks like JSON is text */
	expect(&redact, "{\"sancho\": [\"sancho\", 3, {\"x\": \"/home/sancho\"}]}", "{\"sancho\":[\"user\",3,{\"x\":\"/home/user\"}]}");
	expect(&redact, "{sancho}", "{user}");
	expect(&redact, "", "");
	CU_ASSERT_STRING_EQUAL(redact_find(&redact, "\0\1sancho\0", 9), "sancho");
	CU_ASSERT_PTR_NULL(redact_find(&redact, "\0\1sanchos\0", 10));
	CU_ASSERT_FALSE(redact.failed);
	redact_free(&redact);
}

static void
test_ordinary(void)
{
	static const char text[] = "/root/x.py root localhost 127.0.0.1 cuda:0 /home/ubuntu/a user torch 12.8";
	struct redact redact = { 0 };

	redact_learn(&redact, REDACT_USER, "root");
	redact_learn(&redact, REDACT_USER, "");
	redact_learn(&redact, REDACT_USER, NULL);
	redact_learn(&redact, REDACT_HOST, "localhost");
	redact_learn(&redact, REDACT_HOST, "127.0.0.1");
	redact_learn(&redact, REDACT_HOST, "cuda");
	redact_learn(&redact, REDACT_HOME, "/");
	redact_learn_text(&redact, "/home/ubuntu/a {\"env\":{\"MASTER_ADDR\":\"localhost\"}}");
	expect(&redact, text, text);
	/* root's home is one that was named */
	redact_learn(&redact, REDACT_HOME, "/root");
	expect(&redact, "/root/x.py, /var/root/y, /rooted", "/home/user/x.py, /var/root/y, /rooted");
	redact_free(&redact);
}

int
main(void)
{
	CU_pSuite suite;
	unsigned failures;

	CU_initialize_registry();
	suite = CU_add_suite("redact", NULL, NULL);
	CU_add_test(suite, "homes, users and hosts", test_names);
	CU_add_test(suite, "what names nobody", test_ordinary);
	CU_basic_set_mode(CU_BRM_NORMAL);
	CU_basic_run_tests();
	failures = CU_get_number_of_failures();
	CU_cleanup_registry();
	return failures > 0;
}
