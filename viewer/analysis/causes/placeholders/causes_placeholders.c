/* Rules about placeholder tokens and the features that go there. */
#include <inttypes.h>
#include <string.h>

#include "../causes_tool.h"
#include "../../mismatch/mismatch_rule.h"
#include "placeholders.h"
#include "../code/slice.h"
#include "../../history/usual.h"

#define ROWS_TOLD 12
#define CALLS_ENOUGH 3
#define LIMITS "max_length max_len max_seq_length max_seq_len max_tokens cutoff_len model_max_length seq_len seq_length max_words" /* of what tokens are cut to */
#define CALLS_MANY 10 /* that agreed: what they share isn't wrong */
#define FEW 4 /* a difference that a count off by one a row or image explains */

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
	struct text_walk at = { 0 };
	const json_t *local;

	while ((local = text_next(facts->frames, "locals", &at))) {
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
	return false;
}

bool
placeholders_add_spread(const struct cause_facts *facts, int64_t features, struct text *out)
{
	const json_t *counts = placeholders_rows(facts);
	struct text rows = {{0}, 0};
	struct images images;
	int64_t wanted;
	int sequence;

	if (add_counts(&rows, counts))
		text_add(out, "%splaces in each sequence: %s", out->used ? SAY("; ") : "", rows.data);
	if (!find_images(facts, features, &images))
		return false;
	text_add(out, "%sthe %zu rows of %s bring ", out->used ? SAY("; ") : "", images.count, images.name);
	for (size_t i = 0; i < images.count; i++)
		text_add(out, "%s%" PRId64, i ? ", " : "", images.sizes[i]);
	sequence = rows.used ? placeholders_odd_sequence(images.sizes, images.count, counts, false, &wanted) : -1;
	if (sequence >= 0)
		text_add(out, ": sequence %d should have %" PRId64, sequence, wanted);
	return sequence >= 0;
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
	count = cause_named_number(facts, found->selected / a, "images frames");
	if (!cause_is_called(count, "images frames"))
		return; /* (channels and layers are counted, too) */
	out->setting = count;
	text_add(&out->evidence, "; %" PRId64 " is %s", found->selected / a, text_get(count, "name"));
}

/* Do all sequences have places for whole images, but one? */
static bool
lacks_one(const struct cause_facts *facts, int64_t features)
{
	struct text spread = {{0}, 0};

	return placeholders_add_spread(facts, features, &spread);
}

/* In all earlier calls there were as many places as features: neither template nor versions are wrong, this batch is. Says so; false where too few were seen. */
static bool
tell_only_this(const struct cause_facts *facts, struct cause *out)
{
	struct text made = {{0}, 0};
	int64_t same, before = placeholders_agreed(facts, &same);

	if (before < CALLS_MANY)
		return false;
	text_add(&out->evidence, "in %" PRId64 " earlier calls there were as many places as features: the template, the processor and the tokenizer go together", before);
	text_add(&out->fix, "look at the data of this batch (step %" PRId64, facts->step);
	if (placeholders_add_tokens(facts, 0, &made))
		text_add(&out->fix, ", its tokens come from %s", made.data);
	text_add(&out->fix, "): it brings an image whose text has no placeholder, or whose placeholder a length limit cut away; write it into that text, leave its image out, or leave "
		 "that sample out");
	return true;
}

/* Needs: a mask that selects nothing, and rows to put there. */
bool
cause_no_placeholder(const struct cause_facts *facts, struct cause *out)
{
	struct placeholders found;

	if (!placeholders_find(facts, &found) || found.selected != 0 || found.supplied == 0)
		return false;
	out->confidence = "certain";
	text_add(&out->text, "the batch holds no placeholder at all, yet %" PRId64 " rows of features", found.supplied);
	if (tell_only_this(facts, out))
		return true;
	text_add(&out->fix, "check that the prompt template inserts the placeholder token for every image, that the processor and the "
		 "tokenizer are of one version, and that a length limit has not cut it away");
	return true;
}

