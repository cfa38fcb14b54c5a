/*
 * The reader: a trace directory as processes, events, operands, call sites and notes.
 *
 * Owns all SQL of the viewer and the decision when to fold a box. Everything above it (analysis,
 * rendering, commands) sees these structs only. Single-threaded. Nothing here prints or exits:
 * failures come back as an error code with one sentence in `struct error`, naming the file.
 * Every string and array that a function hands out lives as long as the trace unless said otherwise.
 */
#ifndef SHAPEBOX_VIEWER_READER_TRACE_H
#define SHAPEBOX_VIEWER_READER_TRACE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TRACE_ANCESTORS 9

struct error { char text[512]; };

struct trace;

/* A traced process. Integers are -1 where unknown, strings NULL or "". */
struct process {
	int index;                   /* place in the trace, 0.. */
	const char *file;            /* name within the directory: "rank0-host-4711.db" */
	const char *role;            /* rank, worker, launcher, other */
	int rank, local_rank, world_size, pid, parent_pid, attempt;
	const char *host;
	const char *status;          /* ok, failed, killed, crashed, running */
	int exit_status;             /* -1 if it never called exit */
	int signal;                  /* that killed it, 0 if none is known */
	int64_t start_ns, end_ns;    /* Unix nanoseconds, end 0 if unknown */
	int64_t steps, events, events_kept;
	const char *torch_version, *python_version;
	bool forked;
	bool loads_data;             /* a worker, and a data loader's: its operations were run from that loop */
	int ancestors[TRACE_ANCESTORS]; /* who started it, the nearest first; 0: no more are known */
};

/* One frame of a call site. */
struct frame { const char *file, *function; int line, first_line; };

struct site { int64_t id; int frame_count, inner_count, left_out; const struct frame *frames; /* innermost first */ };

/* One value of an event: an operand or an output. */
struct operand {
	const char *name;            /* "tensors[1]", "dim", "output" */
	int slot, argument, item;    /* item -1 outside lists */
	const char *kind;            /* tensor, int, bool, float, number, int[], bool[], list, string, device, none, other */
	const char *value;           /* JSON text of what isn't a tensor; NULL if not recorded */
	int ndim;                    /* -1 unless a tensor with plain sizes */
	const int64_t *sizes, *strides;
	int64_t storage_offset;
	const char *dtype, *device, *layout; /* NULL unless a tensor */
	unsigned flags;              /* BOX_TENSOR_* */
	int64_t tensor;              /* identity; -1 unless a tensor */
};

struct event {
	int64_t id, number, time_ns, duration_ns /* -1: never left */, step, micro_batch;
	int64_t sequence;            /* -1 if none */
	int64_t parent;              /* event id, -1 */
	int64_t scope;               /* scope id, -1 */
	int64_t signature, site;     /* site -1 if none */
	int thread, depth;
	bool grad;
	const char *operation;       /* "aten::cat" */
	const char *overload;
	const char *phase, *status;  /* status: ok, failed, open */
	int operand_count, output_count;
	const struct operand *operands, *outputs;
};

struct scope { int64_t id, sequence /* -1 */, start_ns, end_ns /* -1 */, parent /* -1 */; int thread; const char *kind, *name; };

struct note { int64_t id, time_ns, event /* -1 */; int thread; const char *kind; json_t *json; /* borrowed */ };

/* What was last done to a tensor in place. SEEN: by what is no operation (t.data = other); it was used here next. */
struct tensor_change { bool known, seen; int64_t site /* -1 */, step; const char *operation, *before, *after /* "float16 cuda:0" */; };

/* What made a tensor, or used it first if it ENTERED ready-made. */
struct tensor_made {
	int64_t site /* -1 */, step;
	const char *operation;       /* NULL: not known */
	bool entered;
	int output_count;            /* of that event; 0 if its signature isn't known, or it entered */
	const struct operand *outputs; /* `tensor` is an index, no identity */
};

struct live_tensor {
	int64_t tensor;
	struct tensor_made made;
	struct tensor_made base;     /* of the tensor that this is a view, copy or function of, through any number of such; operation NULL: none */
	bool values;                 /* the base's elements are its own */
	struct tensor_change moved, resized;
};

/* The calls of one operation from one call site, over the whole run: all that ended well, kept or not. */
#define CALL_SIZES_MOST 8
struct call_history {
	int64_t calls, first_step;
	/* Of one dimension of one operand: */
	int64_t measured;            /* calls that had it */
	int64_t smallest, largest, at_largest /* calls with the largest */, new_step /* of the last call known to bring a new size */;
	int64_t sizes[CALL_SIZES_MOST]; /* in order of appearance */
	int size_count;
	bool more;                   /* there were others than these */
};

/* Open the trace at DIR: folds what needs folding, reads every process's row. Returns NULL and fills
 * ERROR where DIR is no trace, is damaged beyond use, or was written by a newer version. */
/* The newest versions that this build reads, and the SQLite in it. */
struct trace_formats { int database, box; const char *sqlite; };
struct trace_formats trace_formats(void);

