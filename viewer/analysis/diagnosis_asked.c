/* A form is asked for that a tensor doesn't fit: which of its dimensions has the story. */
#include <string.h>

#include "mismatch/mismatch_rule.h"
#include "diagnosis_parts.h"
#include "text.h"

/* How many of the COUNT numbers that are asked for, from the end that STEP leads away from, multiply to SIZE; 0 if none do. */
static int
asked_in_full(int64_t size, const int64_t *asked, int count, int step)
{
	int64_t product = 1;

	for (int n = 0; n < count && asked[n * step] > 0; n++) {
		if (__builtin_mul_overflow(product, asked[n * step], &product) || product > size)
			return 0;
		if (product == size)
			return n + 1;
	}
	return 0;
}

/* The one dimension of IS that isn't asked for in full where the others are, from both ends (4 x 54 x 192 as 4, 7, 7, 8, 8, 3: the 54; 15 x 24 as 4, 4, -1: the
 * 15); -1. */
static int
one_not_in_full(const struct event *event, int place, const struct operand *is)
{
	int64_t asked[RULE_INTS_MOST];
	int count = place < 0 || !event->operands[place].name ? 0 : rule_ints(event, event->operands[place].name, asked, RULE_INTS_MOST), first = 0, last, from = 0, taken;

	for (; first < is->ndim && (taken = asked_in_full(is->sizes[first], asked + from, count - from, 1)); first++)
		from += taken;
	for (last = is->ndim; last > first && count > from && (taken = asked_in_full(is->sizes[last - 1], asked + count - 1, count - from, -1)); last--)
		count -= taken;
	if (first == 0 && last == 2 && is->ndim == 2 && count > 2 && asked[count - 1] == -1)
		return 0; /* rows that are taken apart, each with whatever it has */
	return last - first == 1 && count > from ? first : -1;
}

int
diagnosis_unasked_dim(const struct event *event, const struct mismatch *mismatch, int place)
{
	const struct operand *operand = &event->operands[place];
	const struct operand *asked = mismatch->operand >= 0 ? &event->operands[mismatch->operand] : NULL;
	json_t *sizes = asked && asked->value ? json_loads(asked->value, JSON_DECODE_ANY, NULL) : NULL;
	bool counted = strcmp(mismatch->property, "numel") == 0;
	int largest = -1, unasked = -1, columns = asked && counted ? rule_columns(event, mismatch->operand, operand) : -1;
	int64_t each;

	for (int d = 0; d < operand->ndim; d++)
		if (operand->sizes[d] == 0 && operand->tensor >= 0) { /* it has no elements, whatever the others are */
			json_decref(sizes);
			return d;
		}
	if (columns < 0 && counted)
		columns = rule_merged(event, mismatch->operand, operand, &each);
	if (columns < 0 && counted)
		columns = one_not_in_full(event, mismatch->operand, operand);
	if (columns >= 0) {
		json_decref(sizes);
		return columns;
	}
	for (int d = 0; d < operand->ndim; d++) {
		bool found = false;

		for (size_t i = 0; i < json_array_size(sizes); i++)
			found = found || json_integer_value(json_array_get(sizes, i)) == operand->sizes[d];
		if (!found && (unasked < 0 || operand->sizes[d] > operand->sizes[unasked]))
			unasked = d;
		if (largest < 0 || operand->sizes[d] > operand->sizes[largest])
			largest = d;
	}
	json_decref(sizes);
	return unasked >= 0 ? unasked : largest;
}
