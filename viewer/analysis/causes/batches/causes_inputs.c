/* A rule about what two sides of one kind were computed from: inputs that one line made twice, alike in every step before, and not now. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../causes_tool.h"
#include "../sizes/sliced.h"
#include "../../history/elsewhere.h"
#include "../../mismatch/mismatch_rule.h"
#include "../../where.h"

#define RECENT_MOST 4000 /* of the newest operations, among which the step's are */
#define INPUTS_MOST 64   /* of a step */
#define STEPS_LEAST 10   /* in which both were alike: no chance */
#define STEPS_MOST 200
#define STATEMENTS_MOST 96
#define WORD_MOST 64

struct made { int64_t event, step, site; int ndim; int64_t sizes[CAUSE_SHAPE_MOST]; };
struct inputs { const struct cause_facts *facts; int count; struct made made[INPUTS_MOST]; /* newest first */ };

/* The calls of a line, the newest first: in how many steps two of them were alike. */
struct before { int64_t now, steps; struct made last; int in_step; bool apart; };

/* What EVENT made, kept longer than it; false if it isn't one tensor of a few dimensions. */
static bool
read_made(const struct event *event, struct made *out)
{
	const struct operand *is = event->outputs;

	if (event->output_count != 1 || is->ndim < 1 || is->ndim > CAUSE_SHAPE_MOST)
		return false;
	*out = (struct made){ .event = event->id, .step = event->step, .site = event->site, .ndim = is->ndim };
	memcpy(out->sizes, is->sizes, (size_t)is->ndim * sizeof(*is->sizes));
	return true;
}

static bool
see_input(const struct event *event, void *context)
{
	struct inputs *inputs = context;
	const struct cause_facts *facts = inputs->facts;

	if (event->step == facts->step && strcmp(event->phase, "data") == 0 && mismatch_is_any(event->operation, "lift_fresh stack pad_sequence") &&
	    where_is_own(facts->source, facts->process, event->site))
		inputs->count += read_made(event, &inputs->made[inputs->count]);
	return event->step >= facts->step && inputs->count < INPUTS_MOST;
}

/* The one dimension in which ONE and OTHER differ; -1: they are alike; -2: they differ more. */
static int
differing_dim(const struct made *one, const struct made *other)
{
	int found = one->ndim == other->ndim ? -1 : -2;

	for (int d = 0; d < one->ndim && found > -2; d++)
		if (one->sizes[d] != other->sizes[d])
			found = found < 0 ? d : -2;
	return found;
}

static bool
see_before(const struct event *event, void *context)
{
	struct before *before = context;
	struct made made;

	if (event->step >= before->now)
		return true;
	if (!read_made(event, &made))
		return false;
	before->in_step = made.step == before->last.step ? before->in_step + 1 : 1;
	before->apart = before->in_step > 2 || (before->in_step == 2 && differing_dim(&made, &before->last) != -1);
	before->steps += before->in_step == 2 && !before->apart;
	before->last = made;
	return !before->apart && before->steps < STEPS_MOST;
}

/* The two of this step that a line made, and which were alike before: their places, the later first, in PAIR; in how many steps they were. 0: there are none. */
static int64_t
find_apart(const struct cause_facts *facts, struct inputs *inputs, int pair[2])
{
	facts->source->each_recent(facts->source->context, facts->process, RECENT_MOST, see_input, inputs);
	for (int i = inputs->count - 1; i > 0; i--) {
		struct before before = { .now = facts->step, .last.step = -1 };
		struct event event;
		int other = -1, of_line = 1;

		for (int n = i - 1; n >= 0; n--)
			if (where_same_line(facts->source, facts->process, inputs->made[i].site, inputs->made[n].site)) {
				other = other < 0 ? n : other;
				of_line++;
			}
		if (of_line != 2 || differing_dim(&inputs->made[i], &inputs->made[other]) < 0)
			continue;
		if (!facts->source->event(facts->source->context, facts->process, inputs->made[other].event, &event))
			continue;
		elsewhere_each(facts->source, facts->process, &event, see_before, &before);
		if (before.apart || before.steps < STEPS_LEAST)
			continue;
		pair[0] = other;
		pair[1] = i;
		return before.steps;
	}
	return 0;
}

/* A call of a function in a file: as CALLED is written, with what it gives as PARAMETER, the one at PLACE. */
struct call { const char *called, *parameter; int place; };

