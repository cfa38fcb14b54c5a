/* A rule about checkpointed layers that ran without a graph. */
#include <inttypes.h>
#include <string.h>

#include "../causes_tool.h"
#include "schema/box.h"
#include "../../mismatch/mismatch_rule.h"
#include "../../where.h"

#define EVENTS_MOST 65536 /* of one step that are looked at */

/* The first frame of SITE outside of PyTorch that called its checkpointing; NULL. */
static const struct frame *
called_by(const struct site *site)
{
	for (int i = 0; i < site->frame_count; i++) {
		if (!where_is_checkpointing(site->frames[i].file))
			continue;
		while (i < site->frame_count && strstr(site->frames[i].file, "/torch/"))
			i++;
		return i < site->frame_count ? &site->frames[i] : NULL;
	}
	return NULL;
}

struct block { struct event last, next; struct site site; const struct frame *caller; };

/* The last operation of the failing step that ran within checkpointing without a graph, and the next with one. */
static bool
find_block(const struct cause_facts *facts, struct block *out)
{
	int64_t without = -1; /* the last site that isn't of checkpointing */
	struct event event;
	bool next = false;

	for (int64_t id = facts->before - 1; facts->source && id > 0 && id > facts->before - EVENTS_MOST; id--) {
		if (!facts->source->event(facts->source->context, facts->process, id, &event))
			continue;
		if (event.step != facts->step)
			return false;
		if (event.grad) {
			out->next = event;
			next = true;
		} else if (next && event.site >= 0 && event.site != without && strcmp(event.phase, "forward") == 0 && event.thread == out->next.thread) {
			without = event.site;
			if (!facts->source->site(facts->source->context, facts->process, event.site, &out->site))
				continue;
			out->last = event;
			if ((out->caller = called_by(&out->site)))
				return true;
		}
	}
	return false;
}

static bool
is_all_frozen(const json_t *modules)
{
	bool known = false;

	for (size_t i = 0; i < json_array_size(modules); i++) {
		const json_t *many = json_object_get(json_array_get(modules, i), "trainable");

		known = known || json_is_integer(many);
		if (json_integer_value(many) > 0)
			return false;
	}
	return known;
}

/* Needs: backward refused for a loss without a graph, layers that ran in forward without one within checkpointing, and what they made came out
 * without one: with an input that requires grad it would have had one. */
bool
cause_reentrant(const struct cause_facts *facts, struct cause *out)
{
	struct block block;
	int place;

	if (!cause_is_raised(facts) || !facts->message || !strstr(facts->message, "does not require grad and does not have a grad_fn") ||
	    is_all_frozen(facts->modules) || !find_block(facts, &block))
		return false;
	place = rule_next(&block.next, 0);
	if (place < 0 || block.next.operands[place].flags & BOX_TENSOR_GRAD)
		return false;
	out->confidence = "certain";
	text_add(&out->text, "the layers that are checkpointed at %s:%d ran without a graph: reentrant checkpointing switches gradients off within, and gives what "
		 "comes out a graph only where an input requires grad; none does (all in front of it is frozen, or is data)", text_basename(block.caller->file),
		 block.caller->line);
	text_add(&out->evidence, "%s (event %" PRId64 ") ran there with gradients off; ", block.last.operation, block.last.id);
	text_add(&out->evidence, "what came out reached ");
	cause_add_step(facts, &out->evidence, &(struct lineage_step){ .event = block.next, .dim = -1 });
	text_add(&out->evidence, " without a graph");
	text_add(&out->fix, "use_reentrant=False where checkpointing is switched on");
	if (!cause_add_asked(facts, &out->fix, "use_reentrant"))
		cause_add_asked(facts, &out->fix, "gradient_checkpointing");
	text_add(&out->fix, ", or let the input require grad (model.enable_input_require_grads(); else a forward hook on the embeddings: output.requires_grad_(True))");
	return true;
}
