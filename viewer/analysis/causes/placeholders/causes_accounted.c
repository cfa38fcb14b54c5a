/* A rule about places in the text that are accounted for sequence by sequence: what is one too many, and why no whole image is. */
#include <inttypes.h>
#include <string.h>

#include "../causes_tool.h"
#include "placeholders.h"
#include "../../knowledge.h"
#include "../../mismatch/mismatch_rule.h"

#define SEQUENCES_MOST 64
#define FEW 4 /* more places, or fewer, than a count that rounds otherwise explains */

/* The one sequence whose places aren't what it brings; those of all others are. */
struct account {
	int row;
	int64_t places, brings, images /* of EACH rows; 0: not of images that are alike */, each;
	int64_t runs, whole_runs;         /* stretches of its places, the most of another sequence's; 0: not counted */
	int64_t others;
	struct placeholders found;
	int64_t agreed, same;             /* earlier calls, and those with as many rows */
	const struct lineage_step *picked; /* features that were picked by a mask, row by row; NULL */
};

/* How many rows each sequence brings where the features were picked by a mask with a row for each; NULL. */
static const json_t *
picked_rows(const struct cause_facts *facts, const json_t *rows, int64_t supplied, const struct lineage_step **picked)
{
	const struct lineage *story = facts->sides[0].lineage;

	for (int i = 0; story && i < story->count; i++) {
		const struct event *event = &story->steps[i].event;

		if (!mismatch_is_any(event->operation, "index masked_select"))
			continue;
		for (int n = rule_next(event, 0); n >= 0; n = rule_next(event, n + 1)) {
			const json_t *brings = event->operands[n].tensor > 0 && strcmp(event->operands[n].dtype, "bool") == 0
				? json_object_get(knowledge_summary(event->operands[n].tensor, facts->counts, facts->frames), "rows") : NULL;

			if (json_array_size(brings) == json_array_size(rows) && brings && placeholders_sum(brings) == supplied) {
				*picked = &story->steps[i];
				return brings;
			}
		}
	}
	return NULL;
}

/* BRINGS: of each sequence; NULL: images of EACH rows, with SUPPLIED in all, and the one that has no whole images brings what the others leave. */
static bool
find_odd(const json_t *rows, const json_t *brings, int64_t supplied, struct account *out)
{
	int64_t left = supplied;

	out->row = -1;
	for (size_t i = 0; i < json_array_size(rows); i++) {
		int64_t places = json_integer_value(json_array_get(rows, i));

		if (brings ? places == json_integer_value(json_array_get(brings, i)) : places % out->each == 0) {
			left -= places;
			continue;
		}
		if (out->row >= 0)
			return false;
		out->row = (int)i;
		out->places = places;
	}
	out->others = (int64_t)json_array_size(rows) - 1;
	out->brings = brings && out->row >= 0 ? json_integer_value(json_array_get(brings, (size_t)out->row)) : left;
	out->images = brings ? 0 : out->brings / out->each;
	return out->row >= 0 && out->others > 0 && out->brings > 0;
}

static void
read_runs(const struct cause_facts *facts, struct account *out)
{
	const json_t *runs = placeholders_runs(facts);

	out->runs = json_integer_value(json_array_get(runs, (size_t)out->row));
	for (size_t i = 0; i < json_array_size(runs); i++)
		if ((int)i != out->row && json_integer_value(json_array_get(runs, i)) > out->whole_runs)
			out->whole_runs = json_integer_value(json_array_get(runs, i));
}

static bool
find_account(const struct cause_facts *facts, struct account *out)
{
	const json_t *rows = placeholders_rows(facts), *brings;
	struct placeholders_whole whole;
	struct placeholders found;

	*out = (struct account){ .row = -1 };
	if (json_array_size(rows) < 2 || json_array_size(rows) > SEQUENCES_MOST || !placeholders_find(facts, &found) || found.selected < 1 || found.supplied < 1 ||
	    placeholders_sum(rows) != found.selected)
		return false;
	brings = picked_rows(facts, rows, found.supplied, &out->picked);
	if (!brings) {
		placeholders_whole(facts, &found, &whole);
		out->each = whole.each;
		if (out->each < 2 || found.supplied % out->each)
			return false;
	}
	if (!find_odd(rows, brings, found.supplied, out))
		return false;
	read_runs(facts, out);
	out->found = found;
	out->agreed = placeholders_agreed(facts, &out->same);
	return true;
}

static void
add_others(const struct account *account, struct text *text)
{
	if (account->others == 1)
		text_add(text, "; the other sequence has as many as it brings");
	else
		text_add(text, "; the other %" PRId64 " have as many as they bring", account->others);
}

/* "(train.py:25)", the line that made the tokens. */
static void
add_tokens(const struct cause_facts *facts, struct text *text)
{
	struct text line = {{0}, 0};

	if (placeholders_add_tokens(facts, 0, &line))
		text_add(text, " (%s)", line.data);
}

