/* A layer that was given another width while its model lived on (pruned heads, grown classes), and what still counts the old one. */
#include <inttypes.h>
#include <string.h>

#include "../causes_tool.h"
#include "../../history/elsewhere.h"
#include "../../mismatch/mismatch_rule.h"
#include "../../mismatch/operand.h"

#define CALLS_ENOUGH 3
#define CALLS_MOST 200
#define RECENT_MOST 400 /* operations in which a layer that lasts is looked for */

/* Earlier calls of a layer's line, in any loop: what dimension DIM of the weight was. */
struct before { int dim; int64_t now, was, calls, last, tensor; int64_t sizes[CAUSE_SHAPE_MOST]; int ndim; bool other; };

static bool
add_before(const struct event *event, void *context)
{
	struct before *before = context;
	int place = cause_weight_place(event);
	const struct operand *weight = place >= 0 ? &event->operands[place] : NULL;
	bool lasts = rule_tensor(event, "weight") < 0; /* what else is transposed is made anew for every call */

	if (!weight || before->dim >= weight->ndim || weight->ndim > CAUSE_SHAPE_MOST || weight->sizes[before->dim] == before->now ||
	    (before->calls && (weight->sizes[before->dim] != before->was || (lasts && weight->tensor != before->tensor)))) {
		before->other = true;
		return false;
	}
	if (!before->calls++) {
		before->was = weight->sizes[before->dim];
		before->last = event->id;
		before->tensor = weight->tensor;
		before->ndim = weight->ndim;
		memcpy(before->sizes, weight->sizes, (size_t)weight->ndim * sizeof(*before->sizes));
	}
	return before->calls < CALLS_MOST;
}

struct lasting { const struct cause_facts *facts; int64_t since, before; bool found; };

/* Was TENSOR in use before the new weight was? */
static bool
was_in_use(const struct lasting *lasting, int64_t tensor)
{
	const struct source *source = lasting->facts->source;
	struct event used;
	int operand;

	return tensor > 0 && (source->met_before(source->context, lasting->facts->process, tensor) ||
			      (source->first_use(source->context, lasting->facts->process, tensor, &used, &operand) && used.id <= lasting->before));
}

/* Is EVENT, newer than the new weight, of a layer whose weight was in use before that? */
static bool
look_lasting(const struct event *event, void *context)
{
	struct lasting *lasting = context;
	int place = rule_tensor(event, "weight");

	if (event->id <= lasting->since)
		return false;
	lasting->found = place >= 0 && was_in_use(lasting, event->operands[place].tensor);
	return !lasting->found;
}

/* Has MADE, the weight of the layer before it on its way, taken another's place: younger than all of the line's earlier calls, in which it had another size, in
 * a model that was in use by then, as the operand at MEETS (-1: none) may tell? */
static bool
was_resized(const struct cause_facts *facts, const struct lineage_step *made, int meets, struct before *before)
{
	struct lasting lasting = { .facts = facts };

	if (made->dim < 0 || made->event.id < 0 || made[-1].event.site < 0)
		return false;
	*before = (struct before){ .dim = made->dim, .now = made->size };
	elsewhere_each(facts->source, facts->process, &made[-1].event, add_before, before);
	if (before->other || before->calls < CALLS_ENOUGH || made->event.id < before->last)
		return false;
	lasting.since = made->event.id;
	lasting.before = before->last;
	lasting.found = meets >= 0 && was_in_use(&lasting, facts->event->operands[meets].tensor);
	if (!lasting.found)
		facts->source->each_recent(facts->source->context, facts->process, RECENT_MOST, look_lasting, &lasting);
	return lasting.found;
}

/* One number of FACTS' object that is to change. */
static void
add_stale(struct text *fix, const char *name, int64_t value, bool first)
{
	text_add(fix, "%s%s = %" PRId64, first ? " " : ", ", name, value);
}

/* The next number of the object whose method failed ("self.heads"), of the innermost frame that has any; NULL. FRAME is -1 at first. */
static const json_t *
next_own(const struct cause_facts *facts, struct text_walk *at, int64_t *frame)
{
	const json_t *number;

	while ((number = cause_next_number(facts, at)) && (*frame < 0 || (int64_t)at->outer == *frame))
		if (strncmp(text_get(number, "name"), "self.", 5) == 0) {
			*frame = (int64_t)at->outer;
			return number;
		}
	return NULL;
}

/* What VALUE is called: on the failing line, or else of the object; NULL. */
static const json_t *
name_of(const struct cause_facts *facts, int64_t value)
{
	const json_t *number = cause_number_on_line(facts, value);
	struct text_walk at = { 0 };
	int64_t frame = -1;

	while (!number && (number = next_own(facts, &at, &frame)) && json_integer_value(json_object_get(number, "value")) != value)
		number = NULL;
	return number;
}

