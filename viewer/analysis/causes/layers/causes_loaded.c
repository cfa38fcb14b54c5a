/* A layer whose weights were loaded from a file: it can't be built otherwise for them. What to give it instead. */
#include <inttypes.h>
#include <string.h>

#include "../causes_tool.h"
#include "../../mismatch/mismatch_rule.h"
#include "../../where.h"

#define COPIES_MOST 20000 /* to look at */

/* Is call SITE within what brings a file's tensors into a module: load_state_dict(), the library's own function of that name, the reading itself? */
static bool
is_loading(const struct cause_facts *facts, int64_t site)
{
	json_t *frames = where_site_frames(facts->source, facts->process, site);
	bool found = false;

	for (size_t i = 0; i < json_array_size(frames) && !found; i++)
		found = strstr(text_get(json_array_get(frames, i), "function"), "load_state_dict") ||
			strstr(text_get(json_array_get(frames, i), "file"), "/torch/serialization.py");
	json_decref(frames);
	return found;
}

struct copies { const struct cause_facts *facts; int64_t tensor, looked; struct lineage_step *found; bool loads; };

static bool
look_copy(const struct event *event, void *context)
{
	struct copies *copies = context;

	if (event->operand_count && event->operands[0].tensor == copies->tensor) {
		*copies->found = (struct lineage_step){ .event = *event, .dim = -1, .size = -1 };
		copies->loads = is_loading(copies->facts, event->site);
		return false;
	}
	return ++copies->looked < COPIES_MOST;
}

/* What loaded the weight at SIDE: the read that its story ends in, or the last copy into it; false if it wasn't loaded. */
static bool
loaded_by(const struct cause_facts *facts, const struct cause_side *side, struct lineage_step *out)
{
	const struct lineage_step *decider = cause_decider(side);
	struct event any = { .id = facts->event->id, .site = -1, .operation = "aten::copy_", .overload = "" };
	struct copies copies = { .facts = facts, .tensor = facts->event->operands[side->place].tensor, .found = out };

	if (decider && is_loading(facts, decider->event.site)) {
		*out = *decider;
		return true;
	}
	if (copies.tensor > 0)
		facts->source->each_call(facts->source->context, facts->process, &any, look_copy, &copies);
	return copies.loads;
}

/* The number of a configuration that is called like one of NAMES and is VALUE; BESIDE: in the same object as that one. NULL. */
static const json_t *
entry(const struct cause_facts *facts, const char *names, int64_t value, const json_t *beside)
{
	struct text_walk at = { 0 };
	const json_t *number;
	const char *last, *other = "";

	if (beside)
		cause_last_name(text_get(beside, "name"), &other);
	while ((number = cause_next_number(facts, &at))) {
		const char *name = text_get(number, "name");
		int size = (int)cause_last_name(name, &last);
		char word[64];

		text_format(word, sizeof(word), "%.*s", size, last);
		if (json_integer_value(json_object_get(number, "value")) == value && text_among(names, word) && last > name &&
		    (!beside || (last - name == other - text_get(beside, "name") && strncmp(name, text_get(beside, "name"), (size_t)(last - name)) == 0)))
			return number;
	}
	return NULL;
}

bool
cause_tell_loaded_layer(const struct cause_facts *facts, struct cause *out, const char *of)
{
	const struct mismatch *mismatch = facts->mismatch;
	const json_t *takes, *gives, *caller = where_caller(facts->frames);
	struct lineage_step step;

	if (!facts->source || facts->sides[1].place < 0 || facts->sides[1].place != mismatch->against || !loaded_by(facts, &facts->sides[1], &step))
		return false;
	text_add(&out->text, "; its weights are those of a checkpoint, loaded by ");
	cause_add_step(facts, &out->text, &step);
	takes = entry(facts, "in_channels in_chans in_dim in_features input_dim input_size input_channels num_channels", mismatch->expected, NULL);
	gives = takes ? entry(facts, "out_channels out_chans out_dim out_features output_dim output_size output_channels", mismatch->actual, takes) : NULL;
	if (takes && !out->setting)
		out->setting = takes;
	cause_add_number(facts, &out->text, takes);
	if (gives && mismatch->expected > mismatch->actual) {
		text_add(&out->text, "; the model gives back %" PRId64, mismatch->actual);
		cause_add_number(facts, &out->text, gives);
		text_add(&out->text, " and takes %" PRId64 " more than that", mismatch->expected - mismatch->actual);
		text_add(&out->fix, "join the %" PRId64 " %s of what it is conditioned on (a mask, a masked picture, another latent) to the %" PRId64 " before it is called",
			 mismatch->expected - mismatch->actual, of, mismatch->actual);
		if (caller)
			text_add(&out->fix, " (%s:%d)", text_basename(text_get(caller, "file")), (int)json_integer_value(json_object_get(caller, "line")));
		text_add(&out->fix, ", or load a checkpoint that takes %" PRId64 " alone", mismatch->actual);
	} else {
		text_add(&out->fix, "give it the %" PRId64 " %s that the checkpoint was made for, or load one that was made for %" PRId64, mismatch->expected, of, mismatch->actual);
	}
	text_add(&out->fix, "; a layer built for %" PRId64 " doesn't fit these weights", mismatch->actual);
	return true;
}
