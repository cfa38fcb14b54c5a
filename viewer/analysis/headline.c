#include "headline.h"

#include <ctype.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>

#include "mismatch/operand.h"
#include "modules.h"
#include "text.h"
#include "where.h"

#define MESSAGE_MOST 160

const char *
headline_signal(int signal)
{
	static const struct { int number; const char *name; } names[] = {
		{ SIGKILL, "SIGKILL" }, { SIGSEGV, "SIGSEGV" }, { SIGABRT, "SIGABRT" }, { SIGBUS, "SIGBUS" }, { SIGTERM, "SIGTERM" },
		{ SIGINT, "SIGINT" }, { SIGFPE, "SIGFPE" }, { SIGILL, "SIGILL" }, { SIGHUP, "SIGHUP" }, { SIGXCPU, "SIGXCPU" },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (names[i].number == signal)
			return names[i].name;
	return "a signal";
}

/* In TEXT, the first NAME that stands as a word, at or after FROM, becomes WITH; returns what follows it. */
static size_t
replace_name(char *text, size_t size, size_t from, const char *name, const char *with)
{
	size_t length = strlen(name);

	for (char *at = text + from; length && (at = strstr(at, name)); at += length) {
		char before = at == text ? ' ' : at[-1], after = at[length];
		char copy[1024];

		if (before != ' ' || (after != ' ' && after))
			continue;
		text_format(copy, sizeof(copy), "%.*s%s%s", (int)(at - text), text, with, at + length);
		text_format(text, size, "%s", copy);
		return (size_t)(at - text) + strlen(with);
	}
	return from;
}

void
headline_mismatch(const struct event *subject, const json_t *frames, const struct mismatch *mismatch, char *out, size_t size)
{
	int places[2] = { mismatch->operand, mismatch->against };
	size_t from = 0;

	text_format(out, size, "%s", mismatch->text);
	for (int i = 0; i < 2; i++) {
		const struct operand *operand = places[i] >= 0 ? &subject->operands[places[i]] : NULL;
		const json_t *local = operand ? operand_local(frames, operand->tensor) : NULL;

		if (local && operand->name && *text_get(local, "name"))
			from = replace_name(out, size, from < strlen(out) ? from : 0, operand->name, text_get(local, "name"));
	}
}

static void
add_place(struct text *text, const json_t *frames)
{
	int chosen = where_choose(frames);
	const json_t *frame = chosen < 0 ? NULL : json_array_get(frames, (size_t)chosen);

	if (frame && *text_get(frame, "file"))
		text_add(text, " at %s:%d", text_basename(text_get(frame, "file")),
			 (int)json_integer_value(json_object_get(frame, "line")));
}

const char *
headline_line(const char *message)
{
	for (;;) {
		size_t length;

		message += strspn(message, " \t\r\n");
		length = strcspn(message, "\n");
		if (!length || message[length - 1] != ':' || !message[length] || !message[length + strspn(message + length, " \t\r\n")])
			return message;
		message += length;
	}
}

static void
add_message(struct text *text, const char *message)
{
	message = headline_line(message);
	if (!*message || *message == '\n')
		return;
	text_add(text, ": ");
	text_add_short(text, message, MESSAGE_MOST);
}

static void
add_process(struct text *text, const struct source *source, const struct failure *failure, const json_t *frames)
{
	const struct process *process = source->process(source->context, failure->process);
	const json_t *backward = failure->phase && strcmp(failure->phase, "backward") == 0 ? where_backward(frames) : NULL;
	bool loader = false;

	for (size_t i = 0; i < json_array_size(frames); i++)
		loader = loader || strstr(text_get(json_array_get(frames, i), "file"), "/torch/utils/data/_utils/worker.py");
	if (process->world_size > 1 && process->rank >= 0)
		text_add(text, ", on rank %d of %d", process->rank, process->world_size);
	if (loader && process->role && strcmp(process->role, "rank") != 0)
		text_add(text, ", in a DataLoader worker (pid %d)", process->pid);
	else if (process->role && strcmp(process->role, "worker") == 0)
		text_add(text, ", in worker process %d", process->pid);
	if (failure->thread && strcmp(failure->thread, "MainThread") != 0)
		text_add(text, ", in thread %s", failure->thread);
	if (text_among("backward optimizer eval", modules_phase(failure)))
		text_add(text, ", %s", strcmp(failure->phase, "backward") == 0 ? SAY("in backward")
				       : strcmp(failure->phase, "eval") == 0 ? SAY("in evaluation") : SAY("in the optimizer"));
	if (backward)
		text_add(text, " (%s:%d)", text_basename(text_get(backward, "file")), (int)json_integer_value(json_object_get(backward, "line")));
	if (failure->step > 0)
		text_add(text, ", at step %" PRId64, failure->step);
}

json_t *
headline_build(const struct source *source, const struct failure *failure, const json_t *frames, const struct event *subject,
	       const struct mismatch *mismatch)
{
	const struct process *process = source->process(source->context, failure->process);
	struct text text = {{0}, 0};
	char told[512];

	if (strcmp(failure->kind, "signal") == 0) {
		text_add(&text, "process %d %s by %s", process->pid, strcmp(process->status, "crashed") == 0 ? SAY("was ended") : SAY("was killed"),
			 language_word(headline_signal(failure->signal)));
		if (failure->operation_name) {
			bool inside = failure->has_event && failure->event.status && strcmp(failure->event.status, "open") == 0;

			if (inside)
				text_add(&text, " inside %s", failure->operation_name);
			else
				text_add(&text, " after %s", failure->operation_name);
			add_place(&text, frames);
			if (!inside)
				text_add(&text, ", the last operation finished");
		}
	} else if (failure->operation_name) {
		const char *colons = strncmp(failure->operation_name, "aten::", 6) == 0 ? failure->operation_name + 6
											: failure->operation_name;

		text_add(&text, "%s", colons);
		if (failure->has_event && failure->event.parent >= 0) {
			struct event parent;

			if (source->event(source->context, failure->process, failure->event.parent, &parent))
				text_add(&text, " (inside %s)", parent.operation);
		}
		text_add(&text, " failed");
		add_place(&text, frames);
		if (mismatch) {
			headline_mismatch(subject, frames, mismatch, told, sizeof(told));
			text_add(&text, ": %s", told);
		} else if (failure->message && (!failure->surfaced[0] || failure->led_to)) {
			add_message(&text, failure->message);
		}
		text_add(&text, "%s", failure->surfaced);
	} else if (failure->type) {
		text_add(&text, "%s", failure->type);
		add_place(&text, frames);
		if (mismatch)
			text_add(&text, ": %s", mismatch->text);
		else
			add_message(&text, failure->message);
	} else {
		text_add(&text, "process %d left with status %d; no exception was seen", process->pid, process->exit_status);
	}
	add_process(&text, source, failure, frames);
	return text_json(text.data);
}
