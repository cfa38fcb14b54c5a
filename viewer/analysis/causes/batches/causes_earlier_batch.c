/* A rule about what was made of an earlier batch and is used with this one: a cache that nobody emptied. */
#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../causes_tool.h"
#include "../../mismatch/mismatch_rule.h"
#include "../../where.h"

#define STATEMENTS_MOST 200
#define ARGUMENT_MOST 60 /* bytes */

struct newer { const struct lineage_step *entry; struct event event; int64_t size; };

/* The newest call of the line that brought the batch. */
static bool
look_at_newest(const struct event *event, void *context)
{
	struct newer *newer = context;
	const struct lineage_step *entry = newer->entry;
	const struct operand *made = entry->output < event->output_count ? &event->outputs[entry->output] : NULL;

	newer->event = *event;
	newer->size = made && entry->dim >= 0 && entry->dim < made->ndim ? made->sizes[entry->dim] : -1;
	return false;
}

/* Does STEP put samples together, outside the model? */
static bool
is_collated(const struct cause_facts *facts, const struct lineage_step *step)
{
	return mismatch_is_any(step->event.operation, "pad_sequence stack") && !text_among("forward backward eval", step->event.phase) && step->event.site >= 0 &&
	       where_is_own(facts->source, facts->process, step->event.site);
}

/* SIDE was computed from what came in ready-made, or was put together of samples, and the same line has brought something of WANTED since: it in OUT. */
static bool
find_newer(const struct cause_facts *facts, const struct cause_side *side, int64_t wanted, struct newer *out)
{
	const struct lineage *lineage = side->lineage;

	for (int i = lineage && lineage->property == LINEAGE_SIZE ? lineage->count - 1 : 0; i > 0; i--) {
		const struct lineage_step *entry = &lineage->steps[i];
		struct event call = entry->event;

		if (entry->possible || entry->event.id < 0 || entry->dim < 0 || entry->size != side->size || !(entry->entered || is_collated(facts, entry)))
			continue;
		*out = (struct newer){ .entry = entry, .event = { .id = -1 }, .size = -1 };
		call.id = facts->event->id;
		facts->source->each_call(facts->source->context, facts->process, &call, look_at_newest, out);
		if (out->event.id > lineage->steps[0].event.id && out->size == wanted && wanted > 0 && wanted != side->size)
			return true;
	}
	return false;
}

/* "cache=DynamicCache() (decode.py:6)" of a default value that a program's function makes once for all its calls; false if the frames have none. */
static bool
add_default(const struct cause_facts *facts, struct text *text)
{
	struct code_statement *statements = malloc(STATEMENTS_MOST * sizeof(*statements));
	bool found = false;

	for (size_t i = 0; statements && i < json_array_size(facts->frames) && !found; i++) {
		const json_t *frame = json_array_get(facts->frames, i);
		const char *file = text_get(frame, "file");
		struct code code;

		if (!where_is_program(file) || !code_open(&code, file, facts->time_ns))
			continue;
		if (code_statements(&code, (int)json_integer_value(json_object_get(frame, "line")), statements, STATEMENTS_MOST) > 1 && strstr(statements[0].text, "def "))
			for (const char *at = statements[0].text; (at = strchr(at, '=')) && !found; at++) {
				const char *name = at, *value = at + 1 + strspn(at + 1, " "), *end = value;

				while (name > statements[0].text && (text_is_word(name[-1]) || name[-1] == ' '))
					name--;
				name += strspn(name, " ");
				while (text_is_word(*end) || *end == '.')
					end++;
				found = (*end == '(' && end > value && isupper((unsigned char)*value)) || *value == '[' || *value == '{';
				if (found) {
					text_add(text, "%s", "`");
					text_add(text, "%.*s%s` (%s:%d)", (int)(end - name < ARGUMENT_MOST ? end - name : ARGUMENT_MOST), name, *end == '(' ? "(...)" : "...",
						 text_basename(file), statements[0].first);
				}
			}
		code_close(&code);
	}
	free(statements);
	return found;
}

/* Was SIDE made in an earlier step, or before the failing line ran last? What both sides got from one piece of code in this step is a pair: made one after
 * the other, each of its own. */
static bool
is_of_before(const struct cause_facts *facts, const struct cause_side *side)
{
	const struct event *made = side->lineage && side->lineage->count ? &side->lineage->steps[0].event : NULL;

	return made && (made->step < facts->event->step || (made->id < facts->last_call && !facts->twins));
}

/* Needs: one side was computed from a batch in earlier calls, and since then the line that brought that batch brought another, of just the size of the other side. What is
 * joined may well be of several batches. */
bool
cause_of_earlier_batch(const struct cause_facts *facts, struct cause *out)
{
	if (!cause_disagrees(facts, "size") || !facts->source || cause_is(facts, "cat concat concatenate stack") || strcmp(facts->event->phase, "optimizer") == 0)
		return false;
	for (int i = 0; i < 2; i++) {
		const struct cause_side *kept = &facts->sides[i], *now = &facts->sides[!i];
		struct text argument = {{0}, 0};
		struct newer newer;

		if (kept->place < 0 || cause_is_parameter(facts, kept->place) || !is_of_before(facts, kept) || !find_newer(facts, kept, now->size, &newer))
			continue;
		out->confidence = "likely";
		text_add(&out->text, "%s is of an earlier batch: it was made of what had %" PRId64 ", by ", cause_operand_name(facts, kept->place), kept->size);
		cause_add_step(facts, &out->text, newer.entry);
		text_add(&out->text, ", and since then that line has made %" PRId64 ", which %s has", newer.size, cause_operand_name(facts, now->place));
		text_add(&out->evidence, "made by ");
		cause_add_step(facts, &out->evidence, &kept->lineage->steps[0]);
		text_add(&out->evidence, ", event %" PRId64 "; this batch came in after it, event %" PRId64, kept->lineage->steps[0].event.id, newer.event.id);
		text_add(&out->fix, "make it anew for each batch: empty the cache (or state) where a batch begins");
		if (add_default(facts, &argument))
			text_add(&out->fix, "; a default argument is made once and shared by all calls: %s", argument.data);
		else
			text_add(&out->fix, " (one that is an attribute or a default argument outlives the call)");
		return true;
	}
	return false;
}
