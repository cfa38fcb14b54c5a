/* What each process was and how it ended; then the order in which a reader wants them. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "trace_internal.h"

static bool
has_note(const struct reader *reader, const char *kind)
{
	for (int i = 0; i < reader->note_count; i++) {
		if (strcmp(reader->notes[i].kind, kind) == 0)
			return true;
	}
	return false;
}

/* The arguments that Python's multiprocessing gives to a child that it starts anew. */
static bool
is_spawned(const struct reader *reader)
{
	size_t index;
	json_t *argument;

	for (int i = 0; i < reader->note_count; i++) {
		if (strcmp(reader->notes[i].kind, "environment") != 0)
			continue;
		json_array_foreach(json_object_get(reader->notes[i].json, "argv"), index, argument) {
			const char *text = json_string_value(argument);

			if (text && (strstr(text, "--multiprocessing-fork") || strstr(text, "multiprocessing.spawn") ||
				     strstr(text, "multiprocessing.forkserver")))
				return true;
		}
	}
	return false;
}

static int
signal_of(json_t *run, int pid)
{
	char key[16];
	json_t *signal;

	snprintf(key, sizeof key, "%d", pid);
	signal = json_object_get(json_object_get(run, "signals"), key);
	if (!signal && json_integer_value(json_object_get(run, "pid")) == pid)
		signal = json_object_get(run, "signal");
	return json_is_integer(signal) && json_integer_value(signal) > 0 && json_integer_value(signal) < 128
		       ? (int)json_integer_value(signal)
		       : 0;
}

static bool
signal_is_crash(int signal)
{
	return signal == SIGSEGV || signal == SIGABRT || signal == SIGBUS || signal == SIGFPE || signal == SIGILL ||
	       signal == SIGSYS || signal == SIGTRAP;
}

static const char *
status_of(const struct reader *reader)
{
	const struct process *process = &reader->process;

	if (reader->live && !reader->ended)
		return "running";
	if (has_note(reader, "fatal"))
		return "failed";
	if (process->signal)
		return signal_is_crash(process->signal) ? "crashed" : "killed";
	if (reader->exec)
		return "ok";
	if (process->exit_status > 0)
		return "failed";
	if (process->exit_status < 0 && !reader->ended)
		return "killed";
	return "ok";
}

/* Another process of the same host with number PID. */
static struct reader *
find_pid(const struct trace *trace, int pid, const struct reader *not)
{
	for (int i = 0; i < trace->count; i++) {
		if (trace->readers[i] != not && trace->readers[i]->process.pid == pid && pid > 0 &&
		    strcmp(trace->readers[i]->process.host, not->process.host) == 0)
			return trace->readers[i];
	}
	return NULL;
}

/* Who started it: what its environment note tells (launchers without a file of their own among them), else its parent. */
static void
ancestors_fill(struct reader *reader)
{
	int count = 0;
	size_t index;
	json_t *ancestor;

	if (reader->process.parent_pid > 0)
		reader->process.ancestors[count++] = reader->process.parent_pid;
	for (int i = 0; i < reader->note_count; i++) {
		if (strcmp(reader->notes[i].kind, "environment") != 0)
			continue;
		json_array_foreach(json_object_get(reader->notes[i].json, "ancestors"), index, ancestor) {
			int pid = (int)json_integer_value(json_object_get(ancestor, "pid"));

			if (pid > 0 && (!count || pid != reader->process.ancestors[count - 1]) && count < TRACE_ANCESTORS)
				reader->process.ancestors[count++] = pid;
		}
	}
}

/* The nearest of its ancestors that is in the trace. */
static struct reader *
find_parent(const struct trace *trace, const struct reader *reader)
{
	struct reader *parent = NULL;

	for (int i = 0; i < TRACE_ANCESTORS && reader->process.ancestors[i] && !parent; i++)
		parent = find_pid(trace, reader->process.ancestors[i], reader);
	return parent;
}

/* Started by another process of this trace to do a part of its work? */
static bool
is_worker(const struct trace *trace, const struct reader *reader)
{
	const struct reader *parent = find_parent(trace, reader);

	if (!reader->forked && !reader->spawned)
		return false;
	/* A child with a rank that its parent doesn't have is a rank that was started by spawn or fork. */
	return reader->process.rank < 0 || (parent && parent->process.rank == reader->process.rank) ||
	       (!parent && reader->forked);
}

