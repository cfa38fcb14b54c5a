#include "failure.h"

#include <stdlib.h>
#include <string.h>

#include "failure_process.h"
#include "../text.h"

#define ANCESTORS_MOST 32

/* The process with number PID that was there when CHILD was started, -1 if none is in the trace. */
static int
find_pid(const struct source *source, const struct process *child, int pid)
{
	for (int i = 0; i < source->process_count(source->context); i++) {
		const struct process *parent = source->process(source->context, i);

		if (parent != child && parent->pid == pid && parent->start_ns <= child->start_ns &&
		    (!parent->host || !child->host || strcmp(parent->host, child->host) == 0))
			return i;
	}
	return -1;
}

/* The process that started PROCESS, by way of launchers that aren't in the trace; -1 if none is. */
static int
parent_of(const struct source *source, int process)
{
	const struct process *child = source->process(source->context, process);
	int parent = child->parent_pid > 0 ? find_pid(source, child, child->parent_pid) : -1;

	for (int i = 0; i < TRACE_ANCESTORS && child->ancestors[i] && parent < 0; i++)
		parent = find_pid(source, child, child->ancestors[i]);
	return parent;
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

		/* (what another program replaced, by exec, is well, but what replaced it may not have been) */
		if (!failures[parent].kind && strcmp(ancestor->status, "ok") == 0 && ancestor->exit_status <= 0)
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

	if (echo->type && strcmp(echo->type, "CalledProcessError") == 0) /* (whoever raises it: a launcher may wait for its child itself) */
		return true;
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

/* Of a rank's worker nothing is known but its exit status: the rank's own exception tells more. */
static bool
tells_status_alone(const struct source *source, const struct failure *worker, const struct process *rank)
{
	return failure_class(worker) == 3 && strcmp(rank->role, "rank") == 0 &&
	       strcmp(source->process(source->context, worker->process)->role, "rank") != 0;
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
		tells = ((echo->message && other->message && text_contains(echo->message, other->message)) || failure_has_traceback(echo->message, other->type, other->frames)) &&
			strcmp(echo->type ? echo->type : "", "SystemExit") != 0;
		if (tells && child)
			return true;
		if (tells && !echo->operation && strcmp(echo->message, other->message) != 0)
			return true;
		if (child && echo->note && tells_status_alone(source, other, source->process(source->context, process)))
			continue;
		if (child && !echo->operation && ended_badly(source->process(source->context, i)) &&
		    (!echo->note || is_news_of(echo, source->process(source->context, i))))
			return true;
	}
	return false;
}

/* An error of the transport between ranks, raised where somebody waits for it: PyTorch has classes of its own for some; gloo's have
 * the place in its source. */
static bool
tells_of_peer(const struct failure *failure)
{
	return (failure->type && text_among("DistBackendError DistNetworkError DistStoreError", failure->type)) ||
	       (failure->message && strstr(failure->message, "/gloo/transport/"));
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
	if (tells_of_peer(failure))
		return 1;
	if (failure->operation_name ? strncmp(failure->operation_name, "c10d::", 6) == 0
				    : strstr(file, "/torch/distributed/") || strstr(file, "/torch/autograd/"))
		return 1;
	return failure->type && text_among("KeyboardInterrupt SystemExit", failure->type) ? 2 : 0;
}

