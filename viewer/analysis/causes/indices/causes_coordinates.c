/* A rule about coordinates that are looked up in tables as they are, in pixels; and what an exception that was raised on says of a range. */
#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "../causes_tool.h"
#include "../../mismatch/mismatch_rule.h"

#define EVENTS_BEFORE 16 /* around a call that picked a column, in which the others are picked */
#define EVENTS_AFTER 64
#define COLUMNS_MOST 4
#define QUOTE_MOST 160

/* A column of coordinates (points have two, boxes four): which, of which tensor. */
struct column { int64_t tensor, index; int count; };

static bool
read_column(const struct event *event, struct column *out)
{
	int self = mismatch_is_any(event->operation, "select") ? rule_tensor(event, "self") : -1;
	int64_t dim = 0;
	const struct operand *from;

	if (self < 0 || !rule_int(event, "dim", &dim) || !rule_int(event, "index", &out->index))
		return false;
	from = &event->operands[self];
	if (from->ndim < 2 || rule_dim(dim, from->ndim) != from->ndim - 1 || !rule_is_integral(from->dtype))
		return false;
	*out = (struct column){ .tensor = from->tensor, .index = out->index, .count = (int)from->sizes[from->ndim - 1] };
	out->index += out->index < 0 ? out->count : 0;
	return (out->count == 2 || out->count == COLUMNS_MOST) && out->tensor > 0 && out->index >= 0 && out->index < out->count;
}

/* The nearest earlier call of a line. */
struct earlier { struct event event; struct column column; bool found; };

static bool
take_first(const struct event *event, void *context)
{
	struct earlier *earlier = context;

	earlier->event.id = event->id;
	earlier->found = read_column(event, &earlier->column);
	return false;
}

/* Which columns of one tensor were looked up in which tables; picked[i] is what column i became. */
struct lookups { int64_t picked[COLUMNS_MOST], tables[COLUMNS_MOST], rows[COLUMNS_MOST]; };

static void
add_lookup(const struct event *event, const struct column *column, struct lookups *out)
{
	int indices = rule_tensor(event, "indices"), weight = rule_any(event, "weight");
	struct column other;

	if (read_column(event, &other) && other.tensor == column->tensor && event->output_count == 1)
		out->picked[other.index] = event->outputs[0].tensor;
	if (!mismatch_is_any(event->operation, "embedding") || indices < 0 || weight < 0)
		return;
	for (int i = 0; i < column->count; i++)
		if (out->picked[i] > 0 && event->operands[indices].tensor == out->picked[i]) {
			out->tables[i] = event->operands[weight].tensor;
			out->rows[i] = event->operands[weight].sizes[0];
		}
}

/* Are columns of one tensor looked up in tables of ROWS, two of them in one and the same (left and right, upper and lower)? In the last call of PICK's line
 * that went well; in this one, as far as it went. */
static bool
share_table(const struct cause_facts *facts, const struct event *pick, const struct column *column, int64_t rows)
{
	struct earlier last = { .found = false };
	struct lookups lookups = {{0}, {0}, {0}};
	struct event event;

	facts->source->each_call(facts->source->context, facts->process, pick, take_first, &last);
	if (!last.found) {
		last.event.id = pick->id;
		last.column = *column;
	}
	for (int64_t id = last.event.id - EVENTS_BEFORE; id < last.event.id + EVENTS_AFTER && id < facts->event->id; id++)
		if (id >= 0 && facts->source->event(facts->source->context, facts->process, id, &event))
			add_lookup(&event, &last.column, &lookups);
	for (int i = 0; i < column->count; i++)
		for (int n = 0; n < i; n++)
			if (lookups.tables[i] > 0 && lookups.tables[i] == lookups.tables[n] && lookups.rows[i] == rows)
				return true;
	return false;
}

bool
cause_add_told_range(const struct cause_facts *facts, struct text *text)
{
	static const char *const words[] = { "within", "between", "range", "at most", "less than", "smaller than", "greater than", "must be", "should be" };
	const char *told = facts->outer;
	bool number = false;

	if (!told || !*told || !facts->message || strcmp(told, facts->message) == 0 || strlen(told) > QUOTE_MOST || strchr(told, '\n') ||
	    !text_contains_any(told, words, sizeof(words) / sizeof(*words)))
		return false;
	for (const char *at = told; *at; at++)
		number = number || isdigit((unsigned char)*at);
	if (number)
		text_add(text, "; what it was raised on as says: \"%s\"", told);
	return number;
}

static bool
speaks_of_places(const char *told)
{
	static const char *const words[] = { "coord", "box", "point", "pixel" };

	return text_contains_any(told, words, sizeof(words) / sizeof(*words));
}

/* Needs: an index beyond its table that is one column of points or boxes; two columns of which go to one table, or the exception that it was raised on as
 * tells the range of coordinates (columns may be as many categories). How large the table must be isn't known by this column alone, and it is no answer: it is made for a scale. */
bool
cause_coordinates(const struct cause_facts *facts, struct cause *out)
{
	const struct mismatch *mismatch = facts->mismatch;
	const struct lineage *index = facts->sides[0].lineage;
	const struct lineage_step *pick = NULL;
	struct column column;
	struct text told = {{0}, 0};
	bool tells;

	if (!cause_disagrees(facts, "index") || !cause_is(facts, "embedding") || !mismatch->has_actual || mismatch->actual < mismatch->expected || !facts->source)
		return false;
	for (int i = 0; index && i < index->count && !pick; i++)
		if (index->steps[i].event.id >= 0 && read_column(&index->steps[i].event, &column))
			pick = &index->steps[i];
	tells = cause_add_told_range(facts, &told);
	if (!pick || (!share_table(facts, &pick->event, &column, mismatch->expected) && !(tells && speaks_of_places(facts->outer))))
		return false;
	out->confidence = "likely";
	out->setting = cause_number_of_path(facts, cause_operand_name(facts, mismatch->against), mismatch->expected);
	if (!out->setting)
		out->setting = cause_named_number(facts, mismatch->expected, "position coord box max");
	text_add(&out->text, "coordinates are not scaled to their tables: column %" PRId64 " of %d of ", column.index, column.count);
	text_add_sizes(&out->text, pick->event.operands[rule_tensor(&pick->event, "self")].sizes, pick->event.operands[rule_tensor(&pick->event, "self")].ndim);
	text_add(&out->text, " holds %" PRId64 ", and %s has %" PRId64 " rows", mismatch->actual, cause_operand_name(facts, mismatch->against), mismatch->expected);
	cause_add_number(facts, &out->text, out->setting);
	text_add(&out->text, "%s", told.data);
	if (cause_decider(&facts->sides[0])) {
		text_add(&out->evidence, "they were made by ");
		cause_add_line(facts, &out->evidence, cause_decider(&facts->sides[0]), -1);
	}
	if (facts->sides[1].calls > 0)
		text_add(&out->evidence, "%s%" PRId64 " earlier calls fitted", out->evidence.used ? SAY("; ") : "", facts->sides[1].calls);
	text_add(&out->fix, "scale all %d columns where they are made, each by the width or height of its own page or picture, ", column.count);
	if (tells)
		text_add(&out->fix, "to the range that is told");
	else
		text_add(&out->fix, "to 0 .. %" PRId64 " at most", mismatch->expected - 1);
	text_add(&out->fix, "; a larger table only lets this one through (the next page is larger, and the other columns fail after this one), and what is clamped loses its place");
	return true;
}
