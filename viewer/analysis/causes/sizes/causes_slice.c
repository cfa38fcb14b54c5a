/* Rules about slices that end before they have what was asked for, for what they are cut from is too short. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../causes_tool.h"
#include "../code/clipped.h"
#include "../../mismatch/mismatch_rule.h"
#include "../code/slice.h"

#define CALLS_ENOUGH 3
#define CALLS_MOST 200

static bool
find_short(const struct cause_facts *facts, struct event *event, struct slice *slice, int64_t *wanted)
{
	return facts->source && facts->mismatch && slice_find_short(facts->source, facts->process, facts->event, facts->mismatch, event, slice, wanted);
}

/* Needs: such a slice that begins within its tensor, and what is assigned is no larger than it was before. */
bool
cause_slice_ended(const struct cause_facts *facts, struct cause *out)
{
	struct event event;
	struct slice slice;
	int64_t wanted;

	if (!find_short(facts, &event, &slice, &wanted) || slice_begins_beyond(&slice))
		return false;
	for (int i = 0; i < 2; i++)
		if (facts->sides[i].size == wanted && facts->sides[i].calls >= CALLS_ENOUGH && wanted > facts->sides[i].largest)
			return false; /* larger than ever: it is what doesn't fit */
	out->confidence = "likely";
	text_add(&out->text, "the slice %" PRId64 ":%" PRId64 " ends beyond the %" PRId64 " that there are: %" PRId64 " are left for the %" PRId64 " that are assigned",
		 slice.start, slice.end, slice.whole, slice_left(&slice), wanted);
	text_add(&out->fix, "go on at the beginning: index with (torch.arange(%" PRId64 ") + start) %% %" PRId64 ", or keep what is assigned to sizes that divide "
		 "it (drop_last=True)", wanted, slice.whole);
	return true;
}

struct starts { int64_t calls, newest, again; };

static bool
add_start(const struct event *event, void *context)
{
	struct starts *starts = context;
	struct slice slice;

	if (!slice_read(event, &slice))
		return true;
	if (!starts->calls++)
		starts->newest = slice.start;
	else
		starts->again += slice.start == starts->newest;
	return starts->calls < CALLS_MOST;
}

/* What SLICE, by EVENT, is cut from: the step that made it so long, in LINEAGE, which the caller frees; NULL. */
static const struct lineage_step *
maker_of(const struct cause_facts *facts, const struct event *event, const struct slice *slice, struct lineage **lineage)
{
	*lineage = calloc(1, sizeof(**lineage));
	if (!*lineage)
		return NULL;
	lineage_walk_tensor(facts->source, facts->process, event->operands[rule_tensor(event, "self")].tensor, event->id, slice->dim, LINEAGE_SIZE, *lineage);
	return (*lineage)->decider >= 0 ? &(*lineage)->steps[(*lineage)->decider] : NULL;
}

/* Needs: such a slice that begins where nothing is left. Its places were numbered for more than its tensor was made for; or, where each call
 * began where the last one ended, the tensor is full. */
bool
cause_slice_beyond(const struct cause_facts *facts, struct cause *out)
{
	static const char hints[] = "end total size length offset numel capacity";
	struct starts starts = { 0 };
	struct lineage *lineage;
	const struct lineage_step *maker;
	struct event event;
	struct slice slice;
	int64_t wanted;
	bool numbered;

	if (!find_short(facts, &event, &slice, &wanted) || !slice_begins_beyond(&slice))
		return false;
	facts->source->each_call(facts->source->context, facts->process, &event, add_start, &starts);
	numbered = slice.start > slice.whole || starts.again > 0;
	maker = maker_of(facts, &event, &slice, &lineage);
	out->confidence = starts.calls >= CALLS_ENOUGH ? "likely" : "possible";
	out->tells_news = true;
	text_add(&out->text, "the slice %" PRId64 ":%" PRId64 " begins beyond the %" PRId64 " that there are: nothing is left for the %" PRId64 " that are assigned; ", slice.start,
		 slice.end, slice.whole, wanted);
	if (!numbered)
		text_add(&out->text, "what it is cut from is full");
	else
		text_add(&out->text, "what it is cut from was made for %" PRId64 " and has not grown with what is to go there", slice.whole);
	if (maker) {
		text_add(&out->evidence, "it was made by ");
		cause_add_line(facts, &out->evidence, maker, slice.whole);
	}
	out->setting = cause_named_number(facts, slice.end, hints);
	if (!cause_is_called(out->setting, hints))
		out->setting = NULL;
	if (out->setting)
		text_add(&out->evidence, "%s%" PRId64 " is %s", out->evidence.used ? SAY("; ") : "", slice.end, text_get(out->setting, "name"));
	if (starts.calls)
		text_add(&out->evidence, "%s%" PRId64 " earlier calls found room", out->evidence.used ? SAY("; ") : "", starts.calls);
	text_add(&out->fix, "make it %" PRId64 " long or more where that is added which has no place yet (what it holds is copied over, or the object that holds it is made anew)",
		 slice.end);
	if (!numbered)
		text_add(&out->fix, "; or, if it is to go round, begin at 0 again");
	free(lineage);
	return true;
}

static void
add_factors(struct text *text, const struct clipped_factors *factors)
{
	for (int i = 0; i < factors->count; i++)
		text_add(text, "%s%" PRId64, i ? " x " : "", factors->sizes[i]);
}

/* Needs: two products of as many sizes, all alike but one; that one is all that the table has which it is cut from, and varied below it before; the
 * other's is larger than ever. */
bool
cause_clipped(const struct cause_facts *facts, struct cause *out)
{
	struct clipped found;
	const char *name;
	int side;

	if (!cause_disagrees(facts, "size") || !facts->source || !facts->sides[0].lineage || !facts->sides[1].lineage)
		return false;
	side = clipped_find(facts->source, facts->process, facts->sides[0].lineage, facts->sides[1].lineage, &found);
	if (side < 0)
		return false;
	name = cause_operand_name(facts, facts->sides[side].place);
	out->confidence = facts->calls >= CALLS_ENOUGH && facts->agreed == facts->calls ? "likely" : "possible";
	text_add(&out->text, "%s has %" PRId64 " = ", name, facts->sides[side].size);
	add_factors(&out->text, &found.is);
	text_add(&out->text, " where %" PRId64 " = ", facts->sides[!side].size);
	add_factors(&out->text, &found.other);
	text_add(&out->text, " are wanted: the table that it is cut from ends at %" PRId64 " in dimension %d, before the %" PRId64, found.extent, found.dim, found.wanted);
	if (found.at >= 0) {
		text_add(&out->text, "; cut by ");
		cause_add_line(facts, &out->text, &facts->sides[side].lineage->steps[found.at], found.extent);
	}
	if (found.table.event.operation) {
		text_add(&out->evidence, "the table was made by ");
		cause_add_step(facts, &out->evidence, &found.table);
		text_add(&out->evidence, "; ");
	}
	text_add(&out->evidence, "in %" PRId64 " earlier calls %" PRId64 " to %" PRId64 " were cut from it", found.usual.calls, found.usual.smallest, found.usual.largest);
	text_add(&out->fix, "make the table %" PRId64 " long or more in that dimension before it is cut (each dimension for itself: one may be long enough where the other "
		 "isn't), or resize inputs to %" PRId64 " there at most", found.wanted, found.extent);
	return true;
}
