/* Rules about an optimizer's state: of another shape than its parameter, or another parameter's. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../causes_tool.h"
#include "../../where.h"

#define SHAPES_MOST 1024
#define PARAMETERS_LEAST 3 /* whose shapes are all found again: no chance */
#define CALLS_MOST 8192
#define COPIES_MOST 1024

static bool
is_of_optimizer(const struct cause_facts *facts)
{
	for (size_t i = 0; i < json_array_size(facts->frames) && i < 6; i++) {
		const char *file = text_get(json_array_get(facts->frames, i), "file");

		if (strstr(file, "/optim/") && !strstr(file, "/swa_utils.py")) /* averages of weights are no optimizer's */
			return true;
	}
	return facts->event && strcmp(facts->event->phase, "optimizer") == 0;
}

/* From before this step, or ready-made: state rather than a gradient. */
static bool
is_kept(const struct cause_facts *facts, const struct cause_side *side)
{
	return cause_is_old(facts, side) || (cause_decider(side) && cause_decider(side)->entered);
}

/* The shapes that one line made in one step, each with how often. */
struct shape { int ndim, times; int64_t sizes[CAUSE_SHAPE_MOST]; };
struct shapes { int64_t step, calls; int count; bool full; struct shape list[SHAPES_MOST]; };

/* The entry of a shape; NULL. */
static struct shape *
shape_of(struct shapes *shapes, int ndim, const int64_t *sizes)
{
	for (int i = 0; i < shapes->count; i++)
		if (shapes->list[i].ndim == ndim && memcmp(shapes->list[i].sizes, sizes, (size_t)ndim * sizeof(*sizes)) == 0)
			return &shapes->list[i];
	return NULL;
}

static bool
add_shape(const struct event *event, void *context)
{
	struct shapes *shapes = context;
	const struct operand *is = event->output_count == 1 ? &event->outputs[0] : NULL;
	struct shape *shape;

	if (event->step < shapes->step || ++shapes->calls > CALLS_MOST)
		return false;
	if (event->step != shapes->step || !is || is->ndim < 1 || is->ndim > CAUSE_SHAPE_MOST)
		return true;
	shape = shape_of(shapes, is->ndim, is->sizes);
	shapes->full = !shape && shapes->count == SHAPES_MOST;
	if (shapes->full)
		return false;
	if (!shape) {
		shape = &shapes->list[shapes->count++];
		*shape = (struct shape){ .ndim = is->ndim };
		memcpy(shape->sizes, is->sizes, (size_t)is->ndim * sizeof(*is->sizes)); /* the event is gone afterwards */
	}
	shape->times++;
	return true;
}

/* What the line of SIDE's last step made in that step: of a state the whole state, of a gradient all gradients. */
static bool
find_shapes(const struct cause_facts *facts, const struct cause_side *side, struct shapes *out)
{
	const struct lineage_step *step = side->lineage && side->lineage->count ? &side->lineage->steps[0] : NULL;
	struct event event;

	out->count = 0;
	out->calls = 0;
	out->full = false;
	if (!facts->source || !step || step->entered || step->event.id < 0 || step->event.site < 0)
		return false;
	event = step->event;
	event.id = facts->event->id;
	out->step = step->event.step;
	facts->source->each_call(facts->source->context, facts->process, &event, add_shape, out);
	return !out->full && out->calls <= CALLS_MOST && out->count > 0;
}

/* As many of each shape, or so many times as many (each parameter has more than one state); how many parameters that are, 0 if not. */
static int
same_shapes(struct shapes *state, const struct shapes *gradients)
{
	int parameters = 0, factor = 0;

	if (state->count != gradients->count || gradients->count < 2)
		return 0;
	for (int i = 0; i < gradients->count; i++) {
		const struct shape *is = &gradients->list[i], *saved = shape_of(state, is->ndim, is->sizes);

		factor = factor || !saved ? factor : saved->times / is->times;
		if (!saved || factor < 1 || saved->times != factor * is->times)
			return 0;
		parameters += is->times;
	}
	return parameters;
}

