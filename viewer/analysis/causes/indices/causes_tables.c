/* Rules about what was made once, for a fixed length: tables of positions, masks, caches, buffers. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../causes_tool.h"
#include "../../mismatch/mismatch_rule.h"
#include "../../where.h"

#define LENGTH_HINTS "position max ctx context block_size cache window seq length words frames limit cutoff"
#define CALLS_ENOUGH 3
#define BEGIN_MOST 2  /* positions begin at 0, or behind what marks padding */
#define RUN_LEAST 16  /* fewer that follow one another may be any few classes */

bool
cause_are_positions(const struct cause_facts *facts)
{
	const struct mismatch *mismatch = facts->mismatch;
	const json_t *summary = cause_disagrees(facts, "index") ? cause_summary(facts, mismatch->operand) : NULL;
	const struct operand *index = summary ? &facts->event->operands[mismatch->operand] : NULL;
	int64_t least = cause_count(summary, "min", -1), most = cause_count(summary, "max", -1);
	int64_t distinct = cause_count(summary, "distinct", -1);

	if (!cause_disagrees(facts, "index") || cause_is_loss(facts))
		return false;
	if (facts->positions)
		return true;
	return summary && least >= 0 && (least <= BEGIN_MOST || distinct >= RUN_LEAST) && distinct > 1 && most - least == distinct - 1 && index->ndim > 0 &&
	       index->sizes[index->ndim - 1] == distinct &&
	       (json_is_true(json_object_get(summary, "sorted")) || cause_step_any(&facts->sides[0], "arange"));
}

static void
set_limit(const struct cause_facts *facts, struct cause *out, int64_t size)
{
	const json_t *number = cause_named_number(facts, size, LENGTH_HINTS);

	if (!number)
		return;
	out->setting = number;
	text_add(&out->evidence, "%s%" PRId64 " is %s", out->evidence.used ? SAY("; ") : "", size, text_get(number, "name"));
}

/* Is it one position, right behind the last? The next call will ask for the one after it. */
static bool
is_one_more(const struct cause_facts *facts)
{
	const struct operand *index = &facts->event->operands[facts->mismatch->operand];

	return index->ndim == 1 && index->sizes[0] == 1 && facts->mismatch->actual == facts->mismatch->expected && facts->mismatch->against >= 0;
}

/* The cat, in OUT, that put a sequence of LENGTH together, of features that a frame holds: what counted its positions saw no more than its length. */
static bool
find_joined(const struct cause_facts *facts, int64_t length, struct lineage_step *out)
{
	struct lineage *lineage = facts->source ? calloc(1, sizeof(*lineage)) : NULL;
	struct text_walk at = { 0 };
	bool found = false;
	const json_t *local;

	while (lineage && !found && (local = text_next(facts->frames, "locals", &at))) {
		const json_t *shape = json_object_get(local, "shape"), *tensor = json_object_get(local, "tensor");

		if (json_array_size(shape) != 3 || json_integer_value(json_array_get(shape, 1)) != length || !rule_is_floating(text_get(local, "dtype")) || !json_is_integer(tensor))
			continue;
		lineage_walk_tensor(facts->source, facts->process, json_integer_value(tensor), facts->event->id >= 0 ? facts->event->id : INT64_MAX, 1, LINEAGE_SIZE, lineage);
		for (int i = 0; i < lineage->count && lineage->steps[i].size == length && !lineage->steps[i].possible && !found; i++)
			if (mismatch_is_any(lineage->steps[i].event.operation, "cat concat concatenate") && cause_longest_piece(&lineage->steps[i]) != length) {
				*out = lineage->steps[i];
				found = true;
			}
	}
	free(lineage);
	return found;
}

/* "labels is as long, made by ..." of a tensor of whole numbers that the program's own frames hold: the sequence that the positions were counted for. */
static void
add_sequence(const struct cause_facts *facts, struct text *text, int64_t length)
{
	struct lineage *lineage = facts->source ? calloc(1, sizeof(*lineage)) : NULL;
	struct text_walk at = { 0 };
	const json_t *local;

	while (lineage && (local = text_next(facts->frames, "locals", &at))) {
		const json_t *shape = json_object_get(local, "shape"), *tensor = json_object_get(local, "tensor"), *frame = json_array_get(facts->frames, at.outer);
		size_t last = json_array_size(shape);

		if (!last || last > 2 || json_integer_value(json_array_get(shape, last - 1)) != length || !rule_is_integral(text_get(local, "dtype")) || !json_is_integer(tensor) ||
		    !where_is_program(text_get(frame, "file")))
			continue;
		lineage_walk_tensor(facts->source, facts->process, json_integer_value(tensor), facts->event->id >= 0 ? facts->event->id : INT64_MAX, (int)last - 1, LINEAGE_SIZE, lineage);
		if (lineage->decider < 0 || lineage->steps[lineage->decider].possible)
			continue;
		text_add(text, "%s%s is as long, made by ", text->used ? SAY("; ") : "", text_get(local, "name"));
		cause_add_line(facts, text, &lineage->steps[lineage->decider], length);
		break;
	}
	free(lineage);
}

