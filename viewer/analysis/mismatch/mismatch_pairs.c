/* Operations on lists of tensors, item by item: an optimizer's, an average's (_foreach_*, _fused_*). */
#include <string.h>

#include "mismatch_rule.h"
#include "../text.h"

/* Those that take whole lists of what may be elsewhere, and those whose items must be of one dtype. */
static const char moving[] = "foreach_copy";
static const char one_dtype[] = "foreach_lerp";

static bool
is_item(const struct operand *operand)
{
	return operand->item >= 0 && operand->ndim >= 0 && operand->kind && strcmp(operand->kind, "tensor") == 0;
}

/* The item of the first list that the item at PLACE meets; -1. */
static int
partner_of(const struct event *event, int place)
{
	int first = 0;

	while (first < event->operand_count && event->operands[first].item < 0)
		first++;
	for (int i = first; i < event->operand_count; i++)
		if (is_item(&event->operands[i]) && event->operands[i].argument == event->operands[first].argument &&
		    event->operands[i].item == event->operands[place].item)
			return event->operands[i].argument == event->operands[place].argument ? -1 : i;
	return -1;
}

static bool
differ(const char *one, const char *other)
{
	return one && other && strcmp(one, other) != 0;
}

/* How many items of the list of the one at PLACE are as it is, in dtype or DEVICE. */
static int
alike(const struct event *event, int place, bool device)
{
	const struct operand *is = &event->operands[place];
	int count = 0;

	for (int i = 0; i < event->operand_count; i++) {
		const struct operand *other = &event->operands[i];

		count += is_item(other) && other->argument == is->argument && !(device ? differ(is->device, other->device) : differ(is->dtype, other->dtype));
	}
	return count;
}

/* Of two that are of another dtype, or on another DEVICE: the one to explain is that of which its list has fewer. */
static bool
state_form(const struct mismatch_facts *facts, struct mismatch *out, int place, int against, bool device)
{
	const struct operand *is = &facts->event->operands[place], *other = &facts->event->operands[against];

	if (alike(facts->event, against, device) < alike(facts->event, place, device))
		return state_form(facts, out, against, place, device);
	return state_names(facts, out, device ? "device" : "dtype", place, against, device ? other->device : other->dtype, device ? is->device : is->dtype);
}

/* The optimizers that are one operation take each state as it is. (What has no dimension is a count of steps.) */
static bool
state_exactly(const struct mismatch_facts *facts, struct mismatch *out, int place, int against)
{
	const struct operand *is = &facts->event->operands[place], *other = &facts->event->operands[against];

	if (is->ndim == 0)
		return false;
	if (is->ndim != other->ndim)
		return state_rank(facts, out, place, against, other->ndim);
	for (int d = 0; d < is->ndim; d++)
		if (is->sizes[d] != other->sizes[d])
			return state_size(facts, out, place, d, against, d, other->sizes[d], is->sizes[d]);
	return false;
}

bool
mismatch_pairs(const struct mismatch_facts *facts, const char *name, struct mismatch *out)
{
	const struct event *event = facts->event;
	bool fused = strncmp(name, "fused_", 6) == 0;

	if (!fused && strncmp(name, "foreach_", 8) != 0)
		return false;
	for (int i = 0; i < event->operand_count; i++) {
		const struct operand *is = &event->operands[i];
		int against = is_item(is) ? partner_of(event, i) : -1;
		const struct operand *other = against >= 0 ? &event->operands[against] : NULL;

		if (!other)
			continue;
		if (differ(is->device, other->device) && is->ndim > 0 && !text_among(moving, name))
			return state_form(facts, out, i, against, true);
		if (differ(is->dtype, other->dtype) && is->ndim > 0 && (fused || text_among(one_dtype, name)))
			return state_form(facts, out, i, against, false);
		if (fused ? state_exactly(facts, out, i, against) : state_broadcast(facts, out, i, against, mismatch_is_in_place(event->operation)))
			return true;
	}
	return false;
}
