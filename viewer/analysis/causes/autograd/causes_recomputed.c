/* Rules about what forward leaves behind, and its recomputation in backward finds: what is joined once more, what is read. */
#include <inttypes.h>
#include <string.h>

#include "../causes_tool.h"
#include "joined_again.h"
#include "../../mismatch/mismatch_rule.h"
#include "recomputed.h"
#include "../../where.h"

#define READ_MOST 8192     /* of them whose operands are followed */
#define TWINS_MOST 64      /* of them that are looked for in forward */
#define STATE_LINES_MOST 60

/* The name on line LINE of FILE that switches a cache on ("self.use_cache"): into TEXT, with that line; false where there is none. */
static bool
add_switch(const struct cause_facts *facts, struct text *text, const char *file, int64_t line)
{
	char is[CODE_TEXT_MOST];
	struct code code;
	const char *name;
	size_t size;

	if (file[0] != '/' || !code_open(&code, file, facts->time_ns))
		return false;
	if (!code_line(&code, line, is, sizeof(is)))
		is[0] = 0;
	code_close(&code);
	for (const char *at = is; (at = code_next_path(at, &size)) && size; at += size) {
		char path[96];

		text_format(path, sizeof(path), "%.*s", (int)size, at);
		cause_last_name(path, &name);
		if (strncmp(name, "use_", 4) != 0 || (!strstr(name, "cache") && !strstr(name, "past")))
			continue;
		text_add(text, " (%s, %s:%d)", path, text_basename(file), (int)line);
		return true;
	}
	return false;
}

/* The same of the outermost line of the program that has one, on the way to EVENT. */
static void
add_switched(const struct cause_facts *facts, struct text *text, const struct event *event)
{
	json_t *frames = where_site_frames(facts->source, facts->process, event->site);

	for (size_t i = json_array_size(frames); i > 0; i--) {
		const json_t *frame = json_array_get(frames, i - 1);

		if (!where_is_foreign(text_get(frame, "file")) && add_switch(facts, text, text_get(frame, "file"), json_integer_value(json_object_get(frame, "line"))))
			break;
	}
	json_decref(frames);
}

/* What was joined is what the block's own forward made and kept. */
static void
tell_anew(const struct cause_facts *facts, const struct lineage_step *step, const struct event *forward, const char *name, struct cause *out)
{
	text_add(&out->text, "the checkpointed block keeps what it made (a key/value cache): run again for the backward it finds what its own forward kept, by ");
	cause_add_line(facts, &out->text, &(struct lineage_step){ .event = *forward, .dim = -1, .size = -1 }, -1);
	text_add(&out->text, ", and appends the same once more: ");
	cause_add_step(facts, &out->text, step);
	text_add(&out->text, " makes the %" PRId64 " of %s", step->size, name);
	text_add(&out->evidence, "%s; in forward nothing was joined at that line; events %" PRId64 " and %" PRId64, facts->mismatch->text, forward->id, step->event.id);
	out->tells_news = true; /* the other side is as the forward had it */
}

/* Needs: a size made by a cat in backward, within checkpointed code, one piece of which that code made in this step's forward pass. */
bool
cause_kept_across(const struct cause_facts *facts, struct cause *out)
{
	const struct lineage_step *step = NULL;
	struct joined_again again;
	int side = 0, at = -1;

	for (; cause_disagrees(facts, "size") && facts->source && side < 2; side++)
		if ((at = joined_again(facts->source, facts->process, facts->sides[side].lineage, &again)) >= 0)
			break;
	if (at < 0)
		return false;
	step = &facts->sides[side].lineage->steps[at];
	out->confidence = "likely";
	if (again.anew) {
		tell_anew(facts, step, &again.forward, cause_operand_name(facts, facts->sides[side].place), out);
	} else {
		text_add(&out->text, "%s was joined twice: in forward, and again as backward recomputes the same code (activation checkpointing): ",
			 cause_operand_name(facts, facts->sides[side].place));
		cause_add_step(facts, &out->text, step);
		text_add(&out->text, ", one piece of which that line made in forward (event %" PRId64 "); so something keeps state across both, and grows each time it runs "
			 "(a key/value cache)", again.forward.id);
		text_add(&out->evidence, "%s; it had %" PRId64 " after forward, and has %" PRId64 " now", facts->mismatch->text,
			 again.forward.output_count > 0 && step->dim >= 0 && step->dim < again.forward.outputs[0].ndim ? again.forward.outputs[0].sizes[step->dim] : (int64_t)-1,
			 step->size);
	}
	text_add(&out->fix, "switch the cache off while training with checkpointing");
	add_switched(facts, &out->fix, &again.forward);
	text_add(&out->fix, ": use_cache=False, or past_key_values=None; or let nothing that is checkpointed change what outlives it");
	return true;
}

/* "train.py:27" where the code at STEP draws numbers that aren't drawn again when a block is recomputed; false if it doesn't. */
static bool
draws_at(const struct cause_facts *facts, const struct lineage_step *step, char *out, size_t size)
{
	char file[512] = "";
	struct code code;
	int line = cause_open(facts, step, &code, file, sizeof(file)), at = line ? code_draws(&code, line) : 0;

	if (line)
		code_close(&code);
	text_format(out, size, "%.400s:%d", file, at);
	return at > 0;
}

