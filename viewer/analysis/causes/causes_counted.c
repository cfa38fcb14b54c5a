/* A rule about a number of groups that was taken from the largest index. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "causes_tool.h"
#include "../mismatch/mismatch_rule.h"
#include "../where.h"

#define BEFORE_MOST 12 /* operations between the reading of the value and what it is used for */

bool
cause_read_value(const struct event *event, int64_t *value, int64_t *tensor)
{
	char name[96], *end;

	mismatch_plain_name(event->operation, name, sizeof(name));
	if (!text_among("item local_scalar_dense", name) || event->operand_count < 1 || event->output_count < 1 || !event->outputs[0].value ||
	    !rule_is_integral(event->operands[0].dtype))
		return false;
	*value = strtoll(event->outputs[0].value, &end, 10);
	*tensor = event->operands[0].tensor;
	return end != event->outputs[0].value && !*end && *tensor > 0;
}

struct counted { int64_t largest; struct event max; };

/* Was the size of STEP, which asked for it, the largest of some index and one? */
static bool
is_counted(const struct cause_facts *facts, const struct lineage_step *step, struct counted *out)
{
	struct event event;
	int64_t tensor;
	int output;

	for (int64_t id = step->event.id - 1; id >= 0 && id >= step->event.id - BEFORE_MOST; id--) {
		if (!facts->source->event(facts->source->context, facts->process, id, &event))
			return false;
		if (event.thread != step->event.thread || !cause_read_value(&event, &out->largest, &tensor))
			continue;
		if (out->largest + 1 != step->size ||
		    !facts->source->maker(facts->source->context, facts->process, tensor, id, &out->max, &output))
			return false;
		return mismatch_is_any(out->max.operation, "max amax") && out->max.operand_count > 0 && rule_is_integral(out->max.operands[0].dtype);
	}
	return false;
}

/* Needs: a size that a tensor of zeros was asked for, which is one more than the largest value of an index, read just before; and one less than
 * what it meets, or another than it was. */
bool
cause_counted(const struct cause_facts *facts, struct cause *out)
{
	for (int i = 0; i < 2; i++) {
		const struct cause_side *few = &facts->sides[i], *many = &facts->sides[1 - i];
		const struct lineage_step *step = cause_decider(few);
		char where[4200];
		struct counted counted;

		if (!cause_disagrees(facts, "size") || !facts->source || !step || few->size >= many->size || few->size != step->size ||
		    !cause_decided_by(few, "new_zeros zeros new_full full new_ones ones new_empty empty") || !is_counted(facts, step, &counted))
			continue;
		out->confidence = "likely";
		text_add(&out->text, "the %" PRId64 " of %s was counted from the data, as one more than the largest number (%" PRId64 ") in an index of %" PRId64, few->size,
			 cause_operand_name(facts, few->place), counted.largest, rule_count(&counted.max.operands[0]));
		if (where_site_line(facts->source, facts->process, counted.max.site, false, where, sizeof(where)))
			text_add(&out->text, " (%s)", where);
		text_add(&out->text, "; of %" PRId64 " groups the last%s no entry in it, so %s missing", many->size,
			 many->size - few->size == 1 ? SAY(" has") : SAY(" have"), many->size - few->size == 1 ? SAY("it is") : SAY("they are"));
		text_add(&out->evidence, "%s; made by ", facts->mismatch->text);
		cause_add_step(facts, &out->evidence, step);
		if (many->calls && many->smallest == many->largest && many->size == many->largest)
			text_add(&out->evidence, "; %s had %" PRId64 " in each of %" PRId64 " earlier calls", cause_operand_name(facts, many->place), many->size, many->calls);
		text_add(&out->fix, "give the call at that line the number of groups (%" PRId64 " here: size=, num_segments=, minlength= or the like, from the batch itself) instead "
			 "of letting it count up to the largest index", many->size);
		return true;
	}
	return false;
}
