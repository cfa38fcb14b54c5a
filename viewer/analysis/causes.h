/*
 * Why it failed and what to change: the rules of causes.def over what the other stages found.
 *
 * A rule reads the operation, the mismatch and the numbers in reach; a message's text only confirms. "certain" and
 * "likely" are said only where recorded numbers prove it. Pure: no trace.
 */
#ifndef SHAPEBOX_VIEWER_ANALYSIS_CAUSES_H
#define SHAPEBOX_VIEWER_ANALYSIS_CAUSES_H

#include "mismatch.h"
#include "settings.h"
#include "text.h"

struct cause_facts {
	const struct event *event;       /* NULL where Python raised */
	const struct mismatch *mismatch; /* NULL if none */
	const char *message;             /* the exception's, or NULL */
	const json_t *frames;            /* with locals; may be NULL */
	const json_t *numbers;           /* the note's: [{"frame","numbers":[{"name","value"}]}]; may be NULL */
	const struct settings *settings; /* may be NULL */
	const json_t *counts;            /* the failed operation's note, with its operands' summaries; may be NULL */
	const char *deciders[2];         /* operations that decided the sizes of the two sides; NULL if unknown */
	bool twins;                      /* the operands that disagree come from the same code */
	int64_t rounded_from, rounded_to; /* both come from one tensor, and a size was rounded on the way; 0: not so */
	const char *rounded_by;
	bool positions;                  /* the index was made by counting (arange, cumsum), not read from data */
};

struct cause {
	const char *confidence;          /* certain, likely, possible */
	struct text text, fix, evidence;
	const json_t *setting;           /* {"name","value"} that carries the size in question; NULL */
	int setting_frame;
};

#define CAUSE(id, function) bool cause_##function(const struct cause_facts *facts, struct cause *out);
#include "causes.def"
#undef CAUSE

/* The name that best carries VALUE among the numbers in reach; NULL if none does or too many do. FRAME gets its frame. */
const json_t *cause_named_number(const struct cause_facts *facts, int64_t value, int *frame);

/* Does the failed operation's mismatch have PROPERTY? */
bool cause_disagrees(const struct cause_facts *facts, const char *property);
const char *cause_operand_name(const struct cause_facts *facts, int place);
/* Two lists of positions, of unequal length, are joined: nothing ragged, but pairs that don't pair. */
bool cause_are_markers(const struct cause_facts *facts);
/* One dimension is viewed as several whose product is another. */
bool cause_is_split(const struct cause_facts *facts);

/* "causes" of the report, surest first. New reference. */
json_t *causes_build(const struct cause_facts *facts);

#endif
