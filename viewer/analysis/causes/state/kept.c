#include "kept.h"

#include <string.h>

#include "../../mismatch/mismatch_rule.h"
#include "../../where.h"

#define LOOKED_MOST 2000 /* calls of the operation that are looked through */

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

static const char viewing[] = "select slice narrow view reshape unsafe_view flatten unsqueeze squeeze alias detach contiguous clone expand permute transpose t unbind split chunk to";

/* May STEP, taken in this one, leave what was kept as it was? */
static bool
is_as_it_was(const struct cause_side *side, const struct lineage_step *step)
{
	if (side->lineage->property == LINEAGE_VALUES)
		return mismatch_is_any(step->event.operation, viewing);
	return step->size == side->size && !mismatch_is_any(step->event.operation, "slice narrow index index_select");
}

bool
kept_find(const struct cause_facts *facts, const struct cause_side *side, struct kept *out)
{
	const struct lineage *lineage = side->lineage;
	bool elements = lineage && lineage->property == LINEAGE_VALUES;
	struct event anywhere;
	int i = 0;

	for (; lineage && i < lineage->count && lineage->steps[i].event.step >= facts->event->step; i++)
		if (!is_as_it_was(side, &lineage->steps[i]))
			return false;
	if (!lineage || i == lineage->count || lineage->steps[i].tensor < 1 || (!elements && lineage->steps[i].size != side->size) || lineage->steps[i].writes || lineage->replaced)
		return false;
	*out = (struct kept){ .made = &lineage->steps[i], .user = i ? &lineage->steps[i - 1].event : facts->event };
	anywhere = *out->user;
	anywhere.site = -1; /* it may be another loop that ends in this line now */
	facts->source->each_call(facts->source->context, facts->process, &anywhere, look_at_use, &(struct look){ .facts = facts, .kept = out });
	return out->uses > 0;
}

bool
kept_is_within(const struct cause_facts *facts, const struct kept *kept)
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

bool
kept_in_module(const struct cause_facts *facts, const struct kept *kept, char *file, size_t size, int *line)
{
	json_t *making = where_site_frames(facts->source, facts->process, kept->made->event.site);
	const json_t *frame, *made = NULL;
	size_t i, at;

	json_array_foreach(facts->frames, i, frame) {
		if (made || !*text_get(frame, "module") || where_is_foreign(text_get(frame, "file")))
			continue;
		for (at = 0; at < json_array_size(making) && !made; at++) {
			const json_t *other = json_array_get(making, at);

			if (strcmp(text_get(other, "function"), text_get(frame, "function")) == 0 && strcmp(text_get(other, "file"), text_get(frame, "file")) == 0)
				made = other;
		}
	}
	if (made) {
		text_format(file, size, "%s", text_get(made, "file"));
		*line = (int)json_integer_value(json_object_get(made, "line"));
	}
	json_decref(making);
	return made;
}

bool
kept_is_made_anew(const struct cause_facts *facts, const struct kept *kept)
{
	struct event call = kept->made->event;
	struct later later = { call.step, false };

	call.id = facts->event->id;
	facts->source->each_call(facts->source->context, facts->process, &call, look_at_later, &later);
	return later.found;
}
