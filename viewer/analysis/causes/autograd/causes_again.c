/* Rules about one thing that is done in two ways: recomputed otherwise than before, cut otherwise than its partner, compiled. */
#include <inttypes.h>
#include <string.h>

#include "../causes_tool.h"
#include "../../mismatch/mismatch_rule.h"
#include "../../where.h"

#define BOTH_LOOKED_MOST 4000
#define BOTH_LEAST 3
#define CALLS_MOST 2000
#define EVENTS_MOST 65536

struct forward { const struct cause_facts *facts; int same /* the side that is as it was */, looked; int64_t event, size; };

static bool
same_shape(const struct operand *one, const struct operand *other)
{
	if (one->ndim != other->ndim || one->ndim < 0)
		return false;
	for (int d = 0; d < one->ndim; d++)
		if (one->sizes[d] != other->sizes[d])
			return false;
	return true;
}

/* Was what SIDE is now made in a forward pass, rather than in the recomputation? */
static bool
is_from_forward(const struct cause_side *side)
{
	return side->lineage && side->lineage->count && strcmp(side->lineage->steps[0].event.phase ? side->lineage->steps[0].event.phase : "", "forward") == 0;
}

/* The newest call of the line in forward in which one side was as it is now, and the other fitted. */
static bool
look_at_call(const struct event *event, void *context)
{
	struct forward *forward = context;
	const struct cause_facts *facts = forward->facts;

	if (event->id >= facts->event->id || strcmp(event->phase, "forward") != 0 || !where_same_line(facts->source, facts->process, event->site, facts->event->site))
		return ++forward->looked < CALLS_MOST;
	for (int i = 0; i < 2; i++) {
		const struct cause_side *as_now = &facts->sides[i], *other = &facts->sides[!i];

		if (is_from_forward(as_now) && !is_from_forward(other))
			continue; /* what was recomputed is the block's own */
		if (as_now->place >= event->operand_count || other->place >= event->operand_count ||
		    !same_shape(&event->operands[as_now->place], &facts->event->operands[as_now->place]) || other->dim >= event->operands[other->place].ndim ||
		    event->operands[other->place].sizes[other->dim] != as_now->size)
			continue;
		forward->same = i;
		forward->event = event->id;
		forward->size = as_now->size;
		return false;
	}
	return ++forward->looked < CALLS_MOST;
}

static bool
is_recomputed(const struct cause_facts *facts)
{
	for (size_t i = 0; i < json_array_size(facts->frames); i++)
		if (where_is_checkpointing(text_get(json_array_get(facts->frames, i), "file")))
			return strcmp(facts->event->phase, "backward") == 0;
	return false;
}

/* What one line made in forward and in backward of one step. */
struct both {
	const struct cause_facts *facts;
	const struct lineage_step *now;
	int64_t site, step, looked, same;
	bool same_line, differs;
	int64_t sums[2], calls[2]; /* forward, backward */
};

/* The step that was looked at is complete. */
static void
end_step(struct both *both)
{
	if (both->calls[0] && both->calls[1]) {
		both->differs = both->differs || both->calls[0] != both->calls[1] || both->sums[0] != both->sums[1];
		both->same++;
	}
	both->sums[0] = both->sums[1] = both->calls[0] = both->calls[1] = 0;
}

static bool
add_time(const struct event *event, void *context)
{
	struct both *both = context;
	const struct operand *is = both->now->output < event->output_count ? &event->outputs[both->now->output] : NULL;
	int backward = strcmp(event->phase, "backward") == 0;

	if (event->site != both->site) {
		both->site = event->site;
		both->same_line = where_same_line(both->facts->source, both->facts->process, event->site, both->now->event.site);
	}
	if (!both->same_line || !text_among("forward backward", event->phase) || !is || both->now->dim >= is->ndim || event->step >= both->now->event.step)
		return ++both->looked < BOTH_LOOKED_MOST;
	if (event->step != both->step) {
		end_step(both);
		both->step = event->step;
	}
	both->calls[backward]++;
	both->sums[backward] += is->sizes[both->now->dim];
	return ++both->looked < BOTH_LOOKED_MOST && !both->differs;
}

int64_t
cause_same_both_times(const struct cause_facts *facts, const struct lineage_step *step)
{
	struct both both = { .facts = facts, .now = step, .site = -1, .step = -1 };
	struct event event = step->event;

	if (!facts->source || event.id < 0 || step->dim < 0 || step->output < 0)
		return 0;
	event.site = -1;
	facts->source->each_call(facts->source->context, facts->process, &event, add_time, &both);
	return both.differs || both.same < BOTH_LEAST ? 0 : both.same; /* (the oldest step may be cut off: it doesn't count) */
}

/* Needs: an operation that failed while activation checkpointing ran its block again, and the same line's call in forward, in which one
 * operand was as it is now and the other was not. */