/* Needs: indices that are consecutive positions (or made by counting), and a table shorter than they reach. Likely where
 * the largest is known. */
bool
cause_position_table(const struct cause_facts *facts, struct cause *out)
{
	const struct mismatch *mismatch = facts->mismatch;
	struct lineage_step join;
	bool embedding, joined;

	if (!cause_are_positions(facts) || (mismatch->has_actual && mismatch->actual < mismatch->expected))
		return false;
	embedding = cause_is(facts, "embedding index index_select"); /* what is read; a cache is written */
	out->confidence = mismatch->has_actual ? "likely" : "possible";
	if (facts->positions)
		text_add(&out->evidence, "the index was made by counting, not read from data");
	if (embedding && cause_tell_offset(facts, out, true))
		return true;
	set_limit(facts, out, mismatch->expected);
	if (!embedding)
		text_add(&out->text, "%s is full: ", cause_operand_name(facts, mismatch->against));
	else if (mismatch->has_actual && mismatch->actual < INT64_MAX)
		text_add(&out->text, "a sequence of %" PRId64 " exceeds the %" PRId64 " positions: ", mismatch->actual + 1, mismatch->expected);
	else
		text_add(&out->text, "the sequence exceeds the %" PRId64 " positions: ", mismatch->expected);
	if (mismatch->has_actual)
		text_add(&out->text, "position %" PRId64 " is asked of a table of %" PRId64, mismatch->actual, mismatch->expected);
	else
		text_add(&out->text, "a position beyond it is asked of a table of %" PRId64, mismatch->expected);
	if (is_one_more(facts) && !embedding && mismatch->has_actual) {
		text_add(&out->fix, "give %s room for all that a sequence gets in the end, prompts and what is added one by one together: ", cause_operand_name(facts, mismatch->against));
		if (out->setting) {
			const char *name;

			cause_last_name(text_get(out->setting, "name"), &name);
			text_add(&out->fix, "raise %s", text_get(out->setting, "name"));
			if (!*text_get(out->setting, "file"))
				cause_add_asked(facts, &out->fix, name);
		} else {
			text_add(&out->fix, "a static cache's max_cache_len");
		}
		text_add(&out->fix, " (%" PRId64 " would be enough for this call alone), or begin with an empty one before it is full", mismatch->actual + 1);
		return true;
	}
	joined = mismatch->has_actual && mismatch->actual < INT64_MAX && find_joined(facts, mismatch->actual + 1, &join);
	if (joined) {
		text_add(&out->text, "; %" PRId64 " are put together by ", join.size);
		cause_add_step(facts, &out->text, &join);
	}
	if (embedding && mismatch->has_actual && !joined)
		add_sequence(facts, &out->evidence, mismatch->actual + 1);
	text_add(&out->fix, "cut the sequences to %" PRId64, mismatch->expected);
	if (joined && cause_longest_piece(&join) > join.size - mismatch->expected)
		text_add(&out->fix, ", with all that is joined to them (the %" PRId64 " to %" PRId64 ")", cause_longest_piece(&join), cause_longest_piece(&join) - (join.size - mismatch->expected));
	text_add(&out->fix, ", or raise %s", out->setting ? text_get(out->setting, "name")
		 : embedding ? SAY("the model's number of positions (n_positions, max_position_embeddings)")
			     : SAY("its length (of a static cache: max_cache_len)"));
	if (mismatch->has_actual && mismatch->actual < INT64_MAX)
		text_add(&out->fix, " to %" PRId64 " or more", mismatch->actual + 1);
	if (embedding)
		text_add(&out->fix, " (with a cache, positions count from what it already holds)");
	else
		text_add(&out->fix, " (a cache's positions count from what it already holds: where a new text begins, empty it with reset() and count from 0 again)");
	return true;
}

