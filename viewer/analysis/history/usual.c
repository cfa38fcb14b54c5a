#include "usual.h"

#include "../mismatch/mismatch_rule.h"
#include "../where.h"

#define NEWEST_MOST 300     /* of another line, that are passed over for one of this */
#define ELSEWHERE_MOST 2000 /* calls of the operation that are looked through for the same line */

struct look {
	const struct source *source;
	int process;
	const struct event *now;
	int at;                /* an operand's place, an output's number */
	bool output, any_layer, any_way, any_step;
	int64_t most, others, looked;
	int64_t site;          /* any_way: the last that was looked at, and whether it is of the same line */
	bool same_line;
	struct usuals *out;
};

bool
usual_same_layer(const struct event *now, const struct event *before)
{
	int one = rule_tensor(now, "weight"), other = rule_tensor(before, "weight");

	return one < 0 || other < 0 || now->operands[one].tensor < 0 || before->operands[other].tensor < 0 ||
	       now->operands[one].tensor == before->operands[other].tensor;
}

static const struct operand *
operand_at(const struct event *event, bool output, int at)
{
	if (at < 0 || at >= (output ? event->output_count : event->operand_count))
		return NULL;
	return output ? &event->outputs[at] : &event->operands[at];
}

static bool
is_of_line(struct look *look, const struct event *event)
{
	if (!look->any_way)
		return true;
	if (event->site != look->site) {
		look->site = event->site;
		look->same_line = where_same_line(look->source, look->process, event->site, look->now->site);
	}
	return look->same_line;
}

static bool
add_call(const struct event *event, void *context)
{
	struct look *look = context;
	const struct operand *now = operand_at(look->now, look->output, look->at), *is = operand_at(event, look->output, look->at);
	struct usuals *out = look->out;

	if (!now || !is || !is_of_line(look, event) || is->ndim != now->ndim)
		return ++look->looked < ELSEWHERE_MOST || !look->any_way;
	if (!look->any_step && event->step == look->now->step)
		return ++look->looked < ELSEWHERE_MOST;
	if (!look->any_layer && !usual_same_layer(look->now, event))
		return ++look->others < look->most;
	for (int d = 0; d < out->ndim; d++) {
		struct usual *dim = &out->dims[d];
		int64_t size = is->sizes[d];

		dim->smallest = !out->calls || size < dim->smallest ? size : dim->smallest;
		dim->largest = !out->calls || size > dim->largest ? size : dim->largest;
		dim->same += size == now->sizes[d];
		dim->calls++;
	}
	return ++out->calls < look->most;
}

/* False where there were too few. */
static bool
ask(struct look *look)
{
	const struct operand *now = operand_at(look->now, look->output, look->at);
	struct event anywhere = *look->now;

	if (!now)
		return false;
	*look->out = (struct usuals){ .ndim = now->ndim < USUAL_DIMS_MOST ? now->ndim : USUAL_DIMS_MOST };
	look->others = look->looked = 0;
	look->site = -1;
	look->same_line = false;
	if (look->any_way)
		anywhere.site = -1;
	look->source->each_call(look->source->context, look->process, &anywhere, add_call, look);
	return look->out->calls >= USUAL_CALLS_LEAST;
}

static bool
look_back(struct look *look)
{
	const struct operand *now = operand_at(look->now, look->output, look->at);
	bool enough;

	*look->out = (struct usuals){ 0 };
	if (!now || now->ndim < 0 || look->now->site < 0)
		return false;
	enough = ask(look);
	if (!look->out->calls && look->others) {
		look->any_layer = true;
		enough = ask(look);
	}
	if (!enough) {
		look->any_step = true;
		enough = ask(look);
	}
	if (!enough) {
		struct usuals kept = *look->out;

		look->any_way = true;
		if (!ask(look))
			*look->out = kept;
	}
	return true;
}

bool
usual_made(const struct source *source, int process, const struct event *event, int output, int64_t most, struct usuals *out)
{
	struct look look = { .source = source, .process = process, .now = event, .at = output, .output = true, .most = most, .out = out };

	return look_back(&look);
}

bool
usual_given(const struct source *source, int process, const struct event *event, int place, int64_t most, struct usuals *out)
{
	struct look look = { .source = source, .process = process, .now = event, .at = place, .most = most, .out = out };

	return look_back(&look);
}

struct kept { const struct event *now; int output, dim, place, from_dim; int64_t calls; bool changed; };

static bool
add_kept(const struct event *event, void *context)
{
	struct kept *kept = context;
	const struct operand *from = operand_at(event, false, kept->place), *is = operand_at(event, true, kept->output);

	if (!from || !is || from->ndim <= kept->from_dim || is->ndim <= kept->dim || (event->step && event->step == kept->now->step))
		return true;
	kept->changed = from->sizes[kept->from_dim] != is->sizes[kept->dim];
	return !kept->changed && ++kept->calls < USUAL_CALLS_QUICK;
}

int64_t
usual_unchanged(const struct source *source, int process, const struct event *event, int output, int dim, int place, int from_dim)
{
	struct kept kept = { .now = event, .output = output, .dim = dim, .place = place, .from_dim = from_dim };

	if (event->id < 0 || event->site < 0 || dim < 0 || place < 0 || from_dim < 0)
		return 0;
	source->each_call(source->context, process, event, add_kept, &kept);
	return kept.changed ? 0 : kept.calls;
}

struct newest { const struct source *source; int process; const struct event *now; int64_t found; bool any_way, any_layer; int looked; };

static bool
keep_newest(const struct event *event, void *context)
{
	struct newest *newest = context;

	if ((newest->any_way && !where_same_line(newest->source, newest->process, event->site, newest->now->site)) ||
	    (!newest->any_layer && !usual_same_layer(newest->now, event)))
		return ++newest->looked < NEWEST_MOST;
	newest->found = event->id; /* (what is visited lives until we return) */
	return false;
}

bool
usual_newest(const struct source *source, int process, const struct event *event, struct event *out)
{
	struct newest newest = { .source = source, .process = process, .now = event, .found = -1 };
	struct event anywhere = *event;

	if (event->id < 0 || event->site < 0)
		return false;
	anywhere.site = -1;
	for (int i = 0; i < 4 && newest.found < 0; i++) { /* a weight that is computed anew for each call is of any layer */
		newest.any_way = i % 2;
		newest.any_layer = i / 2;
		newest.looked = 0;
		source->each_call(source->context, process, newest.any_way ? &anywhere : event, keep_newest, &newest);
	}
	return newest.found >= 0 && source->event(source->context, process, newest.found, out);
}

bool
usual_dim(const struct usuals *usuals, int dim, struct usual *out)
{
	if (usuals->calls < USUAL_CALLS_LEAST || dim < 0 || dim >= usuals->ndim)
		return false;
	*out = usuals->dims[dim];
	return true;
}

bool
usual_is_beyond(const struct usual *usual, int64_t size)
{
	return usual->calls > 0 && (size < usual->smallest || size > usual->largest);
}

bool
usual_is_steady(const struct usual *usual)
{
	return usual->calls > 0 && usual->smallest == usual->largest;
}
