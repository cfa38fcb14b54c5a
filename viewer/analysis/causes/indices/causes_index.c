/* Rules about indices: padding taken for data, labels, ids beyond a table. */
#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "../causes_tool.h"
#include "../../mismatch/mismatch_rule.h"
#include "../../where.h"

#define CALLS_ENOUGH 3 /* of labels that fitted: they don't count from 1 */

/* The summary of the index that is out of range; NULL if there is none. */
static const json_t *
index_summary(const struct cause_facts *facts)
{
	return cause_disagrees(facts, "index") ? cause_summary(facts, facts->mismatch->operand) : NULL;
}

#define SEGMENT_VOID 255 /* what segmentation data sets mark unlabelled pixels with */

/* The value that marks ignored places and was used as an index, 0 if it isn't that. */
static int64_t
padding_value(const struct cause_facts *facts)
{
	const json_t *summary = index_summary(facts);
	int64_t least = cause_count(summary, "min", 0), ignored = cause_count(summary, "ignored", 0), negative = cause_count(summary, "negative", 0);
	int64_t most = cause_count(summary, "max", INT64_MAX), distinct = cause_count(summary, "distinct", INT64_MAX);
	int64_t ignores = 0;

	if (!summary)
		return 0;
	rule_int(facts->event, "ignore_index", &ignores);
	if (cause_is_loss(facts) && ignores != SEGMENT_VOID && most == SEGMENT_VOID && least >= 0 && facts->mismatch->expected < SEGMENT_VOID &&
	    distinct <= facts->mismatch->expected + 1)
		return SEGMENT_VOID;
	if (negative <= 0 || facts->mismatch->expected <= most)
		return 0;
	return least == -1 || (least == -100 && ignored == negative && !cause_is_loss(facts)) ? least : 0;
}

/* -1 alone may be a place that was not found; it is padding where it came in with the index (from a list, a file), or was put there to fill up. */
static bool
is_filled(const struct cause_facts *facts)
{
	const struct cause_side *index = &facts->sides[0];
	const struct lineage_step *first = index->lineage && index->lineage->count ? &index->lineage->steps[index->lineage->count - 1] : NULL;

	return cause_step_any(index, "pad_sequence constant_pad_nd pad full new_full full_like masked_fill") || (first && first->entered && !first->possible);
}

/* Is VALUE, by padding_value, padding for all that is known? */
static bool
is_padding(const struct cause_facts *facts, int64_t value)
{
	return value == -100 || value == SEGMENT_VOID || (value == -1 && is_filled(facts));
}

/* Needs: negative values where an index is wanted; likely of -100 if it is counted, of 255 beside real classes, and of -1 that it was filled up with. */
bool
cause_padding(const struct cause_facts *facts, struct cause *out)
{
	int64_t value = padding_value(facts), times = cause_count(index_summary(facts), "negative", 0);

	if (!value)
		return false;
	out->confidence = is_padding(facts, value) ? "likely" : "possible";
	text_add(&out->text, "padding became data: %s holds ", cause_operand_name(facts, facts->mismatch->operand));
	if (value < 0)
		text_add(&out->text, "%" PRId64 " time%s ", times, language_plural(times));
	text_add(&out->text, "%" PRId64 ", a value that marks places to ignore (ignore_index), and is used as %s", value,
		 cause_is_loss(facts) ? SAY("a label") : SAY("an index"));
	text_add(&out->evidence, "%s", facts->mismatch->text);
	if (cause_decider(&facts->sides[0])) {
		text_add(&out->evidence, "; made by ");
		cause_add_step(facts, &out->evidence, cause_decider(&facts->sides[0]));
	}
	if (cause_is_loss(facts))
		text_add(&out->fix, "pass ignore_index=%" PRId64 " to the loss, or mark those places with -100 (its default)", value);
	else
		text_add(&out->fix, "replace %" PRId64 " before it is used as an index (masked_fill or clamp to 0), and mask what it stands for "
			 "afterwards", value);
	return true;
}

