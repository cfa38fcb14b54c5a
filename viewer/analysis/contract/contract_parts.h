/*
 * What the stages of a contract share. Included within viewer/analysis/contract/ alone. Single-threaded.
 */
#ifndef SHAPEBOX_VIEWER_ANALYSIS_CONTRACT_PARTS_H
#define SHAPEBOX_VIEWER_ANALYSIS_CONTRACT_PARTS_H

#include "../../reader/trace_fingerprint.h"
#include "contract.h"

#define FORM_DIMS 8
#define FORM_OPERANDS 24
#define FORM_VARIES (-1)

/* One tensor, or a list of tensors in one. Strings are the contract's own (contract_string). */
struct form_operand {
	const char *name, *dtype, *device; /* dtype, device: "*" where they vary */
	int64_t items;                     /* of a list; 0: no list; FORM_VARIES */
	int ndim;                          /* FORM_VARIES: varies, unknown, or more than FORM_DIMS */
	int64_t sizes[FORM_DIMS];          /* FORM_VARIES where it varied */
};
struct form { int count; struct form_operand operands[FORM_OPERANDS]; };

enum call_often { CALL_RARE, CALL_SOME /* in each step */, CALL_EACH /* as many times in each step */ };

struct call {
	const char *file, *function, *operation;
	int line;
	enum call_often often;
	int64_t times;           /* CALL_EACH */
	bool unordered;          /* its place within a step varied */
	int *forms, form_count;  /* numbers of distinct forms */
	/* While a trace is learned, and held. */
	struct seen { int form; int64_t step; bool again /* in another step, too */; } *seen; /* by occurrence within a step */
	int64_t seen_count, seen_room, in_step, least, most, steps;
	int matched;             /* the other contract's call, -1 */
};

struct contract {
	char torch[64];
	int64_t steps;           /* complete ones, of all ranks together */
	int64_t ranks;
	struct call *calls;
	int call_count, call_room;
	struct form **forms;
	int form_count, form_room;
	json_t *strings, *call_index, *form_index, *pairs; /* by text */
	int *sequence;           /* calls by first appearance in each complete step, -1 before each step */
	int64_t sequence_count, sequence_room;
	bool failed;             /* out of memory */
	bool older;              /* a process was folded without fingerprints */
};

struct contract *contract_new(void);
/* TEXT, kept as long as CONTRACT. */
const char *contract_string(struct contract *contract, const char *text);
/* The number of the call from FILE:LINE FUNCTION of OPERATION; made where there is none. -1 without memory. */
int contract_call(struct contract *contract, const char *file, int line, const char *function, const char *operation);
/* CALL with FORM (NULL: none), as the contract's JSON has it. New reference. */
json_t *contract_call_json(const struct call *call, const struct form *form);
/* The number of a form like FORM. -1 without memory. */
int contract_form(struct contract *contract, const struct form *form);

/* contract_form.c: "weight [64, *] float32 cpu", "tensors(3) [*, 8] float32 cuda". */
void form_text(const struct form_operand *operand, char *out, size_t size);
bool form_parse(struct contract *contract, const char *text, struct form_operand *out);
/* The tensors of EVENT. */
void form_of(struct contract *contract, const struct event *event, struct form *out);
/* Have both as many operands of the same names? */
bool form_alike(const struct form *one, const struct form *other);
/* What both have in common; they are alike. */
struct form form_merge(const struct form *one, const struct form *other);
/* No size is known to be constant. */
struct form form_blur(const struct form *form);
/* In how many facts IS isn't as WANTED has it; KIND and TEXT (may be NULL) get the first. */
int form_differs(const struct form *wanted, const struct form *is, const char **kind, char *text, size_t size);

/* contract_learn.c: an operation that takes part, its call and form in CONTRACT (-1: none). */
struct contract_visit {
	struct contract *contract;
	struct trace *trace;
	int process;
	int64_t step;       /* -1: none yet */
	bool complete;      /* STEP is kept from its beginning and came to its end */
	bool whole;         /* STEP is kept from its beginning */
	bool (*operation)(struct contract_visit *visit, const struct brief *brief, int call, int form);
	void (*end)(struct contract_visit *visit); /* of STEP, all its operations visited */
	void *context;
	int64_t first_step; /* that is kept from its beginning */
};
/* Walks a rank's operations. */
void contract_walk(struct contract_visit *visit);
/* One more distinct form of CALL. */
void contract_add_form(struct contract *contract, struct call *call, int form);
/* Marks the calls of CONTRACT that LIST, COUNT numbers as they came in a step, has out of order: as few as possible. BEFORE and TAILS are
 * room for COUNT. */
void contract_mark_unordered(struct contract *contract, const int *list, int count, int *before, int *tails);
/* Does PROCESS take part? */
bool contract_rank(const struct process *process);

/* contract_match.c: gives each of RUN's calls the one of WANTED that it is (`matched`). False without memory. */
bool contract_match(const struct contract *wanted, struct contract *run);

#endif
