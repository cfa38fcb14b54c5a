/* Rules about what lives longer than a step: states that were kept, parameters that were replaced. */
#include <inttypes.h>
#include <string.h>

#include "../causes_tool.h"
#include "../../mismatch/mismatch_rule.h"
#include "../../mismatch/operand.h"
#include "../../where.h"

#define BASES_MOST 4 /* views of views that are followed */
#define AGREEING_LEAST 2 /* pairs beside the one that differs: no chance */

/* The step of SIDE's story that is an earlier call of the failing line; NULL. */
static const struct lineage_step *
earlier_call(const struct cause_facts *facts, const struct cause_side *side)
{
	for (int i = 0; side->lineage && facts->event->site >= 0 && i < side->lineage->count; i++) {
		const struct lineage_step *step = &side->lineage->steps[i];

		if (step->event.site == facts->event->site && step->event.id >= 0 && step->event.id < facts->event->id &&
		    strcmp(step->event.operation, facts->event->operation) == 0)
			return step;
	}
	return NULL;
}

/* Needs: one side went through an earlier call of the failing line, and the other was made since: a state that is carried on. */
bool
cause_kept(const struct cause_facts *facts, struct cause *out)
{
	const struct cause_side *kept = &facts->sides[0], *now = &facts->sides[1];
	const struct lineage_step *before;

	if (!cause_disagrees(facts, "size") || kept->size < 0 || now->size < 0 || !strcmp(facts->event->phase, "optimizer"))
		return false;
	if (!earlier_call(facts, kept)) {
		kept = &facts->sides[1];
		now = &facts->sides[0];
	}
	before = earlier_call(facts, kept);
	if (!before || earlier_call(facts, now) || kept->dim < 0 || !cause_decider(now) || cause_decider(now)->event.id < before->event.id)
		return false; /* layer upon layer by one line, on what came before them all */
	out->confidence = "likely";
	text_add(&out->text, "%s was kept from an earlier call of this line and has %" PRId64 " in dimension %d, as what came then had; what comes now, %s, has %" PRId64,
		 cause_operand_name(facts, kept->place), kept->size, kept->dim, cause_operand_name(facts, now->place), now->size);
	text_add(&out->evidence, "the earlier call is event %" PRId64, before->event.id);
	if (cause_decider(now)) {
		text_add(&out->evidence, "; the %" PRId64 " of now was decided by ", now->size);
		cause_add_step(facts, &out->evidence, cause_decider(now));
	}
	text_add(&out->fix, "start %s anew where another sequence or batch begins (reset the cache or state), or bring all batches to one size (drop_last=True)",
		 cause_operand_name(facts, kept->place));
	return true;
}

/* Was SIDE the same in all earlier calls, as it is now? */
static bool
is_as_ever(const struct cause_side *side)
{
	return side->calls >= 3 && side->smallest == side->size && side->largest == side->size;
}

/* Needs: a cat along another dimension whose two sides always had one size here; one still has it, and no variable holds it (an attribute:
 * a cache), the other has a size that is new. */
bool
cause_kept_size(const struct cause_facts *facts, struct cause *out)
{
	const struct cause_side *kept = &facts->sides[0], *now = &facts->sides[1];
	int64_t times;

	if (!cause_disagrees(facts, "size") || !cause_is(facts, "cat concat") || kept->place < 0 || now->place < 0)
		return false;
	if (!is_as_ever(kept)) {
		kept = &facts->sides[1];
		now = &facts->sides[0];
	}
	if (!is_as_ever(kept) || !now->calls || now->largest != kept->size || now->smallest != kept->size ||
	    operand_local(facts->frames, facts->event->operands[kept->place].tensor))
		return false;
	times = kept->size > 0 && now->size % kept->size == 0 ? now->size / kept->size : 0;
	out->confidence = "likely";
	text_add(&out->text, "what %s is joined to (a cache or state that is kept) was filled with %" PRId64 " in dimension %d, as all %" PRId64 " calls before had; what comes "
		 "now has %" PRId64, cause_operand_name(facts, now->place), kept->size, kept->dim, kept->calls, now->size);
	if (cause_decider(now))
		cause_add_decided(facts, &out->evidence, now->size, cause_decider(now));
	if (times > 1)
		text_add(&out->fix, "repeat what is kept %" PRId64 " times along dimension %d before it is used (repeat_interleave; of a cache of keys and values: "
			 "batch_repeat_interleave(%" PRId64 ")), or fill it anew with this batch", times, kept->dim, times);
	else
		text_add(&out->fix, "fill it anew for a batch of %" PRId64 " (reset the cache or state), or bring the batch to %" PRId64, now->size, kept->size);
	return true;
}

