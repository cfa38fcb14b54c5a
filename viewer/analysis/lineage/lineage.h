/*
 * Following one dimension (or the dtype, or the device) of a tensor back to where it was decided.
 *
 * Walks from consumer to maker through what size_flow.def calls passing, and goes on past what decides, for
 * the story; `decider` is the first that decides, or the step where the tensor entered ready-made.
 * A walk is bounded and terminates on any trace. lineage_walk takes a source and can be tested without a
 * database.
 */
#ifndef SHAPEBOX_VIEWER_ANALYSIS_LINEAGE_H
#define SHAPEBOX_VIEWER_ANALYSIS_LINEAGE_H

#include "../source.h"

#define LINEAGE_STEPS_MOST 512
#define LINEAGE_LINES_MOST 6

/* LINEAGE_VALUES follows the elements themselves (an index, a mask): views and copies pass them on. LINEAGE_MAKER is the
 * same for a tensor whose elements don't matter (a leaf): whatever was written into it is passed over. LINEAGE_RANK follows
 * the number of dimensions. */
enum lineage_property { LINEAGE_SIZE, LINEAGE_DTYPE, LINEAGE_DEVICE, LINEAGE_VALUES, LINEAGE_MAKER, LINEAGE_RANK };

/* One operation on the way. */
struct lineage_step {
	struct event event;
	int output;             /* which of its outputs */
	int64_t tensor;         /* what the step tells of; 0: not known */
	int dim;                /* of that output; -1: the whole tensor */
	int64_t size;           /* of that dimension, -1 */
	bool decides, possible /* matched by size only */, entered /* nothing recorded made it: its first use */;
	bool resized;           /* nothing recorded made it what it is: it got another size in place, or with another's data */
	bool regrouped;         /* it put into one what a view nearer to the failure took apart again */
	bool asked;             /* the very size stands among its arguments */
	bool fewer;             /* it puts fewer pieces together than in the call before */
	bool combines;          /* several sizes became one, and none is known to be another than it was */
	int writes;             /* into the tensor in place since, that were passed over */
	char how[160];          /* what decided: "size 16, step 16 over 735" */
};

struct lineage {
	int process;
	enum lineage_property property;
	bool replaced;          /* its data was replaced since it was made */
	int count, decider;     /* -1: unknown */
	int64_t before;         /* the event from which it is followed back */
	const struct event *viewed; /* that event, where it asks for sizes that the tensor hasn't; NULL */
	int part_dim;           /* while elements are followed: a pick along it is looked for, -1 if none; of which part */
	int64_t part;
	struct lineage_step steps[LINEAGE_STEPS_MOST]; /* newest first */
};

/* Follows dimension DIM of TENSOR (as PLACE of EVENT has it) back from EVENT. OUT is large: allocate it. */
void lineage_walk(const struct source *source, int process, const struct event *event, int place, int dim,
		  enum lineage_property property, struct lineage *out);
/* The same for a tensor as it was before event BEFORE, its size or name in question being known. */
void lineage_walk_tensor(const struct source *source, int process, int64_t tensor, int64_t before, int dim,
			 enum lineage_property property, struct lineage *out);
/* The first step from AT on that decides; -1. */
int lineage_decides_from(const struct lineage *lineage, int at);
/* A size that is held against a layer's width was decided where it first appeared: where several were made one. */
void lineage_stop_at_product(struct lineage *lineage);
/* A row's width was decided by the layer that made it, not by who made its weight. */
void lineage_stop_at_layer(struct lineage *lineage);
/* A layout was decided by the last operation that gives a tensor other strides than contiguous ones. */
void lineage_stop_at_layout(struct lineage *lineage);
/* The operation that made TENSOR as it was before event BEFORE. Operations in place that don't change PROPERTY (an
 * optimizer's, most of all) are passed over and counted in WRITES; writes by mask or index are not. */
bool lineage_maker(const struct source *source, int process, int64_t tensor, int64_t before, enum lineage_property property,
		   struct event *out, int *output, int *writes);
/* TENSOR, as it was before event BEFORE, is a view of another: they become that one, and the event that made the view. False where it is none. */
bool lineage_base(const struct source *source, int process, int64_t *tensor, int64_t *before);
/* Its story in at most six lines; the first begins with HEAD ("45 = frames[2].shape[0]"). New reference. */
json_t *lineage_lines(const struct source *source, const struct lineage *lineage, const char *head);
/* Which of those lines, counted from 0, are of views that only pass on what they were given: the first to be left out. New reference. */
json_t *lineage_passing(const struct lineage *lineage);
/* {"event","operation","where","text"} of the decider, or null. WHAT: "45", "float16". New reference. */
json_t *lineage_origin(const struct source *source, const struct lineage *lineage, const char *what);
/* Where two chains from the same code part, as a sentence in OUT; false if they don't come from the same code. */
bool lineage_part(const struct source *source, const struct lineage *one, const struct lineage *other, char *out, size_t size);

/* Two sizes that one tensor's size became: where they parted, if one operation alone did (what both did alike, or one undid, is
 * left out). OTHERS tells whose step it is. -1 where they don't meet, or more than one operation made the difference. */
int lineage_parts_by(const struct lineage *one, const struct lineage *other, bool *others);

/* A size that an operation divided and left a rest of; FROM is 0 if there is none. */
struct lineage_rounding { int64_t from, to; const char *operation; };
/* Two sizes that one tensor's size became, by other ways: where one of them was rounded (pooling, strides). False where
 * they don't meet, or meet in what samples are cut from. OPERATION lives as long as the lineages' trace. */
bool lineage_rounds(const struct lineage *one, const struct lineage *other, struct lineage_rounding *out);
/* Were the elements of an index made by counting (arange, cumsum)? LARGEST gets the largest where it's known, else -1. */
bool lineage_counts(const struct lineage *lineage, int64_t *largest);

/* The FIRST (else the last) tensor of LIKE's shape that a line of the program had a library make in this process before event BEFORE, as a
 * module's parameters are made: its event in OUT, the line in CALLER (SIZE bytes); either may be NULL. False where none is kept. */
bool lineage_made_so(const struct source *source, int process, int64_t before, const struct operand *like, bool first, struct event *out, char *caller,
		     size_t size);

/* For the command: WHAT is "event 123", "tensor 45" or "123:tensors[1].0" (operand, then dimension). Returns
 * {"what","lineage":[{"operand","lines"}],"origin"}; NULL and ERROR if there is no such thing. New reference. */
json_t *lineage_build(struct trace *trace, int process, const char *what, struct error *error);

#endif
