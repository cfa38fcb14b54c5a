/* Rules about placeholder tokens and the features that go there. */
#include <inttypes.h>
#include <string.h>

#include "causes_tool.h"
#include "knowledge.h"
#include "mismatch_rule.h"

#define ROWS_TOLD 12
#define TRIES_MOST 20000
#define FEW 4 /* a difference that a count off by one a row or image explains */

/* What is known of placeholders against features: from an operation, or from a check that a model does in Python. */
struct placeholders { int64_t selected, supplied, length, rows /* sequences in the batch */; };

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
	int64_t longest = -1;

	for (size_t f = 0; f < json_array_size(frames); f++) {
		const json_t *locals = json_object_get(json_array_get(frames, f), "locals");

		for (size_t i = 0; i < json_array_size(locals); i++) {
			const json_t *local = json_array_get(locals, i), *shape = json_object_get(local, "shape");
			int64_t size = json_integer_value(json_array_get(shape, 1));

			if (json_array_size(shape) == 2 && text_among("int64 int32 bool", text_get(local, "dtype")) && size > longest) {
				longest = size;
				*rows = json_integer_value(json_array_get(shape, 0));
			}
		}
	}
	return longest;
}

/* Rows of the local features whose elements are ELEMENTS (a library's message counts them so); -1 if none is it. */
static int64_t
rows_of_features(const json_t *frames, int64_t elements)
{
	for (size_t f = 0; f < json_array_size(frames); f++) {
		const json_t *locals = json_object_get(json_array_get(frames, f), "locals");

		for (size_t i = 0; i < json_array_size(locals); i++) {
			const json_t *local = json_array_get(locals, i), *shape = json_object_get(local, "shape");
			int64_t rows = json_integer_value(json_array_get(shape, 0)), width = json_integer_value(json_array_get(shape, 1));

			if (json_array_size(shape) == 2 && width > 1 && rows > 0 && elements % width == 0 && elements / width == rows &&
			    strstr(text_get(local, "name"), "feature"))
				return rows;
		}
	}
	return -1;
}