/* What TENSOR, as it was before event BEFORE, is but another view of: a state dict hands out parameters detached. */
static int64_t
base_of(const struct cause_facts *facts, int64_t tensor, int64_t before)
{
	struct event maker;
	int output, writes;

	for (int i = 0; i < BASES_MOST && lineage_maker(facts->source, facts->process, tensor, before, LINEAGE_SIZE, &maker, &output, &writes) &&
			mismatch_is_any(maker.operation, "detach alias to to_copy") && maker.operand_count && maker.operands[0].tensor > 0;
	     i++) {
		tensor = maker.operands[0].tensor;
		before = maker.id;
	}
	return tensor;
}

/* Was it made before the step that failed? */
static bool
is_of_before(const struct cause_facts *facts, int64_t tensor)
{
	struct event maker;
	struct live_tensor live;
	int output, writes;

	if (lineage_maker(facts->source, facts->process, tensor, facts->event->id, LINEAGE_SIZE, &maker, &output, &writes)) /* an average is written to in every step */
		return maker.step < facts->event->step;
	return facts->source->live_tensor(facts->source->context, facts->process, tensor, &live);
}

struct partner { const struct cause_facts *facts; int64_t tensor, base, size; int place, other, dim, calls; bool varies; };

/* What the tensor at one place met at the other. */
static bool
look_at_call(const struct event *event, void *context)
{
	struct partner *partner = context;
	const struct operand *other;
	int64_t base;

	if (partner->place >= event->operand_count || partner->other >= event->operand_count ||
	    event->operands[partner->place].tensor != partner->tensor || event->id >= partner->facts->event->id ||
	    !where_same_line(partner->facts->source, partner->facts->process, event->site, partner->facts->event->site))
		return true;
	other = &event->operands[partner->other];
	base = base_of(partner->facts, other->tensor, event->id);
	partner->varies = partner->varies || (partner->calls && base != partner->base);
	partner->base = base;
	if (!partner->calls)
		partner->size = partner->dim < other->ndim ? other->sizes[partner->dim] : -1;
	return ++partner->calls < 2;
}

bool
cause_is_parameter(const struct cause_facts *facts, int place)
{
	const json_t *local = place >= 0 ? operand_local(facts->frames, facts->event->operands[place].tensor) : NULL;

	return local && (strcmp(text_get(local, "class"), "Parameter") == 0 ||
			 (json_is_true(json_object_get(local, "requires_grad")) && json_is_true(json_object_get(local, "is_leaf"))));
}

/* Needs: a parameter (or what a state dict gives of one), and what met another parameter of its own size at this line before, always the same: the
 * parameter was replaced since. */
