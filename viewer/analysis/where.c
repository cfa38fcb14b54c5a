#include "where.h"

#include <stdio.h>
#include <string.h>

#include "lineage/backward.h"
#include "text.h"

#define SOURCE_LINE_MOST 200

static json_t *
frame_json(const struct frame *frame)
{
	json_t *json = json_object();

	text_set(json, "file", frame->file);
	text_set_integer(json, "line", frame->line, 0);
	text_set(json, "function", frame->function);
	json_object_set_new(json, "module", json_null());
	return json;
}

json_t *
where_site_frames(const struct source *source, int process, int64_t id)
{
	json_t *frames = json_array();
	struct site site;

	if (id >= 0 && source->site(source->context, process, id, &site))
		for (int i = 0; i < site.frame_count; i++)
			json_array_append_new(frames, frame_json(&site.frames[i]));
	return frames;
}

/* The forward operation whose node EVENT belongs to; false outside backward. */
static bool
forward_of(const struct source *source, int process, const struct event *event, struct event *out)
{
	struct scope scope;
	int64_t id = event->scope;

	for (int i = 0; i < 16 && id >= 0 && source->scope(source->context, process, id, &scope); i++, id = scope.parent)
		if (scope.sequence >= 0 && scope.kind && strcmp(scope.kind, "backward") == 0)
			return source->forward_of(source->context, process, scope.sequence, event->id, out);
	return false;
}

/* Does the user's own code run inside the backward pass (a custom Function, a hook)? Its frame then stands inside the
 * engine's. */
static bool
inside_backward(const json_t *frames)
{
	int chosen = where_choose(frames);

	for (size_t i = 0; i < json_array_size(frames); i++)
		if (strcmp(text_get(json_array_get(frames, i), "function"), "_engine_run_backward") == 0)
			return chosen >= 0 && chosen < (int)i;
	return false;
}

/* A traceback ends where a worker began; the operation's call site goes on to the loop that started it. */
static void
add_outer_frames(const struct source *source, const struct failure *failure, json_t *frames)
{
	int chosen = where_choose(frames);
	json_t *site;

	if (chosen < 0 || !failure->has_event || !where_is_foreign(text_get(json_array_get(frames, (size_t)chosen), "file")))
		return;
	site = where_site_frames(source, failure->process, failure->event.site);
	for (size_t i = 0; i < json_array_size(site); i++)
		if (!where_is_foreign(text_get(json_array_get(site, i), "file")))
			json_array_append(frames, json_array_get(site, i));
	json_decref(site);
}

/* The frame that caught an exception is the one in which another was raised from it: of one that isn't known with its variables, the
 * other's are. */
static void
lend_locals(json_t *frames, const json_t *outer)
{
	size_t last = json_array_size(frames) - 1;
	json_t *frame;

	if (json_array_size(json_object_get(json_array_get(frames, last), "locals")) || !json_array_size(json_object_get(outer, "locals")))
		return;
	frame = json_copy(json_array_get(frames, last)); /* the note's own stays as it is */
	json_object_set(frame, "locals", json_object_get(outer, "locals"));
	json_array_set_new(frames, last, frame);
}

/* An exception's traceback ends in the function that caught it: what was raised there from it went on from that function outwards. */
static void
add_raised_on(const struct failure *failure, json_t *frames)
{
	const json_t *chain = failure->note ? json_object_get(failure->note->json, "chain") : NULL;

	for (int i = failure->link - 1; failure->note && failure->link >= 0 && i >= -1 && json_array_size(frames); i--) {
		const json_t *outer = json_object_get(i < 0 ? failure->note->json : json_array_get(chain, (size_t)i), "frames");
		const json_t *last = json_array_get(frames, json_array_size(frames) - 1);
		size_t at = 0, count = json_array_size(outer);

		while (at < count && (strcmp(text_get(json_array_get(outer, at), "file"), text_get(last, "file")) != 0 ||
				      strcmp(text_get(json_array_get(outer, at), "function"), text_get(last, "function")) != 0))
			at++;
		if (at < count)
			lend_locals(frames, json_array_get(outer, at));
		while (++at < count)
			json_array_append(frames, json_array_get(outer, at));
	}
}

