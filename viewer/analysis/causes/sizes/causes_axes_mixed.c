/* A rule about what was made for two axes of one tensor, and met. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../causes_tool.h"
#include "../../history/elsewhere.h"
#include "../../mismatch/mismatch_rule.h"
#include "../../where.h"

/* The earlier calls of the line, all on other ways: how many, the newest's call site; and whether the two sides ever differed in them. */
struct ways { const struct cause_facts *facts; int64_t calls, site; bool differed; };

static bool
add_call(const struct event *event, void *context)
{
	struct ways *ways = context;
	const struct mismatch *mismatch = ways->facts->mismatch;
	int most = mismatch->operand > mismatch->against ? mismatch->operand : mismatch->against;
	const struct operand *one, *other;

	if (event->operand_count <= most || event->site == ways->facts->event->site)
		return true;
	one = &event->operands[mismatch->operand];
	other = &event->operands[mismatch->against];
	if (one->ndim <= mismatch->dim || other->ndim <= mismatch->against_dim)
		return true;
	ways->differed = ways->differed || one->sizes[mismatch->dim] != other->sizes[mismatch->against_dim];
	ways->site = ways->calls++ ? ways->site : event->site;
	return !ways->differed;
}

/* A tensor of more dimensions than the operands have, one of which is the one's size, another the other's, and each in one only. */
struct axes { int64_t sizes[2]; int dims[2], ndim; };

static bool
has_both(const json_t *local, void *context)
{
	struct axes *axes = context;
	int ndim = (int)json_array_size(json_object_get(local, "shape")), found[2] = { 0, 0 };

	if (ndim <= axes->ndim || strcmp(text_get(local, "kind"), "tensor") != 0 || !*text_get(local, "name"))
		return false;
	for (int d = 0; d < ndim; d++)
		for (int i = 0; i < 2; i++)
			if (cause_local_size(local, (size_t)d) == axes->sizes[i]) {
				found[i]++;
				axes->dims[i] = d;
			}
	return found[0] == 1 && found[1] == 1;
}

/* Does a frame outside the failing one hold a variable of SIDE's name and size: was it given to the function? */
static bool
is_given(const struct cause_facts *facts, const struct cause_side *side)
{
	const char *name = cause_operand_name(facts, side->place);
	struct text_walk at = { 1, 0 };
	const json_t *local;

	while ((local = text_next(facts->frames, "locals", &at)))
		if (strcmp(text_get(local, "name"), name) == 0 && cause_local_size(local, (size_t)side->dim) == side->size)
			return true;
	return false;
}

static void
add_shape(struct text *text, const json_t *local)
{
	int64_t sizes[CAUSE_SHAPE_MOST];
	int count = 0;

	for (size_t d = 0; d < json_array_size(json_object_get(local, "shape")) && count < CAUSE_SHAPE_MOST; d++)
		sizes[count++] = cause_local_size(local, d);
	text_add_sizes(text, sizes, count);
}

/* Needs: two sizes, element by element, that are two axes of one tensor of the frames; and every earlier call of the line, in which both were alike, came
 * from another line of the program. */
bool
cause_axes_mixed(const struct cause_facts *facts, struct cause *out)
{
	const struct mismatch *mismatch = facts->mismatch;
	const struct cause_side *sides = facts->sides, *given = NULL;
	char there[ELSEWHERE_LINE], here[ELSEWHERE_LINE];
	struct ways ways = { .facts = facts };
	const json_t *local;
	struct axes axes;
	bool first_given, second_given;

	if (!cause_disagrees(facts, "size") || !cause_is_elementwise(facts) || !facts->source || facts->calls || mismatch->operand < 0 || mismatch->against < 0 ||
	    sides[0].dim < 0 || sides[1].dim < 0 || sides[0].size < 2 || sides[1].size < 2 || sides[0].place < 0 || sides[1].place < 0)
		return false;
	axes = (struct axes){ .sizes = { sides[0].size, sides[1].size }, .ndim = facts->event->operands[sides[0].place].ndim };
	if (axes.ndim != facts->event->operands[sides[1].place].ndim || !(local = cause_local(facts, has_both, &axes)))
		return false;
	elsewhere_each(facts->source, facts->process, facts->event, add_call, &ways);
	if (!ways.calls || ways.differed || !elsewhere_parts(facts->source, facts->process, ways.site, facts->event->site, there, here))
		return false;
	out->confidence = "likely";
	text_add(&out->text, "two axes of %s ", text_get(local, "name"));
	add_shape(&out->text, local);
	text_add(&out->text, " are mixed up: %s is made for its dimension %d (%" PRId64 "), %s for its dimension %d (%" PRId64 ")", cause_operand_name(facts, sides[0].place),
		 axes.dims[0], sides[0].size, cause_operand_name(facts, sides[1].place), axes.dims[1], sides[1].size);
	text_add(&out->text, "; that comes of the call at %s: where it was called from %s, both had one size", here, there);
	first_given = is_given(facts, &sides[0]);
	second_given = is_given(facts, &sides[1]);
	if (first_given != second_given)
		given = &sides[second_given];
	if (given)
		text_add(&out->fix, "don't give the call at %s %s, which belongs to dimension %d, or give it one of dimension %d (%" PRId64 ")", here,
			 cause_operand_name(facts, given->place), axes.dims[given - sides], axes.dims[given == sides], given == sides ? sides[1].size : sides[0].size);
	else
		text_add(&out->fix, "give the call at %s what belongs to one axis alone", here);
	text_add(&out->fix, "; to bring one to the other's length would apply it to the wrong axis");
	return true;
}
