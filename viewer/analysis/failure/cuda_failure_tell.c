/* What is done with an asynchronous error once it is understood: the failure becomes the guilty operation's, and JSON. */
#include <string.h>

#include "cuda_failure.h"
#include "../text.h"
#include "../where.h"

/* "train.py:12", "backward of train.py:12"; false if unknown. */
static bool
line_of(const struct source *source, int process, int64_t site, int64_t event, char *out, size_t size)
{
	char line[4200];
	bool backward, known = where_call_line(source, process, site, event, &backward, line, sizeof line);

	text_format(out, size, "%s%s", backward ? SAY("backward of ") : "", line);
	return known;
}

/* The frame of FRAMES that runs the same code as FRAME. */
static const json_t *
same_code(const json_t *frames, const json_t *frame)
{
	const json_t *other;
	size_t i;

	json_array_foreach(frames, i, other) {
		if (strcmp(text_get(other, "file"), text_get(frame, "file")) == 0 && strcmp(text_get(other, "function"), text_get(frame, "function")) == 0)
			return other;
	}
	return NULL;
}

static void
tell_surfaced(const struct source *source, const struct cuda_failure *cuda, struct failure *failure)
{
	const char *operation = cuda->told.operation[0] ? cuda->told.operation : cuda->told.function;
	struct text text = {{0}, 0};
	char where[4200];

	text_add(&text, " (%s%s", cuda->error->text, strcmp(cuda->confidence, "certain") == 0 ? "" : SAY(", likely of this operation"));
	if (cuda->told.event != cuda->suspects[cuda->located].event || cuda->told.event < 0) {
		text_add(&text, "; it came out at %s", operation);
		if (line_of(source, failure->process, cuda->told.site, cuda->told.event, where, sizeof where))
			text_add(&text, ", %s", where);
	}
	text_add(&text, ")");
	text_format(failure->surfaced, sizeof failure->surfaced, "%s", text.data);
}

json_t *
cuda_failure_turn(const struct source *source, const struct cuda_failure *cuda, struct failure *failure, json_t *frames)
{
	const struct cuda_suspect *guilty = &cuda->suspects[cuda->located];
	struct failure bare;
	json_t *made, *frame;
	struct event event;
	size_t i;

	if (guilty->event < 0 || !source->event(source->context, failure->process, guilty->event, &event))
		return frames;
	tell_surfaced(source, cuda, failure);
	if (failure->has_event && failure->event.id == event.id)
		return frames;
	failure->kind = "operation";
	failure->has_event = true;
	failure->has_inner = false;
	failure->event = event;
	failure->operation_name = event.operation;
	failure->step = event.step;
	failure->micro_batch = event.micro_batch;
	failure->phase = event.phase;
	bare = *failure;
	bare.frames = NULL;
	bare.message = NULL;
	made = where_frames(source, &bare);
	json_array_foreach(made, i, frame) {
		const json_t *known = same_code(frames, frame);

		if (!known)
			continue;
		json_object_set(frame, "module", json_object_get(known, "module"));
		json_object_set(frame, "module_class", json_object_get(known, "module_class"));
		if (json_object_get(known, "locals"))
			json_object_set(frame, "locals", json_object_get(known, "locals"));
	}
	json_decref(frames);
	return made;
}

static json_t *
place_json(const struct source *source, int process, const struct cuda_place *place)
{
	json_t *json = json_object();
	char where[4200];

	json_object_set_new(json, "call", json_integer(place->call));
	text_set(json, "function", place->ours ? "shapebox's own wait" : place->function);
	text_set(json, "operation", place->operation[0] ? place->operation : NULL);
	text_set(json, "where", line_of(source, process, place->site, place->event, where, sizeof where) ? where : NULL);
	json_object_set_new(json, "step", json_integer(place->step));
	return json;
}

static void
set_operands(const struct source *source, int process, const struct cuda_suspect *suspect, json_t *json)
{
	struct text text = {{0}, 0};
	struct event event;

	if (suspect->event >= 0 && source->event(source->context, process, suspect->event, &event))
		for (int i = 0, told = 0; i < event.operand_count && told < 4; i++) {
			const struct operand *operand = &event.operands[i];

			if (operand->ndim < 0 || !operand->dtype)
				continue;
			text_add(&text, "%s%s ", told++ ? ", " : "", operand->name);
			text_add_sizes(&text, operand->sizes, operand->ndim);
		}
	text_set(json, "operands", text.used ? text.data : NULL);
}

static json_t *
suspect_json(const struct source *source, int process, const struct cuda_suspect *suspect)
{
	json_t *json = json_object();
	struct text text = {{0}, 0};
	char where[4200];

	text_set_integer(json, "event", suspect->event, -1);
	text_set(json, "operation", suspect->operation[0] ? suspect->operation : NULL);
	text_set(json, "kernel", suspect->kernel[0] ? suspect->kernel : NULL);
	json_object_set_new(json, "launches", json_integer(suspect->launches));
	text_set(json, "where", line_of(source, process, suspect->site, suspect->event, where, sizeof where) ? where : NULL);
	json_object_set_new(json, "step", json_integer(suspect->step));
	json_object_set_new(json, "takes_index", json_boolean(suspect->takes_index));
	json_object_set_new(json, "proven", json_boolean(suspect->proven));
	text_set_integer(json, "limit", suspect->limit, -1);
	set_operands(source, process, suspect, json);
	if (suspect->limit > 0)
		text_add(&text, "%s: 0 to %lld (%s)", suspect->index, (long long)suspect->limit - 1, suspect->table);
	text_set(json, "allowed", text.used ? text.data : NULL);
	return json;
}

json_t *
cuda_failure_json(const struct source *source, int process, const struct cuda_failure *cuda)
{
	json_t *json = json_object(), *suspects = json_array();
	char device[32];

	text_format(device, sizeof device, cuda->device < 0 ? "cuda" : "cuda:%d", cuda->device);
	json_object_set_new(json, "code", json_integer(cuda->error->code));
	text_set(json, "name", cuda->error->name);
	text_set(json, "text", cuda->error->text);
	text_set(json, "device", device);
	json_object_set_new(json, "told_at", place_json(source, process, &cuda->told));
	json_object_set_new(json, "good_at", cuda->has_good && !cuda->blocking ? place_json(source, process, &cuda->good) : json_null());
	json_object_set_new(json, "blocking", json_boolean(cuda->blocking));
	json_object_set_new(json, "launches", json_integer(cuda->launches));
	json_object_set_new(json, "operations", json_integer(cuda->operations));
	text_set(json, "located", cuda->confidence);
	for (int i = 0; i < cuda->suspect_count; i++)
		json_array_append_new(suspects, suspect_json(source, process, &cuda->suspects[i]));
	json_object_set_new(json, "suspects", suspects);
	return json;
}