/* Do FRAMES within the one at CHOSEN trace it? */
static bool
is_traced(const json_t *frames, int chosen)
{
	for (int i = 0; i < chosen; i++)
		if (strstr(text_get(json_array_get(frames, (size_t)i), "file"), "/torch/_dynamo/"))
			return true;
	return false;
}

/* Code that is traced has no frame of its own: the message of what traces it tells the line ("from user code:"), innermost
 * last. Only where no other frame is the user's, or what is called what is traced. */
static void
add_traced_frame(const struct failure *failure, json_t *frames)
{
	const char *at = failure->message ? strstr(failure->message, "from user code:") : NULL;
	int chosen = where_choose(frames), line;
	char file[1024], function[128];
	json_t *found = NULL;

	if (chosen >= 0 && !where_is_foreign(text_get(json_array_get(frames, (size_t)chosen), "file")) && !is_traced(frames, chosen))
		return;
	while (at && (at = strstr(at, "File \""))) {
		if (sscanf(at, "File \"%1023[^\"\n]\", line %9d, in %127[^\n]", file, &line, function) == 3 && !where_is_foreign(file)) {
			json_decref(found);
			found = json_pack("{s:o, s:i, s:o, s:n, s:b}", "file", text_json(file), "line", line, "function", text_json(function), "module", "traced", 1);
		}
		at += strlen("File \"");
	}
	if (found)
		json_array_insert_new(frames, 0, found);
}

json_t *
where_frames(const struct source *source, const struct failure *failure)
{
	const struct event *event = &failure->event;
	json_t *frames = NULL, *own = json_array_size(failure->frames) ? json_incref(failure->frames)
				      : where_site_frames(source, failure->process, failure->has_event ? event->site : -1);
	struct event forward;
	struct scope node;

	if (failure->has_event && !inside_backward(own) && event->phase && strcmp(event->phase, "backward") == 0 &&
	    forward_of(source, failure->process, event, &forward) && forward.site >= 0)
		frames = where_site_frames(source, failure->process, forward.site);
	if (!failure->has_event && backward_node(source, failure, &node))
		frames = backward_made_at(source, failure->process, &node, failure->context_event + 1);
	if (!frames)
		frames = json_array();
	json_array_extend(frames, own);
	add_raised_on(failure, frames);
	add_outer_frames(source, failure, frames);
	add_traced_frame(failure, frames);
	json_decref(own);
	return frames;
}

bool
where_is_worker_loop(const char *file, const char *function)
{
	return strcmp(function, "_worker_loop") == 0 && strstr(file, "/torch/utils/data/_utils/worker.py");
}

static bool
is_loop_frame(const json_t *frame)
{
	return where_is_worker_loop(text_get(frame, "file"), text_get(frame, "function"));
}

int
where_choose(const json_t *frames)
{
	size_t count = json_array_size(frames);

	for (size_t i = 0; i < count && !is_loop_frame(json_array_get(frames, i)); i++)
		if (!where_frame_passes(json_array_get(frames, i)))
			return (int)i;
	return count ? 0 : -1;
}

static bool
is_own(const json_t *frame)
{
	return frame && where_is_program(text_get(frame, "file"));
}

const json_t *
where_caller(const json_t *frames)
{
	int chosen = where_choose(frames);

	if (chosen < 0 || (is_own(json_array_get(frames, (size_t)chosen)) && !json_is_true(json_object_get(json_array_get(frames, (size_t)chosen), "traced"))))
		return NULL;
	for (size_t i = (size_t)chosen + 1; i < json_array_size(frames) && !is_loop_frame(json_array_get(frames, i)); i++)
		if (is_own(json_array_get(frames, i)))
			return json_array_get(frames, i);
	return NULL;
}

