/* Rules about what is taken apart into names, and about tensors made from an empty list. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../causes_tool.h"
#include "../../mismatch/mismatch_rule.h"

/* What the line that made a tensor made before: how many dimensions, and how many in the last one. */
struct forms { int output, ndim; int64_t calls, last; };

static bool
add_form(const struct event *event, void *context)
{
	struct forms *forms = context;
	const struct operand *made = forms->output < event->output_count ? &event->outputs[forms->output] : NULL;

	if (!made || made->ndim < 1 || (made->ndim == 1 && made->sizes[0] == 0))
		return true; /* another empty one */
	if (!forms->calls++) {
		forms->ndim = made->ndim;
		forms->last = made->sizes[made->ndim - 1];
	} else if (made->ndim != forms->ndim) {
		forms->ndim = -1;
	} else if (made->sizes[made->ndim - 1] != forms->last) {
		forms->last = -1;
	}
	return forms->ndim > 0;
}

/* TENSOR, whose form is [0], came in so: tells what its line made else. */
static bool
tell_empty(const struct cause_facts *facts, struct cause *out, const char *name, int64_t tensor, int64_t before)
{
	struct lineage *lineage = tensor > 0 ? calloc(1, sizeof(*lineage)) : NULL;
	const struct lineage_step *step = NULL;
	struct forms forms = { .ndim = 0 };

	if (lineage)
		lineage_walk_tensor(facts->source, facts->process, tensor, before, 0, LINEAGE_SIZE, lineage);
	if (lineage && lineage->decider >= 0 && lineage->steps[lineage->decider].entered && lineage->steps[lineage->decider].event.site >= 0)
		step = &lineage->steps[lineage->decider];
	if (step) {
		forms.output = step->output;
		facts->source->each_call(facts->source->context, facts->process, &step->event, add_form, &forms);
	}
	if (step && forms.calls && forms.ndim > 1) {
		out->confidence = "likely";
		out->tells_news = true;
		text_add(&out->text, "%s was made from an empty list, and such a tensor is [0], of one dimension; %" PRId64 " earlier call%s of that line made %d dimensions: ", name,
			 forms.calls, language_plural(forms.calls), forms.ndim);
		cause_add_line(facts, &out->text, step, -1);
		if (forms.ndim == 2 && forms.last > 0)
			text_add(&out->fix, "give it its form where it is made, also where there is nothing: reshape(-1, %" PRId64 "), or torch.zeros((0, %" PRId64 "))", forms.last,
				 forms.last);
		else
			text_add(&out->fix, "give it its form where it is made, also where there is nothing (reshape, torch.zeros with a first size of 0)");
		text_add(&out->fix, "; or leave samples without any out");
	}
	free(lineage);
	return *out->text.data;
}

static bool
is_empty_row(const struct operand *is)
{
	return is->tensor > 0 && is->ndim == 1 && is->sizes[0] == 0;
}

/* Needs: a tensor of the form [0] that came in ready-made, where its line made tensors of more dimensions before. */
bool
cause_empty_list(const struct cause_facts *facts, struct cause *out)
{
	const struct mismatch *mismatch = facts->mismatch;
	const int places[] = { mismatch ? mismatch->operand : -1, mismatch ? mismatch->against : -1 };

	if (!facts->source)
		return false;
	for (int i = 0; i < 2; i++)
		if (places[i] >= 0 && facts->event && places[i] < facts->event->operand_count && is_empty_row(&facts->event->operands[places[i]]))
			return tell_empty(facts, out, cause_operand_name(facts, places[i]), facts->event->operands[places[i]].tensor, facts->before);
	for (int i = 0; i < facts->rests_count && !mismatch; i++) {
		const json_t *shape = json_object_get(facts->rests_on[i], "shape"), *tensor = json_object_get(facts->rests_on[i], "tensor");

		if (json_array_size(shape) == 1 && cause_local_size(facts->rests_on[i], 0) == 0 && json_is_integer(tensor) &&
		    tell_empty(facts, out, text_get(facts->rests_on[i], "name"), json_integer_value(tensor), facts->before))
			return true;
	}
	return false;
}

static bool
takes_apart(const char *line)
{
	return strstr(line, "split(") || strstr(line, "chunk(") || strstr(line, "unbind(");
}

/* Needs: a tensor that was taken apart into more or fewer than there are names, which Python refused; likely where it is known what decided its size, and
 * a variable holds it or the line itself takes it apart (else it may be that no tensor was meant). */
bool
cause_unpacked(const struct cause_facts *facts, struct cause *out)
{
	const struct mismatch *mismatch = facts->mismatch;
	const struct lineage_step *step = cause_decider(&facts->sides[0]);
	const char *name;

	if (!cause_is_raised(facts) || !cause_disagrees(facts, "size") || !facts->message || !strstr(facts->message, "values to unpack") || mismatch->operand < 0)
		return false;
	name = cause_operand_name(facts, mismatch->operand);
	out->confidence = step && !step->possible && (facts->event->operands[mismatch->operand].dtype || (facts->line && takes_apart(facts->line))) ? "likely" : "possible";
	text_add(&out->text, "%s is taken apart along dimension %d, which has %" PRId64 ", into names for %" PRId64, name, mismatch->dim, mismatch->actual, mismatch->expected);
	if (step) {
		text_add(&out->text, "; decided by ");
		cause_add_line(facts, &out->text, step, -1);
	}
	text_add(&out->fix, "have %" PRId64 " there where %s is made, or give it names for %" PRId64, mismatch->expected, name, mismatch->actual);
	return true;
}
