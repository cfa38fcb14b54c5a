#include "placeholders.h"

#include <stdlib.h>
#include <string.h>

#include "../causes_tool.h"
#include "picture_rows.h"
#include "../../mismatch/mismatch_rule.h"

#define TRIES_MOST 20000

static int64_t
number_after(const char *text, const char *word)
{
	const char *at = text ? strstr(text, word) : NULL;
	int64_t number;

	return at && text_number(&at, &number) ? number : -1;
}

/* The longest integer or bool tensor of two dimensions among the locals: the token sequence. */
static int64_t
sequence_length(const json_t *frames, int64_t *rows)
{
	struct text_walk at = { 0 };
	int64_t longest = -1;
	const json_t *local;

	while ((local = text_next(frames, "locals", &at))) {
		const json_t *shape = json_object_get(local, "shape");
		int64_t size = json_integer_value(json_array_get(shape, 1));

		if (json_array_size(shape) == 2 && text_among("int64 int32 bool", text_get(local, "dtype")) && size > longest) {
			longest = size;
			*rows = json_integer_value(json_array_get(shape, 0));
		}
	}
	return longest;
}

/* Rows of the local features whose elements are ELEMENTS (a library's message counts them so); -1 if none is it. */
static int64_t
rows_of_features(const json_t *frames, int64_t elements)
{
	struct text_walk at = { 0 };
	const json_t *local;

	while ((local = text_next(frames, "locals", &at))) {
		const json_t *shape = json_object_get(local, "shape");
		int64_t rows = json_integer_value(json_array_get(shape, 0)), width = json_integer_value(json_array_get(shape, 1));

		if (json_array_size(shape) == 2 && width > 1 && rows > 0 && elements % width == 0 && elements / width == rows &&
		    strstr(text_get(local, "name"), "feature"))
			return rows;
	}
	return -1;
}

bool
placeholders_find(const struct cause_facts *facts, struct placeholders *out)
{
	const struct mismatch *mismatch = facts->mismatch;
	int64_t rows;

	*out = (struct placeholders){ -1, -1, -1, 1 };
	out->length = sequence_length(facts->frames, &out->rows);
	if (cause_disagrees(facts, "count") && mismatch->has_expected && mismatch->has_actual) {
		const struct operand *mask = mismatch->against >= 0 && mismatch->against < facts->event->operand_count ? &facts->event->operands[mismatch->against] : NULL;

		out->selected = mismatch->expected;
		out->supplied = mismatch->actual;
		if (mask && mask->ndim >= 2) {
			out->length = mask->sizes[1];
			out->rows = mask->sizes[0];
		}
		return out->selected >= 0 && out->supplied >= 0;
	}
	if (!cause_is_raised(facts) || !facts->message || !strstr(facts->message, "token") || !strstr(facts->message, "features"))
		return false;
	out->selected = number_after(facts->message, "tokens:");
	out->supplied = number_after(facts->message, ", features");
	rows = rows_of_features(facts->frames, out->supplied);
	if (rows > 0 && out->selected <= out->length * out->rows) /* places are counted, features are multiplied by their width */
		out->supplied = rows;
	return out->selected >= 0 && out->supplied >= 0 && out->selected != out->supplied;
}

int64_t
placeholders_sum(const json_t *counts)
{
	int64_t sum = 0;

	for (size_t i = 0; i < json_array_size(counts); i++)
		if (__builtin_add_overflow(sum, (int64_t)json_integer_value(json_array_get(counts, i)), &sum))
			return -1;
	return sum;
}

json_t *
placeholders_of_wide_mask(const struct cause_facts *facts)
{
	const json_t *rows = facts->mismatch && strcmp(facts->mismatch->property, "count") == 0 && !facts->places ? placeholders_rows(facts) : NULL;
	int64_t selected = facts->mismatch ? facts->mismatch->expected : 0, sum = placeholders_sum(rows), width;
	json_t *places;

	if (sum < 0 || selected < 1 || sum % selected || (width = sum / selected) < 2 || facts->event->operands[facts->mismatch->against].ndim != 3 ||
	    facts->event->operands[facts->mismatch->against].sizes[2] != width)
		return NULL;
	for (size_t i = 0; i < json_array_size(rows); i++)
		if (json_integer_value(json_array_get(rows, i)) % width)
			return NULL;
	places = json_array();
	for (size_t i = 0; i < json_array_size(rows); i++)
		json_array_append_new(places, json_integer(json_integer_value(json_array_get(rows, i)) / width));
	return places;
}

/* The rows that each image brings, where the features of several equal ones are one batch, or were put together or flattened; 0. */
static int64_t
rows_of_one(const struct cause_facts *facts, int64_t supplied)
{
	const struct cause_side *side = &facts->sides[0];
	bool batch = facts->event && cause_disagrees(facts, "count") && side->place >= 0 && side->place < facts->event->operand_count;
	const struct operand *features = batch ? &facts->event->operands[side->place] : NULL;

	if (features && features->ndim == 3 && features->sizes[0] > 0 && features->sizes[1] > 1 && supplied / features->sizes[0] == features->sizes[1] &&
	    supplied % features->sizes[0] == 0)
		return features->sizes[1];
	if (side->size != supplied)
		return 0;
	for (int i = 0; side->lineage && i < side->lineage->count && side->lineage->steps[i].size == supplied; i++) {
		const struct lineage_step *step = &side->lineage->steps[i];
		int place = rule_next(&step->event, 0);
		const struct operand *is = place >= 0 ? &step->event.operands[place] : NULL;
		int64_t each = is && step->dim >= 0 && step->dim < is->ndim ? is->sizes[step->dim] : 0;
		bool alike = each > 0;
		char name[96];

		mismatch_plain_name(step->event.operation, name, sizeof(name));
		if (text_among("cat concat concatenate", name)) {
			for (int n = place; n >= 0 && alike; n = rule_next(&step->event, n + 1))
				alike = step->dim < step->event.operands[n].ndim && step->event.operands[n].sizes[step->dim] == each;
			return alike ? each : 0;
		}
		if (text_among("view reshape flatten unsafe_view reshape_alias", name) && is && step->dim == 0 && is->ndim > 1 && is->sizes[0] * is->sizes[1] == supplied)
			return is->sizes[1];
	}
	return 0;
}