static bool
find_placeholders(const struct cause_facts *facts, struct placeholders *out)
{
	const struct mismatch *mismatch = facts->mismatch;
	int64_t rows;

	*out = (struct placeholders){ -1, -1, -1, 1 };
	out->length = sequence_length(facts->frames, &out->rows);
	if (cause_disagrees(facts, "count") && mismatch->has_expected && mismatch->has_actual) {
		const struct operand *mask = mismatch->against >= 0 ? &facts->event->operands[mismatch->against] : NULL;

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

/* "34, 34, 12" of a list of counts; false if there are too many to tell. */
static bool
add_counts(struct text *text, const json_t *counts)
{
	size_t count = json_array_size(counts);

	if (count < 1 || count > ROWS_TOLD)
		return false;
	for (size_t i = 0; i < count; i++)
		text_add(text, "%s%" PRId64, i ? ", " : "", (int64_t)json_integer_value(json_array_get(counts, i)));
	return true;
}

struct images { const char *name; size_t count; int64_t sizes[ROWS_TOLD]; };

/* A table of the locals whose rows' products add up to FEATURES times a whole number: what each image brings. */
static bool
find_images(const struct cause_facts *facts, int64_t features, struct images *out)
{
	for (size_t f = 0; f < json_array_size(facts->frames); f++) {
		const json_t *locals = json_object_get(json_array_get(facts->frames, f), "locals");

		for (size_t i = 0; i < json_array_size(locals); i++) {
			const json_t *local = json_array_get(locals, i);
			const json_t *products = json_object_get(json_object_get(local, "summary"), "row_products");
			size_t count = json_array_size(products);
			int64_t sum = 0, merge;
			bool whole = count > 0 && count <= ROWS_TOLD && features > 0;

			for (size_t p = 0; p < count && whole; p++)
				whole = json_is_integer(json_array_get(products, p)) && json_integer_value(json_array_get(products, p)) > 0 &&
					!__builtin_add_overflow(sum, (int64_t)json_integer_value(json_array_get(products, p)), &sum);
			merge = whole && sum % features == 0 ? sum / features : 0;
			for (size_t p = 0; p < count && merge; p++)
				if (json_integer_value(json_array_get(products, p)) % merge)
					merge = 0;
			if (!merge || merge > 64)
				continue;
			out->name = text_get(local, "name");
			out->count = count;
			for (size_t p = 0; p < count; p++)
				out->sizes[p] = json_integer_value(json_array_get(products, p)) / merge;
			return true;
		}
	}
	return false;
}

struct split { const struct images *images; const json_t *rows; int short_row, ways; int64_t wanted; int left /* tries */; };

/* Gives the images from FROM on, in order, to the sequences from ROW on; SHORT_ROW is the one that lacks places so far. */
static void
try_split(struct split *split, size_t row, size_t from, int short_row, int64_t wanted)
{
	int64_t places, sum = 0;

	if (split->left-- <= 0 || split->ways > 1)
		return;
	if (row == json_array_size(split->rows)) {
		if (from == split->images->count && short_row >= 0) {
			split->ways++;
			split->short_row = short_row;
			split->wanted = wanted;
		}
		return;
	}
	places = json_integer_value(json_array_get(split->rows, row));
	for (size_t at = from; at <= split->images->count; at++) {
		if (sum == places)
			try_split(split, row + 1, at, short_row, wanted);
		else if (sum > places && short_row < 0)
			try_split(split, row + 1, at, (int)row, sum);
		if (at < split->images->count && __builtin_add_overflow(sum, split->images->sizes[at], &sum))
			return;
	}
}

/* The one sequence that lacks places, if there is one way alone to give whole images to all the others; -1. */
static int
short_sequence(const struct images *images, const json_t *rows, int64_t *wanted)
{
	struct split split = { .images = images, .rows = rows, .short_row = -1, .left = TRIES_MOST };

	try_split(&split, 0, 0, -1, 0);
	*wanted = split.wanted;
	return split.ways == 1 && split.left > 0 ? split.short_row : -1;
}

/* How the places and the features are spread over sequences and images. True where one sequence alone was cut. */
static bool
add_spread(const struct cause_facts *facts, int64_t features, struct text *out)
{
	const struct mismatch *mismatch = facts->mismatch;
	const json_t *summary = facts->event && mismatch && mismatch->against >= 0
		? knowledge_summary(facts->event->operands[mismatch->against].tensor, facts->counts, facts->frames) : NULL;
	struct text rows = {{0}, 0};
	struct images images;
	int64_t wanted;
	int sequence;

	if (add_counts(&rows, json_object_get(summary, "rows")))
		text_add(out, "%splaces in each sequence: %s", out->used ? SAY("; ") : "", rows.data);
	if (!find_images(facts, features, &images))
		return false;
	text_add(out, "%sthe %zu rows of %s bring ", out->used ? SAY("; ") : "", images.count, images.name);
	for (size_t i = 0; i < images.count; i++)
		text_add(out, "%s%" PRId64, i ? ", " : "", images.sizes[i]);
	sequence = rows.used ? short_sequence(&images, json_object_get(summary, "rows"), &wanted) : -1;
	if (sequence >= 0)
		text_add(out, ": sequence %d should have %" PRId64, sequence, wanted);
	return sequence >= 0;
}

/* The limit, by name, that LENGTH is; NULL. A number that is merely equal isn't one. */
static const json_t *
limit_of(const struct cause_facts *facts, int64_t length)
{
	const json_t *number = length > 0 ? cause_named_number(facts, length, cause_limits) : NULL;

	return cause_is_limit(facts, number) ? number : NULL;
}

/* "8 x 4 places against 5 x 4 rows", where the 4 has a name. */
static void
add_units(const struct cause_facts *facts, const struct placeholders *found, struct cause *out)
{
	static const char hints[] = "tokens_per per_frame per_image frame num_query num_queries num_patches num_image patches merge query";
	int64_t a = found->selected, b = found->supplied;
	const json_t *unit, *count;

	while (b) {
		int64_t rest = a % b;

		a = b;
		b = rest;
	}
	unit = a > 1 ? cause_named_number(facts, a, hints) : NULL;
	if (!cause_is_called(unit, hints))
		return;
	text_add(&out->evidence, "%s%" PRId64 " x %" PRId64 " places against %" PRId64 " x %" PRId64 " rows (%s = %" PRId64 ")", out->evidence.used ? SAY("; ") : "",
		 found->selected / a, a, found->supplied / a, a, text_get(unit, "name"), a);
	count = cause_named_number(facts, found->selected / a, "frame image num_");
	if (!cause_is_called(count, "frame image num_"))
		return;
	out->setting = count;
	text_add(&out->evidence, "; %" PRId64 " is %s", found->selected / a, text_get(count, "name"));
}

/* Do all sequences have places for whole images, but one? */
static bool
lacks_one(const struct cause_facts *facts, int64_t features)
{
	struct text spread = {{0}, 0};

	return add_spread(facts, features, &spread);
}

/* Needs: a mask that selects nothing, and rows to put there. */
bool
cause_no_placeholder(const struct cause_facts *facts, struct cause *out)
{
	struct placeholders found;

	if (!find_placeholders(facts, &found) || found.selected != 0 || found.supplied == 0)
		return false;
	out->confidence = "certain";
	text_add(&out->text, "the batch holds no placeholder at all, yet %" PRId64 " rows of features", found.supplied);
	text_add(&out->fix, "check that the prompt template inserts the placeholder token for every image, that the processor and the "
		 "tokenizer are of one version, and that a length limit has not cut it away");
	return true;
}

/* Needs: fewer places than features, in a sequence whose length is a named limit. */
bool
cause_placeholders_cut(const struct cause_facts *facts, struct cause *out)
{
	struct placeholders found;
	int64_t missing, least;
	bool one;

	if (!find_placeholders(facts, &found) || found.selected <= 0 || found.selected >= found.supplied)
		return false;
	missing = found.supplied - found.selected;
	least = found.rows > 1 ? (missing + found.rows - 1) / found.rows : missing; /* every sequence may have been cut */
	out->setting = limit_of(facts, found.length);
	one = lacks_one(facts, found.supplied);
	if (!out->setting && !one && (missing <= FEW || found.supplied % found.selected == 0))
		return false; /* nothing says that anything was cut; an exact multiple says something else */
	out->confidence = out->setting ? "likely" : "possible";
	text_add(&out->text, "placeholder tokens were cut by a length limit: %" PRId64 " places for %" PRId64 " rows of features, %" PRId64
		 " too few", found.selected, found.supplied, missing);
	if (out->setting)
		text_add(&out->evidence, "the sequence is %" PRId64 " long, which is %s", found.length, text_get(out->setting, "name"));
	if (add_spread(facts, found.supplied, &out->evidence))
		least = missing; /* one sequence lacks them all */
	text_add(&out->fix, "raise %s by at least %" PRId64, out->setting ? text_get(out->setting, "name") : SAY("the length limit"), least);
	if (least != missing)
		text_add(&out->fix, " (if all %" PRId64 " sequences were cut alike), %" PRId64 " (if one was)", found.rows, missing);
	if (out->setting && least == missing && found.length <= INT64_MAX - missing)
		text_add(&out->fix, " (to %" PRId64 " or more)", found.length + missing);
	text_add(&out->fix, ", use fewer or smaller images, or drop the sample");
	if (!out->setting && one)
		text_add(&out->fix, "; no limit is in reach: it was applied in another process or in an earlier run, whose tokenised cache must then be "
			 "rebuilt");
	return true;
}

/* Needs: more places than features, or a few less in a sequence that no limit has cut. */
bool
cause_placeholders_differ(const struct cause_facts *facts, struct cause *out)
{
	struct placeholders found;
	int64_t more, few, times;

	if (!find_placeholders(facts, &found) || found.selected <= 0)
		return false;
	more = found.selected - found.supplied;
	few = more < 0 ? -more : more;
	if (more < 0 && lacks_one(facts, found.supplied))
		return false; /* whole images but for the end of one sequence: cut */
	times = more < 0 && found.supplied % found.selected == 0 ? found.supplied / found.selected : 1;
	if (more < 0 && ((few > FEW && times == 1) || limit_of(facts, found.length)))
		return false;
	if (times > 1 && few > FEW) {
		const json_t *each = cause_number_called(facts, "image_seq_length num_image_token num_image_tokens image_tokens_per_image num_query_tokens");

		out->confidence = "likely";
		out->setting = each;
		text_add(&out->text, "exactly %" PRId64 " rows of features for each placeholder (%" PRId64 " for %" PRId64 "): model and processor divide a "
			 "picture differently", times, found.supplied, found.selected);
		if (each)
			text_add(&out->evidence, "%s is %" PRId64 " ", text_get(each, "name"), (int64_t)json_integer_value(json_object_get(each, "value")));
		text_add(&out->fix, "give model and processor the same patch size, merge size or downsample ratio (here off by %" PRId64
			 ") and so the same number of tokens a picture", times);
		return true;
	}
	out->confidence = "possible";
	text_add(&out->text, "there are %" PRId64 " placeholders for %" PRId64 " rows of features, %" PRId64 " too %s", found.selected,
		 found.supplied, few, more < 0 ? SAY("few") : SAY("many"));
	if (few <= FEW)
		text_add(&out->text, ": processor and tokenizer count the tokens of an image differently, or a sequence was cut (now, or in an earlier "
			 "run whose cache is read)");
	add_spread(facts, found.supplied, &out->evidence);
	add_units(facts, &found, out);
	if (more > 0 && cause_decider(&facts->sides[0])) {
		text_add(&out->evidence, "%sthe %" PRId64 " was decided by ", out->evidence.used ? SAY("; ") : "", facts->sides[0].size);
		cause_add_step(facts, &out->evidence, cause_decider(&facts->sides[0]));
	}
	text_add(&out->fix, "%s", more < 0
		 ? SAY("use processor and tokenizer of one version, with the same image sizes; where tokenised data is cached, rebuild the cache")
		 : SAY("check that every image or frame that the text has places for is given (a clip may have fewer frames), and that processor and "
		       "tokenizer are of one version"));
	return true;
}
