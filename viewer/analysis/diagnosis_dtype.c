/* Who decided a dtype, where the line that made it so only took it from another tensor. */
#include <stdlib.h>
#include <string.h>

#include "causes/code/handed.h"
#include "diagnosis_parts.h"
#include "text.h"

void
diagnosis_handed(struct diagnosis *diagnosis, int place, struct lineage *lineage)
{
	const struct mismatch *mismatch = &diagnosis->mismatch;
	const char *wanted = place == mismatch->operand ? mismatch->expected_name : mismatch->actual_name;
	struct lineage *room = calloc(1, sizeof(*room));
	char name[HANDED_NAME_MOST];
	struct promotion promotion;

	if (room && wanted && handed_follow(diagnosis->source, diagnosis->failure, diagnosis->frames, wanted, lineage, room, name) >= 0 &&
	    promotion_find(lineage, wanted, &promotion)) {
		struct lineage_step *step = &lineage->steps[promotion.at];

		text_say(step->how, sizeof(step->how), "%s and %s make %s", wanted, step->event.operands[promotion.place].dtype, step->event.outputs[step->output].dtype);
		step->decides = true;
		lineage->decider = promotion.at;
	}
	free(room);
}