/* What the code at STEP reads of its object, and who changes that. */
static void
tell_state(const struct cause_facts *facts, const struct lineage_step *step, struct cause *out)
{
	struct code_state state;
	char file[512] = "";
	struct code code;
	int line = cause_open(facts, step, &code, file, sizeof(file));
	bool found = line && code_state(&code, line, &state);

	if (line)
		code_close(&code);
	if (!found)
		return;
	text_add(&out->text, "; it rests on %s, which is set at %s:%d", state.name, file, state.set);
	if (state.within)
		text_add(&out->text, " each time that the block runs");
	else if (state.called)
		text_add(&out->text, " (%s, called at line %d)", state.function, state.called);
	text_add(&out->fix, "give %s to the checkpointed function as an argument, so that its recomputation gets the same, or don't set it between forward and backward (%s:%d)", state.name,
		 file, state.called ? state.called : state.set);
}

void
cause_tell_recomputed(const struct cause_facts *facts, const struct lineage_step *step, struct cause *out)
{
	static const char by_values[] = "nonzero nonzero_numpy masked_select index where argwhere unique unique2 bincount"; /* so does chance, and is alike by chance */
	char line[512];
	int64_t steps;

	if (draws_at(facts, step, line, sizeof(line))) {
		text_add(&out->text, "; it rests on a random number of Python's or numpy's, drawn at %s: checkpointing restores torch's generators alone, so that is drawn anew",
			 line);
		text_add(&out->fix, "draw that number outside of the checkpointed block and pass it in, or draw it by torch (torch.rand, torch.randint), whose state "
			 "checkpointing restores (preserve_rng_state=True)");
		return;
	}
	tell_state(facts, step, out);
	if (cause_decided_by(&facts->sides[0], by_values)) {
		if (!out->fix.used)
			cause_tell_drawn(facts, step, out);
		return;
	}
	steps = cause_same_both_times(facts, step);
	if (steps)
		text_add(&out->text, "; in %" PRId64 " steps before both were alike, so what decides it moved on in between (a counter, a schedule), or is drawn at random since now",
			 steps);
}

/* The event with which the block began in forward, as far as its operations are found there; -1. */
static int64_t
began_at(const struct recomputed *again)
{
	struct event event;
	int64_t alike = -1;

	for (int64_t id = again->first, looked = 0; id <= again->last && looked < TWINS_MOST; id++) {
		struct recomputed_call first;

		if (!again->facts->source->event(again->facts->source->context, again->facts->process, id, &event) || event.parent >= 0)
			continue;
		looked++;
		first = recomputed_first_time(again, &event);
		if (first.shares >= 0)
			return first.shares;
		alike = alike < 0 ? first.alike : alike;
	}
	return alike;
}

/* Who reads, in the recomputation, what forward made once the block had begun. */
struct left { struct event reader, maker; int place, output; int64_t began; };

/* Was operand PLACE of the recomputation's EVENT made in forward, within the block? */
static bool
was_left(const struct recomputed *again, const struct event *event, int place, struct left *out)
{
	const struct cause_facts *facts = again->facts;

	return event->operands[place].tensor > 0 &&
	       facts->source->maker(facts->source->context, facts->process, event->operands[place].tensor, event->id, &out->maker, &out->output) &&
	       out->maker.id >= out->began && out->maker.id < again->first && out->maker.step == facts->step && strcmp(out->maker.phase, "backward") != 0 &&
	       out->maker.site >= 0 && !mismatch_is_in_place(out->maker.operation) && where_in_checkpoint(facts->source, facts->process, out->maker.site);
}

static bool
find_left(const struct recomputed *again, struct left *out)
{
	out->began = began_at(again);
	for (int64_t id = again->first; out->began >= 0 && id <= again->last && id < again->first + READ_MOST; id++) {
		if (!again->facts->source->event(again->facts->source->context, again->facts->process, id, &out->reader) || out->reader.site < 0)
			continue;
		for (out->place = rule_next(&out->reader, 0); out->place >= 0; out->place = rule_next(&out->reader, out->place + 1))
			if (was_left(again, &out->reader, out->place, out))
				return true;
	}
	return false;
}