/* Which side was made once (its place in sides), and is the other new? -1 if it isn't so. */
static int
table_side(const struct cause_facts *facts)
{
	bool one = cause_is_old(facts, &facts->sides[0]), other = cause_is_old(facts, &facts->sides[1]);

	if (one != other)
		return one ? 0 : 1;
	/* On the first call there is no before: a table that was made as one, and indexed beyond its end. */
	if (!one && facts->calls == 0)
		for (int i = 0; i < 2; i++)
			if ((cause_decided_by(&facts->sides[i], "ones zeros full arange") ||
			     (cause_decided_by(&facts->sides[i], "empty randn rand linspace") && cause_is_built(facts, cause_decider(&facts->sides[i])))) &&
			    cause_step(&facts->sides[i], "alias slice") && !cause_decided_by(&facts->sides[!i], "ones zeros empty full arange"))
				return i;
	return -1;
}

static bool
is_candidate(const struct cause_facts *facts)
{
	return cause_disagrees(facts, "size") && cause_is_elementwise(facts) && strcmp(facts->event->phase, "optimizer") != 0 &&
	       !cause_is(facts, "mse_loss l1_loss smooth_l1_loss huber_loss kl_div binary_cross_entropy binary_cross_entropy_with_logits");
}

/* Needs: two sizes, element by element; the smaller was made before the line ran last, the larger is new. Likely where
 * the table was cut to the sequence's length in earlier calls (or is sliced now) or its size is a limit by name. */
bool
cause_table_exceeded(const struct cause_facts *facts, struct cause *out)
{
	const struct cause_side *table, *asked;
	int side = is_candidate(facts) && !facts->twins ? table_side(facts) : -1;
	bool followed, cut;

	if (side < 0)
		return false;
	table = &facts->sides[side];
	asked = &facts->sides[!side];
	if (table->size < 0 || asked->size <= table->size)
		return false;
	cut = cause_step(table, "alias slice narrow") != NULL;
	if (!cut && facts->calls >= CALLS_ENOUGH && table->smallest == table->size && table->largest == table->size)
		return false; /* never cut: made for one size exactly */
	followed = facts->calls >= CALLS_ENOUGH && table->calls && table->smallest < table->largest && table->largest <= table->size;
	set_limit(facts, out, table->size);
	out->confidence = followed || cut || (out->setting && cause_is_limit(facts, out->setting)) ? "likely" : "possible";
	text_add(&out->text, "%" PRId64 " is more than what %s was made for: %" PRId64 " at most, made once by ", asked->size,
		 cause_operand_name(facts, table->place), table->size);
	cause_add_step(facts, &out->text, cause_decider(table));
	if (followed)
		text_add(&out->evidence, "%sin %" PRId64 " earlier calls it followed the length, %" PRId64 " to %" PRId64, out->evidence.used ? SAY("; ") : "",
			 facts->calls, table->smallest, table->largest);
	else if (cut)
		text_add(&out->evidence, "%sit is cut to the length that is asked for, and ends before", out->evidence.used ? SAY("; ") : "");
	if (out->setting)
		text_add(&out->fix, "raise %s to %" PRId64 " or more, or cut the sequences to %" PRId64, text_get(out->setting, "name"), asked->size,
			 table->size);
	else
		text_add(&out->fix, "cut the input to %" PRId64 " (truncation), or make the table %" PRId64 " long or more where it is built",
			 table->size, asked->size);
	return true;
}

/* The step of SIDE's story that is a convolution, and its window; NULL. */
static const struct lineage_step *
convolution_of(const struct cause_side *side, struct cause_window *out)
{
	for (int i = 0; side->lineage && i < side->lineage->count; i++)
		if (strstr(side->lineage->steps[i].event.operation, "conv") && cause_window(&side->lineage->steps[i], out))
			return &side->lineage->steps[i];
	return NULL;
}

/* How many frames would give FIXED, where LAYER's window of three dimensions made HAS of its input's first, which are the frames; 0 where it isn't so. */
static int64_t
frames_for(const struct lineage_step *layer, const struct cause_window *window, int64_t has, int64_t fixed)
{
	int weight = layer ? rule_tensor(&layer->event, "weight") : -1, input = layer ? rule_any(&layer->event, "self input") : -1;

	if (weight < 0 || input < 0 || layer->event.operands[weight].ndim != 5 || layer->dim != layer->event.operands[input].ndim - 3 || has < 1)
		return 0;
	return (window->over * fixed) % has ? 0 : window->over * fixed / has;
}

/* Needs: two sizes, element by element; one was made before the line ran last and never changed, the other is new and is
 * no longer than it, or the first was never cut. Likely after enough calls that agreed. */
