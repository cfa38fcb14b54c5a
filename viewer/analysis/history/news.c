#include "news.h"

#include <string.h>

#include "../mismatch/mismatch_rule.h"
#include "../lineage/size_flow.h"
#include "../text.h"

#define STEPS_MOST 64

static const char views[] = "view reshape unsafe_view reshape_alias view_copy flatten unflatten view_as reshape_as ravel";
static const char joins[] = "cat concat concatenate hstack vstack";

struct walk {
	const struct source *source;
	int process;
	int64_t factor;          /* > 0: the size in question is a factor of the one that is followed */
	struct news *news;
};

enum novelty { UNHEARD /* of too few calls */, UNKNOWN, AS_EVER, NEW };

static enum novelty
novelty_of(const struct usuals *usuals, bool known, int dim, int64_t size, struct usual *usual)
{
	if (!known || !usual_dim(usuals, dim, usual))
		return UNKNOWN;
	if (usual->same)
		return AS_EVER;
	return usual_is_beyond(usual, size) ? NEW : UNKNOWN; /* among sizes that vary anyway, one that never was tells nothing */
}

static enum novelty
given_novelty(const struct walk *walk, const struct event *event, int place, int dim, struct usual *usual)
{
	struct usuals usuals;
	bool known = usual_given(walk->source, walk->process, event, place, USUAL_CALLS_QUICK, &usuals);

	return novelty_of(&usuals, known, dim, event->operands[place].sizes[dim], usual);
}

static void
keep(struct walk *walk, const struct lineage_step *step, const struct usual *usual)
{
	struct news *news = walk->news;
	bool replaces = news->count == NEWS_STEPS_MOST || (news->count && news->steps[news->count - 1].step.size == step->size);

	news->steps[replaces ? news->count - 1 : news->count++] = (struct news_step){ *step, *usual };
}

/* Of several sizes that were made one, or pieces that were joined: the one that is new; false if none is. */
static bool
choose_new(const struct walk *walk, const struct event *maker, int64_t size, int along, int *place, int *dim)
{
	struct usual usual;

	for (int i = rule_next(maker, 0); i >= 0; i = rule_next(maker, i + 1))
		for (int d = 0; d < maker->operands[i].ndim; d++) {
			int64_t is = maker->operands[i].sizes[d];

			if (along >= 0 ? d != along : is < 2 || size % is)
				continue;
			if (given_novelty(walk, maker, i, d, &usual) == NEW) {
				*place = i;
				*dim = d;
				return true;
			}
		}
	return false;
}

/* The dimension of what view MAKER was given that has SIZE, that of FLOW first; -1. */
static int
dim_of_size(const struct event *maker, const struct flow *flow, int64_t size)
{
	const struct operand *is = &maker->operands[flow->operand];

	if (flow->dim >= 0 && flow->dim < is->ndim && is->sizes[flow->dim] == size)
		return flow->dim;
	for (int d = 0; d < is->ndim; d++)
		if (is->sizes[d] == size)
			return d;
	return -1;
}

/* Where to go on from MAKER, whose DIM was new (or has what is new as a factor); false where what it was made of was as ever. */
static bool
go_back(struct walk *walk, const struct event *maker, const struct flow *flow, int64_t size, int *place, int *dim)
{
	char name[96];
	struct usual usual;
	int d;

	mismatch_plain_name(maker->operation, name, sizeof(name));
	*place = flow->operand;
	*dim = flow->dim;
	if (text_among(joins, name) && flow->kind == FLOW_ARGUMENTS)
		return choose_new(walk, maker, size, flow->dim, place, dim);
	if (flow->kind == FLOW_UNKNOWN || flow->kind == FLOW_ENTERS || flow->operand < 0 || flow->dim < 0 ||
	    flow->dim >= maker->operands[flow->operand].ndim)
		return false;
	if (text_among(views, name) && flow->kind != FLOW_PASSES) {
		if (walk->factor && (d = dim_of_size(maker, flow, walk->factor)) >= 0) {
			*dim = d;
			walk->factor = 0;
			return true;
		}
		if (!walk->factor && choose_new(walk, maker, size, -1, place, dim))
			return true;
		if (!walk->factor && maker->operands[flow->operand].sizes[flow->dim] > size &&
		    given_novelty(walk, maker, flow->operand, flow->dim, &usual) != AS_EVER)
			walk->factor = size; /* it was taken apart here, and put together before */
		return walk->factor > 0;
	}
	return true;
}

