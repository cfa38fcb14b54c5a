/* A rule about two sizes that were each put together of parts, all of which agree but one: it is that part that differs. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../causes_tool.h"
#include "../../mismatch/mismatch_rule.h"

#define PARTS_MOST 8
#define WALKS_MOST 24 /* of operands beside the way */
#define BESIDE_MOST 2 /* how far beside */

/* What a cat along DIM put together. */
struct parts { struct lineage_step cat; int count, places[PARTS_MOST]; };

static int64_t
size_of(const struct parts *parts, int i)
{
	return parts->cat.event.operands[parts->places[i]].sizes[parts->cat.dim];
}

static bool
read_parts(const struct lineage_step *step, int64_t size, struct parts *out)
{
	const struct event *event = &step->event;
	int64_t sum = 0;

	out->cat = *step;
	out->count = 0;
	if (step->entered || step->possible || step->dim < 0 || step->size != size || !mismatch_is_any(event->operation, "cat concat concatenate"))
		return false;
	for (int i = rule_next(event, 0); i >= 0; i = rule_next(event, i + 1)) {
		if (out->count == PARTS_MOST || step->dim >= event->operands[i].ndim || event->operands[i].sizes[step->dim] < 1)
			return false;
		out->places[out->count++] = i;
		sum += event->operands[i].sizes[step->dim];
	}
	return out->count > 1 && sum == size;
}

/* The dimension of IS that stands where STEP's does in its output, as where both are taken element by element, and is as large; -1. */
static int
aligned(const struct lineage_step *step, const struct operand *is)
{
	int dim = is->ndim < 1 || !step->event.output_count ? -1 : is->ndim - (step->event.outputs[step->output].ndim - step->dim);

	return step->dim >= 0 && is->tensor > 0 && dim >= 0 && dim < is->ndim && is->sizes[dim] == step->size ? dim : -1;
}

/* The parts that SIZE was put together of on LINEAGE's way, or on that of what it was taken element by element with; false if there are none. */
static bool
find_parts(const struct cause_facts *facts, const struct lineage *lineage, int64_t size, int beside, int *walks, struct parts *out)
{
	struct lineage *story;
	bool found = false;

	for (int i = 0; i < lineage->count; i++)
		if (read_parts(&lineage->steps[i], size, out))
			return true;
	if (beside == BESIDE_MOST || !facts->source || !(story = malloc(sizeof(*story))))
		return false;
	for (int i = 0; i < lineage->count && !found; i++) {
		const struct lineage_step *step = &lineage->steps[i];

		for (int o = step->size == size && !step->entered ? rule_next(&step->event, 0) : -1; o >= 0 && !found && *walks < WALKS_MOST; o = rule_next(&step->event, o + 1)) {
			int dim = aligned(step, &step->event.operands[o]);

			if (dim < 0 || (i + 1 < lineage->count && lineage->steps[i + 1].tensor == step->event.operands[o].tensor))
				continue;
			(*walks)++;
			lineage_walk_tensor(facts->source, facts->process, step->event.operands[o].tensor, step->event.id, dim, LINEAGE_SIZE, story);
			found = find_parts(facts, story, size, beside + 1, walks, out);
		}
	}
	free(story);
	return found;
}

/* Which part alone differs; -1. */
static int
find_odd(const struct parts *one, const struct parts *other)
{
	int odd = -1;

	if (one->count != other->count || one->cat.event.id == other->cat.event.id)
		return -1;
	for (int i = 0; i < one->count; i++) {
		if (size_of(one, i) == size_of(other, i))
			continue;
		if (odd >= 0)
			return -1;
		odd = i;
	}
	return odd;
}

/* Who decided how large part I of PARTS is, in OUT; false if that isn't known. */
static bool
find_maker(const struct cause_facts *facts, const struct parts *parts, int i, struct lineage_step *out)
{
	struct lineage *story = facts->source ? malloc(sizeof(*story)) : NULL;
	bool found = false;

	if (story) {
		lineage_walk_tensor(facts->source, facts->process, parts->cat.event.operands[parts->places[i]].tensor, parts->cat.event.id, parts->cat.dim, LINEAGE_SIZE, story);
		found = story->decider >= 0 && story->steps[story->decider].size == size_of(parts, i);
		if (found)
			*out = story->steps[story->decider];
	}
	free(story);
	return found;
}

