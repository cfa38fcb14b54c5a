/* What a trace's ranks always did. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "contract_parts.h"
#include "../text.h"
#include "../where.h"

#define OCCURRENCES_MOST 512 /* of a call within a step that are told apart */
#define FORMS_OF_CALL 64     /* beyond that, what they have in common */

bool
contract_rank(const struct process *process)
{
	return process->role && strcmp(process->role, "rank") == 0;
}

/* The last two names of a path. */
static const char *
short_path(const char *path)
{
	const char *slash = strrchr(path, '/');

	for (const char *at = slash ? slash - 1 : path; slash && at >= path; at--)
		if (*at == '/')
			return at + 1;
	return slash == path ? slash + 1 : path;
}

/* The call and form of BRIEF in VISIT's contract; known pairs of site and signature are looked up. */
static bool
call_of(struct contract_visit *visit, const struct brief *brief, int *call, int *form)
{
	struct source source = source_of_trace(visit->trace);
	struct contract *contract = visit->contract;
	char key[64], function[256];
	struct form made;
	struct event event;
	json_t *known, *frames;
	const json_t *frame;
	int chosen;

	text_format(key, sizeof(key), "%d %" PRId64 " %" PRId64, visit->process, brief->site, brief->signature);
	known = json_object_get(contract->pairs, key);
	if (!known) {
		frames = where_site_frames(&source, visit->process, brief->site);
		chosen = where_choose(frames);
		frame = chosen < 0 ? NULL : json_array_get(frames, (size_t)chosen);
		*call = *form = -1;
		if (frame && trace_event(visit->trace, visit->process, brief->id, &event)) {
			text_format(function, sizeof(function), "%s", text_get(frame, "function"));
			for (char *at = function; *at; at++)
				*at = *at == ' ' ? '_' : *at;
			*call = contract_call(contract, short_path(text_get(frame, "file")), (int)json_integer_value(json_object_get(frame, "line")),
					      *function ? function : "?", event.operation);
			form_of(contract, &event, &made);
			*form = contract_form(contract, &made);
		}
		json_decref(frames);
		known = json_integer((json_int_t)*call << 32 | (uint32_t)*form);
		json_object_set_new(contract->pairs, key, known);
	}
	*call = (int)(json_integer_value(known) >> 32);
	*form = (int)(uint32_t)json_integer_value(known);
	return *call >= 0 && *form >= 0;
}

static bool
walk_operation(const struct brief *brief, void *context)
{
	struct contract_visit *visit = context;
	const struct process *process = trace_process(visit->trace, visit->process);
	int call, form;

	if (brief->phase == BRIEF_BACKWARD || brief->site < 0)
		return true;
	if (brief->step != visit->step) {
		if (visit->step >= 0)
			visit->end(visit);
		visit->step = brief->step;
		visit->whole = brief->step >= visit->first_step;
		visit->complete = visit->whole && brief->step < process->steps;
	}
	if (visit->contract->failed || !call_of(visit, brief, &call, &form))
		return !visit->contract->failed;
	return visit->operation(visit, brief, call, form);
}

void
contract_walk(struct contract_visit *visit)
{
	const struct process *process = trace_process(visit->trace, visit->process);
	struct block *blocks;
	int64_t count = trace_blocks(visit->trace, visit->process, &blocks);

	visit->step = -1;
	visit->contract->older = visit->contract->older || count < 0;
	if (count > 0 && blocks[0].stream == 0) {
		bool lost = blocks[0].first_number > 0 && process->events > process->events_kept;

		visit->first_step = lost ? blocks[0].step + 1 : blocks[0].step;
		trace_each_brief(visit->trace, visit->process, blocks[0].thread, 0, INT64_MAX, walk_operation, visit);
	}
	if (visit->step >= 0)
		visit->end(visit);
	free(blocks);
	trace_rest(visit->trace, visit->process);
}

static void
sequence_add(struct contract *contract, int call)
{
	if (contract->sequence_count == contract->sequence_room) {
		int64_t room = contract->sequence_room ? contract->sequence_room * 2 : 1024;
		int *grown = realloc(contract->sequence, (size_t)room * sizeof(*grown));

		contract->failed = contract->failed || !grown;
		if (!grown)
			return;
		contract->sequence = grown;
		contract->sequence_room = room;
	}
	contract->sequence[contract->sequence_count++] = call;
}

/* What OF has been so far, and FORM now: what both have in common, or FORM where they aren't alike. */
static int
merged_form(struct contract *contract, int of, int form)
{
	struct form merged;

	if (of == form || !form_alike(contract->forms[of], contract->forms[form]))
		return form;
	merged = form_merge(contract->forms[of], contract->forms[form]);
	return contract_form(contract, &merged);
}

static struct seen *
seen_at(struct contract *contract, struct call *call, int64_t occurrence)
{
	if (occurrence >= call->seen_room) {
		int64_t room = call->seen_room ? call->seen_room * 2 : 2;
		struct seen *grown = realloc(call->seen, (size_t)room * sizeof(*grown));

		contract->failed = contract->failed || !grown;
		if (!grown)
			return NULL;
		call->seen = grown;
		call->seen_room = room;
	}
	return &call->seen[occurrence];
}

struct learning { int64_t step_number /* over all ranks */, step_begin /* in the sequence */; };

static bool
learn_operation(struct contract_visit *visit, const struct brief *brief, int number, int form)
{
	struct learning *learning = visit->context;
	struct contract *contract = visit->contract;
	struct call *call = &contract->calls[number];
	int64_t occurrence = call->in_step < OCCURRENCES_MOST ? call->in_step : OCCURRENCES_MOST - 1;
	struct seen *seen = seen_at(contract, call, occurrence);

	(void)brief;
	if (!seen)
		return false;
	if (call->in_step++ == 0)
		sequence_add(contract, number);
	if (occurrence == call->seen_count) {
		*seen = (struct seen){ .form = form, .step = learning->step_number };
		call->seen_count++;
	} else {
		seen->again = seen->again || seen->step != learning->step_number;
		seen->form = merged_form(contract, seen->form, form);
	}
	return !contract->failed;
}