int
failure_progress(const struct source *source, const struct failure *one, const struct source *other_source, const struct failure *other)
{
	int64_t a, b;

	if (one->step != other->step)
		return one->step < other->step ? -1 : 1;
	if (!source->collectives || !other_source->collectives || one->step < 0)
		return 0;
	a = source->collectives(source->context, one->process, one->step);
	b = other_source->collectives(other_source->context, other->process, other->step);
	return a < b ? -1 : a > b;
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
	if (p->rank >= 0 && q->rank >= 0 && p->attempt != q->attempt)
		return p->attempt < q->attempt; /* the first attempt's reason is the others', too */
	if (p->rank >= 0 && q->rank >= 0 && p->rank != q->rank && (one->step != other->step || !a)) { /* clocks tell nothing here */
		int progress = failure_progress(source, one, source, other);

		return progress ? progress < 0 : p->rank < q->rank;
	}
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

/* A worker that somebody ended, while its parent told what another of its children had raised: the parent ended it, in
 * clearing up. TOLD: failures that another process's explains. */
static bool
ended_by_parent(const struct source *source, const struct failure *failures, const bool *told, int process)
{
	const struct failure *ended = &failures[process];
	int parent = parent_of(source, process);

	if (!ended->kind || strcmp(ended->kind, "signal") != 0 || (ended->signal > 0 && failure_class(ended) != 2) || parent < 0 ||
	    !told[parent] || strcmp(source->process(source->context, process)->role, "rank") == 0)
		return false;
	for (int i = 0; i < source->process_count(source->context); i++) {
		if (i != process && failures[i].kind && failure_class(&failures[i]) == 0 && descends(source, i, parent))
			return true;
	}
	return false;
}

/* Nobody failed, and yet the program did, in a process that ran no operation: what a helper of its handed on is the reason. */
static void
find_last_handled(const struct source *source, struct failure *failures, int count)
{
	bool any = false;

	for (int i = 0; i < count; i++)
		any = any || failures[i].kind;
	for (int i = 0; i < count && !any && source->main_lost && source->main_lost(source->context); i++)
		failure_process_last(source, i, &failures[i]);
}

/* Did an ancestor of PROCESS meet an exception that tells MESSAGE? */
static bool
heard_by_parent(const struct source *source, int process, const char *message)
{
	int parent = parent_of(source, process);
	const struct note *notes;

	for (int i = 0; i < ANCESTORS_MOST && parent >= 0; i++, parent = parent_of(source, parent)) {
		int count = source->notes(source->context, parent, "exception", &notes);

		for (int n = 0; n < count; n++)
			if (text_contains(failure_note_message(&notes[n]), message))
				return true;
	}
	return false;
}

/* Nobody failed: what went into a future of a process pool, whose parent at most looked at it, is what there is to tell, as it is where
 * the pool's are threads. */
static void
find_unheard(const struct source *source, struct failure *failures, int count)
{
	bool any = false;

	for (int i = 0; i < count; i++)
		any = any || failures[i].kind;
	for (int i = 0; i < count && !any; i++)
		if (strcmp(source->process(source->context, i)->role, "worker") == 0)
			failure_process_unheard(source, i, heard_by_parent, &failures[i]);
}

/* How each process failed; those that only echo another's, were survived, or were ended in another's wake are cleared.
 * NULL without memory. Free it. */
static struct failure *
judge(const struct source *source)
{
	int count = source->process_count(source->context);
	struct failure *failures = calloc((size_t)count + 1, sizeof(*failures));
	bool *told = calloc((size_t)count + 1, sizeof(*told));

	for (int i = 0; failures && i < count; i++)
		failure_of_process(source, i, &failures[i]);
	/* A worker may have been ended because of what it handed on (multiprocessing.Pool does that). */
	for (int i = 0; failures && i < count; i++)
		if (!failures[i].kind || strcmp(failures[i].kind, "signal") == 0)
			find_handed_on(source, failures, i);
	for (int i = 0; failures && told && i < count; i++)
		told[i] = failures[i].kind && (survived_by_parent(source, failures, i) || is_echo(source, failures, i));
	for (int i = 0; failures && told && i < count; i++)
		told[i] = told[i] || ended_by_parent(source, failures, told, i);
	for (int i = 0; failures && told && i < count; i++)
		if (told[i])
			failures[i].kind = NULL;
	if (failures)
		find_last_handled(source, failures, count);
	if (failures)
		find_unheard(source, failures, count);
	free(told);
	return failures;
}

bool
failure_choose(const struct source *source, struct failure *out)
{
	int count = source->process_count(source->context);
	struct failure *failures = judge(source);
	const struct failure *best = NULL;

	for (int i = 0; failures && i < count; i++)
		if (failures[i].kind && (!best || goes_first(source, &failures[i], best)))
			best = &failures[i];
	if (best)
		*out = *best;
	free(failures);
	return best != NULL;
}

static int
by_time(const void *left, const void *right)
{
	const struct failure *a = left, *b = right;

	if (a->time_ns == b->time_ns || !a->time_ns || !b->time_ns) /* 0: nobody saw it end; last */
		return a->time_ns == b->time_ns ? a->process - b->process : !a->time_ns ? 1 : -1;
	return a->time_ns < b->time_ns ? -1 : 1;
}

int
failure_list(const struct source *source, struct failure *out, int room)
{
	struct failure *failures = judge(source);
	int processes = source->process_count(source->context), count = 0;

	for (int i = 0; failures && i < processes && count < room; i++) {
		if (!failures[i].kind)
			continue;
		out[count++] = failures[i];
		count += failure_process_earlier(source, &failures[i], out + count, room - count);
	}
	free(failures);
	qsort(out, (size_t)count, sizeof(*out), by_time);
	return count;
}
