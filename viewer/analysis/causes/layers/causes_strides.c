/* Rules about a size that several layers divide, and what comes back isn't what was kept. */
#include <inttypes.h>
#include <string.h>

#include "../causes_tool.h"
#include "strides.h"

#define SIZES_TOLD 6
#define CALLS_LEAST 3
#define CALLS_MOST 400

/* What the line that decided the size, or first used what came in ready-made, made in other steps. */
struct made { const struct lineage_step *now; int64_t by, calls, others, sizes[SIZES_TOLD]; int count; };

static bool
look_at_made(const struct event *event, void *context)
{
	struct made *made = context;
	const struct operand *is = made->now->output < event->output_count ? &event->outputs[made->now->output] : NULL;
	int64_t size = is && made->now->dim < is->ndim ? is->sizes[made->now->dim] : 0;
	int at = 0;

	if (size < 1 || event->step == made->now->event.step)
		return true;
	made->calls++;
	made->others += size % made->by != 0;
	while (at < made->count && made->sizes[at] != size)
		at++;
	if (at == made->count && at < SIZES_TOLD)
		made->sizes[made->count++] = size;
	return made->calls < CALLS_MOST;
}

/* "in 120 earlier calls it was a multiple of 8 each time (32, 16, 56)" */
static void
add_made(const struct cause_facts *facts, struct text *text, const struct lineage_step *step, int64_t by)
{
	struct made made = { .now = step, .by = by };

	if (!facts->source || step->event.id < 0 || step->event.site < 0 || step->dim < 0)
		return;
	facts->source->each_call(facts->source->context, facts->process, &step->event, look_at_made, &made);
	if (made.calls < CALLS_LEAST || made.others)
		return;
	text_add(text, "%sin %" PRId64 " earlier calls it was a multiple of %" PRId64 " each time (", text->used ? SAY("; ") : "", made.calls, by);
	for (int i = 0; i < made.count; i++)
		text_add(text, "%s%" PRId64, i ? ", " : "", made.sizes[i]);
	text_add(text, ")");
}

/* Is it called like what sizes are multiples of? */
static bool
is_step(const json_t *number)
{
	static const char *const sizes[] = { "bucket", "reso", "image", "img", "width", "height", "length", "crop" };

	return cause_is_called(number, "multiple divis round_to align granul quant") ||
	       (cause_is_called(number, "step stride") && text_contains_any(text_get(number, "name"), sizes, sizeof(sizes) / sizeof(*sizes)));
}

/* The number, called so, that SIZE is a multiple of, and that doesn't make it one of BY; NULL. */
static const json_t *
step_of(const struct cause_facts *facts, int64_t size, int64_t by)
{
	struct text_walk at = { 0 };
	const json_t *number;

	while ((number = cause_next_number(facts, &at))) {
		int64_t value = json_integer_value(json_object_get(number, "value"));

		if (value > 1 && value < by && by % value == 0 && size % value == 0 && is_step(number))
			return number;
	}
	return NULL;
}

/* Is another of the two sides' sizes unequal, too? */
static bool
is_more_apart(const struct cause_facts *facts)
{
	const struct mismatch *mismatch = facts->mismatch;
	const struct operand *one, *other;
	int apart = 0;

	if (mismatch->operand < 0 || mismatch->against < 0)
		return false;
	one = &facts->event->operands[mismatch->operand];
	other = &facts->event->operands[mismatch->against];
	for (int d = 2; one->ndim == other->ndim && d < one->ndim; d++)
		apart += one->sizes[d] != other->sizes[d];
	return apart > 1;
}

static void
tell_strides(const struct cause_facts *facts, struct cause *out, const struct strides *strides)
{
	const struct lineage_step *steps = facts->sides[strides->side].lineage->steps, *entry = &steps[strides->entry];
	int64_t below = strides->entered / strides->by * strides->by;

	out->confidence = "likely";
	out->setting = step_of(facts, strides->entered, strides->by);
	text_add(&out->text, "the %" PRId64 " that comes in, by ", strides->entered);
	cause_add_step(facts, &out->text, entry);
	text_add(&out->text, ", is no multiple of ");
	for (int i = strides->count - 1; i >= 0; i--)
		text_add(&out->text, "%" PRId64 "%s", strides->each[i], i ? " x " : "");
	if (strides->count > 1)
		text_add(&out->text, " = %" PRId64, strides->by);
	text_add(&out->text, ", by which it is divided on its way: ");
	for (int i = strides->path_count - 1; i >= 0; i--)
		text_add(&out->text, "%" PRId64 "%s", strides->path[i], i ? " -> " : "");
	text_add(&out->text, ", where %" PRId64 " was kept (%s made %" PRId64 " of %" PRId64 ")", facts->sides[!strides->side].size, steps[strides->rounds].event.operation,
		 steps[strides->rounds].size, steps[strides->rounds + 1].size);
	add_made(facts, &out->evidence, entry->entered && strides->entry > 0 ? entry - 1 : entry, strides->by);
	if (out->setting) {
		text_add(&out->evidence, "%smaybe let through by a setting", out->evidence.used ? SAY("; ") : "");
		cause_add_number(facts, &out->evidence, out->setting);
	}
	if (!out->evidence.used)
		text_add(&out->evidence, "%s", facts->mismatch->text);
	if (below > 0)
		text_add(&out->fix, "make the %" PRId64 " a multiple of %" PRId64 " there: %" PRId64 " or %" PRId64, strides->entered, strides->by, below, below + strides->by);
	else
		text_add(&out->fix, "make the %" PRId64 " a multiple of %" PRId64 " there: %" PRId64, strides->entered, strides->by, strides->by);
	if (is_more_apart(facts))
		text_add(&out->fix, " (the other side as well)");
	if (out->setting)
		text_add(&out->fix, "; if %s decides it, set that to %" PRId64, text_get(out->setting, "name"), strides->by);
	text_add(&out->fix, "; else pad before the first layer and cut the result, or interpolate what comes back to the size of what was kept");
}

/* Needs: sizes that come from one tensor, one of them divided with a rest on its way. What came in is told where all that divided it is known. */
bool
cause_rounded(const struct cause_facts *facts, struct cause *out)
{
	struct strides strides;
	int64_t by;

	if (!cause_disagrees(facts, "size"))
		return false;
	if (strides_find(facts->sides[0].lineage, facts->sides[1].lineage, &strides)) {
		tell_strides(facts, out, &strides);
		return true;
	}
	if (facts->rounded_from <= 0)
		return false;
	out->confidence = "likely";
	by = facts->rounded_to > 0 ? (facts->rounded_from + facts->rounded_to / 2) / facts->rounded_to : 0; /* as often as it goes in, about */
	text_add(&out->text, "both come from one tensor, and %s made %" PRId64 " of %" PRId64 " on the way to one of them: %s", facts->rounded_by, facts->rounded_to, facts->rounded_from,
		 by > 1 && facts->rounded_to > facts->rounded_from / by ? SAY("what isn't whole was rounded up") : SAY("a rest was cut off"));
	text_add(&out->evidence, "%s", facts->mismatch->text);
	text_add(&out->fix, "pad or crop the input to a multiple of everything that it is divided by, or interpolate the one to the other's size");
	return true;
}
