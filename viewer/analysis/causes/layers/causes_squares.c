/* Rules about positions that are taken for a square grid, and aren't. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../causes_tool.h"
#include "../placeholders/grids.h"
#include "../../mismatch/mismatch_rule.h"
#include "../../where.h"

#define ROOT_LEAST 3 /* smaller sides are equal by chance */
#define CALLS_MOST 400
#define CALLS_LEAST 3

/* COUNT positions are taken for ROOT x ROOT. */
struct square {
	int64_t count, root;
	const char *name;               /* of what has them */
	const struct lineage *lineage;  /* of the count; NULL: not known */
	int place, dim;                 /* of the failed operation, -1 */
	const struct lineage_step *resized; /* what was made ROOT x ROOT by interpolation; NULL */
	char source[CODE_TEXT_MOST];    /* the square root, as the source has it; "" */
};

/* Does EXPRESSION take a square root? */
static bool
takes_root(const char *expression)
{
	const char *power = strstr(expression, "**");

	if (strstr(expression, "sqrt"))
		return true;
	for (; power; power = strstr(power, "**")) {
		power += 2 + strspn(power + 2, " (");
		if (strncmp(power, "0.5", 3) == 0 || strncmp(power, ".5", 2) == 0 || strncmp(power, "1/2", 3) == 0)
			return true;
	}
	return false;
}

/* "grid = math.isqrt(tokens.shape[1])": what a name that the statement at LINE rests on was set to, where that is a square root. */
static bool
root_in_code(const struct code *code, int line, char *out, size_t size)
{
	struct code_statement *statements = calloc(CODE_STATEMENTS_MOST, sizeof(*statements));
	struct code_names *names = calloc(1, sizeof(*names));
	int count = statements ? code_statements(code, line, statements, CODE_STATEMENTS_MOST) : 0, place;
	char value[CODE_TEXT_MOST];
	bool found = false;

	if (count && names)
		code_depends(statements, count, names);
	for (int i = 0; count && names && i < names->count && !found; i++)
		if (code_assigned(statements, count, names->names[i].name, value, sizeof(value), &place) && takes_root(value)) {
			found = true;
			text_format(out, size, "%.60s = %.120s", names->names[i].name, value);
		}
	if (count && !found && takes_root(statements[count - 1].text)) {
		text_format(out, size, "%.180s", statements[count - 1].text);
		found = true;
	}
	for (size_t end = found ? strlen(out) : 0; end > 0 && out[end - 1] == ' '; end--)
		out[end - 1] = 0;
	free(names);
	free(statements);
	return found;
}

/* Reads what the failing line, or the one that resized, rests on. */
static void
find_root(const struct cause_facts *facts, struct square *square)
{
	int chosen = where_choose(facts->frames), line = 0;
	const json_t *frame = chosen < 0 ? NULL : json_array_get(facts->frames, (size_t)chosen);
	char file[512];
	struct code code;

	if (square->resized)
		line = cause_open(facts, square->resized, &code, file, sizeof(file));
	else if (frame && code_open(&code, text_get(frame, "file"), facts->time_ns))
		line = (int)json_integer_value(json_object_get(frame, "line"));
	if (!line || !root_in_code(&code, line, square->source, sizeof(square->source)))
		square->source[0] = 0;
	if (line)
		code_close(&code);
}

/* Does one of what is asked for take whatever is left? */
static bool
is_free(const int64_t *asked, int count)
{
	for (int i = 0; i < count; i++)
		if (asked[i] < 0)
			return true;
	return false;
}

/* A view asks for two equal sizes side by side (and for all others as they are), and one of the tensor's sizes lies between their product and the next square. */
static bool
find_viewed(const struct cause_facts *facts, struct square *out)
{
	const struct mismatch *mismatch = facts->mismatch;
	int64_t asked[RULE_INTS_MOST], root = 0;
	const struct operand *is;
	int count;

	if (!cause_disagrees(facts, "numel") || mismatch->operand < 0 || mismatch->against < 0)
		return false;
	is = &facts->event->operands[mismatch->against];
	count = rule_ints(facts->event, cause_argument(facts, mismatch->operand), asked, RULE_INTS_MOST);
	out->dim = -1;
	for (int i = 0; i + 1 < count && out->dim < 0; i++) {
		root = asked[i];
		for (int d = 0; d < is->ndim && root >= ROOT_LEAST && asked[i + 1] == root; d++)
			if (grid_is_uneven(is->sizes[d]) && grid_root(is->sizes[d]) == root)
				out->dim = out->dim < 0 ? d : is->ndim;
	}
	if (out->dim < 0 || out->dim >= is->ndim)
		return false;
	out->count = is->sizes[out->dim];
	out->root = root;
	out->place = mismatch->against;
	out->name = cause_operand_name(facts, mismatch->against);
	out->lineage = facts->sides[1].lineage;
	return is_free(asked, count) || (mismatch->actual > 0 && mismatch->actual % (root * root) == 0 && mismatch->expected % out->count == 0 &&
					 mismatch->actual / (root * root) == mismatch->expected / out->count);
}

