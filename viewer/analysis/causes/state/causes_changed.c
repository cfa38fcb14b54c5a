/* Rules about what was the same in all earlier calls and is another now, where something was made for what it was. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../causes_tool.h"
#include "../../mismatch/mismatch_rule.h"
#include "../../lineage/whole.h"

#define CALLS_ENOUGH 3
#define CALLS_MOST 512

struct form { const struct event *now; int place, argument; int64_t calls; bool asked; int64_t smallest[CAUSE_SHAPE_MOST], largest[CAUSE_SHAPE_MOST]; };

static bool
same_value(const struct operand *one, const struct operand *other)
{
	return one->value && other->value && strcmp(one->value, other->value) == 0;
}

static bool
add_form(const struct event *event, void *context)
{
	struct form *form = context;
	const struct operand *now = &form->now->operands[form->place];
	const struct operand *is = form->place < event->operand_count ? &event->operands[form->place] : NULL;

	if (!is || is->ndim != now->ndim || form->argument >= event->operand_count)
		return true;
	form->asked = form->asked && same_value(&event->operands[form->argument], &form->now->operands[form->argument]);
	for (int d = 0; d < is->ndim && d < CAUSE_SHAPE_MOST; d++) {
		form->smallest[d] = !form->calls || is->sizes[d] < form->smallest[d] ? is->sizes[d] : form->smallest[d];
		form->largest[d] = !form->calls || is->sizes[d] > form->largest[d] ? is->sizes[d] : form->largest[d];
	}
	return ++form->calls < CALLS_MOST;
}

/* What the events that are kept don't tell any more; what was asked for only they tell. */
static void
widen(const struct cause_facts *facts, struct form *form)
{
	const struct operand *now = &form->now->operands[form->place];
	int64_t calls = form->calls;
	struct call_history whole;

	for (int d = 0; form->calls && d < now->ndim && d < CAUSE_SHAPE_MOST; d++) {
		if (!whole_calls(facts->source, facts->process, form->now, form->place, d, form->calls, &whole) || !whole.measured)
			return;
		form->smallest[d] = whole.smallest;
		form->largest[d] = whole.largest;
		calls = whole.calls;
	}
	form->calls = calls;
}

/* The one dimension that was always the same and is another now; -1 if there is none, or more. */
static int
changed_dim(const struct form *form)
{
	const struct operand *now = &form->now->operands[form->place];
	int found = -1;

	for (int d = 0; d < now->ndim && d < CAUSE_SHAPE_MOST; d++) {
		if (form->smallest[d] <= now->sizes[d] && now->sizes[d] <= form->largest[d])
			continue;
		if (found >= 0 || form->smallest[d] != form->largest[d])
			return -1;
		found = d;
	}
	return found;
}

/* What to do about a batch of IS where all had FULL: a clause of a fix. It may be the last one, or one that lost samples where it was put together. */
static void
add_smaller(const struct cause_facts *facts, struct text *fix, int64_t full, int64_t is)
{
	struct text last = {{0}, 0};

	if (cause_add_last_batch(facts, &last, full, is))
		text_add(fix, "drop the last, smaller batch (drop_last=True)");
	else
		text_add(fix, "where it is the loader's last batch, drop it (drop_last=True); else see which of its samples was left out where it is put together");
}

/* Needs: a view that always asked for the same, of a tensor one dimension of which was always the same and is another now. */
bool
cause_view_changed(const struct cause_facts *facts, struct cause *out)
{
	const struct mismatch *mismatch = facts->mismatch;
	struct form form = { .now = facts->event, .asked = true };
	struct text clause = {{0}, 0};
	const struct lineage_step *step;
	struct lineage *lineage;
	bool told;
	int dim;

	if (!cause_disagrees(facts, "numel") || !facts->source || facts->event->site < 0 || mismatch->operand < 0 || mismatch->against < 0)
		return false;
	form.place = mismatch->against;
	form.argument = mismatch->operand;
	facts->source->each_call(facts->source->context, facts->process, facts->event, add_form, &form);
	widen(facts, &form);
	dim = form.calls >= CALLS_ENOUGH && form.asked ? changed_dim(&form) : -1;
	if (dim < 0 || !(lineage = calloc(1, sizeof(*lineage))))
		return false;
	lineage_walk(facts->source, facts->process, facts->event, form.place, dim, LINEAGE_SIZE, lineage);
	step = lineage->decider >= 0 ? &lineage->steps[lineage->decider] : NULL;
	told = (dim == 0 && cause_tell_lacking(facts, step, &clause, &out->fix)) ||
	       (step && step->size == facts->event->operands[form.place].sizes[dim] &&
		cause_tell_step(step, cause_operand_name(facts, form.place), form.smallest[dim], &clause, &out->fix));
	if (!told && cause_is_split(facts)) { /* what it would be divided into tells more */
		free(lineage);
		return false;
	}
	out->confidence = "likely";
	text_add(&out->text, "dimension %d of %s was %" PRId64 " in all %" PRId64 " earlier calls and is %" PRId64 " now; the view asks for %s as ever", dim,
		 cause_operand_name(facts, form.place), form.smallest[dim], form.calls, facts->event->operands[form.place].sizes[dim],
		 facts->event->operands[form.argument].value);
	if (step) {
		text_add(&out->evidence, "the %" PRId64 " was decided by ", facts->event->operands[form.place].sizes[dim]);
		cause_add_line(facts, &out->evidence, step, form.smallest[dim]);
	}
	if (told)
		text_add(&out->text, "; %s", clause.data);
	else if (dim == 0 && cause_batch_is_full(facts, rule_entry(facts->event, cause_argument(facts, form.argument), 0, -1)))
		text_add(&out->fix, "the batch is full, so some of its samples have not as many rows as those before (%" PRId64 " together): find which (see sample), and bring each to "
			 "the same number (pad), or leave such samples out", form.smallest[dim]);
	else if (dim == 0) {
		text_add(&out->fix, "take the view's sizes from the tensor (%s.shape[0], or -1) instead of numbers, or ", cause_operand_name(facts, form.place));
		add_smaller(facts, &out->fix, form.smallest[dim], facts->event->operands[form.place].sizes[dim]);
	} else
		text_add(&out->fix, "take the view's sizes from the tensor (%s.shape[%d], or -1) instead of numbers, or bring dimension %d to %" PRId64
			 " before (pad, or leave out what isn't full)", cause_operand_name(facts, form.place), dim, dim, form.smallest[dim]);
	free(lineage);
	return true;
}