bool
cause_fixed_size(const struct cause_facts *facts, struct cause *out)
{
	const struct cause_side *fixed, *asked;
	const struct lineage_step *layer;
	struct cause_window window;
	const json_t *picture;
	int64_t frames;
	int side = is_candidate(facts) && facts->calls > 0 ? table_side(facts) : -1;

	if (side < 0)
		return false;
	fixed = &facts->sides[side];
	asked = &facts->sides[!side];
	if (fixed->size < 0 || asked->size < 0 || !fixed->calls || fixed->smallest != fixed->largest || fixed->smallest != fixed->size ||
	    cause_step(fixed, "alias slice narrow") || facts->agreed != facts->calls)
		return false;
	if (asked->dim == 0 && asked->size < fixed->size)
		return false; /* the last batch, most likely: see there */
	layer = convolution_of(asked, &window);
	frames = frames_for(layer, &window, asked->size, fixed->size);
	if (!frames)
		set_limit(facts, out, fixed->size);
	out->confidence = facts->calls >= CALLS_ENOUGH ? "likely" : "possible";
	text_add(&out->text, "%s was made once for exactly %" PRId64 " and can't follow: this input has %" PRId64 ", all %" PRId64
		 " before had %" PRId64, cause_operand_name(facts, fixed->place), fixed->size, asked->size, facts->calls, fixed->size);
	text_add(&out->evidence, "%smade by ", out->evidence.used ? SAY("; ") : "");
	cause_add_step(facts, &out->evidence, cause_decider(fixed));
	if (frames) {
		out->setting = cause_picture_number(facts, frames, "frame", NULL);
		text_add(&out->text, "; it is of a clip of %" PRId64 " frames, and %" PRId64 " would fit", window.over, frames);
		cause_add_number(facts, &out->text, out->setting);
		text_add(&out->fix, "give every clip %" PRId64 " frames: sample as many however short it is, or repeat its last; or make the table from the clip's own number of frames", frames);
		return true;
	}
	picture = layer ? cause_number_called(facts, "image_size img_size input_size resolution") : NULL;
	if (picture && json_integer_value(json_object_get(picture, "value")) != window.over) {
		int64_t side_size = json_integer_value(json_object_get(picture, "value"));

		out->setting = picture;
		text_add(&out->text, "; it is cut from pictures, and %s is %" PRId64, text_get(picture, "name"), side_size);
		text_add(&out->fix, "resize the pictures to image_size = %" PRId64 ", or interpolate the position embeddings "
			 "(interpolate_pos_encoding=True)", side_size);
		return true;
	}
	text_add(&out->fix, "bring the input to %" PRId64 " (resize, crop, pad), or make the table from the input's own size (slice or interpolate it)",
		 fixed->size);
	return true;
}

static bool
is_mask(const struct cause_facts *facts, const struct cause_side *side)
{
	const char *dtype = side->place >= 0 ? facts->event->operands[side->place].dtype : NULL;

	return dtype && strcmp(dtype, "bool") == 0;
}

/* Needs: two sizes of this step, element by element; one was counted (arange, cumsum), the other wasn't. Likely where sine
 * and cosine say that it is positions. */
bool
cause_positions_length(const struct cause_facts *facts, struct cause *out)
{
	static const char counts[] = "arange cumsum linspace";
	const struct cause_side *counted, *other;
	int side;

	if (!is_candidate(facts))
		return false;
	side = cause_decided_by(&facts->sides[0], counts) ? 0 : cause_decided_by(&facts->sides[1], counts) ? 1 : -1;
	if (side < 0 || cause_decided_by(&facts->sides[!side], counts) || cause_is_old(facts, &facts->sides[side]))
		return false;
	counted = &facts->sides[side];
	other = &facts->sides[!side];
	if (counted->size < 0 || other->size < 0 || !cause_decider(other))
		return false;
	out->confidence = cause_step(counted, "cos sin") || (facts->agreed > 0 && !is_mask(facts, counted)) ? "likely" : "possible";
	if (is_mask(facts, counted))
		text_add(&out->text, "the mask is not as long as what it masks: %" PRId64 " places were counted by ", counted->size);
	else
		text_add(&out->text, "positions don't cover the sequence: %" PRId64 " were counted by ", counted->size);
	cause_add_step(facts, &out->text, cause_decider(counted));
	text_add(&out->text, ", %s has %" PRId64, cause_operand_name(facts, other->place), other->size);
	if (cause_step(counted, "cos sin"))
		text_add(&out->evidence, "cosine and sine were computed from them");
	if (is_mask(facts, counted))
		text_add(&out->fix, "count the mask's places from the length of %s (%" PRId64 "), or see which of the two was cut", cause_operand_name(facts, other->place),
			 other->size);
	else
		cause_tell_count(facts, out, cause_decider(counted), counted, other);
	return true;
}
