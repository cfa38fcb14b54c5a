/* links: schema viewer */
/* What long work leaves when it is interrupted, and what it shows while it goes on. */
#include <CUnit/Basic.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "schema/progress.h"
#include "schema/unfinished.h"
#include "viewer/rendering/terminal.h"

static char folder[64];

static void
file_make(const char *path)
{
	int descriptor = open(path, O_WRONLY | O_CREAT, 0600);

	CU_ASSERT_FATAL(descriptor >= 0);
	close(descriptor);
}

/* A child makes a directory and two files, finishes one, and ends by SIGNAL (0: exit); how it ended. */
static int
interrupted(int number, bool ignored)
{
	pid_t child = fork();
	int status = -1;

	if (child == 0) {
		char directory[96], file[128], done[96];
		int finished;

		if (ignored)
			signal(number, SIG_IGN);
		snprintf(directory, sizeof directory, "%s/d", folder);
		snprintf(file, sizeof file, "%s/f", directory);
		snprintf(done, sizeof done, "%s/done", folder);
		mkdir(directory, 0700);
		unfinished_add(directory);
		unfinished_add(file);
		finished = unfinished_add(done);
		file_make(file);
		file_make(done);
		unfinished_drop(finished);
		if (number && !ignored)
			raise(number);
		if (ignored) {
			raise(number);
			_exit(access(file, F_OK) == 0 ? 7 : 8);
		}
		exit(3);
	}
	waitpid(child, &status, 0);
	return status;
}

static bool
is_there(const char *name)
{
	char path[128];

	snprintf(path, sizeof path, "%s/%s", folder, name);
	return access(path, F_OK) == 0;
}

static void
test_interrupted(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	int status;

	for (int i = 0; i < 3; i++) {
		status = interrupted(signals[i], false);
		CU_ASSERT(WIFSIGNALED(status) && WTERMSIG(status) == signals[i]);
		CU_ASSERT_FALSE(is_there("d"));
		CU_ASSERT(is_there("done"));
	}
	status = interrupted(0, false);
	CU_ASSERT(WIFEXITED(status) && WEXITSTATUS(status) == 3);
	CU_ASSERT_FALSE(is_there("d"));
	/* nohup */
	status = interrupted(SIGHUP, true);
	CU_ASSERT(WIFEXITED(status) && WEXITSTATUS(status) == 7);
}

static int heard;

static void
listen(int thousandths)
{
	heard = thousandths;
}

static void
test_progress(void)
{
	progress_tell(1, 2); /* nobody listens */
	progress_listen(listen);
	progress_tell(1, 4);
	CU_ASSERT_EQUAL(heard, 250);
	progress_part(1, 4);
	progress_tell(1, 2);
	CU_ASSERT_EQUAL(heard, 375);
	progress_tell(7, 2);
	CU_ASSERT_EQUAL(heard, 1000);
	heard = -5;
	progress_tell(1, 0);
	CU_ASSERT_EQUAL(heard, -5);
	progress_listen(NULL);
	progress_tell(1, 2);
	CU_ASSERT_EQUAL(heard, -5);
}

static void
test_bar(void)
{
	char out[200], small[12];

	terminal_bar(out, sizeof out, "reading t", 0, 100);
	CU_ASSERT_STRING_EQUAL(out, "reading t [..............................] 0%");
	terminal_bar(out, sizeof out, "reading t", 500, 100);
	CU_ASSERT_STRING_EQUAL(out, "reading t [###############...............] 50%");
	terminal_bar(out, sizeof out, "reading t", 1000, 100);
	CU_ASSERT_STRING_EQUAL(out, "reading t [##############################] 100%");
	terminal_bar(out, sizeof out, "reading t", -1, 100);
	CU_ASSERT_STRING_EQUAL(out, "reading t");
	for (int columns = 0; columns < 60; columns++)
		for (int thousandths = -1; thousandths <= 1000; thousandths += 13) {
			terminal_bar(out, sizeof out, "reading t", thousandths, columns);
			CU_ASSERT(strlen(out) < (size_t)(columns > 0 ? columns : 1));
		}
	terminal_bar(small, sizeof small, "reading a long name", 500, 200);
	CU_ASSERT_STRING_EQUAL(small, "reading a l");
}

int
main(void)
{
	CU_pSuite suite;
	unsigned failures;
	char command[128];

	snprintf(folder, sizeof folder, "/tmp/shapebox-unfinished-%d", (int)getpid());
	mkdir(folder, 0700);
	CU_initialize_registry();
	suite = CU_add_suite("unfinished", NULL, NULL);
	CU_add_test(suite, "what is unfinished goes, what is finished stays", test_interrupted);
	CU_add_test(suite, "progress of parts", test_progress);
	CU_add_test(suite, "the bar", test_bar);
	CU_basic_set_mode(CU_BRM_NORMAL);
	CU_basic_run_tests();
	failures = CU_get_number_of_failures();
	CU_cleanup_registry();
	snprintf(command, sizeof command, "rm -rf %s", folder);
	return system(command) != 0 || failures > 0;
}
