/* A rule about what was made for a batch and isn't among what was put together for it. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../causes_tool.h"
#include "../placeholders/placeholders.h"
#include "../../mismatch/mismatch_rule.h"
#include "../../where.h"

#define MADE_MOST 64
#define JOINS_MOST 33

/* What EVENT, a stack or cat along DIM, put together, all pieces being of one size: how many; 0. */
static int
count_pieces(const struct event *event, int dim, int64_t size)
{
	bool stack = mismatch_is_any(event->operation, "stack");
	int64_t sum = 0, each = 0;
	int count = 0;

	if (!stack && !mismatch_is_any(event->operation, "cat concat concatenate"))
		return 0;
	for (int i = rule_next(event, 0); i >= 0; i = rule_next(event, i + 1), count++) {
		int64_t adds = stack ? 1 : dim < event->operands[i].ndim ? event->operands[i].sizes[dim] : 0;

		if (adds < 1 || (each && adds != each))
			return 0;
		each = adds;
		sum += adds;
	}
	return sum == size && count <= MADE_MOST ? count : 0;
}

/* The line's earlier calls, newest first, and how many pieces each put together. */
struct joins { int64_t ids[JOINS_MOST]; int pieces[JOINS_MOST], count; };

static bool
add_join(const struct event *event, void *context)
{
	struct joins *joins = context;

	joins->ids[joins->count] = event->id;
	joins->pieces[joins->count] = 0;
	for (int i = rule_next(event, 0); i >= 0; i = rule_next(event, i + 1))
		joins->pieces[joins->count]++;
	return ++joins->count < JOINS_MOST;
}

/* What a line made since the last of JOINS, and how many before each of them since the one before. */
struct made { const struct joins *joins; int64_t tensors[MADE_MOST] /* newest first */; int count, before[JOINS_MOST], at; bool more; };

static bool
add_made(const struct event *event, void *context)
{
	struct made *made = context;
	const struct joins *joins = made->joins;

	while (made->at < joins->count && event->id < joins->ids[made->at])
		made->at++;
	if (made->at > 0) {
		made->before[made->at - 1]++;
		return made->at < joins->count;
	}
	made->more = made->count == MADE_MOST || event->output_count != 1;
	if (!made->more)
		made->tensors[made->count++] = event->outputs[0].tensor;
	return !made->more;
}

/* What was made for the batch, and which of it was put together. */
struct dropped {
	int process;
	const struct lineage_step *join;
	struct lineage_step maker;
	struct joins joins;
	struct made made;
	int place[MADE_MOST]; /* of each that was made, the first first: where among the pieces; -1: it isn't */
	int pieces;
	int64_t unit;         /* of the size in question, for each piece */
};

/* The line that made all pieces; false if it isn't one. */
static bool
find_maker(const struct source *source, int process, const struct event *join, struct lineage_step *out)
{
	int writes;

	for (int i = rule_next(join, 0), n = 0; i >= 0; i = rule_next(join, i + 1), n++) {
		struct event maker;
		int output;

		if (join->operands[i].tensor <= 0 || !lineage_maker(source, process, join->operands[i].tensor, join->id, LINEAGE_SIZE, &maker, &output, &writes) ||
		    maker.site < 0 || (n && (maker.site != out->event.site || strcmp(maker.operation, out->event.operation) != 0)))
			return false;
		if (!n)
			*out = (struct lineage_step){ .event = maker, .output = output, .tensor = join->operands[i].tensor, .dim = -1, .size = -1 };
	}
	return true;
}

/* Gives each that was made its place among the pieces; false if a piece wasn't. */
static bool
find_places(const struct event *join, struct dropped *out)
{
	int piece = 0;

	for (int m = 0; m < out->made.count; m++)
		out->place[m] = -1;
	for (int i = rule_next(join, 0); i >= 0; i = rule_next(join, i + 1), piece++) {
		int m = 0;

		while (m < out->made.count && out->made.tensors[out->made.count - 1 - m] != join->operands[i].tensor)
			m++;
		if (m == out->made.count || out->place[m] >= 0)
			return false;
		out->place[m] = piece;
	}
	return true;
}

