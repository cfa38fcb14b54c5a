/*
 * The report's "failure": runs the stages on the failure that was chosen.
 */
#ifndef SHAPEBOX_VIEWER_ANALYSIS_REPORT_FAILURE_H
#define SHAPEBOX_VIEWER_ANALYSIS_REPORT_FAILURE_H

#include "failure/cuda_failure.h"
#include "failure/failure.h"
#include "items.h"
#include "lineage/lineage.h"
#include "mismatch/mismatch.h"
#include "subject.h"

/* What the stages share about one failure. */
struct diagnosis {
	const struct source *source;
	struct failure *failure;
	json_t *frames;             /* owned */
	bool has_mismatch;
	const struct event *subject; /* what the mismatch is about: the failure's event, or one of `made` */
	struct items items;         /* of its lists, that its record has no room for */
	struct subject *made;       /* owned; NULL if the failure's own operands tell */
	bool two_sides;             /* it is of both tensors of a line whose operation has one and sizes (diagnosis_assigned.c, diagnosis_shaped.c) */
	char *told;                 /* the failure's message with what it left to tell (subject_told_shapes), owned; NULL: nothing */
	struct lineage *stories[2]; /* owned; of the mismatch's operand, and of what it is against; NULL if not followed */
	bool twins;                 /* the operands that disagree come from the same code */
	char parting[512];          /* where they part, as a sentence; "": they aren't twins */
	struct lineage_rounding rounding; /* of two joined operands that come from one tensor */
	bool positions;             /* the index in question was made by counting */
	struct mismatch mismatch;
	bool padded;                /* the shapes that disagree are one but for dimensions of 1 */
	struct event followed;      /* no operation failed: what made the first tensor that is followed; id -1 if none */
	int followed_output;
	char followed_name[160];
	json_t *memory;             /* owned; an allocation that failed on a device (memory_out.h), or NULL */
	struct cuda_failure *cuda;  /* owned; an asynchronous error of CUDA, or NULL */
	json_t *origin, *lineage;   /* owned; as the report has them */
};

/* Finds frames and mismatch of FAILURE (whose event may become the inner one, if that tells more). */
void diagnosis_start(struct diagnosis *diagnosis, const struct source *source, struct failure *failure);
void diagnosis_end(struct diagnosis *diagnosis);
/* Fills origin and lineage. */
void diagnosis_follow(struct diagnosis *diagnosis);
/* Two sizes disagree, SIZE whose story is ONE and OTHERS whose story is OTHER: which step is the origin. Tells it, moves the
 * decider of its lineage, and continues stories that end where a size was asked for (ways_bridge). True where what is new on their
 * ways can't tell better. */
bool diagnosis_blame(struct diagnosis *diagnosis, struct lineage *one, struct lineage *other, int64_t size, int64_t others);
/* diagnosis_news.c: where one side alone was changed by a line that never changed one before, or made by one that always made the same, that side
 * has the origin. */
void diagnosis_news(struct diagnosis *diagnosis, const struct lineage *sides[2], const int64_t sizes[2]);
/* diagnosis_count.c: ROWS don't go into the places of MASK, called NAME: where they are as many as ever, or computed and the places counted in
 * ids, the mask has the origin; but a step that left some of each group away, so that there would else be as many, has it before. */
void diagnosis_count(struct diagnosis *diagnosis, struct lineage *rows, struct lineage *mask, const char *name);
/* diagnosis_cut.c: backward was refused for a loss without a graph: where on its way it was left. False where that isn't known. */
bool diagnosis_follow_cut(struct diagnosis *diagnosis);
/* The origin anew: SIZE, by LINEAGE's decider. */
void diagnosis_retell(struct diagnosis *diagnosis, const struct lineage *lineage, int64_t size);

/* "failure" as the report has it. New reference. */
json_t *report_failure(const struct source *source, struct failure *failure);

#endif
