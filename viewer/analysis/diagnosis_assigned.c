/* What a line assigned into a part of a tensor: both sides are tensors, where the operation that failed has the room as a list of sizes alone. */
#include <stdlib.h>
#include <string.h>

#include "diagnosis_parts.h"
#include "mismatch/mismatch_rule.h"
#include "text.h"
#include "where.h"

#define EVENTS_BEFORE 8 /* on the failing line: the views that lead to the room, and that of what is assigned */

static bool
is_alike(const int64_t *sizes, int ndim, const struct operand *other)
{
	return other->ndim == ndim && memcmp(sizes, other->sizes, (size_t)ndim * sizeof(*sizes)) == 0;
}

/* The view on the line of FAILED, just before it, that gave TENSOR (0: any of SIZES). */
static bool
find_view(const struct diagnosis *diagnosis, const struct event *failed, int64_t tensor, const int64_t *sizes, int ndim, struct event *out)
{
	const struct source *source = diagnosis->source;

	for (int64_t id = failed->id - 1; id >= 0 && id >= failed->id - EVENTS_BEFORE; id--)
		if (source->event(source->context, diagnosis->failure->process, id, out) && out->site == failed->site && out->thread == failed->thread &&
		    out->output_count == 1 && mismatch_is_view(out->operation) && out->operand_count && out->operands[0].ndim >= 0 &&
		    (tensor ? out->outputs[0].tensor == tensor : is_alike(sizes, ndim, &out->outputs[0])))
			return true;
	return false;
}

/* Does the line of the failure assign a part of something, as far as it can be read? NAME gets what that is called, "tiles[...]". */
static bool
assigns_part(const struct diagnosis *diagnosis, char *name, size_t size)
{
	const json_t *frame = json_array_get(diagnosis->frames, (size_t)where_choose(diagnosis->frames));
	struct code_statement statement;
	char of[CODE_TEXT_MOST];

	text_format(name, size, "self");
	if (!where_statement(diagnosis->source, diagnosis->failure, frame, &statement))
		return true;
	if (!code_part_of(statement.text, of, sizeof(of)))
		return false;
	text_format(name, size, "%.100s[...]", of);
	return true;
}

bool
diagnosis_two_sides(struct diagnosis *diagnosis, struct subject *made)
{
	const struct event *failed = &diagnosis->failure->event;
	struct mismatch_facts facts = { .event = &made->event };
	struct mismatch found;

	made->event.id = failed->id;
	made->event.site = failed->site;
	made->event.thread = failed->thread;
	made->event.scope = failed->scope;
	made->event.step = failed->step;
	made->event.grad = failed->grad;
	made->event.phase = failed->phase;
	made->event.operand_count = 2;
	for (int i = 0; i < 2; i++) {
		made->operands[i].item = -1;
		made->operands[i].argument = made->operands[i].slot = i;
	}
	if (!mismatch_find(&facts, &found)) {
		free(made);
		return false;
	}
	diagnosis->made = made;
	diagnosis->subject = &made->event;
	diagnosis->mismatch = found;
	return diagnosis->two_sides = true;
}

bool
diagnosis_assigned(struct diagnosis *diagnosis)
{
	const struct event *failed = &diagnosis->failure->event;
	int64_t sizes[RULE_INTS_MOST];
	int self = rule_tensor(failed, "self"), ndim = mismatch_is_any(failed->operation, "expand") ? rule_ints(failed, "size", sizes, RULE_INTS_MOST) : -1;
	struct operand given;
	struct event room, view;
	struct subject *made;

	if (self < 0 || ndim < 1 || failed->site < 0 || !find_view(diagnosis, failed, 0, sizes, ndim, &room) || !(made = calloc(1, sizeof(*made))))
		return false;
	given = failed->operands[self];
	subject_start(made, "aten::copy_");
	if (room.outputs[0].tensor == given.tensor || !assigns_part(diagnosis, made->names[0], sizeof(made->names[0]))) { /* expanded for its own sake */
		free(made);
		return false;
	}
	if (find_view(diagnosis, failed, given.tensor, NULL, 0, &view) && is_alike(given.sizes, given.ndim, &view.operands[0]))
		given = view.operands[0]; /* by which what is assigned got rid of dimensions of 1 */
	made->operands[0] = room.outputs[0];
	made->operands[0].name = made->names[0];
	made->operands[1] = given;
	made->operands[1].name = "src";
	return diagnosis_two_sides(diagnosis, made);
}