/* What load_state_dict copied from what one line had read from a file, newest first. */
struct copy { int64_t saved; int ndim; int64_t sizes[CAUSE_SHAPE_MOST]; };
struct copies { const struct cause_facts *facts; int64_t reader, site; int count; bool full; struct copy list[COPIES_MOST], sorted[COPIES_MOST]; };

static bool
add_copy(const struct event *event, void *context)
{
	struct copies *copies = context;
	const struct cause_facts *facts = copies->facts;
	const struct operand *to = event->operand_count > 1 ? &event->operands[0] : NULL, *from = to ? &event->operands[1] : NULL;
	struct event read;
	int output;

	if (copies->count && !where_same_line(facts->source, facts->process, event->site, copies->site))
		return false; /* another loading, before that */
	if (!to || from->tensor <= 0 || to->ndim < 0 || to->ndim > CAUSE_SHAPE_MOST ||
	    !facts->source->maker(facts->source->context, facts->process, from->tensor, event->id, &read, &output) || strcmp(read.operation, "aten::set_") != 0 ||
	    !where_same_line(facts->source, facts->process, read.site, copies->reader))
		return true;
	copies->full = copies->count == COPIES_MOST;
	if (copies->full)
		return false;
	copies->site = event->site;
	copies->list[copies->count] = (struct copy){ .saved = from->tensor, .ndim = to->ndim };
	memcpy(copies->list[copies->count++].sizes, to->sizes, (size_t)to->ndim * sizeof(*to->sizes));
	return true;
}

static int
by_saved(const void *left, const void *right)
{
	const struct copy *a = left, *b = right;

	return a->saved < b->saved ? -1 : a->saved > b->saved;
}

/* The weights of the file that the state on side STATE came from stand in another order than the model's, which were loaded from it: true, and it is told. */
static bool
tell_model_order(const struct cause_facts *facts, struct cause *out, int state)
{
	const struct lineage_step *reader = cause_decider(&facts->sides[state]);
	struct copies *copies = reader && facts->source ? calloc(1, sizeof(*copies)) : NULL;
	struct event anywhere = *facts->event;
	int at = 0, last;

	if (!copies)
		return false;
	*copies = (struct copies){ .facts = facts, .reader = reader->event.site };
	anywhere.operation = "aten::copy_";
	anywhere.site = -1;
	facts->source->each_call(facts->source->context, facts->process, &anywhere, add_copy, copies);
	last = copies->count - 1;
	memcpy(copies->sorted, copies->list, (size_t)copies->count * sizeof(*copies->list));
	qsort(copies->sorted, (size_t)copies->count, sizeof(*copies->sorted), by_saved);
	while (at <= last && copies->sorted[at].saved == copies->list[last - at].saved)
		at++;
	if (at <= last && !copies->full) {
		text_add(&out->evidence, "the model's own weights, too, stand in that file in another order than in this model: ");
		if (at)
			text_add(&out->evidence, "behind the first %d comes ", at);
		else
			text_add(&out->evidence, "the first is ");
		text_add_sizes(&out->evidence, copies->sorted[at].sizes, copies->sorted[at].ndim);
		text_add(&out->evidence, " there, ");
		text_add_sizes(&out->evidence, copies->list[last - at].sizes, copies->list[last - at].ndim);
		text_add(&out->evidence, " here; ");
	}
	last = at <= last && !copies->full;
	free(copies);
	return last;
}

/* ALONE: one parameter alone has that state's shape. */
static void
tell_order(const struct cause_facts *facts, struct cause *out, int state, int parameters, bool alone)
{
	const struct operand *is = &facts->event->operands[facts->sides[state].place], *met = &facts->event->operands[facts->sides[!state].place];
	const char *name = cause_operand_name(facts, facts->sides[!state].place);
	size_t length = strlen(name);

	text_add(&out->text, "the optimizer's state is in another order than its parameters: the shapes that it was saved with are those of the %d parameters, but here the %" PRId64
		 " of one meet the %" PRId64 " of another", parameters, facts->sides[state].size, facts->sides[!state].size);
	if (alone && length > 5 && strcmp(name + length - 5, ".grad") == 0) {
		text_add(&out->text, ": %.*s, ", (int)length - 5, name);
		text_add_sizes(&out->text, met->sizes, met->ndim);
		text_add(&out->text, ", has the place in the order that the one parameter of ");
		text_add_sizes(&out->text, is->sizes, is->ndim);
		text_add(&out->text, " had when it was saved");
	}
	if (tell_model_order(facts, out, state))
		text_add(&out->fix, "add the model's modules in one order in every run, here and where it is saved: over a list or sorted names, not over a set (its order is "
			 "another in each process), a directory's listing or keys that were written sorted; assign what was saved in the other order by the parameters' names");
	else
		text_add(&out->fix, "make the optimizer over the parameters in the order in which they were when its state was saved (the order within and of the groups, the same "
			 "filter), or assign the saved state by the parameters' names");
}

