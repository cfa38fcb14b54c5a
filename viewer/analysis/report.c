#include "report.h"

#include <inttypes.h>
#include <string.h>

#include "failure/failure_process.h"
#include "findings/findings.h"
#include "headline.h"
#include "diff/ranks.h"
#include "report_environment.h"
#include "report_failure.h"
#include "report_failures.h"
#include "source.h"
#include "text.h"

#define OTHERS_MOST 64
#define RANK_TEXT_MOST 100

static void
add_degraded(const char *name, int64_t count, const char *text, void *context)
{
	json_t *json = json_object();

	text_set(json, "name", name);
	json_object_set_new(json, "count", json_integer(count));
	text_set(json, "text", text);
	json_array_append_new(context, json);
}

/* What is missing because chunks were overwritten is the ring's way, not damage; everything else is told as it is. */
static json_t *
process_json(struct trace *trace, const struct process *process)
{
	json_t *json = json_object(), *degraded = json_array();
	int64_t dropped = 0;

	trace_each_degraded(trace, process->index, add_degraded, degraded);
	for (size_t i = 0; i < json_array_size(degraded); i++) {
		const json_t *loss = json_array_get(degraded, i);

		if (strstr(text_get(loss, "text"), "events dropped") || strcmp(text_get(loss, "name"), "BLIND") == 0)
			dropped += json_integer_value(json_object_get(loss, "count"));
	}
	text_set(json, "file", process->file);
	text_set(json, "role", process->role);
	json_object_set_new(json, "loads_data", json_boolean(process->loads_data));
	text_set_integer(json, "rank", process->rank, -1);
	text_set_integer(json, "local_rank", process->local_rank, -1);
	text_set_integer(json, "world_size", process->world_size, -1);
	text_set(json, "host", process->host);
	text_set_integer(json, "pid", process->pid, -1);
	text_set_integer(json, "parent_pid", process->parent_pid, -1);
	json_object_set_new(json, "attempt", json_integer(process->attempt < 0 ? 0 : process->attempt));
	text_set(json, "status", process->status);
	text_set_integer(json, "signal", process->signal, 0);
	text_set_integer(json, "exit_code", process->exit_status, -1);
	json_object_set_new(json, "steps", json_integer(process->steps));
	json_object_set_new(json, "events", json_integer(process->events));
	json_object_set_new(json, "events_kept", json_integer(process->events_kept));
	json_object_set_new(json, "dropped", json_integer(dropped));
	json_object_set_new(json, "degraded", degraded);
	return json;
}

static json_t *
trace_json(struct trace *trace)
{
	json_t *json = json_object(), *run = trace_run(trace), *command = json_object_get(run, "command");
	int64_t start = 0, end = 0;
	const char *torch = NULL, *python = NULL;
	const struct note *notes;
	bool running = false;

	for (int i = 0; i < trace_process_count(trace); i++) {
		const struct process *process = trace_process(trace, i);

		start = !start || process->start_ns < start ? process->start_ns : start;
		end = process->end_ns > end ? process->end_ns : end;
		torch = !torch || !*torch ? process->torch_version : torch;
		python = !python || !*python ? process->python_version : python;
		running = running || strcmp(process->status, "running") == 0;
		if (!command && trace_notes(trace, i, "environment", &notes) > 0)
			command = json_object_get(notes[0].json, "argv");
	}
	if (json_is_integer(json_object_get(run, "start_ns")))
		start = json_integer_value(json_object_get(run, "start_ns"));
	if (json_is_integer(json_object_get(run, "end_ns")))
		end = json_integer_value(json_object_get(run, "end_ns"));
	else if (running)
		end = 0;
	text_set(json, "directory", trace_directory(trace));
	text_set_integer(json, "start_ns", start, 0);
	text_set_integer(json, "end_ns", end, 0);
	json_object_set_new(json, "command", command ? json_deep_copy(command) : json_null());
	text_set(json, "torch", torch && *torch ? torch : NULL);
	text_set(json, "python", python && *python ? python : NULL);
	json_object_set_new(json, "run_time_s", start && end >= start ? json_real((double)(end - start) / 1e9) : json_null());
	return json;
}

static json_t *
rank_json(const struct source *source, struct failure *failure)
{
	struct diagnosis diagnosis;
	json_t *json = json_object();

	diagnosis_start(&diagnosis, source, failure);
	text_set_integer(json, "rank", source->process(source->context, failure->process)->rank, -1);
	text_set_integer(json, "step", failure->step, -1);
	text_set(json, "operation", failure->operation_name);
	json_object_set_new(json, "mismatch", diagnosis.has_mismatch ? mismatch_json(&diagnosis.mismatch, diagnosis.subject) : json_null());
	json_object_set_new(json, "headline", headline_build(source, failure, diagnosis.frames, diagnosis.subject,
							     diagnosis.has_mismatch ? &diagnosis.mismatch : NULL));
	diagnosis_end(&diagnosis);
	return json;
}

