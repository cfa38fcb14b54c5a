/*
 * The end-to-end runner: every case of a directory, some at a time, one line each.
 *
 * Each case runs in a process and a directory of its own; a failing case keeps its directory.
 * Ends with 0 if all passed, 1 if some failed, 2 on trouble; --result FILE gets "PASSED FAILED".
 */
#include "tests/e2e/case.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CASES 512
#define AT_ONCE 16
#define SKIPPED 77

struct job { pid_t pid; char name[128], directory[PATH_MAX]; double start_s; };

static int
remove_entry(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
	(void)status, (void)kind, (void)walk;
	return remove(path);
}

static void
remove_tree(const char *path)
{
	nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

static double
now_s(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* In the case's own process: its output is the job's `log`. */
static void __attribute__((noreturn))
job_body(const struct job *job, const struct places *places)
{
	char path[PATH_MAX];
	struct test_case *test_case;
	int log, failures;

	if (chdir(job->directory) != 0 || (log = open("log", O_WRONLY | O_CREAT | O_TRUNC, 0666)) < 0)
		_exit(2);
	dup2(log, 1);
	dup2(log, 2);
	snprintf(path, sizeof path, "%s/%s.case", places->cases, job->name);
	test_case = case_read(path);
	if (test_case == NULL)
		_exit(2);
	failures = case_check(test_case, places);
	case_free(test_case);
	fflush(stdout);
	_exit(failures == CASE_SKIPPED ? SKIPPED : failures ? 1 : 0);
}

static bool
job_start(struct job *job, const char *name, const struct places *places)
{
	snprintf(job->name, sizeof job->name, "%s", name);
	snprintf(job->directory, sizeof job->directory, "%s/%s", places->work, name);
	remove_tree(job->directory);
	if (mkdir(job->directory, 0777) != 0) {
		fprintf(stderr, "%s: %s\n", job->directory, strerror(errno));
		return false;
	}
	job->start_s = now_s();
	fflush(stdout);
	job->pid = fork();
	if (job->pid == 0)
		job_body(job, places);
	return job->pid > 0;
}

/* Prints the job's line. Returns true if it passed (or was skipped, which is said, and is a failure where ALL_THERE). */
static bool
job_end(const struct job *job, int status, bool all_there)
{
	bool passed = WIFEXITED(status) && WEXITSTATUS(status) == 0;
	bool skipped = WIFEXITED(status) && WEXITSTATUS(status) == SKIPPED;
	char path[PATH_MAX + 8], *text;

	passed = passed || (skipped && !all_there);
	printf("%s  %-28s %5.1f s\n", !passed ? "FAILED" : skipped ? "-     " : "ok    ", job->name, now_s() - job->start_s);
	snprintf(path, sizeof path, "%s/log", job->directory);
	text = file_text(path, NULL);
	if (skipped && passed)
		printf("    %s", text ? text : "");
	if (!passed) {
		printf("%s", text ? text : "");
		if (WIFSIGNALED(status))
			printf("    the case's own process was killed by signal %d\n", WTERMSIG(status));
		printf("    kept: %s\n", job->directory);
	}
	free(text);
	if (passed)
		remove_tree(job->directory);
	fflush(stdout);
	return passed;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int
list_cases(const char *directory, char **names, char *const *wanted)
{
	DIR *stream = opendir(directory);
	struct dirent *entry;
	int count = 0;

	if (stream == NULL)
		return -1;
	while (count < CASES && (entry = readdir(stream)) != NULL) {
		size_t length = strlen(entry->d_name);
		bool take = *wanted == NULL;

		if (length < 6 || length > 100 || strcmp(entry->d_name + length - 5, ".case") != 0)
			continue;
		for (char *const *want = wanted; *want != NULL; want++)
			take |= strncmp(entry->d_name, *want, strlen(*want)) == 0;
		if (take)
			names[count++] = strndup(entry->d_name, length - 5);
	}
	closedir(stream);
	qsort(names, (size_t)count, sizeof *names, by_name);
	return count;
}

/* Of the cases in NAMES, keep those that need packages. Returns how many. */
static int
keep_needing(const struct places *places, char **names, int count)
{
	int kept = 0;

	for (int i = 0; i < count; i++) {
		char path[PATH_MAX];
		struct test_case *one;

		snprintf(path, sizeof path, "%s/%s.case", places->cases, names[i]);
		one = case_read(path);
		if (one != NULL && one->needs[0])
			names[kept++] = names[i];
		else
			free(names[i]);
		if (one != NULL)
			case_free(one);
	}
	return kept;
}

static int
run_all(char **names, int count, int at_once, const struct places *places, int *passed)
{
	struct job jobs[AT_ONCE] = { { .pid = 0 } };
	int started = 0, ended = 0, status;

	while (ended < count) {
		pid_t pid;

		for (int i = 0; i < at_once && started < count; i++)
			if (jobs[i].pid == 0 && !job_start(&jobs[i], names[started++], places))
				return 2;
		pid = waitpid(-1, &status, 0);
		for (int i = 0; i < at_once; i++)
			if (jobs[i].pid == pid && pid > 0) {
				*passed += job_end(&jobs[i], status, places->needing);
				jobs[i].pid = 0;
				ended++;
			}
	}
	return *passed == count ? 0 : 1;
}

/* An empty directory for the programs that `shapebox repro` makes. */
static bool
repros_start(const struct places *places)
{
	char path[PATH_MAX];

	snprintf(path, sizeof path, "%s/" CASE_REPROS, places->work);
	remove_tree(path);
	return mkdir(path, 0777) == 0;
}

/* Each of them must fail as its case did: one process tries them in turn, since every start of PyTorch takes seconds. */
static bool
repros_end(const struct places *places)
{
	char python[PATH_MAX], script[PATH_MAX], path[PATH_MAX];
	double start_s = now_s();
	pid_t pid;
	int status;
	bool passed;

	snprintf(python, sizeof python, "%s/python", places->python);
	snprintf(script, sizeof script, "%s/../e2e/repro.py", places->programs);
	snprintf(path, sizeof path, "%s/" CASE_REPROS, places->work);
	if (rmdir(path) == 0)
		return true; /* no case made one */
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		execlp("timeout", "timeout", "300", python, script, path, (char *)NULL);
		_exit(2);
	}
	passed = pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
	printf("%s  %-28s %5.1f s\n", passed ? "ok    " : "FAILED", "(programs of `repro`)", now_s() - start_s);
	if (passed)
		remove_tree(path);
	return passed;
}

int
main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "build", 1, NULL, 'b' }, { "python", 1, NULL, 'p' }, { "programs", 1, NULL, 'g' },
		{ "cases", 1, NULL, 'c' }, { "work", 1, NULL, 'w' }, { "result", 1, NULL, 'r' },
		{ "jobs", 1, NULL, 'j' }, { "whole", 0, NULL, 'W' }, { "needing", 0, NULL, 'n' }, { NULL, 0, NULL, 0 },
	};
	struct places places = { 0 };
	const char *result = NULL;
	char *names[CASES];
	int option, count, passed = 0, failed, status, at_once = 2;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'b': places.build = optarg; break;
		case 'p': places.python = optarg; break;
		case 'g': places.programs = optarg; break;
		case 'c': places.cases = optarg; break;
		case 'w': places.work = optarg; break;
		case 'r': result = optarg; break;
		case 'W': places.whole = true; break;
		case 'n': places.needing = true; break;
		case 'j': at_once = atoi(optarg); break;
		default: return 2;
		}
	}
	if (!places.build || !places.python || !places.programs || !places.cases || !places.work ||
	    at_once < 1 || at_once > AT_ONCE) {
		fprintf(stderr, "usage: runner --build DIR --python DIR --programs DIR --cases DIR --work DIR"
				" [--whole] [--needing] [--jobs 1..%d] [--result FILE] [NAME...]\n", AT_ONCE);
		return 2;
	}
	count = list_cases(places.cases, names, argv + optind);
	if (places.needing)
		count = keep_needing(&places, names, count);
	if (count <= 0) {
		fprintf(stderr, "%s: no such cases\n", places.cases);
		return 2;
	}
	if (mkdir(places.work, 0777) != 0 && errno != EEXIST) {
		fprintf(stderr, "%s: %s\n", places.work, strerror(errno));
		return 2;
	}
	setenv("OMP_NUM_THREADS", "1", 1);
	setenv("HF_HUB_OFFLINE", "1", 1);
	setenv("TOKENIZERS_PARALLELISM", "false", 1);
	setenv("GLOO_SOCKET_IFNAME", "lo", 1);
	setenv("PYTHONDONTWRITEBYTECODE", "1", 1);
	if (!repros_start(&places)) {
		fprintf(stderr, "%s: no room for programs\n", places.work);
		return 2;
	}
	status = run_all(names, count, at_once, &places, &passed);
	failed = count - passed;
	if (!repros_end(&places)) {
		failed++;
		status = 1;
	}
	printf("end to end: %d passed, %d failed\n", passed, failed);
	if (result != NULL) {
		FILE *file = fopen(result, "w");

		if (file == NULL || fprintf(file, "%d %d\n", passed, failed) < 0 || fclose(file) != 0)
			return 2;
	}
	for (int i = 0; i < count; i++)
		free(names[i]);
	return status;
}