bool
where_is_own(const struct source *source, int process, int64_t id)
{
	json_t *frames = where_site_frames(source, process, id);
	int chosen = where_choose(frames);
	bool own = chosen >= 0 && is_own(json_array_get(frames, (size_t)chosen));

	json_decref(frames);
	return own;
}

bool
where_is_asked(const struct source *source, int process, int64_t id)
{
	json_t *frames = where_site_frames(source, process, id);
	bool asked = is_own(json_array_get(frames, 0));

	json_decref(frames);
	return asked;
}

bool
where_is_inner(const struct source *source, int process, int64_t id)
{
	json_t *frames = where_site_frames(source, process, id);
	bool inner = json_array_size(frames) && where_is_foreign(text_get(json_array_get(frames, 0), "file"));

	json_decref(frames);
	return inner;
}

/* As where_choose, of a call site as it was recorded. It is asked for many events, for which no JSON is made. */
static const struct frame *
site_choose(const struct site *site)
{
	for (int i = 0; i < site->frame_count; i++) {
		const struct frame *frame = &site->frames[i];

		if (where_is_worker_loop(frame->file ? frame->file : "", frame->function ? frame->function : ""))
			break;
		if (!where_passes(frame->file ? frame->file : "", frame->function ? frame->function : ""))
			return frame;
	}
	return &site->frames[0];
}

bool
where_site_line(const struct source *source, int process, int64_t id, bool full, char *out, size_t size)
{
	const struct frame *frame = NULL;
	const char *file = "";
	struct site site;

	if (id >= 0 && source->site(source->context, process, id, &site) && site.frame_count > 0)
		frame = site_choose(&site);
	if (frame && frame->file)
		file = frame->file;
	text_format(out, size, "%s:%d", full ? file : text_basename(file), frame ? frame->line : 0);
	return frame != NULL;
}

bool
where_caller_line(const struct source *source, int process, int64_t id, char *out, size_t size)
{
	json_t *frames = where_site_frames(source, process, id);
	const json_t *caller = where_caller(frames);

	if (caller)
		text_format(out, size, "%s:%d", text_basename(text_get(caller, "file")), (int)json_integer_value(json_object_get(caller, "line")));
	json_decref(frames);
	return caller != NULL;
}

bool
where_called_line(const struct source *source, int process, int64_t id, char *out, size_t size)
{
	return where_caller_line(source, process, id, out, size) || where_site_line(source, process, id, false, out, size);
}

bool
where_call_line(const struct source *source, int process, int64_t site, int64_t event, bool *backward, char *out, size_t size)
{
	struct event at, forward;

	*backward = false;
	if (site >= 0 && where_site_line(source, process, site, false, out, size))
		return true;
	if (event < 0 || !source->event(source->context, process, event, &at))
		return false;
	*backward = at.phase && strcmp(at.phase, "backward") == 0;
	return forward_of(source, process, &at, &forward) && forward.site >= 0 && where_site_line(source, process, forward.site, false, out, size);
}

bool
where_same_line(const struct source *source, int process, int64_t one, int64_t other)
{
	char a[4200], b[4200];

	return one >= 0 && other >= 0 &&
	       (one == other || (where_site_line(source, process, one, true, a, sizeof(a)) &&
				 where_site_line(source, process, other, true, b, sizeof(b)) && strcmp(a, b) == 0));
}

bool
where_code(const struct source *source, const struct failure *failure, const char *file, struct code *out)
{
	char path[4096];
	const char *cwd = "";
	const struct note *notes;

	if (source->notes(source->context, failure->process, "environment", &notes) > 0)
		cwd = text_get(notes[0].json, "cwd");
	if (file[0] == '/')
		text_format(path, sizeof(path), "%s", file);
	else
		text_format(path, sizeof(path), "%s/%s", cwd, file);
	return path[0] == '/' && strlen(path) >= 4 && strcmp(path + strlen(path) - 3, ".py") == 0 &&
	       code_open(out, path, failure->time_ns);
}