/* The view that made the loss's classes of a column: rows of the batch, one number each. */
static bool
are_rows(const struct cause_facts *facts, struct lineage_step *view, int64_t *rows)
{
	int self = rule_tensor(facts->event, "self"), output, place;

	if (self < 0 || facts->event->operands[self].ndim != 2 || !facts->source ||
	    !facts->source->maker(facts->source->context, facts->process, facts->event->operands[self].tensor, facts->event->id, &view->event, &output) ||
	    !mismatch_is_any(view->event.operation, "view reshape unsafe_view reshape_alias"))
		return false;
	place = rule_tensor(&view->event, "self");
	if (place < 0 || view->event.operands[place].ndim > 2 || view->event.operands[place].ndim < 1 ||
	    (view->event.operands[place].ndim == 2 && view->event.operands[place].sizes[1] != 1) || facts->event->operands[self].sizes[1] < 2)
		return false;
	*rows = view->event.operands[place].sizes[0];
	view->dim = view->size = -1;
	return true;
}

/* The classes are what was put side by side for each sample: there is no head to build. */
static void
tell_rows(const struct cause_facts *facts, struct cause *out, const struct lineage_step *view, int64_t rows)
{
	const struct mismatch *mismatch = facts->mismatch;

	text_add(&out->text, "the %" PRId64 " classes are rows of this batch, no outputs of a head: %" PRId64 " scores, one for each row, are viewed as %" PRId64 " for each sample by ",
		 mismatch->expected, rows, mismatch->expected);
	cause_add_step(facts, &out->text, view);
	if (mismatch->has_actual)
		text_add(&out->text, "; a label says %" PRId64 ", which needs %" PRId64 " choices, and its sample was given with %" PRId64, mismatch->actual, mismatch->actual + 1,
			 mismatch->expected);
	text_add(&out->fix, "see how many choices that sample has, and what left the others out where the batch is put together (their number taken from another sample, a limit): give each sample all of "
		 "its own, padded to the most, or drop it; to map the label to one that is there gives a wrong answer");
}

#define FAR 4 /* times the classes, as a label */

/* A label that is far beyond the classes, where there are no more values than classes, or one that is ignored stands beside it: nothing says that it is a class. */
static bool
is_far(const struct cause_facts *facts, int64_t ignored)
{
	const struct mismatch *mismatch = facts->mismatch;
	int64_t distinct = cause_count(index_summary(facts), "distinct", -1);

	return mismatch->has_actual && mismatch->actual < INT64_MAX && mismatch->actual / FAR >= mismatch->expected &&
	       (ignored >= mismatch->expected || (distinct >= 0 && distinct <= mismatch->expected));
}

/* What to do about labels that may be no classes at all. */
static void
fix_far(const struct cause_facts *facts, struct cause *out, int64_t ignored)
{
	const struct mismatch *mismatch = facts->mismatch;

	text_add(&out->fix, "see where the %" PRId64 " comes from, and map the labels to 0 .. %" PRId64 " there", mismatch->actual, mismatch->expected - 1);
	if (ignored >= mismatch->expected)
		text_add(&out->fix, ", or to the ignored %" PRId64, ignored);
	else
		text_add(&out->fix, "; only where it is a class of the data, build the head for %" PRId64 " classes%s%s", mismatch->actual + 1, out->setting ? ": " : " (num_labels)",
			 out->setting ? text_get(out->setting, "name") : "");
}

/* Are the classes the places of the input (the start or end of a span), so that no layer has their number? Who made that, then; NULL. */
static const struct lineage_step *
places_of(const struct cause_facts *facts)
{
	const struct cause_side *scores = &facts->sides[1];
	const struct lineage_step *step = cause_is_loss(facts) && facts->mismatch->against_dim == 1 && scores->size == facts->mismatch->expected ? cause_decider(scores) : NULL;

	if (!step || step->possible || step->dim < 1 || step->size != scores->size || cause_weight_made(scores) || cause_is_built(facts, step) ||
	    !step->event.output_count || !rule_is_integral(step->event.outputs[step->output].dtype) || facts->event->operands[scores->place].ndim != 2)
		return NULL;
	return step;
}

static void
tell_places(const struct cause_facts *facts, struct cause *out, const struct lineage_step *input)
{
	const struct mismatch *mismatch = facts->mismatch;
	const json_t *number = cause_named_number(facts, mismatch->expected, cause_limits);

	out->setting = number && cause_is_limit(facts, number) ? number : NULL;
	text_add(&out->text, "the labels are places in the input, of which there are %" PRId64, mismatch->expected);
	cause_add_number(facts, &out->text, out->setting);
	text_add(&out->text, ": %s points at %" PRId64 ", behind its end", cause_operand_name(facts, mismatch->operand), mismatch->actual);
	text_add(&out->evidence, "%sno layer makes the %" PRId64 ": they are as many as the input has, by ", out->evidence.used ? SAY("; ") : "", mismatch->expected);
	cause_add_line(facts, &out->evidence, input, -1);
	text_add(&out->fix, "where a sample is made, leave it out if its place lies behind what is kept of the input, or mark the place as missing (the loss's ignore_index), or split long inputs into "
		 "windows that overlap and number places in each");
	if (out->setting)
		text_add(&out->fix, "; or raise %s to %" PRId64 " or more", text_get(out->setting, "name"), mismatch->actual + 1);
}