/* What data workers, which fetch ahead, had raised beside CHOSEN, and nobody had come to. */
static void
add_ahead(const struct source *source, const struct failure *chosen, struct text *text)
{
	const struct note *notes, *first = NULL;
	int64_t count = 0;

	for (int i = 0; i < source->process_count(source->context); i++) {
		int note_count = source->notes(source->context, i, "exception", &notes);

		for (int n = 0; n < note_count; n++) {
			if (!failure_is_ahead(source, chosen, i, &notes[n]))
				continue;
			first = !first || notes[n].time_ns < first->time_ns ? &notes[n] : first;
			count++;
		}
	}
	if (!first)
		return;
	text_add(text, "%sdata workers, which fetch ahead, had failed %" PRId64 " time%s more, to which nobody had come: ", text->used ? "; " : "", count,
		 language_plural(count));
	text_add_short(text, failure_note_message(first), RANK_TEXT_MOST);
}

/* What the other ranks were doing: the failures of those that failed as well, the state of the rest. */
static json_t *
ranks_json(const struct source *source, const struct failure *chosen)
{
	json_t *json = json_object(), *failures = json_array();
	struct text text = {{0}, 0};
	int ranks = 0;

	for (int i = 0; i < source->process_count(source->context); i++) {
		const struct process *process = source->process(source->context, i);
		struct failure failure;

		if (process->rank < 0 || !process->role || strcmp(process->role, "rank") != 0)
			continue;
		if (chosen && process->attempt != source->process(source->context, chosen->process)->attempt)
			continue;
		ranks++;
		if (!chosen || i == chosen->process || json_array_size(failures) >= OTHERS_MOST)
			continue;
		if (failure_of_process(source, i, &failure) && strcmp(failure.kind, "signal") != 0) {
			json_t *rank = rank_json(source, &failure);

			if (json_array_size(failures) < 2) {
				const char *headline = text_get(rank, "headline");

				text_add(&text, "%srank %d failed too: ", text.used ? "; " : "", process->rank);
				text_add_short(&text, headline, RANK_TEXT_MOST);
			}
			json_array_append_new(failures, rank);
		} else if (text.used < 400) {
			text_add(&text, "%srank %d: %s at step %lld", text.used ? "; " : "", process->rank, language_word(process->status),
				 (long long)process->steps);
		}
	}
	if (ranks < 2)
		text = (struct text){{0}, 0};
	add_ahead(source, chosen, &text);
	json_object_set_new(json, "first_divergence", json_null());
	text_set(json, "text", text.used ? text.data : NULL);
	json_object_set_new(json, "failures", failures);
	return json;
}

static json_t *
merged_json(const struct trace *trace)
{
	struct merged merged;
	json_t *json;

	if (!trace_merged(trace, &merged))
		return json_null();
	json = json_object();
	json_object_set_new(json, "processes", json_integer(merged.processes));
	json_object_set_new(json, "failed", json_integer(merged.failed));
	json_object_set_new(json, "events", json_integer(merged.events));
	json_object_set_new(json, "dropped", json_integer(merged.dropped));
	return json;
}

json_t *
report_build(struct trace *trace, struct error *error)
{
	struct source source = source_of_trace(trace);
	struct failure failure, *chosen;
	json_t *json = json_object(), *processes = json_array(), *failures, *ranks, *cause;

	if (!json || !processes) {
		text_format(error->text, sizeof(error->text), "%s: out of memory", trace_directory(trace));
		json_decref(json);
		json_decref(processes);
		return NULL;
	}
	chosen = failure_choose(&source, &failure) ? &failure : NULL;
	for (int i = 0; i < trace_process_count(trace); i++)
		json_array_append_new(processes, process_json(trace, trace_process(trace, i)));
	json_object_set_new(json, "schema", json_integer(REPORT_SCHEMA));
	json_object_set_new(json, "trace", trace_json(trace));
	json_object_set_new(json, "environment", report_environment(&source, chosen));
	json_object_set_new(json, "processes", processes);
	json_object_set_new(json, "merged", merged_json(trace));
	json_object_set_new(json, "failure", chosen ? report_failure(&source, chosen) : json_null());
	failures = report_failure_list(&source, chosen);
	json_object_set_new(json, "failures", failures);
	json_object_set_new(json, "attempts", report_attempt_list(&source, chosen, failures));
	json_object_set_new(json, "findings", chosen ? json_array() : findings_of_source(&source));
	json_object_set_new(json, "handled", failure_handled(&source, chosen));
	ranks = ranks_json(&source, chosen);
	ranks_add(trace, chosen, ranks);
	cause = chosen ? ranks_cause(&source, chosen, ranks, json_object_get(json, "failure")) : NULL;
	if (cause)
		json_array_insert_new(json_object_get(json_object_get(json, "failure"), "causes"), 0, cause);
	json_object_set_new(json, "ranks", ranks);
	return json;
}
