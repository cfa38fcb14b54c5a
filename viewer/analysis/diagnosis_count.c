/* Rows of features don't go into the places that a mask has: which of the two has the origin. */
#include <inttypes.h>
#include <stdlib.h>

#include "causes/placeholders/placeholders.h"
#include "causes/code/slice.h"
#include "mismatch/mismatch_rule.h"
#include "history/history.h"
#include "history/news.h"
#include "diagnosis_parts.h"
#include "text.h"

#define SAMPLED_DEPTH_MOST 6

static const char choosing[] = "index index_select masked_select nonzero nonzero_numpy unique unique2 gather topk where";
static const char comparing[] = "eq ne lt le gt ge isin";
static const char sampling[] = "multinomial argmax topk";

/* What a mask has was decided where the tensor was made whose elements were compared. False where none were. */
static bool
stop_at_compared(struct lineage *mask)
{
	int at = mask->decider, next;

	if (at < 0 || !mismatch_is_any(mask->steps[at].event.operation, comparing))
		return false;
	next = lineage_decides_from(mask, at + 1);
	mask->decider = next < 0 ? at : next;
	return true;
}

/* Did its line always make one size? NOW gets whether that is today's, too. (Another one is known of the whole run, not only of what is kept.) */
static bool
is_steady(const struct diagnosis *diagnosis, const struct lineage *lineage, bool *now)
{
	const struct lineage_step *step = lineage->count ? &lineage->steps[0] : NULL;
	struct history_size whole;
	struct usuals usuals;
	struct usual usual;

	if (!step || step->entered || step->event.id < 0 || step->dim < 0)
		return false;
	if (usual_made(diagnosis->source, diagnosis->failure->process, &step->event, step->output, USUAL_CALLS_QUICK, &usuals) &&
	    usual_dim(&usuals, step->dim, &usual) && usual.calls >= NEWS_CALLS_SURE) {
		*now = usual.same == usual.calls;
		return usual_is_steady(&usual);
	}
	*now = false;
	return history_size_new(diagnosis->source, diagnosis->failure->process, &step->event, step->output, step->dim, &whole) &&
	       whole.calls >= NEWS_CALLS_SURE && whole.smallest == whole.largest;
}

/* The step but for which the rows would be as many as the places: it left some of each group away. -1 */
static int
explains(const struct lineage *rows, const struct mismatch *mismatch)
{
	for (int i = 0; i + 1 < rows->count; i++) {
		int64_t from = rows->steps[i + 1].size, to = rows->steps[i].size, one, other;

		if (from > 0 && to > 0 && from != to && rows->steps[i].decides && !__builtin_mul_overflow(from, mismatch->actual, &one) &&
		    !__builtin_mul_overflow(to, mismatch->expected, &other) && one == other)
			return i;
	}
	return -1;
}

/* Was TENSOR, as it was before event BEFORE, chosen by a model (computed a little since), and not given to it? */
static bool
is_sampled(const struct source *source, int process, int64_t tensor, int64_t before, int depth)
{
	struct event maker;
	int output, writes;

	if (depth > SAMPLED_DEPTH_MOST || tensor <= 0 || !lineage_maker(source, process, tensor, before, LINEAGE_VALUES, &maker, &output, &writes))
		return false;
	if (mismatch_is_any(maker.operation, sampling))
		return true;
	for (int i = rule_next(&maker, 0); i >= 0 && !mismatch_is_any(maker.operation, "cat concat concatenate"); i = rule_next(&maker, i + 1))
		if (is_sampled(source, process, maker.operands[i].tensor, maker.id, depth + 1))
			return true;
	return false;
}

/* Does CAT put what a model chose behind what it was given? */
static bool
adds_sampled(const struct diagnosis *diagnosis, const struct event *cat)
{
	for (int i = rule_next(cat, 0); i >= 0; i = rule_next(cat, i + 1))
		if (is_sampled(diagnosis->source, diagnosis->failure->process, cat->operands[i].tensor, cat->id, 0))
			return true;
	return false;
}

static bool
is_shorter(const struct event *cut)
{
	bool shorter = false;

	for (int d = 0; cut->output_count && d < cut->outputs[0].ndim; d++)
		shorter = shorter || slice_shortens(cut, d);
	return shorter;
}

