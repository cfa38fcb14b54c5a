/* Exceptions that were raised and survived, grouped. */
#include <stdlib.h>
#include <string.h>

#include "failure_process.h"
#include "../text.h"
#include "../where.h"

#define GROUPS_MOST 50

struct group { const char *type, *message, *name; int process, depth, messages; int64_t times, event, site, step; const struct note *note; bool operation; };

static bool
is_noise(const struct note *note)
{
	const json_t *frames = json_object_get(note->json, "frames");

	/* Python's own way out of an operation, without a word: an early stop, not an error. */
	if (failure_left_by_python(note) && !*text_get(json_object_get(note->json, "exception"), "message"))
		return true;
	/* Of a private class, without a word: how a package leaves its own code (checkpoint's _StopRecomputationError). */
	if (*text_get(note->json, "type") == '_' && !*text_get(note->json, "message"))
		return true;
	if (text_among("SystemExit GeneratorExit StopIteration ImportError ModuleNotFoundError", text_get(note->json, "type")))
		return true;
	for (size_t i = 0; i < json_array_size(frames); i++)
		if (strncmp(text_get(json_array_get(frames, i), "file"), "<frozen importlib", 17) == 0)
			return true;
	return false;
}

static bool
in_chain(const struct note *note, const char *message)
{
	const json_t *chain = note ? json_object_get(note->json, "chain") : NULL;

	if (note && failure_same_message(text_get(note->json, "message"), message))
		return true;
	for (size_t i = 0; i < json_array_size(chain); i++)
		if (failure_same_message(text_get(json_array_get(chain, i), "message"), message))
			return true;
	return false;
}

/* A Python exception on its way out through operations around the place where it was raised. */
static bool
passes_through(const struct source *source, const struct failure *failure, const struct note *note)
{
	struct event last;

	if (!failure_left_by_python(note) || note->event < 0 || failure->context_event < 0)
		return false;
	return note->event == failure->context_event || (failure->note && note->event == failure->note->event) ||
	       (source->event(source->context, failure->process, failure->context_event, &last) &&
		failure_is_inside(source, failure->process, last, note->event));
}

/* Does NOTE belong to FAILURE of the same process: its exception, one it was raised from or as, an operation around it? */
static bool
belongs(const struct source *source, const struct failure *failure, const struct note *note, const char *message, int64_t event)
{
	if (note == failure->note || note == failure->operation || (failure->note && note->id == failure->note->id) ||
	    (failure->operation && note->id == failure->operation->id))
		return true;
	if (event >= 0 && passes_through(source, failure, note))
		return true;
	if (failure->has_event && event >= 0 && strcmp(failure->kind, "signal") != 0)
		return event >= failure->event.id && event <= (failure->has_inner ? failure->inner.id : failure->event.id);
	if (event >= 0)
		return false;
	return (failure->message && failure_same_message(failure->message, message)) || in_chain(failure->note, message);
}

/* Is it one of those that nobody of the program handled, in a process that lives on? They are listed as failures. */
static bool
is_left(const struct source *source, int process, const char *message)
{
	const struct note *notes;
	int count = source->notes(source->context, process, "exception", &notes);

	if (text_among("worker", source->process(source->context, process)->role))
		return false;
	for (int i = 0; i < count; i++)
		if (failure_left_program(&notes[i]) && failure_same_message(failure_note_message(&notes[i]), message))
			return true;
	return false;
}

struct ended { const struct failure *chosen, *own; /* NULL: none */ };

static bool
is_told(const struct source *source, const struct ended *ended, int process, const struct note *note, const char *message,
	int64_t event)
{
	const struct failure *chosen = ended->chosen;

	if (ended->own && (belongs(source, ended->own, note, message, event) || is_left(source, process, message)))
		return true;
	if (!chosen)
		return false;
	if (failure_is_ahead(source, chosen, process, note))
		return true; /* nobody handled it: nobody had come to it */
	return chosen->process == process ? belongs(source, chosen, note, message, event)
					  : chosen->message && text_contains(chosen->message, message);
}

static void
add_note(const struct source *source, struct group *groups, int *count, int process, const struct note *note, bool operation)
{
	const json_t *exception = operation ? json_object_get(note->json, "exception") : note->json;
	const char *message = text_get(exception, "message");
	struct event event = { .depth = 0, .site = -1, .step = -1 };
	struct group *group = NULL;

	if (note->event >= 0)
		source->event(source->context, process, note->event, &event);
	for (int i = 0; i < *count && !group; i++)
		if (groups[i].process == process && (failure_same_message(groups[i].message, message) ||
						     (!*message && strcmp(groups[i].type, text_get(exception, "type")) == 0)))
			group = &groups[i];
	if (!group) {
		if (*count == GROUPS_MOST)
			return;
		group = &groups[(*count)++];
		*group = (struct group){ .process = process, .depth = event.depth, .messages = 1, .site = event.site, .step = event.step,
					 .type = text_get(exception, "type"), .message = message, .note = note,
					 .name = operation ? text_get(note->json, "operation") : NULL, .event = note->event, .operation = operation };
	}
	if (!operation) {
		if (group->operation) { /* the same exception as Python saw it */
			group->type = text_get(exception, "type");
			group->message = message;
			group->note = note;
		}
		group->times += !group->operation;
	} else if (event.depth < group->depth) {
		group->depth = event.depth;
		group->times = 1;
	} else {
		group->times += event.depth == group->depth;
	}
}