/* One side was resized to a square grid for as many positions as the other has, which are no square. */
static bool
find_resized(const struct cause_facts *facts, struct square *out)
{
	struct grid grid;

	if (!cause_disagrees(facts, "size"))
		return false;
	for (int i = 0; i < 2; i++) {
		const struct cause_side *square = &facts->sides[i], *other = &facts->sides[!i];

		if (square->place < 0 || other->place < 0 || !grid_is_uneven(other->size) || grid_root(other->size) < ROOT_LEAST ||
		    square->size != grid_root(other->size) * grid_root(other->size) || !square->lineage || !square->lineage->count ||
		    square->lineage->steps[0].size != square->size || !grid_find(square->lineage, &grid) || grid.sides.high != grid.sides.wide)
			continue;
		for (int n = grid.at + 1; n < square->lineage->count && !out->resized; n++)
			if (strstr(square->lineage->steps[n].event.operation, "upsample") && square->lineage->steps[n].size == grid.sides.wide)
				out->resized = &square->lineage->steps[n];
		out->count = other->size;
		out->root = grid.sides.high;
		out->place = other->place;
		out->dim = other->dim;
		out->name = cause_operand_name(facts, other->place);
		out->lineage = other->lineage;
		return out->resized != NULL;
	}
	return false;
}

/* Does some variable of the failing frame hold VALUE? */
static bool
is_held(const struct cause_facts *facts, int64_t value)
{
	struct text_walk at = { 0 };
	const json_t *number;

	while ((number = cause_next_number(facts, &at)))
		if (json_integer_value(json_object_get(number, "value")) == value)
			return true;
	return false;
}

struct uneven { const struct cause_facts *facts; int dim; int64_t count; };

/* A tensor with one size that is no square, while a number in reach is its root. */
static bool
is_uneven(const json_t *local, void *context)
{
	struct uneven *uneven = context;
	char told[32];
	int found = 0;

	if (strcmp(text_get(local, "kind"), "tensor") != 0 || json_integer_value(json_object_get(local, "tensor")) <= 0)
		return false;
	for (size_t d = 0; d < json_array_size(json_object_get(local, "shape")); d++) {
		int64_t size = cause_local_size(local, d);

		text_format(told, sizeof(told), "%" PRId64, size);
		if (!grid_is_uneven(size) || grid_root(size) < ROOT_LEAST || !strstr(uneven->facts->message, told) || !is_held(uneven->facts, grid_root(size)))
			continue;
		uneven->dim = (int)d;
		uneven->count = size;
		found++;
	}
	return found == 1;
}

/* Python refused to put a size that is no square into a square (einops): the source has the root, a number in reach is it. ROOM gets the story. */
static bool
find_told(const struct cause_facts *facts, struct square *out, struct lineage *room)
{
	struct uneven uneven = { .facts = facts, .dim = -1 };
	int chosen = where_choose(facts->frames);
	struct cause_facts here = *facts;
	const json_t *local;

	if (!cause_is_raised(facts) || facts->mismatch || !facts->message || !facts->source || chosen < 0)
		return false;
	here.frames = json_pack("[O]", json_array_get(facts->frames, (size_t)chosen));
	local = cause_local(&here, is_uneven, &uneven); /* (lives in facts->frames) */
	json_decref((json_t *)here.frames);
	if (!local)
		return false;
	out->count = uneven.count;
	out->root = grid_root(uneven.count);
	out->name = text_get(local, "name");
	out->place = -1;
	find_root(facts, out);
	if (!*out->source)
		return false;
	lineage_walk_tensor(facts->source, facts->process, json_integer_value(json_object_get(local, "tensor")), facts->before, uneven.dim, LINEAGE_SIZE, room);
	out->lineage = room;
	return true;
}

struct counted { const struct square *square; const struct event *now; int64_t calls, others; };

