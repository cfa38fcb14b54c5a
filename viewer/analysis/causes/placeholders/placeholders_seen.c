/* What is seen of placeholders: the mask's places, row by row, earlier calls, and who made the tokens. See placeholders.h. */
#include "placeholders.h"

#include <stdlib.h>

#include "../causes_tool.h"
#include "../../history/usual.h"
#include "../../knowledge.h"
#include "../../mismatch/mismatch_rule.h"
#include "../../mismatch/operand.h"
#include "../../where.h"

/* Was the mask, or what it was compared from, a table of COUNT rows of COLUMNS each that was flattened? */
static bool
was_table(const struct lineage *mask, size_t count, int64_t columns)
{
	for (int i = 0; mask && i < mask->count; i++) {
		const struct event *event = &mask->steps[i].event;
		int place = mismatch_is_any(event->operation, "view reshape flatten ravel unsafe_view reshape_alias") ? rule_any(event, "self input") : -1;
		const struct operand *table = place >= 0 ? &event->operands[place] : NULL;

		if (table && table->ndim == 2 && table->sizes[0] == (int64_t)count && table->sizes[1] == columns)
			return true;
	}
	return false;
}

/* The mask that has the places: its tensor, where an operation or a check has it at hand; -1. */
static int64_t
mask_at_hand(const struct cause_facts *facts)
{
	const struct mismatch *mismatch = facts->mismatch;
	bool known = facts->event && mismatch && mismatch->against >= 0 && mismatch->against < facts->event->operand_count;

	return known ? facts->event->operands[mismatch->against].tensor : -1;
}

/* Is it as large as a local table of whole numbers, as a mask is that was compared from tokens? */
static bool
is_of_tokens(const json_t *frames, const json_t *shape)
{
	struct text_walk at = { 0 };
	const json_t *local;

	while ((local = text_next(frames, "locals", &at)))
		if (text_among("int64 int32", text_get(local, "dtype")) && json_array_size(json_object_get(local, "shape")) == 2 &&
		    json_equal(json_object_get(local, "shape"), shape))
			return true;
	return false;
}

/* The one mask among the locals that has SELECTED places, where what is told are numbers alone; NULL. */
static const json_t *
mask_of_locals(const struct cause_facts *facts, int64_t selected)
{
	struct text_walk at = { 0 };
	const json_t *local, *mask = NULL;

	while ((local = text_next(facts->frames, "locals", &at))) {
		const json_t *summary = json_object_get(local, "summary");

		if (cause_count(summary, "true", -1) != selected || json_array_size(json_object_get(summary, "rows")) < 2 ||
		    !is_of_tokens(facts->frames, json_object_get(local, "shape")))
			continue;
		if (mask && json_integer_value(json_object_get(mask, "tensor")) != json_integer_value(json_object_get(local, "tensor")))
			return NULL;
		mask = local;
	}
	return mask;
}

/* The same of a check that tells numbers; NULL where it is none, or has the mask at hand. */
static const json_t *
told_mask(const struct cause_facts *facts)
{
	struct placeholders found;

	return cause_is_raised(facts) && !cause_disagrees(facts, "count") && placeholders_find(facts, &found) && found.selected > 0 ? mask_of_locals(facts, found.selected) : NULL;
}

/* The mask's counts; FLATTENED: it has no rows of its own, but those of the table that it was. */
static const json_t *
mask_summary(const struct cause_facts *facts, bool *flattened)
{
	int64_t mask = mask_at_hand(facts);
	const json_t *summary = mask >= 0 ? knowledge_summary(mask, facts->counts, facts->frames) : NULL, *local, *as_rows;

	*flattened = false;
	if (json_object_get(summary, "rows"))
		return summary;
	if (mask < 0)
		return json_object_get(told_mask(facts), "summary");
	local = json_object_get(operand_local(facts->frames, mask), "summary");
	as_rows = json_object_get(local, "as_rows");
	*flattened = as_rows && facts->sides[1].place == facts->mismatch->against &&
		     was_table(facts->sides[1].lineage, json_array_size(as_rows), json_integer_value(json_object_get(local, "as_rows_of")));
	return *flattened ? local : NULL;
}

const json_t *
placeholders_rows(const struct cause_facts *facts)
{
	const json_t *summary;
	bool flattened;

	if (facts->places)
		return facts->places;
	summary = mask_summary(facts, &flattened);
	return json_object_get(summary, flattened ? "as_rows" : "rows");
}

const json_t *
placeholders_runs(const struct cause_facts *facts)
{
	bool flattened;

	return json_object_get(mask_summary(facts, &flattened), "runs");
}

int64_t
placeholders_agreed(const struct cause_facts *facts, int64_t *same)
{
	const struct lineage *story = facts->sides[0].lineage;
	struct usuals usuals;
	struct usual usual;

	*same = 0;
	for (int i = 0; facts->source && story && i < story->count; i++) {
		const struct lineage_step *step = &story->steps[i];
		bool all = true;

		if (step->dim < 0 || step->entered || step->event.site < 0)
			continue;
		if (!usual_made(facts->source, facts->process, &step->event, step->output, USUAL_CALLS_QUICK, &usuals) || !usual_dim(&usuals, step->dim, &usual))
			return 0;
		for (int d = 0; d < usuals.ndim; d++) { /* (a batch of pictures, each with rows of its own) */
			struct usual of;

			all = all && usual_dim(&usuals, d, &of) && of.same == of.calls;
		}
		*same = all ? usual.calls : usuals.ndim <= 2 ? usual.same : 0;
		return usual.calls;
	}
	return 0;
}

bool
placeholders_add_tokens(const struct cause_facts *facts, int64_t tensor, struct text *out)
{
	struct lineage *story;
	char line[4200];
	bool found = false;

	if (tensor <= 0 && (tensor = mask_at_hand(facts)) < 0)
		tensor = json_integer_value(json_object_get(told_mask(facts), "tensor"));
	story = facts->source && tensor > 0 ? calloc(1, sizeof(*story)) : NULL;
	if (story)
		lineage_walk_tensor(facts->source, facts->process, tensor, facts->before, -1, LINEAGE_VALUES, story);
	for (int i = story ? story->count - 1 : -1; i >= 0 && !found; i--) {
		int64_t site = story->steps[i].event.site;

		found = site >= 0 && (where_is_own(facts->source, facts->process, site)
				      ? where_site_line(facts->source, facts->process, site, false, line, sizeof(line))
				      : where_caller_line(facts->source, facts->process, site, line, sizeof(line)));
	}
	if (found)
		text_add(out, "%s", line);
	free(story);
	return found;
}