/* The line of code that a group's exceptions left, in OUT. */
static void
line_of(const struct source *source, const struct group *group, char *out, size_t size)
{
	const json_t *frames = json_object_get(group->note->json, "frames"), *frame;

	*out = 0;
	if (json_array_size(frames)) {
		frame = json_array_get(frames, (size_t)where_choose(frames));
		text_format(out, size, "%s:%d", text_get(frame, "file"), (int)json_integer_value(json_object_get(frame, "line")));
	} else if (group->site >= 0) {
		where_site_line(source, group->process, group->site, true, out, size);
	}
}

struct failed { const struct source *source; int process; const struct event *like; int64_t last_site, times; bool last; };

static bool
count_failed(const struct event *event, void *context)
{
	struct failed *failed = context;

	if (event->site != failed->last_site) {
		failed->last_site = event->site;
		failed->last = where_same_line(failed->source, failed->process, event->site, failed->like->site);
	}
	failed->times += failed->last && event->depth == failed->like->depth;
	return true;
}

/* How often the group's operation failed at its line: every time is an event, not every time has a note. */
static int64_t
times_failed(const struct source *source, const struct group *group, const struct failure *chosen)
{
	struct event like;
	struct failed failed = { .source = source, .process = group->process, .like = &like, .last_site = -1 };
	bool counts = false;

	if (!group->name || group->event < 0 || !source->event(source->context, group->process, group->event, &like) || like.site < 0)
		return group->times;
	source->each_failed(source->context, group->process, like.operation, count_failed, &failed);
	if (chosen && chosen->process == group->process && chosen->has_event && strcmp(chosen->event.operation, like.operation) == 0)
		counts = where_same_line(source, group->process, chosen->event.site, like.site); /* the failure itself is one of them */
	failed.times -= counts;
	return failed.times > group->times ? failed.times : group->times;
}

/* What left one line by one operation (or as one type) is one row, whatever its messages say of sizes. */
static void
merge_groups(const struct source *source, struct group *groups, int *count, const struct failure *chosen)
{
	int kept = 0;

	for (int i = 0; i < *count; i++) {
		char line[4200], other[4200];
		bool merged = false;

		line_of(source, &groups[i], line, sizeof(line));
		for (int k = 0; k < kept && !merged && *line; k++) {
			struct group *group = &groups[k];

			line_of(source, group, other, sizeof(other));
			if (group->process != groups[i].process || strcmp(line, other) != 0 || strcmp(group->type, groups[i].type) != 0 ||
			    strcmp(group->name ? group->name : "", groups[i].name ? groups[i].name : "") != 0)
				continue;
			group->times += groups[i].times;
			group->messages += groups[i].messages;
			merged = true;
		}
		if (!merged)
			groups[kept++] = groups[i];
	}
	*count = kept;
	for (int i = 0; i < kept; i++)
		groups[i].times = times_failed(source, &groups[i], chosen);
}

static json_t *
group_json(const struct source *source, const struct group *group)
{
	json_t *json = json_object(), *exception = json_object();
	char line[4200];
	const char *type = group->type;

	if (strncmp(type, "c10::", 5) == 0)
		type = strcmp(type, "c10::Error") == 0 ? "RuntimeError" : type + 5;
	line_of(source, group, line, sizeof(line));
	text_set(json, "type", type);
	text_set(json, "message", group->message);
	text_set(exception, "type", type);
	text_set(exception, "message", group->message);
	text_set(json, "where", *line ? line : NULL);
	json_object_set_new(json, "times", json_integer(group->times));
	json_object_set_new(json, "messages", json_integer(group->messages));
	text_set(json, "operation", group->name);
	json_object_set_new(json, "exception", exception);
	text_set_integer(json, "step", group->step, -1);
	json_object_set_new(json, "pid", json_integer(source->process(source->context, group->process)->pid));
	return json;
}

json_t *
failure_handled(const struct source *source, const struct failure *chosen)
{
	struct group *groups = calloc(GROUPS_MOST, sizeof(*groups));
	json_t *list = json_array();
	int count = 0;

	for (int p = 0; groups && p < source->process_count(source->context); p++) {
		const struct note *notes;
		int note_count = source->notes(source->context, p, "operation", &notes);
		struct failure own;
		struct ended ended = { chosen, failure_of_process(source, p, &own) ? &own : NULL };

		for (int i = 0; i < note_count; i++)
			if (!is_noise(&notes[i]) && !is_told(source, &ended, p, &notes[i],
				     text_get(json_object_get(notes[i].json, "exception"), "message"), notes[i].event))
				add_note(source, groups, &count, p, &notes[i], true);
		note_count = source->notes(source->context, p, "exception", &notes);
		for (int i = 0; i < note_count; i++)
			if (!is_noise(&notes[i]) && !is_told(source, &ended, p, &notes[i], text_get(notes[i].json, "message"), -1))
				add_note(source, groups, &count, p, &notes[i], false);
	}
	if (groups)
		merge_groups(source, groups, &count, chosen);
	for (int i = 0; i < count; i++)
		json_array_append_new(list, group_json(source, &groups[i]));
	free(groups);
	return list;
}
