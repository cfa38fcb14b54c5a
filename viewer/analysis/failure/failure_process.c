#include "failure_process.h"

#include <string.h>

#include "../../../schema/fingerprint.h"
#include "../../../schema/phase.h"
#include "../../../schema/site.h"
#include "../text.h"
#include "../where.h"

/* MESSAGE with C++'s names of tensor types as Python tells them: "CUDAHalfType" is "torch.cuda.HalfTensor" (processErrorMsg
 * in torch/csrc/Exceptions.cpp). False if it has none. */
static bool
python_types(const char *message, char *out, size_t size)
{
	static const struct { const char *prefix, *python; } prefixes[] = {
		{ "SparseCUDA", "torch.cuda.sparse." }, { "SparseCPU", "torch.sparse." }, { "CUDA", "torch.cuda." }, { "CPU", "torch." },
	};
	static const char *const types[] = { "Byte", "Char", "Double", "Float", "Int", "Long", "Short", "Half", "BFloat16", "Bool" };
	bool found = false;
	size_t used = 0;

	while (*message && used + 64 < size) {
		bool replaced = false;

		for (size_t p = 0; p < sizeof(prefixes) / sizeof(*prefixes) && !replaced; p++)
			for (size_t t = 0; t < sizeof(types) / sizeof(*types) && !replaced; t++) {
				char name[40];

				text_format(name, sizeof(name), "%s%sType", prefixes[p].prefix, types[t]);
				if (strncmp(message, name, strlen(name)) != 0)
					continue;
				text_format(out + used, size - used, "%s%sTensor", prefixes[p].python, types[t]);
				used += strlen(out + used);
				message += strlen(name);
				replaced = found = true;
			}
		if (!replaced)
			out[used++] = *message++;
	}
	out[used] = 0;
	return found;
}

bool
failure_same_message(const char *one, const char *other)
{
	char first[1024], second[1024];

	if (text_contains(one, other) || text_contains(other, one))
		return true;
	if (!one || !other || (!strstr(one, "Type") && !strstr(other, "Type")))
		return false;
	if (python_types(one, first, sizeof(first)))
		return text_contains(first, other) || text_contains(other, first);
	return python_types(other, second, sizeof(second)) && (text_contains(one, second) || text_contains(second, one));
}

bool
failure_has_traceback(const char *message, const char *type, const json_t *frames)
{
	const json_t *frame = json_array_get(frames, 0);
	char place[4200];

	if (!message || !type || !*type || !*text_get(frame, "file") || !strstr(message, type))
		return false;
	text_format(place, sizeof(place), "File \"%s\", line %d, ", text_get(frame, "file"), (int)json_integer_value(json_object_get(frame, "line")));
	return strstr(message, place) != NULL;
}

/* The phase that the FRAMES of what no operation raised are of; LAST, the operation before it, was perhaps another's. */
static const char *
phase_raised(const json_t *frames, const struct event *last)
{
	unsigned class = 0;
	const json_t *frame;
	size_t i;

	json_array_foreach(frames, i, frame) {
		const char *file = text_get(frame, "file"), *function = text_get(frame, "function");

		class |= site_frame_class(file, strlen(file), function, strlen(function));
	}
	if (class & SITE_DATA)
		return phase_name(PHASE_DATA);
	if (!(class & SITE_MODULE) || class & (SITE_BACKWARD | SITE_OPTIMIZER | SITE_LOAD) || !last->phase || !text_among("data optimizer load other", last->phase))
		return last->phase;
	return phase_name(last->grad || class & SITE_NO_GRAD ? PHASE_FORWARD : PHASE_EVAL);
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
	out->phase = !out->has_event && out->note ? phase_raised(out->frames, &event) : event.phase;
}

/* The type of a C++ exception, as Python calls it. */
static const char *
native_type(const json_t *exception)
{
	const char *type = text_get(exception, "type");

	if (strncmp(type, "c10::", 5) != 0)
		return type;
	return strcmp(type, "c10::Error") == 0 ? "RuntimeError" : type + 5;
}

