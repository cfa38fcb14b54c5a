/*
 * A dtype that is no line's own: handed on by another tensor (`x.to(dtype=y.dtype)`, `x.to(y)`, `x.type_as(y)`, `zeros(n, dtype=y.dtype)`), or made of
 * several operands' by type promotion.
 *
 * Reads the source of the line that took it. Of whom it took it is known while that is an operand, or a local variable of a frame that is left and that
 * was around the line.
 */
#ifndef SHAPEBOX_VIEWER_ANALYSIS_HANDED_H
#define SHAPEBOX_VIEWER_ANALYSIS_HANDED_H

#include "../../failure/failure.h"
#include "../../lineage/lineage.h"

#define HANDED_NAME_MOST 96

/* How a tensor is called in a line of source, and its dtype. */
struct handed_name { const char *name, *dtype; size_t size; };
/* Is LOCAL, a VARIABLE, the tensor that NAME (a struct handed_name) is? Strings of its path may be quoted in either way. */
bool handed_is_called(const json_t *local, void *name);
/* Has the path at AT, of SIZE, the ATTRIBUTE (".dtype")? Of whom: its first OF characters. */
bool handed_attribute(const char *at, size_t size, const char *attribute, size_t *of);
/* The next X of an `X.dtype` in STATEMENT, at or after it, and how long it is; NULL. */
const char *handed_next(const char *statement, size_t *size);

/* LINEAGE, of a dtype, goes on with the tensor that handed it on, in place of what was converted there (of what was made there only where that tensor got
 * it of WANTED, too, by type promotion). NAME gets what the line calls that. Returns the
 * step that took it, -1 where none is known to have. ROOM is for the walk. */
int handed_follow(const struct source *source, const struct failure *failure, const json_t *frames, const char *wanted, struct lineage *lineage,
		  struct lineage *room, char name[HANDED_NAME_MOST]);

/* The step of LINEAGE that took its dtype so, of those before AT; -1. */
int handed_at(const struct lineage *lineage, int at);

/* An operation that made one dtype of two: PLACE is the first operand that has the dtype that came out, WIDE how many do, NARROW how many have the other. */
struct promotion { int at, place, wide, narrow; };
/* The first step of LINEAGE that was given WANTED, too, and made another dtype of it for the other operands' sake. */
bool promotion_find(const struct lineage *lineage, const char *wanted, struct promotion *out);

#endif
