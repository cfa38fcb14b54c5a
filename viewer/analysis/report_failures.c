/* All failures, and the attempts of a restarted run. See report_failures.h. */
#include "report_failures.h"

#include <stdlib.h>
#include <string.h>

#include "headline.h"
#include "report_failure.h"
#include "text.h"

#define FAILURES_MOST 100
#define ATTEMPTS_MOST 1000

static json_t *
failure_json(const struct source *source, struct failure *failure, bool shown)
{
	const struct process *process = source->process(source->context, failure->process);
	struct diagnosis diagnosis;
	json_t *json = json_object(), *place = json_object(), *exception = json_object();

	diagnosis_start(&diagnosis, source, failure);
	text_set_integer(json, "time_ns", failure->time_ns, 0);
	json_object_set_new(json, "headline", headline_build(source, failure, diagnosis.frames, diagnosis.subject,
							     diagnosis.has_mismatch ? &diagnosis.mismatch : NULL));
	diagnosis_end(&diagnosis);
	text_set(json, "kind", failure->kind);
	text_set_integer(place, "rank", process->rank, -1);
	text_set_integer(place, "pid", process->pid, -1);
	text_set(place, "role", process->role);
	json_object_set_new(place, "attempt", json_integer(process->attempt < 0 ? 0 : process->attempt));
	json_object_set_new(json, "process", place);
	text_set_integer(json, "step", failure->step, -1);
	text_set(json, "operation", failure->operation_name);
	text_set(exception, "type", failure->type);
	text_set(exception, "message", failure->message);
	json_object_set_new(json, "exception", exception);
	json_object_set_new(json, "shown", json_boolean(shown));
	return json;
}

static bool
is_same(const struct failure *one, const struct failure *other)
{
	return one->process == other->process && one->time_ns == other->time_ns &&
	       (one->note ? one->note->id : -1) == (other->note ? other->note->id : -1);
}

json_t *
report_failure_list(const struct source *source, const struct failure *chosen)
{
	struct failure *failures = calloc(FAILURES_MOST, sizeof(*failures));
	int count = failures ? failure_list(source, failures, FAILURES_MOST) : 0;
	json_t *list = json_array();

	for (int i = 0; i < count; i++)
		json_array_append_new(list, failure_json(source, &failures[i], chosen && is_same(chosen, &failures[i])));
	free(failures);
	return list;
}

static json_t *
attempt_json(const struct source *source, int attempt, const struct failure *chosen, const json_t *failures)
{
	json_t *json = json_object();
	const char *headline = NULL;
	int ranks = 0, bad = 0;
	bool shown = false, ended = false;

	for (int i = 0; i < source->process_count(source->context); i++) {
		const struct process *process = source->process(source->context, i);

		if (strcmp(process->role, "rank") != 0 || process->attempt != attempt)
			continue;
		ranks++;
		bad += text_among("failed killed crashed", process->status);
		shown = shown || (chosen && chosen->process == i);
	}
	for (size_t i = 0; i < json_array_size(failures); i++) {
		const json_t *failure = json_array_get(failures, i);
		bool own = strcmp(text_get(failure, "kind"), "signal") != 0; /* the others were ended because of it */

		if (json_integer_value(json_object_get(json_object_get(failure, "process"), "attempt")) == attempt &&
		    (!headline || (own && ended))) {
			headline = text_get(failure, "headline");
			ended = !own;
		}
	}
	json_object_set_new(json, "attempt", json_integer(attempt));
	json_object_set_new(json, "ranks", json_integer(ranks));
	json_object_set_new(json, "failed", json_integer(bad));
	text_set(json, "status", bad ? "failed" : "ok");
	json_object_set_new(json, "shown", json_boolean(shown));
	text_set(json, "headline", headline);
	return json;
}

json_t *
report_attempt_list(const struct source *source, const struct failure *chosen, const json_t *failures)
{
	json_t *list = json_array();
	int last = 0;

	for (int i = 0; i < source->process_count(source->context); i++) {
		const struct process *process = source->process(source->context, i);

		if (strcmp(process->role, "rank") == 0 && process->attempt > last && process->attempt < ATTEMPTS_MOST)
			last = process->attempt;
	}
	for (int attempt = 0; last && attempt <= last; attempt++) {
		json_t *json = attempt_json(source, attempt, chosen, failures);

		if (json_integer_value(json_object_get(json, "ranks")))
			json_array_append(list, json);
		json_decref(json);
	}
	return list;
}