/* The step that left out a part of the table, to the size that it has, where the index LARGEST would have fitted the whole. (A view only divides it.) */
static const struct lineage_step *
cut_since(const struct cause_side *table, int64_t largest, int64_t *from)
{
	for (int i = 0; table->lineage && i + 1 < table->lineage->count; i++) {
		const struct lineage_step *step = &table->lineage->steps[i];

		*from = table->lineage->steps[i + 1].size;
		if (step->size == table->size && *from > table->size)
			return *from > largest && mismatch_is_any(step->event.operation, "slice narrow select index index_select masked_select split split_with_sizes chunk unbind topk take") ? step : NULL;
	}
	return NULL;
}

/* Needs: an index into what is no table of a model's, that would have fitted what the tensor was: in all calls before, or before
 * it was cut. */
bool
cause_index_before(const struct cause_facts *facts, struct cause *out)
{
	const struct mismatch *mismatch = facts->mismatch;
	const struct cause_side *index = &facts->sides[0], *table = &facts->sides[1];
	const struct lineage_step *step;
	int64_t from = -1;
	bool before;

	if (!cause_disagrees(facts, "index") || cause_is(facts, "embedding embedding_bag one_hot") || cause_is_loss(facts) || !mismatch->has_actual ||
	    mismatch->actual < 0 || mismatch->actual >= INT64_MAX || table->size < 1 || table->size != mismatch->expected)
		return false;
	before = table->calls >= CALLS_ENOUGH && table->smallest == table->largest && mismatch->actual < table->smallest;
	step = cut_since(table, mismatch->actual, &from);
	if (!before && !step)
		return false;
	out->confidence = "likely";
	if (before) {
		text_add(&out->text, "%s had %" PRId64 " rows in all %" PRId64 " earlier calls and has %" PRId64 " now, and %s still goes to %" PRId64,
			 cause_operand_name(facts, table->place), table->smallest, table->calls, table->size, cause_operand_name(facts, index->place),
			 mismatch->actual);
		out->setting = cause_named_number(facts, table->smallest, "batch bsz");
		out->setting = cause_is_called(out->setting, "batch bsz") ? out->setting : NULL;
		cause_add_number(facts, &out->text, out->setting);
		if (cause_decider(index) && !facts->positions && !cause_decided_by(index, "arange randperm cumsum"))
			text_add(&out->fix, "number %s anew where rows were left out: it still counts the %" PRId64 " that there were (of a part of a graph: relabel_nodes=True); or ",
				 cause_operand_name(facts, index->place), table->smallest);
		text_add(&out->fix, "make %s from what there is now (%s.shape[%d]), or ",
			 cause_operand_name(facts, index->place), cause_operand_name(facts, table->place), mismatch->against_dim < 0 ? 0 : mismatch->against_dim);
		add_smaller(facts, &out->fix, table->smallest, table->size);
	} else {
		text_add(&out->text, "%s goes to %" PRId64 ", for the %" PRId64 " that there were before %s was cut to %" PRId64 " by ",
			 cause_operand_name(facts, index->place), mismatch->actual, from, cause_operand_name(facts, table->place), table->size);
		cause_add_line(facts, &out->text, step, table->size);
		text_add(&out->fix, "leave out or clamp what lies beyond %" PRId64 " where %s is made, move it by as much as was cut off in front, or index "
			 "before the cut", table->size - 1, cause_operand_name(facts, index->place));
	}
	if (cause_decider(index)) {
		text_add(&out->evidence, "the index was made by ");
		cause_add_line(facts, &out->evidence, cause_decider(index), before ? table->smallest : -1);
	}
	return true;
}
