/* Findings about sizes that go through in silence. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../causes/causes_tool.h"
#include "../lineage/whole.h"
#include "findings_tool.h"

#define CUT_CALLS 5    /* lengths that say something about all */
#define CUT_BATCHES 2  /* at the limit: one may be chance */
#define POSITION_CALLS 8
#define POSITION_SIZES 6 /* different lengths */
#define POSITION_ROWS 64
#define BUCKET 8       /* lengths that are all multiples of this were rounded up */

static const char cut_limits[] = "max_len max_seq seq_len seq_length cutoff block_size max_position n_positions model_max trunc max_source "
				 "max_target max_prompt max_text max_token n_ctx context_len context_window";

/* A loss of [8] against [8, 1] compares every prediction with every target: 64 numbers, of which 8 mean something. */
void
finding_loss_broadcast(const struct finding_facts *facts, struct finding_sink *sink)
{
	for (int i = 0; i < facts->survey->count; i++) {
		const struct survey_site *site = &facts->survey->sites[i];
		struct finding *finding = site->kind == SURVEY_LOSS && site->odd ? finding_new(sink) : NULL;

		if (!finding)
			continue;
		text_add(&finding->text, "%s", *site->function ? site->function : SAY("a loss"));
		finding->confidence = *site->function ? NULL : "likely";
		finding_add_place(facts, &finding->text, site->site);
		text_add(&finding->text, " compares ");
		text_add_sizes(&finding->text, site->sizes[0], site->ndim[0]);
		text_add(&finding->text, " with ");
		text_add_sizes(&finding->text, site->sizes[1], site->ndim[1]);
		text_add(&finding->text, ": both are broadcast, so that every prediction is held against every target");
		finding_add_calls(&finding->evidence, site);
		finding->event = site->event;
		finding->site = site->site;
	}
}

/* scatter takes from its source what the index has room for, and says nothing of the rest. */
void
finding_source_in_part(const struct finding_facts *facts, struct finding_sink *sink)
{
	for (int i = 0; i < facts->survey->count; i++) {
		const struct survey_site *site = &facts->survey->sites[i];
		struct finding *finding = site->kind == SURVEY_SCATTER && site->odd ? finding_new(sink) : NULL;

		if (!finding)
			continue;
		text_add(&finding->text, "%s", site->operation + 6);
		finding_add_place(facts, &finding->text, site->site);
		text_add(&finding->text, " writes only a part of its source: index ");
		text_add_sizes(&finding->text, site->sizes[0], site->ndim[0]);
		text_add(&finding->text, ", source ");
		text_add_sizes(&finding->text, site->sizes[1], site->ndim[1]);
		text_add(&finding->text, "; what the index has no place for is left out, and the backward of such a call may fail");
		finding_add_calls(&finding->evidence, site);
		finding->event = site->event;
		finding->site = site->site;
	}
}

/* --- lengths that a limit cut ---------------------------------------------------------------- */

/* Were the lengths padded to a multiple of something? Then the limit is met by rounding, too. */
static bool
are_rounded(const struct call_history *history)
{
	return whole_divisor(history) >= BUCKET;
}

/* The first limit that is called so and is as large as the longest. */
static const json_t *
limit_of(const struct finding_facts *facts, int64_t size)
{
	struct cause_facts asked = { .numbers = json_object_get(facts->state, "numbers"), .settings = facts->settings };
	const json_t *number = cause_named_number(&asked, size, cut_limits);

	return number && cause_is_called(number, cut_limits) && cause_is_limit(&asked, number) ? number : NULL;
}

struct lengths { int64_t sizes[SURVEY_SIZES_MOST]; int count; };

static bool
keep_length(const struct event *event, void *context)
{
	struct lengths *lengths = context;
	const struct operand *indices = event->operand_count > 1 ? &event->operands[1] : NULL;

	if (indices && indices->ndim > 0)
		lengths->sizes[lengths->count++] = indices->sizes[indices->ndim - 1];
	return lengths->count < SURVEY_SIZES_MOST;
}

static int
order(const void *left, const void *right)
{
	int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;

	return (a > b) - (a < b);
}

/* "lengths of the newest 40 batches: half are 212 or less, 99 % 498 or less, the longest 512" */
static void
add_distribution(const struct finding_facts *facts, struct text *text, const struct event *like)
{
	struct event newest = *like;
	struct lengths *lengths = calloc(1, sizeof *lengths);

	newest.id = INT64_MAX;
	if (lengths)
		facts->source->each_call(facts->source->context, facts->process, &newest, keep_length, lengths);
	if (lengths && lengths->count > 3) {
		int n = lengths->count;

		qsort(lengths->sizes, (size_t)n, sizeof *lengths->sizes, order);
		text_add(text, "of the newest %d batches, half are %" PRId64 " long or less, 99 %% %" PRId64 " or less, the longest %" PRId64, n,
			 lengths->sizes[(n - 1) / 2], lengths->sizes[(int64_t)(n - 1) * 99 / 100], lengths->sizes[n - 1]);
	}
	free(lengths);
}

static bool
is_told(const struct finding_sink *sink, const json_t *number)
{
	for (int i = 0; i + 1 < sink->count; i++)
		if (json_equal(sink->list[i].setting, (json_t *)number))
			return true;
	return false;
}

/* Batches of all lengths, and some of exactly the limit that bears a name: those were longer, and were cut. Lengths that never vary
 * (packed, padded to the limit) and rounded ones tell nothing. */