/* Are the classes samples of this batch, each row's label being its own number, and there are fewer of them than rows? Who made them so many, then; NULL. */
static const struct lineage_step *
partners_of(const struct cause_facts *facts)
{
	const struct cause_side *scores = &facts->sides[1];
	const struct lineage_step *step = cause_is_loss(facts) && facts->mismatch->against_dim == 1 && scores->size == facts->mismatch->expected ? cause_decider(scores) : NULL;
	const struct operand *is = step && scores->place >= 0 ? &facts->event->operands[scores->place] : NULL;

	if (!is || step->possible || step->dim != 0 || step->size != scores->size || cause_is_built(facts, step) || cause_was_loaded(facts, step) || is->ndim != 2 ||
	    is->sizes[0] <= scores->size || !cause_step(&facts->sides[0], "arange"))
		return NULL;
	return step;
}

static void
tell_partners(const struct cause_facts *facts, struct cause *out, const struct lineage_step *made)
{
	const struct cause_side *scores = &facts->sides[1];
	const struct operand *is = &facts->event->operands[scores->place];

	text_add(&out->text, "the classes are samples of this batch, no outputs of a head: %s scores %" PRId64 " samples of one side against %" PRId64 " of the other, so %" PRId64
		 " of them have no partner", cause_operand_name(facts, scores->place), is->sizes[0], is->sizes[1], is->sizes[0] - is->sizes[1]);
	text_add(&out->evidence, "%s", out->evidence.used ? "; " : "");
	cause_add_decided(facts, &out->evidence, scores->size, made);
	text_add(&out->fix, "see what left samples out of the one side where the batch is put together, and leave the same ones out of both, or of neither");
}

/* Needs: a loss with labels outside its classes, and the largest of them or PyTorch's word. */
bool
cause_labels(const struct cause_facts *facts, struct cause *out)
{
	const struct mismatch *mismatch = facts->mismatch;
	const json_t *summary = index_summary(facts);
	struct lineage_step view = { .dim = -1 };
	const struct lineage_step *input;
	int64_t rows, ignored = -1;

	if (!cause_disagrees(facts, "index") || (!cause_is_loss(facts) && !cause_is(facts, "one_hot")) || (mismatch->has_actual && mismatch->actual < mismatch->expected) ||
	    padding_value(facts) == SEGMENT_VOID)
		return false;
	if (!mismatch->has_actual && !mismatch->from_message)
		return false;
	out->confidence = "likely";
	if (facts->calls >= CALLS_ENOUGH)
		text_add(&out->evidence, "those of %" PRId64 " earlier calls fitted", facts->calls);
	if (cause_is_loss(facts) && are_rows(facts, &view, &rows)) {
		tell_rows(facts, out, &view, rows);
		return true;
	}
	if (mismatch->has_actual && mismatch->actual < INT64_MAX && (input = places_of(facts))) {
		tell_places(facts, out, input);
		return true;
	}
	if ((input = partners_of(facts))) {
		tell_partners(facts, out, input);
		return true;
	}
	out->setting = cause_named_number(facts, mismatch->expected, "class label vocab categ num_");
	text_add(&out->text, "labels outside the classes: %s", mismatch->text);
	cause_add_number(facts, &out->text, out->setting);
	if (mismatch->has_actual && mismatch->actual == mismatch->expected && cause_count(summary, "min", -1) == 1 && facts->calls < CALLS_ENOUGH) {
		text_add(&out->evidence, "the labels run from 1 to %" PRId64, mismatch->actual);
		text_add(&out->fix, "number the labels from 0 (subtract 1), or build the head for %" PRId64 " classes", mismatch->actual + 1);
	} else if (cause_is(facts, "one_hot") && mismatch->has_actual) {
		text_add(&out->fix, "map the labels to 0 .. %" PRId64 ", or give one_hot num_classes=%" PRId64 " or more (and the head as many outputs)",
			 mismatch->expected - 1, mismatch->actual + 1);
	} else if (rule_int(facts->event, "ignore_index", &ignored), is_far(facts, ignored)) {
		fix_far(facts, out, ignored);
	} else if (mismatch->has_actual && mismatch->actual < INT64_MAX) {
		text_add(&out->fix, "build the head for %" PRId64 " classes or more%s%s, or map the labels to 0 .. %" PRId64, mismatch->actual + 1,
			 out->setting ? ": " : " (num_labels)", out->setting ? text_get(out->setting, "name") : "", mismatch->expected - 1);
	} else {
		text_add(&out->fix, "number the labels from 0 to %" PRId64 ", or build the head for more classes", mismatch->expected - 1);
	}
	return true;
}

