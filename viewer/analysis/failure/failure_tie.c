/* Which operation an exception left: its own, or one of what it was raised from. */
#include "failure_process.h"

#include <string.h>

#include "../text.h"
#include "../where.h"

#define DEPTH_MOST 64

const char *
failure_note_message(const struct note *note)
{
	const json_t *json = strcmp(note->kind, "operation") == 0 ? json_object_get(note->json, "exception") : note->json;

	return text_get(json, "message");
}

bool
failure_is_inside(const struct source *source, int process, struct event event, int64_t ancestor)
{
	for (int i = 0; i < DEPTH_MOST && event.parent >= 0; i++) {
		if (event.parent == ancestor)
			return true;
		if (!source->event(source->context, process, event.parent, &event))
			return false;
	}
	return false;
}

/* The newest operation left with MESSAGE by TIME_NS, THREAD's own before another's; its innermost one. */
static const struct note *
find_operation(const struct source *source, int process, const char *message, int64_t time_ns, int thread)
{
	const struct note *notes, *found = NULL;
	int count = source->notes(source->context, process, "operation", &notes), at = -1;

	for (int pass = 0; pass < 2 && at < 0; pass++)
		for (int i = count - 1; i >= 0 && at < 0; i--)
			if (notes[i].time_ns <= time_ns && (pass || thread < 0 || notes[i].thread == thread) &&
			    failure_same_message(failure_note_message(&notes[i]), message))
				at = i;
	if (at < 0)
		return NULL;
	found = &notes[at];
	for (int i = at - 1; i >= 0; i--) {
		struct event event;

		if (notes[i].thread != found->thread || !failure_same_message(failure_note_message(&notes[i]), message) ||
		    notes[i].event < 0 || found->event < 0 ||
		    !source->event(source->context, process, notes[i].event, &event) ||
		    !failure_is_inside(source, process, event, found->event))
			break;
		found = &notes[i];
	}
	return found;
}

bool
failure_left_by_python(const struct note *note)
{
	const json_t *exception = json_object_get(note->json, "exception");

	return text_among("python_error pybind11::error_already_set", text_get(exception, "type"));
}

/* Did the exception with FRAMES come out through the function that called EVENT? What it didn't pass, somebody handled. */
static bool
passed_caller(const struct source *source, int process, const struct event *event, const json_t *frames)
{
	struct site site;

	if (event->site < 0 || !source->site(source->context, process, event->site, &site) || site.frame_count <= 0)
		return true;
	for (size_t i = 0; i < json_array_size(frames); i++)
		if (strcmp(text_get(json_array_get(frames, i), "file"), site.frames[0].file) == 0 &&
		    strcmp(text_get(json_array_get(frames, i), "function"), site.frames[0].function) == 0)
			return true;
	return false;
}

/* The innermost operation that the exception of NOTE left where PyTorch's own Python code raised it (a meta kernel, a
 * reference): the last event started before the exception is it, or is inside it. */
static const struct note *
find_python_operation(const struct source *source, int process, const struct note *note, const json_t *frames)
{
	const struct note *notes, *found = NULL;
	int count = source->notes(source->context, process, "operation", &notes);
	struct event last, left;

	if (note->event < 0 || !where_is_foreign(text_get(json_array_get(frames, 0), "file")) ||
	    !source->event(source->context, process, note->event, &last))
		return NULL;
	for (int i = count - 1; i >= 0; i--) {
		if (notes[i].time_ns > note->time_ns || notes[i].thread != note->thread)
			continue;
		if (!failure_left_by_python(&notes[i]) || notes[i].event < 0 ||
		    (notes[i].event != last.id && !failure_is_inside(source, process, last, notes[i].event)) ||
		    !source->event(source->context, process, notes[i].event, &left) || !passed_caller(source, process, &left, frames))
			break;
		found = &notes[i];
	}
	return found;
}

/* From the innermost operation to the one that was called: out of what PyTorch made of one call of its own. */
static void
climb(const struct source *source, int process, struct event *event)
{
	struct event parent;

	for (int i = 0; i < DEPTH_MOST && event->parent >= 0; i++) {
		bool primitive = strncmp(event->operation, "prims::", 7) == 0;

		if (!source->event(source->context, process, event->parent, &parent) ||
		    (!primitive && (strncmp(event->operation, "aten::", 6) != 0 || strncmp(parent.operation, "aten::", 6) != 0 ||
				    (event->site >= 0 && parent.site >= 0 && parent.site != event->site))))
			return;
		*event = parent;
	}
}

