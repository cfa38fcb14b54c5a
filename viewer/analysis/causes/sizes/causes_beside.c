/* Rules about two sizes that the program makes itself: side by side, or by one line for two batches. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../causes_tool.h"
#include "../../mismatch/mismatch_rule.h"
#include "../../where.h"

#define CALLS_ENOUGH 3
#define CALLS_LEAST 10 /* in which both agreed, and neither was always the same: no chance */
#define CUT_APART_MOST 3 /* marks that a list got, and the other didn't */
#define OWN_MOST 4     /* lines of the program on the way of one side that are looked at */

/* The program's own lines on SIDE's way that have a size, oldest first. */
static int
own_steps(const struct cause_facts *facts, const struct cause_side *side, const struct lineage_step **out)
{
	int count = 0;

	for (int i = side->lineage ? side->lineage->count - 1 : -1; i >= 0 && count < OWN_MOST; i--) {
		const struct lineage_step *step = &side->lineage->steps[i];

		if (step->possible)
			return 0; /* not known to be its way */
		if (step->size > 0 && step->dim >= 0 && step->event.site >= 0 && where_is_own(facts->source, facts->process, step->event.site))
			out[count++] = step;
	}
	return count;
}

/* Do ONE and OTHER differ as the two sides do: by one factor, or by as many? */
static bool
is_apart_alike(const struct cause_facts *facts, const struct lineage_step *one, const struct lineage_step *other)
{
	int64_t a = facts->sides[0].size, b = facts->sides[1].size, left, right;

	if (one->size == other->size)
		return false;
	if (a - b == one->size - other->size)
		return true;
	return !__builtin_mul_overflow(a, other->size, &left) && !__builtin_mul_overflow(b, one->size, &right) && left == right;
}

bool
cause_made_in(const struct cause_facts *facts, const struct lineage_step *one, const struct lineage_step *other, char *out, size_t size)
{
	json_t *frames = where_site_frames(facts->source, facts->process, one->event.site), *others = where_site_frames(facts->source, facts->process, other->event.site);
	json_t *failing = where_site_frames(facts->source, facts->process, facts->event->site);
	const json_t *own = json_array_get(frames, (size_t)where_choose(frames)), *theirs = json_array_get(others, (size_t)where_choose(others)), *frame;
	bool found = false;
	size_t i;

	if (own && theirs && strcmp(text_get(own, "function"), text_get(theirs, "function")) == 0 && strcmp(text_get(own, "file"), text_get(theirs, "file")) == 0) {
		text_format(out, size, "%s", text_get(own, "function"));
		found = true;
	}
	json_array_foreach(frames, i, frame)
		if (!found && where_is_program(text_get(frame, "file")) && where_is_among(others, frame)) {
			found = !where_is_among(failing, frame) && !where_is_among(facts->frames, frame);
			text_format(out, size, "%s", text_get(frame, "function"));
			break;
		}
	json_decref(frames);
	json_decref(others);
	json_decref(failing);
	return found;
}

static bool
varied(const struct cause_side *side)
{
	return side->calls >= CALLS_LEAST && side->smallest < side->largest;
}

/* One of the two is a limit by name that no call before came to: there the one was cut, and the other otherwise. Says so, and what to change. */
static bool
tell_limit(const struct cause_facts *facts, struct cause *out, const struct lineage_step *one, const struct lineage_step *other)
{
	const struct lineage_step *const steps[] = { one, other };
	int64_t longest = facts->sides[0].largest > facts->sides[1].largest ? facts->sides[0].largest : facts->sides[1].largest;

	for (int i = 0; i < 2; i++) {
		int64_t cut = steps[i]->size, is = steps[!i]->size;
		const json_t *limit = cut > longest ? cause_named_number(facts, cut, cause_limits) : NULL;

		if (!cause_is_limit(facts, limit))
			continue;
		out->setting = limit;
		text_add(&out->text, "; %" PRId64 " is %s, which none of them came to: there the one was cut, and the other", cut, text_get(limit, "name"));
		if (is - cut > CUT_APART_MOST)
			text_add(&out->text, " wasn't");
		else
			text_add(&out->text, " to %" PRId64 " %s", is > cut ? is - cut : cut - is, is > cut ? SAY("more, or not at all") : SAY("less"));
		text_add(&out->fix, "cut both to one length, counting what is put in front of or behind each (%s may be applied before that to the one, after it to the other): "
			 "where the %" PRId64 " is made, as where the %" PRId64 " is", text_get(limit, "name"), is > cut ? is : cut, is > cut ? cut : is);
		return true;
	}
	return false;
}

