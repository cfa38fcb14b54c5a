/* A rule about two limits of one kind: what belongs together was cut at the one and at the other. */
#include <inttypes.h>
#include <string.h>

#include "../causes_tool.h"

#define CALLS_ENOUGH 5
#define LIMIT_LEAST 8
#define SAID_MOST 160

/* Two limits, and how many the smaller side has less than the limit that it was cut at (1: shifted; -1: one was added). */
struct two_limits { const json_t *less, *more; int64_t shift; };

static int64_t
value_of(const json_t *number)
{
	return json_integer_value(json_object_get(number, "value"));
}

/* Is it a limit of the same kind as LESS, of something else? What is called alike is ("cfg['a']['max_length']", "args.max_length"). */
static bool
is_alike(const struct cause_facts *facts, const json_t *less, const json_t *more)
{
	const char *one, *other;
	size_t size = cause_last_name(text_get(less, "name"), &one);

	return cause_is_limit(facts, more) && strcmp(text_get(less, "name"), text_get(more, "name")) != 0 &&
	       cause_last_name(text_get(more, "name"), &other) == size && strncmp(one, other, size) == 0;
}

static size_t
alike_letters(const json_t *one, const json_t *other)
{
	const char *a = text_get(one, "name"), *b = text_get(other, "name");
	size_t n = 0;

	while (a[n] && a[n] == b[n])
		n++;
	return n;
}

/* The least limit like LESS that leaves SIZE as it is; of several names, the one that is written most like it. */
static const json_t *
find_more(const struct cause_facts *facts, const json_t *less, int64_t size)
{
	const json_t *best = NULL, *number;
	struct text_walk at = { 0 };

	while ((number = cause_next_number(facts, &at)))
		if (value_of(number) >= size && is_alike(facts, less, number) &&
		    (!best || value_of(number) < value_of(best) ||
		     (value_of(number) == value_of(best) && alike_letters(less, number) > alike_letters(less, best))))
			best = number;
	return best;
}

/* Which step of SIDE's story made its size of one that is SHIFT more; NULL if none did. */
static const struct lineage_step *
find_shift(const struct cause_side *side, int64_t shift)
{
	for (int i = 1; side->lineage && i < side->lineage->count; i++)
		if (side->lineage->steps[i].size == side->size + shift && side->lineage->steps[i - 1].size == side->size)
			return &side->lineage->steps[i - 1];
	return NULL;
}

static bool
find_limits(const struct cause_facts *facts, const struct cause_side *small, const struct cause_side *large, struct two_limits *out)
{
	static const int64_t shifts[] = { 0, 1, -1 };

	for (size_t i = 0; i < sizeof(shifts) / sizeof(*shifts); i++) {
		int64_t shift = out->shift = shifts[i];
		struct text_walk at = { 0 };

		if (small->size + shift < LIMIT_LEAST || (shift && !find_shift(large, shift)))
			continue;
		while ((out->less = cause_next_number(facts, &at)))
			if (value_of(out->less) == small->size + shift && cause_is_limit(facts, out->less) &&
			    (out->more = find_more(facts, out->less, large->size + shift)))
				return true;
	}
	return false;
}

/* "cfg['max_length'] = 48" */
static void
say_limit(const json_t *limit, char *out)
{
	text_format(out, SAID_MOST, "%s = %" PRId64, text_get(limit, "name"), value_of(limit));
}

/* Needs: sizes of all kinds that agreed in every call before; now both are larger than ever, the smaller is a limit by name, the larger is more and
 * within another limit of the same name. Both may be shifted by one, where the larger's story shows it. */
bool
cause_two_limits(const struct cause_facts *facts, struct cause *out)
{
	const struct cause_side *small = &facts->sides[0], *large = &facts->sides[1];
	char less[SAID_MOST], more[SAID_MOST];
	const char *cut, *longer;
	struct two_limits limits;

	if (!cause_disagrees(facts, "size") || facts->calls < CALLS_ENOUGH || facts->agreed != facts->calls || facts->rounded_from > 0 ||
	    cause_is(facts, "linear conv1d conv2d conv3d"))
		return false;
	if (small->size > large->size) {
		small = &facts->sides[1];
		large = &facts->sides[0];
	}
	if (small->size < 1 || small->size == large->size || !small->calls || !large->calls || large->smallest == large->largest ||
	    small->largest > small->size || large->largest > small->size ||
	    cause_decided_by(small, "zeros ones full empty rand randn randint arange eye randperm") || !find_limits(facts, small, large, &limits))
		return false;
	say_limit(limits.less, less);
	say_limit(limits.more, more);
	cut = cause_operand_name(facts, small->place);
	longer = cause_operand_name(facts, large->place);
	out->setting = limits.less;
	out->confidence = "likely";
	out->tells_news = true;
	if (!limits.shift)
		text_add(&out->text, "%s was cut at %s", cut, less);
	else if (limits.shift > 0)
		text_add(&out->text, "%s was cut at %s, of which %" PRId64 " are left when one is taken off", cut, less, small->size);
	else
		text_add(&out->text, "%s was cut at %s, which is %" PRId64 " with the one that is added", cut, less, small->size);
	text_add(&out->text, "; the limit of %s is another, %s, and it has %" PRId64, longer, more, large->size);
	text_add(&out->evidence, "in %" PRId64 " earlier calls both had %" PRId64 " to %" PRId64 ", which is within both limits",
		 facts->calls, large->smallest, large->largest);
	if (limits.shift) {
		text_add(&out->evidence, "; that one is by ");
		cause_add_step(facts, &out->evidence, find_shift(large, limits.shift));
	}
	text_add(&out->fix, "give both one limit: set %s to %" PRId64 ", as %s is, and make again whatever was computed or stored with the %" PRId64,
		 text_get(limits.less, "name"), value_of(limits.more), text_get(limits.more, "name"), value_of(limits.less));
	return true;
}
