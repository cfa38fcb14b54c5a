/* A rule about a cache that call after call appends to, and that is never begun anew, until positions are counted beyond their table. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../causes_tool.h"
#include "../../mismatch/mismatch_rule.h"
#include "../../where.h"

#define RECENT_MOST 4000 /* operations: a model's call or two */
#define CHAIN_MOST 4096
#define BEGUN_LEAST 3    /* fewer may be one text and its rest */

/* What is put together of a long piece and a new one, of COUNT calls. */
struct chain {
	int64_t held, newest, oldest; /* its length, and the events that appended */
	int64_t count, begun /* of them gave several again after single ones */, least, most /* several */;
	bool whole;                   /* the oldest found nothing there */
};

/* Did EVENT, a cat of two, append to its first piece? How many, and along which dimension. */
static bool
appends(const struct event *event, int *dim, int64_t *added)
{
	int first = rule_next(event, 0), second = first < 0 ? -1 : rule_next(event, first + 1);
	const struct operand *made = event->output_count == 1 ? event->outputs : NULL, *was, *now;

	if (!made || second < 0 || rule_pieces(event) != 2 || !mismatch_is_any(event->operation, "cat concat concatenate"))
		return false;
	was = &event->operands[first];
	now = &event->operands[second];
	*dim = -1;
	for (int d = 0; d < made->ndim && now->ndim == made->ndim && was->ndim == made->ndim; d++)
		if (was->sizes[d] != made->sizes[d]) {
			*dim = *dim < 0 ? d : made->ndim;
			*added = now->sizes[d];
		}
	return *dim >= 0 && *dim < made->ndim && made->ndim > 2;
}

static bool
look_for_newest(const struct event *event, void *context)
{
	struct chain *chain = context;
	int64_t added;
	int dim;

	if (appends(event, &dim, &added) && event->outputs[0].sizes[dim] == chain->held && added < chain->held - added)
		chain->newest = event->id;
	return chain->newest < 0;
}

static void
count(struct chain *chain, int64_t added, bool single)
{
	chain->count++;
	if (added > 1 && single)
		chain->begun++;
}

/* Back from the newest to the first that appended to nothing, or to what no appending made. */
static void
follow(const struct cause_facts *facts, struct event event, struct chain *chain)
{
	int64_t added, later = 0;
	int dim, output, writes;

	while (chain->count < CHAIN_MOST && appends(&event, &dim, &added)) {
		const struct operand *was = &event.operands[rule_next(&event, 0)];

		if (later > 1) { /* several, after what this one appended */
			count(chain, later, added == 1);
			chain->least = !chain->least || later < chain->least ? later : chain->least;
			chain->most = later > chain->most ? later : chain->most;
		} else if (later) {
			count(chain, later, false);
		}
		later = added;
		chain->oldest = event.id;
		if (!lineage_maker(facts->source, facts->process, was->tensor, event.id, LINEAGE_SIZE, &event, &output, &writes))
			break;
	}
	count(chain, later, false);
	chain->whole = chain->oldest != event.id && !appends(&event, &dim, &added);
	if (chain->whole && rule_pieces(&event) == 2 && mismatch_is_any(event.operation, "cat concat concatenate"))
		chain->oldest = event.id; /* to an empty one */
}

static bool
find_chain(const struct cause_facts *facts, struct chain *out)
{
	const struct mismatch *mismatch = facts->mismatch;
	const struct operand *index = &facts->event->operands[mismatch->operand];
	struct event newest;

	if (!mismatch->has_actual || index->ndim < 1)
		return false;
	*out = (struct chain){ .held = mismatch->actual + 1 - index->sizes[index->ndim - 1], .newest = -1, .oldest = -1 };
	if (out->held < 2)
		return false;
	facts->source->each_recent(facts->source->context, facts->process, RECENT_MOST, look_for_newest, out);
	if (out->newest < 0 || !facts->source->event(facts->source->context, facts->process, out->newest, &newest))
		return false;
	follow(facts, newest, out);
	return out->begun >= BEGUN_LEAST;
}

