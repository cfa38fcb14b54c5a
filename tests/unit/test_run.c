/* links: schema viewer */
#include <CUnit/Basic.h>
#include <CUnit/CUnit.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "schema/config.h"
#include "viewer/commands/command.h"
#include "viewer/commands/options.h"
#include "viewer/commands/run_parts.h"
#include "viewer/commands/traces.h"

static char room[] = "/tmp/shapebox-test-XXXXXX";

struct values { bool json, quiet; const char *text; int64_t count, step; };

static const struct option_row rows[] = {
	{ "quiet", 'q', OPTION_FLAG, offsetof(struct values, quiet), NULL, NULL, "" },
	{ "output", 'o', OPTION_TEXT, offsetof(struct values, text), "DIR", "", "" },
	{ "last", 'n', OPTION_COUNT, offsetof(struct values, count), "N", "", "" },
	{ "step", 0, OPTION_INTEGER, offsetof(struct values, step), "N", "", "" },
	OPTION_ROWS_JSON(values),
	{ 0 }
};

/* Parse up to eight words; REST gets what is left, joined by commas. */
static enum option_result
parse(struct values *values, bool stop, char rest[256], struct error *error, const char *const *words)
{
	char *argv[10] = { "test" };
	int argc = 1, first = 0;
	enum option_result result;

	while (*words)
		argv[argc++] = (char *)*words++;
	memset(values, 0, sizeof *values);
	error->text[0] = rest[0] = 0;
	result = options_parse(rows, "test", values, argc, argv, stop, &first, error);
	for (int i = first; result == OPTION_OK && i < argc; i++) {
		strcat(rest, rest[0] ? "," : "");
		strcat(rest, argv[i]);
	}
	return result;
}

#define PARSE(stop, ...) parse(&values, stop, rest, &error, (const char *const[]){ __VA_ARGS__, NULL })

static void
test_options(void)
{
	struct values values;
	struct error error;
	char rest[256];

	CU_ASSERT_EQUAL(PARSE(false, "a", "-q", "--output=x", "b", "-n5", "--", "-c"), OPTION_OK);
	CU_ASSERT_STRING_EQUAL(rest, "a,b,-c");
	CU_ASSERT_TRUE(values.quiet);
	CU_ASSERT_STRING_EQUAL(values.text, "x");
	CU_ASSERT_EQUAL(values.count, 5);
	CU_ASSERT_EQUAL(PARSE(true, "-qo", "x", "python", "-q", "--output", "y"), OPTION_OK);
	CU_ASSERT_STRING_EQUAL(rest, "python,-q,--output,y");
	CU_ASSERT_STRING_EQUAL(values.text, "x");
	CU_ASSERT_EQUAL(PARSE(false, "--format", "json", "--step", "-1", "d"), OPTION_OK);
	CU_ASSERT_TRUE(values.json);
	CU_ASSERT_EQUAL(values.step, -1);
	CU_ASSERT_STRING_EQUAL(rest, "d");
	CU_ASSERT_EQUAL(PARSE(false, "x", "--json"), OPTION_OK);
	CU_ASSERT_TRUE(values.json);
	CU_ASSERT_STRING_EQUAL(rest, "x");
	CU_ASSERT_EQUAL(PARSE(false, "--help"), OPTION_HELP);
}

static void
test_options_wrong(void)
{
	struct values values;
	struct error error;
	char rest[256];

	CU_ASSERT_EQUAL(PARSE(false, "--outptu=x"), OPTION_ERROR);
	CU_ASSERT_STRING_EQUAL(error.text, "test: unknown option --outptu; did you mean --output?");
	CU_ASSERT_EQUAL(PARSE(false, "-z"), OPTION_ERROR);
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "unknown option -z"));
	CU_ASSERT_EQUAL(PARSE(false, "--output"), OPTION_ERROR);
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "--output wants a value"));
	CU_ASSERT_EQUAL(PARSE(false, "--last", "-3"), OPTION_ERROR);
	CU_ASSERT_EQUAL(PARSE(false, "--last", "3x"), OPTION_ERROR);
	CU_ASSERT_EQUAL(PARSE(false, "--format", "yaml"), OPTION_ERROR);
	CU_ASSERT_EQUAL(PARSE(false, "--quiet=1"), OPTION_ERROR);
}

