/*
 * Running processes, looked at through their boxes: what each is doing right now.
 *
 * Reads a few pages of each box (its header, the chunk that a thread writes to, the names it needs), without a lock, a signal, or
 * a fold; the process notices nothing. What is read may be half an instant old, and is untrusted: every offset is checked
 * against its region before it is followed.
 */
#ifndef SHAPEBOX_VIEWER_READER_TRACE_LIVE_H
#define SHAPEBOX_VIEWER_READER_TRACE_LIVE_H

#include "trace.h"

#define LIVE_FRAMES 32

struct live_process {
	char file[256];            /* "rank0-host-4711.box" */
	int rank, world_size, pid; /* -1 unknown */
	char host[64];
	bool running;              /* false: ended, and not folded yet */
	bool worker;               /* forked from a traced process */
	bool away;                 /* its box lies in local space of another host: only what its file's name tells is known */
	int64_t step;              /* optimizer steps finished */
	int64_t events;            /* operations recorded in all, about */
	bool any;                  /* the rest is known */
	bool open;                 /* inside OPERATION; else that was the last one finished */
	char operation[128];
	int64_t since_ns;          /* Unix time when it entered it, or left it */
	int group_size;            /* ranks of the group that OPERATION waits for; 0: not known */
	int64_t group;             /* the process's number of that group; 0: not known */
	char *groups;              /* what the process tells of its groups (the note "groups", JSON); NULL: nothing */
	int frame_count;
	struct { char file[512], function[128]; int line; } frames[LIVE_FRAMES]; /* innermost first */
};

/* The boxes of DIR, by rank, then pid. Returns how many of them *OUT has (live_free it), -1 with ERROR filled where DIR can't be read.
 * ENDED gets how many processes have only a database: they are over. */
int live_read(const char *dir, struct live_process **out, int *ended, struct error *error);

void live_free(struct live_process *processes, int count);

#endif
