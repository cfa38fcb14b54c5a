/* A rule about a division that leaves a rest: the failing statement views a tensor by sizes that it divides, and one isn't a multiple. */
#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../causes_tool.h"
#include "../placeholders/grids.h"
#include "../../mismatch/mismatch_rule.h"

#define TERM_MOST 64
#define WHOLE_LEAST 4 /* smaller sizes are many things */

/* "grid_w // MERGE" with both numbers. */
struct rest { char whole[TERM_MOST + 1], part[TERM_MOST + 1]; int64_t is, by; };

/* The term that ends at END, of TEXT. */
static void
term_before(const char *text, const char *end, char out[TERM_MOST + 1])
{
	const char *from;

	while (end > text && end[-1] == ' ')
		end--;
	for (from = end; from > text && (text_is_word(from[-1]) || from[-1] == '.');)
		from--;
	text_format(out, TERM_MOST + 1, "%.*s", (int)(end - from), from);
}

/* The first division of TEXT that leaves a rest; false if none does. */
static bool
find_rest(const struct condition_scope *scope, const char *text, struct rest *out)
{
	for (const char *at = text; (at = strstr(at, "//")); at += 2) {
		const char *after = at + 2 + strspn(at + 2, " ");
		size_t size = code_term(after);
		struct condition_value whole, part;

		term_before(text, at, out->whole);
		text_format(out->part, sizeof(out->part), "%.*s", (int)size, after);
		if (!*out->whole || isdigit((unsigned char)*out->whole) || !size || size > TERM_MOST)
			continue;
		whole = condition_read(scope, out->whole);
		part = condition_read(scope, out->part);
		if (whole.kind != CONDITION_NUMBER || part.kind != CONDITION_NUMBER || part.number < 2 || whole.number < 1 || whole.number % part.number == 0)
			continue;
		out->is = whole.number;
		out->by = part.number;
		return true;
	}
	return false;
}

/* The first division that leaves a rest, of TEXT, or of what a name in it was set to ("shape = (h // m, m, w // m, m)"). */
static bool
find_rest_of(const struct condition_scope *scope, const char *text, struct rest *out)
{
	struct code_names names = { .count = 0 };
	char set[CODE_TEXT_MOST];
	int place;

	if (find_rest(scope, text, out))
		return true;
	code_depends(scope->statements, scope->count, &names);
	for (int i = 0; i < names.count; i++)
		if (!names.names[i].depth && names.names[i].assigned && code_assigned(scope->statements, scope->count, names.names[i].name, set, sizeof(set), &place) && place < 0 &&
		    find_rest(scope, set, out))
			return true;
	return false;
}

/* A number that was itself divided ("grid_w = w // PATCH"): what of, and by what all in all; the name of the first. */
static void
follow(const struct condition_scope *scope, const struct rest *rest, int64_t *whole, int64_t *unit, char name[TERM_MOST + 1])
{
	char text[512], part[TERM_MOST + 1], item[512];
	const char *at = text, *sign;
	int place, n = 0;

	*whole = rest->is;
	*unit = rest->by;
	text_format(name, TERM_MOST + 1, "%s", rest->whole);
	if (strpbrk(rest->whole, ".[") || !code_assigned(scope->statements, scope->count, rest->whole, text, sizeof(text), &place))
		return;
	for (; place > 0 && n < place && (at = strchr(at, ',')); n++) /* "a, b = h // p, w // p" */
		at++;
	if (!at)
		return;
	text_format(item, sizeof(item), "%.*s", (int)strcspn(at, ","), at);
	sign = strstr(item, "//");
	if (!sign || strpbrk(item, "+-*%("))
		return;
	term_before(item, sign, name);
	sign += 2 + strspn(sign + 2, " ");
	text_format(part, sizeof(part), "%.*s", (int)code_term(sign), sign);
	struct condition_value of = condition_read(scope, name), by = condition_read(scope, part);
	if (of.kind != CONDITION_NUMBER || by.kind != CONDITION_NUMBER || by.number < 1 || of.number / by.number != rest->is) {
		text_format(name, TERM_MOST + 1, "%s", rest->whole);
		return;
	}
	*whole = of.number;
	*unit = by.number * rest->by;
}

/* The step of a side that made a dimension of SIZE; NULL. */
static const struct lineage_step *
maker_of(const struct cause_facts *facts, int64_t size)
{
	for (int i = 0; i < 2; i++) {
		const struct lineage_step *step = cause_decider(&facts->sides[i]);

		if (step && step->size == size)
			return step;
	}
	return NULL;
}

/* The number is one side of the grid that a dimension of the tensor has the places of ("tokens.view(b, h // m, m, w // m, m, c)" of [b, h * w, c]). */
struct side_of { struct grid grid; int64_t places; bool wide; const struct lineage *story; struct lineage *before /* of the picture's side; to be freed */; };

static bool
find_side(const struct cause_facts *facts, const struct operand *is, int64_t number, struct side_of *out)
{
	for (int i = 0; i < 2; i++) {
		const struct lineage *story = facts->sides[i].lineage;
		bool held = false;

		for (int d = 0; story && story->count && d < is->ndim; d++)
			held = held || is->sizes[d] == story->steps[0].size;
		if (!held || !grid_find(story, &out->grid) || (out->grid.sides.high != number && out->grid.sides.wide != number))
			continue;
		out->places = story->steps[0].size;
		out->wide = out->grid.sides.high != number;
		out->story = story;
		return true;
	}
	return false;
}

