/* What a process handed on and an ancestor told: which of its failures that was, and which nobody had come to. */
#include "failure_process.h"

#include <string.h>

#include "../text.h"
#include "../where.h"

#define WORKER_WORDS " in DataLoader worker process " /* torch/_utils.py, ExceptionWrapper: the loader's own words around what its worker raised */

/* The number of the data loader's worker whose exception MESSAGE tells; -1 if it tells of none. */
static int64_t
told_worker(const char *message)
{
	const char *at = strncmp(message, "Caught ", 7) == 0 ? strstr(message, WORKER_WORDS) : NULL;
	int64_t number;

	return at && at < message + strcspn(message, "\n") && text_number(&at, &number) ? number : -1;
}

/* The loop of a data loader's worker that the exception of NOTE left; NULL if it left none. */
static const json_t *
loop_left(const struct note *note)
{
	const json_t *frames = json_object_get(note->json, "frames"), *frame;
	size_t i;

	json_array_foreach(frames, i, frame)
		if (where_is_worker_loop(text_get(frame, "file"), text_get(frame, "function")))
			return frame;
	return NULL;
}

/* The number of the worker that raised the exception of NOTE; -1 if it isn't known. */
static int64_t
raising_worker(const struct note *note)
{
	const json_t *locals = json_object_get(loop_left(note), "locals"), *local;
	size_t i;

	json_array_foreach(locals, i, local)
		if (strcmp(text_get(local, "name"), "worker_id") == 0 && json_is_integer(json_object_get(local, "value")))
			return json_integer_value(json_object_get(local, "value"));
	return -1;
}

/* Does MESSAGE tell the exception of NOTE: its words or, where there are none, or MESSAGE was cut before them, its lines? */
static bool
tells(const char *message, const struct note *note, bool by_lines)
{
	const char *type = text_get(note->json, "type"), *words = failure_note_message(note);
	char end[128];

	if (!by_lines)
		return text_contains(message, words);
	text_format(end, sizeof(end), "%s: ", type);
	return (!*words || !strstr(message, end)) && failure_has_traceback(message, type, json_object_get(note->json, "frames"));
}

bool
failure_process_told(const struct source *source, int process, const char *message, int64_t time_ns, struct failure *out)
{
	static const char *const kinds[] = { "exception", "operation" };
	int64_t worker = told_worker(message);
	const struct note *notes;

	for (int pass = 0; pass < 4; pass++) {
		int count = source->notes(source->context, process, kinds[pass % 2], &notes);

		for (int k = 0; k < count; k++) {
			const struct note *note = &notes[worker >= 0 ? k : count - 1 - k];
			int64_t raising = worker >= 0 ? raising_worker(note) : -1;

			if ((time_ns && note->time_ns > time_ns) || (raising >= 0 && raising != worker) || !tells(message, note, pass >= 2))
				continue;
			failure_from_note(source, process, note, out);
			return true;
		}
	}
	return false;
}

/* Did another process than PROCESS meet an exception that tells MESSAGE, of the worker with number WORKER? */
static bool
was_met(const struct source *source, int process, const char *message, int64_t worker)
{
	static const char *const kinds[] = { "exception", "fatal" };
	const struct note *notes;

	for (int p = 0; p < source->process_count(source->context); p++)
		for (int k = 0; k < 2 && p != process; k++) {
			int count = source->notes(source->context, p, kinds[k], &notes);

			for (int i = 0; i < count; i++)
				if (told_worker(failure_note_message(&notes[i])) == worker && text_contains(failure_note_message(&notes[i]), message))
					return true;
		}
	return false;
}

bool
failure_is_ahead(const struct source *source, const struct failure *chosen, int process, const struct note *note)
{
	const struct note *notes;
	int count;

	if (!chosen || !chosen->note || !loop_left(chosen->note) || !source->process(source->context, process)->loads_data)
		return false;
	if (strcmp(note->kind, "operation") != 0)
		return loop_left(note) && !was_met(source, process, failure_note_message(note), raising_worker(note));
	count = source->notes(source->context, process, "exception", &notes);
	for (int i = 0; i < count; i++)
		if (failure_same_message(failure_note_message(&notes[i]), failure_note_message(note)) &&
		    failure_is_ahead(source, chosen, process, &notes[i]))
			return true;
	return false;
}