/* To what the limit is to be raised. Where it cut a single text, what stands around the placeholders may have gone as well. */
static void
add_least(struct cause *out, const struct placeholders *found, int64_t missing)
{
	if (found->rows > 1) {
		text_add(&out->fix, " (to %" PRId64 " or more for this sample; longer ones need more, or are not to be cut at all)", found->length + missing);
		return;
	}
	text_add(&out->fix, " (to %" PRId64 " at the least; more where what stands around them was cut, too), or leave out whole pieces of the text with their images (the oldest "
		 "turns)", found->length + missing);
}

const struct lineage_step *
placeholders_cutting(const struct cause_facts *facts, int64_t length)
{
	const struct lineage *mask = facts->sides[1].lineage;

	for (int i = 0; mask && length > 0 && i < mask->count; i++) {
		const struct event *event = &mask->steps[i].event;
		int last = event->output_count == 1 ? event->outputs[0].ndim - 1 : -1;

		if (slice_shortens(event, last) && event->outputs[0].sizes[last] == length)
			return &mask->steps[i];
	}
	return NULL;
}

/* Does a line of the program's files that are in the frames have the name of SETTING? */
static bool
is_read(const struct cause_facts *facts, const json_t *setting)
{
	struct text where = {{0}, 0};
	const char *last;
	char name[64];
	size_t size = cause_last_name(text_get(setting, "name"), &last);

	text_format(name, sizeof(name), "%.*s", (int)size, last);
	return *name && cause_add_asked(facts, &where, name);
}

/* Was no batch of the earlier calls of this line as long as this one, LENGTH? */
static bool
is_longest(const struct cause_facts *facts, int64_t length, struct usual *usual)
{
	const struct mismatch *mismatch = facts->mismatch;
	struct usuals usuals;

	return facts->source && !cause_is_raised(facts) && mismatch && mismatch->against >= 0 &&
	       usual_given(facts->source, facts->process, facts->event, mismatch->against, USUAL_CALLS_QUICK, &usuals) && usual_dim(&usuals, 1, usual) &&
	       usual->calls >= CALLS_ENOUGH && usual->largest < length;
}

/* The limit that no number in reach tells is the length that no batch had before. */
static void
tell_longest(const struct cause_facts *facts, const struct placeholders *found, const struct usual *was, struct cause *out)
{
	int told = 0;

	text_add(&out->evidence, "%sno batch was as long before: %" PRId64 ", where it was %" PRId64 " to %" PRId64 " in %" PRId64 " calls, so the limit is %" PRId64,
		 out->evidence.used ? SAY("; ") : "", found->length, was->smallest, was->largest, was->calls, found->length);
	for (int i = 0; facts->settings && i < facts->settings->count && !told; i++) {
		const struct setting *is = &facts->settings->list[i];

		if (is->value != found->length || is->file < 0 || !text_among(LIMITS, is->key))
			continue;
		told++;
		text_add(&out->evidence, " (%s = %" PRId64 ", %s:%d)", is->key, is->value, text_basename(facts->settings->files[is->file]), is->line);
	}
}

/* Needs: fewer places than features, in a sequence whose length is a named limit, or no batch had before, or that a slice made shorter; or one sequence alone that lacks a
 * part of a picture. */
