/*
 * A case: one text file that says which program is run and what must come of it.
 *
 * Lines are `word: rest`; a line that starts with # is a comment; what each word means stands in CONTRIBUTING.md.
 * Reading a case checks its words only; the expectations are read where they are checked (check.c).
 * Whoever calls case_read owns the case and frees it with case_free.
 */
#ifndef SHAPEBOX_TESTS_E2E_CASE_H
#define SHAPEBOX_TESTS_E2E_CASE_H

#include <stdbool.h>
#include <stddef.h>

#define CASE_LINES 64 /* expectations of one case */

enum case_subject { CASE_EXPECT, CASE_TEXT, CASE_STDERR, CASE_STDOUT, CASE_SQL, CASE_DIFF, CASE_CHECK };

/* CASE_SAME_WHOLE: where the whole of a case is asked for. */
enum case_same { CASE_SAME_NEVER, CASE_SAME_WHOLE, CASE_SAME_ALWAYS };

struct case_line {
	enum case_subject subject;
	int number;  /* line of the file */
	char *text;
};

struct test_case {
	char *name;      /* file name without ".case" */
	char *program;   /* within the programs' directory */
	char *run;       /* command, {program} replaced when run */
	char *options;   /* for `shapebox run`, or "" */
	char *fixed;     /* arguments with which the program passes, or NULL */
	char *no_repro;  /* why `shapebox repro` makes no program, or NULL */
	char *needs;     /* Python modules without which it is skipped, or "" */
	char *environment[16];
	int environment_count;
	int exit_status; /* expected; 128 + signal for a killed program */
	int report_status; /* of `shapebox report`; -1: 1 if a failure is expected, not checked otherwise */
	int timeout_s;
	enum case_same same; /* when it is also run without shapebox, and compared */
	bool expects_failure;
	struct case_line lines[CASE_LINES];
	int line_count;
};

/* What the runner was told: absolute directories. */
struct places {
	const char *build, *python, *programs, *cases, *work;
	bool whole; /* every case is also run without shapebox, and, with a `fixed:` line, that way */
	bool needing; /* only cases with a `needs:` line, and what they need must be there */
};

/* Returns NULL and prints why (to stderr) if PATH can't be read or has a wrong word. */
struct test_case *case_read(const char *path);
void case_free(struct test_case *test_case);

/* Line number of the first line of FILE that has "# MARKER"; 0 if there is none. */
int case_marker(const char *file, const char *marker);

/* The text of a whole file, NUL-terminated, or NULL. The caller frees it. */
char *file_text(const char *path, size_t *size);

/* Runs the case's program without shapebox, the arguments of `fixed:` appended; prints what is wrong. Returns how many checks
 * failed: none where the case has no such line. Output is left in the current directory, in fixed.out and fixed.err. */
int case_check_fixed(const struct test_case *test_case, const struct places *places);

#define CASE_SKIPPED (-1)

#define CASE_REPROS "repro.programs" /* below the working directory: the program of each case's failure, and what it must raise */

/* Runs the case in the current process and directory; prints what is wrong. Returns how many checks failed, or CASE_SKIPPED
 * with the reason printed. */
int case_check(const struct test_case *test_case, const struct places *places);

#endif
