/* Of one batch one key has fewer rows than the others: items that lack what was stacked. */
#include <inttypes.h>
#include <string.h>

#include "../causes_tool.h"
#include "../../mismatch/mismatch_rule.h"

#define CALLS_LEAST 10 /* of one number of pieces: no chance */

/* Two tensors of one mapping: a key of IS rows, and one of WAS. */
struct keys { int64_t is, was; const json_t *few, *all; };

static bool
has_both(const json_t *local, void *context)
{
	struct keys *keys = context;
	const json_t *item;
	size_t i;

	keys->few = keys->all = NULL;
	json_array_foreach(json_object_get(local, "items"), i, item) {
		if (!text_ends(text_get(item, "name"), "']") || strcmp(text_get(item, "kind"), "tensor") != 0)
			continue;
		if (!keys->few && cause_local_size(item, 0) == keys->is)
			keys->few = item;
		if (!keys->all && cause_local_size(item, 0) == keys->was)
			keys->all = item;
	}
	return keys->few && keys->all;
}

bool
cause_tell_lacking(const struct cause_facts *facts, const struct lineage_step *step, struct text *text, struct text *fix)
{
	struct lineage_step rows;
	struct usual usual;
	struct keys keys;

	if (!step || step->event.id < 0 || step->possible || !mismatch_is_any(step->event.operation, "stack") || step->output < 0 || step->output >= step->event.output_count)
		return false;
	rows = *step;
	rows.dim = 0;
	keys = (struct keys){ .is = rule_pieces(&step->event) };
	if (keys.is < 1 || step->event.outputs[step->output].ndim < 1 || step->event.outputs[step->output].sizes[0] != keys.is || !cause_made_before(facts, &rows, &usual) ||
	    usual.calls < CALLS_LEAST || !usual_is_steady(&usual) || usual.smallest <= keys.is)
		return false;
	keys.was = usual.smallest;
	if (!cause_local(facts, has_both, &keys))
		return false;
	text_add(text, "%s has %" PRId64 " rows where %s has %" PRId64 " as ever: of the items of this batch only %" PRId64 " have what is put together by ", text_get(keys.few, "name"),
		 keys.is, text_get(keys.all, "name"), keys.was, keys.is);
	cause_add_step(facts, text, step);
	text_add(text, ", where it was %" PRId64 " in each of the last %" PRId64 " calls", keys.was, usual.calls);
	text_add(fix, "give every item of a batch one of what is stacked there (where it has none, a stand-in of zeros that is masked out), or put items with and without it into "
		 "different batches");
	return true;
}