static bool
look_at_call(const struct event *event, void *context)
{
	struct counted *counted = context;
	const struct operand *is = counted->square->place < event->operand_count ? &event->operands[counted->square->place] : NULL;

	if (!is || is->ndim <= counted->square->dim || is->tensor < 0)
		return true;
	counted->others += grid_is_uneven(is->sizes[counted->square->dim]);
	return ++counted->calls < CALLS_MOST;
}

/* In how many earlier calls of the failing line it was a square, if in all of them; 0. */
static int64_t
squares_before(const struct cause_facts *facts, const struct square *square)
{
	struct counted counted = { .square = square };

	if (!facts->source || !facts->event || facts->event->id < 0 || facts->event->site < 0 || square->place < 0 || square->dim < 0)
		return 0;
	facts->source->each_call(facts->source->context, facts->process, facts->event, look_at_call, &counted);
	return counted.others || counted.calls < CALLS_LEAST ? 0 : counted.calls;
}

static void
tell_grid(const struct cause_facts *facts, struct cause *out, const struct square *square, const struct grid *grid)
{
	const struct lineage_step *made = grid->made >= 0 ? &square->lineage->steps[grid->made] : NULL;
	const struct lineage_step *by = square->lineage->decider >= 0 ? &square->lineage->steps[square->lineage->decider] : NULL;

	text_add(&out->text, ": %" PRId64 " x %" PRId64, grid->sides.high, grid->sides.wide);
	if (made) {
		text_add(&out->text, ", of a picture of %" PRId64 " x %" PRId64 " in steps of %" PRId64, grid->picture.high, grid->picture.wide, grid->stride.high);
		if (grid->stride.high != grid->stride.wide)
			text_add(&out->text, " and %" PRId64, grid->stride.wide);
	}
	if (by) {
		text_add(&out->text, "; decided by ");
		cause_add_step(facts, &out->text, by);
	}
	text_add(&out->fix, "%s: take both sides of the grid from the picture (%" PRId64 " and %" PRId64, square->resized ? SAY("resize to the grid that there is") :
		 SAY("no root of the count"), grid->sides.high, grid->sides.wide);
	if (made)
		text_add(&out->fix, ": its height / %" PRId64 " and width / %" PRId64, grid->stride.high, grid->stride.wide);
	text_add(&out->fix, ")");
	if (made)
		text_add(&out->fix, ", or give square pictures alone (%" PRId64 " x %" PRId64 ")", grid->picture.high, grid->picture.high);
}

/* Needs: two equal sizes asked for (or resized to) where there are more positions than their product, fewer than the next square. Likely where the
 * positions are known to be another grid, the source takes a square root, or they were a square in every call before. */
bool
cause_not_square(const struct cause_facts *facts, struct cause *out)
{
	struct square *square = calloc(1, sizeof(*square));
	struct lineage *room = calloc(1, sizeof(*room));
	bool found = square && room && (find_viewed(facts, square) || find_resized(facts, square) || find_told(facts, square, room)), is_grid;
	struct grid grid;
	int64_t squares;

	if (found) {
		is_grid = square->lineage && square->lineage->count && square->lineage->steps[0].size == square->count && grid_find(square->lineage, &grid);
		find_root(facts, square);
		squares = squares_before(facts, square);
		found = is_grid || *square->source || squares;
		if (is_grid && grid.sides.high == grid.sides.wide)
			found = false;
	}
	if (found) {
		out->confidence = is_grid || (*square->source && squares) ? "likely" : "possible";
		if (square->resized)
			text_add(&out->text, "a table of positions is resized to a square, %" PRId64 " x %" PRId64 " = %" PRId64 ", and the %" PRId64 " positions of %s are none",
				 square->root, square->root, square->root * square->root, square->count, square->name);
		else
			text_add(&out->text, "the %" PRId64 " positions of %s are taken for a square, %" PRId64 " x %" PRId64 " = %" PRId64 ", and are none", square->count,
				 square->name, square->root, square->root, square->root * square->root);
		if (is_grid)
			tell_grid(facts, out, square, &grid);
		else
			text_add(&out->fix, "no root of the count: take both sides of the grid from the picture (height and width, each divided), or give square pictures alone");
		if (*square->source)
			text_add(&out->evidence, "`%s`", square->source);
		if (squares)
			text_add(&out->evidence, "%sin %" PRId64 " earlier calls it was a square", out->evidence.used ? SAY("; ") : "", squares);
	}
	free(room);
	free(square);
	return found;
}