static void
test_sizes(void)
{
	uint64_t bytes = 0;
	const char *wrong[] = { "", "M", "-1", "1x", "12Q", "0", "1", "1k", "99999999999999999999", "2000G", "16777216T", " 32M", "32M " };

	CU_ASSERT_TRUE(config_size("32M", &bytes) && bytes == 32u << 20);
	CU_ASSERT_TRUE(config_size("4096k", &bytes) && bytes == 4u << 20);
	CU_ASSERT_TRUE(config_size("2g", &bytes) && bytes == 2ull << 30);
	CU_ASSERT_TRUE(config_size("1048576", &bytes) && bytes == 1u << 20);
	CU_ASSERT_TRUE(config_size("64MiB", &bytes) && bytes == 64u << 20);
	bytes = 7;
	for (unsigned i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		CU_ASSERT_FALSE(config_size(wrong[i], &bytes));
	CU_ASSERT_EQUAL(bytes, 7);
}

/* Every default is valid, and the words are read. */
static void
test_config(void)
{
	int depth = -1;
	bool on = true;

	for (int i = 0; i < CONFIG_COUNT; i++) {
		CU_ASSERT_TRUE(config_valid(config_rows[i].kind, config_rows[i].fallback, NULL));
		CU_ASSERT_EQUAL(strncmp(config_rows[i].variable, "SHAPEBOX_", 9), 0);
	}
	CU_ASSERT_TRUE(config_depth("all", &depth) && depth == 0);
	CU_ASSERT_TRUE(config_depth("2", &depth) && depth == 2);
	CU_ASSERT_FALSE(config_depth("3", &depth));
	CU_ASSERT_TRUE(config_keep_all("ring", &on) && !on);
	CU_ASSERT_FALSE(config_keep_all("some", &on));
	CU_ASSERT_TRUE(config_flag("Yes", &on) && on);
	CU_ASSERT_FALSE(config_flag("maybe", &on));
}

static void
expect_meant(const char *word, const char *part)
{
	struct error error = { "" };

	command_unknown(word, &error);
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, part));
}

static void
test_suggestions(void)
{
	CU_ASSERT_EQUAL(command_distance("report", "report"), 0);
	CU_ASSERT_EQUAL(command_distance("reprot", "report"), 1);
	CU_ASSERT_EQUAL(command_distance("rn", "run"), 1);
	CU_ASSERT_EQUAL(command_distance("", "run"), 3);
	expect_meant("reprot", "shapebox report");
	expect_meant("recrod", "shapebox record");
	expect_meant("train.py", "shapebox run -- python train.py");
	expect_meant("torchrun", "shapebox run -- torchrun");
	expect_meant("zzzzzz", "shapebox help");
	CU_ASSERT_PTR_EQUAL(command_find("show"), command_find("report"));
	CU_ASSERT_PTR_NULL(command_find("sho"));
}

static void
test_masking(void)
{
	char *words[] = { "python", "train.py", "--hf_token", "abc", "--tokenizer", "qwen", "--max_tokens=512", "WANDB_API_KEY=xyz",
			  "--db.password=pw", "https://me:pw@host/x?y=1", "--url=postgres://u:p@h", "--lr=1e-3", NULL };
	json_t *command = run_record_command(words);
	char *text = json_dumps(command, JSON_COMPACT);

	CU_ASSERT_STRING_EQUAL(text, "[\"python\",\"train.py\",\"--hf_token\",\"***\",\"--tokenizer\",\"qwen\",\"--max_tokens=512\","
				     "\"WANDB_API_KEY=***\",\"--db.password=***\",\"https://***@host/x?y=1\","
				     "\"--url=postgres://***@h\",\"--lr=1e-3\"]");
	free(text);
	json_decref(command);
}