/* The parts of what the failing line calls the table ("self.token_type_embeddings(ids)": "token type"), if none of them is what a
 * vocabulary is called. */
static bool
tells_other_table(const struct cause_facts *facts, struct text *words)
{
	static const char vocabulary[] = "word words vocab wte embed_tokens lm tok input shared";
	const char *open = NULL, *index = cause_operand_name(facts, facts->mismatch->operand), *name;
	char table[96], *rest = table;

	for (const char *at = facts->line; at && !open && (at = strchr(at, '(')); at++)
		if (strncmp(at + 1, index, strlen(index)) == 0 && !isalnum((unsigned char)at[1 + strlen(index)]) && at[1 + strlen(index)] != '_')
			open = at;
	name = open;

	while (name && name > facts->line && (isalnum((unsigned char)name[-1]) || name[-1] == '_'))
		name--;
	if (!name || name == facts->line || name[-1] != '.' || (size_t)(open - name) >= sizeof(table))
		return false;
	text_format(table, sizeof(table), "%.*s", (int)(open - name), name);
	if (text_among("embedding forward", table))
		return false;
	for (char *word; (word = strsep(&rest, "_"));) {
		if (text_among(vocabulary, word))
			return false;
		if (*word && !text_among("embed embedding embeddings emb table layer weight tokens", word) && !text_among("token", word))
			text_add(words, "%s%s", words->used ? " " : "", word);
	}
	return words->used > 0;
}

/* An embedding that holds no vocabulary: kinds, segments, speakers. */
static bool
cause_other_table(const struct cause_facts *facts, struct cause *out, const char *words)
{
	const struct mismatch *mismatch = facts->mismatch;

	out->confidence = mismatch->has_actual ? "likely" : "possible";
	out->setting = cause_named_number(facts, mismatch->expected, words);
	if (!cause_is_called(out->setting, words))
		out->setting = NULL;
	text_add(&out->text, "the model knows %" PRId64 " kind%s of \"%s\", its table has no more rows: %s", mismatch->expected,
		 language_plural(mismatch->expected), words, mismatch->text);
	cause_add_number(facts, &out->text, out->setting);
	if (cause_decider(&facts->sides[0])) {
		text_add(&out->evidence, "the index was made by ");
		cause_add_step(facts, &out->evidence, cause_decider(&facts->sides[0]));
	}
	text_add(&out->fix, "keep the values of %s below %" PRId64, cause_operand_name(facts, mismatch->operand), mismatch->expected);
	if (mismatch->expected == 1)
		text_add(&out->fix, " (this model tells no kinds apart: zeros, or don't pass it)");
	if (mismatch->has_actual && mismatch->actual >= 0 && mismatch->actual < INT64_MAX)
		text_add(&out->fix, "; or build the model for %" PRId64 " kinds%s%s", mismatch->actual + 1, out->setting ? ": " : "",
			 out->setting ? text_get(out->setting, "name") : "");
	return true;
}

static void
fix_index(const struct cause_facts *facts, struct cause *out)
{
	const struct mismatch *mismatch = facts->mismatch;
	const char *table = cause_operand_name(facts, mismatch->against);
	int dim = mismatch->against_dim < 0 ? 0 : mismatch->against_dim;
	int64_t least = cause_count(index_summary(facts), "min", -1);

	if (mismatch->has_actual && mismatch->actual >= 0 && mismatch->actual < INT64_MAX)
		text_add(&out->fix, "make dimension %d of %s %" PRId64 " long or more where it is built, or keep the values from 0 to %" PRId64 " where the index is made (map or "
			 "leave out what has no place; check offsets)", dim, table, mismatch->actual + 1, mismatch->expected - 1);
	else
		text_add(&out->fix, "keep the values from 0 to %" PRId64 ", or make dimension %d of %s longer (the limit it was built with); check offsets",
			 mismatch->expected - 1, dim, table);
	if (mismatch->has_actual && mismatch->actual == mismatch->expected && (least == 1 || (least < 0 && facts->calls < CALLS_ENOUGH)))
		text_add(&out->fix, "; if it counts from 1, subtract 1");
}

