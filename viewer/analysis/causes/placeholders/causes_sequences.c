/* A rule about places in the text and what each sequence brings for them, sequence by sequence. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../causes_tool.h"
#include "placeholders.h"
#include "../../history/usual.h"
#include "../../mismatch/mismatch_rule.h"

#define SEQUENCES_MOST 64
#define SEQUENCES_TOLD 3

/* What a cat put together: UNIT rows of features come of each of a sequence's PIECES. */
struct brought {
	const struct lineage_step *cat;
	int64_t pieces[SEQUENCES_MOST], tensors[SEQUENCES_MOST] /* 0: not one alone */, unit;
	int count;
};

/* The pieces of STEP, if it is a cat. */
static bool
read_pieces(const struct lineage_step *step, int64_t supplied, struct brought *out)
{
	const struct event *event = &step->event;
	int64_t sum = 0;

	out->count = 0;
	if (step->entered || step->dim != 0 || step->size < 1 || supplied % step->size || !mismatch_is_any(event->operation, "cat concat concatenate"))
		return false;
	for (int i = rule_next(event, 0); i >= 0; i = rule_next(event, i + 1)) {
		if (out->count == SEQUENCES_MOST || event->operands[i].ndim < 1)
			return false;
		out->tensors[out->count] = event->operands[i].tensor;
		out->pieces[out->count++] = event->operands[i].sizes[0];
		sum += event->operands[i].sizes[0];
	}
	out->cat = step;
	out->unit = supplied / step->size;
	return sum == step->size;
}

/* Are all pieces alike? Which sequence they are of isn't known then by their sizes. */
static bool
are_alike(const struct brought *brought)
{
	for (int i = 1; i < brought->count; i++)
		if (brought->pieces[i] != brought->pieces[0])
			return false;
	return true;
}

/* Where there are more pieces than sequences: gives each sequence its own, in order, if there is one way alone in which one sequence's don't fit. */
static bool
give_out(const json_t *rows, struct brought *brought)
{
	int sequences = (int)json_array_size(rows), odd;
	int64_t brings;

	if (brought->count < sequences || (brought->unit == 1 && are_alike(brought)))
		return false;
	if (brought->count == sequences)
		return true;
	for (int i = 0; i < brought->count; i++)
		brought->pieces[i] *= brought->unit;
	odd = placeholders_odd_sequence(brought->pieces, (size_t)brought->count, rows, true, &brings);
	for (int i = 0; i < sequences; i++) {
		brought->pieces[i] = i == odd ? brings : json_integer_value(json_array_get(rows, (size_t)i));
		brought->tensors[i] = 0;
	}
	brought->unit = 1;
	brought->count = sequences;
	return odd >= 0;
}

static bool
find_brought(const struct cause_side *side, const json_t *rows, int64_t supplied, struct brought *out)
{
	for (int i = 0; side->lineage && i < side->lineage->count; i++)
		if (read_pieces(&side->lineage->steps[i], supplied, out) && out->count > 1 && give_out(rows, out))
			return true;
	return false;
}

/* The sequences that have more places than they bring, or all fewer. */
struct excess { int list[SEQUENCES_MOST], count; bool fewer, single; /* they alone bring one piece, and have places for one more */ };

/* False where none has as many as it brings, where some have more and others fewer, or some a part of a piece. */
static bool
find_excess(const json_t *rows, const struct brought *brought, bool fewer, struct excess *out)
{
	bool other_single = false;

	*out = (struct excess){ .single = brought->unit > 1, .fewer = fewer };
	for (int i = 0; i < brought->count; i++) {
		int64_t places = json_integer_value(json_array_get(rows, (size_t)i)), brings = brought->pieces[i] * brought->unit;

		if (places == brings) {
			other_single = other_single || brought->pieces[i] == 1;
			continue;
		}
		if ((places < brings) != fewer || (!fewer && (places - brings) % brought->unit))
			return false;
		out->single = out->single && brought->pieces[i] == 1 && places - brings == brought->unit;
		out->list[out->count++] = i;
	}
	out->single = out->single && !other_single;
	return out->count > 0 && out->count < brought->count;
}

/* Who made the piece of SEQUENCE, which lacks MORE, into OUT's evidence; FIRST gets what that line made before, where a single one is the first. LEFT: that it left as many out
 * is told. */
static void
add_maker(const struct cause_facts *facts, const struct brought *brought, int sequence, int64_t more, struct cause *out, struct usual *first, bool *left)
{
	struct lineage *story = facts->source && brought->tensors[sequence] > 0 ? calloc(1, sizeof(*story)) : NULL;
	const struct lineage_step *step = NULL;

	if (story)
		lineage_walk_tensor(facts->source, facts->process, brought->tensors[sequence], brought->cat->event.id, 0, LINEAGE_SIZE, story);
	if (story && story->decider >= 0)
		step = &story->steps[story->decider];
	if (step) {
		text_add(&out->evidence, "what sequence %d brings, %" PRId64 ", was made by ", sequence, brought->pieces[sequence]);
		cause_add_step(facts, &out->evidence, step);
		text_add(&out->evidence, "; put together by ");
		cause_add_step(facts, &out->evidence, brought->cat);
	}
	*left = step && more > 0 && placeholders_tell_left(facts, step, more, out);
	if (!step || step->size != 1 || !cause_made_before(facts, step, first) || first->smallest < 2)
		first->calls = 0;
	free(story);
}

