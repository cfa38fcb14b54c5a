/* A rule about tensors whose dtype is that of the values they were made of. */
#include <inttypes.h>
#include <string.h>

#include "../causes_tool.h"
#include "../../mismatch/mismatch_rule.h"
#include "../../where.h"

#define HOPS_MOST 16
#define CALLS_LEAST 5
#define CALLS_MOST 400

struct dtypes { int64_t calls; int output; char dtype[32]; bool all /* had that one */; };

static bool
add_dtype(const struct event *event, void *context)
{
	struct dtypes *dtypes = context;
	const struct operand *made = dtypes->output < event->output_count ? &event->outputs[dtypes->output] : NULL;

	if (!made || !made->dtype)
		return true;
	if (!dtypes->calls++)
		text_format(dtypes->dtype, sizeof(dtypes->dtype), "%s", made->dtype);
	dtypes->all = dtypes->all && strcmp(dtypes->dtype, made->dtype) == 0;
	return dtypes->all && dtypes->calls < CALLS_MOST;
}

/* The operand of EVENT that has DTYPE as well; NULL. */
static const struct operand *
given(const struct event *event, const char *dtype)
{
	for (int i = 0; i < event->operand_count; i++)
		if (event->operands[i].tensor > 0 && event->operands[i].dtype && strcmp(event->operands[i].dtype, dtype) == 0)
			return &event->operands[i];
	return NULL;
}

/* The oldest line of the program on the way of operand PLACE that always made another dtype before; false if there is none. */
static bool
find_changed(const struct cause_facts *facts, int place, struct event *made, struct dtypes *was)
{
	const struct operand *is = &facts->event->operands[place];
	const char *dtype = is->dtype;
	int64_t before = facts->event->id;
	bool found = false;

	for (int hop = 0; hop < HOPS_MOST && is && is->tensor > 0; hop++) {
		struct dtypes dtypes = { .all = true };
		struct event maker;

		if (!facts->source->maker(facts->source->context, facts->process, is->tensor, before, &maker, &dtypes.output))
			break;
		if (dtypes.output >= maker.output_count || !maker.outputs[dtypes.output].dtype || strcmp(maker.outputs[dtypes.output].dtype, dtype) != 0)
			break; /* it was converted here: on purpose */
		if (maker.site >= 0 && where_is_own(facts->source, facts->process, maker.site))
			facts->source->each_call(facts->source->context, facts->process, &maker, add_dtype, &dtypes);
		if (dtypes.calls >= CALLS_LEAST && dtypes.all && strcmp(dtypes.dtype, dtype) != 0) {
			*made = maker;
			*was = dtypes;
			found = true;
		}
		before = maker.id;
		is = given(&maker, dtype);
	}
	return found;
}

/* Needs: an operand whose dtype isn't what is needed, and a line of the program that made another dtype in every call before, of plain values: those decide
 * it. */
bool
cause_dtype_by_values(const struct cause_facts *facts, struct cause *out)
{
	if (!facts->source || !facts->event || cause_is_raised(facts) || (facts->mismatch && strcmp(facts->mismatch->property, "dtype") != 0))
		return false;
	for (int i = 0; i < facts->event->operand_count; i++) {
		const struct operand *is = &facts->event->operands[i];
		struct dtypes was;
		struct event made;
		char line[512];

		if (is->tensor <= 0 || !is->dtype || !find_changed(facts, i, &made, &was) || !mismatch_is_any(made.operation, "lift_fresh empty tensor scalar_tensor detach to"))
			continue;
		out->confidence = "likely";
		text_add(&out->text, "%s is %s, and was %s in all %" PRId64 " earlier calls", cause_operand_name(facts, i), is->dtype, was.dtype, was.calls);
		if (rule_is_integral(is->dtype) && rule_is_floating(was.dtype) &&
		    cause_source(facts, &(struct lineage_step){ .event = made, .dim = -1, .size = -1 }, line, sizeof(line)) && strstr(line, "tensor("))
			text_add(&out->text, ", for a tensor made of a list has the dtype of its values, and these are whole numbers alone");
		text_add(&out->text, "; made by ");
		cause_add_line(facts, &out->text, &(struct lineage_step){ .event = made, .dim = -1, .size = -1 }, -1);
		text_add(&out->fix, "give it a dtype there: dtype=torch.%s, whatever the values are", was.dtype);
		return true;
	}
	return false;
}