/* STEP, which gave IS its size, put together what one line made for it; WANTED would take whole ones as well. */
static bool
read_join(const struct cause_facts *facts, int process, const struct lineage_step *step, int64_t is, int64_t wanted, struct dropped *out)
{
	struct event probe;

	*out = (struct dropped){ .process = process, .join = step, .pieces = step->entered || step->dim < 0 || step->event.site < 0 ? 0 : count_pieces(&step->event, step->dim, step->size) };
	if (out->pieces < 1 || is % out->pieces || wanted % (out->unit = is / out->pieces) || !find_maker(facts->source, process, &step->event, &out->maker))
		return false;
	facts->source->each_call(facts->source->context, process, &step->event, add_join, &out->joins);
	out->made.joins = &out->joins;
	probe = out->maker.event;
	probe.id = step->event.id;
	facts->source->each_call(facts->source->context, process, &probe, add_made, &out->made);
	return !out->made.more && out->made.count >= out->pieces && find_places(&step->event, out);
}

/* PIECES_WANTED gets how many pieces the other side takes, which are more. */
static bool
find_joined(const struct cause_facts *facts, struct dropped *out, int64_t *pieces_wanted)
{
	struct placeholders found;
	bool rows = placeholders_find(facts, &found);

	if (!facts->source || (!rows && !cause_disagrees(facts, "size")))
		return false;
	for (int i = 0; i < (rows ? 1 : 2); i++) {
		const struct lineage *story = facts->sides[i].lineage;
		int64_t is = rows ? found.supplied : facts->sides[i].size, wanted = rows ? found.selected : facts->sides[!i].size;

		for (int n = 0; story && is > 0 && wanted > is && n < story->count && n <= story->decider; n++)
			if (read_join(facts, story->process, &story->steps[n], is, wanted, out)) {
				*pieces_wanted = wanted / out->unit;
				return true;
			}
	}
	return false;
}

/* Of how many earlier batches were all that were made put together? */
static int
count_whole(const struct dropped *dropped)
{
	int whole = 0;

	for (int i = 0; i + 1 < dropped->joins.count; i++)
		whole += dropped->made.before[i] == dropped->joins.pieces[i];
	return whole;
}

/* One made after FIRST that has the place FIRST would have, before others that were made earlier; -1. */
static int
taker_of(const struct dropped *dropped, int first)
{
	for (int m = first + 1; m < dropped->made.count; m++)
		if (dropped->place[m] == first)
			for (int n = first + 1; n < m; n++)
				if (dropped->place[n] > first)
					return m;
	return -1;
}

/* "sequence 0 has places for 3 and brings 2", of those that lack some: what is made is theirs in order, as many as there are places. */
static void
tell_sequences(const json_t *rows, const struct dropped *dropped, struct text *text)
{
	int64_t from = 0;

	for (size_t i = 0; i < json_array_size(rows); i++)
		if (json_integer_value(json_array_get(rows, i)) % dropped->unit)
			return;
	for (size_t i = 0; i < json_array_size(rows); i++) {
		int64_t places = json_integer_value(json_array_get(rows, i)) / dropped->unit, lacks = 0;

		for (int64_t m = from; m < from + places && m < dropped->made.count; m++)
			lacks += dropped->place[m] < 0;
		from += places;
		if (lacks)
			text_add(text, "%ssequence %zu has places for %" PRId64 " and gets %" PRId64, text->used ? SAY("; ") : "", i, places, places - lacks);
	}
}

/* "called at data.py:40: `opened = {...}`": the program's own line that had them made, and what stands there. */
static void
tell_caller(const struct cause_facts *facts, int process, const struct lineage_step *maker, struct text *text)
{
	struct site site;
	struct code code;
	char line[CODE_TEXT_MOST];

	if (!facts->source->site(facts->source->context, process, maker->event.site, &site))
		return;
	for (int i = 1; i < site.inner_count && i < site.frame_count; i++) {
		const struct frame *frame = &site.frames[i];

		if (!where_is_program(frame->file))
			continue;
		text_add(text, "%smade for %s:%d", text->used ? SAY("; ") : "", text_basename(frame->file), frame->line);
		if (!code_open(&code, frame->file, facts->time_ns))
			return;
		if (code_line(&code, frame->line, line, sizeof(line))) {
			text_add(text, "%s", ": `");
			text_add_short(text, line, 100);
			text_add(text, "%s", "`");
		}
		code_close(&code);
		return;
	}
}

