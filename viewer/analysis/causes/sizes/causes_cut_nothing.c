/* A rule about a slice that was to leave fewer, and left all: its end lies behind what there is, so that no operation is recorded. */
#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../causes_tool.h"
#include "../../where.h"

#define NAME_MOST 96

/* The first ":NAME]" or ":NAME," on the line of STEP that ends behind SIZE: its NAME and END. */
static bool
find_end(const struct cause_facts *facts, const struct lineage_step *step, int64_t size, char *name, int64_t *end)
{
	char line[CODE_TEXT_MOST];

	if (!cause_source(facts, step, line, sizeof(line)))
		return false;
	for (const char *at = strchr(line, '['); at && (at = strchr(at, ':')); at++) {
		const char *bound = at + 1 + strspn(at + 1, " ");
		bool written = isdigit((unsigned char)*bound);
		size_t length = written ? strspn(bound, "0123456789") : code_path(bound);

		if (!strchr("[, ", at[-1]) || !length || length >= NAME_MOST || !bound[length] || !strchr("],", bound[length]))
			continue;
		text_format(name, NAME_MOST, "%.*s", (int)length, bound);
		*end = written ? strtoll(bound, NULL, 10) : json_integer_value(json_object_get(cause_number_named(facts, name, NULL), "value"));
		if (*end > size)
			return true;
	}
	return false;
}

/* Needs: the larger side went through a line of the program whose slice ends behind all that it has; no earlier call agreed. */
bool
cause_cut_nothing(const struct cause_facts *facts, struct cause *out)
{
	int large = facts->sides[0].size > facts->sides[1].size ? 0 : 1;
	const struct cause_side *side = &facts->sides[large], *other = &facts->sides[!large];
	char name[NAME_MOST];
	int64_t end;

	if (!cause_disagrees(facts, "size") || facts->agreed || other->size < 1 || side->size == other->size || !side->lineage || !facts->source)
		return false;
	for (int i = 0; i < side->lineage->count && side->lineage->steps[i].size == side->size; i++) {
		const struct lineage_step *step = &side->lineage->steps[i];

		if (step->possible || step->event.site < 0 || !where_is_own(facts->source, facts->process, step->event.site) || !find_end(facts, step, side->size, name, &end))
			continue;
		out->confidence = "likely";
		text_add(&out->text, "the slice `:%s` at ", name);
		cause_add_line(facts, &out->text, step, side->size);
		text_add(&out->text, " ends at %" PRId64 ", behind all %" PRId64 " that there are: it cuts nothing, and %s has %" PRId64 " where %" PRId64 " are wanted", end, side->size,
			 cause_operand_name(facts, side->place), side->size, other->size);
		text_add(&out->fix, "let that slice end at %" PRId64 " (%s is %" PRId64 "; take it from what it is cut for, shape[%d] of %s)", other->size, name, end, other->dim,
			 cause_operand_name(facts, other->place));
		return true;
	}
	return false;
}
