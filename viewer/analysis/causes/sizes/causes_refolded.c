/* A rule about rows that a view folded into rows of another width. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../causes_tool.h"
#include "../../mismatch/mismatch_rule.h"

/* A view of rows of WIDTH that asked for rows of ASKED, and so made another number of them. */
struct refold { const struct lineage_step *step; const struct operand *from; int64_t rows, width, asked; int side; };

static bool
read_refold(const struct lineage_step *step, int64_t other, struct refold *out)
{
	const struct event *event = &step->event;
	int place = mismatch_is_any(event->operation, "view reshape") ? rule_any(event, "self input") : -1;
	int64_t sizes[RULE_INTS_MOST];
	int count = place >= 0 ? rule_ints(event, strstr(event->operation, "reshape") ? "shape" : "size", sizes, RULE_INTS_MOST) : -1;

	if (count != 2 || step->dim != 0)
		return false;
	*out = (struct refold){ .step = step, .from = &event->operands[place], .asked = sizes[1] };
	if (out->from->ndim < 2 || out->asked < 2)
		return false;
	out->width = out->from->sizes[out->from->ndim - 1];
	out->rows = out->width > 1 ? rule_count(out->from) / out->width : 0;
	return out->width != out->asked && out->rows == other && rule_count(out->from) == step->size * out->asked;
}

static bool
find_refold(const struct cause_facts *facts, struct refold *out)
{
	for (int side = 0; side < 2; side++) {
		const struct cause_side *is = &facts->sides[side], *other = &facts->sides[!side];

		for (int i = 0; is->place >= 0 && is->dim == 0 && is->lineage && i < is->lineage->count && is->lineage->steps[i].size == is->size; i++)
			if (read_refold(&is->lineage->steps[i], other->size, out)) {
				out->side = side;
				return true;
			}
	}
	return false;
}

/* Does LINE have a view or reshape whose last size is written there as VALUE? */
static bool
is_written(const char *line, int64_t value)
{
	static const char *const calls[] = { "view(", "reshape(" };

	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++)
		for (const char *at = line; (at = strstr(at, calls[i]));) {
			const char *end = strchr(at += strlen(calls[i]), ')'), *last = end;
			char *behind;

			while (last && last > at && last[-1] != ',')
				last--;
			if (last && last > at && strtoll(last, &behind, 10) == value && behind > last && behind + strspn(behind, " )]") > end)
				return true;
		}
	return false;
}

/* "the 5 was decided by ..." of the width that the rows had. */
static void
add_width(const struct cause_facts *facts, const struct refold *fold, struct cause *out)
{
	struct lineage *story = facts->source && fold->from->tensor > 0 ? calloc(1, sizeof(*story)) : NULL;

	if (!story)
		return;
	lineage_walk_tensor(facts->source, facts->process, fold->from->tensor, fold->step->event.id, fold->from->ndim - 1, LINEAGE_SIZE, story);
	lineage_stop_at_layer(story);
	if (story->decider >= 0)
		cause_add_decided(facts, &out->evidence, fold->width, &story->steps[story->decider]);
	free(story);
}

/* What to ask for instead: where the number is written on the line itself, or a setting carries it. */
static void
tell_fix(const struct cause_facts *facts, const struct refold *fold, struct cause *out)
{
	const json_t *number = cause_number_at(facts, fold->step, fold->asked);
	char line[1024];

	text_add(&out->fix, "keep the last dimension as it is: view(-1, x.size(-1)) of that tensor, %" PRId64, fold->width);
	if (cause_source(facts, fold->step, line, sizeof(line)) && is_written(line, fold->asked)) {
		text_add(&out->fix, "; the %" PRId64 " is written on the line itself", fold->asked);
		return;
	}
	if (!number)
		return;
	out->setting = number;
	text_add(&out->fix, "; it asks for %s", text_get(number, "name"));
	cause_add_number(facts, &out->fix, number);
	text_add(&out->fix, ": set that to %" PRId64 ", or build for %" PRId64 " what made the %" PRId64 ": one number for both", fold->width, fold->asked, fold->width);
}

/* Needs: rows of a width that were viewed as rows of another one, and that are, left as they were, just as many as the other side has: two findings, likely.
 * Where the one width is a multiple of the other, rows may be put together or taken apart on purpose: then only of a loss's logits, which have a row for each
 * label, and possible. */
bool
cause_refolded(const struct cause_facts *facts, struct cause *out)
{
	struct refold fold;
	struct text shape = {{0}, 0};
	bool multiple;

	if (!cause_disagrees(facts, "size") || !find_refold(facts, &fold))
		return false;
	multiple = fold.width % fold.asked == 0 || fold.asked % fold.width == 0;
	if (multiple && (!cause_is_loss(facts) || strcmp(cause_argument(facts, facts->sides[fold.side].place), "target") == 0))
		return false;
	out->confidence = multiple ? "possible" : "likely";
	text_add_sizes(&shape, fold.from->sizes, fold.from->ndim);
	text_add(&out->text, "%s was %s, rows of %" PRId64 ", and was folded into rows of %" PRId64 " by ", cause_operand_name(facts, facts->sides[fold.side].place), shape.data,
		 fold.width, fold.asked);
	cause_add_line(facts, &out->text, fold.step, -1);
	text_add(&out->text, ": %" PRId64 " rows of no meaning; as it was it has %" PRId64 " rows, as many as %s", facts->sides[fold.side].size, fold.rows,
		 cause_operand_name(facts, facts->sides[!fold.side].place));
	add_width(facts, &fold, out);
	tell_fix(facts, &fold, out);
	return true;
}
