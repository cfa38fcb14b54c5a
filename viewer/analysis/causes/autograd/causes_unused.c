/* A rule about parameters that a step of DistributedDataParallel left without a gradient. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../causes_tool.h"
#include "../../mismatch/mismatch_rule.h"
#include "../../where.h"

#define EVENTS_MOST 200000
#define TENSORS_MOST 16384
#define SITES_MOST 4096
#define STEPS_BEFORE 3 /* in which what is missing ran */

/* What an optimizer wrote to: the newest event of a forward pass that used it (0: none did), and whether the step's own did. */
struct trained { int64_t tensor, elements, event; bool now; };
struct ran { int64_t site, step, event; int steps; bool now; };

struct walk {
	const struct cause_facts *facts;
	int64_t step;                 /* whose reduction wasn't finished */
	struct trained *trained;      /* a hash table, by tensor; less than half full */
	struct ran *sites;
	int trained_count, site_count;
	int64_t updated;              /* elements that the step's forward used and its optimizer wrote to */
	bool optimizer;               /* the step has an optimizer's writes at all */
};

/* TENSOR's place, or the empty one that it would have. */
static struct trained *
trained_slot(struct walk *walk, int64_t tensor)
{
	uint64_t at = (uint64_t)tensor * 0x9e3779b97f4a7c15u >> 32;

	while (walk->trained[at % TENSORS_MOST].tensor && walk->trained[at % TENSORS_MOST].tensor != tensor)
		at++;
	return &walk->trained[at % TENSORS_MOST];
}

static void
see_write(struct walk *walk, const struct event *event)
{
	for (int i = 0; i < event->operand_count && walk->trained_count < TENSORS_MOST / 2; i++) {
		struct trained *slot = event->operands[i].tensor > 0 ? trained_slot(walk, event->operands[i].tensor) : NULL;

		if (slot && !slot->tensor) {
			slot->tensor = event->operands[i].tensor;
			walk->trained_count++;
		}
	}
	walk->optimizer = walk->optimizer || event->step == walk->step;
}

static void
see_use(struct walk *walk, const struct event *event)
{
	for (int i = 0; i < event->operand_count; i++) {
		const struct operand *is = &event->operands[i];
		struct trained *trained = is->tensor > 0 ? trained_slot(walk, is->tensor) : NULL;

		if (!trained || !trained->tensor)
			continue;
		if (!trained->event) {
			trained->elements = rule_count(is);
			trained->event = event->id;
		}
		if (event->step == walk->step && !trained->now)
			walk->updated += trained->elements;
		trained->now = trained->now || event->step == walk->step;
	}
}

/* A line of the program's that ran in a step: whether in this one, and in how many of those before. */
static void
see_line(struct walk *walk, const struct event *event)
{
	struct ran *ran = walk->sites, *end = walk->sites + walk->site_count;

	while (ran < end && ran->site != event->site)
		ran++;
	if (ran == end) {
		if (walk->site_count == SITES_MOST || !where_is_own(walk->facts->source, walk->facts->process, event->site))
			return;
		*ran = (struct ran){ .site = event->site, .step = -1 };
		walk->site_count++;
	}
	ran->steps += event->step < walk->step && event->step != ran->step;
	ran->step = event->step;
	ran->event = event->id;
	ran->now = ran->now || event->step == walk->step;
}

static bool
see_event(const struct event *event, void *context)
{
	struct walk *walk = context;

	if (event->step > walk->step)
		return true;
	if (event->step < walk->step - STEPS_BEFORE)
		return false;
	if (strcmp(event->phase, "optimizer") == 0)
		see_write(walk, event);
	else if (strcmp(event->phase, "backward") != 0) {
		see_use(walk, event);
		if (event->site >= 0)
			see_line(walk, event);
	}
	return true;
}

static bool
walk_steps(const struct cause_facts *facts, struct walk *walk)
{
	*walk = (struct walk){ .facts = facts, .step = facts->step - 1, .trained = calloc(TENSORS_MOST, sizeof(*walk->trained)),
			       .sites = calloc(SITES_MOST + 1, sizeof(*walk->sites)) };
	if (!walk->trained || !walk->sites)
		return false;
	facts->source->each_recent(facts->source->context, facts->process, EVENTS_MOST, see_event, walk);
	return true;
}

static void
free_walk(struct walk *walk)
{
	free(walk->trained);
	free(walk->sites);
}

