#include "otherwise.h"

#include <string.h>

#include "../../history/elsewhere.h"
#include "../../mismatch/mismatch_rule.h"
#include "../../lineage/size_flow.h"
#include "../../text.h"
#include "../../where.h"

#define STEPS_MOST 64
#define CALLS_MOST 8    /* that must all have come otherwise */
#define LOOKED_MOST 300

/* One of the two ways: the tensor that is followed, as it was before an event. */
struct way_back { int64_t tensor, before; int dim; struct lineage_step step; struct flow flow; };

static bool
step_back(const struct source *source, int process, enum lineage_property property, struct way_back *way)
{
	struct lineage_step *step = &way->step;

	*step = (struct lineage_step){ .tensor = way->tensor, .dim = way->dim, .size = -1 };
	if (way->tensor <= 0 || !lineage_maker(source, process, way->tensor, way->before, property, &step->event, &step->output, &step->writes))
		return false;
	if (property == LINEAGE_SIZE) {
		if (way->dim < 0 || way->dim >= step->event.outputs[step->output].ndim)
			return false;
		step->size = step->event.outputs[step->output].sizes[way->dim];
		way->flow = size_flow(&step->event, step->output, way->dim);
	} else {
		way->flow = size_flow_dtype(&step->event, step->output, property == LINEAGE_DEVICE);
	}
	text_format(step->how, sizeof(step->how), "%s", way->flow.how);
	return true;
}

/* The N-th piece that EVENT puts together; -1. */
static int
piece_at(const struct event *event, int n)
{
	for (int i = rule_next(event, 0); i >= 0; i = rule_next(event, i + 1))
		if (n-- == 0)
			return i;
	return -1;
}

/* Of as many pieces, the one whose size alone is another than it was; -1. */
static int
odd_piece(const struct event *now, const struct event *before, int dim)
{
	int odd = -1;

	for (int n = 0; n < rule_pieces(now); n++) {
		const struct operand *is = &now->operands[piece_at(now, n)], *was = &before->operands[piece_at(before, n)];

		if (dim >= is->ndim || dim >= was->ndim)
			return -1;
		if (is->sizes[dim] == was->sizes[dim])
			continue;
		if (odd >= 0)
			return -1;
		odd = n;
	}
	return odd;
}

static bool
is_join(const struct event *event)
{
	return mismatch_is_any(event->operation, "cat concat concatenate hstack vstack");
}

static void
go_on(struct way_back *way, int place, int dim)
{
	way->tensor = way->step.event.operands[place].tensor;
	way->before = way->step.event.id;
	way->dim = dim;
}

/* Of what became one dimension (a view, flatten), the first that is another now; -1. */
static int
odd_factor(const struct way_back *now, const struct way_back *before)
{
	const struct operand *is = &now->step.event.operands[now->flow.operand], *was = &before->step.event.operands[before->flow.operand];

	for (int d = 0; is->ndim == was->ndim && d < is->ndim; d++)
		if (is->sizes[d] != was->sizes[d])
			return d;
	return -1;
}

/* Both ways go on from one line; false where they don't go on alike. */
static bool
follow(const struct source *source, int process, enum lineage_property property, struct way_back *now, struct way_back *before, struct otherwise *out)
{
	const struct event *event = &now->step.event, *earlier = &before->step.event;
	struct usuals usuals;
	int odd;

	if (property == LINEAGE_SIZE && is_join(event) && now->flow.kind == FLOW_ARGUMENTS) {
		if (rule_pieces(event) != rule_pieces(earlier) || (odd = odd_piece(event, earlier, now->dim)) < 0)
			return false;
		out->piece = odd;
		out->pieces = rule_pieces(event);
		out->join = *event;
		if (!usual_given(source, process, event, piece_at(event, odd), USUAL_CALLS_QUICK, &usuals) || !usual_dim(&usuals, now->dim, &out->usual))
			out->usual = (struct usual){ 0 };
		go_on(now, piece_at(event, odd), now->dim);
		go_on(before, piece_at(earlier, odd), before->dim);
		return true;
	}
	if (now->flow.kind == FLOW_UNKNOWN || now->flow.kind == FLOW_ENTERS || now->flow.operand < 0 || before->flow.operand != now->flow.operand ||
	    now->flow.operand >= earlier->operand_count)
		return false;
	if (property == LINEAGE_SIZE && now->flow.kind == FLOW_SCALES && before->flow.kind == FLOW_SCALES)
		now->flow.dim = before->flow.dim = odd_factor(now, before);
	if (property == LINEAGE_SIZE && (now->flow.dim < 0 || before->flow.dim != now->flow.dim))
		return false;
	go_on(now, now->flow.operand, now->flow.dim);
	go_on(before, before->flow.operand, before->flow.dim);
	return true;
}

