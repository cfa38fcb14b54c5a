/* What each step of a size's story made in earlier calls of its line: where today's run left its usual way. */
#include <inttypes.h>
#include <string.h>

#include "causes_tool.h"
#include "mismatch_rule.h"
#include "where.h"

#define CALLS_ENOUGH 3
#define CALLS_MOST 64
#define STEPS_MOST 24

/* What a line made in earlier calls, as far as they are kept. */
struct usual { int64_t calls, smallest, largest; };

struct look { const struct lineage_step *step; struct usual *usual; int place /* of an entry: which operand */; };

static bool
add_call(const struct event *event, void *context)
{
	struct look *look = context;
	const struct lineage_step *step = look->step;
	const struct operand *is = look->place >= 0 ? look->place < event->operand_count ? &event->operands[look->place] : NULL
				   : step->output < event->output_count ? &event->outputs[step->output] : NULL;
	int64_t size;

	if (!is || step->dim >= is->ndim)
		return true;
	size = is->sizes[step->dim];
	if (!look->usual->calls++)
		look->usual->smallest = look->usual->largest = size;
	look->usual->smallest = size < look->usual->smallest ? size : look->usual->smallest;
	look->usual->largest = size > look->usual->largest ? size : look->usual->largest;
	return look->usual->calls < CALLS_MOST;
}

/* What STEP's line made before; false where too little is known. */
static bool
look_back(const struct cause_facts *facts, const struct lineage_step *step, struct usual *out)
{
	struct look look = { .step = step, .usual = out, .place = -1 };

	*out = (struct usual){ 0, 0, 0 };
	if (step->event.id < 0 || step->event.site < 0 || step->dim < 0 || step->size < 0)
		return false;
	for (int i = 0; step->entered && i < step->event.operand_count && look.place < 0; i++)
		look.place = step->tensor > 0 && step->event.operands[i].tensor == step->tensor ? i : -1;
	if (look.place < 0 && !step->event.output_count)
		return false;
	facts->source->each_call(facts->source->context, facts->process, &step->event, add_call, &look);
	return out->calls >= CALLS_ENOUGH;
}

/* The oldest deciding step of SIDE's story that made a size that its line had not made before, all after it being new as well;
 * what it made before in OUT. NULL if nothing is new, or too few calls are kept. */
static const struct lineage_step *
went_off(const struct cause_facts *facts, const struct cause_side *side, struct usual *out)
{
	const struct lineage_step *found = NULL;
	struct usual usual;

	if (!facts->source || !side->lineage)
		return NULL;
	for (int i = 0; i < side->lineage->count && i < STEPS_MOST; i++) {
		const struct lineage_step *step = &side->lineage->steps[i];

		if (!look_back(facts, step, &usual))
			break;
		if (step->size >= usual.smallest && step->size <= usual.largest)
			break; /* as ever: what comes after it went off */
		if (step->decides) {
			found = step;
			*out = usual;
		}
	}
	return found;
}

/* "12 in each of the last 64 calls". */
static void
add_usual(struct text *text, const struct usual *usual)
{
	if (usual->smallest == usual->largest)
		text_add(text, "%" PRId64 " in each of the last %" PRId64 " calls", usual->smallest, usual->calls);
	else
		text_add(text, "%" PRId64 " to %" PRId64 " in the last %" PRId64 " calls", usual->smallest, usual->largest, usual->calls);
}

void
cause_add_went_off(const struct cause_facts *facts, struct cause *out)
{
	struct usual usual;
	char line[512];

	if (!facts->mismatch || (strcmp(facts->mismatch->property, "size") != 0 && strcmp(facts->mismatch->property, "numel") != 0 &&
				 strcmp(facts->mismatch->property, "count") != 0))
		return;
	for (int i = 0; i < 2; i++) {
		const struct lineage_step *step = went_off(facts, &facts->sides[i], &usual);

		if (!step || !where_site_line(facts->source, facts->process, step->event.site, false, line, sizeof(line)) ||
		    (strstr(out->text.data, line) && strstr(out->text.data, "earlier calls")))
			continue;
		text_add(&out->evidence, "%snew at ", out->evidence.used ? SAY("; ") : "");
		cause_add_line(facts, &out->evidence, step, step->size);
		text_add(&out->evidence, ": %" PRId64 ", where it was ", step->size);
		add_usual(&out->evidence, &usual);
		return;
	}
}
