/*
 * What a line did before, asked again and again: back through a process's events, of which few are wanted.
 *
 * Which rows are of which kind (event_row.kind_id: line, signature, thread) is read once, from the newest back as far as anybody asks, and
 * kept, 8 bytes an event. A question then chooses the kinds that it admits, looks through numbers in memory, and reads the events that it
 * wants, one by one. It goes no further back than the first event of the kinds it admits, where the file says which that is.
 */
#ifndef SHAPEBOX_VIEWER_READER_TRACE_WALK_H
#define SHAPEBOX_VIEWER_READER_TRACE_WALK_H

#include "trace_internal.h"

/* Visit the events up to LAST, the newest first, of each kind that ADMITS (asked with its operation's and its site's number, -1: none), whose status is
 * STATUS (NULL: any). Returns how many; -1: this file can't be read so. */
int64_t walk_back(struct trace *trace, int process, int64_t first, int64_t last, const char *status,
		  bool (*admits)(void *context, int64_t operation, int64_t site), void *asker,
		  bool (*visit)(const struct event *event, void *context), void *context);

void walk_free(struct walk *walk);

#endif