/* The line that calls it with just VALUE; 0: none does. */
static int
called_with(const struct code *code, const struct call *call, int64_t value)
{
	char argument[WORD_MOST], text[CODE_TEXT_MOST], *end;

	for (int line = 1; line <= code->count; line++)
		for (const char *at = code->lines[line - 1]; (at = strstr(at, call->called)); at++) {
			size_t size = strlen(call->called);
			int depth = 0;

			if (at[size] != '(' || (at > code->lines[line - 1] && text_is_word(at[-1])))
				continue;
			do
				depth += at[size] == '(' ? 1 : at[size] == ')' ? -1 : 0;
			while (at[size++] && depth > 0);
			text_format(text, sizeof(text), "%.*s", (int)size, at);
			if (!code_argument(text, call->called, call->parameter, call->place, argument, sizeof(argument)))
				continue;
			if (strtoll(argument, &end, 10) == value && end > argument && !*end)
				return line;
		}
	return 0;
}

struct limit { const struct cause_facts *facts; const struct code *code; const char *file; int line; int64_t is; struct text text; };

/* What the function around the line, or one around that, is called, where NAME is its parameter; and its place there. False where it is none's. */
static bool
parameter_of(const struct code *code, int line, const char *name, char called[WORD_MOST], int *place)
{
	struct code_statement *statements = malloc(STATEMENTS_MOST * sizeof(*statements));
	bool found = false;

	for (int around = 0; statements && around < 3 && line > 0 && !found; around++) {
		int count = code_statements(code, line, statements, STATEMENTS_MOST);
		const char *def = count ? strstr(statements[0].text, "def ") : NULL;

		if (!def)
			break;
		*place = code_parameter(&statements[0], name);
		found = *place >= 0;
		text_format(called, WORD_MOST, "%.*s", (int)strcspn(def + 4, "( "), def + 4);
		line = statements[0].first;
	}
	free(statements);
	return found;
}

/* What the line cuts at by NAME is the shorter one's size, as a setting has it or a call gives it. */
static void
tell_limit(const char *name, void *context)
{
	struct limit *limit = context;
	const struct setting *set = limit->facts->settings ? settings_find(limit->facts->settings, name, limit->is) : NULL;
	char called[WORD_MOST];
	int place, line;

	if (limit->text.used)
		return;
	if (set && set->file >= 0)
		text_add(&limit->text, "%" PRId64 " is %s there, set at %s:%d", limit->is, name, text_basename(limit->facts->settings->files[set->file]), set->line);
	else if (parameter_of(limit->code, limit->line, name, called, &place) &&
		 (line = called_with(limit->code, &(struct call){ called, name, place }, limit->is)) > 0)
		text_add(&limit->text, "%" PRId64 " is %s there, given at %s:%d: `%s(%" PRId64 ")`", limit->is, name, limit->file, line, called, limit->is);
}

/* Needs: sizes that agreed in every earlier call, each decided where the same operation put pieces together, or by values; and in this step's data a line that made two
 * tensors, alike in every step before, of two shapes. */
bool
cause_inputs_apart(const struct cause_facts *facts, struct cause *out)
{
	struct inputs *inputs;
	struct limit limit = { .facts = facts };
	struct lineage_step step = { 0 };
	int64_t steps;
	int pair[2], dim;
	struct code code;
	char file[512];

	if (!facts->source || !facts->mismatch || !cause_disagrees(facts, "size") || facts->calls < STEPS_LEAST || facts->agreed != facts->calls)
		return false;
	for (int i = 0; i < 2; i++)
		if (!cause_decided_by(&facts->sides[i], "stack cat concat concatenate nonzero nonzero_numpy masked_select index"))
			return false;
	if (!(inputs = calloc(1, sizeof(*inputs))))
		return false;
	inputs->facts = facts;
	steps = find_apart(facts, inputs, pair);
	if (steps && !facts->source->event(facts->source->context, facts->process, inputs->made[pair[0]].event, &step.event))
		steps = 0;
	if (steps) {
		const struct made *later = &inputs->made[pair[0]], *first = &inputs->made[pair[1]];
		struct text one = { 0 }, other = { 0 };

		dim = differing_dim(later, first);
		limit.is = first->sizes[dim] < later->sizes[dim] ? first->sizes[dim] : later->sizes[dim];
		text_add_sizes(&one, first->sizes, first->ndim);
		text_add_sizes(&other, later->sizes, later->ndim);
		out->confidence = "likely";
		out->tells_news = true;
		text_add(&out->text, "what the two are computed from parts before: ");
		cause_add_line(facts, &out->text, &step, -1);
		text_add(&out->text, " made %s and then %s in this step, of one shape in each of the last %" PRId64 " steps", one.data, other.data, steps);
		if ((limit.line = cause_open(facts, &step, &code, file, sizeof(file)))) {
			limit.code = &code;
			limit.file = file;
			sliced_each(&code, limit.line, tell_limit, &limit);
			code_close(&code);
		}
		if (limit.text.used)
			text_add(&out->text, "; %s", limit.text.data);
		text_add(&out->fix, "make both of one size there: one limit, one padding for both, or leave the same out of both");
	}
	free(inputs);
	return steps > 0;
}
