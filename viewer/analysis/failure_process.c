#include "failure_process.h"

#include <string.h>

#include "text.h"
#include "where.h"

#define DEPTH_MOST 64

bool
failure_same_message(const char *one, const char *other)
{
	return text_contains(one, other) || text_contains(other, one);
}

static const char *
note_message(const struct note *note)
{
	const json_t *json = strcmp(note->kind, "operation") == 0 ? json_object_get(note->json, "exception") : note->json;

	return text_get(json, "message");
}

/* Is EVENT inside ANCESTOR? */
static bool
is_inside(const struct source *source, int process, struct event event, int64_t ancestor)
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
			    failure_same_message(note_message(&notes[i]), message))
				at = i;
	if (at < 0)
		return NULL;
	found = &notes[at];
	for (int i = at - 1; i >= 0; i--) {
		struct event event;

		if (notes[i].thread != found->thread || !failure_same_message(note_message(&notes[i]), message) ||
		    notes[i].event < 0 || found->event < 0 ||
		    !source->event(source->context, process, notes[i].event, &event) ||
		    !is_inside(source, process, event, found->event))
			break;
		found = &notes[i];
	}
	return found;
}

/* Was the operation left by an exception that Python code inside it raised, of which C++ knows no text? */
static bool
left_by_python(const struct note *note)
{
	const json_t *exception = json_object_get(note->json, "exception");

	return text_among("python_error pybind11::error_already_set", text_get(exception, "type"));
}

/* The innermost operation that the exception of NOTE left where PyTorch's own Python code raised it (a meta kernel, a
 * reference): the last event started before the exception is it, or is inside it. */