/* The picture's side that the strided layer made NUMBER of, which goes with the UNIT, and who decided it (*MADE); false if no such layer is recorded. */
static bool
before_layer(const struct cause_facts *facts, struct side_of *side, int64_t number, int64_t *whole, int64_t *unit, const struct lineage_step **made)
{
	const struct lineage_step *layer = side->grid.made >= 0 ? &side->story->steps[side->grid.made] : NULL;
	int64_t stride = side->wide ? side->grid.stride.wide : side->grid.stride.high, over = side->wide ? side->grid.picture.wide : side->grid.picture.high;
	int input = layer ? rule_any(&layer->event, "input self") : -1;

	if (input < 0 || stride < 1 || over / stride != number || over % (stride * *unit) == 0)
		return false;
	*whole = over;
	*unit *= stride;
	side->before = facts->source ? calloc(1, sizeof(*side->before)) : NULL;
	if (side->before)
		lineage_walk(facts->source, facts->process, &layer->event, input, layer->event.operands[input].ndim - (side->wide ? 1 : 2), LINEAGE_SIZE, side->before);
	if (side->before && side->before->decider >= 0)
		*made = &side->before->steps[side->before->decider];
	return true;
}

static void
tell_side(const struct cause_facts *facts, const struct side_of *side, const struct rest *rest, const char *name, int64_t whole, int64_t unit, struct text *text)
{
	text_add(text, ": the %" PRId64 " of %s are %" PRId64 " x %" PRId64, side->places, name, side->grid.sides.high, side->grid.sides.wide);
	if (whole == rest->is) {
		text_add(text, ", and %" PRId64 " is no multiple of %" PRId64, whole, unit);
		return;
	}
	text_add(text, ", and the %" PRId64 " was made of %" PRId64 ", no multiple of %" PRId64 " x %" PRId64 " = %" PRId64 ", by ", rest->is, whole, unit / rest->by, rest->by, unit);
	cause_add_step(facts, text, &side->story->steps[side->grid.made]);
}

static void
tell_fix(const struct rest *rest, int64_t whole, int64_t unit, struct text *fix)
{
	if (unit == rest->by)
		text_add(fix, "pad, resize or crop the %" PRId64 " to a multiple of %s = %" PRId64 " (%" PRId64 " or %" PRId64 ") before it is cut "
			 "into parts", whole, rest->part, unit, whole / unit * unit, (whole / unit + 1) * unit);
	else
		text_add(fix, "round to multiples of %" PRId64 " where the %" PRId64 " is made (%" PRId64 " or %" PRId64 ")", unit, whole, whole / unit * unit,
			 (whole / unit + 1) * unit);
}

/* Needs: a view whose elements don't fit, in a statement that divides a number with a rest; the number (or what it was divided from) is a size of the tensor, or a side of
 * the grid whose places are one. */
bool
cause_floor_rest(const struct cause_facts *facts, struct cause *out)
{
	const struct condition_scope *scope = facts->scope;
	int self = scope && cause_disagrees(facts, "numel") ? rule_any(facts->event, "self input") : -1;
	const struct operand *is = self >= 0 ? &facts->event->operands[self] : NULL;
	struct side_of side = { .places = 0 };
	struct rest rest;
	const struct lineage_step *made;
	char name[TERM_MOST + 1];
	int64_t whole = 0, unit = 1;
	bool found = is && find_rest_of(scope, scope->statements[scope->count - 1].text, &rest), held = false;

	if (found)
		follow(scope, &rest, &whole, &unit, name);
	for (int d = 0; found && d < is->ndim; d++)
		held = held || (whole >= WHOLE_LEAST && is->sizes[d] == whole);
	if (!held && (!found || !find_side(facts, is, rest.is, &side)))
		return false;
	made = maker_of(facts, whole);
	if (side.places) {
		whole = rest.is;
		unit = rest.by;
		before_layer(facts, &side, rest.is, &whole, &unit, &made);
	}
	out->confidence = "likely";
	out->setting = cause_number_on_line(facts, rest.by);
	text_add(&out->text, "`%s // %s` is %" PRId64 " // %" PRId64 " and leaves %" PRId64, rest.whole, rest.part, rest.is, rest.by, rest.is % rest.by);
	if (side.places)
		tell_side(facts, &side, &rest, cause_operand_name(facts, self), whole, unit, &out->text);
	else if (whole != rest.is)
		text_add(&out->text, ": %s = %" PRId64 " is no multiple of %" PRId64 " x %" PRId64 " = %" PRId64, name, whole, unit / rest.by, rest.by, unit);
	else
		text_add(&out->text, ": %s has %" PRId64 ", no multiple of %" PRId64, cause_operand_name(facts, self), whole, unit);
	if (made && side.places) {
		text_add(&out->text, "; ");
		cause_add_decided(facts, &out->text, whole, made);
	} else if (made) {
		text_add(&out->text, "; it was made ");
		text_add(&out->text, "%" PRId64 " by ", whole);
		cause_add_line(facts, &out->text, made, whole);
	}
	if (whole == rest.is)
		cause_tell_namesake(facts, rest.part, whole, rest.by, out);
	tell_fix(&rest, whole, unit, &out->fix);
	if (made) {
		text_add(&out->fix, ": ");
		cause_add_step(facts, &out->fix, made);
	}
	free(side.before);
	return true;
}
