/* Rules about what a tokenizer or feature extractor pads to a length and doesn't cut to it. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../causes_tool.h"
#include "../../mismatch/mismatch_rule.h"
#include "../../where.h"

#define STATEMENTS_MOST 64

/* The program's call of a library that made a size. */
struct library_call { char file[512], text[CODE_TEXT_MOST]; int line; bool tokenizes; };

static bool
find_call(const struct cause_facts *facts, const struct lineage_step *step, struct library_call *out)
{
	json_t *frames = facts->source ? where_site_frames(facts->source, facts->process, step->event.site) : NULL;
	const json_t *caller = frames ? where_caller(frames) : NULL;
	struct code_statement *statements = caller ? malloc(STATEMENTS_MOST * sizeof(*statements)) : NULL;
	struct code code;
	int count = 0;

	*out = (struct library_call){ .line = (int)json_integer_value(json_object_get(caller, "line")) };
	text_format(out->file, sizeof(out->file), "%s", text_basename(text_get(caller, "file")));
	for (size_t i = 0; caller && json_array_get(frames, i) != caller; i++)
		out->tokenizes = out->tokenizes || strstr(text_get(json_array_get(frames, i), "file"), "tokenization");
	if (statements && code_open(&code, text_get(caller, "file"), facts->time_ns)) {
		count = code_statements(&code, out->line, statements, STATEMENTS_MOST);
		if (count > 0)
			text_format(out->text, sizeof(out->text), "%s", statements[count - 1].text);
		code_close(&code);
	}
	free(statements);
	json_decref(frames);
	return count > 0;
}

/* The value of the keyword argument NAME in TEXT; NULL where it isn't given. */
static const char *
keyword(const char *text, const char *name)
{
	size_t size = strlen(name);

	for (const char *at = text; (at = strstr(at, name)); at += size) {
		const char *end = at + size + strspn(at + size, " ");

		if (at > text && !text_is_word(at[-1]) && *end == '=' && end[1] != '=')
			return end + 1 + strspn(end + 1, " ");
	}
	return NULL;
}

/* Does the call leave what is longer as it is: told so, or a tokenizer's, which cuts only what it is told to? */
static bool
cuts_nothing(const struct library_call *call)
{
	const char *truncation = keyword(call->text, "truncation");

	return truncation ? strncmp(truncation, "False", 5) == 0 || strncmp(truncation + !!*truncation, "do_not_truncate", 15) == 0 : call->tokenizes;
}

static bool
pads_to_length(const struct library_call *call)
{
	const char *padding = keyword(call->text, "padding");

	return padding && (*padding == '"' || *padding == '\'') && strncmp(padding + 1, "max_length", 10) == 0;
}

/* Needs: a size that is larger than its line always made it, made by a library's call of the program that pads to a length and cuts nothing. */
bool
cause_not_truncated(const struct cause_facts *facts, struct cause *out)
{
	const struct news_step *new = NULL;
	struct library_call call;
	int side = -1;

	for (int i = 0; i < 2 && side < 0; i++) {
		const struct news *news = facts->sides[i].news;

		new = news && news->count ? &news->steps[news->count - 1] : NULL;
		if (new && usual_is_steady(&new->usual) && new->step.size > new->usual.largest && find_call(facts, &new->step, &call) && pads_to_length(&call) &&
		    cuts_nothing(&call))
			side = i;
	}
	if (side < 0 || !facts->mismatch)
		return false;
	out->confidence = "likely";
	out->tells_news = true;
	text_add(&out->text, "the call at %s:%d pads to a length and doesn't cut to it (%s): it made %" PRId64 " of what was longer, where all %" PRId64 " earlier calls made %" PRId64,
		 call.file, call.line, keyword(call.text, "truncation") ? SAY("truncation=False") : SAY("it isn't given truncation=True"), new->step.size, new->usual.calls,
		 new->usual.largest);
	if (facts->sides[side].place >= 0 && facts->sides[!side].size >= 0)
		text_add(&out->text, "; %s has %" PRId64 " in dimension %d, %" PRId64 " is needed", cause_operand_name(facts, facts->sides[side].place), facts->sides[side].size,
			 facts->sides[side].dim, facts->sides[!side].size);
	text_add(&out->evidence, "made by ");
	cause_add_step(facts, &out->evidence, &new->step);
	text_add(&out->fix, "give that call truncation=True (%s:%d), or cut what goes into it, after whatever makes it longer", call.file, call.line);
	return true;
}