/* The module whose trainable parameters are just those that the step's optimizer didn't write to; NULL. ELEMENTS: how many these are. */
static const char *
module_left(const struct cause_facts *facts, const struct walk *walk, int64_t *elements)
{
	int64_t trainable = 0;
	const char *found = NULL;
	const json_t *row;
	size_t i;

	json_array_foreach(facts->modules, i, row)
		trainable += json_integer_value(json_object_get(row, "trainable")) * (json_integer_value(json_object_get(row, "modules")) > 1 ? 0 : 1);
	*elements = walk->optimizer ? trainable - walk->updated : 0;
	json_array_foreach(facts->modules, i, row)
		if (*elements > 0 && json_integer_value(json_object_get(row, "trainable")) == *elements)
			found = found ? "" : text_get(row, "module");
	return found && *found ? found : NULL;
}

/* The parameters that were used in the steps before and not in this one: their number, and in TEXT the first line that used one. */
static int
tell_unused(const struct cause_facts *facts, const struct walk *walk, struct text *text)
{
	const struct trained *first = NULL;
	struct lineage_step step = { 0 };
	int count = 0;

	for (int i = 0; i < TENSORS_MOST; i++)
		if (walk->trained[i].event && !walk->trained[i].now) {
			count++;
			if (!first || walk->trained[i].event < first->event)
				first = &walk->trained[i];
		}
	if (first && facts->source->event(facts->source->context, facts->process, first->event, &step.event)) {
		text_add(text, "the first that used one before, ");
		cause_add_line(facts, text, &step, -1);
		text_add(text, ", did not run in it");
	}
	return count;
}

/* The first line of the program's that ran in each of the steps before and not in this one. */
static void
tell_missing_line(const struct cause_facts *facts, const struct walk *walk, struct text *text)
{
	const struct ran *first = NULL;
	struct lineage_step step = { 0 };

	for (int i = 0; i < walk->site_count; i++)
		if (!walk->sites[i].now && walk->sites[i].steps == STEPS_BEFORE && (!first || walk->sites[i].event < first->event))
			first = &walk->sites[i];
	if (!first || !facts->source->event(facts->source->context, facts->process, first->event, &step.event))
		return;
	text_add(text, "%sin the steps before, and not in step %" PRId64 ", ran ", text->used ? SAY("; ") : "", walk->step);
	cause_add_line(facts, text, &step, -1);
}

/* Needs: DistributedDataParallel's own check, that the step before left parameters without a gradient. Which, by what its optimizer didn't write to, and what its
 * forward pass didn't use that those before it did. */
bool
cause_unused_parameters(const struct cause_facts *facts, struct cause *out)
{
	struct text told = {{0}, 0};
	struct walk walk;
	const char *module, *indices;
	int64_t elements;
	int count;

	if (!facts->message || !facts->source || !cause_is_raised(facts) || !strstr(facts->message, "finished reduction in the prior iteration"))
		return false;
	if (!walk_steps(facts, &walk)) {
		free_walk(&walk);
		return false;
	}
	module = module_left(facts, &walk, &elements);
	count = tell_unused(facts, &walk, &told);
	out->confidence = "likely";
	text_add(&out->text, "step %" PRId64 ", the one before, left parameters of the wrapped model without a gradient", walk.step);
	if (module)
		text_add(&out->text, ": those of %s (%" PRId64 " numbers), which its optimizer didn't write to", module, elements);
	else if (count)
		text_add(&out->text, ": %d that were trained in the steps before", count);
	if (told.used)
		text_add(&out->text, "; %s", told.data);
	tell_missing_line(facts, &walk, &out->evidence);
	indices = strstr(facts->message, "did not receive grad");
	indices = indices ? strchr(indices, ':') : NULL;
	if (indices)
		text_add(&out->evidence, "%sPyTorch counts them as parameters %.*s", out->evidence.used ? SAY("; ") : "", (int)strcspn(indices + 2, "\n."), indices + 2);
	if (module || count)
		text_add(&out->fix, "let every batch go through %s (of what a batch has none: a stand-in whose result is multiplied by 0), or wrap the model with "
			 "find_unused_parameters=True (Trainer: ddp_find_unused_parameters)", module ? module : SAY("them"));
	else
		text_add(&out->fix, "see which trainable parameters don't reach the loss (TORCH_DISTRIBUTED_DEBUG=DETAIL names them): use them, freeze them "
			 "(requires_grad_(False)) before the model is wrapped, or wrap it with find_unused_parameters=True");
	free_walk(&walk);
	return true;
}