/* What nothing recorded made: as it was used first. */
static void
look_at_entry(struct walk *walk, int64_t tensor, int64_t before, int dim)
{
	struct lineage_step step = { .tensor = tensor, .dim = dim, .entered = true, .output = -1 };
	struct usual usual;
	int place;

	if (walk->factor || !walk->source->first_use(walk->source->context, walk->process, tensor, &step.event, &place) || step.event.id >= before ||
	    strcmp(step.event.phase, "optimizer") == 0 /* of many parameters by one line */ || dim >= step.event.operands[place].ndim || given_novelty(walk, &step.event, place, dim, &usual) != NEW)
		return;
	step.size = step.event.operands[place].sizes[dim];
	keep(walk, &step, &usual);
	walk->news->ended = true;
}

/* May what EVENT made be as ever, though what it is made of isn't? */
static bool
may_hide(const struct event *event)
{
	char name[96];

	mismatch_plain_name(event->operation, name, sizeof(name));
	return text_among(views, name) || text_among(joins, name);
}

/* Did autograd's engine run EVENT to put a gradient where it belongs? Then its line is the one that called backward, of every parameter. */
static bool
is_accumulated(const struct walk *walk, const struct event *event)
{
	struct site site;
	char name[96];

	mismatch_plain_name(event->operation, name, sizeof(name));
	return strcmp(event->phase, "backward") == 0 && text_among("detach clone add", name) && event->site >= 0 &&
	       walk->source->site(walk->source->context, walk->process, event->site, &site) && site.frame_count > 0 && site.frames[0].function &&
	       strcmp(site.frames[0].function, "_engine_run_backward") == 0;
}

/* Looks at what STEP's line made before. */
static enum novelty
look_at(struct walk *walk, const struct lineage_step *step)
{
	struct usuals usuals = { .calls = 0 };
	struct usual usual;
	bool known = !is_accumulated(walk, &step->event) && usual_made(walk->source, walk->process, &step->event, step->output, USUAL_CALLS_QUICK, &usuals);
	enum novelty novelty = novelty_of(&usuals, known, step->dim, step->size, &usual);

	walk->news->known = walk->news->known || usuals.calls >= USUAL_CALLS_LEAST;
	if (novelty == NEW && !walk->factor && usual.largest > 0) /* what was empty so far says nothing of how many there are to be */
		keep(walk, step, &usual);
	return known && usuals.calls >= USUAL_CALLS_LEAST ? novelty : UNHEARD;
}

static bool
fill_step(const struct walk *walk, int64_t tensor, int64_t before, int dim, struct lineage_step *out, struct flow *flow)
{
	*out = (struct lineage_step){ .tensor = tensor, .dim = dim };
	if (!lineage_maker(walk->source, walk->process, tensor, before, LINEAGE_SIZE, &out->event, &out->output, &out->writes) ||
	    dim >= out->event.outputs[out->output].ndim)
		return false;
	out->size = out->event.outputs[out->output].sizes[dim];
	*flow = size_flow(&out->event, out->output, dim);
	lineage_other_piece(walk->source, walk->process, &out->event, flow);
	text_format(out->how, sizeof(out->how), "%s", flow->how);
	out->decides = flow->kind == FLOW_ARGUMENTS || flow->kind == FLOW_VALUES || flow->kind == FLOW_ENTERS;
	out->possible = flow->kind == FLOW_POSSIBLE;
	out->entered = flow->kind == FLOW_ENTERS;
	return true;
}

void
news_find(const struct source *source, int process, int64_t tensor, int64_t before, int dim, struct news *out)
{
	struct walk walk = { .source = source, .process = process, .news = out };
	struct lineage_step step, passed = { .dim = -1 };
	struct event user = { .site = -1 }; /* of the tensor that is followed now */
	struct usual usual;
	struct flow flow;
	int place = -1;

	*out = (struct news){ .change = { .step = { .event = { .id = -1 } } } };
	for (int i = 0; i < STEPS_MOST && tensor > 0; i++) {
		if (!fill_step(&walk, tensor, before, dim, &step, &flow)) {
			if (passed.dim >= 0)
				look_at(&walk, &passed);
			look_at_entry(&walk, tensor, before, dim);
			out->ended = out->ended || (place >= 0 && given_novelty(&walk, &user, place, dim, &usual) == AS_EVER);
			return;
		}
		place = flow.operand;
		if (flow.kind == FLOW_PASSES) { /* no line to ask: what decided comes before */
			passed = step;
			dim = flow.dim;
		} else {
			enum novelty novelty = look_at(&walk, &step);

			if (novelty == UNHEARD && passed.dim >= 0)
				novelty = look_at(&walk, &passed);
			passed.dim = -1;
			if (novelty == AS_EVER && !walk.factor && !may_hide(&step.event)) {
				out->ended = true;
				return;
			}
			if (!go_back(&walk, &step.event, &flow, step.size, &place, &dim)) {
				out->ended = true;
				return;
			}
		}
		user = step.event;
		tensor = user.operands[place].tensor;
		before = user.id;
	}
}
