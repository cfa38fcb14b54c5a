/* Rules about grids: tables of what each image brings (image_grid_thw and its like), and lists of parts. */
#include <inttypes.h>
#include <string.h>

#include "../causes_tool.h"
#include "../../mismatch/mismatch_rule.h"

#define ROWS_TOLD 8
#define ROWS_LEAST 8
#define MERGE_MOST 64
#define SIDE_MOST 4096

struct grid { int64_t sum; size_t rows; const json_t *local; };

/* A table whose rows' products are known. */
static bool
is_grid(const json_t *local, void *context)
{
	struct grid *grid = context;
	const json_t *products = json_object_get(json_object_get(local, "summary"), "row_products");
	int64_t sum = 0;

	if (!json_array_size(products) || !strstr(text_get(local, "name"), "grid"))
		return false;
	for (size_t i = 0; i < json_array_size(products); i++) {
		const json_t *product = json_array_get(products, i);

		if (!json_is_integer(product) || json_integer_value(product) <= 0 ||
		    __builtin_add_overflow(sum, (int64_t)json_integer_value(product), &sum))
			return false;
	}
	*grid = (struct grid){ sum, json_array_size(products), local };
	return true;
}

struct rows { int64_t count; };

static bool
has_rows(const json_t *local, void *context)
{
	const struct rows *rows = context;

	return json_array_size(json_object_get(local, "shape")) == 2 && cause_local_size(local, 0) == rows->count &&
	       strstr(text_get(local, "dtype"), "float");
}

/* Needs: a size that is the sum of a grid's rows (or that by the merge), and another that isn't. Likely where a tensor of
 * features has the other number of rows. */
bool
cause_grid_rows(const struct cause_facts *facts, struct cause *out)
{
	const struct mismatch *mismatch = facts->mismatch;
	const json_t *products, *features = NULL;
	int64_t merge = 0, other = 0, step;
	struct grid grid;
	int promised = -1;

	if (!facts->event || !mismatch || !mismatch->has_expected || !mismatch->has_actual || !text_among("size numel", mismatch->property) ||
	    !cause_local(facts, is_grid, &grid))
		return false;
	for (int i = 0; i < 2 && promised < 0; i++) {
		int64_t size = i ? mismatch->actual : mismatch->expected;

		if (size > 0 && grid.sum % size == 0 && grid.sum / size <= MERGE_MOST && (grid.sum == size || (i ? mismatch->expected : mismatch->actual) < size)) {
			struct rows rows;

			promised = i;
			merge = grid.sum / size;
			other = i ? mismatch->expected : mismatch->actual;
			rows.count = other * merge;
			features = cause_local(facts, has_rows, &rows);
			if (!features) {
				rows.count = other;
				features = cause_local(facts, has_rows, &rows);
			}
		}
	}
	if (promised < 0 || other <= 0 || (!features && (promised ? mismatch->actual : mismatch->expected) < ROWS_LEAST))
		return false; /* nothing has such rows, and small numbers divide anything */
	products = json_object_get(json_object_get(grid.local, "summary"), "row_products");
	out->confidence = features && merge == 1 ? "likely" : "possible";
	text_add(&out->text, "%s promises %" PRId64 " patches", text_get(grid.local, "name"), grid.sum);
	for (size_t i = 0; i < grid.rows && grid.rows <= ROWS_TOLD; i++)
		text_add(&out->text, "%s%" PRId64, i ? ", " : " (", (int64_t)json_integer_value(json_array_get(products, i)));
	text_add(&out->text, "%s, %s brings %" PRId64, grid.rows <= ROWS_TOLD ? ")" : "", features ? text_get(features, "name") : SAY("the other side"), other * merge);
	step = grid.sum - other * merge;
	for (size_t i = 0; i < grid.rows; i++)
		if (step == json_integer_value(json_array_get(products, i))) {
			text_add(&out->text, ": the patches of one picture are missing");
			break;
		}
	text_add(&out->fix, "give the pictures and their rows of %s together: as many as the text names, in the same order, from the same processor "
		 "call", text_get(grid.local, "name"));
	return true;
}

static void
add_whole(const struct cause_facts *facts, struct cause *out)
{
	if (!cause_decider(&facts->sides[1]))
		return;
	text_add(&out->evidence, "the %" PRId64 " was decided by ", facts->mismatch->expected);
	cause_add_step(facts, &out->evidence, cause_decider(&facts->sides[1]));
}

