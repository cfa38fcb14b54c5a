/* A rule about what was made in the first call, for its size, and is used ever since: a cache that doesn't know of other sizes. */
#include <inttypes.h>
#include <string.h>

#include "causes_tool.h"
#include "../mismatch/mismatch_rule.h"
#include "../where.h"

#define LOOKED_MOST 2000 /* calls of the operation that are looked through */

/* One side that lasts: the step of its story that made the tensor which was kept, and the event that this one went into as it was. */
struct kept {
	const struct lineage_step *made;
	const struct event *user;
	int64_t uses /* before this one, of the same line */, last /* of their events */;
};

struct look { const struct cause_facts *facts; struct kept *kept; int64_t looked; };

static bool
look_at_use(const struct event *event, void *context)
{
	struct look *look = context;
	const struct event *user = look->kept->user;

	for (int i = 0; i < event->operand_count; i++)
		if (event->operands[i].tensor == look->kept->made->tensor &&
		    where_same_line(look->facts->source, look->facts->process, event->site, user->site)) {
			look->kept->last = look->kept->uses++ ? look->kept->last : event->id;
			break;
		}
	return ++look->looked < LOOKED_MOST;
}

/* Was it made in an earlier step, went nowhere but into what keeps its size, and was nothing written into it? */
static bool
find_kept(const struct cause_facts *facts, const struct cause_side *side, struct kept *out)
{
	const struct lineage *lineage = side->lineage;
	struct event anywhere;
	int i = 0;

	for (; lineage && i < lineage->count && lineage->steps[i].event.step >= facts->event->step; i++)
		if (lineage->steps[i].size != side->size || mismatch_is_any(lineage->steps[i].event.operation, "slice narrow index index_select"))
			return false;
	if (!lineage || i == lineage->count || lineage->steps[i].tensor < 1 || lineage->steps[i].size != side->size || lineage->steps[i].writes || lineage->replaced)
		return false;
	*out = (struct kept){ .made = &lineage->steps[i], .user = i ? &lineage->steps[i - 1].event : facts->event };
	anywhere = *out->user;
	anywhere.site = -1; /* it may be another loop that ends in this line now */
	facts->source->each_call(facts->source->context, facts->process, &anywhere, look_at_use, &(struct look){ .facts = facts, .kept = out });
	return out->uses > 0;
}

/* Was it made within an earlier call of the function that uses it? What is made as a model is built isn't. */
static bool
is_made_within(const struct cause_facts *facts, const struct kept *kept)
{
	json_t *making = where_site_frames(facts->source, facts->process, kept->made->event.site);
	json_t *using = where_site_frames(facts->source, facts->process, kept->user->site);
	const json_t *in = json_array_get(using, (size_t)where_choose(using));
	bool within = in && text_get(in, "function")[0] != '<' && where_is_among(making, in);

	json_decref(making);
	json_decref(using);
	return within;
}

struct later { int64_t step; bool found; };

static bool
look_at_later(const struct event *event, void *context)
{
	struct later *later = context;

	later->found = event->step > later->step;
	return false;
}

/* Did the line that made it make another since? Then this one is merely old. */
static bool
is_made_anew(const struct cause_facts *facts, const struct kept *kept)
{
	struct event call = kept->made->event;
	struct later later = { call.step, false };

	call.id = facts->event->id;
	facts->source->each_call(facts->source->context, facts->process, &call, look_at_later, &later);
	return later.found;
}

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

		if (!columns && value > full && value % full == rest && is_of_one(text_get(batch, "name"), name) && (sampled || strncmp(name, "len(", 4) == 0) && (sampled || !found))
			found = number;
	}
	return found;
}

bool
cause_add_last_batch(const struct cause_facts *facts, struct text *text, int64_t full, int64_t rest)
{
	struct text_walk at = { 0 };
	const json_t *number;

	while (full > rest && rest > 0 && (number = cause_next_number(facts, &at))) {
		const json_t *samples = cause_is_called(number, "batch_size") && json_integer_value(json_object_get(number, "value")) == full
						? samples_of(facts, number, at.outer, rest) : NULL;
		int64_t all = samples ? json_integer_value(json_object_get(samples, "value")) : 0;

		if (!samples)
			continue;
		text_add(text, "the last, smaller batch: %s = %" PRId64 " = %" PRId64 " x %" PRId64 " + %" PRId64, text_get(samples, "name"), all, all / full, full, rest);
		return true;
	}
	return false;
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

		if (old->place < 0 || now->place < 0 || old->size < 2 || cause_is_parameter(facts, old->place) || !find_kept(facts, old, &kept) ||
		    !is_fresh(now, &kept) || !is_made_within(facts, &kept) || is_made_anew(facts, &kept))
			continue;
		out->confidence = "likely";
		out->tells_news = true;
		tell(facts, out, &kept, i);
		return true;
	}
	return false;
}