bool
cause_recomputed_otherwise(const struct cause_facts *facts, struct cause *out)
{
	struct forward forward = { .facts = facts, .event = -1 };
	const struct cause_side *changed;
	struct event anywhere;
	bool anew;

	if (!cause_disagrees(facts, "size") || !facts->source || facts->sides[0].place < 0 || facts->sides[1].place < 0 || facts->sides[0].dim < 0 ||
	    facts->sides[1].dim < 0 || !is_recomputed(facts))
		return false;
	anywhere = *facts->event;
	anywhere.site = -1;
	facts->source->each_call(facts->source->context, facts->process, &anywhere, look_at_call, &forward);
	if (forward.event < 0)
		return false;
	changed = &facts->sides[!forward.same];
	out->confidence = "likely";
	text_add(&out->text, "the checkpointed block is run again for the backward and does not find %s as it was: %" PRId64 " in forward, %" PRId64 " now",
		 cause_operand_name(facts, changed->place), forward.size, changed->size);
	anew = changed->lineage && changed->lineage->count && !is_from_forward(changed);
	if (cause_decider(changed)) {
		text_add(&out->text, "%s", anew ? SAY(", made anew by ") : SAY(", overwritten since by "));
		cause_add_step(facts, &out->text, cause_decider(changed));
	}
	text_add(&out->evidence, "in forward this line had %" PRId64 " on both sides (event %" PRId64 ")", forward.size, forward.event);
	if (anew) /* it can't be given */
		text_add(&out->fix, "let nothing change until the backward has run that the block reads from elsewhere (an attribute, a cache, a counter), or give that to the "
			 "checkpointed function as an argument");
	else
		text_add(&out->fix, "give %s to the checkpointed function as an argument (its inputs are kept for the backward); what it reads from elsewhere (an attribute, a "
			 "cache, a counter) must not change until the backward has run", cause_operand_name(facts, changed->place));
	return true;
}

#define SITES_MOST 256

struct last { const struct cause_facts *facts; const char *line; int64_t event; int count; struct { int64_t site; bool same; } sites[SITES_MOST]; };

/* The newest operation of this step that the failing line called in forward. */
static bool
look_for_line(const struct event *event, void *context)
{
	struct last *last = context;
	bool same = false, known = false;
	char line[4200];

	if (event->step != last->facts->step || last->event >= 0)
		return false;
	if (event->site < 0 || strcmp(event->phase, "forward") != 0)
		return true;
	for (int i = 0; i < last->count && !known; i++)
		if (last->sites[i].site == event->site) {
			same = last->sites[i].same;
			known = true;
		}
	if (!known) {
		same = where_site_line(last->facts->source, last->facts->process, event->site, true, line, sizeof(line)) && strcmp(line, last->line) == 0;
		if (last->count < SITES_MOST) {
			last->sites[last->count].site = event->site;
			last->sites[last->count++].same = same;
		}
	}
	if (same)
		last->event = event->id;
	return true;
}

static bool
in_checkpoint(const struct cause_facts *facts)
{
	bool inside = false;

	for (size_t i = 0; i < json_array_size(facts->frames); i++) {
		const json_t *frame = json_array_get(facts->frames, i);

		inside = inside || where_is_checkpointing(text_get(frame, "file"));
		if (inside && strcmp(text_get(frame, "function"), "_engine_run_backward") == 0)
			return true;
	}
	return false;
}

/* Needs: a check of Python's that failed while activation checkpointing ran its block again, and a tensor that was made in forward after
 * that line had run there: it can't be what the line was given then. */
bool
cause_replaced_between(const struct cause_facts *facts, struct cause *out)
{
	int chosen = where_choose(facts->frames);
	const json_t *frame = chosen < 0 ? NULL : json_array_get(facts->frames, (size_t)chosen);
	struct last last = { .facts = facts, .event = -1 };
	const struct lineage_step *made;
	const char *name;
	char line[4200];

	if (!cause_disagrees(facts, "size") || !cause_is_raised(facts) || !facts->source || !frame || !in_checkpoint(facts) || !is_from_forward(&facts->sides[0]))
		return false;
	text_format(line, sizeof(line), "%s:%d", text_get(frame, "file"), (int)json_integer_value(json_object_get(frame, "line")));
	last.line = line;
	facts->source->each_recent(facts->source->context, facts->process, EVENTS_MOST, look_for_line, &last);
	made = &facts->sides[0].lineage->steps[0];
	if (last.event < 0 || made->event.id <= last.event || made->event.step != facts->step || made->entered)
		return false;
	name = cause_operand_name(facts, facts->sides[0].place);
	out->confidence = "likely";
	text_add(&out->text, "the checkpointed block is run again for the backward and does not find %s as it was: %" PRId64 " in forward, %" PRId64 " now", name,
		 facts->mismatch->expected, facts->sides[0].size);
	text_add(&out->text, ", replaced since by ");
	cause_add_line(facts, &out->text, made, -1);
	text_add(&out->evidence, "in forward this line ran at event %" PRId64 ", what it is given now was made at event %" PRId64, last.event, made->event.id);
	if (strchr(name, '['))
		text_add(&out->fix, "don't put another tensor into %s between forward and backward (work on a copy of the dict or list), or give the tensor itself to the "
			 "checkpointed function: of a dict or list it keeps the container, not what it held", name);
	else
		text_add(&out->fix, "give %s to the checkpointed function as an argument (its inputs are kept for the backward); what it reads from elsewhere (an attribute, a "
			 "cache, a counter) must not change until the backward has run", name);
	return true;
}

