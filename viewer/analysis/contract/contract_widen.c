/* A contract and one more healthy run: what both always did. */
#include <stdlib.h>
#include <string.h>

#include "contract_parts.h"
#include "../text.h"

/* FORM of RUN as one of CONTRACT's. */
static struct form
taken_over(struct contract *contract, const struct form *form)
{
	struct form taken = *form;

	for (int i = 0; i < taken.count; i++) {
		taken.operands[i].name = contract_string(contract, form->operands[i].name);
		taken.operands[i].dtype = contract_string(contract, form->operands[i].dtype);
		taken.operands[i].device = contract_string(contract, form->operands[i].device);
	}
	return taken;
}

/* One number of a form stands once. */
static void
drop_twice(struct call *call)
{
	int kept = 0;

	for (int i = 0; i < call->form_count; i++) {
		bool there = false;

		for (int k = 0; k < kept && !there; k++)
			there = call->forms[k] == call->forms[i];
		if (!there)
			call->forms[kept++] = call->forms[i];
	}
	call->form_count = kept;
}

/* The place among the first COUNT of CALL's forms of the nearest to FORM that has such operands, -1; DIFFERS gets in how much. */
static int
nearest_form(const struct contract *contract, const struct call *call, int count, const struct form *form, int *differs)
{
	int nearest = -1;

	*differs = INT32_MAX;
	for (int i = 0; i < count; i++) {
		const struct form *one = contract->forms[call->forms[i]];
		int is = form_alike(one, form) ? form_differs(one, form, NULL, NULL, 0) : INT32_MAX;

		if (is < *differs) {
			*differs = is;
			nearest = i;
		}
	}
	return nearest;
}

/* CALL takes THEIRS, one of RUN's, too: each form widens the nearest that CALL had, or is one more. Was any too narrow? */
static bool
take_forms(struct contract *contract, struct call *call, const struct contract *run, const struct call *theirs)
{
	int had = call->form_count, *nearest = calloc((size_t)theirs->form_count * 2 + 1, sizeof(*nearest)), *differs = nearest + theirs->form_count;
	bool narrow = false;

	contract->failed = contract->failed || !nearest;
	for (int f = 0; nearest && f < theirs->form_count; f++)
		nearest[f] = nearest_form(contract, call, had, run->forms[theirs->forms[f]], &differs[f]);
	for (int f = 0; nearest && f < theirs->form_count; f++) {
		struct form taken = taken_over(contract, run->forms[theirs->forms[f]]);

		if (differs[f] == 0)
			continue;
		narrow = true;
		if (nearest[f] >= 0)
			taken = form_merge(contract->forms[call->forms[nearest[f]]], &taken);
		int made = contract_form(contract, &taken);
		if (nearest[f] < 0)
			contract_add_form(contract, call, made);
		else if (made >= 0)
			call->forms[nearest[f]] = made;
	}
	free(nearest);
	drop_twice(call);
	return narrow;
}

/* CALL comes as often as both say; RUN's is THEIRS, NULL if it doesn't come there. Was more said? */
static bool
take_times(struct call *call, const struct call *theirs)
{
	enum call_often often = !theirs || theirs->often == CALL_RARE ? CALL_RARE
				: theirs->often == CALL_SOME || call->times != theirs->times ? CALL_SOME : CALL_EACH;
	bool loosens = often < call->often;

	call->often = loosens ? often : call->often;
	if (theirs && theirs->unordered && !call->unordered && call->often != CALL_RARE)
		loosens = call->unordered = true;
	return loosens;
}

/* Of what comes in each step of both, in which order does it come in RUN? Returns how many calls are no longer in order. */
static int
take_order(struct contract *contract, const struct contract *run)
{
	size_t room = (size_t)run->call_count + 1;
	int *list = calloc(room * 3, sizeof(*list)), count = 0, marked = 0;

	for (int i = 0; list && i < run->call_count; i++) {
		int number = run->calls[i].matched;

		if (number >= 0 && run->calls[i].often != CALL_RARE && contract->calls[number].often != CALL_RARE && !contract->calls[number].unordered)
			list[count++] = number;
	}
	contract->failed = contract->failed || !list;
	if (list)
		contract_mark_unordered(contract, list, count, list + room, list + 2 * room);
	for (int i = 0; i < count; i++)
		marked += contract->calls[list[i]].unordered;
	free(list);
	return marked;
}

static void
add_call(struct contract *contract, const struct contract *run, const struct call *call)
{
	int number = contract_call(contract, call->file, call->line, call->function, call->operation);

	if (number >= 0)
		take_forms(contract, &contract->calls[number], run, call);
}

/* As RUN has it. */
static void
take(struct contract *contract, const struct contract *run, struct contract_widened *out)
{
	int known = contract->call_count;

	for (int i = 0; i < known; i++) {
		const struct call *theirs = NULL;

		for (int k = 0; k < run->call_count && !theirs; k++)
			theirs = run->calls[k].matched == i ? &run->calls[k] : NULL;
		if (run->steps >= 2 && contract->calls[i].often != CALL_RARE)
			out->loosened += take_times(&contract->calls[i], theirs);
	}
	for (int i = 0; i < run->call_count && !contract->failed; i++) {
		const struct call *call = &run->calls[i];

		if (call->matched >= 0) {
			out->varied += take_forms(contract, &contract->calls[call->matched], run, call);
			continue;
		}
		add_call(contract, run, call);
		out->added++;
	}
	if (run->steps >= 2)
		out->loosened += take_order(contract, run);
	contract->steps += run->steps;
	contract->ranks = run->ranks > contract->ranks ? run->ranks : contract->ranks;
}

bool
contract_widen(struct contract *contract, struct trace *trace, struct contract_widened *out, struct error *error)
{
	struct contract *run = contract_learn(trace, error);
	bool made = run && contract_match(contract, run);

	*out = (struct contract_widened){ 0, 0, 0 };
	if (made)
		take(contract, run, out);
	made = made && !contract->failed;
	if (!made && !error->text[0])
		text_format(error->text, sizeof(error->text), "%s: out of memory", trace_directory(trace));
	contract_free(run);
	return made;
}
