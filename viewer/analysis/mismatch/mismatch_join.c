/* Rules for operations that join, fill or compare whole tensors. */
#include <inttypes.h>
#include <string.h>

#include "mismatch_rule.h"
#include "../text.h"

/* The size of dimension DIM that most of the listed tensors have (the first one's in a tie), and who has it first. */
static int
majority(const struct event *event, int dim)
{
	int best = -1, best_count = 0;

	for (int i = rule_next(event, 0); i >= 0; i = rule_next(event, i + 1)) {
		int count = 0;

		if (event->operands[i].item < 0 || event->operands[i].ndim <= dim)
			continue;
		for (int j = rule_next(event, 0); j >= 0; j = rule_next(event, j + 1))
			count += event->operands[j].item >= 0 && event->operands[j].ndim > dim &&
				 event->operands[j].sizes[dim] == event->operands[i].sizes[dim];
		if (count > best_count) {
			best = i;
			best_count = count;
		}
	}
	return best;
}

/* Is it one of a list, and to be held against the others? An empty one without a shape is passed over where SKIP_EMPTY. */
static bool
is_member(const struct operand *operand, bool skip_empty)
{
	return operand->item >= 0 && !(skip_empty && operand->ndim == 1 && operand->sizes[0] == 0);
}

/* The number of dimensions that most of the list have (the first one's in a tie): who has it first, -1 where there is no list; ALL gets how many there are, SAME
 * how many have it. */
static int
majority_rank(const struct event *event, bool skip_empty, int *all, int *same)
{
	int best = -1;

	*all = *same = 0;
	for (int i = rule_next(event, 0); i >= 0; i = rule_next(event, i + 1)) {
		int count = 0;

		if (!is_member(&event->operands[i], skip_empty))
			continue;
		++*all;
		for (int j = rule_next(event, 0); j >= 0; j = rule_next(event, j + 1))
			count += is_member(&event->operands[j], skip_empty) && event->operands[j].ndim == event->operands[i].ndim;
		if (count > *same) {
			best = i;
			*same = count;
		}
	}
	return best;
}

/* The tensors of a list must have one number of dimensions: the odd one is told. FIRST gets who has that of most. */
static bool
list_rank_differs(const struct mismatch_facts *facts, struct mismatch *out, bool skip_empty, int *first)
{
	const struct event *event = facts->event;
	int all, same;

	*first = majority_rank(event, skip_empty, &all, &same);
	for (int i = rule_next(event, 0); *first >= 0 && i >= 0; i = rule_next(event, i + 1)) {
		const struct operand *is = &event->operands[i];

		if (!is_member(is, skip_empty) || is->ndim == event->operands[*first].ndim)
			continue;
		state_rank(facts, out, i, *first, event->operands[*first].ndim);
		if (all > 2 && same == all - 1)
			text_say(out->text, sizeof(out->text), "%s has %d dimension%s where the other %d have %d", is->name, is->ndim, language_plural(is->ndim), same,
				 event->operands[*first].ndim);
		return true;
	}
	return false;
}

/* The tensors of a list must agree in every dimension but EXCEPT. */
static bool
list_differs(const struct mismatch_facts *facts, struct mismatch *out, int except, bool skip_empty)
{
	const struct event *event = facts->event;
	int first;

	if (list_rank_differs(facts, out, skip_empty, &first))
		return true;
	if (first < 0)
		return false;
	for (int dim = 0; dim < event->operands[first].ndim; dim++) {
		int reference = dim == except ? -1 : majority(event, dim);

		for (int i = rule_next(event, 0); reference >= 0 && i >= 0; i = rule_next(event, i + 1)) {
			const struct operand *is = &event->operands[i];

			if (is->item >= 0 && is->ndim > dim && is->sizes[dim] != event->operands[reference].sizes[dim] &&
			    !(skip_empty && is->ndim == 1 && is->sizes[0] == 0))
				return state_size(facts, out, i, dim, reference, dim, event->operands[reference].sizes[dim],
						  is->sizes[dim]);
		}
	}
	return false;
}

bool
mismatch_cat(const struct mismatch_facts *facts, struct mismatch *out)
{
	const struct event *event = facts->event;
	int first = rule_next(event, 0);
	int64_t dim = 0;
	char name[64];
	int except;

	if (first < 0)
		return false;
	mismatch_plain_name(event->operation, name, sizeof(name));
	if (text_among("hstack column_stack", name))
		dim = event->operands[first].ndim > 1 ? 1 : 0;
	else if (strcmp(name, "dstack") == 0)
		dim = 2;
	else
		rule_int(event, "dim", &dim);
	for (int i = first; i >= 0 && event->operands[first].ndim == 1 && event->operands[first].sizes[0] == 0;
	     i = rule_next(event, i + 1))
		first = i;
	except = rule_dim(dim, event->operands[first].ndim);
	return list_differs(facts, out, except, true);
}

bool
mismatch_stack(const struct mismatch_facts *facts, struct mismatch *out)
{
	return list_differs(facts, out, -1, false);
}