/* The name of the id that is too large: a token's (padding, most of all), where one is called so. */
static void
add_token(const struct cause_facts *facts, struct cause *out)
{
	struct text_walk at = { 0 };
	const json_t *number;

	while (facts->mismatch->has_actual && facts->mismatch->actual > 1 && (number = cause_next_number(facts, &at))) {
		const char *name = text_get(number, "name"), *last = strrchr(name, '.');

		last = last ? last + 1 : name;
		if (json_integer_value(json_object_get(number, "value")) != facts->mismatch->actual || !strstr(last, "token_id"))
			continue;
		text_add(&out->text, "; %" PRId64 " is %s: that token has no row, it was added, or the table was built for another tokenizer", facts->mismatch->actual, name);
		return;
	}
}

#define ADDED_MOST 64 /* tokens that are added to a vocabulary */

/* An id that lies just behind the last row of a table of tokens is, most likely, of a token that was added: says so, and where the program adds some. */
static void
add_added(const struct cause_facts *facts, struct cause *out)
{
	static const char *const words[] = { "add_tokens(", "add_special_tokens(", "additional_special_tokens" };
	const struct mismatch *mismatch = facts->mismatch;
	bool found = false;

	if (!mismatch->has_actual || mismatch->actual < mismatch->expected || mismatch->actual - mismatch->expected >= ADDED_MOST || !cause_is_called(out->setting, "vocab") ||
	    strstr(out->text.data, "token_id"))
		return;
	text_add(&out->text, "; an id that lies just behind the last row is, most likely, of a token that was added to the vocabulary after the model was built");
	for (size_t i = 0; i < sizeof(words) / sizeof(*words) && !found; i++)
		found = cause_add_asked(facts, &out->text, words[i]);
}

/* The values fitted before; a list in reach is just as long as this one needs. */
static void
add_lengths(const struct cause_facts *facts, struct cause *out)
{
	const struct mismatch *mismatch = facts->mismatch;
	const json_t *length = mismatch->has_actual && mismatch->actual > 0 && mismatch->actual < INT64_MAX ? cause_length(facts, mismatch->actual + 1) : NULL;
	int64_t least = cause_count(index_summary(facts), "min", -1);
	const struct cause_side *table = &facts->sides[1];
	const struct lineage_step *built = NULL;
	char line[512];
	int64_t calls = facts->sides[1].calls > facts->calls ? facts->sides[1].calls : facts->calls;

	for (int i = table->lineage ? table->lineage->count - 1 : -1; i >= 0 && !built; i--)
		built = table->lineage->steps[i].decides ? &table->lineage->steps[i] : NULL;
	if (built && facts->source && where_caller_line(facts->source, facts->process, built->event.site, line, sizeof(line)))
		text_add(&out->evidence, "%sthe table was built at %s", out->evidence.used ? SAY("; ") : "", line);
	if (length)
		text_add(&out->evidence, "%s%" PRId64 " would fit: that is %s", out->evidence.used ? SAY("; ") : "", mismatch->actual + 1, text_get(length, "name"));
	if (calls >= CALLS_ENOUGH)
		text_add(&out->evidence, "%s%" PRId64 " earlier calls fitted", out->evidence.used ? SAY("; ") : "", calls);
	if (least == 0 && mismatch->has_actual && mismatch->actual == mismatch->expected)
		text_add(&out->evidence, "%sthe smallest is 0: they count from 0", out->evidence.used ? SAY("; ") : "");
}

/* Where both come from, and how it went so far. */
static void
add_made(const struct cause_facts *facts, struct cause *out)
{
	if (cause_decider(&facts->sides[0])) {
		text_add(&out->evidence, "the index was made by ");
		cause_add_step(facts, &out->evidence, cause_decider(&facts->sides[0]));
	}
	add_lengths(facts, out);
}

