/*
 * The box: one mapped file per traced process, written by libshim, read by the fold.
 *
 * Owns the binary format and nothing else: no code runs from here except the small inline helpers.
 * Everything is little-endian, naturally aligned, and position-independent (offsets, never pointers).
 * The writer only appends or overwrites whole chunks; a reader may open a live box at any time.
 * A box is untrusted input to its reader: every offset and count must be checked against its region.
 *
 *   +--------+---------+-----+------------+--------+-------+---------+---------+-------+---------+--------+
 *   | header | strings | ops | signatures | frames | sites | tensors | changes | calls | history | varied |
 *   +--------+---------+-----+------------+--------+-------+---------+---------+-------+---------+--------+
 *   | steps | notes | cuda | memory | chunks (the ring) |
 *   +-------+-------+------+--------+-------------------+
 *
 * Publishing: a writer fills an entry, then stores the region's counter (or the chunk's `used_bytes`)
 * with release order; a reader loads it with acquire order and looks no further than it says.
 */
#ifndef SHAPEBOX_SCHEMA_BOX_H
#define SHAPEBOX_SCHEMA_BOX_H

#include <stdint.h>

#define BOX_MAGIC "shapebox"    /* 8 bytes, no terminator in the file */
#define BOX_VERSION 6u          /* raised when an older reader would misread the file */
#define BOX_HEADER_BYTES 8192u  /* the header's room; the struct is smaller */
#define BOX_NONE 0xffffffffu    /* "no such entry" for any u32 reference */

/*
 * A box may lie apart from its trace (libshim/place.h). Then NAME.at stands in the trace's directory: this line, then the box's path
 * and a newline. A NAME.box beside it is what was copied of the box at a failure.
 */
#define BOX_PLACE_END ".at"
#define BOX_PLACE_MAGIC "shapebox\n"

#define BOX_STARTS_FILE ".starts" /* in a trace's directory while `run` is there: see libshim/starts.h */

enum box_region_id {
	BOX_STRINGS,    /* heap of struct box_string; reference = byte offset in the region; 0 is "" */
	BOX_OPS,        /* array of struct box_op; reference = index */
	BOX_SIGNATURES, /* heap of struct box_signature; reference = byte offset / 8 */
	BOX_FRAMES,     /* array of struct box_frame; reference = index */
	BOX_SITES,      /* heap of struct box_site; reference = byte offset / 8; 0 is "no Python frame" */
	BOX_TENSORS,    /* hash table of struct box_tensor, 8 entries a bucket */
	BOX_CHANGES,    /* array of struct box_change; reference = index + 1 */
	BOX_CALLS,      /* hash table of struct box_calls, BOX_CALLS_BUCKET entries a bucket */
	BOX_HISTORY,    /* heap of struct box_history; reference = byte offset / 8 */
	BOX_VARIED,     /* array of struct box_varied; reference = index */
	BOX_STEPS,      /* struct box_steps, then its entries */
	BOX_NOTES,      /* array of slots of `note_bytes` each, see struct box_note */
	BOX_CUDA,       /* struct box_cuda_counts; empty where no CUDA library was loaded */
	BOX_MEMORY,     /* hash table of struct box_memory; the same */
	BOX_CHUNKS,     /* array of chunks of `chunk_bytes` each, see struct box_chunk */
	BOX_REGION_COUNT
};

struct box_region {
	uint64_t offset_bytes; /* from the start of the file, multiple of 4096 */
	uint64_t size_bytes;
	uint64_t used_bytes;   /* published; atomic; for heaps and arrays (tensors, notes, chunks: 0) */
};