struct trace *trace_open(const char *dir, struct error *error);
void trace_close(struct trace *trace);
/* What the trace is called: DIR, or what trace_call said. */
const char *trace_directory(const struct trace *trace);
void trace_call(struct trace *trace, const char *name);
/* Where it was unpacked; NULL where it was opened under its own name. */
const char *trace_unpacked(const struct trace *trace);
int trace_process_count(const struct trace *trace);
const struct process *trace_process(const struct trace *trace, int index);
/* JSON object that `run` left (command, start, end, exit status or signal), or NULL. Borrowed. */
json_t *trace_run(const struct trace *trace);

/* Processes of which only counts are left: they ended well, had nothing to explain, and gave their files up. FAILED: of
 * these, the ones that had not, and gave way where there were too many files. False if there are none. */
struct merged { int64_t processes, failed, events, dropped; };
bool trace_merged(const struct trace *trace, struct merged *out);

/* Event ID with its operands and outputs. Returns false if it isn't kept. OUT's arrays live until trace_close. */
bool trace_event(struct trace *trace, int process, int64_t id, struct event *out);

/* Walk the kept events in order, those that FILTER admits. Stops when VISIT returns false. The event that
 * VISIT gets lives until it returns. Returns how many were visited. */
#define TRACE_UNWELL "unwell"
struct event_filter {
	int64_t first, last;       /* event ids, inclusive; -1 = no bound */
	int64_t step;              /* -1 = any */
	const char *operation;     /* NULL = any; "cat" matches aten::cat, "aten::cat" itself, "*" and "?" as in a shell */
	const char *status;        /* NULL = any; TRACE_UNWELL = failed or open */
	int64_t site;              /* -1 = any */
	int64_t newest;            /* only the newest N that match (still visited in order); -1 = all */
	bool backward;             /* newest first */
	bool (*of_site)(void *asker, int64_t site /* -1: none */); /* NULL = any; asked once or a few times for each call site */
	void *asker;
	bool bare;                 /* VISIT needs no more than id and site: the rest may be missing */
};
extern const struct event_filter event_filter_all;
int64_t trace_each_event(struct trace *trace, int process, const struct event_filter *filter,
			 bool (*visit)(const struct event *event, void *context), void *context);

/* The latest event before BEFORE that output TENSOR (its maker, or the last to write it). OUTPUT gets the index
 * into outputs. False: nothing recorded made it (it entered ready-made, or its maker is no longer kept). */
bool trace_maker(struct trace *trace, int process, int64_t tensor, int64_t before, struct event *out, int *output);
/* The latest event before BEFORE at which TENSOR was given another tensor's data (`param.data = new`, module.to()): its
 * operands are TENSOR and that other one. The operation asks whether it may be; torch.nn.Module asks before it does so. */
bool trace_replaced(struct trace *trace, int process, int64_t tensor, int64_t before, struct event *out);
/* The first event that used TENSOR as an operand. */
bool trace_first_use(struct trace *trace, int process, int64_t tensor, struct event *out, int *operand);
/* Was TENSOR met before the first event that is kept? What used it first, and whether anything made it, is gone then. */
bool trace_met_before(struct trace *trace, int process, int64_t tensor);
/* What the whole-run table says about TENSOR; false if it isn't in it. */
bool trace_live_tensor(struct trace *trace, int process, int64_t tensor, struct live_tensor *out);
/* What the whole-run tables say about calls of EVENT's line and operation, by a layer whose weight has the sizes of its own; ALIKE: only
 * those whose first tensor has as many dimensions. Of dimension DIM of its tensor TENSOR_INDEX (counted from 0 over its tensor operands), or
 * of none (-1). False if they say nothing. */
bool trace_call_history(struct trace *trace, int process, const struct event *event, bool alike, int tensor_index, int dim,
			struct call_history *out);
/* The call sites of EVENT's operation and how often it ended well there, over the whole run, until VISIT returns false. None are known of old traces. */
void trace_each_call_site(struct trace *trace, int process, const struct event *event,
			  bool (*visit)(int64_t site, int64_t calls, void *context), void *context);
/* The forward event that made the node of SEQUENCE on any thread, newest before BEFORE. */
bool trace_forward_of(struct trace *trace, int process, int64_t sequence, int64_t before, struct event *out);

bool trace_site(struct trace *trace, int process, int64_t id, struct site *out);
bool trace_scope(struct trace *trace, int process, int64_t id, struct scope *out);
/* The node of autograd that began last, on any thread, by Unix time BEFORE_NS. */
bool trace_last_node(struct trace *trace, int process, int64_t before_ns, struct scope *out);

/* Notes of KIND (environment, fatal, operation, exception; NULL = all), oldest first. Returns the count. */
int trace_notes(struct trace *trace, int process, const char *kind, const struct note **out);

/* What is missing or off in PROCESS: visits each loss and failed check with its sentence. */
void trace_each_degraded(struct trace *trace, int process,
			 void (*visit)(const char *name, int64_t count, const char *text, void *context), void *context);

/* What was verified when the library met torch and Python: visits each check; RESULT is "ok", "failed" or "not run". */
void trace_each_check(struct trace *trace, int process,
		      void (*visit)(const char *name, const char *result, const char *text, void *context), void *context);

#endif
