/* Operations on lists of tensors, item by item: an optimizer's, an average's (_foreach_*, _fused_*). */
#include <inttypes.h>
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

/* How many tensors the list of argument ARGUMENT has, whether they were recorded or not; PLACE gets its own operand, or its first item's. */
static int64_t
length_of(const struct event *event, int argument, int *place)
{
	const char *count = NULL;
	int64_t length = 0;

	*place = -1;
	for (int i = 0; i < event->operand_count; i++) {
		const struct operand *is = &event->operands[i];

		if (is->argument != argument || (is->item < 0 && (!is->kind || strcmp(is->kind, "list") != 0)))
			continue;
		*place = *place < 0 ? i : *place;
		if (is->item < 0 && is->value && (count = strstr(is->value, "\"count\"")))
			return text_number(&count, &length) ? length : 0;
		length += is->item >= 0;
	}
	return length;
}

/* Lists that go together are of one length. */
static bool
state_lengths(const struct mismatch_facts *facts, struct mismatch *out)
{
	const struct event *event = facts->event;
	int place[2], first = -1;
	int64_t length[2];

	for (int i = 0; i < event->operand_count; i++) {
		if (event->operands[i].item < 0)
			continue;
		first = first < 0 ? event->operands[i].argument : first;
		length[0] = length_of(event, first, &place[0]);
		length[1] = length_of(event, event->operands[i].argument, &place[1]);
		if (length[0] == length[1] || length[0] < 1 || length[1] < 1 || !facts->message || !strstr(facts->message, "same number of tensors"))
			continue;
		state_numbers(out, "items", place[1], place[0], -1, length[0], length[1]);
		state_mark(out, place[0], -1);
		text_say(out->text, sizeof(out->text), "%.*s has %" PRId64 " tensors where %.*s has %" PRId64, (int)strcspn(event->operands[place[1]].name, "["),
			 event->operands[place[1]].name, length[1], (int)strcspn(event->operands[place[0]].name, "["), event->operands[place[0]].name, length[0]);
		return true;
	}
	return false;
}

bool
mismatch_pairs(const struct mismatch_facts *facts, const char *name, struct mismatch *out)
{
	const struct event *event = facts->event;
	bool fused = strncmp(name, "fused_", 6) == 0;

	if (!fused && strncmp(name, "foreach_", 8) != 0)
		return false;
	if (state_lengths(facts, out))
		return true;
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