/* Why something is not in the trace. One row each: name, what a report says ("N <text>"). */
#define BOX_LOSSES(X) \
	X(CHUNK_BUSY, "events dropped: every chunk was in use by another thread") \
	X(RECORD_TOO_BIG, "events dropped: too large for a chunk") \
	X(NESTED_TOO_DEEP, "events dropped: operations nested deeper than the recorder follows") \
	X(STRINGS_FULL, "names dropped: the string dictionary is full") \
	X(OPS_FULL, "events dropped: the operation dictionary is full") \
	X(SIGNATURES_FULL, "signatures written in line: the dictionary is full (nothing lost)") \
	X(SITES_FULL, "call sites dropped: the dictionary is full") \
	X(TENSORS_FULL, "tensor identities dropped: the table of live tensors is full") \
	X(CHANGES_FULL, "conversions and resizes in place not kept: their table is full") \
	X(HISTORY_FULL, "calls left out of the sizes of the whole run: their table is full") \
	X(HISTORY_BUSY, "calls left out of the sizes of the whole run: another thread was writing there") \
	X(LIST_CUT, "operand lists recorded in part") \
	X(NOTE_CUT, "failure notes cut to their room") \
	X(BLIND, "operations run while PyTorch's record function was disabled") \
	X(THREADS_FULL, "events dropped: too many threads at once") \
	X(CUDA_NESTED, "CUDA calls dropped: made from within a record") \
	X(CUDA_NOT_WRAPPED, "CUDA functions handed out unwrapped: a second copy of the library, or a newer form") \
	X(MEMORY_FULL, "CUDA allocations left out of the table of live memory: it is full") \
	X(SEGMENT_FAILED, "times that --keep all found no room for more and began to overwrite") \
	X(SIZE_TOTAL, "times that --size-total left less room than wanted: the newest operations are kept") \
	X(COPIED_PART, "chunks of operations left out of what was copied at the failure: the rest is on the machine that ran it") \
	X(STARTING, "operations of other threads (those within them counted too) that ran while recording began")

enum box_loss {
#define X(id, text) BOX_LOSS_##id,
	BOX_LOSSES(X)
#undef X
	BOX_LOSS_COUNT
};

/* What is verified when the library meets torch and Python. One row each: name, what it proves. */
#define BOX_CHECKS(X) \
	X(CALLBACK, "operation callback", "a known operation is seen from start to end") \
	X(INPUTS, "operation inputs", "a known operation's arguments are read as passed") \
	X(OUTPUTS, "operation outputs", "a known operation's result is read as returned") \
	X(TENSOR, "tensor metadata", "sizes, strides, offset, dtype and device of known tensors are read directly") \
	X(KEYS, "tensor kinds", "sparse, nested, batched and Python tensors are told apart by their dispatch keys") \
	X(NAMES, "argument names", "a known schema's argument names are read as declared") \
	X(VALUES, "argument values", "the kinds of boxed values are known by their own names") \
	X(DEATHS, "tensor deaths", "the end of a known tensor is seen") \
	X(SKIP, "skipping nested operations", "a nested operation is skipped before PyTorch pays for it") \
	X(SEQUENCE, "autograd sequence numbers", "backward operations lead to their forward line") \
	X(FRAMES, "Python frames", "frames read without the GIL equal those of the public interface") \
	X(PYTHON, "Python exceptions", "uncaught and handled exceptions are seen with their frames") \
	X(THROW, "C++ exceptions", "the exception that leaves an operation is seen where it is thrown") \
	X(DATA, "tensor contents", "the first and last element of a known tensor are found where they lie") \
	X(COLLECTIVE, "collectives' arguments", "a process group shows the rank and world size that the launcher gave")

enum box_check {
#define X(id, name, text) BOX_CHECK_##id,
	BOX_CHECKS(X)
#undef X
	BOX_CHECK_COUNT
};

enum box_check_result { BOX_CHECK_NOT_RUN = 0, BOX_CHECK_OK = 1, BOX_CHECK_FAILED = 2 };

enum box_state { BOX_STATE_RUNNING = 1, BOX_STATE_EXITED = 2, BOX_STATE_EXEC = 3 };
enum box_origin { BOX_ORIGIN_STARTED = 0, BOX_ORIGIN_FORKED = 1 /* forked without exec from a traced process */ };

struct box_header {
	char magic[8];
	uint32_t version;
	uint32_t header_bytes;
	uint64_t file_bytes;
	struct box_region regions[BOX_REGION_COUNT];
	uint32_t chunk_bytes;    /* power of two */
	uint32_t chunk_count;
	uint32_t note_bytes;     /* one slot, header included */
	uint32_t note_count;
	uint32_t op_count;       /* atomic, published */
	uint32_t frame_count;    /* atomic, published */

	/* The process. Integers are -1 where unknown. */
	int32_t pid;
	int32_t parent_pid;
	int32_t rank;            /* RANK and its kin, read when the box is made */
	int32_t local_rank;
	int32_t world_size;
	int32_t attempt;         /* TORCHELASTIC_RESTART_COUNT, SLURM_RESTART_COUNT; 0 if none */
	uint32_t origin;         /* enum box_origin */
	int32_t record_depth;    /* 1, 2, or 0 for all */
	uint64_t start_unix_ns;
	uint64_t start_ticks;    /* the event clock at start_unix_ns */
	double ticks_per_ns;     /* measured; refined by each chunk's pair of clocks */
	char host[64];
	char torch_version[32];
	char python_version[32];

