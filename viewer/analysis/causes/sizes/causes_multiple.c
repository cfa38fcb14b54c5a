/* A rule about what was padded to a multiple of a number, where what it meets was made of the length before. */
#include <inttypes.h>
#include <string.h>

#include "../causes_tool.h"
#include "../../lineage/whole.h"

#define MULTIPLE_LEAST 3 /* to the next multiple of less, many a size comes by chance */
#define SEEN_LEAST 8     /* what divides all lengths, and is no chance by itself */
#define LENGTHS_LEAST 3  /* different ones */

/* What a length is rounded up to: of its name, and of where it was set, one may be unknown. */
struct multiple {
	int64_t by;
	const json_t *number;
	const struct setting *setting;
	int lengths; /* by none of both, but as all this many different lengths were; 0 */
};

static const char hints[] = "multiple pad_to align divisor divisible round_to round_up";

static bool
rounds(int64_t few, int64_t many, int64_t by)
{
	return by >= MULTIPLE_LEAST && few > 0 && few < many && few % by && (few / by + 1) * by == many;
}

/* Did what was padded always have a multiple of BY? */
static bool
was_multiple(const struct cause_side *side, int64_t by)
{
	return !side->calls || (side->smallest % by == 0 && side->largest % by == 0);
}

static bool
by_number(const struct cause_facts *facts, const struct cause_side *few, const struct cause_side *many, struct multiple *out)
{
	struct text_walk at = { 0 };
	const json_t *number;

	while ((number = cause_next_number(facts, &at))) {
		int64_t by = json_integer_value(json_object_get(number, "value"));

		if (!rounds(few->size, many->size, by) || !cause_is_called(number, hints) || !was_multiple(many, by))
			continue;
		*out = (struct multiple){ .by = by, .number = number };
		return true;
	}
	return false;
}

/* As an argument that no frame holds any more: in the program's files, its configuration, on the command line. */
static bool
by_setting(const struct cause_facts *facts, const struct cause_side *few, const struct cause_side *many, struct multiple *out)
{
	for (int i = 0; facts->settings && i < facts->settings->count; i++) {
		const struct setting *is = &facts->settings->list[i];

		if (!rounds(few->size, many->size, is->value) || !strstr(is->key, "multiple") || !was_multiple(many, is->value))
			continue;
		*out = (struct multiple){ .by = is->value, .setting = is };
		return true;
	}
	return false;
}

/* All lengths that were seen were multiples of it, of both sides. */
static bool
by_lengths(const struct cause_facts *facts, const struct cause_side *few, const struct cause_side *many, struct multiple *out)
{
	struct call_history whole;
	int64_t by;

	if (!facts->source || many->place < 0 || many->dim < 0 || facts->agreed != facts->calls ||
	    !cause_decided_by(many, "lift_fresh zeros ones full new_zeros new_ones new_full empty pad constant_pad_nd cat stack") ||
	    !whole_calls(facts->source, facts->process, facts->event, many->place, many->dim, facts->calls, &whole) || whole.size_count < LENGTHS_LEAST)
		return false;
	by = whole_divisor(&whole);
	*out = (struct multiple){ .by = by, .lengths = whole.size_count };
	return by >= SEEN_LEAST && rounds(few->size, many->size, by) && few->calls && few->smallest % by == 0 && few->largest % by == 0;
}

/* Was it as long as MANY before, so that it was cut, not left unpadded? */
static bool
was_as_long(const struct cause_side *few, int64_t many)
{
	for (int i = 0; few->lineage && i < few->lineage->count; i++)
		if (few->lineage->steps[i].size == many)
			return true;
	return false;
}

static void
add_multiple(const struct cause_facts *facts, struct cause *out, const struct multiple *multiple)
{
	const struct setting *setting = multiple->setting;

	text_add(&out->text, " rounded up to a multiple of %" PRId64, multiple->by);
	cause_add_number(facts, &out->text, multiple->number);
	if (setting && setting->file >= 0)
		text_add(&out->text, " (%s, %s:%d)", setting->key, text_basename(facts->settings->files[setting->file]), setting->line);
	else if (setting)
		text_add(&out->text, " (%s on the command line)", setting->key);
	else if (multiple->lengths)
		text_add(&out->text, ", as all %" PRId64 " calls before had (%d different lengths)", facts->calls, multiple->lengths);
}

/* Needs: two sizes of which the one is the other, rounded up to the next multiple of a number that is called so, or that divides every length that
 * the line ever saw; likely by its name. It was not cut to that. */
bool
cause_multiple(const struct cause_facts *facts, struct cause *out)
{
	int less = facts->sides[0].size < facts->sides[1].size ? 0 : 1;
	const struct cause_side *few = &facts->sides[less], *many = &facts->sides[!less];
	const char *unpadded, *padded;
	struct multiple multiple;

	if (!cause_disagrees(facts, "size") || few->place < 0 || many->place < 0 || !cause_decider(few) || !cause_decider(many) || facts->rounded_from > 0 ||
	    was_as_long(few, many->size) || (cause_is_old(facts, few) && cause_is_old(facts, many)))
		return false;
	if (!by_number(facts, few, many, &multiple) && !by_setting(facts, few, many, &multiple) && !by_lengths(facts, few, many, &multiple))
		return false;
	unpadded = cause_operand_name(facts, few->place);
	padded = cause_operand_name(facts, many->place);
	out->confidence = multiple.lengths ? "possible" : "likely";
	out->setting = multiple.number;
	out->tells_news = true;
	text_add(&out->text, "%" PRId64 " is %" PRId64, many->size, few->size);
	add_multiple(facts, out, &multiple);
	text_add(&out->text, ": %s was made of what wasn't padded, by ", unpadded);
	cause_add_line(facts, &out->text, cause_decider(few), -1);
	text_add(&out->text, "; %s comes from what was, by ", padded);
	cause_add_line(facts, &out->text, cause_decider(many), -1);
	if (facts->calls && facts->agreed == facts->calls)
		text_add(&out->evidence, "in %" PRId64 " earlier calls they agreed", facts->calls);
	text_add(&out->fix, "make %s of what is padded already (%" PRId64 "), or pad what it is made of the same way first", unpadded, many->size);
	if (multiple.number || multiple.setting)
		text_add(&out->fix, "; without padding: %s = 1", multiple.number ? text_get(multiple.number, "name") : multiple.setting->key);
	return true;
}
