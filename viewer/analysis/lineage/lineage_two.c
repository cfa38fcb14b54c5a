/* Two sizes' stories side by side: where they meet, and what became of each since. See lineage.h, ways.h. */
#include <string.h>

#include "lineage.h"
#include "../mismatch/mismatch_rule.h"
#include "../text.h"
#include "../causes/ways.h"

/* Do both tell of what one operation made (or of one tensor as it came in)? */
static bool
is_one(const struct lineage_step *one, const struct lineage_step *other)
{
	if (one->event.id < 0) /* no longer kept: the tensor tells */
		return other->event.id < 0 && one->tensor > 0 && one->tensor == other->tensor && one->event.site == other->event.site &&
		       strcmp(one->event.operation, other->event.operation) == 0;
	if (one->event.id != other->event.id || one->entered != other->entered)
		return false;
	return one->entered ? one->tensor == other->tensor : one->output == other->output || one->size == other->size;
}

/* How many steps of ONE come before the first that OTHER has too; -1 if they don't meet. OTHERS gets OTHER's. */
static int
meeting(const struct lineage *one, const struct lineage *other, int *others)
{
	for (int i = 0; i < one->count; i++)
		for (int j = 0; j < other->count; j++)
			if (is_one(&one->steps[i], &other->steps[j]) && one->steps[i].dim == other->steps[j].dim) {
				*others = j;
				return i;
			}
	return -1;
}

struct change { int64_t from, to; int step; bool gone; };

/* Does STEP put dimensions into one, or apart? What it does, only such another can undo: an equal size after a convolution is chance. */
static bool
is_form(const struct lineage_step *step)
{
	return mismatch_is_any(step->event.operation, "view reshape flatten unflatten unsafe_view reshape_alias");
}

/* What the first COUNT steps made of the size, what was undone left out. */
static int
changes_of(const struct lineage *lineage, int count, struct change *out)
{
	int changes = 0;

	for (int i = 0; i < count; i++) {
		int64_t from = i + 1 < lineage->count ? lineage->steps[i + 1].size : -1, to = lineage->steps[i].size;

		if (from <= 0 || to <= 0)
			return -1;
		if (from == to)
			continue;
		for (int c = 0; c < changes; c++)
			if (!out[c].gone && out[c].from == to && out[c].to == from && is_form(&lineage->steps[i]) == is_form(&lineage->steps[out[c].step])) {
				out[c].gone = true;
				from = to;
				break;
			}
		if (from != to)
			out[changes++] = (struct change){ from, to, i, false };
	}
	return changes;
}

static bool
is_alike(const struct change *one, const struct change *other)
{
	if (one->to - one->from == other->to - other->from)
		return true;
	return (one->to % one->from == 0 && other->to % other->from == 0 && one->to / one->from == other->to / other->from) ||
	       (one->from % one->to == 0 && other->from % other->to == 0 && one->from / one->to == other->from / other->to);
}

int
lineage_parts_by(const struct lineage *one, const struct lineage *other, bool *others)
{
	struct change ours[LINEAGE_STEPS_MOST], theirs[LINEAGE_STEPS_MOST];
	int met, count = meeting(one, other, &met), our_count, their_count, left = 0, step = -1;

	if (count < 0)
		return -1;
	our_count = changes_of(one, count, ours);
	their_count = changes_of(other, met, theirs);
	for (int i = 0; i < our_count; i++)
		for (int j = 0; j < their_count && !ours[i].gone; j++)
			if (!theirs[j].gone && is_alike(&ours[i], &theirs[j]))
				ours[i].gone = theirs[j].gone = true;
	for (int i = 0; i < our_count; i++)
		if (!ours[i].gone && ++left)
			step = ours[i].step;
	*others = false;
	for (int j = 0; j < their_count; j++)
		if (!theirs[j].gone && ++left) {
			step = theirs[j].step;
			*others = true;
		}
	return our_count >= 0 && their_count >= 0 && left == 1 ? step : -1;
}

