/* A rule about room that was made as one item of a list asks for, and into which another one is written: "zeros(len(batch), batch[0].shape[0])". */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../causes_tool.h"
#include "../../mismatch/mismatch_rule.h"

#define STATEMENTS_MOST 64
#define CALLS_LEAST 10
#define TERM_MOST 128

static const char makers[] = "zeros empty full ones new_zeros new_empty new_full new_ones";

/* Is the expression TERM, where STATEMENTS lead, a size of a list's item, SIZE? ITEM gets what the code calls that. */
static bool
is_size_of(const struct cause_facts *facts, const struct code_statement *statements, int count, const char *term, int64_t size, char *item)
{
	for (size_t f = 0; f < json_array_size(facts->frames); f++) {
		const struct condition_scope scope = { .locals = json_object_get(json_array_get(facts->frames, f), "locals"), .statements = statements, .count = count };
		struct condition_value value = condition_read(&scope, term);
		const char *name = text_get(value.tensor, "name");

		if (value.kind != CONDITION_NUMBER || value.number != size || value.dim < 0 || !strchr(name, '['))
			continue;
		text_format(item, TERM_MOST, "%s", name);
		return true;
	}
	return false;
}

/* The item of a list whose SIZE the line of STEP asks for, in ITEM; false if it asks for none's. */
static bool
asked_of(const struct cause_facts *facts, const struct lineage_step *step, int64_t size, char *item)
{
	struct code_statement *statements = malloc(STATEMENTS_MOST * sizeof(*statements));
	char file[256], term[TERM_MOST];
	size_t length;
	bool found = false;
	int line, count = statements ? cause_statements(facts, step, statements, STATEMENTS_MOST, file, sizeof(file), &line) : 0;

	for (const char *at = count ? statements[count - 1].text : NULL; at && !found && (at = code_next_path(at, &length)); at += length) {
		text_format(term, sizeof(term), "%.*s", (int)code_term(at), at);
		found = is_size_of(facts, statements, count, term, size, item);
	}
	free(statements);
	return found;
}

/* Had what STEP made always one other size before? IT gets that, and CALLS how often. */
static bool
was_another(const struct cause_facts *facts, const struct lineage_step *step, int64_t *it, int64_t *calls)
{
	struct usual usual;

	if (!cause_made_before(facts, step, &usual) || usual.calls < CALLS_LEAST || !usual_is_steady(&usual) || usual.smallest == step->size)
		return false;
	*it = usual.smallest;
	*calls = usual.calls;
	return true;
}

/* Needs: what is written into a part of a tensor doesn't fit it, and that has the size that its line read off one item of a list. */
bool
cause_room_of_one(const struct cause_facts *facts, struct cause *out)
{
	int room = facts->mismatch && facts->mismatch->operand == 0 ? 0 : 1;
	const struct cause_side *side = &facts->sides[room], *given = &facts->sides[!room];
	const struct lineage_step *made = cause_decider(side), *decider = cause_decider(given);
	char item[TERM_MOST];
	const char *name;
	int64_t was, calls;

	if (!facts->source || !cause_disagrees(facts, "size") || !cause_is(facts, "copy") || side->place != 0 || given->place < 0 || !cause_decided_by(side, makers) ||
	    !asked_of(facts, made, side->size, item))
		return false;
	name = cause_operand_name(facts, given->place);
	out->confidence = "likely";
	text_add(&out->text, "room is made for as many as %s has, %" PRId64 ", by ", item, side->size);
	cause_add_line(facts, &out->text, made, side->size);
	text_add(&out->text, ", and %s has %" PRId64, name, given->size);
	if (was_another(facts, made, &was, &calls) && was == given->size) {
		out->tells_news = true;
		text_add(&out->text, ": %s is the odd one, in %" PRId64 " earlier calls it was always %" PRId64, item, calls, was);
		text_add(&out->fix, "bring %s to %" PRId64 " where it is read, or leave that sample out", item, was);
		return true;
	}
	if (side->calls >= CALLS_LEAST && side->same == side->calls) {
		out->tells_news = true;
		text_add(&out->text, ": %s is the odd one, room was always made for %" PRId64, name, side->size);
		text_add(&out->fix, "bring %s to %" PRId64 " where it is read", name, side->size);
		if (decider) {
			text_add(&out->fix, " (");
			cause_add_step(facts, &out->fix, decider);
			text_add(&out->fix, ")");
		}
		text_add(&out->fix, ", or leave that sample out");
		return true;
	}
	text_add(&out->fix, "make it for the largest of all of them, not for %s alone, and write each into a part of it that is as large as it is; or bring all to one size", item);
	return true;
}