static const char splits[] = "chunk split tensor_split split_with_sizes unsafe_chunk unsafe_split unbind";

/* How long the whole was that STEP cut; -1. */
static int64_t
whole_of(const struct lineage_step *step)
{
	int self = step ? rule_any(&step->event, "self") : -1;
	const struct operand *whole = self >= 0 ? &step->event.operands[self] : NULL;

	return whole && step->dim >= 0 && step->dim < whole->ndim ? whole->sizes[step->dim] : -1;
}

/* Needs: both sizes are of parts, cut at different lines from wholes of one size. */
bool
cause_cut_differently(const struct cause_facts *facts, struct cause *out)
{
	const struct lineage_step *one = cause_decider(&facts->sides[0]), *other = cause_decider(&facts->sides[1]);

	if (!cause_disagrees(facts, "size") || !cause_decided_by(&facts->sides[0], splits) || !cause_decided_by(&facts->sides[1], splits) ||
	    whole_of(one) < 1 || whole_of(one) != whole_of(other) || one->event.site == other->event.site)
		return false;
	out->confidence = "likely";
	text_add(&out->text, "what belongs together was cut into parts in two ways: %" PRId64 " in parts of %" PRId64 " (%s) by ", whole_of(one), facts->sides[0].size,
		 cause_operand_name(facts, facts->sides[0].place));
	cause_add_step(facts, &out->text, one);
	text_add(&out->text, ", and in parts of %" PRId64 " (%s) by ", facts->sides[1].size, cause_operand_name(facts, facts->sides[1].place));
	cause_add_step(facts, &out->text, other);
	text_add(&out->fix, "cut both by the same sizes (split(%" PRId64 ") of both); chunk(n) makes n equal parts, split(n) parts of n, and they agree only where it divides",
		 facts->sides[0].size > facts->sides[1].size ? facts->sides[0].size : facts->sides[1].size);
	return true;
}

static void
add_origin(const struct cause_facts *facts, struct cause *out, int side)
{
	if (!cause_decider(&facts->sides[side]))
		return;
	text_add(&out->text, "; the %" PRId64 " came in with %s, made by ", facts->sides[side].size, cause_operand_name(facts, facts->sides[side].place));
	cause_add_step(facts, &out->text, cause_decider(&facts->sides[side]));
	if (cause_decider(&facts->sides[side])->event.step >= 0 && cause_decider(&facts->sides[side])->event.step + 1 < facts->step)
		text_add(&out->text, " in step %" PRId64 " and kept since", cause_decider(&facts->sides[side])->event.step);
}

/* What was made in an earlier step as long as a limit says, and kept, meets more than that: says so. */
static bool
tell_kept_limit(const struct cause_facts *facts, struct cause *out)
{
	int small = facts->sides[0].size > facts->sides[1].size;
	const struct cause_side *side = &facts->sides[small];
	const struct lineage_step *step = cause_decider(side);
	int64_t larger = facts->sides[!small].size;
	const json_t *limit = step && side->size > 1 && step->event.step >= 0 && step->event.step < facts->step ? cause_cut_by(facts, side, larger) : NULL;

	if (!cause_is_limit(facts, limit))
		return false;
	out->confidence = "likely";
	out->setting = limit;
	text_add(&out->text, "%" PRId64 " is %s, and %" PRId64 " is more than that; ", side->size, text_get(limit, "name"), larger);
	text_add(&out->fix, "raise %s to %" PRId64 " or more, or cut the input to %" PRId64, text_get(limit, "name"), larger, side->size);
	return true;
}

/* Needs: what torch.compile told of an operation that it traced. Says no more than the mismatch, and what came in; likely where that is as long as
 * a limit by name. */
bool
cause_compiled(const struct cause_facts *facts, struct cause *out)
{
	bool limited;

	if (!facts->message || !strstr(facts->message, "fake tensors: call_") || !facts->mismatch || !facts->event)
		return false;
	out->confidence = "possible";
	text_add(&out->text, "inside the compiled part (torch.compile traced this line): ");
	limited = cause_disagrees(facts, "size") && tell_kept_limit(facts, out);
	text_add(&out->text, "%s", facts->mismatch->text);
	add_origin(facts, out, 0);
	add_origin(facts, out, 1);
	if (limited)
		return true;
	text_add(&out->fix, "bring what came in to the size of what it meets before the compiled part is called, or make the other from its size; without torch.compile "
		 "(torch.compiler.set_stance(\"force_eager\")) every operation on the way is recorded");
	return true;
}