/* Do the first COUNT steps only compute (nothing cut, chosen or read)? OUT gets the last that rounded. */
static bool
only_computes(const struct lineage *lineage, int count, struct lineage_rounding *out)
{
	for (int i = 0; i < count; i++) {
		const struct lineage_step *step = &lineage->steps[i];
		int64_t from = i + 1 < lineage->count ? lineage->steps[i + 1].size : -1;
		char name[96];

		mismatch_plain_name(step->event.operation, name, sizeof(name));
		if (step->entered || step->possible || text_among("slice narrow split split_with_sizes chunk unbind select index index_select unfold "
								  "nonzero masked_select gather", name))
			return false;
		if ((strstr(name, "pool") || strstr(name, "conv") || strstr(name, "upsample")) && step->size > 1 && from > step->size &&
		    from % step->size && step->size <= (from + 1) / 2 /* divided: a layer without padding takes a little off any size */)
			*out = (struct lineage_rounding){ from, step->size, step->event.operation };
	}
	return true;
}

bool
lineage_rounds(const struct lineage *one, const struct lineage *other, struct lineage_rounding *out)
{
	int others = 0, count = meeting(one, other, &others);

	*out = (struct lineage_rounding){ 0, 0, NULL };
	if (count < 0 || (!only_computes(one, count, out) || !only_computes(other, others, out)))
		*out = (struct lineage_rounding){ 0, 0, NULL };
	return out->from > 0;
}

bool
ways_alike(int64_t from, int64_t to, int64_t others_from, int64_t others_to)
{
	const struct change one = { from, to, 0, false }, other = { others_from, others_to, 0, false };

	return from > 0 && to > 0 && others_from > 0 && others_to > 0 && from != to && others_from != others_to && is_alike(&one, &other);
}

/* The newest pair of steps at which both had one size, after as few changes as can be. */
static bool
equal_before(const struct lineage *one, const struct lineage *other, int at[2])
{
	int best = -1;

	for (int i = 0, ours = 0; i < one->count; i++) {
		ours += i > 0 && one->steps[i].size != one->steps[i - 1].size;
		for (int j = 0, theirs = 0; j < other->count; j++) {
			theirs += j > 0 && other->steps[j].size != other->steps[j - 1].size;
			if (one->steps[i].size > 1 && one->steps[i].size == other->steps[j].size && (best < 0 || ours + theirs < best)) {
				best = ours + theirs;
				at[0] = i;
				at[1] = j;
			}
		}
	}
	return best >= 0;
}

/* What the first COUNT steps made of the size, newest first. */
static void
add_changes(const struct lineage *lineage, int count, struct way *out)
{
	struct change changes[LINEAGE_STEPS_MOST];
	int known = changes_of(lineage, count, changes);

	out->known = known >= 0;
	for (int i = 0; i < known && out->count < WAY_CHANGES_MOST; i++)
		if (!changes[i].gone)
			out->changes[out->count++] = (struct way_change){ changes[i].step, changes[i].from, changes[i].to };
}

/* What both went through alike (put into one with as many, shifted by as much) makes no difference. */
static void
drop_alike(struct way *one, struct way *other)
{
	for (int i = 0; i < one->count; i++)
		for (int j = 0; j < other->count; j++) {
			if (!ways_alike(one->changes[i].from, one->changes[i].to, other->changes[j].from, other->changes[j].to))
				continue;
			memmove(&one->changes[i], &one->changes[i + 1], (size_t)(--one->count - i) * sizeof(*one->changes));
			memmove(&other->changes[j], &other->changes[j + 1], (size_t)(--other->count - j) * sizeof(*other->changes));
			i--;
			break;
		}
}

void
ways_find(const struct lineage *one, const struct lineage *other, struct ways *out)
{
	const struct lineage *sides[] = { one, other };
	int at[2] = { -1, -1 };

	*out = (struct ways){ .size = -1 };
	at[0] = meeting(one, other, &at[1]);
	out->met = at[0] >= 0;
	if (!out->met && !equal_before(one, other, at))
		at[0] = at[1] = -1;
	if (at[0] >= 0)
		out->size = one->steps[at[0]].size;
	for (int i = 0; i < 2; i++) {
		out->sides[i].at = at[i];
		add_changes(sides[i], at[i] >= 0 ? at[i] : sides[i]->count - 1, &out->sides[i]);
	}
	drop_alike(&out->sides[0], &out->sides[1]);
}
