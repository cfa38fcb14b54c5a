/* What came to the failing line from another line of code than in the call before. */
#include <inttypes.h>
#include <string.h>

#include "../causes_tool.h"
#include "../../history/elsewhere.h"
#include "../../mismatch/mismatch_rule.h"
#include "otherwise.h"
#include "../../where.h"

#define CALLS_ENOUGH 3

void
cause_add_otherwise(const struct cause_facts *facts, struct text *text, int place, int dim, enum lineage_property property)
{
	struct otherwise found;

	if (!facts->source || !facts->event || !facts->calls || !otherwise_find(facts->source, facts->process, facts->event, place, dim, property, &found))
		return;
	text_add(text, "%s this time comes from ", cause_operand_name(facts, place));
	cause_add_step(facts, text, &found.now);
	if (found.first)
		text_add(text, ", which made nothing before");
	text_add(text, ", in the call before from ");
	cause_add_step(facts, text, &found.before);
}

/* Is SIDE's size none that it had, or the one of its pieces that came otherwise none that this was? */
static bool
is_new(const struct cause_facts *facts, const struct cause_side *side, const struct otherwise *found)
{
	if (found->pieces)
		return found->usual.calls >= CALLS_ENOUGH && !found->usual.same && usual_is_steady(&found->usual);
	if (!where_is_own(facts->source, facts->process, found->now.event.site) || !where_is_own(facts->source, facts->process, found->before.event.site))
		return false; /* a model's layers: the first comes from elsewhere than the others */
	return found->now.size != found->before.size && side->calls >= CALLS_ENOUGH && side->smallest == side->largest && side->size != side->largest;
}

/* The one side that came otherwise and has a new size on that account; -1. */
static int
odd_side(const struct cause_facts *facts, struct otherwise *out)
{
	struct otherwise found;
	int odd = -1;

	for (int i = 0; i < 2; i++) {
		const struct cause_side *side = &facts->sides[i];

		if (side->place < 0 || side->dim < 0 || !otherwise_find(facts->source, facts->process, facts->event, side->place, side->dim, LINEAGE_SIZE, &found) ||
		    !is_new(facts, side, &found))
			continue;
		if (odd >= 0)
			return -1;
		odd = i;
		*out = found;
	}
	return odd;
}

/* The piece that came otherwise. */
static const struct operand *
new_piece(const struct otherwise *found)
{
	int piece = found->piece;

	for (int i = rule_next(&found->join, 0); i >= 0; i = rule_next(&found->join, i + 1))
		if (!piece--)
			return &found->join.operands[i];
	return NULL;
}

int
cause_weight_place(const struct event *layer)
{
	int weight = rule_tensor(layer, "weight"), self = rule_tensor(layer, "self");

	return weight >= 0 || self < 0 || layer->operands[self].ndim != 2 || !mismatch_is_any(layer->operation, "t transpose numpy_T") ? weight : self;
}

const struct lineage_step *
cause_weight_made(const struct cause_side *side)
{
	const struct lineage_step *table = NULL;

	for (int i = 0; side->lineage && i + 1 < side->lineage->count; i++) {
		const struct event *layer = &side->lineage->steps[i].event;
		int weight = cause_weight_place(layer);

		if (weight < 0 || layer->operands[weight].tensor <= 0 || side->lineage->steps[i + 1].tensor != layer->operands[weight].tensor)
			continue;
		if (rule_tensor(layer, "weight") >= 0)
			return &side->lineage->steps[i + 1];
		table = table ? table : &side->lineage->steps[i + 1];
	}
	return table;
}

/* Was ONE made before OTHER, which isn't made anew for each of CALLS calls? (Of what the ring has lost the step alone is known.) */
static bool
is_older(const struct cause_facts *facts, const struct event *one, const struct event *other, int64_t calls)
{
	struct call_history whole;

	if (one->id >= 0 && other->id >= 0 ? one->id >= other->id : one->step >= other->step)
		return false;
	return !facts->source->call_history(facts->source->context, facts->process, other, false, -1, -1, &whole) || whole.calls < calls;
}

/* Needs: a layer's input and weight always agreed at this line; the layer that the input comes through has another weight now, younger than this
 * layer's, of the size that is here now: with it they would never have agreed. */
bool
cause_layer_replaced(const struct cause_facts *facts, struct cause *out)
{
	int weight = facts->source && cause_disagrees(facts, "size") ? rule_tensor(facts->event, "weight") : -1, input;
	const struct lineage_step *made, *own;

	if (weight < 0 || facts->calls < CALLS_ENOUGH || facts->agreed != facts->calls)
		return false;
	input = facts->sides[0].place == weight;
	made = facts->sides[!input].place == weight ? cause_weight_made(&facts->sides[input]) : NULL;
	own = made && facts->sides[!input].lineage && facts->sides[!input].lineage->count ? &facts->sides[!input].lineage->steps[0] : NULL;
	if (!own || made->size != facts->sides[input].size || !is_older(facts, &own->event, &made->event, facts->calls))
		return false;
	out->confidence = "likely";
	out->tells_news = true;
	text_add(&out->text, "the layer that %s comes through was replaced after %" PRId64 " calls in which both agreed: its new weight, of %" PRId64 ", is made by ",
		 cause_operand_name(facts, facts->sides[input].place), facts->calls, facts->sides[input].size);
	cause_add_step(facts, &out->text, made);
	text_add(&out->text, "; this layer is still the one for %" PRId64 ", by ", facts->sides[!input].size);
	cause_add_step(facts, &out->text, own);
	text_add(&out->fix, "replace this layer, too, by one that takes %" PRId64 " (of its weight keep what belongs to what was kept), or make the new one of %" PRId64 ": ",
		 facts->sides[input].size, facts->sides[!input].size);
	cause_add_line(facts, &out->fix, made, -1);
	return true;
}

