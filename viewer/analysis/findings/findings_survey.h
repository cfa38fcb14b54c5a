/*
 * One walk over the newest operations of a process, for all rules of findings.def: what was odd, by call site.
 *
 * Looks at no more than FINDINGS_EVENTS_MOST operations, so that a long run costs as little as a short one.
 */
#ifndef SHAPEBOX_VIEWER_ANALYSIS_FINDINGS_SURVEY_H
#define SHAPEBOX_VIEWER_ANALYSIS_FINDINGS_SURVEY_H

#include "../source.h"

#define FINDINGS_EVENTS_MOST 65536
#define SURVEY_SITES_MOST 256
#define SURVEY_SIZES_MOST 4096
#define SURVEY_DIMS 6
#define SURVEY_TENSORS_MOST 256

enum survey_kind {
	SURVEY_LOSS,     /* two tensors were broadcast for an elementwise loss, or one was taken from the other for one that is written by
			  * hand; odd: to more elements than either has */
	SURVEY_SCATTER,  /* a scatter; odd: its index is smaller than its source */
	SURVEY_SELECT,   /* what takes part in autograd was read through a mask; odd: no row */
	SURVEY_LOOKUP,   /* an embedding; its sizes are the lengths that it was asked for */
	SURVEY_CAST,     /* a multiplication with a float32 weight, recorded by autograd; odd: autocast made it of half precision */
	SURVEY_PATCH,    /* a convolution whose window moves by its own size; odd: rows or columns are left over */
	SURVEY_PLACES,   /* a write through a mask; odd: what is written is the beginning of something longer */
	SURVEY_REFUSED,  /* a write through a mask that failed, after which training went on; odd always */
	SURVEY_GATHERED, /* where() of what was read by an index that counts places (cumsum); `other` is the reading's site */
	SURVEY_NORM,     /* batch_norm of [batch, features]; odd: of the loader's batch size */
	SURVEY_HELD,     /* one tensor, met in several steps, beside others of the loader's batch size; odd: it again */
	SURVEY_SPLIT     /* a view that divides the loader's batch; odd: does */
};

/* The calls of one operation from one line. */
struct survey_site {
	enum survey_kind kind;
	int64_t site;
	char operation[64];
	char function[32];          /* SURVEY_LOSS: the loss; "": written by hand */
	int64_t calls, odd;
	int64_t first_step, last_step;
	int64_t event;              /* the newest odd one (SURVEY_LOOKUP: the newest); -1 */
	int ndim[2];                /* of that one's two operands */
	int64_t sizes[2][SURVEY_DIMS];
	int64_t other;              /* SURVEY_GATHERED: a site; SURVEY_HELD: one tensor of the newest call; SURVEY_PATCH: the window; SURVEY_SPLIT: the parts */
	int64_t beside;             /* SURVEY_HELD: the other */
};

/* What forward and evaluation did with one tensor that is asked for, from the second step on. */
struct survey_use {
	int64_t tensor, calls, with_grad; /* with_grad: autograd was recording */
	int64_t steps, oldest;      /* in how many steps; the oldest of them */
	int64_t event, site;        /* the newest; -1 */
	char operation[64];
};

struct findings_survey {
	int64_t events;             /* looked at */
	int64_t first_step, last_step; /* of these */
	int64_t batch;              /* set by the caller: the batch size of the program's data loader; 0 */
	int use_count;              /* set by the caller, with the tensors */
	struct survey_use uses[SURVEY_TENSORS_MOST];
	int count;
	struct survey_site sites[SURVEY_SITES_MOST];
};

/* Asks for TENSOR to be followed; before the walk. */
void findings_survey_follow(struct findings_survey *survey, int64_t tensor);
/* What is known of TENSOR; NULL if it wasn't asked for. */
const struct survey_use *findings_survey_use(const struct findings_survey *survey, int64_t tensor);

/* How many steps were walked, the first (before which a model is made) and those that may be there in part left out. */
int64_t findings_survey_steps(const struct findings_survey *survey);

/* Walks into OUT, which is zero but for what was asked for. */
void findings_survey(struct findings_survey *out, const struct source *source, int process);

#endif