/* How many parameters have the shapes that the state on side STATE was loaded with, in another order; 0 if it isn't so. LACKS: it has nothing of the
 * shape that it meets. ALONE: one parameter alone has its own shape. */
static int
parameters_of(const struct cause_facts *facts, int state, bool *lacks, bool *alone)
{
	struct shapes *shapes = calloc(2, sizeof(*shapes)); /* the state's, the gradients' */
	int place = facts->sides[!state].place, own = facts->sides[state].place, parameters = 0;

	*lacks = *alone = false;
	if (shapes && find_shapes(facts, &facts->sides[state], &shapes[0]) && place >= 0) {
		const struct operand *is = &facts->event->operands[place];

		*lacks = shapes[0].count > 1 && is->ndim > 0 && is->ndim <= CAUSE_SHAPE_MOST && !shape_of(&shapes[0], is->ndim, is->sizes);
		if (find_shapes(facts, &facts->sides[!state], &shapes[1]))
			parameters = same_shapes(&shapes[0], &shapes[1]);
	}
	if (parameters && own >= 0 && facts->event->operands[own].ndim <= CAUSE_SHAPE_MOST) {
		const struct shape *same = shape_of(&shapes[1], facts->event->operands[own].ndim, facts->event->operands[own].sizes);

		*alone = same && same->times == 1;
	}
	free(shapes);
	return parameters >= PARAMETERS_LEAST ? parameters : 0;
}

/* Needs: sizes that differ within an optimizer's step: its state against the gradient or the parameter. Where the state that was loaded has the shapes
 * of all gradients, and as many of each, it is another parameter's. */
bool
cause_optimizer_state(const struct cause_facts *facts, struct cause *out)
{
	const struct mismatch *mismatch = facts->mismatch;
	int state, parameters;
	bool lacks, alone;

	if (!cause_disagrees(facts, "size") || mismatch->operand < 0 || mismatch->against < 0 || !is_of_optimizer(facts))
		return false;
	if (is_kept(facts, &facts->sides[0]) != is_kept(facts, &facts->sides[1]))
		state = is_kept(facts, &facts->sides[0]) ? 0 : 1;
	else
		state = mismatch->operand < mismatch->against ? 0 : 1; /* state.lerp_(grad), state.mul_().add_(grad) */
	if (cause_decider(&facts->sides[!state]) && strcmp(cause_decider(&facts->sides[!state])->event.phase, "optimizer") == 0)
		return false; /* a size that the step itself made is not the parameter's */
	out->confidence = "likely";
	parameters = parameters_of(facts, state, &lacks, &alone);
	if (parameters)
		tell_order(facts, out, state, parameters, alone);
	else
		text_add(&out->text, "the optimizer's state has another shape than its parameter: %" PRId64 " against %" PRId64 " in dimension %d",
			 facts->sides[state].size, facts->sides[!state].size, facts->sides[state].dim);
	text_add(&out->evidence, "%s, within the optimizer's step", mismatch->text);
	if (cause_decider(&facts->sides[state])) {
		text_add(&out->evidence, "; the state comes from ");
		cause_add_step(facts, &out->evidence, cause_decider(&facts->sides[state]));
	}
	if (lacks)
		text_add(&out->fix, "the saved state has nothing of this parameter's shape: resize its entries as the parameter was resized, drop them, or make the optimizer "
			 "after the model is resized and start it without them");
	else if (!parameters)
		text_add(&out->fix, "don't load the optimizer's state of a checkpoint whose parameters had other shapes (or in another order): resize its entries as "
			 "the parameter was resized, drop them, or make the optimizer after the model is resized");
	return true;
}
