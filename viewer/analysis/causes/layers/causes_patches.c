/* Rules about the grid of patches that a picture is cut into: another number of them was built for, or asked for. */
#include <inttypes.h>
#include <string.h>

#include "../causes_tool.h"
#include "../placeholders/grids.h"
#include "../../mismatch/mismatch_rule.h"

#define MORE_MOST 8 /* tokens in front of the patches: a class token, registers */

/* Two sizes that SIDE's places, but for MORE that were put to them, were put together from, after a convolution made them: a picture's patches. The step of the
 * convolution, -1. */
static int
patches_of(const struct cause_side *side, struct grid_sides *out, int64_t *more)
{
	for (int i = 0; side->lineage && i + 1 < side->lineage->count; i++) {
		const struct lineage_step *step = &side->lineage->steps[i], *maker = &side->lineage->steps[i + 1];
		int place = rule_any(&step->event, "self input");
		const struct operand *from = place >= 0 ? &step->event.operands[place] : NULL;
		struct cause_window window;
		char name[96];

		mismatch_plain_name(step->event.operation, name, sizeof(name));
		if (step->size < side->size - MORE_MOST || step->size > side->size)
			return -1;
		if (!text_among("flatten view reshape", name) || !cause_window(maker, &window) || window.unfolds || !from || from->ndim < 3)
			continue;
		*out = (struct grid_sides){ from->sizes[from->ndim - 2], from->sizes[from->ndim - 1] };
		*more = side->size - step->size;
		return out->high * out->wide == step->size ? i + 1 : -1;
	}
	return -1;
}

bool
cause_picture(const struct cause_side *side, int from, struct cause_picture *out)
{
	struct cause_window window;
	int made;

	for (int i = from; side->lineage && i < side->lineage->count; i++) {
		if (side->lineage->steps[i].entered || !cause_window(&side->lineage->steps[i], &window) || window.stride < 2)
			continue;
		made = lineage_decides_from(side->lineage, i + 1);
		*out = (struct cause_picture){ .layer = i, .over = window.over, .stride = window.stride, .made = made < 0 ? NULL : &side->lineage->steps[made] };
		return true;
	}
	return false;
}

void
cause_add_picture(const struct cause_facts *facts, struct text *text, const struct cause_picture *picture)
{
	static const char sides[] = "image img picture resolution crop height width edge";

	if (!picture->made)
		return;
	text_add(text, "the %" PRId64 " of the picture was decided by ", picture->over);
	cause_add_step(facts, text, picture->made);
	cause_add_number(facts, text, cause_picture_number(facts, picture->over, sides, NULL));
}

/* Sides of pictures: two of one length, or not. */
static void
add_sides(struct text *text, struct grid_sides sides)
{
	text_add(text, "%" PRId64 " x %" PRId64, sides.high, sides.wide);
}

/* Which side has a picture's patches, and the other as many places as the program asked for, or built; -1. LAYER: the step that made the patches. */
static int
find_patches(const struct cause_facts *facts, struct grid_sides *grid, int64_t *more, int *layer)
{
	const struct lineage_step *asked;
	struct grid_sides other;
	int64_t few;
	int side = 0;

	if (!cause_disagrees(facts, "size") || !cause_is_elementwise(facts) || facts->sides[0].size < 2 || facts->sides[1].size < 2)
		return -1;
	*layer = -1;
	while (side < 2 && (*layer = patches_of(&facts->sides[side], grid, more)) < 0)
		side++;
	asked = *layer >= 0 ? cause_decider(&facts->sides[!side]) : NULL;
	if (!asked || asked->entered || patches_of(&facts->sides[!side], &other, &few) >= 0 ||
	    !cause_decided_by(&facts->sides[!side], "rand randn zeros ones full empty arange randint randperm"))
		return -1;
	return side;
}

/* Needs: the patches of a picture, element by element against as many places as a square grid of another size has (and as many more in front), which were built
 * with the model: pictures of another size than it was built for. */
bool
cause_picture_size(const struct cause_facts *facts, struct cause *out)
{
	struct grid_sides grid, is, built;
	struct cause_picture picture;
	const json_t *size;
	int64_t more, root;
	int layer, side = find_patches(facts, &grid, &more, &layer);
	const struct cause_side *table = side < 0 ? NULL : &facts->sides[!side];

	if (!table || (root = grid_root(table->size - more)) < 2 || root * root != table->size - more || !cause_is_built(facts, cause_decider(table)) ||
	    !cause_picture(&facts->sides[side], layer, &picture) || picture.layer != layer)
		return false;
	is = (struct grid_sides){ grid.high * picture.stride, grid.wide * picture.stride };
	built = (struct grid_sides){ root * picture.stride, root * picture.stride };
	size = cause_picture_number(facts, built.high, cause_picture_names, NULL);
	out->confidence = "likely";
	out->setting = size;
	text_add(&out->text, "the picture is another than the model was built for: ");
	add_sides(&out->text, is);
	text_add(&out->text, ", %" PRId64 " x %" PRId64 " patches of %" PRId64 "; %s was built for %" PRId64 " x %" PRId64 ", pictures of ", grid.high, grid.wide, picture.stride,
		 cause_operand_name(facts, table->place), root, root);
	add_sides(&out->text, built);
	cause_add_number(facts, &out->text, size);
	cause_add_picture(facts, &out->evidence, &picture);
	text_add(&out->evidence, "%s%s was built by ", out->evidence.used ? SAY("; ") : "", cause_operand_name(facts, table->place));
	cause_add_step(facts, &out->evidence, cause_decider(table));
	text_add(&out->fix, "bring the pictures to ");
	add_sides(&out->fix, built);
	text_add(&out->fix, " where they are resized (a processor's size, Resize, a crop)");
	if (is.high == is.wide)
		text_add(&out->fix, ", or build the model for pictures of %" PRId64 " where nothing pretrained is loaded", is.high);
	text_add(&out->fix, "; where the model can, let it interpolate its positions (interpolate_pos_encoding=True)");
	return true;
}

/* Needs: as many places as a picture has patches, against another number that the program asked for. */
bool
cause_patches(const struct cause_facts *facts, struct cause *out)
{
	struct grid_sides grid;
	int64_t more, root;
	int layer, side = find_patches(facts, &grid, &more, &layer);

	if (side < 0 || more || cause_is_old(facts, &facts->sides[!side]))
		return false;
	out->confidence = "likely";
	root = grid_root(facts->sides[!side].size);
	text_add(&out->text, "the picture has %" PRId64 " x %" PRId64 " = %" PRId64 " patches, %s was made for %" PRId64, grid.high, grid.wide, facts->sides[side].size,
		 cause_operand_name(facts, facts->sides[!side].place), facts->sides[!side].size);
	if (root > 1 && root * root == facts->sides[!side].size)
		text_add(&out->text, " (%" PRId64 " x %" PRId64 ")", root, root);
	text_add(&out->text, " by ");
	cause_add_step(facts, &out->text, cause_decider(&facts->sides[!side]));
	text_add(&out->evidence, "the patches are made by ");
	cause_add_step(facts, &out->evidence, &facts->sides[side].lineage->steps[layer]);
	if (facts->sides[!side].size == facts->sides[side].size + 1) { /* a class token's place */
		text_add(&out->fix, "put the class token in front before the two meet, or leave its place out of %s ([:, 1:])",
			 cause_operand_name(facts, facts->sides[!side].place));
		return true;
	}
	text_add(&out->fix, "count them as the model does: (height // patch_size) * (width // patch_size), from the model's own config");
	return true;
}
