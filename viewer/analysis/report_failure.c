#include "report_failure.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "causes/causes.h"
#include "causes/code/defaults.h"
#include "causes/sizes/sliced.h"
#include "findings/check.h"
#include "headline.h"
#include "history/history.h"
#include "lineage/backward.h"
#include "memory/memory_out.h"
#include "mismatch/mismatch_rule.h"
#include "modules.h"
#include "mismatch/operand.h"
#include "mismatch/operand_memory.h"
#include "history/precedent.h"
#include "failure/fetched.h"
#include "failure/sample.h"
#include "text.h"
#include "where.h"

static json_t *
process_json(const struct process *process)
{
	json_t *json = json_object();

	text_set_integer(json, "rank", process->rank, -1);
	text_set_integer(json, "pid", process->pid, -1);
	text_set(json, "role", process->role);
	json_object_set_new(json, "loads_data", json_boolean(process->loads_data));
	text_set(json, "file", process->file);
	return json;
}

static json_t *
exception_json(const char *type, const char *message)
{
	json_t *json;

	if (!type || !*type)
		return json_null();
	json = json_object();
	text_set(json, "type", type);
	text_set(json, "message", message);
	return json;
}

/* The exceptions that the failure was raised on as, innermost first. */
static json_t *
wrapped_json(const struct failure *failure)
{
	const json_t *chain = failure->note ? json_object_get(failure->note->json, "chain") : NULL;
	json_t *list = json_array();

	for (int i = failure->link - 1; i >= -1; i--) {
		const json_t *outer = i < 0 ? failure->note->json : json_array_get(chain, (size_t)i);

		if (failure->link < 0)
			break;
		json_array_append_new(list, exception_json(text_get(outer, "type"), text_get(outer, "message")));
	}
	return list;
}

/* What Python's note holds under KEY, or FALLBACK (which is taken over). */
static json_t *
noted(const struct failure *failure, const char *key, json_t *fallback)
{
	json_t *value = failure->note ? json_object_get(failure->note->json, key) : NULL;

	if (!value)
		return fallback;
	json_decref(fallback);
	return json_incref(value);
}

/* The odd item of a list that is joined is one of the batch. */
static json_t *
sample_json(const struct diagnosis *diagnosis)
{
	const struct failure *failure = diagnosis->failure;
	int place = diagnosis->has_mismatch ? diagnosis->mismatch.operand : -1;
	struct fetched fetched;
	char name[96] = "";
	json_t *sample;

	if (place >= 0)
		mismatch_plain_name(diagnosis->subject->operation, name, sizeof(name));
	sample = sample_build(diagnosis->source, failure, diagnosis->frames, text_among("stack cat", name) ? diagnosis->subject->operands[place].item : -1);
	if (!json_is_integer(json_object_get(sample, "batch")) && fetched_find(diagnosis->source, failure, diagnosis->frames, diagnosis->stories, &fetched))
		sample = sample_add(sample, &fetched);
	return noted(failure, "sample", sample);
}

/* Is it about a parameter that a checkpoint has in another shape? What else that file's reading made is no history of it, and the other tensors of
 * the file are no operands. */
static bool
is_load(const struct diagnosis *diagnosis)
{
	return diagnosis->made && strcmp(diagnosis->subject->operation, SUBJECT_LOAD) == 0;
}

static json_t *
history_json(const struct diagnosis *diagnosis)
{
	const struct failure *failure = diagnosis->failure;
	json_t *json;

	if (failure->has_event && strcmp(failure->kind, "operation") == 0)
		return history_build(diagnosis->source, failure->process, diagnosis->two_sides ? diagnosis->subject : &failure->event,
				     diagnosis->has_mismatch && (!diagnosis->made || diagnosis->two_sides) ? &diagnosis->mismatch : NULL);
	if (diagnosis->followed.id >= 0)
		return history_made(diagnosis->source, failure->process, &diagnosis->followed, diagnosis->followed_output,
				    diagnosis->followed_name);
	for (int i = 0; i < 2 && !is_load(diagnosis); i++) { /* what Python compared: as it was made */
		const struct lineage_step *step = diagnosis->stories[i] && diagnosis->stories[i]->count ? &diagnosis->stories[i]->steps[0] : NULL;
		int place = i ? diagnosis->mismatch.against : diagnosis->mismatch.operand;

		if (!failure->operation && diagnosis->made && place >= 0 && step && step->event.id >= 0 && !step->entered)
			return history_made(diagnosis->source, failure->process, &step->event, step->output, diagnosis->subject->operands[place].name);
	}
	json = json_object();
	json_object_set_new(json, "seen_before", json_null());
	json_object_set_new(json, "text", json_null());
	return json;
}

static bool
has_tensor(const struct event *event, const json_t *identity)
{
	for (int i = 0; i < event->operand_count && json_is_integer(identity); i++)
		if (event->operands[i].tensor == json_integer_value(identity))
			return true;
	return false;
}