static void
add_evidence(const struct cause_facts *facts, const struct account *account, struct cause *out)
{
	placeholders_add_spread(facts, account->found.supplied, &out->evidence);
	if (account->runs > 0 && account->runs > account->whole_runs)
		text_add(&out->evidence, "; those of sequence %d are in %" PRId64 " stretches, apart from one another, where the others' are in %" PRId64, account->row, account->runs,
			 account->whole_runs);
	else if (account->runs > 0)
		text_add(&out->evidence, "; those of sequence %d stand one beside the other, as the others' do", account->row);
	if (account->agreed)
		text_add(&out->evidence, "; in %" PRId64 " earlier calls they agreed", account->agreed);
}

/* One that stands in the text itself. */
static void
tell_literal(const struct cause_facts *facts, const struct account *account, struct cause *out)
{
	int64_t more = account->places - account->brings;

	text_add(&out->text, "sequence %d has %" PRId64 " places in the text, %" PRId64 " more than ", account->row, account->places, more);
	if (account->images)
		text_add(&out->text, "its %" PRId64 " image%s of %" PRId64 " rows", account->images, language_plural(account->images), account->each);
	else
		text_add(&out->text, "the %" PRId64 " rows that it brings", account->brings);
	add_others(account, &out->text);
	text_add(&out->text, ": the placeholder stands in that sample's own text as well, as a word of it, and was made a token like those of the images");
	text_add(&out->fix, "take it out of that sample's text (number %d of the batch, from 0), or write it otherwise, before the images' places are put in and the text is made tokens",
		 account->row);
	add_tokens(facts, &out->fix);
}

/* The formula by which the model counts: the first arithmetic on the mask's way. */
static const struct lineage_step *
counting_step(const struct cause_facts *facts, const struct account *account)
{
	const struct lineage *story = facts->sides[0].lineage;

	for (int i = (int)(account->picked - story->steps) + 1; i < story->count; i++)
		if (mismatch_is_any(story->steps[i].event.operation, "add sub mul div floor_divide remainder"))
			return &story->steps[i];
	return NULL;
}

/* As many as another formula than the model's comes to. */
static void
tell_counted(const struct cause_facts *facts, const struct account *account, struct cause *out)
{
	int64_t apart = account->places > account->brings ? account->places - account->brings : account->brings - account->places;
	const struct lineage_step *step = counting_step(facts, account);

	text_add(&out->text, "sequence %d has %" PRId64 " places in the text and brings %" PRId64 " rows, %" PRId64 " too %s", account->row, account->places, account->brings, apart,
		 account->places > account->brings ? SAY("many") : SAY("few"));
	add_others(account, &out->text);
	text_add(&out->text, ": the text's places are counted by another formula than the model's, and the two part for such a length");
	if (account->places < account->brings)
		text_add(&out->text, " (or the text was cut)");
	text_add(&out->fix, "count the places where the tokens are made as the model counts its rows: %" PRId64 " for this sample (number %d of the batch, from 0) instead of %" PRId64,
		 account->brings, account->row, account->places);
	add_tokens(facts, &out->fix);
	if (step) {
		text_add(&out->fix, ". The model's own is here: ");
		cause_add_line(facts, &out->fix, step, -1);
	}
}

/* Are the MORE places a word of the text? They stand apart from the images' own; or, where that isn't known, every image always took as many. */
static bool
is_literal(const struct account *account, int64_t more, bool always)
{
	int64_t apart = account->runs - (account->images ? account->images : account->whole_runs);

	if (more > FEW || (account->runs > 0 && apart < 1))
		return false;
	if (account->images && more * 2 > account->each && more != apart)
		return false; /* rather a whole image's, of which some were cut */
	return account->runs > 0 || (account->images && always);
}

/* Needs: places counted in each sequence, of which all but one have just as many as they bring: as its images, all alike, take, or as a mask picked of each. Likely
 * where a few more stand apart from the images' own, or earlier calls with as many rows agreed; and where a formula's count is one stretch and agreed for other lengths. */
bool
cause_placeholders_accounted(const struct cause_facts *facts, struct cause *out)
{
	struct account account;
	int64_t more;

	if (!find_account(facts, &account))
		return false;
	more = account.places - account.brings;
	if (more > 0 && is_literal(&account, more, account.agreed && account.same == account.agreed)) {
		out->confidence = "likely";
		tell_literal(facts, &account, out);
	} else if (account.picked && more <= FEW && more >= -FEW && (more > 0 || !placeholders_limit(facts, &account.found))) {
		out->confidence = more > 0 && account.runs && account.agreed ? "likely" : "possible";
		tell_counted(facts, &account, out);
	} else {
		return false;
	}
	add_evidence(facts, &account, out);
	return true;
}