/* Needs: sizes that agreed in all calls and were now this, now that; and lines of the program's own on both ways that part as they do. There, or before
 * there were tensors, they became unequal. */
bool
cause_made_beside(const struct cause_facts *facts, struct cause *out)
{
	const struct lineage_step *own[2][OWN_MOST], *one = NULL, *other = NULL;
	int counts[2], longer;
	char function[128];
	bool same;

	if (!cause_disagrees(facts, "size") || !facts->source || facts->calls < CALLS_LEAST || facts->agreed != facts->calls || !varied(&facts->sides[0]) ||
	    !varied(&facts->sides[1]) || facts->sides[0].size == facts->sides[1].size)
		return false;
	for (int i = 0; i < 2; i++)
		counts[i] = own_steps(facts, &facts->sides[i], own[i]);
	for (int sum = 0; sum < counts[0] + counts[1] && !one; sum++)
		for (int i = 0; i <= sum && i < counts[0] && !one; i++)
			if (sum - i < counts[1] && own[0][i]->event.id != own[1][sum - i]->event.id && is_apart_alike(facts, own[0][i], own[1][sum - i]) &&
			    cause_made_in(facts, own[0][i], own[1][sum - i], function, sizeof(function))) {
				one = own[0][i];
				other = own[1][sum - i];
			}
	if (!one)
		return false;
	same = where_same_line(facts->source, facts->process, one->event.site, other->event.site);
	longer = other->size > one->size;
	out->confidence = "likely";
	out->tells_news = true;
	text_add(&out->text, "%s and %s part where the program makes them, in %s: %" PRId64 " by ", cause_operand_name(facts, facts->sides[0].place),
		 cause_operand_name(facts, facts->sides[1].place), function, one->size);
	if (same)
		cause_add_line(facts, &out->text, one, -1);
	else
		cause_add_step(facts, &out->text, one);
	if (same) {
		text_add(&out->text, ", %" PRId64 " by the same line", other->size);
	} else {
		text_add(&out->text, ", %" PRId64 " by ", other->size);
		cause_add_step(facts, &out->text, other);
	}
	text_add(&out->evidence, "%" PRId64 " against %" PRId64 " here, %" PRId64 " to %" PRId64 " before", facts->sides[0].size, facts->sides[1].size, facts->sides[0].smallest,
		 facts->sides[0].largest);
	if (tell_limit(facts, out, one, other))
		return true;
	text_add(&out->text, "; in %" PRId64 " earlier calls both came out alike", facts->calls);
	if (same)
		text_add(&out->fix, "see what each of the two is counted from in %s for this sample, and give both one length there; to cut or pad one of them later puts values side by "
			 "side that don't belong together", function);
	else
		text_add(&out->fix, "give both one length in %s: the longer of the two, %" PRId64 ", taken from the one (its shape) for the other, instead of counting each for itself", function,
			 longer ? other->size : one->size);
	return true;
}

bool
cause_cut_apart(const struct cause_facts *facts)
{
	int64_t apart = facts->sides[0].size - facts->sides[1].size;
	struct cause *tried = apart && apart <= CUT_APART_MOST && apart >= -CUT_APART_MOST ? calloc(1, sizeof(*tried)) : NULL;
	bool found = tried && cause_made_beside(facts, tried) && tried->setting;

	free(tried);
	return found;
}

/* Were the pieces that STEP stacked as many as WAS in every earlier call of its line? */
static bool
always_stacked(const struct cause_facts *facts, const struct lineage_step *step, int64_t was)
{
	struct usual usual;

	return step && !step->possible && step->event.id >= 0 && mismatch_is_any(step->event.operation, "stack") &&
	       rule_pieces(&step->event) == step->size && cause_made_before(facts, step, &usual) && usual.calls >= CALLS_LEAST && usual_is_steady(&usual) && usual.smallest == was;
}

/* Needs: two tensors that are stacked by two lines of one function, of as many pieces each in every call before, and now the one of fewer while the other is as
 * ever: samples that were left out of the one list only. */
