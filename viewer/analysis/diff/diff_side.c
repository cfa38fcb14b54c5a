/* One side of a difference as JSON and as text; sets of ranks; the object. */
#include "diff_parts.h"

#include <string.h>

#include "../where.h"

static json_t *
operand_json(const struct operand *operand)
{
	json_t *json = json_object(), *shape = NULL;

	text_set(json, "name", operand->name);
	text_set(json, "kind", operand->kind);
	if (operand->ndim >= 0) {
		shape = json_array();
		for (int i = 0; i < operand->ndim; i++)
			json_array_append_new(shape, json_integer(operand->sizes[i]));
	}
	json_object_set_new(json, "shape", shape ? shape : json_null());
	text_set(json, "dtype", operand->dtype);
	text_set(json, "device", operand->device);
	text_set(json, "value", operand->value);
	return json;
}

json_t *
side_where(const struct member *member, int64_t site)
{
	json_t *frames = site >= 0 ? where_site_frames(&member->source, member->process, site) : NULL, *where = json_null();
	int chosen = frames ? where_choose(frames) : -1;
	const json_t *frame = chosen >= 0 ? json_array_get(frames, (size_t)chosen) : NULL;

	if (frame) {
		where = json_object();
		text_set(where, "file", text_get(frame, "file"));
		json_object_set(where, "line", json_object_get(frame, "line"));
		text_set(where, "function", text_get(frame, "function"));
	}
	json_decref(frames);
	return where;
}

json_t *
side_json(const struct member *member, int64_t id)
{
	json_t *json, *operands, *outputs;
	struct event event;

	if (id < 0 || !trace_event(member->trace, member->process, id, &event))
		return json_null();
	json = json_object();
	operands = json_array();
	outputs = json_array();
	json_object_set_new(json, "rank", json_integer(member->rank));
	json_object_set_new(json, "event", json_integer(event.id));
	json_object_set_new(json, "step", json_integer(event.step));
	text_set(json, "operation", event.operation);
	text_set(json, "phase", event.phase);
	text_set(json, "status", event.status);
	json_object_set_new(json, "where", side_where(member, event.site));
	for (int i = 0; i < event.operand_count && i < 64; i++)
		if (strcmp(event.operands[i].kind, "none") != 0)
			json_array_append_new(operands, operand_json(&event.operands[i]));
	for (int i = 0; i < event.output_count && i < 64; i++)
		json_array_append_new(outputs, operand_json(&event.outputs[i]));
	json_object_set_new(json, "operands", operands);
	json_object_set_new(json, "outputs", outputs);
	return json;
}

void
side_text(const struct member *member, int64_t id, struct text *text)
{
	struct event event;
	char line[256];

	if (id < 0 || !trace_event(member->trace, member->process, id, &event)) {
		text_add(text, "an operation that is no longer kept");
		return;
	}
	text_add_short(text, event.operation, 80);
	if (event.site >= 0 && where_site_line(&member->source, member->process, event.site, false, line, sizeof(line)))
		text_add(text, " at %s", line);
}

/* The longest runs of neighbours first to last. RANKS are sorted. */
void
ranks_text(struct text *text, const int *ranks, int count)
{
	size_t start = text->used;

	text_add(text, "%s", count == 1 ? SAY("rank ") : SAY("ranks "));
	for (int i = 0; i < count;) {
		int last = i;

		while (last + 1 < count && ranks[last + 1] == ranks[last] + 1)
			last++;
		if (text->used - start > 120) {
			text_add(text, ", ...");
			return;
		}
		text_add(text, "%s%d", i ? ", " : "", ranks[i]);
		if (last > i)
			text_add(text, "%s%d", last == i + 1 ? ", " : "-", ranks[last]);
		i = last + 1;
	}
}

json_t *
ranks_json(const int *ranks, int count)
{
	json_t *json = json_array();

	for (int i = 0; i < count; i++)
		json_array_append_new(json, json_integer(ranks[i]));
	return json;
}

int
side_ranks(const struct members *members, int member, int *ranks)
{
	int count = 0;

	for (int i = 0; i < members->count; i++)
		if (members->list[i].group == members->list[member].group && members->list[i].run == members->list[member].run)
			ranks[count++] = members->list[i].rank;
	return count;
}

void
side_name(const struct members *members, int member, const int *ranks, int count, struct text *text)
{
	const struct member *one = &members->list[member];

	if (one->step >= 0) {
		text_add(text, "step %lld", (long long)one->step);
		return;
	}
	ranks_text(text, ranks, count);
	if (members->two_runs)
		text_add(text, "%s", one->run ? SAY(" of the second run") : SAY(" of the first run"));
}

json_t *
side_divergence(const char *kind, int64_t step, const int *ranks, int rank_count, const int *against, int against_count,
		json_t *a, json_t *b, const char *text)
{
	json_t *json = json_object();

	text_set(json, "kind", kind);
	text_set_integer(json, "step", step, -1);
	json_object_set_new(json, "ranks", ranks_json(ranks, rank_count));
	json_object_set_new(json, "against", ranks_json(against, against_count));
	json_object_set_new(json, "a", a);
	json_object_set_new(json, "b", b);
	text_set(json, "text", text);
	return json;
}
