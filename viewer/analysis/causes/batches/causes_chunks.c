/* Rules about what is cut into chunks one after the other and put together again: the rest that is in no chunk. */
#include <inttypes.h>
#include <string.h>

#include "../causes_tool.h"
#include "../../mismatch/mismatch_rule.h"
#include "../code/slice.h"

#define CHUNKS_MOST 1024
#define CALLS_ENOUGH 3
#define CALLS_MOST 4096

/* COUNT chunks, each WIDTH wide, of WHOLE places, the last of which ends at END; `cat` put them together, `cut` is the last cut on the way. */
struct chunks { const struct lineage_step *cat, *cut; int64_t count, width, whole, end; };

/* The places from START on, so many (WIDTH) of WHOLE, that EVENT cuts from its first operand; false if it is no such cut. */
struct cut { int dim; int64_t tensor, start, width, whole; };

static bool
read_cut(const struct event *event, struct cut *out)
{
	int self = rule_any(event, "self input");
	int64_t along = 0;
	struct slice slice;

	if (self < 0)
		return false;
	if (slice_read(event, &slice)) {
		*out = (struct cut){ slice.dim, event->operands[self].tensor, slice.start, slice_left(&slice), slice.whole };
		return true;
	}
	*out = (struct cut){ .dim = -1, .tensor = event->operands[self].tensor };
	if (!mismatch_is_any(event->operation, "narrow") || !rule_int(event, "dim", &along) || !rule_int(event, "start", &out->start) || !rule_int(event, "length", &out->width))
		return false;
	out->dim = rule_dim(along, event->operands[self].ndim);
	out->whole = out->dim < 0 ? 0 : event->operands[self].sizes[out->dim];
	return out->dim >= 0 && out->start >= 0;
}

/* The cuts of one line from one tensor, as wide each. */
struct cuts { const struct cut *of; int64_t step, starts[CHUNKS_MOST], looked; int count; };

static bool
add_cut(const struct event *event, void *context)
{
	struct cuts *cuts = context;
	struct cut cut;

	if (event->step != cuts->step || cuts->looked++ > CALLS_MOST || cuts->count >= CHUNKS_MOST)
		return false;
	if (!read_cut(event, &cut) || cut.tensor != cuts->of->tensor || cut.dim != cuts->of->dim || cut.width != cuts->of->width || cut.start % cut.width)
		return true;
	for (int i = 0; i < cuts->count; i++)
		if (cuts->starts[i] == cut.start)
			return true;
	cuts->starts[cuts->count++] = cut.start;
	return true;
}

/* Did STEP's line cut its tensor in chunks of CUT's width, one after the other from the first place on? How many; 0. */
static int64_t
count_cuts(const struct cause_facts *facts, const struct lineage_step *step, const struct cut *cut, int64_t before)
{
	struct cuts cuts = { .of = cut, .step = step->event.step };
	struct event any = step->event;
	int64_t largest = 0;

	any.id = before;
	facts->source->each_call(facts->source->context, facts->process, &any, add_cut, &cuts);
	for (int i = 0; i < cuts.count; i++)
		largest = cuts.starts[i] > largest ? cuts.starts[i] : largest;
	return largest == (cuts.count - 1) * cut->width ? cuts.count : 0;
}

/* The chunks on SIDE's way, which has SIZE where WANTED are wanted. */
static bool
find_chunks(const struct cause_facts *facts, const struct cause_side *side, int64_t size, int64_t wanted, struct chunks *out)
{
	const struct lineage *lineage = side->lineage;
	int at = 0;

	for (*out = (struct chunks){ .cat = NULL }; lineage && at < lineage->count && !out->width; at++)
		if (rule_pieces(&lineage->steps[at].event) > 1 && (out->width = cause_piece_width(&lineage->steps[at])))
			out->cat = &lineage->steps[at];
	if (!out->width || !facts->source || size < 1 || size >= wanted || size % out->cat->size || wanted % (size / out->cat->size))
		return false;
	out->whole = wanted / (size / out->cat->size);
	for (; at < lineage->count && lineage->steps[at].size == out->width; at++) {
		const struct lineage_step *step = &lineage->steps[at];
		struct cut cut;

		if (step->event.id < 0 || !read_cut(&step->event, &cut) || cut.dim != step->dim || cut.width != out->width || cut.whole != out->whole)
			continue;
		out->cut = step;
		out->count = count_cuts(facts, step, &cut, out->cat->event.id);
		out->end = out->count * out->width;
		return out->end == out->cat->size;
	}
	return false;
}

bool
cause_tell_chunks(const struct cause_facts *facts, const struct cause_side *side, int64_t size, int64_t wanted, struct cause *out)
{
	struct chunks chunks;
	const json_t *number;
	int64_t rest;

	if (!find_chunks(facts, side, size, wanted, &chunks))
		return false;
	rest = chunks.whole - chunks.end;
	if (rest < chunks.width)
		text_add(&out->text, "the last %" PRId64 " of %" PRId64 ", which is no multiple of %" PRId64 ", are in no chunk: ", rest, chunks.whole, chunks.width);
	else
		text_add(&out->text, "the last %" PRId64 " of %" PRId64 " are in no chunk: ", rest, chunks.whole);
	text_add(&out->text, "%" PRId64 " chunks of %" PRId64 ", up to %" PRId64 ", are cut by ", chunks.count, chunks.width, chunks.end);
	cause_add_line(facts, &out->text, chunks.cut, chunks.width);
	text_add(&out->text, " and put together by ");
	cause_add_step(facts, &out->text, chunks.cat);
	number = cause_number_at(facts, chunks.cut, chunks.width);
	out->setting = number ? number : out->setting;
	text_add(&out->fix, "take the last, shorter chunk, too: go on to the end in steps of %" PRId64 " (range(0, %" PRId64 ", %" PRId64 "), or the number of chunks rounded up, not "
		 "`//`; tensor.split(%" PRId64 ") leaves no rest), wherever the same chunks are cut; what is put in their place afterwards (zeros) only hides that the last %" PRId64
		 " are never computed", chunks.width, chunks.whole, chunks.width, chunks.width, rest);
	return true;
}

/* Needs: a size that is a cat of pieces as wide each, cut as consecutive slices, from the first place on, of what has the other side's size. */
bool
cause_chunk_rest(const struct cause_facts *facts, struct cause *out)
{
	int small;

	if (!cause_disagrees(facts, "size") || facts->sides[0].size < 1 || facts->sides[1].size < 1)
		return false;
	small = facts->sides[1].size < facts->sides[0].size;
	text_add(&out->text, "%s has %" PRId64 " where %s has %" PRId64 ": ", cause_operand_name(facts, facts->sides[small].place), facts->sides[small].size,
		 cause_operand_name(facts, facts->sides[!small].place), facts->sides[!small].size);
	if (!cause_tell_chunks(facts, &facts->sides[small], facts->sides[small].size, facts->sides[!small].size, out))
		return false;
	out->confidence = "likely";
	if (facts->calls >= CALLS_ENOUGH && facts->agreed == facts->calls)
		text_add(&out->evidence, "in %" PRId64 " earlier calls they agreed", facts->calls);
	return true;
}
