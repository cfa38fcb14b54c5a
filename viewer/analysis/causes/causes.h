/*
 * Why it failed and what to change: the rules of causes.def over what the other stages found.
 *
 * A rule reads the operation, the mismatch, the stories of its two sides, earlier calls of the line and the numbers in
 * reach; a message's text only confirms (of what Python raised it is, besides the local variables, all there is).
 *
 * How sure a rule may be:
 *   certain   what is recorded proves it, and no other explanation is left: PyTorch's own check says so and the numbers
 *             agree with it; nothing is guessed about intent.
 *   likely    two findings that don't depend on each other agree: the form of the mismatch, and one of lineage, earlier
 *             calls, counted values, a limit called by name. A number that is merely equal is no finding.
 *   possible  one finding. What only tells the mismatch again is never more than that.
 * A rule whose reading failed on programs that it had not seen is lowered, not argued for.
 *
 * Pure, but for where_site_line of a lineage's steps.
 */
#ifndef SHAPEBOX_VIEWER_ANALYSIS_CAUSES_H
#define SHAPEBOX_VIEWER_ANALYSIS_CAUSES_H

#include "code/condition.h"
#include "../failure/cuda_failure.h"
#include "../lineage/lineage.h"
#include "../mismatch/mismatch.h"
#include "../history/news.h"
#include "code/settings.h"
#include "../source.h"
#include "../text.h"

#define CAUSE_RESTS_MOST 8

/* One of the two sides of a mismatch: its place in the event, its story, and what earlier calls had there. */
struct cause_side {
	int place, dim;                  /* -1 */
	int64_t size;                    /* -1: no size */
	const struct lineage *lineage;   /* NULL if it wasn't followed */
	int64_t calls, smallest, largest, same /* of the calls had today's size */;
	const struct news *news;         /* what was new on its way (cause_find_news); NULL: not looked for */
};

struct cause_facts {
	const struct event *event;       /* NULL where Python raised */
	const struct mismatch *mismatch; /* NULL if none */
	const char *type, *message;      /* the exception's, or NULL */
	const struct cuda_failure *cuda; /* an asynchronous error of CUDA; NULL */
	const json_t *memory;            /* the allocation that failed on a device (memory_out.h); NULL */
	const char *outer;               /* the message of what it was raised on as; NULL */
	const json_t *frames;            /* with locals; may be NULL */
	const json_t *numbers;           /* the note's: [{"frame","numbers":[{"name","value"}]}]; may be NULL */
	const json_t *modules;           /* the note's; may be NULL */
	const json_t *groups;            /* the note's: an optimizer's against what is loaded into it; may be NULL */
	const struct settings *settings; /* may be NULL */
	const json_t *counts;            /* the failed operation's note, with its operands' summaries; may be NULL */
	const struct source *source;     /* to name a step's line, to follow a local variable; may be NULL */
	int process;
	int64_t time_ns, step;           /* of the failure */
	int64_t before;                  /* event from which a local variable is followed back */
	const char *line;                /* the failing line of source, or NULL */
	const struct event *saved, *wrote; /* what autograd saved was that of the one and written to by the other; both NULL if not known */
	const struct backward_kept *kept; /* of the graph that backward reaches a second time; NULL if not known */
	const json_t *rests_on[CAUSE_RESTS_MOST]; /* what a failed check of Python's rests on: VARIABLEs of its frame */
	int rests_count;
	const struct condition_scope *scope; /* of the failing statement, which is its last; NULL where its source isn't known */
	const struct condition *condition; /* the comparison of Python's that failed, with what both sides came to; NULL */
	struct cause_side sides[2];      /* of mismatch->operand, of mismatch->against */
	int64_t calls, agreed;           /* earlier calls of this line; of them, both sides had one size */
	int64_t last_call;               /* event of the newest of them, -1 */
	bool twins;                      /* the operands that disagree come from the same code */
	int64_t rounded_from, rounded_to; /* both come from one tensor, and a size was rounded on the way; 0: not so */
	const char *rounded_by;
	const json_t *places;            /* of each sequence, where the mask's own counts aren't that (placeholders_of_wide_mask); NULL. Set by causes_build */
	bool positions;                  /* the index was made by counting (arange, cumsum), not read from data */
};

struct cause {
	const char *confidence;          /* certain, likely, possible */
	struct text text, fix, evidence, reckoned /* how the number is made of settings (reckoned.h) */;
	bool tells_news;                 /* what was new on the way is told already */
	const json_t *setting;           /* {"name","value"} that carries the size in question; NULL */
};

#define CAUSE(id, function) bool cause_##function(const struct cause_facts *facts, struct cause *out);
#include "causes.def"
#undef CAUSE

/* What was new on the sides' ways, into ROOM, which FACTS points at from then on. */
void cause_find_news(struct cause_facts *facts, struct news room[2]);

/* "causes" of the report, surest first. New reference. */
json_t *causes_build(const struct cause_facts *facts);

#endif
