/* A rule about what was made in the first call, for its size, and is used ever since: a cache that doesn't know of other sizes. */
#include <inttypes.h>
#include <string.h>

#include "../causes_tool.h"
#include "kept.h"
#include "../../mismatch/mismatch_rule.h"
#include "../../where.h"

/* Did the other side come in after the last use? */
static bool
is_fresh(const struct cause_side *side, const struct kept *kept)
{
	const struct lineage *lineage = side->lineage;

	return lineage && lineage->count && lineage->steps[0].event.id > kept->last && lineage->decider >= 0 && lineage->steps[lineage->decider].event.id > kept->last;
}

/* Have two names ("loader.batch_size", "len(loader.dataset)") one first part? */
static bool
is_of_one(const char *name, const char *other)
{
	size_t size;

	name += strncmp(name, "len(", 4) == 0 ? 4 : 0;
	other += strncmp(other, "len(", 4) == 0 ? 4 : 0;
	size = strcspn(name, ".");
	return name[size] == '.' && strncmp(name, other, size) == 0 && other[size] == '.';
}

/* Is NAME a list of batches, not of samples ("len(loader.batch_sampler.batches)")? */
static bool
lists_batches(const char *name)
{
	const char *last;
	size_t size = cause_last_name(name, &last);

	return strncmp(name, "len(", 4) == 0 && memmem(last, size, "batch", 5) != NULL;
}

/* The samples of what BATCH, a loader's batch size by name, is of: the first number of the same object that leaves a last batch of REST; NULL. */
static const json_t *
samples_of(const struct cause_facts *facts, const json_t *batch, size_t frame, int64_t rest)
{
	int64_t full = json_integer_value(json_object_get(batch, "value"));
	const json_t *numbers = json_object_get(json_array_get(facts->numbers, frame), "numbers"), *number, *found = NULL;
	size_t i;

	json_array_foreach(numbers, i, number) {
		const char *name = text_get(number, "name");
		int64_t value = json_integer_value(json_object_get(number, "value"));
		bool sampled = strstr(name, "num_samples"), columns = text_ends(name, "[0])");

		if (!columns && !lists_batches(name) && value > full && value % full == rest && is_of_one(text_get(batch, "name"), name) && (sampled || strncmp(name, "len(", 4) == 0) && (sampled || !found))
			found = number;
	}
	return found;
}

/* Does a variable of the frame count the batches up to here, from 0 or 1: FULL ones before this one? */
static bool
counts_batches(const json_t *numbers, int64_t before)
{
	const json_t *number;
	size_t i;

	json_array_foreach(numbers, i, number) {
		const char *name = text_get(number, "name");
		int64_t value = json_integer_value(json_object_get(number, "value"));

		if (before > 1 && !strpbrk(name, ".[(") && (value == before || value == before + 1))
			return true;
	}
	return false;
}

/* Where the loader's own numbers don't tell how many samples it has: a number of its frame that does by its name, or as batches of FULL come to what is counted there; NULL. */
static const json_t *
samples_beside(const struct cause_facts *facts, size_t frame, int64_t full, int64_t rest)
{
	const json_t *numbers = json_object_get(json_array_get(facts->numbers, frame), "numbers"), *number;
	size_t i;

	json_array_foreach(numbers, i, number) {
		const char *name = text_get(number, "name");
		int64_t value = json_integer_value(json_object_get(number, "value"));
		bool named = strncmp(name, "len(", 4) == 0 ? strstr(name, "dataset") && !text_ends(name, "[0])") : strstr(name, "num_samples") || strstr(name, "num_examples");

		if (value > full && value % full == rest && (named || counts_batches(numbers, value / full)))
			return number;
	}
	return NULL;
}

