/* Rules about autocast: a mix of dtypes that went through this line before. */
#include <inttypes.h>
#include <string.h>

#include "../causes_tool.h"
#include "../../history/elsewhere.h"
#include "../../mismatch/mismatch_rule.h"

struct mixed { const struct cause_facts *facts; int64_t calls, site; const char *made; };

static bool
is_half(const char *dtype)
{
	return text_among("float16 bfloat16", dtype);
}

static bool
has_form_of(const struct event *event, const struct event *now, int place)
{
	const struct operand *is = place < event->operand_count ? &event->operands[place] : NULL, *today = &now->operands[place];

	return is && is->dtype && today->dtype && strcmp(is->dtype, today->dtype) == 0 && is->device && today->device &&
	       strcmp(is->device, today->device) == 0;
}

/* A call that was given the same two dtypes on the same devices, and made half precision of them. */
static bool
add_mixed(const struct event *event, void *context)
{
	struct mixed *mixed = context;
	const struct mismatch *mismatch = mixed->facts->mismatch;

	if (!has_form_of(event, mixed->facts->event, mismatch->operand) || !has_form_of(event, mixed->facts->event, mismatch->against))
		return true;
	if (event->output_count < 1 || !event->outputs[0].dtype || !is_half(event->outputs[0].dtype))
		return true;
	if (!mixed->calls++) {
		mixed->site = event->site;
		mixed->made = event->outputs[0].dtype;
	}
	return true;
}

/* Needs: an operation that refuses a mix of dtypes, at a line that took the very same mix before and made half precision of it: nothing but
 * autocast converts so, and under autocast it would have now. */
bool
cause_autocast(const struct cause_facts *facts, struct cause *out)
{
	const struct mismatch *mismatch = facts->mismatch;
	struct mixed mixed = { .facts = facts, .site = -1 };
	const struct operand *one, *other;
	char now[ELSEWHERE_LINE] = "", before[ELSEWHERE_LINE];

	if (!cause_disagrees(facts, "dtype") || !facts->source || facts->event->site < 0 || mismatch->operand < 0 || mismatch->against < 0)
		return false;
	one = &facts->event->operands[mismatch->operand];
	other = &facts->event->operands[mismatch->against];
	if (!one->dtype || !other->dtype || !text_among("float32 float16 bfloat16", one->dtype) || !text_among("float32 float16 bfloat16", other->dtype) ||
	    strcmp(one->dtype, other->dtype) == 0)
		return false;
	elsewhere_each(facts->source, facts->process, facts->event, add_mixed, &mixed);
	if (!mixed.calls)
		return false;
	out->confidence = "certain";
	text_add(&out->text, "%s is %s and %s is %s here, as in %" PRId64 " earlier call%s of this line, which made %s of them: these ran under autocast, which converts; "
		 "this one doesn't", cause_operand_name(facts, mismatch->operand), one->dtype, cause_operand_name(facts, mismatch->against), other->dtype,
		 mixed.calls, language_plural(mixed.calls), mixed.made);
	if (elsewhere_parts(facts->source, facts->process, facts->event->site, mixed.site, now, before))
		text_add(&out->text, ": it comes from %s, those from %s", now, before);
	text_add(&out->fix, "run it under autocast, too%s%s: with torch.autocast('%s', dtype=torch.%s): ...", *now ? SAY(", around ") : "", now,
		 strncmp(one->device, "cuda", 4) == 0 ? "cuda" : one->device, mixed.made);
	text_add(&out->evidence, "%s", mismatch->text);
	return true;
}