/* The failure is that of `out->event`, or of what called it. */
static void
set_event(const struct source *source, struct failure *out)
{
	out->kind = "operation";
	out->has_event = true;
	out->inner = out->event;
	climb(source, out->process, &out->event);
	out->has_inner = out->inner.id != out->event.id;
	out->operation_name = out->event.operation;
}

void
failure_set_operation(const struct source *source, struct failure *out, const struct note *note)
{
	out->kind = "operation";
	out->operation = note;
	out->operation_name = text_get(note->json, "operation");
	if (note->event >= 0 && source->event(source->context, out->process, note->event, &out->event))
		set_event(source, out);
}

/* Is NOTE of the exception that LINK of a chain is? */
static bool
is_link(const struct note *note, const json_t *link)
{
	return *text_get(link, "object") && strcmp(text_get(note->json, "object"), text_get(link, "object")) == 0 &&
	       strcmp(failure_note_message(note), text_get(link, "message")) == 0;
}

/* An exception seen in the same process that MESSAGE tells and that knows better where it arose: LINK itself (or NULL), if it was seen. */
static const struct note *
find_witness(const struct source *source, int process, const char *message, int64_t time_ns, const json_t *link)
{
	const struct note *notes;
	int count = source->notes(source->context, process, "exception", &notes);

	for (int i = count - 1; i >= 0; i--)
		if (notes[i].time_ns <= time_ns && is_link(&notes[i], link) && json_array_size(json_object_get(notes[i].json, "frames")))
			return &notes[i];
	for (int i = count - 1; i >= 0; i--)
		if (notes[i].time_ns <= time_ns && text_contains(message, failure_note_message(&notes[i])) &&
		    json_array_size(json_object_get(notes[i].json, "frames")))
			return &notes[i];
	return NULL;
}

/* Was the exception with FRAMES raised in the very function that was handling LINK's (not deeper, by what the handler
 * went on to try)? */
static bool
raised_in_handler(const json_t *frames, const json_t *link)
{
	const json_t *top = json_array_get(frames, 0), *inner = json_object_get(link, "frames");

	for (size_t i = 0; i < json_array_size(inner); i++) {
		const json_t *frame = json_array_get(inner, i);

		if (*text_get(top, "file") && strcmp(text_get(top, "file"), text_get(frame, "file")) == 0 &&
		    strcmp(text_get(top, "function"), text_get(frame, "function")) == 0)
			return true;
	}
	return false;
}

/* Does the exception of MESSAGE and FRAMES only tell LINK's again? What was raised "from" another says so itself. */
static bool
tells_again(const char *message, const json_t *frames, const json_t *link, bool is_operation)
{
	if (strcmp(text_get(link, "relation"), "cause") == 0 || text_contains(message, text_get(link, "message")))
		return true;
	return is_operation && raised_in_handler(frames, link);
}

struct untold { const struct source *source; int process; const json_t *frames; int64_t time_ns, last; int thread; struct event *out; bool found, again; };

static bool
is_frame(const json_t *noted, const struct frame *frame)
{
	return json_integer_value(json_object_get(noted, "line")) == frame->line && strcmp(text_get(noted, "file"), frame->file) == 0 &&
	       strcmp(text_get(noted, "function"), frame->function) == 0;
}

/* Did the exception with FRAMES come from the call that SITE is: the same lines, from PyTorch's own or the first outwards? */
static bool
came_from(const json_t *frames, const struct site *site)
{
	size_t count = json_array_size(frames), at = 0;

	while (at < count && site->frame_count > 0 && !is_frame(json_array_get(frames, at), &site->frames[0]) &&
	       where_is_foreign(text_get(json_array_get(frames, at), "file")))
		at++;
	for (size_t i = at; i < count; i++)
		if (i - at >= (size_t)site->frame_count || !is_frame(json_array_get(frames, i), &site->frames[i - at]))
			return i > at && i - at >= (size_t)site->frame_count;
	return count > at;
}

static bool
add_later(const struct event *event, void *context)
{
	struct untold *untold = context;

	untold->again = event->id > untold->out->id;
	return false;
}

