/* A rule about places in the text and what each sequence brings for them, sequence by sequence. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "causes_tool.h"
#include "placeholders.h"
#include "../history/usual.h"
#include "../mismatch/mismatch_rule.h"

#define SEQUENCES_MOST 64
#define SEQUENCES_TOLD 3

/* What a cat put together, a piece for each sequence: UNIT rows of features come of each one of them. */
struct brought {
	const struct lineage_step *cat;
	int64_t pieces[SEQUENCES_MOST], tensors[SEQUENCES_MOST], unit;
	int count;
};

/* The pieces of STEP, if it is a cat of as many as there are sequences. */
static bool
read_pieces(const struct lineage_step *step, int sequences, int64_t supplied, struct brought *out)
{
	const struct event *event = &step->event;
	int64_t sum = 0;

	out->count = 0;
	if (step->entered || step->dim != 0 || step->size < 1 || supplied % step->size || !mismatch_is_any(event->operation, "cat concat concatenate"))
		return false;
	for (int i = rule_next(event, 0); i >= 0; i = rule_next(event, i + 1)) {
		if (out->count == sequences || event->operands[i].ndim < 1)
			return false;
		out->tensors[out->count] = event->operands[i].tensor;
		out->pieces[out->count++] = event->operands[i].sizes[0];
		sum += event->operands[i].sizes[0];
	}
	out->cat = step;
	out->unit = supplied / step->size;
	return out->unit > 1 && out->count == sequences && sum == step->size;
}

static bool
find_brought(const struct cause_side *side, int sequences, int64_t supplied, struct brought *out)
{
	for (int i = 0; side->lineage && i < side->lineage->count; i++)
		if (read_pieces(&side->lineage->steps[i], sequences, supplied, out))
			return true;
	return false;
}

/* The sequences that have more places than they bring. */
struct excess { int list[SEQUENCES_MOST], count; bool single; /* they alone bring one piece, and have places for one more */ };

/* False where none has as many as it brings, none has more, or one has fewer, or a part of a piece. */
static bool
find_excess(const json_t *rows, const struct brought *brought, struct excess *out)
{
	bool other_single = false;

	*out = (struct excess){ .single = true };
	for (int i = 0; i < brought->count; i++) {
		int64_t places = json_integer_value(json_array_get(rows, (size_t)i)), brings = brought->pieces[i] * brought->unit;

		if (places < brings || (places - brings) % brought->unit)
			return false;
		if (places == brings) {
			other_single = other_single || brought->pieces[i] == 1;
			continue;
		}
		out->single = out->single && brought->pieces[i] == 1 && places - brings == brought->unit;
		out->list[out->count++] = i;
	}
	out->single = out->single && !other_single;
	return out->count > 0 && out->count < brought->count;
}

/* Who made the piece of SEQUENCE, into OUT's evidence; FIRST gets what that line made before, where a single one is the first. */
static void
add_maker(const struct cause_facts *facts, const struct brought *brought, int sequence, struct cause *out, struct usual *first)
{
	struct lineage *story = facts->source && brought->tensors[sequence] > 0 ? calloc(1, sizeof(*story)) : NULL;
	const struct lineage_step *step = NULL;
	struct usuals usuals;

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
	if (!step || step->dim < 0 || step->size != 1 || !usual_made(facts->source, facts->process, &step->event, step->output, USUAL_CALLS_QUICK, &usuals) ||
	    !usual_dim(&usuals, step->dim, first) || first->smallest < 2)
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
	if (places > brings)
		text_add(text, " (%" PRId64 " x %" PRId64 "), %" PRId64 " too many", brought->pieces[i], brought->unit, places - brings);
}

/* Needs: places counted in each sequence, and features put together of some pieces for each, of several rows each; some sequences have just as many
 * as they bring, the others more, by whole pieces. */
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
	int told = 0;

	if (sequences < 2 || sequences > SEQUENCES_MOST || !placeholders_find(facts, &found) || found.supplied < 1 || found.selected <= found.supplied ||
	    !find_brought(&facts->sides[0], (int)sequences, found.supplied, &brought) || !find_excess(rows, &brought, &excess))
		return false;
	if (placeholders_whole(facts, &found, &whole) && (whole.fits || placeholders_kept(facts, &whole, &most)))
		return false; /* told by what is known of images */
	out->confidence = "likely";
	for (; told < excess.count && told < SEQUENCES_TOLD; told++)
		tell_sequence(rows, &brought, excess.list[told], &out->text);
	for (int i = 0; i < brought.count && brought.count == 2; i++)
		if (i != excess.list[0])
			tell_sequence(rows, &brought, i, &out->text);
	if (brought.count > 2)
		text_add(&out->text, "; the other %d have as many as they bring", brought.count - excess.count);
	places = json_integer_value(json_array_get(rows, (size_t)excess.list[0]));
	brings = brought.pieces[excess.list[0]] * brought.unit;
	add_maker(facts, &brought, excess.list[0], out, &first);
	if (excess.single && first.calls) {
		text_add(&out->text, "; a single one for the first time (the last %" PRId64 " were of %" PRId64 " to %" PRId64 "), and the text counts one more: what is added to several (an overview, "
			 "a thumbnail) isn't added to one", first.calls, first.smallest, first.largest);
		text_add(&out->fix, "where the text's places are counted, count 1 for a single one (%" PRId64 " places instead of %" PRId64 "), and one more only where there are several, "
			 "as where they are made", brings, places);
	} else {
		text_add(&out->fix, "look at how the places of sequence %d are counted: %" PRId64 " instead of %" PRId64 ", or give what it has places for",
			 excess.list[0], brings, places);
	}
	return true;
}