/* What a handler hid is the failure, and what was raised for want of it only what it led to. */
static void
show_hidden(const struct source *source, struct failure *out)
{
	const struct note *hidden = failure_hidden(source, out);
	const json_t *exception = hidden ? json_object_get(hidden->json, "exception") : NULL;
	char place[160];

	if (!hidden)
		return;
	text_format(place, sizeof(place), "%s:%d", text_basename(text_get(json_array_get(out->frames, 0), "file")),
		    (int)json_integer_value(json_object_get(json_array_get(out->frames, 0), "line")));
	out->led_to = out->note;
	out->frames = NULL; /* those of its call */
	out->type = native_type(exception);
	out->message = text_get(exception, "message");
	out->thread = NULL;
	failure_set_operation(source, out, hidden);
	set_moment(source, out);
	text_say(out->surfaced, sizeof(out->surfaced), "; that was handled, and led to the %s at %s", text_get(out->led_to->json, "type"), place);
}

void
failure_from_note(const struct source *source, int process, const struct note *note, struct failure *out)
{
	*out = (struct failure){ .kind = "python", .process = process, .link = -1, .time_ns = note->time_ns };
	if (strcmp(note->kind, "operation") == 0) {
		const json_t *exception = json_object_get(note->json, "exception");

		out->type = native_type(exception);
		out->message = text_get(exception, "message");
		failure_set_operation(source, out, note);
		set_moment(source, out);
		return;
	}
	out->note = note;
	out->type = text_get(note->json, "type");
	out->message = text_get(note->json, "message");
	out->frames = json_object_get(note->json, "frames");
	if (*text_get(note->json, "thread"))
		out->thread = text_get(note->json, "thread");
	failure_tie(source, out);
	set_moment(source, out);
	show_hidden(source, out);
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
				!failure_same_message(failure_note_message(&notes[count - 1]), failure_note_message(last)))))
		last = &notes[count - 1];
	if (last && last->event >= 0 && source->event(source->context, process, last->event, &event) &&
	    event.step + 1 < source->process(source->context, process)->steps)
		return NULL; /* training went on after it */
	return last;
}

static bool
is_users(const json_t *frame)
{
	const char *file = text_get(frame, "file"), *base = text_basename(file);

	if (where_is_foreign(file) || strstr(file, "-packages/"))
		return false;
	/* Cython's frames bear the path of where they were compiled: an extension module, such as the one that runs Ray's tasks. */
	if (file[0] != '/' && strlen(file) > 4 && strcmp(file + strlen(file) - 4, ".pyx") == 0)
		return false;
	/* the few lines by which pip starts a command: ".../bin/pytest" */
	return strchr(base, '.') || base - file < 5 || strncmp(base - 5, "/bin/", 5) != 0;
}

/* Is any of FRAMES, innermost first, the program's? What stands beyond a fork is the parent's way there. */
static bool
any_users(const json_t *frames)
{
	for (size_t i = 0; i < json_array_size(frames); i++) {
		const json_t *frame = json_array_get(frames, i);

		if (is_users(frame))
			return true;
		if (strstr(text_get(frame, "file"), "/multiprocessing/popen_fork.py"))
			return false;
	}
	return false;
}

bool
failure_left_program(const struct note *note)
{
	const json_t *frames = json_object_get(note->json, "frames");
	size_t count = json_array_size(frames);

	return count && !is_everyday(note) && any_users(frames) && !is_users(json_array_get(frames, count - 1)) &&
	       !any_users(json_object_get(note->json, "callers"));
}

/* The newest exception that left the program's own code on its way out, in a process that lives on (a notebook's kernel,
 * pytest, a server): nobody of the program handled it. What a worker hands on is its parent's to judge. */
