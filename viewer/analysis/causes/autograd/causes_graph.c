/* Rules about a graph of autograd that is gone: who kept a tensor of it. */
#include <inttypes.h>
#include <string.h>

#include "../causes_tool.h"
#include "../../lineage/backward.h"
#include "../../mismatch/mismatch_rule.h"
#include "../../where.h"

/* " (`hidden = cell(x, hidden)`)": the line of source that EVENT was called from. */
static void
add_source(const struct cause_facts *facts, struct text *text, const struct event *event)
{
	struct lineage_step step = { .event = *event };
	char line[200];

	if (cause_source(facts, &step, line, sizeof(line)))
		text_add(text, " (`%s`)", line);
}

/* Does one line put together what it made itself in an earlier step: a cache that grows? */
static bool
is_cache(const struct cause_facts *facts, const struct backward_kept *kept)
{
	return mismatch_is_any(kept->used.operation, "cat concat concatenate") && strcmp(kept->used.operation, kept->made.operation) == 0 &&
	       where_same_line(facts->source, facts->process, kept->used.site, kept->made.site);
}

/* Which tensor was kept, who made it, and who took it up again. */
static void
tell_kept(const struct cause_facts *facts, struct cause *out)
{
	const struct backward_kept *kept = facts->kept;
	char used[512] = "", made[512] = "", view[512] = "";
	bool same = kept->made.step == kept->used.step;

	where_site_line(facts->source, facts->process, kept->used.site, false, used, sizeof(used));
	where_site_line(facts->source, facts->process, kept->made.site, false, made, sizeof(made));
	where_site_line(facts->source, facts->process, kept->view.site, false, view, sizeof(view));
	text_add(&out->text, "%s at %s", kept->used.operation, used);
	add_source(facts, &out->text, &kept->used);
	if (same)
		text_add(&out->text, " uses a tensor once more that %s at %s made before the backward before this one: that backward has used up its graph",
			 kept->made.operation, made);
	else
		text_add(&out->text, " uses a tensor again that %s at %s made in step %" PRId64 ", and that was kept with its graph: that step's backward has used the graph up",
			 kept->made.operation, made, kept->made.step);
	if (!same && is_cache(facts, kept)) {
		text_add(&out->text, "; that line puts it together with what is new: a cache, kept from one step to the next");
		text_add(&out->fix, "begin with a new cache in every step, or detach all that it keeps, keys and values of each layer, after each backward; where it is kept");
		if (!cause_add_asked(facts, &out->fix, "past_key_values"))
			text_add(&out->fix, ": see what hands it on to the next step");
	} else if (same)
		text_add(&out->fix, "call backward once over the sum of the losses; or give %s a detached tensor (x.detach()), if this loss isn't to train what made it; or "
			 "compute it anew after the first backward", used);
	else
		text_add(&out->fix, "detach the tensor where it is kept from one step to the next (x.detach(), of what is made at %s), or keep what comes before the layers "
			 "that are trained, and run those anew in every step", view);
	text_add(&out->evidence, "made in event %" PRId64 ", used in event %" PRId64, kept->made.id, kept->used.id);
}

/* Needs: the engine's word that a graph is gone; who kept a tensor of it, as recorded. */
bool
cause_graph_twice(const struct cause_facts *facts, struct cause *out)
{
	if (!facts->message || !strstr(facts->message, "backward through the graph a second time"))
		return false;
	out->confidence = "likely";
	if (facts->kept && facts->source) {
		tell_kept(facts, out);
		return true;
	}
	text_add(&out->text, "this backward reaches a graph that an earlier backward has used up: a tensor of it was kept (a hidden state, a cache, a "
		 "running loss)");
	text_add(&out->fix, "detach what is carried from one step to the next (hidden = hidden.detach()), or call backward once over the sum of the "
		 "losses; retain_graph=True only if the graph is really needed twice");
	return true;
}
