/* What Python refused to take apart, or to index so often: which tensor that was. */
#include "check.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "../mismatch/mismatch_rule.h"
#include "../mismatch/operand.h"
#include "../text.h"
#include "../where.h"

/* What the last statement gives to its names, in OUT; false where it is no assignment. */
static bool
assigned_text(const struct code_statement *statement, char *out, size_t size)
{
	int depth = 0;

	for (const char *at = statement->text; *at; at++) {
		depth += strchr("([{", *at) ? 1 : strchr(")]}", *at) ? -1 : 0;
		if (*at != '=' || depth || at == statement->text)
			continue;
		if (at[1] == '=' || strchr("=!<>+-*/%|&^:", at[-1]))
			return false;
		text_format(out, size, "%s", at + 1 + strspn(at + 1, " "));
		return true;
	}
	return false;
}

/* The last operation, if it is of the failing line. */
static bool
last_of_line(const struct source *source, const struct failure *failure, const json_t *frames, struct event *out)
{
	int chosen = where_choose(frames);
	const json_t *frame = chosen < 0 ? NULL : json_array_get(frames, (size_t)chosen);
	char line[4200], other[4200];

	if (!frame || failure->context_event < 0 || !source->event(source->context, failure->process, failure->context_event, out) ||
	    !where_site_line(source, failure->process, out->site, true, other, sizeof(other)))
		return false;
	text_format(line, sizeof(line), "%s:%d", text_get(frame, "file"), (int)json_integer_value(json_object_get(frame, "line")));
	return strcmp(line, other) == 0;
}

/* LAST took a tensor apart, into as many as its size tells: which size would make EXPECTED of them; -1. */
static int64_t
size_for(const struct event *last, int self, int *dim, int64_t expected)
{
	const struct operand *is = &last->operands[self];
	int64_t at = 0, each = 1;

	if (!mismatch_is_any(last->operation, "unbind split chunk unsafe_split unsafe_chunk"))
		return -1;
	rule_int(last, "dim", &at);
	*dim = rule_dim(at, is->ndim);
	if (*dim < 0 || (mismatch_is_any(last->operation, "split unsafe_split") && (!rule_int(last, "split_size", &each) || each < 1)) ||
	    __builtin_mul_overflow(expected, each, &expected))
		return -1;
	return is->sizes[*dim] != expected ? expected : -1;
}

/* The last operation of the line took TENSOR, which no variable may hold, apart. */
static bool
unpacks_operation(const struct source *source, const struct failure *failure, const json_t *frames, int64_t expected, struct subject *out, struct mismatch *found)
{
	struct mismatch_facts facts = { .event = &out->event };
	struct event last;
	const json_t *local;
	int64_t wanted;
	int self, dim;

	if (!last_of_line(source, failure, frames, &last) || (self = rule_any(&last, "self")) < 0 || (wanted = size_for(&last, self, &dim, expected)) < 0)
		return false;
	local = operand_local(frames, last.operands[self].tensor);
	if (!(local ? subject_add(out, text_get(local, "name"), local) : subject_add_sizes(out, SAY("what is unpacked"), last.operands[self].sizes, last.operands[self].ndim)) ||
	    dim >= out->operands[0].ndim)
		return false;
	out->operands[0].tensor = last.operands[self].tensor;
	return state_size(&facts, found, 0, dim, -1, -1, wanted, last.operands[self].sizes[dim]);
}

bool
check_unpacks(const struct source *source, const struct failure *failure, const json_t *frames, struct subject *out, struct mismatch *found)
{
	const char *at = failure->message && strstr(failure->message, "values to unpack") ? strstr(failure->message, "(expected ") : NULL;
	struct mismatch_facts facts = { .event = &out->event };
	struct condition_value value = { .kind = CONDITION_UNKNOWN };
	struct condition_scope scope;
	void *room;
	char text[CODE_TEXT_MOST];
	int64_t expected;

	if (!at || !text_number(&at, &expected) || expected < 1)
		return false;
	subject_start(out, SUBJECT_CHECK);
	mismatch_start(found);
	if (check_open(&scope, &room, source, failure, frames)) {
		if (assigned_text(&scope.statements[scope.count - 1], text, sizeof(text)))
			value = condition_read(&scope, text);
		free(room);
	}
	if (value.kind == CONDITION_SHAPE && value.tensor && value.ndim == (int)json_array_size(json_object_get(value.tensor, "shape")) && value.ndim != expected)
		return subject_add(out, text_get(value.tensor, "name"), value.tensor) && state_rank(&facts, found, 0, -1, expected);
	if (value.kind == CONDITION_TENSOR && value.tensor && json_array_size(json_object_get(value.tensor, "shape")))
		return subject_add(out, text_get(value.tensor, "name"), value.tensor) && out->operands[0].sizes[0] != expected &&
		       state_size(&facts, found, 0, 0, -1, -1, expected, out->operands[0].sizes[0]);
	return unpacks_operation(source, failure, frames, expected, out, found);
}