bool
where_statement(const struct source *source, const struct failure *failure, const json_t *frame, struct code_statement *out)
{
	struct code code;
	bool found;

	if (!frame || !where_code(source, failure, text_get(frame, "file"), &code))
		return false;
	found = code_statements(&code, (int)json_integer_value(json_object_get(frame, "line")), out, 1) > 0;
	code_close(&code);
	return found;
}

static json_t *
source_line(const struct source *source, const struct failure *failure, const char *file, int64_t number)
{
	char line[SOURCE_LINE_MOST];
	struct code code;
	bool found;

	if (!where_code(source, failure, file, &code))
		return json_null();
	found = code_line(&code, number, line, sizeof(line));
	code_close(&code);
	return found ? text_json(line) : json_null();
}

json_t *
where_source(const struct source *source, const struct failure *failure, const char *file, int64_t line)
{
	return source_line(source, failure, file, line);
}

static json_t *
plain_frame(const json_t *frame)
{
	static const char *const keys[] = { "file", "line", "function", "module" };
	json_t *plain = json_object();

	for (size_t i = 0; i < 4; i++) {
		json_t *value = json_object_get(frame, keys[i]);

		json_object_set(plain, keys[i], value ? value : json_null());
	}
	return plain;
}

static json_t *
backward_json(const struct source *source, const struct failure *failure, const json_t *frame)
{
	json_t *json = plain_frame(frame);

	json_object_set_new(json, "source", source_line(source, failure, text_get(frame, "file"), json_integer_value(json_object_get(frame, "line"))));
	return json;
}

json_t *
where_build(const struct source *source, const struct failure *failure, const json_t *frames)
{
	int chosen = where_choose(frames);
	const json_t *frame;
	json_t *where;

	if (chosen < 0)
		return json_null();
	frame = json_array_get(frames, (size_t)chosen);
	where = plain_frame(frame);
	/* Which module is running is known of the frame itself or, in a method that a module calls, of an outer one. */
	for (size_t i = (size_t)chosen + 1; json_is_null(json_object_get(where, "module")) && i < json_array_size(frames); i++)
		if (*text_get(json_array_get(frames, i), "module"))
			text_set(where, "module", text_get(json_array_get(frames, i), "module"));
	json_object_set_new(where, "source", source_line(source, failure, text_get(frame, "file"),
							 json_integer_value(json_object_get(frame, "line"))));
	json_object_set_new(where, "caller", where_caller(frames) ? plain_frame(where_caller(frames)) : json_null());
	if (where_backward(frames))
		json_object_set_new(where, "backward", backward_json(source, failure, where_backward(frames)));
	return where;
}

json_t *
where_stack(const json_t *frames)
{
	json_t *stack = json_array();

	for (size_t i = 0; i < json_array_size(frames); i++)
		json_array_append_new(stack, plain_frame(json_array_get(frames, i)));
	return stack;
}

bool
where_is_checkpointing(const char *file)
{
	return strstr(file, "/torch/utils/checkpoint.py") != NULL;
}

bool
where_in_checkpoint(const struct source *source, int process, int64_t site)
{
	struct site found;

	if (site < 0 || !source->site(source->context, process, site, &found))
		return false;
	for (int i = 0; i < found.frame_count; i++)
		if (where_is_checkpointing(found.frames[i].file))
			return true;
	return false;
}

bool
where_is_among(const json_t *frames, const json_t *frame)
{
	const json_t *other;
	size_t i;

	json_array_foreach(frames, i, other)
		if (strcmp(text_get(other, "function"), text_get(frame, "function")) == 0 && strcmp(text_get(other, "file"), text_get(frame, "file")) == 0)
			return true;
	return false;
}
