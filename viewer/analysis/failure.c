#include "failure.h"

#include <stdlib.h>
#include <string.h>

#include "failure_process.h"
#include "text.h"

#define ANCESTORS_MOST 32

/* The process that started PROCESS, -1 if it isn't in the trace. */
static int
parent_of(const struct source *source, int process)
{
	const struct process *child = source->process(source->context, process);
	int count = source->process_count(source->context);

	if (child->parent_pid <= 0)
		return -1;
	for (int i = 0; i < count; i++) {
		const struct process *parent = source->process(source->context, i);

		if (i != process && parent->pid == child->parent_pid && parent->start_ns <= child->start_ns &&
		    (!parent->host || !child->host || strcmp(parent->host, child->host) == 0))
			return i;
	}
	return -1;
}

static bool
descends(const struct source *source, int process, int ancestor)
{
	for (int i = 0; i < ANCESTORS_MOST && process >= 0; i++) {
		process = parent_of(source, process);
		if (process == ancestor)
			return true;
	}
	return false;
}

/* Started by a process that is still well: what happened in here, it survived. */
static bool
survived_by_parent(const struct source *source, const struct failure *failures, int process)
{
	int parent = parent_of(source, process);

	for (int i = 0; i < ANCESTORS_MOST && parent >= 0; i++, parent = parent_of(source, parent)) {
		const struct process *ancestor = source->process(source->context, parent);

		if (!failures[parent].kind && strcmp(ancestor->status, "ok") == 0)
			return true;
	}
	return false;
}

static bool
ended_badly(const struct process *process)
{
	return text_among("failed killed crashed", process->status);
}

/* Does ECHO, whose own exception is tied to no operation, look like the news of a child's end? */
static bool
is_news_of(const struct failure *echo, const struct process *child)
{
	const json_t *frame = json_array_get(echo->frames, 0);
	const char *file = text_get(frame, "file");
	char pid[32];

	if (strstr(file, "/torch/distributed/") || strstr(file, "/torch/multiprocessing/") ||
	    strstr(file, "/torch/utils/data/") || strstr(file, "/multiprocessing/") || strstr(file, "/concurrent/") ||
	    strcmp(text_basename(file), "subprocess.py") == 0)
		return true;
	text_format(pid, sizeof(pid), "%d", child->pid);
	if (echo->message)
		for (const char *at = echo->message; *at;) {
			int64_t number;

			if (text_number(&at, &number) && number == child->pid)
				return true;
		}
	return false;
}

static bool
is_echo(const struct source *source, const struct failure *failures, int process)
{
	const struct failure *echo = &failures[process];
	int count = source->process_count(source->context);

	for (int i = 0; i < count; i++) {
		const struct failure *other = &failures[i];
		bool child, tells;

		if (i == process || !other->kind || (other->time_ns > echo->time_ns && echo->time_ns))
			continue;
		child = descends(source, i, process);
		tells = echo->message && other->message && text_contains(echo->message, other->message) &&
			strcmp(echo->type ? echo->type : "", "SystemExit") != 0;
		if (tells && child)
			return true;
		if (tells && !echo->operation && strcmp(echo->message, other->message) != 0)
			return true;
		if (child && !echo->operation && ended_badly(source->process(source->context, i)) &&
		    (!echo->note || is_news_of(echo, source->process(source->context, i))))
			return true;
	}
	return false;
}

/* 0: an own failure; 1: waiting for others (a collective, or an error that PyTorch's own machinery raised outside any
 * operation, as a lost connection is in the middle of backward: another rank's own failure explains more); 2: ended from outside; 3: only a status is known. */
int
failure_class(const struct failure *failure)
{
	const char *file = text_get(json_array_get(failure->frames, 0), "file");

	if (strcmp(failure->kind, "signal") == 0)
		return failure->signal == 15 || failure->signal == 2 || failure->signal == 1 ? 2 : 1;
	if (!failure->note && !failure->operation)
		return 3;
	if (failure->operation_name ? strncmp(failure->operation_name, "c10d::", 6) == 0
				    : strstr(file, "/torch/distributed/") || strstr(file, "/torch/autograd/"))
		return 1;
	return failure->type && text_among("KeyboardInterrupt SystemExit", failure->type) ? 2 : 0;
}

static bool
goes_first(const struct source *source, const struct failure *one, const struct failure *other)
{
	const struct process *p = source->process(source->context, one->process);
	const struct process *q = source->process(source->context, other->process);
	int a = failure_class(one), b = failure_class(other);
	bool signals = strcmp(one->kind, "signal") == 0 || strcmp(other->kind, "signal") == 0;

	if (signals && a <= 1 && b <= 1 && one->time_ns && other->time_ns && one->time_ns != other->time_ns)
		return one->time_ns < other->time_ns;
	if (a != b)
		return a < b;
	if (p->rank >= 0 && q->rank >= 0 && p->rank != q->rank && (one->step != other->step || !a))
		return one->step != other->step ? one->step < other->step : p->rank < q->rank; /* clocks tell nothing here */
	if (one->time_ns && other->time_ns && one->time_ns != other->time_ns)
		return one->time_ns < other->time_ns;
	return one->process < other->process;
}

/* A child that handed its exception on (a data loader's worker) failed if its ancestor's exception tells it. */
static void
find_handed_on(const struct source *source, struct failure *failures, int process)
{
	int parent = parent_of(source, process);

	for (int i = 0; i < ANCESTORS_MOST && parent >= 0; i++, parent = parent_of(source, parent)) {
		const struct failure *told = &failures[parent];

		if (told->kind && told->message &&
		    failure_process_told(source, process, told->message, told->time_ns, &failures[process]))
			return;
	}
}

bool
failure_choose(const struct source *source, struct failure *out)
{
	int count = source->process_count(source->context), attempt = 0;
	struct failure *failures = calloc((size_t)count + 1, sizeof(*failures));
	const struct failure *best = NULL;

	if (!failures)
		return false;
	for (int i = 0; i < count; i++) {
		const struct process *process = source->process(source->context, i);

		if (process->rank >= 0 && process->attempt > attempt)
			attempt = process->attempt;
		failure_of_process(source, i, &failures[i]);
	}
	for (int i = 0; i < count; i++)
		if (!failures[i].kind)
			find_handed_on(source, failures, i);
	for (int i = 0; i < count; i++) {
		const struct process *process = source->process(source->context, i);

		if (!failures[i].kind || (process->rank >= 0 && process->attempt < attempt) ||
		    survived_by_parent(source, failures, i) || is_echo(source, failures, i))
			continue;
		if (!best || goes_first(source, &failures[i], best))
			best = &failures[i];
	}
	if (best)
		*out = *best;
	free(failures);
	return best != NULL;
}
