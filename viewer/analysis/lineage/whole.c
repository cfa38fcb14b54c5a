/* What calls were like over the whole run. See whole.h. */
#include "whole.h"

#include <string.h>

#include "size_flow.h"

#define LATER_MOST 65536 /* operations that are looked through for calls after the failure */

struct later { const struct event *event; int64_t count, seen; bool reached; };

static bool
add_later(const struct event *event, void *context)
{
	struct later *later = context;

	later->seen++;
	later->reached = event->id <= later->event->id;
	later->count += !later->reached && event->site == later->event->site && strcmp(event->operation, later->event->operation) == 0 &&
			strcmp(event->status, "ok") == 0;
	return !later->reached;
}

/* Calls of the same line after EVENT, in a program that lived on, and EVENT itself if it ended well; -1 where too much came after it. */
static int64_t
later_calls(const struct source *source, int process, const struct event *event)
{
	struct later later = { event, 0, 0, false };

	source->each_recent(source->context, process, LATER_MOST, add_later, &later);
	if (!later.reached && later.seen == LATER_MOST)
		return -1;
	return later.count + (later.reached && event->status && strcmp(event->status, "ok") == 0);
}

static bool
ask(const struct source *source, int process, const struct event *event, bool alike, int place, int dim, int64_t kept, struct call_history *out)
{
	int tensor_index = 0;
	int64_t later = 0;

	for (int i = 0; i < place && i < event->operand_count; i++)
		tensor_index += event->operands[i].kind && strcmp(event->operands[i].kind, "tensor") == 0;
	if (event->site < 0 || !source->call_history(source->context, process, event, alike, place < 0 ? -1 : tensor_index, dim, out) ||
	    (later = later_calls(source, process, event)) < 0 || out->calls - later < kept) {
		*out = (struct call_history){ 0 };
		return false;
	}
	out->calls -= later;
	return true;
}

bool
whole_calls(const struct source *source, int process, const struct event *event, int place, int dim, int64_t kept, struct call_history *out)
{
	return ask(source, process, event, false, place, dim, kept, out);
}

bool
whole_alike(const struct source *source, int process, const struct event *event, int64_t kept, struct call_history *out)
{
	return ask(source, process, event, true, -1, -1, kept, out);
}

/* SIZE, which one call alone had, was not among WHOLE's. False where it isn't known what is left. */
static bool
take_out(struct call_history *whole, int64_t size)
{
	int count = 0;

	if (size > whole->smallest && size < whole->largest && whole->more)
		return true;
	if (whole->more)
		return false;
	for (int i = 0; i < whole->size_count; i++)
		if (whole->sizes[i] != size)
			whole->sizes[count++] = whole->sizes[i];
	whole->size_count = count;
	for (int i = 0; i < count; i++) {
		whole->smallest = !i || whole->sizes[i] < whole->smallest ? whole->sizes[i] : whole->smallest;
		whole->largest = !i || whole->sizes[i] > whole->largest ? whole->sizes[i] : whole->largest;
	}
	return count > 0;
}

bool
whole_given(const struct source *source, int process, const struct event *event, int place, int dim, int64_t kept, int64_t same,
	    struct call_history *out)
{
	int64_t size;

	*out = (struct call_history){ 0 };
	if (place < 0 || place >= event->operand_count || dim < 0 || dim >= event->operands[place].ndim ||
	    !ask(source, process, event, true, place, dim, kept, out) || out->measured < 2)
		return false;
	out->measured--;
	size = event->operands[place].sizes[dim];
	/* A size that came first in this very step, and in no other call that is kept, is EVENT's alone. */
	if (!same && out->smallest < out->largest && out->new_step == event->step &&
	    (size != out->largest || out->at_largest == 1) && (out->more ? size == out->largest || size == out->smallest : out->sizes[out->size_count - 1] == size))
		return take_out(out, size);
	return true;
}

bool
whole_made(const struct source *source, int process, const struct event *event, int output, int dim, int64_t kept, int64_t same,
	   struct call_history *out)
{
	struct flow flow = size_flow(event, output, dim);

	*out = (struct call_history){ 0 };
	return flow.kind == FLOW_PASSES && whole_given(source, process, event, flow.operand, flow.dim, kept, same, out);
}

bool
whole_lacks(const struct call_history *whole, int64_t size)
{
	if (size < whole->smallest || size > whole->largest)
		return true;
	for (int i = 0; i < whole->size_count; i++)
		if (whole->sizes[i] == size)
			return false;
	return size != whole->smallest && size != whole->largest && !whole->more;
}

bool
whole_agreed(const struct mismatch *mismatch, const struct call_history whole[2])
{
	return whole[0].measured && whole[0].measured == whole[1].measured && whole[0].smallest == whole[1].smallest &&
	       whole[0].largest == whole[1].largest &&
	       (whole[0].smallest == whole[0].largest || (whole[0].smallest > 1 && strcmp(mismatch->property, "size") == 0));
}

static int64_t
common_divisor(int64_t a, int64_t b)
{
	while (b) {
		int64_t rest = a % b;

		a = b;
		b = rest;
	}
	return a;
}

int64_t
whole_divisor(const struct call_history *whole)
{
	int64_t divisor = 0;

	for (int i = 0; i < whole->size_count; i++)
		divisor = common_divisor(divisor, whole->sizes[i]);
	return whole->size_count && whole->more ? common_divisor(common_divisor(divisor, whole->smallest), whole->largest) : divisor;
}
