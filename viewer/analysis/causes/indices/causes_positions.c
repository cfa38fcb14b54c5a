/* Positions that were counted, and don't cover what they are for. */
#include <inttypes.h>
#include <string.h>

#include "../causes_tool.h"
#include "../../mismatch/mismatch_rule.h"
#include "../../where.h"

/* Is LOCAL a tensor that SIDE's story goes through with SIDE's size? In which of its dimensions; -1. */
static int
dim_on_way(const struct cause_side *side, const json_t *local)
{
	int64_t tensor = json_is_integer(json_object_get(local, "tensor")) ? json_integer_value(json_object_get(local, "tensor")) : 0;

	for (int i = 0; side->lineage && tensor > 0 && i < side->lineage->count; i++) {
		const struct lineage_step *step = &side->lineage->steps[i];

		if (step->size == side->size && step->output >= 0 && step->output < step->event.output_count && step->event.outputs[step->output].tensor == tensor)
			return step->dim;
	}
	return -1;
}

/* "input_ids.shape[1]" of what SIDE came from, as the function that STEP was called from has it; false where it has no such variable. */
static bool
add_length(const struct cause_facts *facts, struct text *text, const struct lineage_step *step, const struct cause_side *side)
{
	json_t *there = where_site_frames(facts->source, facts->process, step->event.site);
	int chosen = where_choose(there), dim = -1;
	const json_t *at = chosen < 0 ? NULL : json_array_get(there, (size_t)chosen);

	for (size_t i = 0; at && dim < 0 && i < json_array_size(facts->frames); i++) {
		const json_t *frame = json_array_get(facts->frames, i), *locals = json_object_get(frame, "locals");

		if (strcmp(text_get(frame, "file"), text_get(at, "file")) != 0 || strcmp(text_get(frame, "function"), text_get(at, "function")) != 0)
			continue;
		for (size_t k = 0; k < json_array_size(locals) && dim < 0; k++)
			if ((dim = dim_on_way(side, json_array_get(locals, k))) >= 0)
				text_add(text, "%s.shape[%d]", text_get(json_array_get(locals, k), "name"), dim);
	}
	json_decref(there);
	return dim >= 0;
}

/* Does a file of the program that is in the frames speak of a cache, so that what is given now may be a piece? */
static bool
has_cache(const struct cause_facts *facts)
{
	struct text where = {{0}, 0};

	return cause_add_asked(facts, &where, "cache") || cause_add_asked(facts, &where, "past");
}

void
cause_tell_count(const struct cause_facts *facts, struct cause *out, const struct lineage_step *step, const struct cause_side *counted, const struct cause_side *other)
{
	const json_t *number = facts->source && mismatch_is_any(step->event.operation, "arange") ? cause_number_at(facts, step, counted->size) : NULL;
	const struct setting *set = number ? settings_find(facts->settings, text_get(number, "name"), counted->size) : NULL;
	struct text length = {{0}, 0};

	if (!set) {
		text_add(&out->fix, "count %" PRId64 " positions for what is given now", other->size);
	} else { /* a setting, not the input's own length */
		add_length(facts, &length, step, other);
		text_add(&out->fix, "count positions by the length of what is given: ");
		if (length.used)
			text_add(&out->fix, "arange(%s)", length.data);
		else
			text_add(&out->fix, "arange(%" PRId64 ")", other->size);
		text_add(&out->fix, " in place of %s", text_get(number, "name"));
	}
	if (has_cache(facts))
		text_add(&out->fix, " (position_ids of the piece, from what the cache already holds on: arange(start, start + %" PRId64 "))", other->size);
}