	/* What changes while it runs. Atomic. */
	uint32_t state;          /* enum box_state */
	int32_t exit_status;     /* argument of exit or _exit; -1 before */
	uint64_t end_unix_ns;
	uint64_t step;           /* optimizer steps finished */
	uint64_t next_tensor;    /* identities handed out */
	uint64_t next_chunk;     /* chunks ever opened: the next chunk's sequence number */
	uint64_t next_note;      /* notes ever written */
	uint64_t told;           /* those among them that tell of something wrong: neither the environment's nor the state's */
	uint64_t events;         /* operations recorded, kept or overwritten (sum of finished chunks) */
	uint64_t lost[BOX_LOSS_COUNT];
	uint8_t checks[BOX_CHECK_COUNT]; /* enum box_check_result */
	uint64_t pid_namespace;  /* inode of /proc/self/ns/pid: where `pid` means something; 0 unknown */
	uint32_t segments;       /* --keep all: segment files beside this one, FILE.1 .. FILE.<segments>; atomic, published */
};

/*
 * --keep all: instead of going round, the ring goes on in segment files of as many chunks. The chunk of sequence number
 * n (from 1) lies in segment (n - 1) / chunk_count, segment 0 being the box itself. A segment is a page with this header,
 * then its chunks.
 */
#define BOX_SEGMENT_MAGIC "shapeseg"
#define BOX_SEGMENT_HEADER_BYTES 4096u

struct box_segment {
	char magic[8];
	uint32_t version;        /* BOX_VERSION */
	uint32_t number;         /* from 1 */
	int32_t pid;             /* these two equal the box's: a segment of another run is not taken for ours */
	uint32_t reserved;
	uint64_t start_unix_ns;
	uint32_t chunk_bytes, chunk_count;
};

/*
 * What is left of processes that ended well and had nothing to explain: their counts, summed up in one file for each host.
 * All zero until the first is added; every field is atomic.
 */
#define BOX_MERGED_MAGIC "shapesum"
#define BOX_MERGED_NAME "ended-" /* ended-<host>.sum */
#define BOX_MERGED_END ".sum"

struct box_merged {
	char magic[8];
	uint32_t version;        /* BOX_VERSION */
	uint32_t reserved;
	char host[64];
	uint64_t processes;
	uint64_t failed;         /* of these: did not end well, and gave way to others */
	uint64_t events;         /* operations recorded */
	uint64_t lost[BOX_LOSS_COUNT];
	uint64_t first_start_ns, last_end_ns; /* Unix time */
};

/* --- dictionaries ------------------------------------------------------------------------- */

struct box_string {
	uint32_t size_bytes; /* of text, no terminator counted; one NUL follows; entries are 4-aligned */
	char text[];
};

#define BOX_OP_CHILDREN 1u /* its nested operations are recorded as well (masks, losses, custom ones) */
#define BOX_OP_IN_PLACE 2u /* the name ends in one underscore, or an out= overload */

struct box_op {
	uint32_t name;           /* string: "aten::cat" */
	uint32_t overload;       /* string: "Tensor", or 0 */
	uint32_t argument_names; /* string: names joined by ',' in declared order; 0 if unknown */
	uint16_t argument_count;
	uint16_t flags;          /* BOX_OP_* */
	uint32_t weight;         /* which argument, from 1, is called `weight`: a layer's own; 0: none */
};

struct box_frame {
	uint32_t file;       /* string */
	uint32_t function;   /* string: qualified name where Python has one, else the name */
	int32_t line;        /* of the call being made; 0 if unknown */
	int32_t first_line;  /* of the code object */
};

#define BOX_SITE_INNER 16u /* innermost frames kept */
#define BOX_SITE_OUTER 16u /* outermost frames kept */

struct box_site {
	uint16_t frame_count;  /* frames listed, innermost first */
	uint16_t inner_count;  /* of these, how many are innermost; the rest are outermost */
	uint32_t left_out;     /* frames between the two groups that are not listed */
	uint64_t print;        /* of its text, the same in every process (schema/site.h) */
	uint32_t class;        /* SITE_* */
	uint32_t seen;         /* the writer's own: steps finished, and 1, when it was last met */
	uint32_t frames[];     /* frame references; the entry is 8-aligned */
};

/*
 * A signature is what an event shares with others: an operation and every argument's (or every
 * output's) metadata. Words describe the values in order; see BOX_VALUE_*.
 */
#define BOX_SIGNATURE_OUTPUT 1u /* describes outputs, not arguments */

