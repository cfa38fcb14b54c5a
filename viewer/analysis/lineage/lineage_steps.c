/* Each step of a lineage as facts, for a picture. See lineage_steps.h. */
#include "lineage_steps.h"

#include "../text.h"
#include "../where.h"

static json_t *
step_json(const struct source *source, const struct failure *failure, const struct lineage *lineage, int index)
{
	const struct lineage_step *step = &lineage->steps[index];
	const struct event *event = &step->event;
	const struct operand *output = step->output >= 0 && step->output < event->output_count ? &event->outputs[step->output] : NULL;
	json_t *json = json_object(), *frames = where_site_frames(source, lineage->process, event->site), *frame, *shape;
	int chosen = where_choose(frames);

	frame = chosen >= 0 ? json_array_get(frames, (size_t)chosen) : NULL;
	text_set_integer(json, "event", event->id, -1);
	text_set(json, "operation", event->operation);
	text_set(json, "file", frame ? text_get(frame, "file") : NULL);
	json_object_set(json, "line", frame ? json_object_get(frame, "line") : json_null());
	text_set(json, "function", frame ? text_get(frame, "function") : NULL);
	json_object_set_new(json, "source", frame ? where_source(source, failure, text_get(frame, "file"),
								  json_integer_value(json_object_get(frame, "line"))) : json_null());
	shape = output && output->ndim >= 0 && !step->entered ? json_array() : json_null();
	for (int d = 0; output && json_is_array(shape) && d < output->ndim; d++)
		json_array_append_new(shape, json_integer(output->sizes[d]));
	json_object_set_new(json, "shape", shape);
	text_set(json, "dtype", output && !step->entered ? output->dtype : NULL);
	text_set_integer(json, "dim", step->dim, -1);
	text_set_integer(json, "size", step->size, -1);
	text_set(json, "how", step->how[0] ? step->how : NULL);
	json_object_set_new(json, "decides", json_boolean(step->decides));
	json_object_set_new(json, "decider", json_boolean(index == lineage->decider));
	json_object_set_new(json, "possible", json_boolean(step->possible));
	json_object_set_new(json, "entered", json_boolean(step->entered));
	json_decref(frames);
	return json;
}

json_t *
lineage_steps(const struct source *source, const struct failure *failure, const struct lineage *lineage)
{
	json_t *steps = json_array();

	for (int i = 0; i < lineage->count && i < LINEAGE_PICTURED_MOST; i++)
		json_array_append_new(steps, step_json(source, failure, lineage, i));
	return steps;
}
