/* What a line gives the form of another tensor (mask.expand(emb.size())): the operation that failed has that form as a list of sizes alone, the tensor stands on
 * the line. */
#include <stdlib.h>
#include <string.h>

#include "diagnosis_parts.h"
#include "mismatch/mismatch_rule.h"
#include "text.h"
#include "where.h"

#define LOCALS_DEPTH_MOST 2
#define BESIDE_MOST 512 /* variables that are looked at */

struct wanted { const int64_t *sizes; int ndim; int64_t not_this; const char *statement; const json_t *found; int looked; bool ambiguous; };

static bool
has_form(const json_t *shape, const struct wanted *wanted)
{
	if ((int)json_array_size(shape) != wanted->ndim)
		return false;
	for (int d = 0; d < wanted->ndim; d++)
		if (!json_is_integer(json_array_get(shape, (size_t)d)) || json_integer_value(json_array_get(shape, (size_t)d)) != wanted->sizes[d])
			return false;
	return true;
}

/* Is what is called NAME, or its form, taken as a whole by the STATEMENT? "emb.size()", "emb.shape", "expand_as(emb)"; not "emb.size(1)", "emb.shape[1]". */
static bool
is_taken(const char *statement, const char *name)
{
	size_t length = strlen(name), size;

	for (const char *at = statement; (at = code_next_path(at, &size)) && size; at += size) {
		const char *rest = at + length, *after = at + size + strspn(at + size, " ");

		if (size < length || strncmp(at, name, length) != 0)
			continue;
		if ((size == length && strchr("),", *after)) || (size == length + 6 && strncmp(rest, ".shape", 6) == 0 && *after != '[') ||
		    (size == length + 5 && strncmp(rest, ".size", 5) == 0 && strncmp(after, "()", 2) == 0))
			return true;
	}
	return false;
}

static void
look_for(const json_t *locals, struct wanted *wanted, int depth)
{
	for (size_t i = 0; i < json_array_size(locals) && wanted->looked++ < BESIDE_MOST; i++) {
		const json_t *local = json_array_get(locals, i);
		int64_t tensor = json_integer_value(json_object_get(local, "tensor"));

		if (depth < LOCALS_DEPTH_MOST)
			look_for(json_object_get(local, "items"), wanted, depth + 1);
		if (tensor <= 0 || tensor == wanted->not_this || !has_form(json_object_get(local, "shape"), wanted) || !is_taken(wanted->statement, text_get(local, "name")))
			continue;
		wanted->ambiguous = wanted->ambiguous || (wanted->found && json_integer_value(json_object_get(wanted->found, "tensor")) != tensor);
		wanted->found = local;
	}
}

/* The one variable of that form that the failing statement takes it from; NULL. */
static const json_t *
shaped_like(const struct diagnosis *diagnosis, const int64_t *sizes, int ndim, int64_t self)
{
	const json_t *frame = json_array_get(diagnosis->frames, (size_t)where_choose(diagnosis->frames));
	struct code_statement statement;
	struct wanted wanted = { .sizes = sizes, .ndim = ndim, .not_this = self, .statement = statement.text };

	if (where_statement(diagnosis->source, diagnosis->failure, frame, &statement))
		look_for(json_object_get(frame, "locals"), &wanted, 0);
	return wanted.ambiguous ? NULL : wanted.found;
}

/* In how many dimensions IS differs from SIZES, of as many; -1: it has another number of them. */
static int
differs_in(const struct operand *is, const int64_t *sizes, int ndim)
{
	int differing = 0;

	for (int d = 0; d < ndim && is->ndim == ndim; d++)
		differing += is->sizes[d] != sizes[d];
	return is->ndim == ndim ? differing : -1;
}

bool
diagnosis_shaped(struct diagnosis *diagnosis)
{
	const struct event *failed = &diagnosis->failure->event;
	bool expands = mismatch_is_any(failed->operation, "expand"), views = mismatch_is_any(failed->operation, "view reshape");
	int self = rule_tensor(failed, "self"), ndim;
	int64_t sizes[RULE_INTS_MOST];
	struct subject *made;
	const json_t *like;

	if (self < 0 || (!expands && !views) || failed->site < 0)
		return false;
	ndim = rule_ints(failed, expands ? "size" : rule_place(failed, "size") >= 0 ? "size" : "shape", sizes, RULE_INTS_MOST);
	if (ndim < 1 || (views && differs_in(&failed->operands[self], sizes, ndim) != 1) ||
	    !(like = shaped_like(diagnosis, sizes, ndim, failed->operands[self].tensor)) || !(made = calloc(1, sizeof(*made))))
		return false;
	subject_start(made, "aten::expand");
	made->operands[0] = failed->operands[self];
	made->event.operand_count = 1;
	if (subject_add(made, "other", like))
		return diagnosis_two_sides(diagnosis, made);
	free(made);
	return false;
}