bool
cause_left_out_of_one(const struct cause_facts *facts, struct cause *out)
{
	const struct lineage_step *steps[] = { cause_decider(&facts->sides[0]), cause_decider(&facts->sides[1]) };
	char function[128];
	int few = facts->sides[0].size < facts->sides[1].size ? 0 : 1;
	int64_t was = facts->sides[!few].size;

	if (!cause_disagrees(facts, "size") || !facts->source || facts->sides[few].size < 1 || facts->sides[few].size >= was || !always_stacked(facts, steps[0], was) ||
	    !always_stacked(facts, steps[1], was) || where_same_line(facts->source, facts->process, steps[0]->event.site, steps[1]->event.site) ||
	    !cause_made_in(facts, steps[0], steps[1], function, sizeof(function)))
		return false;
	out->confidence = "likely";
	out->tells_news = true;
	text_add(&out->text, "%" PRId64 " of the %" PRId64 " samples %s left out of the one, and kept in the other, in %s: %" PRId64 " by ", was - steps[few]->size, was,
		 was - steps[few]->size == 1 ? SAY("was") : SAY("were"), function, steps[few]->size);
	cause_add_line(facts, &out->text, steps[few], -1);
	text_add(&out->text, ", %" PRId64 " by ", was);
	cause_add_line(facts, &out->text, steps[!few], -1);
	text_add(&out->evidence, "both were of %" PRId64 " in every call before", was);
	text_add(&out->fix, "leave a sample out of both, or of neither (another in its place): see which condition leaves it out of %s, and ask it once for the whole sample",
		 cause_operand_name(facts, facts->sides[few].place));
	return true;
}

/* Needs: two tensors that are joined, made by one line of the program in different steps: each for its own batch. */
bool
cause_other_batch(const struct cause_facts *facts, struct cause *out)
{
	const struct lineage_step *one = cause_decider(&facts->sides[0]), *other = cause_decider(&facts->sides[1]);

	if (!cause_disagrees(facts, "size") || !facts->source || !cause_is(facts, "cat concat concatenate stack") || !one || !other || one->possible || other->possible ||
	    one->event.step == other->event.step || one->size != facts->sides[0].size || other->size != facts->sides[1].size ||
	    !where_is_own(facts->source, facts->process, one->event.site) ||
	    !where_same_line(facts->source, facts->process, one->event.site, other->event.site))
		return false;
	out->confidence = "likely";
	out->tells_news = true;
	text_add(&out->text, "batches of different steps are joined, each of its own length: %s has %" PRId64 ", made in step %" PRId64 ", %s %" PRId64 ", made in step %" PRId64 ", both by ",
		 cause_operand_name(facts, facts->sides[0].place), one->size, one->event.step, cause_operand_name(facts, facts->sides[1].place), other->size, other->event.step);
	cause_add_line(facts, &out->text, one, -1);
	text_add(&out->fix, "give every batch one length there (pad to one fixed number, not to its own longest); or don't let batches be joined: drop the last, shorter one that is filled up "
		 "from another (drop_last=True), of a loader that dispatches: dispatch_batches=False");
	return true;
}

/* Is SIDE's piece attention weights: of its length against its length, made by a softmax? */
static bool
is_attention(const struct cause_facts *facts, const struct cause_side *side)
{
	const struct operand *piece = side->place < 0 ? NULL : &facts->event->operands[side->place], *made;
	const struct lineage_step *softmax = cause_step(side, "softmax _softmax");
	int ndim = piece ? piece->ndim : 0;

	if (ndim < 3 || side->dim < ndim - 2 || piece->sizes[ndim - 1] != piece->sizes[ndim - 2] || !softmax || softmax->event.output_count < 1)
		return false;
	made = &softmax->event.outputs[0];
	return made->ndim >= 3 && made->sizes[made->ndim - 1] == side->size && made->sizes[made->ndim - 2] == side->size;
}

/* Is SIDE's piece what the failing line joined before, of whole batches? */
static bool
joined_before(const struct cause_facts *facts, const struct cause_side *side)
{
	const struct lineage_step *cat = cause_step(side, "cat concat concatenate");

	return cat && !cat->possible && where_same_line(facts->source, facts->process, cat->event.site, facts->event->site);
}

/* Did SIDE's tensor enter as a whole batch: as many samples along JOINED as the piece has (or the first of those that the line joined), and more than one? ANYWHERE: its length may stand in another dimension now. */
static bool
entered_as_batch(const struct cause_facts *facts, const struct cause_side *side, int joined, bool anywhere)
{
	const struct lineage_step *step = cause_decider(side);
	const struct operand *piece = &facts->event->operands[side->place], *made;
	bool several = joined == 0 && joined_before(facts, side);

	if (!step || step->possible || step->event.id < 0 || step->event.output_count < 1 || joined >= piece->ndim || side->dim == joined)
		return false;
	made = &step->event.outputs[0];
	return made->ndim >= 2 && joined < made->ndim && piece->sizes[joined] > 1 &&
	       (made->sizes[joined] == piece->sizes[joined] || (several && made->sizes[joined] < piece->sizes[joined])) && (anywhere ? step->size == side->size : step->dim == side->dim);
}

