#include "watch.h"

#include <stdlib.h>
#include <string.h>

#include "../../schema/fingerprint.h"
#include "diff_parts.h"
#include "where.h"

static double
for_seconds(const struct live_process *process, int64_t now_ns)
{
	return process->any && now_ns > process->since_ns ? (double)(now_ns - process->since_ns) / 1e9 : 0;
}

static json_t *
where_of(const struct live_process *process)
{
	json_t *frames = json_array(), *where = json_null();
	int chosen;

	for (int i = 0; i < process->frame_count; i++) {
		json_t *frame = json_object();

		text_set(frame, "file", process->frames[i].file);
		json_object_set_new(frame, "line", json_integer(process->frames[i].line));
		text_set(frame, "function", process->frames[i].function);
		json_array_append_new(frames, frame);
	}
	chosen = where_choose(frames);
	if (chosen >= 0)
		where = json_incref(json_array_get(frames, (size_t)chosen));
	json_decref(frames);
	return where;
}

static json_t *
process_json(const struct live_process *process, int64_t now_ns)
{
	json_t *json = json_object();

	text_set_integer(json, "rank", process->rank, -1);
	text_set_integer(json, "pid", process->pid, -1);
	text_set(json, "host", process->host);
	text_set(json, "role", process->worker ? "worker" : "rank");
	json_object_set_new(json, "running", process->away ? json_null() : json_boolean(process->running));
	text_set_integer(json, "step", process->step, -1);
	text_set(json, "operation", process->any && process->operation[0] ? process->operation : NULL);
	json_object_set_new(json, "open", json_boolean(process->open));
	json_object_set_new(json, "for_s", process->any ? json_real(for_seconds(process, now_ns)) : json_null());
	json_object_set_new(json, "where", where_of(process));
	return json;
}

/* A collective returns before its work is done, where it is waited for in Python: it counts while nothing follows. */
static bool
is_waiting(const struct live_process *process, int64_t now_ns, double after_s)
{
	return process->any && fingerprint_waits(process->operation) && for_seconds(process, now_ns) >= after_s;
}

static void
waited_for(const struct live_process *process, int64_t now_ns, struct text *text)
{
	double seconds = for_seconds(process, now_ns);

	if (!process->running)
		text_add(text, "rank %d has ended at step %lld", process->rank, (long long)process->step);
	else if (!process->any)
		text_add(text, "rank %d has run no operation yet", process->rank);
	else if (process->open)
		text_add(text, "rank %d has been in %s for %.0f s", process->rank, process->operation, seconds);
	else
		text_add(text, "rank %d has run nothing for %.0f s after %s", process->rank, seconds, process->operation);
	if (process->running && process->any) {
		json_t *where = where_of(process);

		if (json_is_object(where))
			text_add(text, " at %s:%d", text_basename(text_get(where, "file")), (int)json_integer_value(json_object_get(where, "line")));
		json_decref(where);
	}
}

/* How many processes are on each other host. */
static json_t *
elsewhere_json(const struct live_process *processes, int count)
{
	json_t *list = json_array(), *host = NULL;
	size_t at;

	for (int i = 0; i < count; i++) {
		if (!processes[i].away)
			continue;
		json_array_foreach(list, at, host)
			if (strcmp(text_get(host, "host"), processes[i].host) == 0)
				break;
		if (at == json_array_size(list)) {
			host = json_object();
			text_set(host, "host", processes[i].host);
			json_array_append_new(list, host);
		}
		json_object_set_new(host, "processes", json_integer(json_integer_value(json_object_get(host, "processes")) + 1));
	}
	return list;
}

json_t *
watch_build(const struct live_process *processes, int count, int ended, int64_t now_ns, double after_s)
{
	json_t *json = json_object(), *list = json_array(), *waiting = json_array(), *others = json_array();
	int *ranks = calloc((size_t)count + 1, sizeof *ranks), waits = 0;
	const char *operation = NULL;
	struct text all = { { 0 }, 0 };

	for (int i = 0; ranks && i < count; i++)
		if (!processes[i].worker && is_waiting(&processes[i], now_ns, after_s)) {
			ranks[waits++] = processes[i].rank;
			operation = operation ? operation : processes[i].operation;
			json_array_append_new(waiting, json_integer(processes[i].rank));
		}
	for (int i = 0; i < count; i++) {
		struct text text = { { 0 }, 0 };
		json_t *one;

		json_array_append_new(list, process_json(&processes[i], now_ns));
		if (processes[i].worker || processes[i].away || waits == 0 || is_waiting(&processes[i], now_ns, after_s) ||
		    (processes[i].any && for_seconds(&processes[i], now_ns) < after_s && processes[i].running))
			continue;
		waited_for(&processes[i], now_ns, &text);
		one = json_object();
		json_object_set_new(one, "rank", json_integer(processes[i].rank));
		text_set(one, "text", text.data);
		json_array_append_new(others, one);
		if (all.used < 300)
			text_add(&all, "%s%s", all.used ? ", " : "", text.data);
	}
	if (all.used && ranks) {
		text_add(&all, " while ");
		ranks_text(&all, ranks, waits);
		text_add(&all, " %s in %s", waits == 1 ? SAY("waits") : SAY("wait"), operation);
	}
	free(ranks);
	json_object_set_new(json, "time_ns", json_integer(now_ns));
	json_object_set_new(json, "processes", list);
	json_object_set_new(json, "ended", json_integer(ended));
	json_object_set_new(json, "waiting", waiting);
	json_object_set_new(json, "waited_for", others);
	text_set(json, "text", all.used ? all.data : NULL);
	json_object_set_new(json, "elsewhere", elsewhere_json(processes, count));
	return json;
}