/* How many MAKER joined to SMALL, in FRONT or behind, to make what it is; 0: it is no such cat of two. */
static int64_t
joined_to(const struct lineage_step *maker, int64_t small, bool *front)
{
	struct parts parts;

	if (!read_parts(maker, maker->size, &parts) || parts.count != 2)
		return 0;
	*front = size_of(&parts, 1) == small;
	return *front ? size_of(&parts, 0) : size_of(&parts, 0) == small ? size_of(&parts, 1) : 0;
}

/* Needs: both sides put together of as many parts, which agree but one. */
bool
cause_part_apart(const struct cause_facts *facts, struct cause *out)
{
	struct parts parts[2];
	struct lineage_step maker[2];
	bool known[2];
	int odd, large, walks = 0;
	int64_t joined;
	bool front = false;
	const char *names[2];

	if (!cause_disagrees(facts, "size") || facts->sides[0].size < 1 || facts->sides[1].size < 1 || facts->sides[0].size == facts->sides[1].size || facts->twins)
		return false;
	for (int i = 0; i < 2; i++)
		if (!facts->sides[i].lineage || !find_parts(facts, facts->sides[i].lineage, facts->sides[i].size, 0, &walks, &parts[i]))
			return false;
	odd = find_odd(&parts[0], &parts[1]);
	if (odd < 0)
		return false;
	large = facts->sides[1].size > facts->sides[0].size;
	for (int i = 0; i < 2; i++) {
		known[i] = find_maker(facts, &parts[i], odd, &maker[i]);
		names[i] = cause_operand_name(facts, facts->sides[i].place);
	}
	out->confidence = "likely";
	for (int n = 0; n < 2; n++) {
		int i = n ? !large : large;

		text_add(&out->text, "%s%s has %" PRId64 " = ", n ? SAY("; ") : "", names[i], facts->sides[i].size);
		cause_add_pieces(&out->text, &parts[i].cat.event, parts[i].cat.dim);
		text_add(&out->text, ", put together by ");
		cause_add_event(facts, &out->text, &parts[i].cat.event);
		if (!known[i])
			continue;
		text_add(&out->evidence, "%s", out->evidence.used ? SAY("; ") : "");
		cause_add_decided(facts, &out->evidence, size_of(&parts[i], odd), &maker[i]);
	}
	text_add(&out->text, ": all parts agree but number %d (from 0), %" PRId64 " against %" PRId64, odd, size_of(&parts[large], odd), size_of(&parts[!large], odd));
	joined = known[large] ? joined_to(&maker[large], size_of(&parts[!large], odd), &front) : 0;
	if (joined == 1 && front && maker[large].dim == 1) {
		text_add(&out->text, ", which lacks the one that was put in front (a class token)");
		text_add(&out->fix, "leave that one out where the %" PRId64 " are taken (x[:, 1:]), before ", size_of(&parts[large], odd));
		cause_add_event(facts, &out->fix, &parts[large].cat.event);
		text_add(&out->fix, "; or ");
	} else if (joined) {
		text_add(&out->text, ", to which %" PRId64 " more were joined", joined);
		text_add(&out->fix, "give that part of %s the same %" PRId64 " more, at the same end, or leave them out of %s: ", names[!large], joined, names[large]);
		cause_add_line(facts, &out->fix, &maker[large], -1);
		return true;
	}
	text_add(&out->fix, "make that part of %s %" PRId64 " instead of %" PRId64, names[!large], size_of(&parts[large], odd), size_of(&parts[!large], odd));
	if (known[!large])
		cause_add_number(facts, &out->fix, cause_number_at(facts, &maker[!large], size_of(&parts[!large], odd)));
	text_add(&out->fix, ": take it from the size of the other's part (shape) and not from a number that is counted apart, in every line that uses that number");
	return true;
}
