/* What a checkpointed block drew at random, or finds written to, as it is run again: on the values' way to a size that rests on values. */
#include <inttypes.h>
#include <string.h>

#include "../causes_tool.h"
#include "../../mismatch/mismatch_rule.h"
#include "recomputed.h"
#include "../../where.h"

#define EVENTS_MOST 8192  /* of a recomputation that are looked at */
#define TENSORS_MOST 1024 /* on the way */
#define MAKERS_MOST 256   /* of them that are asked who wrote to them last */

const char cause_drawing[] = "rand randn randint randperm rand_like randn_like randint_like uniform normal log_normal random bernoulli exponential cauchy geometric poisson multinomial";
static const char dropping[] = "dropout native_dropout feature_dropout alpha_dropout feature_alpha_dropout rrelu rrelu_with_noise";

/* The tensors whose values the size rests on, each with the event that reads it (the last that does). */
struct way { struct { int64_t tensor, reader; } list[TENSORS_MOST]; int count; bool cut; };

static bool
is_on(const struct way *way, int64_t tensor)
{
	for (int i = 0; i < way->count; i++)
		if (way->list[i].tensor == tensor)
			return true;
	return false;
}

/* MARKS: of what it selects from, no values count. */
static void
add_operands(struct way *way, const struct event *event, bool marks)
{
	for (int i = 0; i < event->operand_count; i++) {
		int64_t tensor = event->operands[i].tensor;

		if (tensor <= 0 || is_on(way, tensor) || (marks && rule_is_floating(event->operands[i].dtype)))
			continue;
		way->cut = way->cut || way->count == TENSORS_MOST;
		if (way->count < TENSORS_MOST) {
			way->list[way->count].tensor = tensor;
			way->list[way->count++].reader = event->id;
		}
	}
}

static bool
makes_any(const struct way *way, const struct event *event)
{
	for (int i = 0; i < event->output_count; i++)
		if (event->outputs[i].tensor > 0 && is_on(way, event->outputs[i].tensor))
			return true;
	return false;
}

/* Does EVENT draw random numbers? A dropout that is off does not: what it returns is its input. */
static bool
draws(const struct event *event)
{
	const struct operand *train = rule_operand(event, "train");
	int input = rule_any(event, "input self");

	if ((!mismatch_is_any(event->operation, cause_drawing) && !mismatch_is_any(event->operation, dropping)) || (train && train->value && strcmp(train->value, "false") == 0))
		return false;
	return mismatch_is_in_place(event->operation) || input < 0 || event->output_count < 1 || event->outputs[0].tensor < 0 ||
	       event->outputs[0].tensor != event->operands[input].tensor;
}

/* Follows values back from EVENT through what AGAIN ran: true, and DRAWN is the nearest that drew random numbers on their way; else WAY has all that was met. */
static bool
find_drawn(const struct recomputed *again, const struct event *event, struct way *way, struct event *drawn)
{
	const struct cause_facts *facts = again->facts;

	add_operands(way, event, mismatch_is_any(event->operation, "index masked_select"));
	for (int64_t id = event->id - 1; id >= again->first; id--) {
		if (event->id - id > EVENTS_MOST) {
			way->cut = true;
			return false;
		}
		if (!facts->source->event(facts->source->context, facts->process, id, drawn) || drawn->thread != again->thread || !makes_any(way, drawn))
			continue;
		if (draws(drawn))
			return true;
		add_operands(way, drawn, false);
	}
	return false;
}

/* Was something on WAY written to in place, after the forward had read it and before its recomputation did? By whom, in WROTE. */
static bool
find_written(const struct recomputed *again, const struct way *way, struct event *wrote)
{
	const struct cause_facts *facts = again->facts;
	int output;

	for (int i = 0; i < way->count && i < MAKERS_MOST; i++) {
		struct event reader;
		int64_t before;

		if (!facts->source->maker(facts->source->context, facts->process, way->list[i].tensor, again->first, wrote, &output) || wrote->step != facts->step ||
		    !mismatch_is_in_place(wrote->operation) || !facts->source->event(facts->source->context, facts->process, way->list[i].reader, &reader))
			continue;
		before = recomputed_first_time(again, &reader).shares;
		if (before >= 0 && wrote->id > before)
			return true;
	}
	return false;
}

/* " (model.py:35)": the line that called checkpoint, where what was SAVED is known by who made it. */
static void
add_checkpoint(const struct cause_facts *facts, const struct cause_side *saved, struct text *text)
{
	struct site site;
	bool within = false;

	if (!saved->lineage || !saved->lineage->count || !facts->source->site(facts->source->context, facts->process, saved->lineage->steps[0].event.site, &site))
		return;
	for (int i = 0; i < site.frame_count; i++) {
		const char *file = site.frames[i].file;

		if (within && !where_is_checkpointing(file) && !where_is_foreign(file)) {
			text_add(text, " (%s:%d)", text_basename(file), site.frames[i].line);
			return;
		}
		within = within || where_is_checkpointing(file);
	}
}

static void
tell_drawn(const struct cause_facts *facts, const struct event *drawn, struct cause *out)
{
	const struct operand *generator = rule_operand(drawn, "generator");

	text_add(&out->text, "; it rests on random numbers, drawn within the block by ");
	cause_add_line(facts, &out->text, &(struct lineage_step){ .event = *drawn, .dim = -1, .size = -1 }, -1);
	if (generator && strcmp(generator->kind, "none") != 0) {
		text_add(&out->text, " from a generator of its own: checkpointing doesn't restore that one's state, so others are drawn when the block is run again");
		text_add(&out->fix, "draw these numbers outside of the checkpointed block and pass them in, or without generator=, from torch's own, whose state checkpointing restores");
		return;
	}
	text_add(&out->text, ": others are drawn when the block is run again, unless checkpointing restores torch's state for that");
	text_add(&out->fix, "let the same numbers be drawn again: preserve_rng_state=True where the block is checkpointed");
	add_checkpoint(facts, &facts->sides[1], &out->fix);
	text_add(&out->fix, "; or draw them outside of it and pass them in");
}

/* What STEP's values rest on: random numbers, or what was written to since; or neither, which then isn't to be looked for. */
void
cause_tell_drawn(const struct cause_facts *facts, const struct lineage_step *step, struct cause *out)
{
	struct way way = { .count = 0 };
	struct recomputed again;
	struct event found;

	if (!facts->source || step->event.id < 0 || !recomputed_find(facts, &again) || step->event.id < again.first || step->event.id > again.last)
		return;
	if (find_drawn(&again, &step->event, &way, &found)) {
		tell_drawn(facts, &found, out);
		return;
	}
	if (find_written(&again, &way, &found)) {
		text_add(&out->text, "; it rests on a tensor that is written to after the forward has read it, by ");
		cause_add_line(facts, &out->text, &(struct lineage_step){ .event = found, .dim = -1, .size = -1 }, -1);
		text_add(&out->fix, "write to it once the backward is done, or give the block a copy (clone) as an argument, so that its recomputation reads the same");
		return;
	}
	if (way.cut)
		return;
	text_add(&out->evidence, "%sno operation on its way draws random numbers", out->evidence.used ? SAY("; ") : "");
	text_add(&out->fix, "make the block depend on its inputs alone: no counter, cache, mode or flag that changes between forward and backward; or decide sizes outside and pass them in");
}