static void
learn_end(struct contract_visit *visit)
{
	struct learning *learning = visit->context;
	struct contract *contract = visit->contract;

	for (int64_t i = learning->step_begin; i < contract->sequence_count; i++) {
		struct call *call = &contract->calls[contract->sequence[i]];

		if (visit->complete) {
			call->least = !call->steps || call->in_step < call->least ? call->in_step : call->least;
			call->most = call->in_step > call->most ? call->in_step : call->most;
			call->steps++;
		}
		call->in_step = 0;
	}
	if (visit->complete)
		contract->steps++;
	else
		contract->sequence_count = learning->step_begin;
	if (visit->complete)
		sequence_add(contract, -1);
	learning->step_begin = contract->sequence_count;
	learning->step_number++;
}

void
contract_add_form(struct contract *contract, struct call *call, int form)
{
	int *grown;

	for (int i = 0; i < call->form_count; i++)
		if (call->forms[i] == form)
			return;
	grown = form < 0 ? NULL : realloc(call->forms, (size_t)(call->form_count + 1) * sizeof(*grown));
	contract->failed = contract->failed || !grown;
	if (!grown)
		return;
	call->forms = grown;
	call->forms[call->form_count++] = form;
}

/* Adds FORM to what an alike one of CALL's has in common with it. */
static void
forms_merge(struct contract *contract, struct call *call, int form)
{
	for (int i = 0; i < call->form_count && form >= 0; i++)
		if (form_alike(contract->forms[call->forms[i]], contract->forms[form])) {
			form = merged_form(contract, call->forms[i], form);
			call->forms[i] = form >= 0 ? form : call->forms[i];
			return;
		}
	contract_add_form(contract, call, form);
}

static int
blurred(struct contract *contract, int form)
{
	struct form made = form_blur(contract->forms[form]);

	return contract_form(contract, &made);
}

/* How often CALL is, and its forms. */
static void
conclude(struct contract *contract, struct call *call)
{
	bool always = contract->steps >= 2 && call->steps == contract->steps, apart, known = contract->steps == 0 && call->seen_count > 1;

	call->often = !always ? CALL_RARE : call->least == call->most ? CALL_EACH : CALL_SOME;
	call->times = call->least;
	apart = call->often == CALL_EACH && call->seen_count < OCCURRENCES_MOST;
	for (int64_t i = 0; apart && i < call->seen_count; i++)
		contract_add_form(contract, call, call->seen[i].again ? call->seen[i].form : blurred(contract, call->seen[i].form));
	if (apart && call->form_count <= FORMS_OF_CALL)
		return;
	for (int64_t i = 0; i < call->seen_count && !known; i++)
		known = call->seen[i].again || call->seen[i].step != call->seen[0].step;
	call->form_count = 0;
	for (int64_t i = 0; i < call->seen_count; i++)
		forms_merge(contract, call, known ? call->seen[i].form : blurred(contract, call->seen[i].form));
}

/* What isn't part of a longest rising run of STEP is out of order. */
void
contract_mark_unordered(struct contract *contract, const int *step, int count, int *before, int *tails)
{
	int length = 0;

	for (int i = 0; i < count; i++) {
		int low = 0, high = length;

		while (low < high) {
			int middle = (low + high) / 2;

			if (step[tails[middle]] < step[i])
				low = middle + 1;
			else
				high = middle;
		}
		before[i] = low ? tails[low - 1] : -1;
		tails[low] = i;
		length += low == length;
	}
	for (int at = length ? tails[length - 1] : -1, i = count - 1; i >= 0; i--) {
		if (i == at)
			at = before[at];
		else
			contract->calls[step[i]].unordered = true;
	}
}

/* Calls of each step whose place in it varied. */
static void
find_unordered(struct contract *contract)
{
	size_t room = (size_t)contract->call_count + 1;
	int *step = calloc(room * 3, sizeof(*step)), count = 0;

	for (int64_t i = 0; step && i < contract->sequence_count; i++) {
		int number = contract->sequence[i];

		if (number >= 0 && contract->calls[number].often != CALL_RARE)
			step[count++] = number;
		if (number >= 0)
			continue;
		contract_mark_unordered(contract, step, count, step + room, step + 2 * room);
		count = 0;
	}
	free(step);
}

struct contract *
contract_learn(struct trace *trace, struct error *error)
{
	struct contract *contract = contract_new();
	struct learning learning = { 0, 0 };

	for (int i = 0; contract && i < trace_process_count(trace); i++) {
		struct contract_visit visit = { .contract = contract, .trace = trace, .process = i, .operation = learn_operation, .end = learn_end,
						.context = &learning };

		if (!contract_rank(trace_process(trace, i)))
			continue;
		contract_walk(&visit);
		contract->ranks++;
		if (!*contract->torch)
			text_format(contract->torch, sizeof(contract->torch), "%s", trace_process(trace, i)->torch_version ? trace_process(trace, i)->torch_version : "");
	}
	for (int i = 0; contract && i < contract->call_count && !contract->failed; i++)
		conclude(contract, &contract->calls[i]);
	if (!contract || contract->failed || contract->older) {
		text_format(error->text, sizeof(error->text), contract && contract->older
			    ? "%s: made by an older shapebox: it doesn't tell which operations ranks have in common" : "%s: out of memory",
			    trace_directory(trace));
		contract_free(contract);
		return NULL;
	}
	find_unordered(contract);
	return contract;
}