static void
write_file(const char *name, const char *text, mode_t mode)
{
	char path[PATH_MAX];
	int file;

	snprintf(path, sizeof path, "%s/%s", room, name);
	file = open(path, O_WRONLY | O_CREAT | O_TRUNC, mode);
	CU_ASSERT_EQUAL(write(file, text, strlen(text)), (ssize_t)strlen(text));
	close(file);
}

static void
test_find(void)
{
	char path[PATH_MAX], python[PATH_MAX], script[PATH_MAX];

	CU_ASSERT_EQUAL(run_find_program("sh", path), 0);
	CU_ASSERT_EQUAL(run_find_program("no-such-program-here", path), 127);
	CU_ASSERT_EQUAL(run_find_program("", path), 127);
	CU_ASSERT_EQUAL(run_find_program("/etc/passwd", path), 126);
	CU_ASSERT_EQUAL(run_find_program("/etc", path), 126);
	CU_ASSERT_TRUE(run_find_python("/opt/v/bin/python3.11", python));
	CU_ASSERT_STRING_EQUAL(python, "/opt/v/bin/python3.11");
	CU_ASSERT_FALSE(run_find_python("/bin/sh", python));
	write_file("python3", "#!/bin/sh\n", 0755);
	snprintf(script, sizeof script, "#!%s/python3 -E\n", room);
	write_file("torchrun", script, 0755);
	snprintf(path, sizeof path, "%s/torchrun", room);
	CU_ASSERT_TRUE(run_find_python(path, python));
	CU_ASSERT_PTR_NOT_NULL(strstr(python, "/python3"));
}

/* A directory with anything in it is left alone; the trace goes beside it. */
static void
test_directory(void)
{
	char wanted[PATH_MAX], path[PATH_MAX], other[PATH_MAX];
	struct error notice, error;
	struct stat status;
	bool joined;

	snprintf(wanted, sizeof wanted, "%s/a/trace/", room);
	CU_ASSERT_TRUE(run_directory_make(wanted, "", path, &joined, &notice, &error));
	CU_ASSERT_STRING_EQUAL(notice.text, "");
	CU_ASSERT_EQUAL(strncmp(path, wanted, strlen(path)), 0);
	CU_ASSERT_EQUAL(stat(path, &status), 0);
	CU_ASSERT_EQUAL(status.st_mode & 0777, 0700);
	CU_ASSERT_TRUE(run_directory_make(wanted, "", other, &joined, &notice, &error));
	CU_ASSERT_STRING_EQUAL(other + strlen(path), ".2");
	CU_ASSERT_PTR_NOT_NULL(strstr(notice.text, "trace.2"));
	CU_ASSERT_TRUE(run_directory_make("/proc/no/such", "", other, &joined, &notice, &error));
	CU_ASSERT_PTR_NOT_NULL(strstr(notice.text, "/proc/no/such can't be made"));
	strcat(other, "/.gitignore");
	unlink(other);
	*strrchr(other, '/') = 0;
	rmdir(other);
}

