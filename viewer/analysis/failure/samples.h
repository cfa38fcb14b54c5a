/*
 * The odd one among the items of a list that a failing frame holds: what it is, and what the others are.
 *
 * Reads the "forms" that a note has of lists (ARCHITECTURE.md): most items are of one form, and one that isn't, differs from it in one
 * place: a key that it lacks, None, a kind, a dtype, a size. Pure.
 */
#ifndef SHAPEBOX_VIEWER_ANALYSIS_SAMPLES_H
#define SHAPEBOX_VIEWER_ANALYSIS_SAMPLES_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#define SAMPLES_DIMS_MOST 8
#define SAMPLES_PARTS_MOST 3 /* odd ones that are told one by one */

/* One item's form where the two part: "tensor float32 [4]", "None"; "" if there is nothing (the key is missing). */
struct samples_form { char text[160]; int ndim /* -1: no sizes */; int64_t sizes[SAMPLES_DIMS_MOST]; };

struct samples_odd {
	const char *list;           /* the variable, borrowed */
	int odd, usual;             /* places in it: of the odd item, of one like most */
	int others, all;            /* items of the usual form; items at all */
	bool ragged;                /* no form is usual: they differ in the size of one part; "usual" is the first item */
	char path[96];              /* of the part that differs within an item: "['box']", "[0]", "" */
	char also[160];             /* parts beside it whose sizes part by the same two numbers: "['mask'], ['ids']"; "" */
	struct samples_form is, usually;
	int64_t number;             /* of the odd one in the data set; -1 */
};

/* Looks through FRAMES, innermost first, as far as they are a loader's, a collator's, or what they call. False if nothing is odd. */
bool samples_find(const json_t *frames, const char *line, struct samples_odd *out);
/* Samples of which each has several parts (choices, pictures): how many of each. */
struct samples_parts {
	const char *list;           /* the variable, borrowed */
	char path[96];              /* where its parts are within a sample: "['input_ids']", "" */
	int all, odd;               /* samples; those that have another number of parts than was asked about */
	int shown;                  /* of them: */
	struct { int place; int64_t parts, number; /* in the data set, -1 */ } few[SAMPLES_PARTS_MOST];
};

/* The list (as those above) whose samples have TOTAL parts together, some of them EACH and others not (samples_parts.c). False if there is none. */
bool samples_parts(const json_t *frames, int64_t total, int64_t each, struct samples_parts *out);

/* Part I of the form "{a: x, b: y}" or "(x, y)", with its key ("" where there is none); false if there are fewer. */
bool samples_part(const char *form, int i, char *key, size_t key_size, char *value, size_t value_size);
/* The number in the data set of what stands at place PLACE of the batch; -1. */
int64_t samples_number(const json_t *frames, int place);
/* Which sample of the data set a __getitem__ among FRAMES was asked for; -1. */
int64_t samples_asked(const json_t *frames);

#endif