/* The expression that a call in the statement TEXT gives as a cache ("past_key_values=cache"), in OUT. */
static bool
given_cache(const char *text, char *out, size_t size)
{
	for (const char *at = strchr(text, '='); at; at = strchr(at + 1, '=')) {
		const char *name = at, *value = at + 1 + strspn(at + 1, " ");
		char word[64];

		while (name > text && text_is_word(name[-1]))
			name--;
		text_format(word, sizeof(word), "%.*s", (int)(at - name), name);
		if ((!strstr(word, "past") && !strstr(word, "cache")) || strncmp(word, "use", 3) == 0 || !code_path(value))
			continue;
		text_format(out, size, "%.*s", (int)code_path(value), value);
		return true;
	}
	return false;
}

/* " (`cache = self.prefix`)": where the program's line that called has its cache from. */
static void
add_source(const struct cause_facts *facts, const struct event *event, struct text *text)
{
	json_t *at = where_site_frames(facts->source, facts->process, event->site);
	const json_t *frame = where_caller(at);
	struct code_statement *statements = calloc(CODE_STATEMENTS_MOST, sizeof(*statements));
	char name[96], value[CODE_TEXT_MOST];
	struct code code;
	int many = 0, place;

	if (frame && statements && code_open(&code, text_get(frame, "file"), facts->time_ns)) {
		many = code_statements(&code, (int)json_integer_value(json_object_get(frame, "line")), statements, CODE_STATEMENTS_MOST);
		code_close(&code);
	}
	if (many && given_cache(statements[many - 1].text, name, sizeof(name))) {
		if (code_assigned(statements, many, name, value, sizeof(value), &place) && place < 0 && strlen(value) < 64)
			text_add(text, " (`%s = %s`)", name, value);
		else
			text_add(text, " (`%s`)", name);
	}
	free(statements);
	json_decref(at);
}

/* Needs: an index made by counting that goes beyond its table; it begins after as many as the newest kept cat put together that appended to what such cats made before, call after
 * call; several of them gave many again after single ones, as new requests do. */
bool
cause_cache_grown(const struct cause_facts *facts, struct cause *out)
{
	const struct mismatch *mismatch = facts->mismatch;
	struct text source = {{0}, 0};
	struct event event;
	struct chain chain;

	if (!facts->source || !cause_are_positions(facts) || !cause_is(facts, "embedding index index_select") || (mismatch->has_actual && mismatch->actual < mismatch->expected) ||
	    !find_chain(facts, &chain))
		return false;
	out->confidence = "likely";
	out->setting = cause_named_number(facts, mismatch->expected, "position max ctx context block_size");
	text_add(&out->text, "positions are counted from the %" PRId64 " on that a cache already holds, and it was never begun anew: %" PRId64 " calls appended to it one after the other, "
		 "%" PRId64 " of which gave several (%" PRId64 " to %" PRId64 ") again after single ones, as a new request does", chain.held, chain.count, chain.begun, chain.least,
		 chain.most);
	text_add(&out->text, "; now position %" PRId64 " is asked of a table of %" PRId64, mismatch->actual, mismatch->expected);
	if (facts->source->event(facts->source->context, facts->process, chain.oldest, &event)) {
		text_add(&out->evidence, "%s", chain.whole ? SAY("it began with ") : SAY("the first of them that is kept: "));
		cause_add_event(facts, &out->evidence, &event);
	}
	if (facts->source->event(facts->source->context, facts->process, chain.newest, &event)) {
		text_add(&out->evidence, "; the last: ");
		cause_add_event(facts, &out->evidence, &event);
		add_source(facts, &event, &source);
	}
	text_add(&out->fix, "give each request a cache of its own: a new one, or a copy of what all begin with (copy.deepcopy) that no request appends to");
	text_add(&out->fix, "%s", source.data);
	text_add(&out->fix, "; if all of them are one conversation, leave out its oldest part, or raise %s (%" PRId64 " is enough for this call alone)",
		 out->setting ? text_get(out->setting, "name") : SAY("the model's number of positions (n_positions, max_position_embeddings)"), mismatch->actual + 1);
	return true;
}
