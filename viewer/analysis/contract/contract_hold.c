/* A trace against a contract, step by step: where they part. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "contract_parts.h"
#include "../text.h"

/* Where a rank first parts from the contract. */
struct departure {
	const char *kind;         /* NULL: nowhere */
	int64_t step, event;
	int rank;
	int wanted, wanted_form;  /* the contract's call and form; -1 */
	int is, is_form;          /* the run's */
	char text[320];
};

struct holding {
	const struct contract *contract;
	struct departure best;    /* of this rank */
	int64_t *first;           /* by the contract's calls: their first event in this step, -1 */
	int latest;               /* of the contract's ordered calls in this step */
	int64_t last_event;
	int64_t calls, steps;
};

/* KIND at EVENT: what comes first in the step is kept; of two at one event, the last that is told (what is missing before it). */
static struct departure *
depart(struct contract_visit *visit, const char *kind, int64_t event)
{
	struct holding *holding = visit->context;

	if (holding->best.kind && (holding->best.step < visit->step || holding->best.event < event))
		return NULL;
	holding->best = (struct departure){ .kind = kind, .step = visit->step, .event = event, .rank = trace_process(visit->trace, visit->process)->rank,
					    .wanted = -1, .wanted_form = -1, .is = -1, .is_form = -1 };
	return &holding->best;
}

/* FORM of the run's call IS against the forms that the contract has. */
static void
hold_form(struct contract_visit *visit, const struct brief *brief, int is, int form)
{
	struct holding *holding = visit->context;
	const struct call *wanted = &holding->contract->calls[visit->contract->calls[is].matched];
	int least = INT32_MAX, nearest = -1;
	struct departure *departure;
	const char *kind;
	char text[320];

	for (int i = 0; i < wanted->form_count && least; i++) {
		int differs = form_differs(holding->contract->forms[wanted->forms[i]], visit->contract->forms[form], NULL, NULL, 0);

		if (differs < least) {
			least = differs;
			nearest = wanted->forms[i];
		}
	}
	if (!least || nearest < 0)
		return;
	form_differs(holding->contract->forms[nearest], visit->contract->forms[form], &kind, text, sizeof(text));
	departure = depart(visit, kind, brief->id);
	if (!departure)
		return;
	departure->wanted = visit->contract->calls[is].matched;
	departure->wanted_form = nearest;
	departure->is = is;
	departure->is_form = form;
	text_format(departure->text, sizeof(departure->text), "%s", text);
}

static void
hold_order(struct contract_visit *visit, const struct brief *brief, int is, int form)
{
	struct holding *holding = visit->context;
	int number = visit->contract->calls[is].matched;
	const struct call *wanted = &holding->contract->calls[number];
	struct departure *departure;

	if (wanted->often == CALL_RARE || wanted->unordered || !visit->whole)
		return;
	if (number > holding->latest) {
		holding->latest = number;
		return;
	}
	departure = depart(visit, "order", brief->id);
	if (!departure)
		return;
	departure->wanted = holding->latest;
	departure->is = is;
	departure->is_form = form;
	text_say(departure->text, sizeof(departure->text), "%s came after %s, which it comes before in the contract", wanted->operation,
		    holding->contract->calls[holding->latest].operation);
}

static bool
hold_operation(struct contract_visit *visit, const struct brief *brief, int is, int form)
{
	struct holding *holding = visit->context;
	struct call *call = &visit->contract->calls[is];
	struct departure *departure;

	holding->calls++;
	holding->last_event = brief->id;
	if (call->matched >= 0) {
		hold_form(visit, brief, is, form);
		if (call->in_step++ == 0) {
			hold_order(visit, brief, is, form);
			holding->first[call->matched] = brief->id;
		}
	} else if (call->often != CALL_RARE && holding->contract->steps >= 2 && (departure = depart(visit, "new", brief->id))) {
		departure->is = is;
		departure->is_form = form;
		text_say(departure->text, sizeof(departure->text), "the contract has no %s there", call->operation);
	}
	return true;
}

