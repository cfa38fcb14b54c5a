/*
 * What the files of the text report share: labels, and JSON values that may be missing. Not for others.
 */
#ifndef SHAPEBOX_VIEWER_RENDERING_REPORT_PARTS_H
#define SHAPEBOX_VIEWER_RENDERING_REPORT_PARTS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "page.h"

#define REPORT_INDENT 11 /* where what follows a label begins */

/* Begin a line with LABEL ("" for none) and leave it open at REPORT_INDENT. */
void report_label(struct page *page, const char *label);

/* report_exception.c: type and message on at most three lines; of one that wraps another in its text ("...: got RuntimeError('...')"), the inner one. */
void report_exception(struct page *page, const json_t *failure, int width);

/* WORD in the place of a label, in the colour of MARK (PAGE_BAD, ...). */
void report_verdict(struct page *page, const char *mark, const char *word);

/* A value of OBJECT: "" or MISSING where it is null, absent or of another kind. Borrowed. */
const char *report_string(const json_t *object, const char *key);
int64_t report_integer(const json_t *object, const char *key, int64_t missing);

/* A label, then the untrusted STRING in at most MOST lines of WIDTH columns; nothing at all where it is empty. */
void report_line(struct page *page, const char *label, const char *string, int width, int most);

/* A source file as people know it: without what precedes site-packages. */
const char *report_file(const char *path);
const char *report_base(const char *path);

/* report_operands.c: the table of operands, and what disagrees. */
void report_operands(struct page *page, const json_t *failure, int width);
/* report_where.c: the failing line, and who called it. */
void report_where(struct page *page, const json_t *where, int width);
/* report_cuda.c: an asynchronous error, and what was launched before it came out. */
void report_cuda(struct page *page, const json_t *failure, int width);
/* report_cuda.c: an allocation that failed, and who held the memory. */
void report_memory(struct page *page, const json_t *failure, int width);
/* report_cause.c: causes with evidence and fix; MOST of them. RANKED: those behind the first are named in two lines
 * each, without them (they are in the JSON). */
void report_causes(struct page *page, const char *label, const json_t *causes, int width, size_t most, bool ranked);
/* report_cause.c: where the wrong size, dtype or device came from. */
void report_lineage(struct page *page, const json_t *failure, int width);
/* report_processes.c: ranks and workers with how they ended, in one line or two; and what was lost, by cause. */
void report_processes(struct page *page, const json_t *report, int width);
void report_degraded(struct page *page, const json_t *processes, int width);
/* report_processes.c: exceptions that the program survived: apart, so that nobody takes them for the failure. */
void report_handled(struct page *page, const json_t *handled, int width);
/* report_environment.c: ", transformers 5.23.0, peft 0.21.2; by torchrun" appended to LINE. */
void report_environment_words(struct page *line, const json_t *report);
/* report_failures.c: the attempts of a restarted run; that the process had more failures than the one shown. */
void report_attempts(struct page *page, const json_t *attempts, int width);
void report_failures_hint(struct page *page, const json_t *report);

#endif