static void
tell_dropped(const struct cause_facts *facts, const struct dropped *dropped, struct cause *out)
{
	int missing = dropped->made.count - dropped->pieces, first = 0, taker;
	struct lineage_step join = *dropped->join;

	while (first < dropped->made.count && dropped->place[first] >= 0)
		first++;
	taker = missing == 1 ? taker_of(dropped, first) : -1;
	join.how[0] = '\0'; /* told by the numbers */
	if (cause_disagrees(facts, "count"))
		tell_sequences(placeholders_rows(facts), dropped, &out->text);
	text_add(&out->text, "%s%d were made for this batch by ", out->text.used ? ": " : "", dropped->made.count);
	cause_add_step(facts, &out->text, &dropped->maker);
	text_add(&out->text, ", as many as are wanted, of which only %d were put together by ", dropped->pieces);
	cause_add_step(facts, &out->text, &join);
	if (missing == 1)
		text_add(&out->text, ": number %d (from 0) is left out", first);
	else
		text_add(&out->text, ": %d are left out, the first of these is number %d (from 0)", missing, first);
	if (taker >= 0) {
		text_add(&out->text, "; number %d has its place, as in a dict where a name comes twice: the last stays", taker);
		text_add(&out->fix, "take one for each time that a name comes (`[by_name[name] for name in names]`), not the dict's values");
	} else {
		text_add(&out->fix, "see what leaves it out between these two lines (a condition, a set, a dict by name, a limit), and keep it, or leave out what belongs to it as well");
	}
}

/* Is it a limit by name that leaves just as many images as are there? */
static bool
is_limited(const struct cause_facts *facts)
{
	struct placeholders found;
	struct placeholders_whole whole;
	int64_t most;

	return placeholders_find(facts, &found) && placeholders_whole(facts, &found, &whole) && placeholders_kept(facts, &whole, &most);
}

/* Needs: a size of pieces that were put together, all made by one line, which since the last time made more of them: just as many as the other side
 * takes. Likely where in all earlier batches all that were made were put together. */
bool
cause_piece_dropped(const struct cause_facts *facts, struct cause *out)
{
	struct dropped *dropped = calloc(1, sizeof(*dropped));
	int64_t wanted = 0;
	bool found = dropped && !is_limited(facts) && find_joined(facts, dropped, &wanted) && dropped->made.count > dropped->pieces && dropped->made.count == wanted;
	int whole = found ? count_whole(dropped) : 0, before = found && dropped->joins.count ? dropped->joins.count - 1 : 0;

	if (!found || whole * 2 < before) {
		free(dropped);
		return false;
	}
	out->confidence = whole == before && before > 0 ? "likely" : "possible";
	out->tells_news = true;
	tell_dropped(facts, dropped, out);
	tell_caller(facts, dropped->process, &dropped->maker, &out->evidence);
	if (before > 0 && whole == before)
		text_add(&out->evidence, "%sin each of the last %d batches all that were made were put together", out->evidence.used ? SAY("; ") : "", before);
	else if (before > 0)
		text_add(&out->evidence, "%sin %d of the last %d batches all that were made were put together", out->evidence.used ? SAY("; ") : "", whole, before);
	free(dropped);
	return true;
}

void
placeholders_add_made(const struct cause_facts *facts, struct text *evidence, struct text *fix)
{
	struct dropped *dropped = calloc(1, sizeof(*dropped));
	int64_t wanted = 0;

	if (dropped && find_joined(facts, dropped, &wanted) && dropped->made.count == dropped->pieces && dropped->pieces > 1) {
		text_add(evidence, "%s%d were made, by ", evidence->used ? SAY("; ") : "", dropped->pieces);
		cause_add_step(facts, evidence, &dropped->maker);
		text_add(evidence, ", and all put together: %" PRId64 " never came to that line", wanted - dropped->pieces);
		tell_caller(facts, dropped->process, &dropped->maker, evidence);
		text_add(fix, "; see what gives that line its list: a name that comes twice is one in a dict or a set, a condition or a limit leaves one out");
	}
	free(dropped);
}