struct box_signature {
	uint32_t word_count; /* 64-bit words that follow */
	uint32_t op;         /* op reference */
	uint32_t flags;      /* BOX_SIGNATURE_* */
	uint32_t value_count;/* top-level values */
	uint64_t words[];
};

/*
 * Words of a signature. The low byte of a value's first word is its kind.
 *
 *   TENSOR  [ kind | dimensions<<8 | dtype<<16 | device_type<<24 | (device_index & 0xffff)<<32 | flags<<48 ]
 *           then, unless BOX_TENSOR_OPAQUE: storage_offset, sizes[dimensions], strides[dimensions]
 *           dtype: c10::ScalarType; device_type: c10::DeviceType; device_index: int16, -1 = none
 *   INT     [ kind ] value        BOOL [ kind | value<<8 ]
 *   FLOAT   [ kind ]              a floating number (its value is not recorded)
 *   NUMBER  [ kind ]              an integer that is a value, not a size (alpha, other, fill_value...)
 *   INTS    [ kind | flags<<8 | count<<32 ] values[kept]    (kept = count, or fewer with BOX_LIST_CUT:
 *   BOOLS   [ kind | flags<<8 | count<<32 ] values[kept]     then the next word is `kept`)
 *   LIST    [ kind | flags<<8 | count<<32 ] then `count` (or `kept`) values, tensors or NONE
 *   STRING  [ kind | flags<<8 | size_bytes<<32 ] bytes in words, zero-padded (never cut: > 64 bytes is OTHER)
 *   DEVICE  [ kind | device_type<<24 | (device_index & 0xffff)<<32 ]
 *   NONE    [ kind ]              OTHER [ kind | tag<<8 ]
 *
 * Each TENSOR value owns the next identity of its event's list, in order of appearance.
 */
enum box_value_kind {
	BOX_VALUE_NONE = 0, BOX_VALUE_TENSOR = 1, BOX_VALUE_INT = 2, BOX_VALUE_BOOL = 3, BOX_VALUE_FLOAT = 4,
	BOX_VALUE_NUMBER = 5, BOX_VALUE_INTS = 6, BOX_VALUE_BOOLS = 7, BOX_VALUE_LIST = 8,
	BOX_VALUE_STRING = 9, BOX_VALUE_DEVICE = 10, BOX_VALUE_OTHER = 11
};

#define BOX_LIST_CUT 1u             /* in a list's flags: fewer values follow than `count` */

#define BOX_TENSOR_LAYOUT 0xfu      /* enum box_layout */
#define BOX_TENSOR_OPAQUE 0x10u     /* no sizes follow: their meaning is not that of a plain tensor */
#define BOX_TENSOR_WRAPPED 0x20u    /* a Python number wrapped as a tensor */
#define BOX_TENSOR_PYTHON 0x40u     /* a subclass or mode handles it in Python */
#define BOX_TENSOR_BATCHED 0x80u    /* a functorch (vmap, grad) wrapper */
#define BOX_TENSOR_GRAD 0x100u      /* has autograd metadata (requires grad or was made by a node) */

enum box_layout {
	BOX_LAYOUT_STRIDED = 0, BOX_LAYOUT_SPARSE = 1, BOX_LAYOUT_SPARSE_CSR = 2 /* any compressed layout */,
	BOX_LAYOUT_NESTED = 3, BOX_LAYOUT_QUANTIZED = 4, BOX_LAYOUT_OTHER = 5
};

/* --- whole-run knowledge about the tensors that live on ----------------------------------- */

#define BOX_TENSOR_BUCKET 8u

#define BOX_LIVE_ENTERED 1u /* first seen as an operand: nothing recorded made it */
/* Of what was written to it before the first step (libshim/written.h). */
#define BOX_LIVE_RANDOM 2u  /* random numbers */
#define BOX_LIVE_COPIED 4u  /* another tensor's content */
#define BOX_LIVE_RESET 8u   /* random numbers, after it was copied to */
/* Of `base`. */
#define BOX_LIVE_BASE_ENTERED 16u /* nothing recorded made it: this is its first use */
#define BOX_LIVE_BASE_VALUES 32u  /* its elements are those of the base, in part or in another order */

/* What a tensor is apart from its place in memory: dtype | device_type<<8 | (device_index & 0xffff)<<16 (as in a signature's
 * word), and the low half of its number of elements <<32 (0 for an opaque one). */
#define BOX_FORM_KIND 0xffffffffull

/* The event that made a tensor. */
struct box_made {
	uint32_t signature;  /* of its outputs, or of its operands where the tensor entered; or BOX_NONE */
	uint32_t site, step, op;
};

