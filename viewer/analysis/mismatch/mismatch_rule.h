/*
 * What the rules of mismatch_rules.def share: access to arguments, and ways to state a finding.
 *
 * A rule gets the facts and an OUT that mismatch_start has cleared; it returns true once it has filled it.
 * Places of operands are indices in event->operands, -1 where an argument is missing or None.
 */
#ifndef SHAPEBOX_VIEWER_ANALYSIS_MISMATCH_RULE_H
#define SHAPEBOX_VIEWER_ANALYSIS_MISMATCH_RULE_H

#include "mismatch.h"

#define RULE_INTS_MOST 32
#define RULE_INT_MOST ((int64_t)1 << 52) /* larger arguments ("to the end") are cut to it, so that sums stay in range */

#define RULE(function, names) bool mismatch_##function(const struct mismatch_facts *facts, struct mismatch *out);
#include "mismatch_rules.def"
#undef RULE

/* The items of the lists that NAME, the operation's plain one, takes pair by pair. */
bool mismatch_pairs(const struct mismatch_facts *facts, const char *name, struct mismatch *out);

void mismatch_start(struct mismatch *out);
/* "aten::_index_put_impl_" -> "index_put_impl" in OUT. */
void mismatch_plain_name(const char *operation, char *out, size_t size);
/* Is OPERATION's plain name one of NAMES, blank-separated ("cat concat")? */
bool mismatch_is_any(const char *operation, const char *names);
bool mismatch_is_in_place(const char *operation);
/* Does OPERATION return a view of its first operand? */
bool mismatch_is_view(const char *operation);
/* How many elements the mask at PLACE selects: what nonzero inside the operation returned, what was counted, or the message's (then
 * FROM_MESSAGE is set); -1 where nothing tells. */
int64_t mismatch_mask_count(const struct mismatch_facts *facts, int place, bool *from_message);

/* The tensor (with plain sizes) called NAME, -1 if there is none. */
int rule_tensor(const struct event *event, const char *name);
/* The first of the blank-separated NAMES that is a tensor. */
int rule_any(const struct event *event, const char *names);
/* The next tensor at or after place FROM, -1. Numbers wrapped as tensors don't count. */
int rule_next(const struct event *event, int from);
/* How many such tensors there are: the pieces of a cat or stack. */
int rule_pieces(const struct event *event);
bool rule_int(const struct event *event, const char *name, int64_t *out);
bool rule_bool(const struct event *event, const char *name);
/* Values of the integer list (or the one integer) called NAME; how many, -1 if there is no such argument. */
int rule_ints(const struct event *event, const char *name, int64_t *out, int room);
/* Entry I of argument NAME, a list or one value for all; FALLBACK if there is none. */
int64_t rule_entry(const struct event *event, const char *name, int i, int64_t fallback);
/* Place of the argument called NAME, of any kind; -1. */
int rule_place(const struct event *event, const char *name);
/* That argument; NULL. */
const struct operand *rule_operand(const struct event *event, const char *name);
int64_t rule_count(const struct operand *operand);
/* The last dimension of IS, where the sizes at PLACE ask for as many dimensions of it, the first by -1, and only the last is for another number
 * (that isn't a multiple, by which rows would be put together); -1. */
int rule_columns(const struct event *event, int place, const struct operand *is);
/* The dimension of IS, N, that the sizes at PLACE ask for as N / EACH (or -1), and the next one as EACH times as much, all others as they are, and that is no multiple of
 * EACH (neighbours that are put together); -1. */
int rule_merged(const struct event *event, int place, const struct operand *is, int64_t *each);
/* DIM from the front, -1 if it is out of range of NDIM. */
int rule_dim(int64_t dim, int ndim);
bool rule_is_integral(const char *dtype);
bool rule_is_floating(const char *dtype);
/* The dtype that MESSAGE wants and the one that it got, as a tensor's are called ("Found dtype Long but expected Float"): false if it tells no two. */
bool rule_told_dtypes(const char *message, const char **wanted, const char **got);
/* The first integer after MARK in the message; false if MARK isn't there. */
bool rule_message_number(const struct mismatch_facts *facts, const char *mark, int64_t *out);

/* Each states a finding in OUT and returns true. */
bool state_size(const struct mismatch_facts *facts, struct mismatch *out, int operand, int dim, int against, int against_dim,
		int64_t expected, int64_t actual);
/* The operand has not the number of dimensions that is needed. */
bool state_rank(const struct mismatch_facts *facts, struct mismatch *out, int operand, int against, int64_t expected);
bool state_names(const struct mismatch_facts *facts, struct mismatch *out, const char *property, int operand, int against,
		 const char *expected, const char *actual);
/* Any other property; the caller has written out->text. */
bool state_numbers(struct mismatch *out, const char *property, int operand, int against, int dim, int64_t expected,
		   int64_t actual);
void state_mark(struct mismatch *out, int operand, int dim);
/* An index in the operand at PLACE is outside [LOWEST, LIMIT) of dimension AGAINST_DIM of AGAINST; false if none is known to be. */
bool state_index(const struct mismatch_facts *facts, struct mismatch *out, int place, int against, int against_dim, int64_t limit, int64_t lowest);
/* The index at PLACE is of none of the blank-separated dtypes ALLOWED. */
bool state_index_dtype(const struct mismatch_facts *facts, struct mismatch *out, int place, const char *allowed);

/* Does OPERAND broadcast to SIZES (fixed), or with them? Fills OUT and returns true if not. AGAINST_DIM counts in sizes. */
bool state_broadcast(const struct mismatch_facts *facts, struct mismatch *out, int operand, int against, bool fixed);

#endif
