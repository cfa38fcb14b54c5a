/* A rule about an object that was made anew and is still used old. */
#include <inttypes.h>
#include <string.h>

#include "../causes_tool.h"

struct newer { const struct cause_facts *facts; int64_t after_step, size, step; int dim; bool found; };

static bool
look_at_newer(const struct event *event, void *context)
{
	struct newer *newer = context;
	const struct operand *is = event->output_count == 1 ? &event->outputs[0] : NULL;

	if (event->step <= newer->after_step)
		return false;
	newer->found = is && newer->dim < is->ndim && is->sizes[newer->dim] == newer->size;
	newer->step = event->step;
	return !newer->found;
}

/* Is the failing function called by autograd itself: a hook of a tensor or a node? */
static bool
is_hook(const struct cause_facts *facts)
{
	for (size_t i = 0; i + 1 < json_array_size(facts->frames) && i < 3; i++)
		if (strcmp(text_get(json_array_get(facts->frames, i + 1), "function"), "_engine_run_backward") == 0)
			return true;
	return false;
}

/* Needs: one side was made in an earlier step by a line that made another since, of the size that fits. */
bool
cause_superseded(const struct cause_facts *facts, struct cause *out)
{
	static const char making[] = "zeros ones full empty rand randn randint arange eye zeros_like ones_like full_like cat stack tensor lift_fresh linspace";

	if (!cause_disagrees(facts, "size") || !facts->source || !facts->calls || facts->agreed != facts->calls)
		return false;
	for (int i = 0; i < 2; i++) {
		const struct cause_side *old = &facts->sides[i], *now = &facts->sides[!i];
		const struct lineage_step *step = cause_decider(old);
		struct newer newer = { .facts = facts, .size = now->size };
		struct event call;

		if (!step || step->event.site < 0 || step->dim < 0 || step->size != old->size || step->event.step >= facts->step || !cause_decided_by(old, making))
			continue;
		newer.after_step = step->event.step;
		newer.dim = step->dim;
		call = step->event;
		call.id = facts->event->id;
		facts->source->each_call(facts->source->context, facts->process, &call, look_at_newer, &newer);
		if (!newer.found)
			continue;
		out->confidence = "likely";
		text_add(&out->text, "%s is an old one: ", cause_operand_name(facts, old->place));
		cause_add_line(facts, &out->text, step, step->size);
		text_add(&out->text, " made it in step %" PRId64 " with %" PRId64 ", and another with %" PRId64 " in step %" PRId64 ", which would fit %s", step->event.step, old->size,
			 now->size, newer.step, cause_operand_name(facts, now->place));
		text_add(&out->evidence, "in %" PRId64 " earlier calls they agreed", facts->calls);
		if (is_hook(facts))
			text_add(&out->fix, "autograd calls this function itself: remove the old hook (keep what register_hook returns, and call its remove()) before another is "
				 "registered");
		else
			text_add(&out->fix, "let whatever still holds the old one go (an attribute, a closure, a hook, a cached object), or take the size of %s there",
				 cause_operand_name(facts, now->place));
		return true;
	}
	return false;
}