void
finding_always_cut(const struct finding_facts *facts, struct finding_sink *sink)
{
	for (int i = 0; i < facts->survey->count; i++) {
		const struct survey_site *site = &facts->survey->sites[i];
		struct call_history history;
		const json_t *number;
		struct finding *finding;
		struct event event;

		if (site->kind != SURVEY_LOOKUP || !facts->source->event(facts->source->context, facts->process, site->event, &event) ||
		    event.operand_count < 2 ||
		    !facts->source->call_history(facts->source->context, facts->process, &event, false, 1, event.operands[1].ndim - 1, &history))
			continue;
		if (history.measured < CUT_CALLS || history.at_largest < CUT_BATCHES || history.smallest == history.largest ||
		    (history.size_count < 3 && !history.more) || are_rounded(&history))
			continue;
		number = limit_of(facts, history.largest);
		finding = number ? finding_new(sink) : NULL;
		if (!finding)
			continue;
		finding->setting = json_deep_copy(number);
		if (is_told(sink, number)) {
			finding_drop(sink);
			continue;
		}
		text_add(&finding->text, "%" PRId64 " of %" PRId64 " batches are exactly %" PRId64 " long, which is %s: longer samples are cut there",
			 history.at_largest, history.measured, history.largest, text_get(number, "name"));
		add_distribution(facts, &finding->evidence, &event);
		finding->event = event.id;
		finding->site = site->site;
	}
}

/* --- positions near the table's end ------------------------------------------------------------ */

/* Does a limit by name keep lengths within ROWS? The table's own size is no such limit. */
static bool
is_kept_within(const struct finding_facts *facts, int64_t longest, int64_t rows)
{
	struct cause_facts asked = { .numbers = json_object_get(facts->state, "numbers"), .settings = facts->settings };
	const json_t *frame, *one;
	size_t i, n;

	json_array_foreach(asked.numbers, i, frame)
		json_array_foreach(json_object_get(frame, "numbers"), n, one) {
			int64_t value = json_integer_value(json_object_get(one, "value"));

			if (value >= longest && value <= rows && !cause_is_called(one, "position n_ctx") && cause_is_limit(&asked, one))
				return true;
		}
	return false;
}

/* Is SITE asked for positions: one row for all sequences, or rows of consecutive numbers? */
static bool
are_positions(const struct survey_site *site, const json_t *sample)
{
	int64_t looked = finding_number(sample, "looked");

	return site->ndim[0] == 2 && (looked ? finding_number(sample, "runs") == looked : site->ndim[1] == 1 || (site->ndim[1] == 2 && site->sizes[1][0] == 1));
}

/* Positions of lengths that vary, and the longest so far took nearly all of the table. Where no limit
 * is named, a longer one will come. */
void
finding_positions_near_end(const struct finding_facts *facts, struct finding_sink *sink)
{
	for (int i = 0; i < facts->survey->count; i++) {
		const struct survey_site *site = &facts->survey->sites[i];
		int64_t rows = site->sizes[0][0];
		struct call_history history;
		const json_t *sample = finding_sample(facts, "index", site->site);
		struct finding *finding;
		struct event event;
		int64_t used;

		if (site->kind != SURVEY_LOOKUP || !are_positions(site, sample) ||
		    !facts->source->event(facts->source->context, facts->process, site->event, &event) || event.operand_count < 2 ||
		    !facts->source->call_history(facts->source->context, facts->process, &event, false, 1, event.operands[1].ndim - 1, &history))
			continue;
		used = finding_number(sample, "largest") + 1 > history.largest ? finding_number(sample, "largest") + 1 : history.largest;
		if (history.measured < POSITION_CALLS || (!history.more && history.size_count < POSITION_SIZES) || history.at_largest > 1 ||
		    used >= rows || used < rows - rows / 10 || rows < POSITION_ROWS || is_kept_within(facts, history.largest, rows))
			continue;
		finding = finding_new(sink);
		if (!finding)
			return;
		text_add(&finding->text, "a table of %" PRId64 " positions", rows);
		finding_add_place(facts, &finding->text, site->site);
		text_add(&finding->text, " has been used up to %" PRId64 ", by lengths from %" PRId64 " on that nothing is seen to limit: a sequence that is longer fails",
			 used, history.smallest);
		add_distribution(facts, &finding->evidence, &event);
		finding->event = event.id;
		finding->site = site->site;
	}
}

/* --- masks that select nothing --------------------------------------------------------------- */

/* What a loss rests on is read through a mask that never has a True: its mean is nan, its gradient nothing. */
void
finding_nothing_selected(const struct finding_facts *facts, struct finding_sink *sink)
{
	for (int i = 0; i < facts->survey->count; i++) {
		const struct survey_site *site = &facts->survey->sites[i];
		struct finding *finding;

		if (site->kind != SURVEY_SELECT || site->odd < site->calls || site->calls < 4 || site->last_step - site->first_step < 2)
			continue;
		finding = finding_new(sink);
		if (!finding)
			continue;
		text_add(&finding->text, "a mask selects no row of ");
		text_add_sizes(&finding->text, site->sizes[0], site->ndim[0]);
		finding_add_place(facts, &finding->text, site->site);
		text_add(&finding->text, ": ");
		finding_add_calls(&finding->text, site);
		text_add(&finding->text, " (steps %" PRId64 " to %" PRId64 ")", site->first_step, site->last_step);
		finding->event = site->event;
		finding->site = site->site;
	}
}
