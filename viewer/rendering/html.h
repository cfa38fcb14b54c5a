/*
 * A report as one self-contained HTML file: no network, no other file, scripts and styles known by their hashes.
 *
 * What is untrusted enters in three ways only: as escaped text (the headline, the text report), and as JSON in which no
 * `<` is left, which the page's script puts into text nodes. viewer/page/ has the script and the style; they are
 * embedded when shapebox is built.
 */
#ifndef SHAPEBOX_VIEWER_RENDERING_HTML_H
#define SHAPEBOX_VIEWER_RENDERING_HTML_H

#include <jansson.h>
#include <stdio.h>

#include "../language/language.h"
#include "../reader/trace.h"

#define HTML_ROWS_MOST 100000
#define HTML_BYTES_MOST (14 << 20) /* of the log's texts: a page stays below 20 MB */

/* The newest ROWS operations of TRACE, shared among its processes, FAILED (a process's file name, or NULL) first. Columns
 * of numbers; texts are kept once, in "strings". New reference. */
json_t *html_log(struct trace *trace, const char *failed, int64_t rows);

/* Write the page of REPORTS (one report, built in each language), LOG and MEMORY (a process of memory.h; either may be NULL) to FILE; it
 * speaks LANGUAGE at first. False where writing failed or memory ran out. */
bool html_write(FILE *file, json_t *const reports[2], json_t *log, json_t *memory, enum language language);

#endif