/* Several hosts, one command each: they share a directory as long as their job is the same and still runs. */
static void
test_join(void)
{
	static char *words[] = { "torchrun", "--rdzv_id=17", "--rdzv-endpoint", "h:29400", "--master_port", "1", "train.py", NULL };
	char wanted[PATH_MAX], first[PATH_MAX], second[PATH_MAX], job[256], other[256];
	struct run_child child = { .argv = words, .directory = first, .job = job };
	struct error notice, error;
	bool joined;

	unsetenv("SLURM_JOB_ID");
	unsetenv("MASTER_ADDR");
	run_job_name(words + 6, other, sizeof other);
	CU_ASSERT_STRING_EQUAL(other, "");
	run_job_name(words, job, sizeof job);
	CU_ASSERT_STRING_EQUAL(job, "torchrun 17 h:29400");
	snprintf(wanted, sizeof wanted, "%s/shared", room);
	CU_ASSERT_TRUE(run_directory_make(wanted, job, first, &joined, &notice, &error));
	CU_ASSERT_FALSE(joined);
	CU_ASSERT_TRUE(run_record_write(&child));
	CU_ASSERT_TRUE(run_directory_make(wanted, job, second, &joined, &notice, &error));
	CU_ASSERT_TRUE(joined);
	CU_ASSERT_STRING_EQUAL(first, second);
	CU_ASSERT_STRING_EQUAL(notice.text, "");
	CU_ASSERT_TRUE(run_directory_make(wanted, "torchrun 18 h:29400", second, &joined, &notice, &error));
	CU_ASSERT_FALSE(joined); /* another job */
	CU_ASSERT_TRUE(run_directory_make(wanted, "", second, &joined, &notice, &error));
	CU_ASSERT_FALSE(joined);
	child.end_ns = 5;
	CU_ASSERT_TRUE(run_record_write(&child));
	CU_ASSERT_TRUE(run_directory_make(wanted, job, second, &joined, &notice, &error));
	CU_ASSERT_FALSE(joined); /* it has ended: this is its next run */
	setenv("SLURM_JOB_ID", "99", 1);
	run_job_name(words, job, sizeof job);
	CU_ASSERT_STRING_EQUAL(job, "SLURM_JOB_ID 99");
	unsetenv("SLURM_JOB_ID");
	strcat(first, "/run.json"); /* else it were a trace that other tests find */
	unlink(first);
}

static void
no_start(struct run_child *child)
{
	(void)child;
}

static void
run_shell(struct run_child *child, const char *script)
{
	static char *argv[] = { "sh", "-c", NULL, NULL };

	argv[2] = (char *)script;
	*child = (struct run_child){ .argv = argv, .directory = room };
	run_child(child, no_start);
}

static void
test_child(void)
{
	struct run_child child;
	char *missing[] = { "/no/such/program", NULL };

	run_shell(&child, "exit 7");
	CU_ASSERT_EQUAL(child.exit_status, 7);
	CU_ASSERT_EQUAL(child.signal, 0);
	CU_ASSERT_TRUE(child.end_ns > child.start_ns);
	run_shell(&child, "kill -9 $$");
	CU_ASSERT_EQUAL(child.exit_status, -1);
	CU_ASSERT_EQUAL(child.signal, SIGKILL);
	/* what is sent to run reaches the child */
	run_shell(&child, "trap 'exit 5' USR1; kill -USR1 $PPID; while :; do sleep 0.05; done");
	CU_ASSERT_EQUAL(child.exit_status, 5);
	/* it waits for what the child leaves behind */
	run_shell(&child, "(sleep 0.3) & exit 0");
	CU_ASSERT_TRUE(run_now_ns() - child.start_ns > 250000000);
	/* but not for ever */
	run_shell(&child, "(sleep 9) & exit 0");
	CU_ASSERT_TRUE(run_now_ns() - child.start_ns < 4000000000);
	child.argv = missing;
	CU_ASSERT_FALSE(run_child(&child, no_start));
	CU_ASSERT_EQUAL(child.error_number, 2);
}

static void
test_traces(void)
{
	char path[PATH_MAX], found[PATH_MAX], file[PATH_MAX + 32];
	bool chosen;
	struct error error;

	CU_ASSERT_EQUAL(traces_file("rank0-4711.db"), TRACE_FILE_DATA);
	CU_ASSERT_EQUAL(traces_file("rank0-worker-4712.box"), TRACE_FILE_DATA);
	CU_ASSERT_EQUAL(traces_file("rank0-4711.2.box"), TRACE_FILE_DATA);
	CU_ASSERT_EQUAL(traces_file("v1.2.box"), TRACE_FILE_NONE);
	CU_ASSERT_EQUAL(traces_file("rank0-4711.box.3"), TRACE_FILE_SIDE); /* a segment of --keep all */
	CU_ASSERT_EQUAL(traces_file("rank0-4711.db.a1b2c3.tmp"), TRACE_FILE_SIDE);
	CU_ASSERT_EQUAL(traces_file("rank0-4711.db-journal"), TRACE_FILE_SIDE);
	CU_ASSERT_EQUAL(traces_file("my-data.db"), TRACE_FILE_NONE);
	CU_ASSERT_EQUAL(traces_file("data.db"), TRACE_FILE_NONE);
	CU_ASSERT_EQUAL(traces_file(".gitignore"), TRACE_FILE_OTHER);
	CU_ASSERT_FALSE(traces_is(room, NULL));
	CU_ASSERT_FALSE(traces_choose(room, path, &chosen, &error));
	snprintf(path, sizeof path, "%s/shapebox-1", room);
	mkdir(path, 0700);
	write_file("shapebox-1/rank0-1.box", "shapebox", 0600);
	CU_ASSERT_TRUE(traces_is(path, NULL));
	CU_ASSERT_TRUE(traces_choose(room, found, &chosen, &error));
	CU_ASSERT_STRING_EQUAL(found, path);
	snprintf(file, sizeof file, "%s/rank0-1.box", path);
	CU_ASSERT_TRUE(traces_choose(file, found, &chosen, &error));
}

