/*
 * A process's database written once more, smaller and with other texts: for what is passed on.
 */
#ifndef SHAPEBOX_VIEWER_READER_TRACE_COPY_H
#define SHAPEBOX_VIEWER_READER_TRACE_COPY_H

#include "trace.h"

struct trace_copy {
	int64_t steps;                 /* of so many newest steps the operations are copied; -1: of all */
	const int64_t *events;         /* operations that are copied in any case */
	size_t event_count;
	char *(*rewrite)(const char *text, void *context); /* what a text becomes, to be freed; NULL: out of memory */
	void *context;
};

struct trace_copied { int64_t events, first_step, last_step; };

/* Visit each different text of PROCESS's database. */
void trace_each_text(struct trace *trace, int process, void (*visit)(const char *text, void *context), void *context);
/* Write PROCESS's database to PATH (which must not be there). Operations that are left out are counted as lost in it, and every
 * table, also one that this shapebox doesn't know, has its texts rewritten; views and triggers of the file are left out.
 * False: ERROR is filled; what was written stays. */
bool trace_copy(struct trace *trace, int process, const char *path, const struct trace_copy *copy, struct trace_copied *copied,
		struct error *error);

#endif