/* How many of the tensors that are joined have SIZE in DIM; ALL gets how many there are, SMALLER whether one has less. */
static int
count_of_size(const struct event *event, int dim, int64_t size, int *all, bool *smaller)
{
	int same = 0;

	*all = 0;
	*smaller = false;
	for (int i = rule_next(event, 0); i >= 0; i = rule_next(event, i + 1)) {
		const struct operand *is = &event->operands[i];

		if (is->item < 0 || is->ndim <= dim)
			continue;
		(*all)++;
		same += is->sizes[dim] == size;
		*smaller = *smaller || is->sizes[dim] < size;
	}
	return same;
}

/* The value of the keyword argument NAME in CALL, in OUT; false where it isn't given. */
static bool
read_keyword(const struct library_call *call, const char *name, char *out, size_t size)
{
	const char *value = keyword(call->text, name);
	size_t length = value ? strcspn(value, ",)") : 0;

	text_format(out, size, "%.*s", (int)length, value ? value : "");
	return length > 0 && !strpbrk(out, "([{");
}

/* Needs: samples that are joined, several of which have one smallest size, made by a library's call of the program that pads to a length and cuts nothing; what is larger
 * was made by the same call. */
bool
cause_longer_than_padded(const struct cause_facts *facts, struct cause *out)
{
	const struct mismatch *mismatch = facts->mismatch;
	struct library_call call, other;
	const struct lineage_step *larger, *fixed;
	int all, same, dim, large;
	char given[128];
	bool smaller;

	if (!cause_disagrees(facts, "size") || !facts->twins || mismatch->operand < 0 || facts->event->operands[mismatch->operand].item < 0 ||
	    !cause_is(facts, "cat concat concatenate stack hstack vstack dstack"))
		return false;
	large = facts->sides[1].size > facts->sides[0].size;
	dim = facts->sides[large].dim;
	same = dim < 0 ? 0 : count_of_size(facts->event, dim, facts->sides[!large].size, &all, &smaller);
	larger = cause_decider(&facts->sides[large]);
	fixed = cause_decider(&facts->sides[!large]);
	if (same < 2 || smaller || !larger || !fixed || !find_call(facts, larger, &call) || !pads_to_length(&call) || !cuts_nothing(&call) || !find_call(facts, fixed, &other) ||
	    other.line != call.line || strcmp(other.file, call.file) != 0)
		return false;
	out->confidence = "likely";
	text_add(&out->text, "the call at %s:%d pads to a length and doesn't cut to it (%s): %d of %d have that length, %" PRId64 " in dimension %d, and number %d (%s), which was longer, "
		 "has %" PRId64, call.file, call.line, keyword(call.text, "truncation") ? SAY("truncation=False") : SAY("it isn't given truncation=True"), same, all,
		 facts->sides[!large].size, dim, facts->event->operands[facts->sides[large].place].item, cause_operand_name(facts, facts->sides[large].place),
		 facts->sides[large].size);
	if (all - same > 1)
		text_add(&out->text, "; %d of them are longer", all - same);
	text_add(&out->evidence, "they come from the same lines of code with different sizes, by ");
	cause_add_step(facts, &out->evidence, larger);
	if (read_keyword(&call, "max_length", given, sizeof(given)))
		text_add(&out->evidence, "; the length is max_length=%s", given);
	text_add(&out->fix, "give that call truncation=True (%s:%d), or make what goes into it no longer than the length that it pads to (%" PRId64 " here); only where "
		 "what takes them needs no fixed length, pad to the longest of the batch instead", call.file, call.line, facts->sides[!large].size);
	return true;
}