/* Needs: a size that was always the same at this line, and agreed; it, or one of the pieces that it was put together of, comes from another line than
 * in the call before, and never was what it is. */
bool
cause_came_otherwise(const struct cause_facts *facts, struct cause *out)
{
	struct text mode = {{0}, 0}, change = {{0}, 0};
	const struct operand *piece;
	struct otherwise found;
	const char *name;
	int64_t was;
	int side;

	if (!cause_disagrees(facts, "size") || !facts->source || !strchr(facts->event->operation, ':') || facts->calls < CALLS_ENOUGH || facts->agreed != facts->calls)
		return false;
	side = odd_side(facts, &found);
	if (side < 0)
		return false;
	name = cause_operand_name(facts, facts->sides[side].place);
	was = found.pieces ? found.usual.smallest : found.before.size;
	out->confidence = "likely";
	out->tells_news = true;
	if (found.pieces) {
		text_add(&out->text, "piece %d of the %d that %s is put together of (", found.piece + 1, found.pieces, name);
		cause_add_pieces(&out->text, &found.join, facts->sides[side].dim);
		text_add(&out->text, ") is %" PRId64 " this time, by ", found.now.size);
	} else {
		text_add(&out->text, "%s comes from elsewhere this time: %" PRId64 " by ", name, found.now.size);
	}
	out->setting = cause_number_at(facts, &found.now, found.now.size);
	if (!out->setting)
		out->setting = cause_only_number(facts, found.now.size);
	cause_add_step(facts, &out->text, &found.now);
	cause_add_number(facts, &out->text, out->setting);
	if (found.pieces)
		text_add(&out->text, "; in %" PRId64 " earlier calls it was %" PRId64 ", in the last by ", found.usual.calls, was);
	else
		text_add(&out->text, "; in %" PRId64 " earlier calls it was %" PRId64 ", in the last by ", facts->calls, was);
	cause_add_step(facts, &out->text, &found.before);
	text_add(&out->fix, "make it %" PRId64 " there, as it is otherwise: ", was);
	cause_add_line(facts, &out->fix, &found.now, -1);
	piece = found.pieces ? new_piece(&found) : NULL;
	if (piece && cause_tell_mode(piece, facts->sides[side].dim, was, &mode, &change)) {
		text_add(&out->evidence, "that piece is %s", mode.data);
		text_add(&out->fix, "; %s", change.data);
	}
	return true;
}

/* Calls of the failing line on other ways: what SIDE's operand had in them. */
struct others { const struct cause_facts *facts; const struct cause_side *side; int64_t calls, fitting, site; const char *phase; };

static bool
add_other(const struct event *event, void *context)
{
	struct others *others = context;
	const struct cause_side *side = others->side;
	const struct operand *is = side->place < event->operand_count ? &event->operands[side->place] : NULL;

	if (!is || !usual_same_layer(others->facts->event, event) || side->dim >= is->ndim)
		return true;
	if (!others->calls++) {
		others->site = event->site;
		others->phase = event->phase;
	}
	others->fitting += is->sizes[side->dim] == others->facts->sides[side == others->facts->sides].size;
	return true;
}

/* The step at which SIDE's way parts from others; or what decided its size, on the same line. */
static const struct lineage_step *
parting(const struct cause_facts *facts, const struct cause_side *side, const struct otherwise *found)
{
	const struct lineage_step *decider = cause_decider(side);

	return decider && decider->size == found->now.size && where_same_line(facts->source, facts->process, decider->event.site, found->now.event.site)
		? decider : &found->now;
}

/* Needs: a line that was never called on this way, and always had the size that fits on others (evaluation, training); the size comes from another
 * line of code here than there. */
bool
cause_other_way(const struct cause_facts *facts, struct cause *out)
{
	if (!cause_disagrees(facts, "size") || !facts->source || facts->calls || facts->event->site < 0)
		return false;
	for (int i = 0; i < 2; i++) {
		const struct cause_side *side = &facts->sides[i];
		struct others others = { .facts = facts, .side = side };
		char here[ELSEWHERE_LINE], there[ELSEWHERE_LINE];
		struct otherwise found;

		if (side->place < 0 || side->dim < 0)
			continue;
		elsewhere_each(facts->source, facts->process, facts->event, add_other, &others);
		if (others.calls < CALLS_ENOUGH || others.fitting < others.calls ||
		    !otherwise_find(facts->source, facts->process, facts->event, side->place, side->dim, LINEAGE_SIZE, &found) ||
		    found.now.size == found.before.size || !elsewhere_parts(facts->source, facts->process, facts->event->site, others.site, here, there))
			continue;
		out->confidence = "likely";
		out->tells_news = true;
		text_add(&out->text, "%s had %" PRId64 " in all %" PRId64 " earlier calls of this line, which came by %s%s: there ", cause_operand_name(facts, side->place),
			 facts->sides[!i].size, others.calls, there,
			 !others.phase ? "" : strcmp(others.phase, "eval") == 0 ? SAY(" (in evaluation)") : strcmp(others.phase, "forward") == 0 ? SAY(" (in training)") : "");
		cause_add_step(facts, &out->text, &found.before);
		text_add(&out->text, " makes it %" PRId64 "; this one comes by %s, and ", found.before.size, here);
		cause_add_step(facts, &out->text, parting(facts, side, &found));
		text_add(&out->text, " makes it %" PRId64, found.now.size);
		text_add(&out->fix, "make it %" PRId64 " there, as it is otherwise: ", found.before.size);
		cause_add_line(facts, &out->fix, parting(facts, side, &found), -1);
		return true;
	}
	return false;
}
