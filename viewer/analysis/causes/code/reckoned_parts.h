/*
 * The parts of reckoned.c: a place in the source, what its names come to, and the expressions there.
 */
#ifndef SHAPEBOX_VIEWER_ANALYSIS_RECKONED_PARTS_H
#define SHAPEBOX_VIEWER_ANALYSIS_RECKONED_PARTS_H

#include "../causes_tool.h"

#define RECKONED_EXPRESSION_MOST 100 /* bytes; a longer one says little */
#define RECKONED_NAMES_LEAST 3       /* letters: a shorter name is many things */

/* A place in the source and what its names come to. */
struct reckoned_place {
	const struct cause_facts *facts;
	struct condition_scope scope;
	json_t *numbers;        /* owned: what the names of the text are known to be */
	const char *file;       /* without folders */
};

/* Adds to PLACE's numbers what the names of TEXT are, where one value alone is within reach. What the function itself gives its value isn't asked. */
void reckoned_learn(struct reckoned_place *place, const char *text);
/* What TEXT, an expression, comes to there; END gets what follows it. */
struct condition_value reckoned_read(const struct reckoned_place *place, const char *text, const char **end);
/* EXPRESSION with its names' values in their place, in OUT: false if it isn't at least two numbers that are put together, one of them a setting, or a number by
 * name that is put together with others and made whole (int(rate * 0.025), n // 4). */
bool reckoned_substitute(const struct reckoned_place *place, const char *expression, struct text *out, struct text *settings);
/* The longest expression of TEXT that comes to VALUE and is a reckoning of settings: said in OUT, as of line LINE. */
bool reckoned_find(const struct reckoned_place *place, const char *text, int line, int64_t value, struct text *out);

#endif