static void
test_rm(void)
{
	char path[PATH_MAX], file[PATH_MAX + 32];
	char *argv[] = { "rm", path, NULL };
	struct error error = { "" };
	struct stat status;

	/* somebody's own database with a name like ours */
	snprintf(path, sizeof path, "%s/foreign", room);
	mkdir(path, 0700);
	write_file("foreign/run-7.db", "SQLite format 3", 0600);
	CU_ASSERT_EQUAL(command_rm(2, argv, &error), COMMAND_TROUBLE);
	snprintf(file, sizeof file, "%s/run-7.db", path);
	CU_ASSERT_EQUAL(stat(file, &status), 0);
	/* a trace with somebody's file in it */
	argv[1] = path;
	snprintf(path, sizeof path, "%s/mixed", room);
	mkdir(path, 0700);
	write_file("mixed/rank0-999999999.box", "shapebox", 0600);
	write_file("mixed/.gitignore", "build/\n", 0600);
	CU_ASSERT_EQUAL(command_rm(2, argv, &error), COMMAND_TROUBLE);
	snprintf(file, sizeof file, "%s/.gitignore", path);
	CU_ASSERT_EQUAL(stat(file, &status), 0);
	snprintf(file, sizeof file, "%s/rank0-999999999.box", path);
	CU_ASSERT_NOT_EQUAL(stat(file, &status), 0);
	/* a trace */
	argv[1] = path;
	snprintf(path, sizeof path, "%s/plain", room);
	mkdir(path, 0700);
	write_file("plain/rank0-999999999.box", "shapebox", 0600);
	write_file("plain/rank0-999999999.db.abcdef.tmp", "", 0600);
	write_file("plain/.gitignore", "*\n", 0600);
	CU_ASSERT_EQUAL(command_rm(2, argv, &error), COMMAND_OK);
	CU_ASSERT_NOT_EQUAL(stat(path, &status), 0);
}

int
main(void)
{
	CU_pSuite suite;
	unsigned failures;
	char command[64];

	if (!mkdtemp(room))
		return 2;
	CU_initialize_registry();
	suite = CU_add_suite("run", NULL, NULL);
	CU_add_test(suite, "options", test_options);
	CU_add_test(suite, "wrong options", test_options_wrong);
	CU_add_test(suite, "sizes", test_sizes);
	CU_add_test(suite, "settings", test_config);
	CU_add_test(suite, "suggestions", test_suggestions);
	CU_add_test(suite, "secrets are masked", test_masking);
	CU_add_test(suite, "finding programs", test_find);
	CU_add_test(suite, "trace directories", test_directory);
	CU_add_test(suite, "hosts of one job share a directory", test_join);
	CU_add_test(suite, "children and signals", test_child);
	CU_add_test(suite, "finding traces", test_traces);
	CU_add_test(suite, "removing traces", test_rm);
	CU_basic_run_tests();
	failures = CU_get_number_of_failures();
	CU_cleanup_registry();
	snprintf(command, sizeof command, "rm -rf %s", room);
	if (system(command) != 0)
		return 2;
	return failures != 0;
}