bool
placeholders_whole(const struct cause_facts *facts, const struct placeholders *found, struct placeholders_whole *out)
{
	static const char *const names = "tokens_per_image image_seq_length num_image_tokens image_tokens_per_image num_image_token num_query_tokens num_queries";
	const json_t *counts = placeholders_rows(facts), *named;
	int fitting = 0, others = 0;

	*out = (struct placeholders_whole){ .row = -1 };
	out->each = rows_of_one(facts, found->supplied);
	if (out->each < 2 && (named = cause_number_called(facts, names)))
		out->each = json_integer_value(json_object_get(named, "value"));
	if (out->each < 2 || found->selected % out->each || found->supplied % out->each || found->selected == found->supplied)
		return false;
	out->places = found->selected / out->each;
	out->given = found->supplied / out->each;
	for (size_t i = 0; i < json_array_size(counts); i++) {
		int64_t places = json_integer_value(json_array_get(counts, i));

		if (places % out->each)
			return false; /* cut within an image */
		if (places == out->each) {
			fitting++;
			continue;
		}
		others++;
		out->row = (int)i;
		out->in_row = places / out->each;
	}
	if (out->given != (int64_t)json_array_size(counts) || others != 1)
		out->row = -1;
	out->fits = fitting > 0 && out->row >= 0;
	return true;
}

/* The limit that would leave, of each sequence's images, as many as are given in all; 0 if none would. */
static int64_t
limit_that_leaves(const json_t *counts, const struct placeholders_whole *whole)
{
	for (int64_t most = 1; most <= whole->given; most++) {
		int64_t left = 0;

		for (size_t i = 0; i < json_array_size(counts); i++) {
			int64_t images = json_integer_value(json_array_get(counts, i)) / whole->each;

			left += images < most ? images : most;
		}
		if (left >= whole->given)
			return left == whole->given ? most : 0;
	}
	return 0;
}

const json_t *
placeholders_kept(const struct cause_facts *facts, const struct placeholders_whole *whole, int64_t *most)
{
	const json_t *counts = placeholders_rows(facts), *number;
	struct text_walk at = { 0 };

	if (!json_array_size(counts) || whole->each < 1 || whole->places <= whole->given)
		return NULL;
	*most = limit_that_leaves(counts, whole);
	while (*most > 0 && (number = cause_next_number(facts, &at)))
		if (json_integer_value(json_object_get(number, "value")) == *most && cause_is_limit(facts, number) &&
		    cause_is_called(number, "image img picture frame crop tile slice video clip audio"))
			return number;
	return NULL;
}

const json_t *
placeholders_limit(const struct cause_facts *facts, const struct placeholders *found)
{
	const json_t *number = found->length > 0 ? cause_named_number(facts, found->length, cause_limits) : NULL;

	return cause_is_limit(facts, number) ? number : NULL;
}

struct picture_rows *
placeholders_pictures(const struct cause_facts *facts, struct placeholders *found)
{
	struct picture_rows *pictures = NULL;

	if (facts->source && facts->sides[0].lineage && placeholders_find(facts, found) && found->selected > 0 && found->supplied > 0 &&
	    found->selected != found->supplied && (pictures = calloc(1, sizeof(*pictures))) &&
	    !picture_rows_find(facts->source, facts->sides[0].lineage, pictures)) {
		free(pictures);
		pictures = NULL;
	}
	return pictures;
}

struct split { const int64_t *sizes; size_t count; const json_t *rows; bool more; int odd, ways; int64_t brings; int left /* tries */; };

/* Gives the images from FROM on, in order, to the sequences from ROW on; ODD is the one whose places they don't make up so far. */
static void
try_split(struct split *split, size_t row, size_t from, int odd, int64_t brings)
{
	int64_t places, sum = 0;

	if (split->left-- <= 0 || split->ways > 1)
		return;
	if (row == json_array_size(split->rows)) {
		if (from == split->count && odd >= 0) {
			split->ways++;
			split->odd = odd;
			split->brings = brings;
		}
		return;
	}
	places = json_integer_value(json_array_get(split->rows, row));
	for (size_t at = from; at <= split->count; at++) {
		if (sum == places)
			try_split(split, row + 1, at, odd, brings);
		else if ((sum > places || split->more) && odd < 0)
			try_split(split, row + 1, at, (int)row, sum);
		if (at < split->count && __builtin_add_overflow(sum, split->sizes[at], &sum))
			return;
	}
}

int
placeholders_odd_sequence(const int64_t *sizes, size_t count, const json_t *rows, bool more, int64_t *brings)
{
	struct split split = { .sizes = sizes, .count = count, .rows = rows, .more = more, .odd = -1, .left = TRIES_MOST };

	try_split(&split, 0, 0, -1, 0);
	*brings = split.brings;
	return split.ways == 1 && split.left > 0 ? split.odd : -1;
}