/* Does LOCAL hold other tensors that are as long as EVENT's pieces along DIM, one for each? */
static bool
is_like_pieces(const json_t *local, const struct event *event, int dim)
{
	const json_t *items = json_object_get(local, "items");
	size_t n = 0;

	for (int i = rule_next(event, 0); i >= 0; i = rule_next(event, i + 1), n++) {
		const json_t *item = json_array_get(items, n);

		if (cause_local_size(item, (size_t)dim) != event->operands[i].sizes[dim] || json_integer_value(json_object_get(item, "tensor")) == event->operands[i].tensor)
			return false;
	}
	return n > 1 && n == json_array_size(items);
}

/* What several batches gave is attention weights, square in their last two dimensions. */
static void
tell_attentions(const struct cause_facts *facts, struct cause *out)
{
	const struct cause_side *one = &facts->sides[1], *other = &facts->sides[0];
	int ndim = facts->event->operands[other->place].ndim;

	text_add(&out->text, "attention weights of several batches are joined, and each batch has a length of its own (its longest sample's): dimensions %d and %d are %" PRId64
		 " in the one, %" PRId64 " in the other", ndim - 2, ndim - 1, one->size, other->size);
	text_add(&out->evidence, "both are square in their last two dimensions and were made by ");
	cause_add_step(facts, &out->evidence, cause_step(other, "softmax _softmax"));
	text_add(&out->evidence, ", of batches that came in by ");
	cause_add_step(facts, &out->evidence, cause_decider(other));
	text_add(&out->fix, "don't collect attention weights over batches: let the model not return them there, output_attentions=False");
	cause_add_asked(facts, &out->fix, "output_attentions");
	text_add(&out->fix, " (of a Trainer, ignore_keys=[\"attentions\"] of evaluate does it, too); or pad every batch to one fixed length where it is made, as both dimensions are that "
		 "length");
}

/* Needs: pieces of a cat, each of which came in as a whole batch by one line, that part in another dimension than that along which they are joined. */
bool
cause_collected_batches(const struct cause_facts *facts, struct cause *out)
{
	const struct lineage_step *one = cause_decider(&facts->sides[0]), *other = cause_decider(&facts->sides[1]);
	struct text_walk at = { 0 };
	const json_t *local;
	int64_t joined = 0;
	bool attention;

	if (!cause_disagrees(facts, "size") || !facts->source || !cause_is(facts, "cat concat concatenate") || !one || !other || one->event.id == other->event.id ||
	    !where_same_line(facts->source, facts->process, one->event.site, other->event.site) || cause_runs_in(facts, "/torch/utils/data/_utils/")) /* a loader puts one batch together: its pieces are samples */
		return false;
	if (facts->calls >= CALLS_ENOUGH && facts->agreed == facts->calls && one->event.id > facts->last_call && other->event.id > facts->last_call)
		return false; /* it joins these two each time: two lists of one batch */
	rule_int(facts->event, "dim", &joined);
	joined += joined < 0 ? facts->event->operands[facts->sides[0].place].ndim : 0;
	attention = is_attention(facts, &facts->sides[0]) && is_attention(facts, &facts->sides[1]);
	if (joined < 0 || !entered_as_batch(facts, &facts->sides[0], (int)joined, attention) || !entered_as_batch(facts, &facts->sides[1], (int)joined, attention))
		return false;
	out->confidence = "likely";
	out->tells_news = true;
	if (attention) {
		tell_attentions(facts, out);
		return true;
	}
	text_add(&out->text, "what several batches gave is joined, and each batch has a length of its own (its longest sample's): dimension %d is %" PRId64 " in the one, %" PRId64
		 " in the other, as they came in by ", facts->sides[0].dim, other->size, one->size);
	cause_add_step(facts, &out->text, one);
	text_add(&out->evidence, "dimension %d of the pieces: ", facts->sides[0].dim);
	cause_add_pieces(&out->evidence, facts->event, facts->sides[0].dim);
	while ((local = text_next(facts->frames, "locals", &at)))
		if (is_like_pieces(local, facts->event, facts->sides[0].dim)) {
			text_add(&out->evidence, "; %s is the same and needs the same", text_get(local, "name"));
			break;
		}
	text_add(&out->fix, "before a batch's part is kept, take the padding out of it (pick by the mask, or by the labels that aren't ignored), or reduce it to what is "
		 "counted; or pad every batch to one fixed length where it is made (of what is joined at once: all together, to the longest of them)");
	return true;
}
