/* A rule about a division that leaves a rest: the failing statement views a tensor by sizes that it divides, and one isn't a multiple. */
#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "causes_tool.h"
#include "../mismatch/mismatch_rule.h"

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

/* Needs: a view whose elements don't fit, in a statement that divides a number with a rest; the number (or what it was divided from) is a size of the tensor. */
bool
cause_floor_rest(const struct cause_facts *facts, struct cause *out)
{
	const struct condition_scope *scope = facts->scope;
	int self = scope && cause_disagrees(facts, "numel") ? rule_any(facts->event, "self input") : -1;
	const struct operand *is = self >= 0 ? &facts->event->operands[self] : NULL;
	struct rest rest;
	const struct lineage_step *made;
	char name[TERM_MOST + 1];
	int64_t whole = 0, unit = 1;
	bool found = is && find_rest_of(scope, scope->statements[scope->count - 1].text, &rest), held = false;

	if (found)
		follow(scope, &rest, &whole, &unit, name);
	for (int d = 0; found && d < is->ndim; d++)
		held = held || (whole >= WHOLE_LEAST && is->sizes[d] == whole);
	if (!held)
		return false;
	out->confidence = "likely";
	out->setting = cause_number_on_line(facts, rest.by);
	text_add(&out->text, "`%s // %s` is %" PRId64 " // %" PRId64 " and leaves %" PRId64, rest.whole, rest.part, rest.is, rest.by, rest.is % rest.by);
	if (whole != rest.is)
		text_add(&out->text, ": %s = %" PRId64 " is no multiple of %" PRId64 " x %" PRId64 " = %" PRId64, name, whole, unit / rest.by, rest.by, unit);
	else
		text_add(&out->text, ": %s has %" PRId64 ", no multiple of %" PRId64, cause_operand_name(facts, self), whole, unit);
	made = maker_of(facts, whole);
	if (made) {
		text_add(&out->text, "; it was made ");
		text_add(&out->text, "%" PRId64 " by ", whole);
		cause_add_line(facts, &out->text, made, whole);
	}
	if (whole == rest.is)
		cause_tell_namesake(facts, rest.part, whole, rest.by, out);
	if (unit == rest.by)
		text_add(&out->fix, "pad, resize or crop the %" PRId64 " to a multiple of %s = %" PRId64 " (%" PRId64 " or %" PRId64 ") before it is cut "
			 "into parts", whole, rest.part, unit, whole / unit * unit, (whole / unit + 1) * unit);
	else
		text_add(&out->fix, "round to multiples of %" PRId64 " where the %" PRId64 " is made (%" PRId64 " or %" PRId64 ")", unit, whole, whole / unit * unit,
			 (whole / unit + 1) * unit);
	if (made) {
		text_add(&out->fix, ": ");
		cause_add_step(facts, &out->fix, made);
	}
	return true;
}