struct box_tensor {      /* 64 bytes */
	uint64_t tensor;     /* identity; 0 = dead, the entry may be taken; all ones = being taken */
	uint64_t number;     /* the identity, kept until the entry is taken again: a process's last tensors die before it does */
	uint64_t form;       /* as it was met last */
	struct box_made maker; /* or its first use, if ENTERED */
	struct box_made base;  /* what made, or used first, the tensor that this one is a view, copy or function of, through
				* any number of such (libshim/carry.def); op BOX_NONE: the maker needed no other's sizes */
	uint32_t flags;      /* BOX_LIVE_* */
	uint32_t change;     /* 0: none was ever needed here; belongs to the entry, not to the tensor */
};

/* Where something was done to a tensor. */
struct box_place { uint32_t op, site, step; };

#define BOX_CHANGE_MOVED 1u
#define BOX_CHANGE_MOVED_SEEN 2u   /* MOVED by what is no operation: `moved` is where it was met next */
#define BOX_CHANGE_RESIZED 4u
#define BOX_CHANGE_RESIZED_SEEN 8u

struct box_change {      /* the last conversion and the last resize in place of one live tensor; 64 bytes */
	uint64_t moved_from, moved_to; /* forms */
	uint64_t asked_to;   /* the form it was asked to take (Module._apply asks before it replaces the data); 0: none */
	struct box_place moved, resized, asked;
	uint32_t flags;      /* BOX_CHANGE_* */
};

/* --- whole-run knowledge about calls --------------------------------------------------------- */

/*
 * Operations that ended well, counted by call site. A call of a signature met lately is one more in BOX_CALLS; what has
 * to make room there goes into BOX_HISTORY, by call site, operation and layout (how many dimensions each operand has,
 * and a layer's weight which sizes: one line may call several layers).
 * The whole is the sum of both.
 */
#define BOX_CALLS_BUCKET 4u

struct box_calls {       /* 32 bytes */
	uint32_t site, signature;
	uint32_t thread;     /* recorder's thread number: it alone writes here while `calls` isn't 0 */
	uint32_t step;       /* of the first of these calls */
	uint64_t calls;      /* 0: free */
	uint64_t reserved;
};

#define BOX_HISTORY_TENSORS 16u /* operands followed of one call */
#define BOX_HISTORY_DIMS 32u    /* dimensions, over all of these */
#define BOX_VARIED_SIZES 8u
#define BOX_VARIED_LOST 0xfffffffeu /* it varied, and there was no room to tell how */

struct box_dim {
	int64_t size;        /* of every call so far, while it has not varied */
	uint16_t tensor;     /* place among the event's identities */
	uint16_t dim;
	uint32_t varied;     /* reference; BOX_NONE: it never did */
};

struct box_history {
	uint32_t site, op;
	uint32_t signature;  /* of one of these calls, for the operands' names; BOX_NONE if none was stored */
	uint32_t first_step;
	uint32_t busy;       /* a thread is writing */
	uint32_t dim_count;
	uint64_t layout;     /* see schema/history.h */
	uint64_t calls;      /* published last; 0: not there yet */
	struct box_dim dims[];
};

struct box_varied {      /* 96 bytes */
	int64_t smallest, largest;
	uint64_t at_largest; /* calls */
	uint32_t new_step;   /* of the first call with the size that came last */
	uint32_t count;      /* of `sizes`; BOX_VARIED_SIZES + 1: there were more */
	int64_t sizes[BOX_VARIED_SIZES]; /* in order of appearance */
};

/* --- fingerprints of steps: what ranks are compared by where the ring has overwritten the events ------------------------ */

/*
 * The outermost operations of the main thread that are the training's own (forward, backward, optimizer) or collectives, and those
 * of backward on other threads. Sizes have no part in it. An operation's number is that of its name and of its call site's text.
 */
struct box_step_print {   /* 48 bytes: one step, or `width` steps in a row */
	uint64_t operations;  /* of forward, and collectives */
	uint64_t control;     /* polynomial over them (fingerprint_join) */
	uint64_t once;        /* sum over those whose call site or operation was new in the step: the same however often a loop goes round */
	uint64_t rest;        /* sum over backward's and the optimizer's, each time it ran */
	uint64_t collectives; /* of `operations` */
	uint64_t collective;  /* polynomial over them */
};

/* When the entries are used up, each two become one: however long the run, all of its steps are in here. */
struct box_steps {
	uint32_t width;       /* steps of an entry: a power of two */
	uint32_t joining;     /* not 0: entries are being joined, and can't be read */
	uint64_t steps;       /* finished and told: the last entry may have fewer than `width`; atomic, published */
	struct box_step_print entries[];
};