/* Of the PARTS that make WAS together: the one that counts what is left, the other being a head's or a group's own width. -1 if none can. */
static int
counting_part(const struct cause_facts *facts, const int64_t *parts, int count, int64_t was, int64_t now)
{
	int found = -1;

	for (int i = 0; i < count; i++) {
		const json_t *name;

		if (parts[i] < 1 || was % parts[i] || now % (was / parts[i]))
			continue;
		name = name_of(facts, parts[i]);
		if (found < 0 || cause_is_called(name, "heads groups num count"))
			found = i;
		if (cause_is_called(name, "heads groups num count"))
			return i;
	}
	return found;
}

/* What to change of the object's own numbers, which count WAS: the parts of the failing view, and what is WAS itself. */
static void
tell_stale(const struct cause_facts *facts, struct cause *out, const int64_t *parts, int count, int64_t was, int64_t now)
{
	int part = counting_part(facts, parts, count, was, now);
	const json_t *number, *own = part >= 0 ? name_of(facts, parts[part]) : NULL;
	struct text_walk at = { 0 };
	int64_t frame = -1;
	bool first = true;

	text_add(&out->fix, "where it is replaced, bring what still counts %" PRId64 " to %" PRId64 ", too:", was, now);
	if (part >= 0) {
		int64_t left = now / (was / parts[part]);

		if (own)
			add_stale(&out->fix, text_get(own, "name"), left, true);
		else
			text_add(&out->fix, " %" PRId64 " becomes %" PRId64, parts[part], left);
		text_add(&out->fix, " (%" PRId64 " / %" PRId64 ")", now, was / parts[part]);
		first = false;
	}
	while ((number = next_own(facts, &at, &frame))) {
		if (json_integer_value(json_object_get(number, "value")) != was || number == own)
			continue;
		add_stale(&out->fix, text_get(number, "name"), now, first);
		first = false;
	}
	if (first)
		text_add(&out->fix, " the sizes of this view");
	out->setting = own;
}

/* What goes with the new weight: by name, where the operand has one, and where its size was decided. */
static void
tell_partner(const struct cause_facts *facts, const struct cause_side *partner, struct cause *out)
{
	const json_t *local = partner->place >= 0 ? operand_local(facts->frames, facts->event->operands[partner->place].tensor) : NULL;
	const struct lineage_step *decider = cause_decider(partner);

	text_add(&out->fix, "bring %s", local && *text_get(local, "name") ? text_get(local, "name") : SAY("what goes with it"));
	if (!decider)
		return;
	text_add(&out->fix, " (");
	cause_add_step(facts, &out->fix, decider);
	text_add(&out->fix, ")");
}

/* Needs: the layer that a side comes through has a weight of another size than in all earlier calls of its line, in training or not, in a model that was in
 * use before it was made; what it meets is of the old size. Both together are likely. */
bool
cause_layer_resized(const struct cause_facts *facts, struct cause *out)
{
	bool view = cause_disagrees(facts, "numel");
	int64_t whole = 0, parts[CAUSE_SPLIT_MOST], product = 1;
	int count = view ? cause_split_sizes(facts, &whole, parts, CAUSE_SPLIT_MOST) : 0;
	const struct lineage_step *made, *asked;
	const struct operand *weight;
	struct before before;

	if (!facts->source || (view ? count == 0 : !cause_disagrees(facts, "size")))
		return false;
	for (int i = 0; i < count; i++)
		if (parts[i] < 1 || __builtin_mul_overflow(product, parts[i], &product))
			return false;
	for (int i = 0; i < 2; i++) {
		const struct cause_side *side = &facts->sides[i];

		made = cause_weight_made(side);
		if (!made || made->size != (view ? whole : side->size) || !was_resized(facts, made, facts->sides[!i].place, &before) ||
		    before.was != (view ? product : facts->sides[!i].size))
			continue;
		asked = cause_decider(side) > made ? cause_decider(side) : made;
		out->confidence = "likely";
		out->tells_news = true;
		text_add(&out->text, "the layer of ");
		cause_add_line(facts, &out->text, &made[-1], -1);
		text_add(&out->text, " was replaced by ");
		cause_add_step(facts, &out->text, asked);
		text_add(&out->text, ": its weight is ");
		weight = &made[-1].event.operands[cause_weight_place(&made[-1].event)];
		text_add_sizes(&out->text, weight->sizes, weight->ndim);
		text_add(&out->text, ", and was ");
		text_add_sizes(&out->text, before.sizes, before.ndim);
		text_add(&out->text, " in the last %" PRId64 " calls", before.calls);
		if (view) {
			text_add(&out->text, "; ");
			for (int p = 0; p < count; p++)
				text_add(&out->text, "%s%" PRId64, p ? " x " : "", parts[p]);
			text_add(&out->text, " = %" PRId64 " is still the old one's", product);
			tell_stale(facts, out, parts, count, before.was, made->size);
		} else {
			text_add(&out->text, "; what it meets is still of %" PRId64, before.was);
			tell_partner(facts, &facts->sides[!i], out);
			text_add(&out->fix, " to %" PRId64 " as well (of the weights keep what belongs to what was kept), or make the new one of %" PRId64 ": ", made->size, before.was);
			cause_add_line(facts, &out->fix, asked, -1);
		}
		return true;
	}
	return false;
}