/* Needs: parts of a split that don't sum to what is split. Likely where they lack or exceed it by just one part. */
bool
cause_split_sum(const struct cause_facts *facts, struct cause *out)
{
	const struct mismatch *mismatch = facts->mismatch;
	int64_t parts[RULE_INTS_MOST];
	bool one = false;
	int count;

	if (!cause_disagrees(facts, "size") || !cause_is(facts, "split split_with_sizes unsafe_split_with_sizes") || mismatch->operand < 0)
		return false;
	count = rule_ints(facts->event, cause_argument(facts, mismatch->operand), parts, RULE_INTS_MOST);
	if (count < 1)
		return false;
	for (int i = 0; i < count; i++)
		one = one || mismatch->actual - mismatch->expected == parts[i];
	out->confidence = one && count > 1 ? "likely" : "possible";
	text_add(&out->text, "the parts ");
	text_add_sizes(&out->text, parts, count < 12 ? count : 12);
	text_add(&out->text, "%s sum to %" PRId64 ", %s has %" PRId64, count > 12 ? SAY(" and so on") : "", mismatch->actual,
		 cause_operand_name(facts, mismatch->against), mismatch->expected);
	if (mismatch->against_dim > 0 && mismatch->against_dim + 1 == facts->event->operands[mismatch->against].ndim) { /* features, not samples */
		const json_t *heads = cause_number_called(facts, "num_key_value_heads kv_heads n_kv_heads num_kv_heads n_head_kv n_kv_head");

		out->confidence = heads ? "likely" : "possible";
		out->setting = heads;
		if (heads)
			text_add(&out->text, "; %s is %" PRId64, text_get(heads, "name"), (int64_t)json_integer_value(json_object_get(heads, "value")));
		add_whole(facts, out);
		text_add(&out->fix, "make the parts from the layer's own widths, or build the layer for their sum, %" PRId64 "%s", mismatch->actual, heads
			 ? SAY(" (of a fused projection: queries are heads x head_dim wide, keys and values key/value heads x head_dim)") : "");
		return true;
	}
	if (one)
		text_add(&out->text, ": one part's rows are missing");
	add_whole(facts, out);
	text_add(&out->fix, "make the list of parts from what was put together (its own lengths), and both from the same samples");
	return true;
}

/* The side nearest to SIDE, upwards or not, of a square of patches that EACH divides; 0. */
static int64_t
dividing_side(int64_t side, int64_t each, int step)
{
	for (side += step; side > 0 && side <= SIDE_MOST; side += step)
		if (side * side % each == 0)
			return side;
	return 0;
}

/* COUNT, of which EACH neighbours are put together, is one side of a picture's grid of patches, or the product of both: which pictures have what fits. */
static void
tell_picture(const struct cause_facts *facts, int64_t count, int64_t each, struct cause *out)
{
	const struct lineage *lineage = facts->sides[1].lineage;
	struct cause_picture picture;
	const json_t *fits;
	int64_t side, both, less, more;

	if (!lineage || !lineage->count || lineage->steps[0].size != count || !cause_picture(&facts->sides[1], 0, &picture))
		return;
	side = lineage->steps[picture.layer].size;
	both = picture.stride * each;
	if (side != count && side * side != count)
		return;
	cause_add_picture(facts, &out->evidence, &picture);
	if (side == count) {
		fits = cause_picture_number(facts, picture.over - picture.over % both, cause_picture_names, NULL);
		fits = fits ? fits : cause_picture_number(facts, picture.over - picture.over % both + both, cause_picture_names, NULL);
		text_add(&out->fix, "make the pictures a multiple of %" PRId64 " (%" PRId64 " x %" PRId64 ") where they are resized, instead of %" PRId64, both, picture.stride, each, picture.over);
		cause_add_number(facts, &out->fix, fits);
		text_add(&out->fix, "; else ");
		return;
	}
	less = dividing_side(side, each, -1);
	more = dividing_side(side, each, 1);
	text_add(&out->text, "; it is %" PRId64 " x %" PRId64 " patches of %" PRId64, side, side, picture.stride);
	if (less && more)
		text_add(&out->fix, "choose the picture (or the patch) so that the patches divide: %" PRId64 " x %" PRId64 " are pictures of %" PRId64 ", %" PRId64 " x %" PRId64 " of %" PRId64
			 ", instead of %" PRId64 "; else ", less, less, less * picture.stride, more, more, more * picture.stride, picture.over);
}

/* Needs: a view that puts several neighbours into one, so many as their number divided without its rest and their width times as much tell. */
bool
cause_rows_merged(const struct cause_facts *facts, struct cause *out)
{
	const struct mismatch *mismatch = facts->mismatch;
	const struct operand *is;
	int64_t each = 0, count, rest;
	int dim;

	if (!cause_disagrees(facts, "numel") || mismatch->operand < 0 || mismatch->against < 0)
		return false;
	is = &facts->event->operands[mismatch->against];
	if ((dim = rule_merged(facts->event, mismatch->operand, is, &each)) < 0)
		return false;
	count = is->sizes[dim];
	rest = count % each;
	out->confidence = "likely";
	out->setting = cause_named_number(facts, each, "merge factor pool shuffle downsample stack group chunk window");
	if (out->setting && !cause_is_called(out->setting, "merge factor pool shuffle downsample stack group chunk window"))
		out->setting = NULL;
	text_add(&out->text, "%" PRId64 " are to be put together, %" PRId64 " into one", count, each);
	cause_add_number(facts, &out->text, out->setting);
	text_add(&out->text, ", and %" PRId64 " is no multiple of it: it leaves %" PRId64, count, rest);
	if (cause_decider(&facts->sides[1])) {
		text_add(&out->text, "; decided by ");
		cause_add_line(facts, &out->text, cause_decider(&facts->sides[1]), -1);
	}
	tell_picture(facts, count, each, out);
	if (out->setting)
		cause_tell_namesake(facts, text_get(out->setting, "name"), count, each, out);
	text_add(&out->fix, "bring the %" PRId64 " to a multiple of %" PRId64 " (%" PRId64 " or %" PRId64 "): choose the picture or sequence where it is decided so, pad what is put together, "
		 "or leave the last %" PRId64 " out before", count, each, count - rest, count - rest + each, rest);
	return true;
}
