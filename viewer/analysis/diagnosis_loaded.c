/* A checkpoint's parameter has another shape than the model's: who decided that shape in this run, where that is known; an optimizer's state that
 * was loaded for parameters of other shapes. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "diagnosis_parts.h"
#include "text.h"
#include "where.h"

/* Does the story of what was SAVED end in a line of the program's own? */
static bool
is_own(const struct diagnosis *diagnosis, const struct lineage *saved)
{
	return saved->decider >= 0 && where_is_own(diagnosis->source, diagnosis->failure->process, saved->steps[saved->decider].event.site);
}

/* Tells who made such a parameter as operand PLACE is, called NAME: the first of this run (what was saved may be that one), or the last (the model's own).
 * That one has the ORIGIN. */
static bool
tell_maker(struct diagnosis *diagnosis, int place, const char *name, bool first, bool origin)
{
	const struct event *subject = diagnosis->subject;
	const struct operand *operand = &subject->operands[place];
	struct lineage *room = calloc(1, sizeof(*room));
	int dim = diagnosis->mismatch.dim;
	bool told = false;
	struct event made;
	char what[256];

	if (room && dim >= 0 && dim < operand->ndim &&
	    lineage_made_so(diagnosis->source, diagnosis->failure->process, subject->id, operand, first, &made, NULL, 0)) {
		lineage_walk_tensor(diagnosis->source, diagnosis->failure->process, made.outputs[0].tensor, made.id + 1, dim, LINEAGE_SIZE, room);
		told = room->decider >= 0;
	}
	if (told) {
		text_format(what, sizeof(what), "%" PRId64, operand->sizes[dim]);
		diagnosis_append(diagnosis, room, name, what, dim);
	}
	if (told && origin) {
		text_format(what, sizeof(what), "%" PRId64 " (%.200s)", operand->sizes[dim], operand->name);
		json_decref(diagnosis->origin);
		diagnosis->origin = lineage_origin(diagnosis->source, room, what);
		json_object_set_new(diagnosis->origin, "possible", json_true()); /* the shape alone says that it is that one */
	}
	free(room);
	return told;
}

void
diagnosis_loaded(struct diagnosis *diagnosis, const struct lineage *saved)
{
	const struct mismatch *mismatch = &diagnosis->mismatch;

	char name[256];
	bool told;

	if (mismatch->operand < 0)
		return;
	text_say(name, sizeof(name), "perhaps the saved %.160s", diagnosis->subject->operands[mismatch->operand].name);
	told = tell_maker(diagnosis, mismatch->operand, name, true, true);
	if (mismatch->against >= 0 && (told || !is_own(diagnosis, saved)))
		tell_maker(diagnosis, mismatch->against, diagnosis->subject->operands[mismatch->against].name, false, !told);
}

/* Did it come in ready-made: from a file, a list, another process? */
static bool
came_in(const struct lineage *lineage)
{
	return lineage->decider >= 0 && lineage->steps[lineage->decider].entered;
}

bool
diagnosis_is_loaded_state(const struct diagnosis *diagnosis, const struct lineage *one, const struct lineage *other)
{
	return diagnosis->failure->phase && strcmp(diagnosis->failure->phase, "optimizer") == 0 && came_in(other) && !came_in(one);
}

bool
diagnosis_was_decided_before(const struct lineage *one, const struct lineage *other)
{
	return one->decider >= 0 && other->count && one->steps[one->decider].event.id >= 0 && one->steps[one->decider].event.id < other->steps[0].event.id;
}