static bool
look_at_failed(const struct event *event, void *context)
{
	struct untold *untold = context;
	struct site site;

	if (event->id > untold->last || event->time_ns > untold->time_ns || event->thread != untold->thread || event->site < 0 ||
	    !untold->source->site(untold->source->context, untold->process, event->site, &site) || !came_from(untold->frames, &site))
		return true;
	return !(untold->found = untold->source->event(untold->source->context, untold->process, event->id, untold->out));
}

/* The operation that the exception of FAILURE left, where its own note has made room for newer ones: the newest that failed at the very lines
 * that the exception passed, and that wasn't called from there again since. */
static bool
find_untold(const struct source *source, const struct failure *failure, const json_t *link, struct event *out)
{
	struct untold untold = { .source = source, .process = failure->process, .frames = failure->frames, .time_ns = failure->time_ns,
				 .last = failure->note->event, .thread = failure->note->thread, .out = out };
	const struct note *notes;
	int count = source->notes(source->context, failure->process, "exception", &notes);
	struct event last;

	if (!json_array_size(failure->frames) || !text_among("RuntimeError IndexError ValueError NotImplementedError", failure->type) || !source->each_failed)
		return false;
	for (int i = count - 1; i >= 0; i--)
		if (link && is_link(&notes[i], link) && notes[i].event >= 0)
			untold.last = notes[i].event;
	source->each_failed(source->context, failure->process, NULL, look_at_failed, &untold);
	if (!untold.found)
		return false;
	last = *out;
	last.id = untold.last + 1;
	source->each_call(source->context, failure->process, &last, add_later, &untold);
	return !untold.again;
}

/* Was the operation that NOTE tells called at the very lines that FRAMES are? */
static bool
was_called_at(const struct source *source, int process, const struct note *note, const json_t *frames)
{
	struct event event;
	struct site site;

	return note->event >= 0 && source->event(source->context, process, note->event, &event) && event.site >= 0 &&
	       source->site(source->context, process, event.site, &site) && came_from(frames, &site);
}

/* The entry of the chain where the failure arose, -1 for the exception itself; OPERATION gets the operation it left. */
static int
find_link(const struct source *source, const struct failure *failure, const json_t *chain, const struct note **operation)
{
	const json_t *frames = failure->frames;
	const char *message = failure->message;
	int found = -1;

	*operation = find_operation(source, failure->process, message, failure->time_ns, failure->note->thread);
	for (size_t i = 0; i < json_array_size(chain) && i < DEPTH_MOST; i++) {
		const json_t *link = json_array_get(chain, i);
		const struct note *left = find_operation(source, failure->process, text_get(link, "message"), failure->time_ns,
							 failure->note->thread);

		if (!left && !json_array_size(json_object_get(link, "frames")))
			break; /* never raised: the text of one that was, in another process (RemoteTraceback) */
		if (!tells_again(message, frames, link, left != NULL) || (*operation && (!left || left->id != (*operation)->id)))
			break;
		if (*operation && strcmp(text_get(link, "relation"), "cause") != 0 && was_called_at(source, failure->process, *operation, frames) &&
		    !was_called_at(source, failure->process, *operation, json_object_get(link, "frames")))
			break; /* what the handler tried failed with the same words */
		*operation = left;
		found = (int)i;
		message = text_get(link, "message");
		frames = json_object_get(link, "frames");
	}
	return found;
}

void
failure_tie(const struct source *source, struct failure *out)
{
	const json_t *chain = json_object_get(out->note->json, "chain"), *link;
	const struct note *operation, *witness;
	const char *message = out->message;

	out->link = find_link(source, out, chain, &operation);
	link = out->link < 0 ? NULL : json_array_get(chain, (size_t)out->link);
	if (link) {
		message = out->message = text_get(link, "message");
		out->type = text_get(link, "type");
		out->frames = json_object_get(link, "frames");
	}
	if (!operation)
		operation = find_python_operation(source, out->process, out->note, out->frames);
	witness = find_witness(source, out->process, message, out->time_ns, link);
	if (witness && (link || !json_array_size(out->frames) || strcmp(failure_note_message(witness), message) != 0))
		out->frames = json_object_get(witness->json, "frames");
	if (operation)
		failure_set_operation(source, out, operation);
	else if (find_untold(source, out, link, &out->event))
		set_event(source, out);
}
