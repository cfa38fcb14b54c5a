/* Rules about what was loaded. */
#include <inttypes.h>
#include <string.h>

#include "causes.h"
#include "subject.h"

/* Needs: load_state_dict's own word that a parameter has two shapes. */
bool
cause_checkpoint(const struct cause_facts *facts, struct cause *out)
{
	const struct mismatch *mismatch = facts->mismatch;
	const char *name;

	if (!facts->event || !mismatch || strcmp(facts->event->operation, SUBJECT_LOAD) != 0 || mismatch->operand < 0)
		return false;
	name = facts->event->operands[mismatch->operand].name;
	out->confidence = "likely";
	text_add(&out->text, "the checkpoint was made for another configuration: %s", mismatch->text);
	if (mismatch->dim >= 0)
		text_add(&out->fix, "build the model with the %" PRId64 " that dimension %d of %s has in the checkpoint (its saved config), or "
			 "resize that parameter after loading", mismatch->actual, mismatch->dim, name);
	else
		text_add(&out->fix, "build the model as it was when it was saved (its saved config), or leave %s out of the checkpoint", name);
	return true;
}