/* Did STEP's line never make anything before, on any way? */
static bool
is_first(const struct source *source, int process, const struct event *event)
{
	struct event before;
	struct call_history whole;

	if (usual_newest(source, process, event, &before))
		return false;
	return event->site >= 0 && source->call_history(source->context, process, event, false, -1, -1, &whole) && whole.calls <= 1;
}

/* A dtype or device that it had in the call before, too. */
static bool
is_same(enum lineage_property property, const struct operand *now, const struct operand *before)
{
	const char *is = property == LINEAGE_DTYPE ? now->dtype : now->device, *was = property == LINEAGE_DTYPE ? before->dtype : before->device;

	return property != LINEAGE_SIZE && (!is || !was || strcmp(is, was) == 0);
}

/* Earlier calls of the line by the same layer, newest first. */
struct earlier { const struct event *now; int64_t ids[CALLS_MOST]; int count, looked; };

static bool
add_earlier(const struct event *event, void *context)
{
	struct earlier *earlier = context;

	if (usual_same_layer(earlier->now, event))
		earlier->ids[earlier->count++] = event->id;
	return earlier->count < CALLS_MOST && ++earlier->looked < LOOKED_MOST;
}

/* Do two call sites have the same line innermost, a library's too (a collate function that two loops call)? */
static bool
is_same_code(const struct source *source, int process, int64_t one, int64_t other)
{
	struct site sites[2];

	return where_same_line(source, process, one, other) ||
	       (one >= 0 && other >= 0 && source->site(source->context, process, one, &sites[0]) && source->site(source->context, process, other, &sites[1]) &&
		sites[0].frame_count && sites[1].frame_count && sites[0].frames[0].line == sites[1].frames[0].line &&
		strcmp(sites[0].frames[0].file, sites[1].frames[0].file) == 0);
}

/* Where the way of EVENT's operand and that of the earlier call LAST part; false where they don't. */
static bool
parts_from(const struct source *source, int process, const struct event *event, const struct event *last, int place, int dim, enum lineage_property property,
	   struct otherwise *out)
{
	bool (*is_same_line)(const struct source *, int, int64_t, int64_t) = event->site == last->site ? where_same_line : is_same_code;

	struct way_back now = { .tensor = event->operands[place].tensor, .before = event->id, .dim = dim };
	struct way_back before = { .before = last->id, .dim = dim };

	*out = (struct otherwise){ .piece = -1 };
	if (place >= last->operand_count || last->operands[place].ndim != event->operands[place].ndim ||
	    is_same(property, &event->operands[place], &last->operands[place]))
		return false;
	before.tensor = last->operands[place].tensor;
	for (int i = 0; i < STEPS_MOST; i++) {
		if (!step_back(source, process, property, &now) || !step_back(source, process, property, &before))
			return false;
		if (strcmp(now.step.event.operation, before.step.event.operation) != 0 ||
		    !is_same_line(source, process, now.step.event.site, before.step.event.site)) {
			out->now = now.step;
			out->before = before.step;
			return now.step.event.id >= 0 && before.step.event.id >= 0;
		}
		if (!follow(source, process, property, &now, &before, out))
			return false;
	}
	return false;
}

bool
otherwise_find(const struct source *source, int process, const struct event *event, int place, int dim, enum lineage_property property,
	       struct otherwise *out)
{
	struct earlier earlier = { .now = event };
	struct otherwise another;
	struct event last;

	*out = (struct otherwise){ .piece = -1 };
	if (!source || event->id < 0 || event->site < 0 || place < 0 || place >= event->operand_count)
		return false;
	source->each_call(source->context, process, event, add_earlier, &earlier);
	if (!earlier.looked)
		elsewhere_each(source, process, event, add_earlier, &earlier);
	for (int i = 0; i < earlier.count; i++)
		if (!source->event(source->context, process, earlier.ids[i], &last) ||
		    !parts_from(source, process, event, &last, place, dim, property, i ? &another : out))
			return false; /* one came the same way: another layer, another branch that is taken now and then */
	if (!earlier.count)
		return false;
	out->first = is_first(source, process, &out->now.event);
	return true;
}