bool
cause_placeholders_cut(const struct cause_facts *facts, struct cause *out)
{
	const struct lineage_step *cut;
	struct placeholders found;
	struct placeholders_whole whole;
	int64_t missing, least;
	bool one, within = false, longest = false;
	struct text alone = {{0}, 0};
	struct usual was;
	int sequence;

	if (!placeholders_find(facts, &found) || found.selected <= 0 || found.selected >= found.supplied)
		return false;
	cut = placeholders_cutting(facts, found.length);
	if (!cut && placeholders_whole(facts, &found, &whole) && whole.fits && !placeholders_limit(facts, &found))
		return false; /* whole images, and a sequence that has all of its own */
	missing = found.supplied - found.selected;
	least = found.rows > 1 ? (missing + found.rows - 1) / found.rows : missing; /* every sequence may have been cut */
	out->setting = placeholders_limit(facts, &found);
	sequence = placeholders_short_sequence(facts, &found, &alone, &within);
	longest = sequence >= 0 && !cut && !out->setting && is_longest(facts, found.length, &was);
	one = longest || within || lacks_one(facts, found.supplied);
	if (!cut && !out->setting && !one && (missing <= FEW || found.supplied % found.selected == 0))
		return false; /* nothing says that anything was cut; an exact multiple says something else */
	out->confidence = out->setting || cut || longest || within ? "likely" : "possible";
	text_add(&out->text, "placeholder tokens were cut by a length limit: %" PRId64 " places for %" PRId64 " rows of features, %" PRId64
		 " too few", found.selected, found.supplied, missing);
	if (cut) {
		text_add(&out->text, "; %" PRId64 " tokens were made %" PRId64 " by ", cut->event.operands[rule_any(&cut->event, "self input")].sizes[cut->event.outputs[0].ndim - 1],
			 found.length);
		cause_add_step(facts, &out->text, cut);
	}
	if (out->setting)
		text_add(&out->evidence, "the sequence is %" PRId64 " long, which is %s", found.length, text_get(out->setting, "name"));
	if (!placeholders_add_spread(facts, found.supplied, &out->evidence) && sequence >= 0)
		text_add(&out->text, "; %s", alone.data);
	if (one || sequence >= 0)
		least = missing; /* one sequence lacks them all */
	if (longest)
		tell_longest(facts, &found, &was, out);
	if (longest)
		text_add(&out->fix, "raise the length limit of %" PRId64 " by at least %" PRId64, found.length, least);
	else
		text_add(&out->fix, "raise %s by at least %" PRId64, out->setting ? text_get(out->setting, "name") : SAY("the length limit"), least);
	if (least != missing)
		text_add(&out->fix, " (if all %" PRId64 " sequences were cut alike), %" PRId64 " (if one was)", found.rows, missing);
	if (out->setting && least == missing && found.length <= INT64_MAX - missing)
		add_least(out, &found, missing);
	text_add(&out->fix, ", use fewer or smaller images, or drop the sample");
	if (cut) {
		text_add(&out->fix, "; it is cut here: ");
		cause_add_line(facts, &out->fix, cut, -1);
	}
	if (!cut && !out->setting && one && !longest)
		text_add(&out->fix, "; no limit is in reach: it was applied in another process or in an earlier run, whose tokenised cache must then be "
			 "rebuilt");
	else if (!cut && out->setting && !is_read(facts, out->setting))
		text_add(&out->fix, "; what was tokenised with the old limit before (a cache, a prepared file) must then be made again");
	return true;
}

/* Whole images too many or too few, and the sequence that has them. */
static void
tell_whole(const struct cause_facts *facts, struct cause *out, const struct placeholders *found, const struct placeholders_whole *whole)
{
	int64_t apart = whole->places > whole->given ? whole->places - whole->given : whole->given - whole->places;
	int64_t same, agreed = placeholders_agreed(facts, &same), runs = json_integer_value(json_array_get(placeholders_runs(facts), (size_t)whole->row));
	struct text made = {{0}, 0};

	out->confidence = "likely";
	text_add(&out->text, "there are placeholders for %" PRId64 " images (%" PRId64 " of %" PRId64 " each) and features of %" PRId64 " (%" PRId64 "): %" PRId64
		 " whole image%s too %s in the text, nothing was counted differently", whole->places, found->selected, whole->each, whole->given,
		 found->supplied, apart, language_plural(apart), whole->places > whole->given ? SAY("many") : SAY("few"));
	if (whole->places > whole->given)
		text_add(&out->text, " or cut");
	text_add(&out->text, "; sequence %d has places for %" PRId64 ", the others for 1", whole->row, whole->in_row);
	placeholders_add_spread(facts, found->supplied, &out->evidence);
	if (runs > 1)
		text_add(&out->evidence, "; those of sequence %d are in %" PRId64 " stretches, apart from one another", whole->row, runs);
	if (agreed)
		text_add(&out->evidence, "; in %" PRId64 " earlier calls they agreed", agreed);
	add_units(facts, found, out);
	if (whole->places > whole->given)
		text_add(&out->fix, "look at that text: the placeholder stands in it more often than it has images (one that is quoted is expanded like any other: "
			 "escape or remove it), or an image of it wasn't given");
	else
		text_add(&out->fix, "look at that text: give each of its images a placeholder (a template may leave one out, a limit cut one away), or don't give an image that it doesn't "
			 "speak of");
	if (placeholders_add_tokens(facts, 0, &made))
		text_add(&out->fix, "; it is number %d of the batch (from 0), whose tokens are made at %s", whole->row, made.data);
}

