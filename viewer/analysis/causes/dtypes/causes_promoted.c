/* A rule about type promotion: one operand of a wider dtype that made all others so. */
#include <string.h>

#include "../causes_tool.h"
#include "../code/handed.h"
#include "../../mismatch/mismatch_rule.h"
#include "../../mismatch/operand.h"

#define PIECES_TOLD 6
#define NAME_MOST 96

/* The path that the list in brackets of LINE has as its item N, in OUT; false where it is another expression. */
static bool
listed_name(const char *line, int n, char out[NAME_MOST])
{
	const char *at = strchr(line, '[');
	size_t size;

	for (at = at ? at + 1 : ""; *at; at++) {
		at += strspn(at, " ");
		size = code_path(at);
		if (!size || size >= NAME_MOST || !strchr(",]", at[size]))
			return false;
		if (n-- == 0) {
			text_format(out, NAME_MOST, "%.*s", (int)size, at);
			return true;
		}
		at += size;
		if (*at == ']')
			return false;
	}
	return false;
}

/* What the code calls the OPERAND of STEP: a variable of a frame that is left, or as the step's own line lists it, or only the argument. */
static void
name_operand(const struct cause_facts *facts, const struct lineage_step *step, const struct operand *operand, char out[NAME_MOST])
{
	const json_t *local = operand_local(facts->frames, operand->tensor);
	char line[NAME_MOST * 2];

	if (local && *text_get(local, "name"))
		text_format(out, NAME_MOST, "%s", text_get(local, "name"));
	else if (operand->item < 0 || !cause_source(facts, step, line, sizeof(line)) || !listed_name(line, operand->item, out))
		text_format(out, NAME_MOST, "%s", operand->name);
}

/* "bfloat16, bfloat16, float32" */
static void
add_dtypes(struct text *text, const struct event *event)
{
	int told = 0;

	for (int i = rule_next(event, 0); i >= 0; i = rule_next(event, i + 1))
		if (event->operands[i].dtype && ++told <= PIECES_TOLD)
			text_add(text, "%s%s", told > 1 ? ", " : "", event->operands[i].dtype);
	if (told > PIECES_TOLD)
		text_add(text, ", ...");
}

/* Which operand it was, who made it, and what to change. */
static void
tell_wide(const struct cause_facts *facts, struct cause *out, const struct cause_side *side, const struct promotion *promotion, const char *wanted)
{
	struct lineage_step step = side->lineage->steps[promotion->at];
	const struct operand *wide = &step.event.operands[promotion->place];
	char called[NAME_MOST];

	name_operand(facts, &step, wide, called);
	if (promotion->wide == 1)
		text_add(&out->text, "; %s alone is %s, and by type promotion all became that", called, wide->dtype);
	else
		text_add(&out->text, "; %s is %s, and by type promotion all became that", called, wide->dtype);
	if (promotion->at + 1 < side->lineage->count) {
		text_add(&out->text, "; it was made by ");
		cause_add_step(facts, &out->text, &side->lineage->steps[promotion->at + 1]);
	}
	if (promotion->wide == 1)
		text_add(&out->fix, "convert %s to %s before it goes in there: .to(torch.%s): ", called, wanted, wanted);
	else
		text_add(&out->fix, "convert what is %s to %s before it goes in there, %s first: .to(torch.%s): ", wide->dtype, wanted, called, wanted);
	*step.how = '\0';
	cause_add_line(facts, &out->fix, &step, -1);
}

/* Is the other side, if it is a layer's, as most of the model is? Else it is the exception, not what came in. */
static bool
is_models(const struct cause_facts *facts, int place, const char *dtype)
{
	int64_t all, like;

	if (place < 0 || !text_among("weight bias mat2 running_mean running_var", cause_argument(facts, place)))
		return true;
	like = cause_parameters_in(facts, dtype, &all);
	return !all || like * 2 > all;
}

/* Needs: a floating dtype that an operation doesn't convert, and on its way an operation that was given both and made the one of them: type promotion. */
bool
cause_promoted(const struct cause_facts *facts, struct cause *out)
{
	const struct mismatch *mismatch = facts->mismatch;

	if (!cause_disagrees(facts, "dtype") || !mismatch->expected_name || !mismatch->actual_name || !rule_is_floating(mismatch->expected_name) ||
	    !rule_is_floating(mismatch->actual_name))
		return false;
	for (int i = 0; i < 2; i++) {
		const char *is = i ? mismatch->expected_name : mismatch->actual_name, *wanted = i ? mismatch->actual_name : mismatch->expected_name;
		const struct cause_side *side = &facts->sides[i];
		struct promotion promotion;
		struct lineage_step step;
		int handed;

		if (side->place < 0 || !side->lineage || side->lineage->property != LINEAGE_DTYPE || cause_is_parameter(facts, side->place) ||
		    !promotion_find(side->lineage, wanted, &promotion) || !is_models(facts, facts->sides[!i].place, wanted))
			continue;
		out->confidence = "likely";
		text_add(&out->text, "%s is %s where %s is wanted", cause_operand_name(facts, side->place), is, wanted);
		handed = handed_at(side->lineage, promotion.at);
		if (handed >= 0) {
			text_add(&out->text, ", a dtype that was taken over by ");
			cause_add_step(facts, &out->text, &side->lineage->steps[handed]);
		}
		step = side->lineage->steps[promotion.at];
		*step.how = '\0';
		text_add(&out->text, ": ");
		cause_add_step(facts, &out->text, &step);
		text_add(&out->text, " was given ");
		add_dtypes(&out->text, &step.event);
		tell_wide(facts, out, side, &promotion, wanted);
		if (handed >= 0)
			text_add(&out->fix, "; %s only follows it", cause_operand_name(facts, side->place));
		cause_add_otherwise(facts, &out->evidence, side->place, -1, LINEAGE_DTYPE);
		text_add(&out->evidence, "%s%s", out->evidence.used ? SAY("; ") : "", mismatch->text);
		return true;
	}
	return false;
}
