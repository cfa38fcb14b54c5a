/*
 * Placeholder tokens and the features that go there: how many of each, and whether whole images make the difference.
 */
#ifndef SHAPEBOX_VIEWER_ANALYSIS_PLACEHOLDERS_H
#define SHAPEBOX_VIEWER_ANALYSIS_PLACEHOLDERS_H

#include "../causes.h"

/* What is known of them: from an operation, or from a check that a model does in Python. -1: not known. */
struct placeholders { int64_t selected, supplied, length, rows /* sequences in the batch */; };

/* False where the failure isn't about them, or they agree. */
bool placeholders_find(const struct cause_facts *facts, struct placeholders *out);
/* The limit, by name, that the sequences' length is; NULL. A number that is merely equal isn't one. */
const json_t *placeholders_limit(const struct cause_facts *facts, const struct placeholders *found);
/* causes_placeholders.c: the step, on the way of the mask that has the places, that cut the tokens to LENGTH; NULL. */
const struct lineage_step *placeholders_cutting(const struct cause_facts *facts, int64_t length);
/* causes_sequences.c: the one sequence that has fewer places than the pieces that were put together bring it, all others having as many as theirs; -1. Tells it, a clause of
 * TEXT. CUT_WITHIN: it lacks no whole piece, but a part of one. */
int placeholders_short_sequence(const struct cause_facts *facts, const struct placeholders *found, struct text *text, bool *cut_within);
/* How many places each sequence has; NULL if they weren't counted. Borrowed. */
const json_t *placeholders_rows(const struct cause_facts *facts);
/* What such counts come to; -1 where that is too much. */
int64_t placeholders_sum(const json_t *counts);
/* The same where the mask was made as wide as the embeddings it picks from (expand_as), which counts each place so often: by place; NULL where it
 * isn't so. New reference, for facts->places. */
json_t *placeholders_of_wide_mask(const struct cause_facts *facts);

/* How many stretches of places, one beside the other, each sequence has; NULL if they weren't counted. Borrowed. */
const json_t *placeholders_runs(const struct cause_facts *facts);
/* How many calls of the line that gave the features, in earlier steps, found as many places as they needed (as far as they are kept): SAME gets those that
 * had today's number of them. 0: none, or not known. */
int64_t placeholders_agreed(const struct cause_facts *facts, int64_t *same);
/* "train.py:25", the program's line that made the tokens that TENSOR (0: what the places are of) has the marks of; false where it isn't known. */
bool placeholders_add_tokens(const struct cause_facts *facts, int64_t tensor, struct text *out);
/* causes_marks.c: the tokens have more marks (a number below all ids) than the ROWS that are there for them: says so, sequence by sequence, in OUT's text (a clause) and
 * evidence, and what to change in its fix; false where that isn't so. */
bool placeholders_tell_marks(const struct cause_facts *facts, int64_t rows, struct cause *out);

/* How the places and the features are spread over sequences and images. True where one sequence alone was cut. */
bool placeholders_add_spread(const struct cause_facts *facts, int64_t features, struct text *out);

/* The one sequence that has fewer places (MORE: or more) than its images bring, if there is one way alone to give the images of SIZES, in order, to the
 * sequences so that all others have just their own; -1. BRINGS: what its images bring. */
int placeholders_odd_sequence(const int64_t *sizes, size_t count, const json_t *rows, bool more, int64_t *brings);

struct placeholders_whole {
	int64_t each;            /* rows of one image */
	int64_t places, given;   /* images that the text has places for, and whose features there are */
	int row;                 /* one image a sequence was given: the one sequence that has places for another number; -1 */
	int64_t in_row;          /* images that it has places for */
	bool fits;               /* that is so, and the others have places for one: what an image takes is the same on both sides */
};

/* Both are whole images of one size; false if not. */
bool placeholders_whole(const struct cause_facts *facts, const struct placeholders *found, struct placeholders_whole *out);

/* The limit, by name, of images that one sequence may have: as many are given as there are if each has no more than MOST, and the text has
 * places for all. NULL where that isn't so. */
const json_t *placeholders_kept(const struct cause_facts *facts, const struct placeholders_whole *whole, int64_t *most);

/* The places and rows that differ, and what each picture brings (picture_rows.h); NULL where that isn't known. To be freed. */
struct picture_rows *placeholders_pictures(const struct cause_facts *facts, struct placeholders *found);

/* causes_rounding.c: the first picture one of whose sides is no multiple of the patch, where that makes the difference (its rest is counted on one side
 * alone), and who decided that side. */
struct placeholders_uneven { int picture; bool wide; int64_t size; struct lineage_step by; };
bool placeholders_rounded(const struct cause_facts *facts, struct placeholders_uneven *out);

/* causes_dropped.c: where all that one line made for the batch were put together, and the text has places for more whole ones: says so in EVIDENCE, with
 * the line that it was made for, and in FIX. */
void placeholders_add_made(const struct cause_facts *facts, struct text *evidence, struct text *fix);

/* STEP, a stack or cat of pieces, took just LEFT fewer of them than their line made since STEP's line was called before: says so, a clause of OUT's text, with the line between that
 * cut their list, if its source tells one. False where it isn't so. */
bool placeholders_tell_left(const struct cause_facts *facts, const struct lineage_step *step, int64_t left, struct cause *out);

#endif