bool
cause_replaced(const struct cause_facts *facts, struct cause *out)
{
	struct event anywhere;
	bool parameter;
	int64_t base;

	if (!cause_disagrees(facts, "size") || !facts->source || facts->event->site < 0 || facts->mismatch->operand < 0 || facts->mismatch->against < 0)
		return false;
	anywhere = *facts->event;
	for (int i = 0; i < 2; i++) {
		const struct cause_side *now = &facts->sides[i], *copy = &facts->sides[!i];
		struct partner partner = { .facts = facts, .tensor = copy->place < 0 ? -1 : facts->event->operands[copy->place].tensor, .place = copy->place, .other = now->place,
					   .dim = now->dim };

		if (partner.tensor < 0 || now->place < 0 || now->dim < 0 || facts->event->operands[now->place].tensor < 1)
			continue;
		parameter = cause_is_parameter(facts, now->place);
		base = base_of(facts, facts->event->operands[now->place].tensor, facts->event->id);
		if (!parameter && (base == facts->event->operands[now->place].tensor || !is_of_before(facts, base)))
			continue;
		anywhere.site = -1; /* the line may have been reached by another way then */
		facts->source->each_call(facts->source->context, facts->process, &anywhere, look_at_call, &partner);
		if (partner.calls < (parameter ? 1 : 2) || partner.varies || partner.base == base || partner.size != copy->size)
			continue;
		out->confidence = "likely";
		text_add(&out->text, "%s is a parameter that was replaced since %s was made for it: %s has %" PRId64 " in dimension %d as the one before had, this one has %" PRId64,
			 cause_operand_name(facts, now->place), cause_operand_name(facts, copy->place), cause_operand_name(facts, copy->place), copy->size, copy->dim,
			 now->size);
		if (cause_decider(now)) {
			text_add(&out->evidence, "the new one was made by ");
			cause_add_step(facts, &out->evidence, cause_decider(now));
		}
		text_add(&out->fix, "make %s anew when the module is replaced (the copy for an average, the optimizer, what a hook or a compiled graph holds)",
			 cause_operand_name(facts, copy->place));
		return true;
	}
	return false;
}

/* How many items of the two lists that the sides are of are recorded, and agree. */
static int
agreeing_items(const struct cause_facts *facts)
{
	const struct event *event = facts->event;
	int arguments[2], agreeing = 0;

	for (int i = 0; i < 2; i++) {
		arguments[i] = event->operands[facts->sides[i].place].argument;
		if (event->operands[facts->sides[i].place].item < 0)
			return 0;
	}
	for (int i = 0; i < event->operand_count; i++)
		for (int n = 0; n < event->operand_count && event->operands[i].argument == arguments[0] && event->operands[i].item >= 0; n++) {
			const struct operand *one = &event->operands[i], *other = &event->operands[n];

			if (other->argument == arguments[1] && other->item == one->item)
				agreeing += one->ndim == other->ndim && one->ndim >= 0 && memcmp(one->sizes, other->sizes, (size_t)one->ndim * sizeof(*one->sizes)) == 0;
		}
	return agreeing;
}

/* Did the two always go together: the other items of their lists, or the earlier calls of the line? */
static bool
are_partners(const struct cause_facts *facts)
{
	return agreeing_items(facts) >= AGREEING_LEAST || (facts->calls >= AGREEING_LEAST && facts->agreed == facts->calls);
}

/* Is what is at PLACE, whose elements are those of BASE, a parameter, or something else that lasts from step to step? */
static bool
is_lasting(const struct cause_facts *facts, int place, int64_t base)
{
	int64_t tensor = facts->event->operands[place].tensor;

	return *text_get(operand_local(facts->frames, tensor), "parameter") || cause_is_parameter(facts, place) || (base != tensor && is_of_before(facts, base));
}

/* " (model.head.weight)": the parameter that what is at PLACE is, if it is known by another name. */
static void
add_parameter(const struct cause_facts *facts, struct text *text, int place)
{
	const json_t *local = operand_local(facts->frames, facts->event->operands[place].tensor);

	if (*text_get(local, "parameter") && strcmp(text_get(local, "parameter"), text_get(local, "name")) != 0)
		text_add(text, " (%s)", text_get(local, "parameter"));
}

/* The step of SIDE's story that made it a copy of something: clone, or whatever Python's copying of an object was the last that is known of; NULL. */
static const struct lineage_step *
copy_step(const struct cause_facts *facts, const struct cause_side *side)
{
	const struct lineage_step *made = cause_step_any(side, "clone");

	for (int i = 0; !made && side->lineage && i < side->lineage->count; i++) {
		int64_t id = side->lineage->steps[i].event.site;
		struct site site;

		for (int n = 0; id >= 0 && !made && facts->source->site(facts->source->context, facts->process, id, &site) && n < site.frame_count; n++) {
			const char *function = site.frames[n].function ? site.frames[n].function : "", *last = strrchr(function, '.');

			made = strcmp(last ? last + 1 : function, "__deepcopy__") == 0 ? &side->lineage->steps[i] : NULL;
		}
	}
	return made;
}

