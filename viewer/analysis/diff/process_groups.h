/*
 * Process groups: which ranks a collective's or a message's group has, as the process itself has told (note "groups").
 *
 * A group of all ranks is known without being told. Owned by whoever loads it; single-threaded.
 */
#ifndef SHAPEBOX_VIEWER_ANALYSIS_PROCESS_GROUPS_H
#define SHAPEBOX_VIEWER_ANALYSIS_PROCESS_GROUPS_H

#include <jansson.h>

#include "../../reader/trace.h"

struct process_group {
	int64_t number;    /* the process's own count; 0: all ranks */
	const char *name;  /* borrowed until the trace rests; "" if none is known */
	int *ranks, count; /* in the order of their places in the group */
	uint64_t print;    /* equal for equal ranks */
};

struct process_groups { struct process_group *list; int count; };

/* Those of PROCESS of TRACE. */
void process_groups_load(struct process_groups *groups, struct trace *trace, int process);
void process_groups_free(struct process_groups *groups);

/* The group that EVENT names; NULL: it names none, or its ranks are not known. */
const struct process_group *process_groups_of(const struct process_groups *groups, const struct event *event);

/* The place of RANK in GROUP; -1: it doesn't belong to it. */
int process_group_place(const struct process_group *group, int rank);

/* The ranks of group NUMBER in the note JSON, sorted; how many, 0 if they are not known. *OUT is the caller's to free. */
int process_groups_ranks(const json_t *json, int64_t number, int **out);

#endif
