/*
 * What the stages of the comparison share. Included within viewer/analysis/diff/ alone. Single-threaded.
 */
#ifndef SHAPEBOX_VIEWER_ANALYSIS_DIFF_PARTS_H
#define SHAPEBOX_VIEWER_ANALYSIS_DIFF_PARTS_H

#include "../../reader/trace_fingerprint.h"
#include "diff.h"
#include "../failure/failure.h"
#include "../text.h"

/* One rank of one run, or one step of a rank. */
struct member {
	struct trace *trace;
	struct source source;
	int process, rank;
	const struct process *info;
	int run;               /* 0, or 1: the second of two runs, or the second of two steps */
	int64_t step;          /* only this one, told as step 0; -1: all */
	int64_t skip_step;     /* not this one; -1: none is left out */
	struct block *blocks;
	int64_t block_count;
	int64_t first_step;    /* the first that is kept from its beginning */
	int64_t end;           /* the last operation that counts: what follows handles the failure */
	bool failed;
	struct failure failure;
	int64_t lost;          /* operations dropped at unknown places */
	int group, role;
};

enum meeting_kind {
	MEET_SAME,             /* as far as both go */
	MEET_LEFT_ENDED, MEET_RIGHT_ENDED, /* one's last operation was here; the other's next is told */
	MEET_CONTROL,          /* they part: each side's next operation is told */
	MEET_COLLECTIVE, MEET_KINDS /* the same operation, but with other sizes, groups; or other dtypes, devices */
};

struct meeting {
	enum meeting_kind kind;
	int64_t step;
	bool has_left, has_right, has_last, has_led;
	struct brief left, right;            /* where they part */
	struct brief left_last, right_last;  /* the last that both had in common */
	struct brief left_led, right_led;    /* the last common operation before that whose sizes or values differed */
	int64_t usual;                       /* operations that differed as they may */
};

/* diff_members.c */
struct members { struct member *list; int count; int *missing; int missing_count; int world_size; bool two_runs; };
bool members_gather(struct members *members, const struct diff_request *request, struct error *error);
void members_free(struct members *members);
/* Ended by a signal that only the process's own fault raises. */
bool member_crashed(const struct failure *failure);

/* diff_sequence.c: both ways from the beginning, up to step LIMIT (counted as told; -1: to the end). */
struct meeting sequence_compare(const struct member *left, const struct member *right, int64_t limit);

/* diff_collective.c: do the sizes of this gather differ because the ranks were told so? */
bool collective_is_uneven(const struct member *left, int64_t left_event, const struct member *right, int64_t right_event);

/* Of an all_to_all: does GIVER give another number of elements to TAKER than that one expects? */
bool collective_exchange_differs(const struct member *giver, int64_t giver_event, const struct member *taker, int64_t taker_event,
				 int64_t *given, int64_t *expected);

/* diff_sizes.c: sizes that differ between members although no member varies them by itself. */
struct size_difference {
	int member, other;        /* the one that differs; one that doesn't */
	int64_t step, event, other_event; /* events -1: not kept */
	int slot;                 /* which tensor: inputs first, then outputs */
	int dim;                  /* -1: the number of tensors or dimensions */
	int64_t size, usual;      /* here; there */
	bool persistent;          /* from its first time on */
	int same_as;              /* how many members differ like that */
};
struct sizes_result { bool found; struct size_difference first; int64_t usual; bool complete; };
struct sizes_result sizes_compare(struct member *const *members, int count, bool two_runs,
				  void (*progress)(const char *what, int done, int total));

/* diff_side.c: {"rank","event","operation","where","operands"} of an operation. New references. */
json_t *side_json(const struct member *member, int64_t event);
json_t *side_where(const struct member *member, int64_t site);
/* "aten::linear at train.py:12" */
void side_text(const struct member *member, int64_t event, struct text *text);
/* The ranks of MEMBER's group and run, sorted as the members are: how many. */
int side_ranks(const struct members *members, int member, int *ranks);
/* "rank 3", "ranks 0-2"; of two runs "rank 0 of the second run"; of two steps "step 12". */
void side_name(const struct members *members, int member, const int *ranks, int count, struct text *text);
/* The object "first_divergence". A and B are taken over. New reference. */
json_t *side_divergence(const char *kind, int64_t step, const int *ranks, int rank_count, const int *against, int against_count,
			json_t *a, json_t *b, const char *text);
/* "ranks 0-2, 5" */
void ranks_text(struct text *text, const int *ranks, int count);
json_t *ranks_json(const int *ranks, int count);

#endif