/* Is the table a parameter whose name, and that of its index, speaks of no tokens? */
static bool
is_other_than_tokens(const struct cause_facts *facts)
{
	static const char *const words[] = { "token", "vocab", "word", "wte", "embed_in", "shared", "input_ids", "lm_head", "embeddings.weight" };
	const char *table = cause_operand_name(facts, facts->mismatch->against);

	return strchr(table, '.') && !text_contains_any(table, words, sizeof(words) / sizeof(*words)) &&
	       !text_contains_any(cause_operand_name(facts, facts->mismatch->operand), words, sizeof(words) / sizeof(*words));
}

/* Needs: an index out of range that is neither a position, a label, nor padding. Likely where the index is known. */
bool
cause_index(const struct cause_facts *facts, struct cause *out)
{
	static const char rows[] = "class label categ node max";
	const struct mismatch *mismatch = facts->mismatch;
	struct text words = {{0}, 0};
	bool embedding, told;

	if (!cause_disagrees(facts, "index") || cause_are_positions(facts) || cause_is_loss(facts) || cause_is(facts, "one_hot") ||
	    is_padding(facts, padding_value(facts)))
		return false;
	embedding = cause_is(facts, "embedding embedding_bag");
	if (cause_tell_offset(facts, out, false))
		return true;
	out->confidence = mismatch->has_actual ? "likely" : "possible";
	if (embedding && tells_other_table(facts, &words))
		return cause_other_table(facts, out, words.data);
	if (!embedding && cause_tell_one_more(facts, out)) {
		add_made(facts, out);
		return true;
	}
	out->setting = cause_number_of_path(facts, cause_operand_name(facts, mismatch->against), mismatch->expected);
	if (!out->setting)
		out->setting = cause_named_number(facts, mismatch->expected, embedding ? "vocab num_embeddings num_ categ" : rows);
	if (!embedding && !cause_is_called(out->setting, rows))
		out->setting = NULL; /* how many rows an activation has is no setting that merely equals it */
	if (mismatch->has_actual && mismatch->actual < 0)
		text_add(&out->text, "an index below 0, where rows are counted from 0: %s", mismatch->text);
	else
		text_add(&out->text, "%s of %" PRId64 " rows is too small for its index: %s", cause_operand_name(facts, mismatch->against), mismatch->expected,
			 mismatch->text);
	cause_add_number(facts, &out->text, out->setting);
	if (!embedding && cause_tell_classes(facts, out)) {
		add_made(facts, out);
		return true;
	}
	add_token(facts, out);
	if (embedding && !is_other_than_tokens(facts))
		add_added(facts, out);
	told = cause_add_told_range(facts, &out->text);
	add_made(facts, out);
	if (embedding && mismatch->has_actual && mismatch->actual >= mismatch->expected && cause_is_called(out->setting, "position"))
		text_add(&out->fix, "bring the values below %" PRId64 " where the index is made (scale or clamp coordinates, cut positions), or build the table for %" PRId64,
			 mismatch->expected, mismatch->actual + 1);
	else if (embedding && mismatch->has_actual && mismatch->actual >= 0 && mismatch->actual < INT64_MAX && is_other_than_tokens(facts))
		text_add(&out->fix, "give that table %" PRId64 " rows or more where it is built, or keep the values below %" PRId64, mismatch->actual + 1, mismatch->expected);
	else if (embedding && mismatch->has_actual && mismatch->actual >= 0 && mismatch->actual < INT64_MAX)
		text_add(&out->fix, "give the embedding %" PRId64 " rows or more (resize_token_embeddings after tokens were added to the vocabulary), "
			 "or keep the ids below %" PRId64, mismatch->actual + 1, mismatch->expected);
	else if (embedding && !mismatch->has_actual)
		text_add(&out->fix, "resize the table (resize_token_embeddings) after tokens were added to the vocabulary, or keep the ids below %"
			 PRId64, mismatch->expected);
	else if (mismatch->has_actual && mismatch->actual < 0 && !told && (mismatch->actual == -1 || mismatch->actual == -100))
		text_add(&out->fix, "a negative value marks padding or places to ignore (ignore_index): mask or clamp it before it is used as an "
			 "index");
	else if (mismatch->has_actual && mismatch->actual < 0)
		text_add(&out->fix, "bring the values to 0 .. %" PRId64 " where the index is made (clamp what lies before the beginning, or leave it out); see by what %" PRId64
			 " came below 0", mismatch->expected - 1, mismatch->actual);
	else
		fix_index(facts, out);
	return true;
}