static json_t *
operands_json(const struct diagnosis *diagnosis)
{
	const struct failure *failure = diagnosis->failure;
	const struct mismatch *mismatch = diagnosis->has_mismatch ? &diagnosis->mismatch : NULL;
	bool own = diagnosis->subject == &failure->event;
	json_t *list, *more;

	if (!failure->has_event && is_load(diagnosis))
		return operand_list(diagnosis->source, failure->process, diagnosis->subject, diagnosis->frames, mismatch);
	if (!failure->has_event) {
		bool told = diagnosis->made && (text_among(SUBJECT_GRADIENT " " SUBJECT_RECOMPUTED " " SUBJECT_SAVED " " SUBJECT_CHECK " " SUBJECT_SUBSCRIPT, diagnosis->subject->operation) ||
						strchr(diagnosis->subject->operation, ':'));

		more = operand_list_locals(diagnosis->source, failure->process, diagnosis->frames, told ? "" : failure->message,
					   failure->context_event >= 0 ? failure->context_event + 1 : INT64_MAX);
		if (!told)
			return more;
		list = operand_list(diagnosis->source, failure->process, diagnosis->subject, diagnosis->frames, mismatch);
		for (size_t i = 0; i < json_array_size(more); i++) {
			const json_t *local = json_array_get(more, i);
			bool item = strcmp(diagnosis->subject->operation, SUBJECT_GRADIENT) == 0 && strchr(text_get(local, "name"), '['); /* a caller's collection */

			if (!item && !has_tensor(diagnosis->subject, json_object_get(local, "tensor")))
				json_array_append(list, (json_t *)local);
		}
		json_decref(more);
		return list;
	}
	if (diagnosis->two_sides)
		return operand_list(diagnosis->source, failure->process, diagnosis->subject, diagnosis->frames, mismatch);
	list = operand_list(diagnosis->source, failure->process, &failure->event, diagnosis->frames, own ? mismatch : NULL);
	if (own)
		return list;
	more = operand_list(diagnosis->source, failure->process, diagnosis->subject, diagnosis->frames, mismatch);
	json_array_extend(list, more);
	json_decref(more);
	return list;
}

/* Where the data of operands that a variable holds lies on its device. */
static void
add_memory(const struct diagnosis *diagnosis, json_t *operands)
{
	json_t *operand;
	size_t i;

	json_array_foreach(operands, i, operand) {
		const json_t *identity = json_object_get(operand, "tensor");
		const json_t *local = json_is_integer(identity) ? operand_local(diagnosis->frames, json_integer_value(identity)) : NULL;

		json_object_set_new(operand, "memory", operand_memory(diagnosis->source, diagnosis->failure->process, local,
								      diagnosis->failure->time_ns));
	}
}

static void
set_operation(json_t *json, const struct diagnosis *diagnosis)
{
	const struct failure *failure = diagnosis->failure;
	const json_t *note = failure->operation ? failure->operation->json : NULL;
	const json_t *exception = json_object_get(note, "exception"), *native = json_object_get(note, "native_stack");
	json_t *operands;

	text_set_integer(json, "event", failure->has_event ? failure->event.id : -1, -1);
	text_set(json, "operation", failure->operation_name);
	text_set(json, "overload", failure->has_event ? failure->event.overload : NULL);
	text_set(json, "nested", failure->has_inner && failure->inner.id != failure->event.id ? failure->inner.operation
				 : *text_get(note, "nested") ? text_get(note, "nested") : NULL);
	json_object_set_new(json, "exception_native", exception_json(text_get(exception, "type"), text_get(exception, "message")));
	json_object_set_new(json, "native_stack", json_is_array(native) ? json_deep_copy(native) : json_array());
	operands = operands_json(diagnosis);
	add_memory(diagnosis, operands);
	json_object_set_new(json, "operands", operands);
}

