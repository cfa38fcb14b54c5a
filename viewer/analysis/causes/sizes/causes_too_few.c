/* A rule about the largest few of fewer than that. */
#include <inttypes.h>
#include <string.h>

#include "../causes_tool.h"
#include "../../mismatch/mismatch_rule.h"

/* Needs: a topk (kthvalue) that asks for more than there are. Likely where the line found enough before, or the number has a name on it. */
bool
cause_too_few_to_choose(const struct cause_facts *facts, struct cause *out)
{
	const struct mismatch *mismatch = facts->mismatch;
	const struct cause_side *is = &facts->sides[0];
	struct cause_picture picture;
	const json_t *number;
	bool fewer = is->calls && is->smallest > is->size;

	if (!cause_disagrees(facts, "size") || !cause_is(facts, "topk kthvalue"))
		return false;
	number = cause_number_on_line(facts, mismatch->expected);
	out->confidence = fewer || number ? "likely" : "possible";
	out->setting = number;
	text_add(&out->text, "too few to choose from: %s asks for %" PRId64, facts->event->operands[mismatch->against].name, mismatch->expected);
	cause_add_number(facts, &out->text, number);
	text_add(&out->text, " of %s, which has %" PRId64 " in dimension %d", cause_operand_name(facts, mismatch->operand), mismatch->actual, mismatch->dim);
	if (fewer)
		text_add(&out->text, "; in %" PRId64 " earlier calls it had at least %" PRId64, is->calls, is->smallest);
	if (cause_decider(is))
		cause_add_decided(facts, &out->evidence, mismatch->actual, cause_decider(is));
	if (cause_picture(is, 0, &picture) && picture.made) {
		text_add(&out->evidence, "%s", out->evidence.used ? "; " : "");
		cause_add_picture(facts, &out->evidence, &picture);
	}
	text_add(&out->fix, "ask for no more than there are: min(%s, %s.shape[%d])", number ? text_get(number, "name") : facts->event->operands[mismatch->against].name,
		 cause_operand_name(facts, mismatch->operand), mismatch->dim);
	text_add(&out->fix, ", here and in all that counts on %" PRId64 " of them; or leave out (or enlarge) inputs of which fewer come, or set it to %" PRId64 " or less", mismatch->expected,
		 mismatch->actual);
	return true;
}
