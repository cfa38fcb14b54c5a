/* A loss without a graph: where on its way from the parameters the graph was left. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "diagnosis_parts.h"
#include "findings/check.h"
#include "mismatch/mismatch_rule.h"
#include "schema/box.h"
#include "text.h"
#include "where.h"

#define MAKERS_MOST 2048
#define OPERANDS_MOST 16

/* Operations that were looked at or are still to be, by their number. */
struct way_back { int64_t ids[MAKERS_MOST]; bool done[MAKERS_MOST]; int count; };

static void
add_makers(const struct diagnosis *diagnosis, struct way_back *way, int64_t tensor, int64_t before)
{
	struct event maker;
	int output, writes;

	if (tensor <= 0 || way->count == MAKERS_MOST ||
	    !lineage_maker(diagnosis->source, diagnosis->failure->process, tensor, before, LINEAGE_MAKER, &maker, &output, &writes))
		return;
	for (int i = 0; i < way->count; i++)
		if (way->ids[i] == maker.id)
			return;
	way->done[way->count] = false;
	way->ids[way->count++] = maker.id;
}

/* The newest that is still to be looked at, -1. */
static int
newest_of(const struct way_back *way)
{
	int newest = -1;

	for (int i = 0; i < way->count; i++)
		if (!way->done[i] && (newest < 0 || way->ids[i] > way->ids[newest]))
			newest = i;
	return newest;
}

/* Has one of COUNT OPERANDS a graph behind it, or one that it is to get? */
static bool
has_graph(const struct operand *operands, int count)
{
	for (int i = 0; i < count; i++)
		if (operands[i].tensor > 0 && operands[i].flags & BOX_TENSOR_GRAD)
			return true;
	return false;
}

/* Did EVENT leave the graph that it was given? */
static bool
leaves(const struct event *event)
{
	if (!has_graph(event->operands, event->operand_count) || has_graph(event->outputs, event->output_count))
		return false;
	return !event->grad || mismatch_is_any(event->operation, "detach detach_copy argmax argmin argsort round sign floor ceil bucketize searchsorted eq ne lt le gt ge");
}

static bool
is_within_checkpoint(const struct diagnosis *diagnosis, const struct event *event)
{
	return where_in_checkpoint(diagnosis->source, diagnosis->failure->process, event->site);
}

/* The operation nearest to the loss that left the graph; within checkpointing, which all its layers ran without one, the first. */
static bool
find_cut(const struct diagnosis *diagnosis, int64_t tensor, int64_t before, struct event *out)
{
	struct way_back *way = calloc(1, sizeof(*way));
	bool found = false, checkpointed = false;
	struct event event;

	if (!way)
		return false;
	add_makers(diagnosis, way, tensor, before);
	for (int at; (at = newest_of(way)) >= 0 && (!found || checkpointed);) {
		way->done[at] = true;
		if (!diagnosis->source->event(diagnosis->source->context, diagnosis->failure->process, way->ids[at], &event))
			continue;
		if (leaves(&event) && (!found || (event.step == out->step && is_within_checkpoint(diagnosis, &event)))) {
			*out = event;
			checkpointed = found || is_within_checkpoint(diagnosis, &event);
			found = true;
		}
		for (int i = 0; i < event.operand_count && i < OPERANDS_MOST; i++)
			add_makers(diagnosis, way, event.operands[i].tensor, event.id);
	}
	free(way);
	return found;
}

bool
diagnosis_follow_cut(struct diagnosis *diagnosis)
{
	const struct failure *failure = diagnosis->failure;
	int64_t before = failure->context_event >= 0 ? failure->context_event + 1 : INT64_MAX;
	const json_t *tensors[CHECK_TENSORS_MOST], *loss = NULL;
	char line[4200] = "", caller[512];
	struct event event = { .id = -1, .site = -1, .operation = "" };
	struct text text = {{0}, 0};
	int count;

	if (!failure->message || !strstr(failure->message, "does not require grad and does not have a grad_fn"))
		return false;
	count = check_tensors(diagnosis->source, failure, diagnosis->frames, tensors);
	for (int i = 0; i < count; i++)
		if (rule_is_floating(text_get(tensors[i], "dtype")) && json_is_integer(json_object_get(tensors[i], "tensor")) &&
		    (!loss || json_array_size(json_object_get(tensors[i], "shape")) < json_array_size(json_object_get(loss, "shape"))))
			loss = tensors[i];
	if (!loss || !find_cut(diagnosis, json_integer_value(json_object_get(loss, "tensor")), before, &event))
		return false;
	where_site_line(diagnosis->source, failure->process, event.site, true, line, sizeof(line));
	text_add(&text, "%s left the graph at %s %s", text_get(loss, "name"), event.operation, text_basename(line));
	if (where_caller_line(diagnosis->source, failure->process, event.site, caller, sizeof(caller)))
		text_add(&text, ", called at %s", caller);
	if (!event.grad && !mismatch_is_any(event.operation, "detach detach_copy"))
		text_add(&text, ", which ran with gradients off%s", is_within_checkpoint(diagnosis, &event) ? SAY(", within checkpointing") : "");
	json_decref(diagnosis->origin);
	diagnosis->origin = json_object();
	text_set_integer(diagnosis->origin, "event", event.id, -1);
	text_set(diagnosis->origin, "operation", event.operation);
	text_set(diagnosis->origin, "where", *line ? line : NULL);
	text_set(diagnosis->origin, "text", text.data);
	json_object_set_new(diagnosis->origin, "possible", json_false());
	json_array_append_new(diagnosis->lineage, json_pack("{s:s, s:[o]}", "operand", text_get(loss, "name"), "lines", text_json(text.data)));
	return true;
}