static json_t *
causes(const struct diagnosis *diagnosis)
{
	const struct failure *failure = diagnosis->failure;
	struct cause_facts facts = {
		.cuda = diagnosis->cuda, .memory = diagnosis->memory,
		.event = diagnosis->made || (failure->has_event && strcmp(failure->kind, "operation") == 0) ? diagnosis->subject : NULL,
		.mismatch = diagnosis->has_mismatch ? &diagnosis->mismatch : NULL, .type = failure->type, .message = diagnosis->told ? diagnosis->told : failure->message,
		.outer = failure->note ? text_get(failure->note->json, "message") : NULL,
		.frames = diagnosis->frames, .numbers = failure->note ? json_object_get(failure->note->json, "numbers") : NULL,
		.modules = failure->note ? json_object_get(failure->note->json, "modules") : NULL, .groups = failure->note ? json_object_get(failure->note->json, "groups") : NULL,
		.twins = diagnosis->twins, .positions = diagnosis->positions,
		.rounded_from = diagnosis->rounding.from, .rounded_to = diagnosis->rounding.to, .rounded_by = diagnosis->rounding.operation,
		.counts = failure->operation ? failure->operation->json : NULL, .source = diagnosis->source, .process = failure->process,
		.time_ns = failure->time_ns, .step = failure->step, .before = failure->has_event ? failure->event.id : failure->context_event >= 0 ? failure->context_event + 1 : INT64_MAX,
	};
	struct settings *settings = malloc(sizeof(*settings));
	struct news *news = calloc(2, sizeof(*news));
	struct condition_scope scope;
	struct condition condition;
	void *room = NULL;
	struct event saved, wrote;
	struct backward_kept kept;
	json_t *where = where_build(diagnosis->source, failure, diagnosis->frames);
	json_t *files = diagnosis->frames ? json_copy(diagnosis->frames) : json_array(), *numbers = facts.numbers ? json_copy((json_t *)facts.numbers) : json_array();
	json_t *list;

	for (int i = 0; i < 2; i++)
		facts.sides[i].lineage = diagnosis->stories[i];
	sliced_frames(&facts, files);
	if (settings)
		settings_load(diagnosis->source, failure->process, files, failure->time_ns, settings);
	facts.settings = settings;
	facts.line = *text_get(where, "source") ? text_get(where, "source") : NULL;
	if (!failure->has_event || strcmp(failure->kind, "operation") != 0)
		facts.rests_count = check_tensors(diagnosis->source, failure, diagnosis->frames, facts.rests_on);
	if (check_open(&scope, &room, diagnosis->source, failure, diagnosis->frames))
		facts.scope = &scope;
	if (!failure->operation && check_condition(diagnosis->source, failure, diagnosis->frames, &condition))
		facts.condition = &condition;
	if (backward_writes(diagnosis->source, failure, failure->message, &saved, &wrote, 1) == 1) {
		facts.saved = &saved;
		facts.wrote = &wrote;
	}
	facts.kept = backward_kept(diagnosis->source, failure, &kept) ? &kept : NULL;
	precedent_measure(&facts, diagnosis->made == NULL);
	defaults_drop(numbers);
	sliced_numbers(&facts, numbers);
	facts.numbers = numbers;
	if (news)
		cause_find_news(&facts, news);
	list = causes_build(&facts);
	json_decref(where);
	json_decref(files);
	json_decref(numbers);
	free(settings);
	free(news);
	if (facts.scope)
		free(room);
	return list;
}

static json_t *
where_json(const struct source *source, const struct failure *failure, const json_t *frames)
{
	json_t *where = where_build(source, failure, frames);

	if (json_is_object(where))
		json_object_set_new(where, "numbers", check_values(source, failure, frames));
	return where;
}

json_t *
report_failure(const struct source *source, struct failure *failure)
{
	struct diagnosis diagnosis;
	json_t *json = json_object();

	diagnosis_start(&diagnosis, source, failure);
	diagnosis_follow(&diagnosis);
	diagnosis.memory = memory_out(source, failure);
	text_set(json, "kind", failure->kind);
	json_object_set_new(json, "process", process_json(source->process(source->context, failure->process)));
	text_set_integer(json, "step", failure->step, -1);
	text_set_integer(json, "micro_batch", failure->micro_batch, -1);
	json_object_set_new(json, "counters", noted(failure, "counters", json_array()));
	text_set_integer(json, "time_ns", failure->time_ns, 0);
	text_set(json, "thread", failure->thread && strcmp(failure->thread, "MainThread") != 0 ? failure->thread : NULL);
	text_set(json, "phase", *modules_phase(failure) ? modules_phase(failure) : NULL);
	set_operation(json, &diagnosis);
	json_object_set_new(json, "headline", headline_build(source, failure, diagnosis.frames, diagnosis.subject,
							     diagnosis.has_mismatch ? &diagnosis.mismatch : NULL));
	json_object_set_new(json, "exception", exception_json(failure->type, failure->message));
	json_object_set_new(json, "wrapped_by", wrapped_json(failure));
	json_object_set_new(json, "led_to", failure->led_to ? exception_json(text_get(failure->led_to->json, "type"), text_get(failure->led_to->json, "message"))
							      : json_null());
	text_set(json, "signal", strcmp(failure->kind, "signal") == 0 ? headline_signal(failure->signal) : NULL);
	json_object_set_new(json, "where", where_json(source, failure, diagnosis.frames));
	json_object_set_new(json, "stack", where_stack(diagnosis.frames));
	json_object_set_new(json, "mismatch", diagnosis.has_mismatch ? mismatch_json(&diagnosis.mismatch, diagnosis.subject) : json_null());
	json_object_set(json, "origin", diagnosis.origin);
	json_object_set(json, "lineage", diagnosis.lineage);
	text_set(json, "parting", diagnosis.twins ? diagnosis.parting : NULL);
	json_object_set_new(json, "causes", causes(&diagnosis));
	json_object_set_new(json, "cuda", diagnosis.cuda ? cuda_failure_json(source, failure->process, diagnosis.cuda) : json_null());
	json_object_set_new(json, "memory", diagnosis.memory ? json_incref(diagnosis.memory) : json_null());
	json_object_set_new(json, "modules", modules_sorted(failure->note ? json_object_get(failure->note->json, "modules") : NULL));
	json_object_set_new(json, "sample", sample_json(&diagnosis));
	json_object_set_new(json, "history", history_json(&diagnosis));
	diagnosis_end(&diagnosis);
	return json;
}