static const struct note *
find_python_operation(const struct source *source, int process, const struct note *note, const json_t *frames)
{
	const struct note *notes, *found = NULL;
	int count = source->notes(source->context, process, "operation", &notes);
	struct event last;

	if (note->event < 0 || !where_is_foreign(text_get(json_array_get(frames, 0), "file")) ||
	    !source->event(source->context, process, note->event, &last))
		return NULL;
	for (int i = count - 1; i >= 0; i--) {
		if (notes[i].time_ns > note->time_ns || notes[i].thread != note->thread)
			continue;
		if (!left_by_python(&notes[i]) || notes[i].event < 0 ||
		    (notes[i].event != last.id && !is_inside(source, process, last, notes[i].event)))
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

static void
set_operation(const struct source *source, struct failure *out, const struct note *note)
{
	out->kind = "operation";
	out->operation = note;
	out->operation_name = text_get(note->json, "operation");
	out->has_event = note->event >= 0 && source->event(source->context, out->process, note->event, &out->event);
	if (!out->has_event)
		return;
	out->inner = out->event;
	climb(source, out->process, &out->event);
	out->has_inner = out->inner.id != out->event.id;
	out->operation_name = out->event.operation;
}

/* An exception seen in the same process that MESSAGE tells and that knows better where it arose. */
static const struct note *
find_witness(const struct source *source, int process, const char *message, int64_t time_ns)
{
	const struct note *notes;
	int count = source->notes(source->context, process, "exception", &notes);

	for (int i = count - 1; i >= 0; i--)
		if (notes[i].time_ns <= time_ns && text_contains(message, note_message(&notes[i])) &&
		    json_array_size(json_object_get(notes[i].json, "frames")))
			return &notes[i];
	return NULL;
}

/* Ties OUT->note to the operation that it left, looking through what it was raised from. */
static void
tie(const struct source *source, struct failure *out)
{
	const json_t *chain = json_object_get(out->note->json, "chain"), *link = NULL, *cause = NULL;
	const struct note *operation, *witness;
	const char *message = out->message;

	operation = find_operation(source, out->process, message, out->time_ns, out->note->thread);
	for (size_t i = 0; i < json_array_size(chain); i++) {
		const json_t *entry = json_array_get(chain, i);

		if (strcmp(text_get(entry, "relation"), "cause") == 0)
			cause = entry;
		if (operation)
			continue;
		operation = find_operation(source, out->process, text_get(entry, "message"), out->time_ns, out->note->thread);
		if (operation)
			link = entry;
	}
	if (!operation)
		operation = find_python_operation(source, out->process, out->note, out->frames);
	if (!operation)
		link = cause;
	if (link) {
		message = text_get(link, "message");
		out->frames = json_object_get(link, "frames");
	}
	witness = find_witness(source, out->process, message, out->time_ns);
	if (witness && (link || !json_array_size(out->frames) || strcmp(note_message(witness), message) != 0))
		out->frames = json_object_get(witness->json, "frames");
	if (operation)
		set_operation(source, out, operation);
}

/* Step, phase and time of what has no event of its own. */
static void
set_moment(const struct source *source, struct failure *out)
{
	const struct process *process = source->process(source->context, out->process);
	struct event event;
	int64_t id = out->has_event ? out->event.id : out->note ? out->note->event : -1;

	out->context_event = id;
	out->step = process->steps;
	out->micro_batch = -1;
	if (id < 0 || !source->event(source->context, out->process, id, &event))
		return;
	out->step = event.step;
	out->micro_batch = event.micro_batch;
	out->phase = event.phase;
}

static void
from_note(const struct source *source, int process, const struct note *note, struct failure *out)
{
	*out = (struct failure){ .kind = "python", .process = process, .time_ns = note->time_ns };
	if (strcmp(note->kind, "operation") == 0) {
		const json_t *exception = json_object_get(note->json, "exception");

		out->type = text_get(exception, "type");
		if (strncmp(out->type, "c10::", 5) == 0)
			out->type = strcmp(out->type, "c10::Error") == 0 ? "RuntimeError" : out->type + 5;
		out->message = text_get(exception, "message");
		set_operation(source, out, note);
		set_moment(source, out);
		return;
	}
	out->note = note;
	out->type = text_get(note->json, "type");
	out->message = text_get(note->json, "message");
	out->frames = json_object_get(note->json, "frames");
	if (*text_get(note->json, "thread"))
		out->thread = text_get(note->json, "thread");
	tie(source, out);
	set_moment(source, out);
}

/* An exception that programs raise and survive all day. */
static bool
is_everyday(const struct note *note)
{
	return text_among("SystemExit KeyboardInterrupt GeneratorExit StopIteration ImportError ModuleNotFoundError",
			  text_get(note->json, "type"));
}

static const struct note *
first_fatal(const struct source *source, int process)
{
	const struct note *notes;
	int count = source->notes(source->context, process, "fatal", &notes);

	for (int i = 0; i < count; i++)
		if (strcmp(text_get(notes[i].json, "type"), "SystemExit") != 0)
			return &notes[i];
	return NULL;
}

/* The last exception that was handled before a process left with an error. */
static const struct note *
last_handled(const struct source *source, int process)
{
	const struct note *notes, *last = NULL;
	int count = source->notes(source->context, process, "exception", &notes);
	struct event event;

	for (int i = count - 1; i >= 0 && !last; i--)
		if (!is_everyday(&notes[i]))
			last = &notes[i];
	count = source->notes(source->context, process, "operation", &notes);
	if (count && (!last || (notes[count - 1].time_ns > last->time_ns &&
				!failure_same_message(note_message(&notes[count - 1]), note_message(last)))))
		last = &notes[count - 1];
	if (last && last->event >= 0 && source->event(source->context, process, last->event, &event) &&
	    event.step + 1 < source->process(source->context, process)->steps)
		return NULL; /* training went on after it */
	return last;
}

/* An exception that left a thread's own function, after which the thread did nothing more. */
static const struct note *
thread_death(const struct source *source, int process)
{
	const struct note *notes;
	int count = source->notes(source->context, process, "exception", &notes);

	for (int i = count - 1; i >= 0; i--) {
		const json_t *frames = json_object_get(notes[i].json, "frames");
		const json_t *outermost = json_array_get(frames, json_array_size(frames) ? json_array_size(frames) - 1 : 0);
		struct event last;
		bool pooled = false;

		if (is_everyday(&notes[i]) || notes[i].thread < 0 ||
		    strcmp(text_basename(text_get(outermost, "file")), "threading.py") != 0)
			continue;
		for (size_t f = 0; f < json_array_size(frames); f++)
			pooled = pooled || strstr(text_get(json_array_get(frames, f), "file"), "/concurrent/futures/");
		if (!pooled && source->last_event(source->context, process, notes[i].thread, &last) && last.id <= notes[i].event)
			return &notes[i];
	}
	return NULL;
}

bool
failure_of_process(const struct source *source, int index, struct failure *out)
{
	const struct process *process = source->process(source->context, index);
	const struct note *note = first_fatal(source, index);

	memset(out, 0, sizeof(*out));
	out->process = index;
	if (!note && strcmp(process->status, "failed") == 0)
		note = last_handled(source, index);
	if (!note)
		note = thread_death(source, index);
	if (note) {
		from_note(source, index, note, out);
		return true;
	}
	if (!text_among("failed killed crashed", process->status))
		return false;
	out->kind = strcmp(process->status, "failed") == 0 ? "python" : "signal";
	out->signal = process->signal;
	out->time_ns = process->end_ns;
	if (strcmp(out->kind, "signal") == 0 && source->open_event(source->context, index, &out->event)) {
		out->has_event = true;
		out->operation_name = out->event.operation;
	}
	set_moment(source, out);
	return true;
}

bool
failure_process_told(const struct source *source, int process, const char *message, int64_t time_ns, struct failure *out)
{
	static const char *const kinds[] = { "exception", "operation" };
	const struct note *notes;

	for (int k = 0; k < 2; k++) {
		int count = source->notes(source->context, process, kinds[k], &notes);

		for (int i = count - 1; i >= 0; i--)
			if ((!time_ns || notes[i].time_ns <= time_ns) && text_contains(message, note_message(&notes[i]))) {
				from_note(source, process, &notes[i], out);
				return true;
			}
	}
	return false;
}
