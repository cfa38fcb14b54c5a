/*
 * Finding traces: which directories are traces, which is the newest, how old it is.
 *
 * Looks at names and times only; reading is the reader's.
 */
#ifndef SHAPEBOX_VIEWER_COMMANDS_TRACES_H
#define SHAPEBOX_VIEWER_COMMANDS_TRACES_H

#include <jansson.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../reader/trace.h"

struct trace_place {
	char path[PATH_MAX];
	int64_t written_ns; /* when one of its files was last written */
	int64_t size_bytes;
	bool data;          /* it has databases or boxes, not only what `run` left */
};

/* What NAME is to a trace. */
enum trace_file {
	TRACE_FILE_NONE,  /* not a trace's */
	TRACE_FILE_DATA,  /* "rank0-host-4711.db", "rank0-worker-host-4712.box", "rank1-host-4713.at" (where a box lies apart) */
	TRACE_FILE_SIDE,  /* what a database or a fold leaves beside one: "rank0-host-4711.db-journal", "rank0-host-4711.db.x1y2z3.tmp"; counts of
			   * processes without a file: "ended-host.sum" */
	TRACE_FILE_OTHER  /* run.json, .gitignore */
};
enum trace_file traces_file(const char *name);
/* Does the file NAME in the directory DESCRIPTOR begin as a database or box of a trace does? */
bool traces_sniff(int descriptor, const char *name);
/* Is there a run.json in PATH, and did `run` write it? */
bool traces_run_file(const char *path);
/* Does the directory PATH hold a trace (a database, a box, or what `run` left)? PLACE (may be NULL) gets its facts. */
bool traces_is(const char *path, struct trace_place *place);
/* The traces directly under DIR, and DIR itself if it is one, newest first. Returns the count; free *OUT. */
size_t traces_list(const char *dir, struct trace_place **out);
/* The trace that a command means by WORD: WORD itself, the newest under it, or (NULL) the newest here. CHOSEN tells
 * whether it was chosen among others. */
bool traces_choose(const char *word, char path[PATH_MAX], bool *chosen, struct error *error);

/* The only word after COMMAND's options, at ARGV[REST], into *WORD (NULL: there is none). False: ERROR names one too many. */
bool traces_word(const char *command, int argc, char **argv, int rest, const char **word, struct error *error);
/* Has anything been recorded in TRACE? False: ERROR says that there is nothing. */
bool traces_recorded(struct trace *trace, struct error *error);
/* Open the trace that WORD means, with a notice on a terminal while that lasts. NULL: ERROR is filled. */
struct trace *traces_open(const char *word, bool *chosen, struct error *error);
struct trace *traces_open_path(const char *path, struct error *error);
/* bundle_open.c: open the bundle at PATH like a trace, unpacked to a private place until the command ends. NULL: ERROR is filled. */
struct trace *traces_open_bundle(const char *path, struct error *error);
/* The report that a bundle brings, in the language that is set; NULL if TRACE is no bundle, or its report isn't this version's. */
json_t *traces_bundled_report(const struct trace *trace);
/* The report of TRACE, with what `run` knows about the end added to "trace". New reference; NULL: ERROR is filled. */
json_t *traces_report(struct trace *trace, struct error *error);

#endif
