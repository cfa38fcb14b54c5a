/*
 * The parts that condition.c puts together: what a frame's record says of a name, a tensor or a shape (condition_parts.c), and names,
 * calls, subscripts and literals as they are read (condition_names.c).
 */
#ifndef SHAPEBOX_VIEWER_ANALYSIS_CONDITION_PARTS_H
#define SHAPEBOX_VIEWER_ANALYSIS_CONDITION_PARTS_H

#include "condition.h"

struct condition_reader {
	const struct condition_scope *scope;
	const char *at;
	int depth, nested;       /* assignments followed; brackets open */
	int *left;               /* assignments that may still be followed */
	bool negated, wanted;
	int weight;              /* of the comparison that is kept; 0: none */
	struct condition *found; /* NULL: none is looked for */
};

/* An expression, or a name, literal or bracket with what follows it; moves reader->at behind it. */
struct condition_value condition_any(struct condition_reader *reader);
struct condition_value condition_atom(struct condition_reader *reader);
void condition_blanks(struct condition_reader *reader);
/* Moves past WORD if it comes next as a word (or sign) of its own. */
bool condition_take(struct condition_reader *reader, const char *word);
/* Up to what closes the brackets that are open, which isn't passed. */
void condition_skip(struct condition_reader *reader);

struct condition_value condition_number(int64_t number);
/* A FLOAT; unknown if it isn't finite. */
struct condition_value condition_float(double real);
/* Item PLACE of TEXT, "a, f(b, c), d", in OUT; false if it has no such. */
bool condition_item(const char *text, int place, char *out, size_t size);
/* The variable of LOCALS that is called NAME, items of collections too; NULL. DEPTH: 0. */
const json_t *condition_local(const json_t *locals, const char *name, int depth);
/* A number of the frame under NAME, or the only one under the same last name (a property hands on a setting's), a constant or setting of
 * another frame at last. */
bool condition_find_number(const struct condition_scope *scope, const char *name, int64_t *out);
/* KEY of the summary of TENSOR, -1. */
int64_t condition_counted(const json_t *tensor, const char *key);
struct condition_value condition_shape(const json_t *tensor);
/* A shape of COUNT numbers; unknown where there are too many. */
struct condition_value condition_shape_from(const struct condition_value *values, int count);
/* VALUE.METHOD(ARGUMENTS), or the attribute METHOD where CALLED isn't set. */
struct condition_value condition_ask(const struct condition_value *value, const char *method, bool called, const struct condition_value *arguments,
				     int count);
/* NAME(ARGUMENTS) of a function of Python's own that is known: int, float, round, math.floor, math.ceil, tuple, list, abs, min, max. */
struct condition_value condition_call(const char *name, const struct condition_value *arguments, int count);
/* ONE OPERATOR OTHER, of numbers and shapes. */
struct condition_value condition_combine(const struct condition_value *one, const char *operator, const struct condition_value *other);
/* Does ONE OPERATOR OTHER hold? 1 yes, 0 no, -1 not known. */
int condition_holds(const struct condition_value *one, const char *operator, const struct condition_value *other);

#endif