/* What a complete step lacks, placed before what would have come next. */
static void
hold_counts(struct contract_visit *visit, const int64_t *times)
{
	struct holding *holding = visit->context;
	int64_t next = holding->last_event;

	for (int i = holding->contract->call_count - 1; i >= 0; i--) {
		const struct call *wanted = &holding->contract->calls[i];
		bool few = wanted->often != CALL_RARE && (!times[i] || (wanted->often == CALL_EACH && times[i] != wanted->times));
		struct departure *departure = few ? depart(visit, times[i] ? "count" : "missing", next) : NULL;

		if (departure) {
			departure->wanted = i;
			departure->wanted_form = wanted->form_count ? wanted->forms[0] : -1;
			if (!times[i])
				text_say(departure->text, sizeof(departure->text), "%s was not called in this step", wanted->operation);
			else
				text_say(departure->text, sizeof(departure->text), "%s was called %" PRId64 " times in this step where the contract has %" PRId64,
					    wanted->operation, times[i], wanted->times);
		}
		if (holding->first[i] >= 0 && holding->first[i] < next && !wanted->unordered)
			next = holding->first[i];
	}
}

static void
hold_end(struct contract_visit *visit)
{
	struct holding *holding = visit->context;
	int64_t *times = calloc((size_t)holding->contract->call_count + 1, sizeof(*times));

	for (int i = 0; i < visit->contract->call_count; i++) {
		if (times && visit->contract->calls[i].matched >= 0)
			times[visit->contract->calls[i].matched] += visit->contract->calls[i].in_step;
		visit->contract->calls[i].in_step = 0;
	}
	if (times && visit->complete) {
		hold_counts(visit, times);
		holding->steps++;
	}
	for (int i = 0; i < holding->contract->call_count; i++)
		holding->first[i] = -1;
	holding->latest = -1;
	free(times);
}

static json_t *
departure_json(const struct departure *departure, const struct contract *wanted, const struct contract *run)
{
	json_t *json;

	if (!departure->kind)
		return json_null();
	json = json_object();
	text_set(json, "kind", departure->kind);
	text_set(json, "text", departure->text);
	json_object_set_new(json, "step", json_integer(departure->step));
	text_set_integer(json, "rank", departure->rank, -1);
	json_object_set_new(json, "event", json_integer(departure->event));
	json_object_set_new(json, "contract", departure->wanted < 0 ? json_null() : contract_call_json(&wanted->calls[departure->wanted],
			    departure->wanted_form < 0 ? NULL : wanted->forms[departure->wanted_form]));
	json_object_set_new(json, "run", departure->is < 0 ? json_null() : contract_call_json(&run->calls[departure->is],
			    departure->is_form < 0 ? NULL : run->forms[departure->is_form]));
	return json;
}

json_t *
contract_hold(const struct contract *contract, struct trace *trace, struct error *error)
{
	struct contract *run = contract_learn(trace, error);
	struct holding holding = { .contract = contract, .first = calloc((size_t)contract->call_count + 1, sizeof(int64_t)), .latest = -1 };
	struct departure best = { .kind = NULL };
	json_t *json = NULL;

	if (!run || !holding.first || !contract_match(contract, run)) {
		if (!error->text[0])
			text_format(error->text, sizeof(error->text), "%s: out of memory", trace_directory(trace));
		goto out;
	}
	for (int i = 0; i < contract->call_count; i++)
		holding.first[i] = -1;
	for (int i = 0; i < trace_process_count(trace); i++) {
		struct contract_visit visit = { .contract = run, .trace = trace, .process = i, .operation = hold_operation, .end = hold_end, .context = &holding };

		if (!contract_rank(trace_process(trace, i)))
			continue;
		holding.best = (struct departure){ .kind = NULL };
		contract_walk(&visit);
		if (holding.best.kind && (!best.kind || holding.best.step < best.step))
			best = holding.best;
	}
	json = json_pack("{s:I, s:I, s:I, s:o}", "calls", (json_int_t)holding.calls, "steps", (json_int_t)holding.steps, "ranks", (json_int_t)run->ranks,
			 "departure", departure_json(&best, contract, run));
out:
	free(holding.first);
	contract_free(run);
	return json;
}
