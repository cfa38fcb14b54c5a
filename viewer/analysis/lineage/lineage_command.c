/* The history of one tensor or event that a user points at. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lineage.h"
#include "../text.h"

static void
add_chain(const struct source *source, const struct lineage *lineage, const char *name, int dim, int64_t size, json_t *list,
	  json_t **origin)
{
	json_t *json = json_object();
	char head[192], what[32];

	text_format(head, sizeof(head), "%" PRId64 " = %.120s.shape[%d]", size, name, dim);
	text_format(what, sizeof(what), "%" PRId64, size);
	text_set(json, "operand", name);
	json_object_set_new(json, "dim", json_integer(dim));
	json_object_set_new(json, "lines", lineage_lines(source, lineage, head));
	if (!*origin || json_is_null(*origin)) {
		json_decref(*origin);
		*origin = lineage_origin(source, lineage, what);
	}
	json_array_append_new(list, json);
}

static void
walk_operand(const struct source *source, int process, const struct event *event, int place, int only, struct lineage *lineage,
	     json_t *list, json_t **origin)
{
	const struct operand *operand = &event->operands[place];

	for (int dim = 0; dim < operand->ndim; dim++) {
		if (only >= 0 && dim != only)
			continue;
		lineage_walk(source, process, event, place, dim, LINEAGE_SIZE, lineage);
		add_chain(source, lineage, operand->name, dim, operand->sizes[dim], list, origin);
	}
}

/* "123:tensors[1].0" or "event 123" */
static bool
walk_event(const struct source *source, int process, const char *what, struct lineage *lineage, json_t *list, json_t **origin,
	   struct error *error)
{
	char *end, name[128];
	int64_t id = strtoll(what, &end, 10);
	struct event event;
	int dim = -1;
	bool found = false;

	if (end == what || (*end && *end != ':')) {
		text_format(error->text, sizeof(error->text), "'%.80s' names no event or tensor (say 'event 123', 'tensor 45' or "
			    "'123:tensors[1].0')", what);
		return false;
	}
	if (!source->event(source->context, process, id, &event)) {
		text_format(error->text, sizeof(error->text), "event %" PRId64 " is not in the trace (no longer kept?)", id);
		return false;
	}
	text_format(name, sizeof(name), "%s", *end == ':' ? end + 1 : "");
	end = strrchr(name, '.');
	if (end && end[1] >= '0' && end[1] <= '9') {
		dim = atoi(end + 1);
		*end = 0;
	}
	for (int i = 0; i < event.operand_count; i++)
		if (event.operands[i].tensor >= 0 && (!*name || strcmp(name, event.operands[i].name) == 0)) {
			found = true;
			walk_operand(source, process, &event, i, dim, lineage, list, origin);
		}
	if (!found && *name)
		text_format(error->text, sizeof(error->text), "event %" PRId64 " (%s) has no tensor operand '%.80s'", id,
			    event.operation, name);
	return found || !*name;
}

static bool
walk_tensor(const struct source *source, int process, int64_t tensor, struct lineage *lineage, json_t *list, json_t **origin,
	    struct error *error)
{
	struct event event;
	char name[48];
	int place;

	text_say(name, sizeof(name), "tensor %" PRId64, tensor);
	if (source->maker(source->context, process, tensor, INT64_MAX, &event, &place) && place >= 0 && place < event.output_count) {
		for (int dim = 0; dim < event.outputs[place].ndim; dim++) {
			lineage_walk_tensor(source, process, tensor, INT64_MAX, dim, LINEAGE_SIZE, lineage);
			add_chain(source, lineage, name, dim, event.outputs[place].sizes[dim], list, origin);
		}
		return true;
	}
	if (source->first_use(source->context, process, tensor, &event, &place) && place >= 0 && place < event.operand_count) {
		walk_operand(source, process, &event, place, -1, lineage, list, origin);
		return true;
	}
	text_format(error->text, sizeof(error->text), "tensor %" PRId64 " is not in the trace", tensor);
	return false;
}

json_t *
lineage_build(struct trace *trace, int process, const char *what, struct error *error)
{
	struct source source = source_of_trace(trace);
	struct lineage *lineage = calloc(1, sizeof(*lineage));
	json_t *list = json_array(), *origin = NULL, *json = NULL;
	bool found;

	if (!lineage || process < 0 || process >= source.process_count(source.context)) {
		text_format(error->text, sizeof(error->text), lineage ? "no such process in the trace" : "out of memory");
		free(lineage);
		json_decref(list);
		return NULL;
	}
	if (strncmp(what, "tensor ", 7) == 0)
		found = walk_tensor(&source, process, strtoll(what + 7, NULL, 10), lineage, list, &origin, error);
	else
		found = walk_event(&source, process, strncmp(what, "event ", 6) == 0 ? what + 6 : what, lineage, list, &origin, error);
	if (found) {
		json = json_object();
		text_set(json, "what", what);
		json_object_set(json, "lineage", list);
		json_object_set_new(json, "origin", origin ? origin : json_null());
		origin = NULL;
	}
	json_decref(origin);
	json_decref(list);
	free(lineage);
	return json;
}