/* LIMIT left MOST images of each sequence, and the text has places for all that it had. */
static void
tell_kept(const struct cause_facts *facts, struct cause *out, const struct placeholders *found, const struct placeholders_whole *whole, const json_t *limit,
	  int64_t most)
{
	const json_t *counts = placeholders_rows(facts);
	int64_t largest = 0, over = 0;

	for (size_t i = 0; i < json_array_size(counts); i++) {
		int64_t images = json_integer_value(json_array_get(counts, i)) / whole->each;

		over += images > most;
		largest = images > largest ? images : largest;
	}
	out->confidence = "likely";
	out->setting = limit;
	text_add(&out->text, "images were left out, their placeholders weren't: the text has places for %" PRId64 " images (%" PRId64 ", %" PRId64 " for each), and features of %" PRId64
		 " are given, just as many as there are if no sequence has more than %" PRId64 " (%s)", whole->places, found->selected, whole->each, whole->given, most,
		 text_get(limit, "name"));
	text_add(&out->evidence, "with more: %" PRId64 " of %zu sequences, up to %" PRId64, over, json_array_size(counts), largest);
	placeholders_add_spread(facts, found->supplied, &out->evidence);
	text_add(&out->fix, "raise %s to %" PRId64 " or more, or take the placeholders of what it leaves out from the text, too (or drop such a sample)",
		 text_get(limit, "name"), largest);
}

/* Needs: more places than features, or a few less in a sequence that no limit has cut. */
bool
cause_placeholders_differ(const struct cause_facts *facts, struct cause *out)
{
	struct placeholders found;
	struct placeholders_whole whole;
	int64_t more, few, times, most, same;
	const json_t *limit;
	bool is_whole;

	if (!placeholders_find(facts, &found) || found.selected <= 0)
		return false;
	is_whole = placeholders_whole(facts, &found, &whole);
	limit = is_whole ? placeholders_kept(facts, &whole, &most) : NULL;
	if (limit) {
		tell_kept(facts, out, &found, &whole, limit, most);
		return true;
	}
	if (is_whole && whole.fits) {
		tell_whole(facts, out, &found, &whole);
		return true;
	}
	more = found.selected - found.supplied;
	few = more < 0 ? -more : more;
	if (more < 0 && lacks_one(facts, found.supplied))
		return false; /* whole images but for the end of one sequence: cut */
	times = more < 0 && found.supplied % found.selected == 0 ? found.supplied / found.selected : 1;
	if (more < 0 && ((few > FEW && times == 1) || placeholders_limit(facts, &found)))
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
	if (is_whole)
		text_add(&out->text, ": %" PRId64 " images of %" PRId64 " each against %" PRId64, whole.places, whole.each, whole.given);
	else if (placeholders_agreed(facts, &same) == same && same && few <= FEW)
		text_add(&out->text, "; as many rows had their places in %" PRId64 " earlier calls, so that no formula is wrong: a text of this batch has other placeholders than its images",
			 same);
	else if (few <= FEW && more > 0)
		text_add(&out->text, ": processor and model count the tokens of an image (a clip, a sound) differently");
	else if (few <= FEW)
		text_add(&out->text, ": processor and model count the tokens of an image (a clip, a sound) differently, or a sequence was cut (now, or in an earlier "
			 "run whose cache is read)");
	placeholders_add_spread(facts, found.supplied, &out->evidence);
	add_units(facts, &found, out);
	if (more > 0 && cause_decider(&facts->sides[0])) {
		text_add(&out->evidence, "%sthe %" PRId64 " was decided by ", out->evidence.used ? SAY("; ") : "", facts->sides[0].size);
		cause_add_step(facts, &out->evidence, cause_decider(&facts->sides[0]));
	}
	text_add(&out->fix, "%s", more < 0
		 ? SAY("let processor and model agree on what an image (a clip, a sound) takes: the same sizes, patch and merge size, the same tokens beside the patches; where tokenised data is cached, rebuild the cache")
		 : SAY("check that every image or frame that the text has places for is given (a clip may have fewer frames), and that processor and "
		       "model count alike what an image takes"));
	if (more > 0)
		placeholders_add_made(facts, &out->evidence, &out->fix);
	return true;
}
