/*
 * What the reader's files share. Included by viewer/reader alone.
 *
 * Each process of the trace is one database, opened read-only as SQLite advises for files of unknown origin. A query
 * that fails (damage found on the way) ends as if there were no more rows, and is said once among what is degraded.
 */
#ifndef SHAPEBOX_VIEWER_READER_TRACE_INTERNAL_H
#define SHAPEBOX_VIEWER_READER_TRACE_INTERNAL_H

#include <sqlite3.h>

#include "arena.h"
#include "trace.h"

#define TEXT_LIMIT_BYTES 4096u
#define NOTE_LIMIT_BYTES (4u << 20)
#define OPERANDS_LIMIT 65536

/* Of the databases (user_version in schema/schema.sql). */
#define VERSION_NEWEST 8
#define VERSION_OPERANDS 8  /* before, rows_7.sql says what event and scope are, and signature_operand was a table */
#define VERSION_COMPACT 6   /* before, rows_5.sql says what event and scope are */
#define VERSION_WITH_CUDA 5
#define VERSION_WITH_ROWS 3 /* before, event and scope were tables */

struct signature {
	int64_t id;
	const char *operation, *overload;
	int operand_count;
	const struct operand *operands; /* `tensor` holds the tensor_index (-1: not a tensor) */
};

struct degraded { const char *name, *text; int64_t count; };

struct reader {                 /* one process */
	struct process process;
	struct arena *arena;
	const char *name;           /* of the database */
	char *path;
	sqlite3 *db;
	int64_t ticks;              /* progress of the running query */
	bool temporary;             /* the file is gone already: it can't be opened again */
	int version;                /* of the database */
	bool live, forked, exec, ended; /* exec: state is exec; ended: it said so itself */
	bool cuda;                  /* it has the tables of trace_cuda.c */
	bool spawned;               /* its arguments are those of a multiprocessing child */

	struct map signatures, sites;   /* id -> pointer */
	struct reader_parts *parts;     /* trace_parts.h; NULL until they are asked for */
	struct note *notes;
	int note_count;
	struct note *picked;            /* what trace_notes handed out by kind lies in the arena */
	struct degraded degraded[32];
	int degraded_count;
	sqlite3_stmt *event_by_id, *signature_by_id, *operands_by_id; /* NULL until they are asked for, and after reader_rest */
	struct walk *walk;              /* trace_walk.h; NULL until it is asked for */
};

struct trace {
	char *directory;
	char *name;                 /* NULL: as the directory */
	struct arena arena;
	json_t *run;
	struct merged merged;
	struct reader **readers;
	int count, room;
};

/* trace_database.c: open NAME at PATH and read its process row. NULL and ERROR on failure. */
struct reader *reader_open(struct arena *arena, const char *path, const char *name, struct error *error);
void reader_close(struct reader *reader);
sqlite3_stmt *reader_prepare(struct reader *reader, const char *sql); /* NULL if the database is damaged */
bool reader_row(struct reader *reader, sqlite3_stmt *statement);      /* one more row? */
int64_t reader_number(sqlite3_stmt *row, int column, int64_t none);   /* NONE where the column is NULL */
void reader_degrade(struct reader *reader, const char *name, int64_t count, const char *text);

/* Let go of its file: the next query opens it again. */
void reader_rest(struct reader *reader);

/* trace_box.c: fold BOX_NAME ("NAME.box", or "NAME.at": a box that lies apart) of DIRECTORY if need be, and open it as a reader. */
struct reader *reader_open_box(struct arena *arena, const char *directory, const char *box_name, struct error *error);

/* trace_place.c: the path of the box that BOX_NAME of DIRECTORY is or names. malloc'd; NULL and ERROR where it isn't there. */
char *place_path(const char *directory, const char *box_name, struct error *error);
/* What NAME.at of DIRECTORY named is in a database now, or to be removed: the box at PATH is gone. Nothing for a NAME.box. */
void place_forget(const char *directory, const char *box_name, const char *path);

/* May the process of this box, at PATH, still be writing to it? */
struct box_header;
bool box_is_live(const struct box_header *header, const char *path);
/* trace_merged.c: add what the file NAME of DIRECTORY counts. False if it is no such file. */
bool merged_read(const char *directory, const char *name, struct merged *sum);

/* trace_status.c: roles, ranks, ends, and the order of all processes. */
void trace_judge(struct trace *trace);

/* trace_dictionary.c */
const struct signature *reader_signature(struct reader *reader, int64_t id); /* NULL if there is none */
/* NAME and OVERLOAD of operation ID; false if there is none. */
bool reader_operation(struct reader *reader, int64_t id, const char **name, const char **overload);

/* trace_event.c: memory for one event's operands at a time, zero at first; the event ID in OUT, with its operands in SCRATCH. */
struct event_scratch {
	struct operand *operands;
	int64_t *ids;
	size_t room;
};
bool event_load(struct reader *reader, int64_t id, struct event_scratch *scratch, struct event *out);
void event_scratch_free(struct event_scratch *scratch);

/* The columns that event_fill wants, in order. */
#define EVENT_COLUMNS \
	"id, thread_id, number, start_ns, duration_ns, step, phase, micro_batch, status, depth, parent_id, signature_id, " \
	"output_signature_id, site_id, sequence, scope_id, grad, tensors"

/* trace_notes.c */
void reader_notes_load(struct reader *reader);
void reader_notes_free(struct reader *reader);

struct reader *trace_reader(const struct trace *trace, int process); /* NULL if there is none */

#endif