/* "self.memory" in LINE, from *AT on: an attribute or item by name; how long it is. */
static size_t
next_kept(const char **at)
{
	for (; *(*at = strstr(*at, "self.") ? strstr(*at, "self.") : *at + strlen(*at));) {
		size_t all = strspn(*at, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_."), size = all;

		while ((*at)[all] == '(' && size && (*at)[size] != '.') /* of self.memory.chunk( */
			size--;
		if (size > strlen("self."))
			return size;
		*at += all;
	}
	return 0;
}

/* Does LINE begin by setting NAME? */
static bool
sets(const char *line, const char *name)
{
	size_t size = strlen(name);

	line += strspn(line, " \t");
	if (strncmp(line, name, size) != 0)
		return false;
	line += size;
	line += strspn(line, " ");
	return *line == '=' && line[1] != '=';
}

/* What the reader's statement takes from the object, and a line of the maker's function from there on sets: in OUT; false where there is none. */
static bool
name_left(const struct cause_facts *facts, const struct left *left, char *out, size_t size)
{
	char made_file[512] = "", file[512] = "", statement[CODE_TEXT_MOST] = "";
	struct code code;
	int line = cause_open(facts, &(struct lineage_step){ .event = left->reader, .dim = -1 }, &code, file, sizeof(file)), from;
	bool found = false;

	if (!line)
		return false;
	code_line(&code, line, statement, sizeof(statement));
	code_close(&code);
	from = cause_open(facts, &(struct lineage_step){ .event = left->maker, .dim = -1 }, &code, made_file, sizeof(made_file));
	if (!from)
		return false;
	for (const char *at = statement; !found;) {
		size_t length = next_kept(&at);

		if (!length)
			break;
		text_format(out, size, "%.*s", (int)length, at);
		at += length;
		for (int i = from; i <= code.count && i < from + STATE_LINES_MOST && !found; i++) {
			const char *is = code.lines[i - 1] + strspn(code.lines[i - 1], " \t");

			if (i > from && (strncmp(is, "def ", 4) == 0 || strncmp(is, "class ", 6) == 0))
				break;
			found = sets(is, out);
		}
	}
	code_close(&code);
	return found;
}

struct forward_call { const struct recomputed *again; const struct left *left; struct event event; };

static bool
look_at_call(const struct event *event, void *context)
{
	struct forward_call *call = context;
	const struct cause_facts *facts = call->again->facts;

	if (event->id >= call->again->first || event->id < call->left->began)
		return event->id >= call->again->first;
	if (strcmp(event->phase, "backward") != 0 && where_same_line(facts->source, facts->process, event->site, call->left->reader.site))
		call->event = *event; /* the block's is the first of them */
	return true;
}

/* What the reader's line did in forward. */
static void
tell_forward(const struct recomputed *again, const struct left *left, struct text *text)
{
	struct forward_call call = { .again = again, .left = left, .event = { .id = -1 } };
	struct event anywhere = left->reader;
	const struct operand *was, *is = &left->reader.operands[left->place];

	anywhere.site = -1;
	again->facts->source->each_call(again->facts->source->context, again->facts->process, &anywhere, look_at_call, &call);
	if (call.event.id < 0) {
		text_add(text, "; no call of the forward did that");
		return;
	}
	was = left->place < call.event.operand_count ? &call.event.operands[left->place] : NULL;
	if (was && was->ndim >= 0 && (was->ndim != is->ndim || memcmp(was->sizes, is->sizes, (size_t)is->ndim * sizeof(int64_t)) != 0)) {
		text_add(text, ", where the forward had ");
		text_add_sizes(text, was->sizes, was->ndim);
	}
}

/* Needs: checkpoint's own exception, and an operation of the recomputation that reads what the block's forward made in this very step. */
bool
cause_left_by_forward(const struct cause_facts *facts, struct cause *out)
{
	struct recomputed again;
	struct left left;
	char name[96];
	bool on_way = false, named;

	if (!facts->type || !strstr(facts->type, "CheckpointError") || !facts->source || !recomputed_find(facts, &again) || !find_left(&again, &left))
		return false;
	named = name_left(facts, &left, name, sizeof(name));
	text_add(&out->text, "the checkpointed block is run again for the backward and finds what its own forward left");
	if (named)
		text_add(&out->text, " in %s", name);
	text_add(&out->text, ": ");
	for (int i = 0; facts->sides[0].lineage && i < facts->sides[0].lineage->count && !on_way; i++)
		if ((on_way = facts->sides[0].lineage->steps[i].event.id == left.reader.id))
			cause_add_step(facts, &out->text, &facts->sides[0].lineage->steps[i]);
	if (!on_way)
		cause_add_step(facts, &out->text, &(struct lineage_step){ .event = left.reader, .dim = -1, .size = -1 });
	out->confidence = on_way || !facts->mismatch ? "likely" : "possible";
	text_add(&out->text, " takes ");
	text_add_sizes(&out->text, left.reader.operands[left.place].sizes, left.reader.operands[left.place].ndim);
	text_add(&out->text, " made in that forward by ");
	cause_add_line(facts, &out->text, &(struct lineage_step){ .event = left.maker, .output = left.output, .dim = -1, .size = -1 }, -1);
	tell_forward(&again, &left, &out->text);
	text_add(&out->evidence, "events %" PRId64 " and %" PRId64, left.reader.id, left.maker.id);
	if (facts->mismatch)
		text_add(&out->evidence, "; %s", facts->mismatch->text);
	if (named)
		text_add(&out->fix, "give %s to the checkpointed function as an argument, let it return the new one, and set %s outside of it, after the call; or don't checkpoint this block", name, name);
	else
		text_add(&out->fix, "let the checkpointed function change nothing that outlives it: give it what it keeps as an argument, let it return the new one, and keep that outside of it; or don't "
			 "checkpoint this block");
	return true;
}