/* The places are too many: where tokens that a model chose were put behind those that it was given. They are too few: where they were cut. */
static void
stop_at_ids(const struct diagnosis *diagnosis, struct lineage *mask, bool many)
{
	for (int i = 0; i < mask->count && i < mask->decider; i++) {
		const struct event *event = &mask->steps[i].event;

		if (many ? mismatch_is_any(event->operation, "cat concat concatenate") && adds_sampled(diagnosis, event)
			 : is_shorter(event)) {
			mask->steps[i].decides = true;
			mask->decider = i;
			break;
		}
	}
}

/* What the causes ask about, as far as it is known here. */
static struct cause_facts
facts_of(const struct diagnosis *diagnosis, const struct lineage *rows)
{
	const struct failure *failure = diagnosis->failure;
	const struct mismatch *mismatch = &diagnosis->mismatch;

	return (struct cause_facts){
		.event = diagnosis->subject, .mismatch = mismatch, .frames = diagnosis->frames, .source = diagnosis->source, .process = failure->process,
		.numbers = failure->note ? json_object_get(failure->note->json, "numbers") : NULL, .counts = failure->operation ? failure->operation->json : NULL,
		.sides = { { .place = mismatch->operand, .dim = 0, .size = mismatch->actual, .lineage = rows } },
	};
}

/* What a limit, known by name, cut: images whose places the text has, or places in the text, whose length is the limit. */
enum cut { CUT_NOT, CUT_IMAGES, CUT_TEXT };

static enum cut
find_cut(const struct diagnosis *diagnosis, const struct lineage *rows)
{
	const struct cause_facts facts = facts_of(diagnosis, rows);
	struct placeholders_whole whole;
	struct placeholders found;
	int64_t most;

	if (!placeholders_find(&facts, &found))
		return CUT_NOT;
	if (placeholders_whole(&facts, &found, &whole) && placeholders_kept(&facts, &whole, &most))
		return CUT_IMAGES;
	return found.selected < found.supplied && placeholders_limit(&facts, &found) ? CUT_TEXT : CUT_NOT;
}

/* A picture's side is no multiple of its patch, and its rest makes the difference: who decided that side is told, and is the origin. */
static bool
blame_picture(struct diagnosis *diagnosis, const struct lineage *rows)
{
	const struct cause_facts facts = facts_of(diagnosis, rows);
	struct placeholders_uneven uneven;
	char name[64], size[32];
	struct lineage *story;

	if (!placeholders_rounded(&facts, &uneven) || !(story = calloc(1, sizeof(*story))))
		return false;
	*story = (struct lineage){ .process = diagnosis->failure->process, .property = LINEAGE_SIZE, .count = 1, .decider = 0, .before = rows->before, .part_dim = -1 };
	story->steps[0] = uneven.by;
	text_say(name, sizeof(name), "picture %d", uneven.picture);
	text_format(size, sizeof(size), "%" PRId64, uneven.size);
	json_decref(diagnosis->origin);
	diagnosis->origin = json_null();
	diagnosis_append(diagnosis, story, name, size, uneven.wide ? 2 : 1);
	free(story);
	return true;
}

void
diagnosis_count(struct diagnosis *diagnosis, struct lineage *rows, struct lineage *mask, const char *name)
{
	const struct mismatch *mismatch = &diagnosis->mismatch;
	int step = mismatch->has_actual && mismatch->has_expected ? explains(rows, mismatch) : -1;
	bool as_ever = false, steady = is_steady(diagnosis, rows, &as_ever), compared;
	enum cut cut;

	if (blame_picture(diagnosis, rows))
		return;
	cut = find_cut(diagnosis, rows);
	if (steady && !as_ever && cut != CUT_TEXT)
		return; /* they were always as many, and aren't now */
	if (step >= 0 && !steady) {
		rows->decider = step;
		diagnosis_retell(diagnosis, rows, rows->steps[step].size);
		return;
	}
	if (!steady && rows->decider >= 0 && mismatch_is_any(rows->steps[rows->decider].event.operation, choosing))
		return; /* what was chosen by values may as well be chosen wrongly */
	if (!steady && cut == CUT_IMAGES)
		return; /* the images are what was cut */
	compared = stop_at_compared(mask);
	if (!steady && !compared)
		return;
	if (mask->decider < 0)
		return;
	if (compared)
		stop_at_ids(diagnosis, mask, mismatch->expected > mismatch->actual);
	json_decref(diagnosis->origin);
	diagnosis->origin = lineage_origin(diagnosis->source, mask, name);
}