static void
tell_sequence(const json_t *rows, const struct brought *brought, int i, struct text *text)
{
	int64_t places = json_integer_value(json_array_get(rows, (size_t)i)), brings = brought->pieces[i] * brought->unit;

	if (text->used)
		text_add(text, "; ");
	text_add(text, "sequence %d has %" PRId64 " places in the text and brings %" PRId64 " rows", i, places, brings);
	if (places != brings && brought->unit > 1)
		text_add(text, " (%" PRId64 " x %" PRId64 ")", brought->pieces[i], brought->unit);
	if (places != brings)
		text_add(text, ", %" PRId64 " too %s", places > brings ? places - brings : brings - places, places > brings ? SAY("many") : SAY("few"));
}

/* Those that EXCESS has, and the others. */
static void
tell_sequences(const json_t *rows, const struct brought *brought, const struct excess *excess, struct text *text)
{
	for (int told = 0; told < excess->count && told < SEQUENCES_TOLD; told++)
		tell_sequence(rows, brought, excess->list[told], text);
	for (int i = 0; i < brought->count && brought->count == 2; i++)
		if (i != excess->list[0])
			tell_sequence(rows, brought, i, text);
	if (brought->count > 2)
		text_add(text, "; the other %d have as many as they bring", brought->count - excess->count);
}

int
placeholders_short_sequence(const struct cause_facts *facts, const struct placeholders *found, struct text *text, bool *cut_within)
{
	const json_t *rows = placeholders_rows(facts);
	struct brought brought;
	struct excess excess;
	int64_t lacks;

	if (json_array_size(rows) < 2 || json_array_size(rows) > SEQUENCES_MOST || found->selected < 1 || found->selected >= found->supplied ||
	    placeholders_sum(rows) != found->selected || !find_brought(&facts->sides[0], rows, found->supplied, &brought) || !find_excess(rows, &brought, true, &excess) ||
	    excess.count != 1)
		return -1;
	lacks = brought.pieces[excess.list[0]] * brought.unit - json_integer_value(json_array_get(rows, (size_t)excess.list[0]));
	*cut_within = brought.unit > 1 && lacks % brought.unit;
	tell_sequences(rows, &brought, &excess, text);
	return excess.list[0];
}

/* Needs: places counted in each sequence, and features put together of some pieces for each (or of pictures that are theirs in one way alone); some
 * sequences have just as many as they bring, the others more, by whole pieces, or all fewer, which a limit may have done as well. */
bool
cause_placeholders_of_sequence(const struct cause_facts *facts, struct cause *out)
{
	struct placeholders found;
	struct placeholders_whole whole;
	const json_t *rows = placeholders_rows(facts);
	size_t sequences = json_array_size(rows);
	struct brought brought;
	struct excess excess;
	int64_t most, places, brings;
	struct usual first = { .calls = 0 };
	bool left;

	if (sequences < 2 || sequences > SEQUENCES_MOST || !placeholders_find(facts, &found) || found.supplied < 1 || found.selected < 1 || found.selected == found.supplied ||
	    !find_brought(&facts->sides[0], rows, found.supplied, &brought) || !find_excess(rows, &brought, found.selected < found.supplied, &excess))
		return false;
	if (excess.fewer && (brought.unit > 1 || placeholders_limit(facts, &found)))
		return false; /* cut */
	if (placeholders_whole(facts, &found, &whole) && (whole.fits || placeholders_kept(facts, &whole, &most)))
		return false; /* told by what is known of images */
	out->confidence = excess.fewer ? "possible" : "likely";
	tell_sequences(rows, &brought, &excess, &out->text);
	places = json_integer_value(json_array_get(rows, (size_t)excess.list[0]));
	brings = brought.pieces[excess.list[0]] * brought.unit;
	add_maker(facts, &brought, excess.list[0], (places - brings) / brought.unit, out, &first, &left);
	if (left) {
		text_add(&out->fix, "count the places of sequence %d by what is left of its pieces (the same limit): %" PRId64 " instead of %" PRId64 "; or leave none of them out, where the "
			 "model takes as many", excess.list[0], brings, places);
		return true;
	}
	if (excess.single && first.calls) {
		text_add(&out->text, "; a single one for the first time (the last %" PRId64 " were of %" PRId64 " to %" PRId64 "), and the text counts one more: what is added to several (an overview, "
			 "a thumbnail) isn't added to one", first.calls, first.smallest, first.largest);
		text_add(&out->fix, "where the text's places are counted, count 1 for a single one (%" PRId64 " places instead of %" PRId64 "), and one more only where there are several, "
			 "as where they are made", brings, places);
		return true;
	}
	text_add(&out->fix, "look at how the places of sequence %d are counted: %" PRId64 " instead of %" PRId64, excess.list[0], brings, places);
	if (excess.fewer)
		text_add(&out->fix, ", or at what cut its text (a length limit, in an earlier run as well whose cache is read)");
	else
		text_add(&out->fix, ", or give what it has places for");
	return true;
}
