/*
 * What a line did before, asked again and again: back through a process's events, of which few are wanted.
 *
 * Which rows are of which kind (event_row.kind_id: line, signature, thread) is read once, part by part (trace_parts.h), and kept, 8 bytes an
 * event. A question then chooses the kinds that it admits, looks through numbers in memory, and reads the events that it wants, one by
 * one. Where the file says so, it passes over parts that have none of their call sites, or no failure where one is asked for, and ends with
 * the first event of the kinds it admits.
 */
#ifndef SHAPEBOX_VIEWER_READER_TRACE_WALK_H
#define SHAPEBOX_VIEWER_READER_TRACE_WALK_H

#include "trace_internal.h"

/* Visit the events, the newest first, of each kind that ADMITS (asked with its operation's and its site's number, -1: none), within FILTER's
 * numbers and of its status. Returns how many; -1: this file can't be read so. */
int64_t walk_back(struct trace *trace, int process, const struct event_filter *filter,
		  bool (*admits)(void *context, int64_t operation, int64_t site), void *asker,
		  bool (*visit)(const struct event *event, void *context), void *context);

/* Let go of the file; of everything. */
void walk_rest(struct walk *walk);
void walk_free(struct walk *walk);

#endif