/* --- CUDA: counts and live memory over the whole run ---------------------------------------- */

/* What a CUDA call does. X(id, name, class, count): class says which tail its record has (enum box_cuda_class), count which
 * counter a success raises. */
#define BOX_CUDA_KINDS(X) \
	X(LAUNCH, "launch", LAUNCH, LAUNCHES) \
	X(GRAPH_LAUNCH, "graph launch", PLAIN, GRAPH_LAUNCHES) \
	X(HOST_FUNCTION, "host function", PLAIN, OTHERS) \
	X(ALLOCATE, "allocation", MEMORY, ALLOCATIONS)           /* device memory, arrays and pools included */ \
	X(FREE, "free", MEMORY, FREES) \
	X(HOST_ALLOCATE, "host allocation", MEMORY, HOST_ALLOCATIONS) \
	X(HOST_FREE, "host free", MEMORY, HOST_FREES) \
	X(HOST_REGISTER, "host registration", MEMORY, OTHERS)    /* memory of the program's, pinned afterwards */ \
	X(HOST_UNREGISTER, "host unregistration", MEMORY, OTHERS) \
	X(CREATE, "physical allocation", MEMORY, ALLOCATIONS)    /* cuMemCreate: address is its handle */ \
	X(RELEASE, "physical free", MEMORY, FREES) \
	X(RESERVE, "address reservation", MEMORY, OTHERS) \
	X(UNRESERVE, "address release", MEMORY, OTHERS) \
	X(MAP, "map", MEMORY, OTHERS) \
	X(UNMAP, "unmap", MEMORY, OTHERS) \
	X(OPEN, "foreign memory opened", MEMORY, OTHERS)         /* another process's: IPC */ \
	X(CLOSE, "foreign memory closed", MEMORY, OTHERS) \
	X(COPY, "copy", COPY, COPIES) \
	X(SET, "memset", MEMORY, MEMSETS) \
	X(CAPTURE_BEGIN, "capture begun", PLAIN, OTHERS) \
	X(CAPTURE_END, "capture ended", PLAIN, OTHERS) \
	X(INSTANTIATE, "graph instantiated", PLAIN, OTHERS) \
	X(SYNC, "wait", PLAIN, WAITS)                            /* a success: the stream (0: the device) was good until here */ \
	X(OTHER, "call", PLAIN, OTHERS)                          /* recorded where it fails, only then */ \
	X(LAST_ERROR, "error query", PLAIN, OTHERS)              /* the same, unless it repeats what a call returned */ \
	X(BLOCK, "block", BLOCK, BLOCKS)                         /* PyTorch's caching allocator hands out a piece */ \
	X(BLOCK_FREE, "block free", BLOCK, BLOCK_FREES) \
	X(OUT_OF_MEMORY, "out of memory", BLOCK, OTHERS)         /* the caching allocator gives up */

enum box_cuda_kind {
#define X(id, name, class, count) BOX_CUDA_##id,
	BOX_CUDA_KINDS(X)
#undef X
	BOX_CUDA_KIND_COUNT
};

enum box_cuda_class { BOX_CUDA_CLASS_PLAIN, BOX_CUDA_CLASS_LAUNCH, BOX_CUDA_CLASS_MEMORY, BOX_CUDA_CLASS_COPY, BOX_CUDA_CLASS_BLOCK };

/* Counters of what was done, kept or overwritten in the ring: X(id, name). */
#define BOX_CUDA_COUNTS(X) \
	X(LAUNCHES, "launches") X(CAPTURED, "captured_launches") X(GRAPH_LAUNCHES, "graph_launches") \
	X(ALLOCATIONS, "allocations") X(FREES, "frees") X(HOST_ALLOCATIONS, "host_allocations") X(HOST_FREES, "host_frees") \
	X(COPIES, "copies") X(MEMSETS, "memsets") X(WAITS, "waits") X(BLOCKS, "blocks") X(BLOCK_FREES, "block_frees") \
	X(FAILED, "failed_calls") X(OTHERS, "other_calls")

enum box_cuda_count {
#define X(id, name) BOX_CUDA_COUNT_##id,
	BOX_CUDA_COUNTS(X)
#undef X
	BOX_CUDA_COUNT_COUNT
};

#define BOX_CUDA_THREADS 256u /* as many as record at once; a place is handed on when its thread ends */
#define BOX_CUDA_DEVICES 32u