static bool
ended_badly(const struct reader *reader)
{
	const char *status = reader->process.status;

	return strcmp(status, "failed") == 0 || strcmp(status, "killed") == 0 || strcmp(status, "crashed") == 0;
}

/* Is any process with a rank a descendant of this one? Or (where it failed itself) one that failed and is no worker? */
static bool
is_launcher(const struct trace *trace, const struct reader *reader)
{
	for (int i = 0; i < trace->count; i++) {
		const struct reader *at = trace->readers[i];

		if (at == reader || (at->process.rank < 0 && (!ended_badly(reader) || !ended_badly(at) || is_worker(trace, at))))
			continue;
		for (int steps = 0; at && steps < 16; steps++) {
			at = find_parent(trace, at);
			if (at == reader)
				return true;
		}
	}
	return false;
}

static void
roles_give(struct trace *trace)
{
	struct reader *lone = NULL;
	bool ranks = false;

	for (int i = 0; i < trace->count; i++) {
		struct reader *reader = trace->readers[i];

		reader->process.role = is_worker(trace, reader) ? "worker" : reader->process.rank >= 0 ? "rank" : "other";
		ranks = ranks || strcmp(reader->process.role, "rank") == 0;
	}
	for (int i = 0; i < trace->count; i++) {
		struct reader *reader = trace->readers[i];

		if (strcmp(reader->process.role, "other") != 0)
			continue;
		if (reader->process.rank < 0 && is_launcher(trace, reader))
			reader->process.role = "launcher";
		else if (!ranks && (!lone || reader->process.start_ns < lone->process.start_ns))
			lone = reader;
	}
	if (lone) {
		lone->process.role = "rank";
		lone->process.rank = 0;
		lone->process.world_size = 1;
	}
	/* A worker works for its parent's rank. */
	for (int i = 0; i < trace->count; i++) {
		struct reader *reader = trace->readers[i], *parent;

		parent = find_parent(trace, reader);
		if (reader->process.rank < 0 && strcmp(reader->process.role, "worker") == 0 && parent &&
		    parent->process.rank >= 0) {
			reader->process.rank = parent->process.rank;
			reader->process.world_size = parent->process.world_size;
		}
	}
}

/* Does one of its operations come from the loop in which a data loader's workers run? (torch/utils/data/_utils/worker.py) */
static bool
loads_data(struct reader *reader)
{
	sqlite3_stmt *statement = reader_prepare(reader, "SELECT 1 FROM frame WHERE function = '_worker_loop' AND "
							 "file GLOB '*torch/utils/data/_utils/worker.py' LIMIT 1");
	bool found = statement && reader_row(reader, statement);

	sqlite3_finalize(statement);
	return found;
}

static int
role_order(const char *role)
{
	return strcmp(role, "rank") == 0 ? 0 : strcmp(role, "worker") == 0 ? 1 : strcmp(role, "launcher") == 0 ? 2 : 3;
}

static int
compare(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

static int
reader_order(const void *left, const void *right)
{
	const struct process *a = &(*(struct reader *const *)left)->process;
	const struct process *b = &(*(struct reader *const *)right)->process;
	int order = compare(role_order(a->role), role_order(b->role));

	order = order ? order : compare(a->rank, b->rank);
	order = order ? order : compare(a->attempt, b->attempt);
	order = order ? order : compare(a->start_ns, b->start_ns);
	return order ? order : compare(a->pid, b->pid);
}

void
trace_judge(struct trace *trace)
{
	for (int i = 0; i < trace->count; i++) {
		struct reader *reader = trace->readers[i];
		struct process *process = &reader->process;

		reader->spawned = is_spawned(reader);
		process->signal = reader->live ? 0 : signal_of(trace->run, process->pid);
		if (process->exit_status < 0 && !reader->live && !process->signal &&
		    json_integer_value(json_object_get(trace->run, "pid")) == process->pid &&
		    json_is_integer(json_object_get(trace->run, "exit_status"))) {
			process->exit_status = (int)json_integer_value(json_object_get(trace->run, "exit_status"));
			reader->ended = true;
		}
		process->status = status_of(reader);
		ancestors_fill(reader);
	}
	roles_give(trace);
	qsort(trace->readers, (size_t)trace->count, sizeof(struct reader *), reader_order);
	for (int i = 0; i < trace->count; i++) {
		struct reader *reader = trace->readers[i];

		reader->process.index = i;
		reader->process.loads_data = strcmp(reader->process.role, "worker") == 0 && loads_data(reader);
	}
}