bool
cause_add_last_batch(const struct cause_facts *facts, struct text *text, int64_t full, int64_t rest)
{
	struct text_walk at = { 0 };
	const json_t *number;

	while (full > rest && rest > 0 && (number = cause_next_number(facts, &at))) {
		const json_t *samples = cause_is_called(number, "batch_size") && json_integer_value(json_object_get(number, "value")) == full
						? samples_of(facts, number, at.outer, rest) : NULL;
		int64_t all;

		if (!samples && cause_is_called(number, "batch_size") && json_integer_value(json_object_get(number, "value")) == full)
			samples = samples_beside(facts, at.outer, full, rest);
		all = samples ? json_integer_value(json_object_get(samples, "value")) : 0;

		if (!samples)
			continue;
		text_add(text, "the last, smaller batch: %s = %" PRId64 " = %" PRId64 " x %" PRId64 " + %" PRId64, text_get(samples, "name"), all, all / full, full, rest);
		return true;
	}
	return false;
}

bool
cause_add_smaller_batch(const struct cause_facts *facts, const struct cause_side *side, struct text *text)
{
	const struct news *news = side->news;
	const struct news_step *new = news && news->count ? &news->steps[news->count - 1] : NULL;
	const json_t *batch;

	if (side->dim != 0 || !new || new->step.dim != 0 || new->step.size != side->size || !usual_is_steady(&new->usual) || new->usual.smallest <= side->size ||
	    !mismatch_is_any(new->step.event.operation, "stack cat lift_fresh pad_sequence"))
		return false;
	if (cause_add_last_batch(facts, text, new->usual.smallest, side->size))
		return true;
	batch = strcmp(new->step.event.phase, "data") == 0 ? cause_named_number(facts, new->usual.smallest, "batch_size") : NULL;
	if (!cause_is_called(batch, "batch_size"))
		return false;
	text_add(text, "a batch of %" PRId64 ", the only one with less than %s = %" PRId64 ", as a loader's last one is", side->size, text_get(batch, "name"), new->usual.smallest);
	return true;
}

static void
tell(const struct cause_facts *facts, struct cause *out, const struct kept *kept, int side)
{
	const struct cause_side *old = &facts->sides[side], *now = &facts->sides[!side];
	const char *name = cause_operand_name(facts, old->place), *other = cause_operand_name(facts, now->place);
	struct text last = {{0}, 0};

	other = strcmp(other, "self") == 0 ? SAY("what it meets") : other; /* an expression without a name */
	text_add(&out->text, "%s was made once, in step %" PRId64 ", for %" PRId64 ", and is kept since: ", name, kept->made->event.step, old->size);
	cause_add_line(facts, &out->text, kept->made, -1);
	text_add(&out->text, "; %s has %" PRId64 " now", other, now->size);
	if (old->dim == 0 && now->dim == 0 && cause_add_last_batch(facts, &last, old->size, now->size))
		text_add(&out->text, ", %s", last.data);
	text_add(&out->evidence, "the same tensor was used in %" PRId64 " calls before", kept->uses);
	text_add(&out->fix, "make it anew where the size is another (keep one for each size: let the size be part of the key, or compare it), by the size of %s", other);
	if (old->dim == 0 && now->dim == 0 && now->size < old->size)
		text_add(&out->fix, ", or leave the last, smaller batch out (drop_last=True)");
}

/* Needs: one side is a tensor that was made in an earlier step, by a line that an earlier call of the same function came to and this one didn't, and
 * that was used at this line ever since; the other side was made since. It is no parameter, and nothing was written into it. */
bool
cause_made_once(const struct cause_facts *facts, struct cause *out)
{
	if (!cause_disagrees(facts, "size") || !facts->source || facts->event->site < 0 || strcmp(facts->event->phase, "optimizer") == 0 ||
	    facts->agreed != facts->calls)
		return false;
	for (int i = 0; i < 2; i++) {
		const struct cause_side *old = &facts->sides[i], *now = &facts->sides[!i];
		struct kept kept;

		if (old->place < 0 || now->place < 0 || old->size < 2 || cause_is_parameter(facts, old->place) || !kept_find(facts, old, &kept) ||
		    !is_fresh(now, &kept) || !kept_is_within(facts, &kept) || kept_is_made_anew(facts, &kept))
			continue;
		out->confidence = "likely";
		out->tells_news = true;
		tell(facts, out, &kept, i);
		return true;
	}
	return false;
}