struct box_cuda_device {   /* bytes; atomic */
	uint64_t live, peak;           /* taken from the driver: allocations less frees */
	uint64_t allocated, peak_allocated; /* of it, what the caching allocator had handed out */
	uint64_t reserved, peak_reserved;   /* what the caching allocator held */
	uint64_t peak_step;            /* optimizer steps finished when `peak_allocated` (without it, `peak`) was reached */
	uint64_t limit;                /* what the device has; 0 unknown */
};

struct box_cuda_counts {
	struct box_cuda_device devices[BOX_CUDA_DEVICES];
	uint64_t host_live, host_peak;   /* bytes of pinned memory; atomic */
	uint64_t wrapped_runtime, wrapped_driver, queries; /* functions handed out wrapped; questions put to cuGetProcAddress */
	uint64_t reserved[3];
	uint64_t threads[BOX_CUDA_THREADS][16]; /* by enum box_cuda_count: each written by one thread, the sum counts */
};

enum box_memory_class { BOX_MEMORY_DEVICE = 1, BOX_MEMORY_HOST, BOX_MEMORY_PHYSICAL, BOX_MEMORY_ADDRESS, BOX_MEMORY_FOREIGN, BOX_MEMORY_BLOCK };

struct box_memory {        /* 48 bytes */
	uint64_t address;      /* BOX_MEMORY_PHYSICAL: the handle */
	uint64_t bytes;
	uint32_t state;        /* 0 free, 1 being written, 2 live (release) */
	uint16_t class;        /* enum box_memory_class */
	int16_t device;        /* -1 unknown */
	uint32_t op, site;     /* as in struct box_cuda */
	uint32_t step;
	uint32_t thread;
	uint64_t event;        /* number, within its thread, of the outermost operation around it; ~0: none */
};

/* --- notes: facts of any size, as JSON text ------------------------------------------------- */

enum box_note_kind {
	BOX_NOTE_ENVIRONMENT = 1, /* slot 0 */
	BOX_NOTE_FATAL = 2,       /* an uncaught exception (sys.excepthook): slots 1..3, the first are kept */
	BOX_NOTE_OPERATION = 3,   /* an operation left by an exception: ring of the other slots */
	BOX_NOTE_EXCEPTION = 4,   /* an exception seen while it was being handled: the same ring */
	BOX_NOTE_STATE = 5,       /* the modules while all is well: slots 4 and 5 by turns, the newest counts */
	BOX_NOTE_GROUPS = 6       /* process groups and their ranks: slot 6, written anew when there are more */
};
#define BOX_NOTE_FIRST_FATAL 1u
#define BOX_NOTE_FIRST_STATE 4u
#define BOX_NOTE_STATES 2u
#define BOX_NOTE_FIRST_GROUPS 6u
#define BOX_NOTE_FIRST_RING 7u

struct box_note {
	uint32_t state;      /* 0 free, 1 being written, 2 ready (release) */
	uint32_t kind;       /* enum box_note_kind */
	uint32_t size_bytes; /* of text */
	uint32_t thread;     /* recorder's thread number, BOX_NONE if it recorded nothing */
	uint64_t number;     /* from next_note: order of writing */
	uint64_t unix_ns;
	uint64_t event;      /* OPERATION: the thread's event number (see struct box_chunk), else ~0 */
	uint64_t events_before; /* how many events the thread had started when the note was written */
	char text[];         /* JSON; see ARCHITECTURE.md "Notes" */
};

/* --- the ring -------------------------------------------------------------------------------- */

enum box_chunk_state { BOX_CHUNK_FREE = 0, BOX_CHUNK_OPEN = 1, BOX_CHUNK_DONE = 2 };

struct box_chunk {          /* 96 bytes, then records */
	uint32_t state;         /* enum box_chunk_state; atomic */
	uint32_t used_bytes;    /* published bytes, this header included; atomic */
	uint64_t sequence;      /* order of opening over the whole process, from 1 */
	uint32_t thread;        /* recorder's thread number, from 0, never reused */
	int32_t os_thread;      /* gettid */
	uint64_t base_ticks;    /* record time = base_ticks + (ticks << BOX_TICK_SHIFT) */
	uint64_t base_unix_ns;  /* the wall clock at base_ticks */
	uint64_t base_tensor;   /* identity = base_tensor + (int32_t)(id - (uint32_t)base_tensor) */
	uint64_t first_event;   /* number, within the thread, of the first START in this chunk */
	uint64_t step;          /* optimizer steps finished when it was opened */
	char thread_name[16];
	uint64_t reserved[2];
};

#define BOX_TICK_SHIFT 8