bool
mismatch_pad_sequence(const struct mismatch_facts *facts, struct mismatch *out)
{
	return list_differs(facts, out, 0, false); /* which it pads */
}

bool
mismatch_nested(const struct mismatch_facts *facts, struct mismatch *out)
{
	int first;

	return list_rank_differs(facts, out, false, &first);
}

bool
mismatch_broadcast(const struct mismatch_facts *facts, struct mismatch *out)
{
	const struct event *event = facts->event;
	int first = rule_next(event, 0);
	bool in_place = mismatch_is_in_place(event->operation);

	for (int i = first < 0 ? -1 : rule_next(event, first + 1); i >= 0; i = rule_next(event, i + 1)) {
		if (in_place && state_broadcast(facts, out, i, first, true))
			return true;
		for (int j = first; !in_place && j >= 0 && j < i; j = rule_next(event, j + 1))
			if (state_broadcast(facts, out, i, j, false))
				return true;
	}
	return false;
}

bool
mismatch_same_size(const struct mismatch_facts *facts, struct mismatch *out)
{
	const struct event *event = facts->event;
	int self = rule_tensor(event, "self"), target = rule_tensor(event, "target");
	const struct operand *a, *b;

	if (self < 0 || target < 0)
		return false;
	a = &event->operands[self];
	b = &event->operands[target];
	if (a->ndim != b->ndim)
		return state_rank(facts, out, target, self, a->ndim);
	for (int i = 0; i < a->ndim; i++)
		if (a->sizes[i] != b->sizes[i])
			return state_size(facts, out, target, i, self, i, a->sizes[i], b->sizes[i]);
	return mismatch_broadcast(facts, out);
}

bool
mismatch_masked(const struct mismatch_facts *facts, struct mismatch *out)
{
	const struct event *event = facts->event;
	int self = rule_tensor(event, "self"), mask = rule_tensor(event, "mask");

	if (self < 0 || mask < 0)
		return false;
	if (event->operands[mask].dtype && !text_among("bool uint8", event->operands[mask].dtype))
		return state_names(facts, out, "dtype", mask, -1, "bool", event->operands[mask].dtype);
	return state_broadcast(facts, out, mask, self, mismatch_is_in_place(event->operation));
}

/* The one dimension of SOURCE's rows that would give WANTED rows if it had another size, as the others are ("4 images of 49, where 4 x 64 go");
 * the first, if no or any of them would. */
static int
rows_dim(const struct operand *source, int64_t rows, int64_t wanted)
{
	int found = -1;

	for (int d = 0; d + 1 < source->ndim; d++) {
		int64_t others = source->sizes[d] > 0 ? rows / source->sizes[d] : 0;

		if (others < 1 || wanted % others || wanted == rows)
			continue;
		if (found >= 0 && source->sizes[found] != 1)
			return 0;
		found = d;
	}
	return found < 0 ? 0 : found;
}

bool
mismatch_masked_scatter(const struct mismatch_facts *facts, struct mismatch *out)
{
	const struct event *event = facts->event;
	int self = rule_tensor(event, "self"), mask = rule_tensor(event, "mask"), from = rule_tensor(event, "source");
	int64_t rows, width, trues, whole;

	if (self < 0 || mask < 0 || from < 0)
		return false;
	if (event->operands[mask].dtype && !text_among("bool uint8", event->operands[mask].dtype))
		return state_names(facts, out, "dtype", mask, -1, "bool", event->operands[mask].dtype);
	if (state_broadcast(facts, out, mask, self, true))
		return true;
	/* Elements, told as rows where the mask covers whole rows of self. */
	rows = rule_count(&event->operands[from]);
	width = event->operands[self].ndim > 1 ? event->operands[self].sizes[event->operands[self].ndim - 1] : 1;
	if (width < 1 || rows % width)
		width = 1;
	rows /= width;
	trues = facts->knowledge ? facts->knowledge[mask].trues : -1;
	whole = rule_count(&event->operands[self]);
	if (trues >= 0 && facts->knowledge[mask].elements > 0 && whole > 0 && whole % facts->knowledge[mask].elements == 0 &&
	    __builtin_mul_overflow(trues, whole / facts->knowledge[mask].elements, &trues)) /* as it is broadcast */
		trues = -1;
	if (trues >= 0 && trues % width == 0 && trues / width > rows) {
		state_numbers(out, "count", from, mask, rows_dim(&event->operands[from], rows, trues / width), trues / width, rows);
		text_say(out->text, sizeof(out->text), "source has %" PRId64 " rows where mask selects %" PRId64, rows,
			    trues / width);
		return true;
	}
	if (!facts->message || !strstr(facts->message, "number of ones"))
		if (!facts->message || !strstr(facts->message, "Number of elements of source"))
			return false;
	state_numbers(out, "count", from, mask, 0, 0, rows);
	out->has_expected = false;
	out->from_message = true;
	text_say(out->text, sizeof(out->text), "source has %" PRId64 " rows, fewer than mask selects", rows);
	return true;
}