static const struct note *
newest_left(const struct source *source, int process)
{
	const struct note *notes;
	int count = source->notes(source->context, process, "exception", &notes);

	if (strcmp(source->process(source->context, process)->role, "worker") == 0)
		return NULL;
	for (int i = count - 1; i >= 0; i--)
		if (failure_left_program(&notes[i]))
			return &notes[i];
	return NULL;
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

/* What a process was in when it was ended, or ran last. A library's own thread, which no code of the program calls, may have run something
 * while the main thread waited for it in a collective. */
static bool
last_moment(const struct source *source, int index, struct event *out)
{
	struct event main;

	if (source->open_event(source->context, index, out))
		return true;
	if (!source->last_event(source->context, index, -1, out))
		return false;
	if (out->site < 0 && out->thread != 0 && source->last_event(source->context, index, 0, &main) && fingerprint_waits(main.operation))
		*out = main;
	return true;
}

bool
failure_of_process(const struct source *source, int index, struct failure *out)
{
	const struct process *process = source->process(source->context, index);
	const struct note *note = first_fatal(source, index), *left = note ? NULL : newest_left(source, index);

	memset(out, 0, sizeof(*out));
	out->process = index;
	out->link = -1;
	if (!note && left && (!*text_get(left->json, "thread") || strcmp(text_get(left->json, "thread"), "MainThread") == 0))
		note = left; /* the program's code is run by somebody else's, who handled it */
	if (!note && strcmp(process->status, "failed") == 0)
		note = last_handled(source, index);
	if (!note)
		note = thread_death(source, index);
	if (!note)
		note = left;
	if (note) {
		failure_from_note(source, index, note, out);
		return true;
	}
	if (!text_among("failed killed crashed", process->status))
		return false;
	out->kind = strcmp(process->status, "failed") == 0 ? "python" : "signal";
	out->signal = process->signal;
	out->time_ns = process->end_ns;
	if (strcmp(out->kind, "signal") == 0 && last_moment(source, index, &out->event)) {
		out->has_event = true; /* inside it, or after it: its status tells */
		out->operation_name = out->event.operation;
	}
	set_moment(source, out);
	return true;
}

/* Has a future of a process pool this exception now? */
static bool
is_futures(const struct note *note)
{
	const json_t *frames = json_object_get(note->json, "frames");
	size_t count = json_array_size(frames);

	return count && strstr(text_get(json_array_get(frames, count - 1), "file"), "/concurrent/futures/process.py") && failure_left_program(note);
}

bool
failure_process_unheard(const struct source *source, int index, bool (*heard)(const struct source *source, int index, const char *message),
			struct failure *out)
{
	const struct note *notes;
	int count = source->notes(source->context, index, "exception", &notes);

	for (int i = count - 1; i >= 0; i--)
		if (is_futures(&notes[i]) && !heard(source, index, failure_note_message(&notes[i]))) {
			failure_from_note(source, index, &notes[i], out);
			return true;
		}
	return false;
}

bool
failure_process_last(const struct source *source, int index, struct failure *out)
{
	const struct note *note = last_handled(source, index);

	if (note)
		failure_from_note(source, index, note, out);
	return note != NULL;
}

int
failure_process_earlier(const struct source *source, const struct failure *last, struct failure *out, int room)
{
	const struct note *notes;
	int count = source->notes(source->context, last->process, "exception", &notes), filled = 0;

	if (strcmp(source->process(source->context, last->process)->role, "worker") == 0 && !(last->note && is_futures(last->note)))
		return 0;
	for (int i = 0; i < count && filled < room; i++) {
		bool again = notes[i].time_ns >= last->time_ns || !failure_left_program(&notes[i]);

		for (int k = -1; k < filled && !again; k++) { /* the same exception, noted once more on its way */
			const struct note *other = k < 0 ? last->note : out[k].note;

			again = other && strcmp(text_get(other->json, "object"), text_get(notes[i].json, "object")) == 0 &&
				failure_same_message(failure_note_message(other), failure_note_message(&notes[i]));
		}
		if (!again)
			failure_from_note(source, last->process, &notes[i], &out[filled++]);
	}
	return filled;
}