/* Needs: one side was copied (clone) from what was there then, the other is a parameter that was made since; what they go with otherwise (the items
 * beside them, the calls before) agrees. (Numbers are given to tensors in order.) */
bool
cause_replaced_after_copy(const struct cause_facts *facts, struct cause *out)
{
	if (!cause_disagrees(facts, "size") || !facts->source || facts->sides[0].place < 0 || facts->sides[1].place < 0 ||
	    strcmp(facts->event->phase, "optimizer") == 0 || !are_partners(facts))
		return false;
	for (int i = 0; i < 2; i++) {
		const struct cause_side *copy = &facts->sides[i], *now = &facts->sides[!i];
		const struct lineage_step *made = copy_step(facts, copy);
		int64_t copied, base;

		if (!made || copy_step(facts, now) || facts->event->operands[copy->place].tensor < 1 || facts->event->operands[now->place].tensor < 1)
			continue;
		copied = base_of(facts, facts->event->operands[copy->place].tensor, facts->event->id);
		base = base_of(facts, facts->event->operands[now->place].tensor, facts->event->id);
		if (base <= copied || !is_lasting(facts, now->place, base) || !is_of_before(facts, copied))
			continue;
		out->confidence = "likely";
		out->tells_news = true;
		text_add(&out->text, "%s", cause_operand_name(facts, now->place));
		add_parameter(facts, &out->text, now->place);
		text_add(&out->text, " was replaced after %s was copied: the copy has the %" PRId64 " of what was there then, the new one has %" PRId64,
			 cause_operand_name(facts, copy->place), copy->size, now->size);
		text_add(&out->evidence, "the copy was made by ");
		cause_add_step(facts, &out->evidence, made);
		if (cause_decider(now)) {
			text_add(&out->evidence, ", the new one by ");
			cause_add_step(facts, &out->evidence, cause_decider(now));
		}
		text_add(&out->fix, "make the copy after the layer is replaced, or anew when it is; or replace the layer in the copy, too: ");
		cause_add_line(facts, &out->fix, made, -1);
		return true;
	}
	return false;
}

/* Needs: lists of unequal length, of which the note tells what the longer one has more: parameters by name. Likely where they are younger than the
 * other list's tensors. */
bool
cause_lists_unequal(const struct cause_facts *facts, struct cause *out)
{
	const struct event *event = facts->event;
	const struct operand *more, *less;
	int named = 0, younger = 0;

	if (!cause_disagrees(facts, "items"))
		return false;
	more = &event->operands[facts->mismatch->actual > facts->mismatch->expected ? facts->mismatch->operand : facts->mismatch->against];
	less = more == &event->operands[facts->mismatch->operand] ? &event->operands[facts->mismatch->against] : &event->operands[facts->mismatch->operand];
	for (int i = 0; i < event->operand_count; i++) {
		const char *name = text_get(operand_local(facts->frames, event->operands[i].tensor), "parameter");
		bool since = true;

		if (event->operands[i].argument != more->argument || event->operands[i].item < 0 || !*name)
			continue;
		for (int n = 0; n < event->operand_count; n++)
			since = since && (event->operands[n].argument != less->argument || event->operands[n].tensor < event->operands[i].tensor);
		if (named)
			text_add(&out->text, ", %s", name);
		else
			text_add(&out->text, "the longer list has what the other hasn't: %s", name);
		named++;
		younger += since;
	}
	if (!named)
		return false;
	out->confidence = younger == named ? "likely" : "possible";
	if (younger == named)
		text_add(&out->text, "; made after everything in the other list");
	text_add(&out->evidence, "%s", facts->mismatch->text);
	text_add(&out->fix, "make the other list (an average's copy, an optimizer's state) anew after the module was given these, or add them to it");
	return true;
}