enum box_record_kind {
	BOX_RECORD_START = 1,       /* an operation is entered */
	BOX_RECORD_END = 2,         /* the innermost open operation of that depth is left */
	BOX_RECORD_SCOPE_START = 3, /* a named range begins: backward node, optimizer step, user's range */
	BOX_RECORD_SCOPE_END = 4,
	BOX_RECORD_STEP = 5,        /* an optimizer step has ended */
	BOX_RECORD_CUDA = 6         /* a CUDA call has returned, or the caching allocator told of a block */
};

/* flags of a record */
#define BOX_FLAG_GRAD 1u    /* START: autograd was recording on this thread */
#define BOX_FLAG_INLINE 2u  /* START, END: the signature's words follow the identities (see below) */
#define BOX_FLAG_FAILED 4u  /* END: left by an exception; no outputs */
#define BOX_FLAG_REENTRY 8u /* START: reached again through Python from inside another operation */
#define BOX_FLAG_NO_OUTPUTS 16u /* END: outputs could not be read */

struct box_record {    /* every record begins so; 4-aligned */
	uint16_t words;    /* 32-bit words of the whole record, this header included */
	uint8_t kind;      /* enum box_record_kind */
	uint8_t flags;     /* BOX_FLAG_* */
	uint32_t ticks;    /* since the chunk's base_ticks, >> BOX_TICK_SHIFT */
};

struct box_start {
	struct box_record record;
	uint32_t signature; /* reference, or with BOX_FLAG_INLINE the op reference */
	uint32_t site;      /* reference; 0 = no Python frame; BOX_NONE = lost */
	uint32_t sequence;  /* low half of the autograd sequence number that the next node would get here */
	uint16_t depth;     /* recorded operations open around it on this thread */
	uint16_t ids;       /* identities that follow */
	uint32_t id[];      /* then with INLINE: u32 value_count, u32 word_count, words (each as two u32, low first) */
};

struct box_end {
	struct box_record record;
	uint32_t signature; /* of the outputs; BOX_NONE if none; with INLINE the op reference */
	uint16_t depth;     /* equals its START's */
	uint16_t ids;
	uint32_t id[];      /* then as above with INLINE */
};

#define BOX_FLAG_CAPTURED 1u /* CUDA: put into a graph, not run */
#define BOX_FLAG_DRIVER 2u   /* CUDA: called at the driver, not at the runtime */
#define BOX_FLAG_OURS 4u     /* CUDA: a wait that --sync added */

struct box_cuda {
	struct box_record record;
	uint16_t kind;      /* enum box_cuda_kind */
	int16_t device;     /* -1 unknown */
	int32_t result;     /* 0: success; cudaError_t or CUresult */
	uint32_t function;  /* string: "cudaMalloc" */
	uint32_t op;        /* of the outermost recorded operation around it; BOX_NONE: none */
	uint32_t site;      /* that operation's; without one the Python line that called. 0 none, BOX_NONE lost */
	uint32_t stream[2]; /* handle, low half first */
	uint32_t rest[];    /* by class; 64-bit numbers as two, low half first:
	                     * LAUNCH: kernel (string, mangled; 0 unknown), grid x, y | z<<16, block x | y<<16, z, shared bytes
	                     * MEMORY: address, bytes    COPY: to, bytes, from
	                     * BLOCK: address, bytes, allocated after, reserved after */
};
#define BOX_CUDA_LAUNCH_WORDS 6u
#define BOX_CUDA_MEMORY_WORDS 4u
#define BOX_CUDA_COPY_WORDS 6u
#define BOX_CUDA_BLOCK_WORDS 8u

enum box_scope { BOX_SCOPE_FUNCTION = 0, BOX_SCOPE_BACKWARD = 1, BOX_SCOPE_USER = 7 }; /* at::RecordScope */

struct box_scope_start {
	struct box_record record;
	uint32_t name;      /* string: "Optimizer.step#AdamW.step", "MmBackward0" */
	uint32_t sequence;  /* BACKWARD: low half of the node's sequence number; BOX_NONE if none */
	uint16_t scope;     /* enum box_scope */
	uint16_t reserved;
	uint64_t token;     /* pairs it with its end (ranges may end out of order); two u32 aligned to 4 */
} __attribute__((packed, aligned(4)));

struct box_scope_end {
	struct box_record record;
	uint64_t token;
} __attribute__((packed, aligned(4)));

struct box_step {
	struct box_record record;
	uint64_t step;      /* steps finished now */
} __attribute__((packed, aligned(4)));

#endif
