/* A slice that ends where it begins, or before: what its bounds are called, and what they were taken from. */
#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../causes_tool.h"
#include "../../history/elsewhere.h"
#include "../../mismatch/mismatch_rule.h"
#include "../code/slice.h"

#define CALLS_MOST 500
#define STATEMENTS_MOST 80
#define ENTRIES_MOST 8

struct bounds { char start[64], end[64]; };
struct before { int dim; int64_t calls, within; };

static bool
add_before(const struct event *event, void *context)
{
	struct before *before = context;
	struct slice slice;

	if (slice_read(event, &slice) && slice.dim == before->dim) {
		before->calls++;
		before->within += slice_left(&slice) > 0;
	}
	return before->calls < CALLS_MOST;
}

/* The plain name that [AT, END) is but for blanks, in OUT; false if it is anything else. */
static bool
take_name(const char *at, const char *end, char *out, size_t size)
{
	const char *from = at;

	while (at < end && *at == ' ')
		from = ++at;
	while (at < end && (isalnum((unsigned char)*at) || *at == '_'))
		at++;
	text_format(out, size, "%.*s", (int)(at - from), from);
	for (const char *rest = at; rest < end; rest++)
		if (*rest != ' ')
			return false;
	return at > from && !isdigit((unsigned char)*from) && (size_t)(at - from) < size;
}

/* The entries of the subscript that opens at AT, each from its first character to the comma or bracket behind it: how many, 0 if it doesn't close. */
static int
find_entries(const char *at, const char *from[ENTRIES_MOST], const char *to[ENTRIES_MOST])
{
	int count = 0, depth = 0;

	for (from[0] = ++at; *at; at++) {
		if (*at == '\'' || *at == '"') {
			at = code_skip_string(at) - 1;
			continue;
		}
		if (depth == 0 && (*at == ',' || *at == ']')) {
			to[count++] = at;
			if (*at == ']' || count == ENTRIES_MOST)
				return *at == ']' ? count : 0;
			from[count] = at + 1;
		}
		depth += strchr("([{", *at) != NULL;
		depth -= strchr(")]}", *at) != NULL;
	}
	return 0;
}

/* What the bounds of dimension DIM of NDIM are called in STATEMENT: "x0", "x1" of `image[:, y0:y1, x0:x1]`; false where they aren't plain names, or two subscripts have some. */
static bool
find_bounds(const char *statement, int dim, int ndim, struct bounds *out)
{
	const char *from[ENTRIES_MOST], *to[ENTRIES_MOST];
	int found = 0;

	for (const char *at = strchr(statement, '['); at; at = strchr(at + 1, '[')) {
		int count = find_entries(at, from, to), entry = dim;
		struct bounds bounds;
		const char *colon;

		if (count && strncmp(from[0] + strspn(from[0], " "), "...", 3) == 0)
			entry = count - (ndim - dim);
		if (entry < 0 || entry >= count)
			continue;
		colon = memchr(from[entry], ':', (size_t)(to[entry] - from[entry]));
		if (!colon || !take_name(from[entry], colon, bounds.start, sizeof(bounds.start)) || !take_name(colon + 1, to[entry], bounds.end, sizeof(bounds.end)))
			continue;
		*out = bounds;
		found++;
	}
	return found == 1;
}

/* Names the bounds of STEP's slice, and what both were taken from, in TEXT; false where its line doesn't tell. */
static bool
add_bounds(const struct cause_facts *facts, const struct lineage_step *step, const struct slice *slice, struct bounds *bounds, struct text *text)
{
	struct code_statement *statements = malloc(STATEMENTS_MOST * sizeof(*statements));
	char file[512], start[CODE_TEXT_MOST], end[CODE_TEXT_MOST];
	int line, start_place, end_place, count = statements ? cause_statements(facts, step, statements, STATEMENTS_MOST, file, sizeof(file), &line) : 0;
	bool found = count > 0 && find_bounds(statements[count - 1].text, slice->dim, step->event.operands[rule_tensor(&step->event, "self")].ndim, bounds);

	if (found && code_assigned(statements, count, bounds->start, start, sizeof(start), &start_place) &&
	    code_assigned(statements, count, bounds->end, end, sizeof(end), &end_place) && start_place >= 0 && end_place >= 0 && strcmp(start, end) == 0)
		text_add(text, "; %s and %s are the values %d and %d of `%s`", bounds->start, bounds->end, start_place, end_place, start);
	free(statements);
	return found;
}

/* STEP is a SLICE that ends where it begins or before: of what it left nothing, since when, and what to change. Of side OPERAND. */
void
cause_tell_turned(const struct cause_facts *facts, struct cause *out, const struct lineage_step *step, const struct slice *slice, const char *operand)
{
	struct before before = { .dim = slice->dim };
	struct bounds bounds = { "", "" };
	int64_t stop = slice_stop(slice);
	bool named, fits;

	text_add(&out->text, "nothing is left of %s: ", operand);
	cause_add_line(facts, &out->text, step, -1);
	if (slice->start > stop)
		text_add(&out->text, " ends at %" PRId64 ", before it begins at %" PRId64, stop, slice->start);
	else
		text_add(&out->text, " ends where it begins, at %" PRId64, stop);
	named = add_bounds(facts, step, slice, &bounds, &out->text);
	elsewhere_each(facts->source, facts->process, &step->event, add_before, &before);
	if (before.calls)
		text_add(&out->evidence, "in %" PRId64 " of %" PRId64 " earlier calls of that line something was left", before.within, before.calls);
	fits = slice->start > 0 && slice->end > 0 && slice->start + slice->end <= slice->whole;
	text_add(&out->fix, "let that slice end behind its begin");
	if (fits && named)
		text_add(&out->fix, ": if %s is a size and no end (a box as x, y, width, height), it ends at %s + %s (%" PRId64 " + %" PRId64 ")", bounds.end, bounds.start, bounds.end,
			 slice->start, slice->end);
	else if (fits)
		text_add(&out->fix, ": if %" PRId64 " is a size and no end, it ends at %" PRId64 " + %" PRId64, slice->end, slice->start, slice->end);
	text_add(&out->fix, "; where a range may be empty, leave out what has none");
}
