#include "check.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mismatch_rule.h"
#include "text.h"
#include "where.h"

#define DEPTH_MOST 4

/* What the stages of reading a check share. */
struct check { const json_t *locals, *numbers /* within reach of the frame; NULL */; struct code_statement *statements; int count; };

/* One side of a comparison. */
struct side {
	bool known;
	int64_t value;
	const json_t *tensor; /* whose size it is, or whose elements a mask picks; NULL: a plain number */
	const json_t *mask;   /* whose True are counted; NULL */
	int dim;              /* of the tensor; -1: all of its elements */
};

/* The named numbers within reach of FRAME, which is one of the note's. */
static const json_t *
numbers_of(const struct failure *failure, const json_t *frame)
{
	const json_t *note = failure->note ? failure->note->json : NULL, *frames = json_object_get(note, "frames");
	const json_t *reach = json_object_get(note, "numbers");

	for (size_t i = 0; i < json_array_size(reach); i++) {
		const json_t *of = json_array_get(frames, (size_t)json_integer_value(json_object_get(json_array_get(reach, i), "frame")));

		if (of && json_equal(json_object_get(of, "line"), json_object_get(frame, "line")) &&
		    strcmp(text_get(of, "file"), text_get(frame, "file")) == 0)
			return json_object_get(json_array_get(reach, i), "numbers");
	}
	return NULL;
}

/* A number under a dotted name, or the only one under the same last name (a property hands on a setting's). */
static bool
find_number(const struct check *check, const char *name, int64_t *out)
{
	const char *last = strrchr(name, '.');
	int found = 0;

	for (size_t i = 0; i < json_array_size(check->numbers); i++) {
		const json_t *number = json_array_get(check->numbers, i);
		const char *is = text_get(number, "name"), *is_last = strrchr(is, '.');
		int64_t value = json_integer_value(json_object_get(number, "value"));

		if (strcmp(is, name) == 0) {
			*out = value;
			return true;
		}
		if (!last || !is_last || strcmp(is_last, last) != 0 || (found && *out == value))
			continue;
		*out = value;
		found++;
	}
	return found == 1;
}

static bool
check_open(struct check *check, const struct source *source, const struct failure *failure, const json_t *frames)
{
	int chosen = where_choose(frames);
	const json_t *frame = chosen < 0 ? NULL : json_array_get(frames, (size_t)chosen);
	struct code code;

	*check = (struct check){ .locals = json_object_get(frame, "locals"), .numbers = numbers_of(failure, frame) };
	if (!json_array_size(check->locals) || !where_code(source, failure, text_get(frame, "file"), &code))
		return false;
	check->statements = malloc(CODE_STATEMENTS_MOST * sizeof(*check->statements));
	if (check->statements)
		check->count = code_statements(&code, (int)json_integer_value(json_object_get(frame, "line")), check->statements,
					       CODE_STATEMENTS_MOST);
	code_close(&code);
	if (!check->count)
		free(check->statements);
	return check->count > 0;
}

static const json_t *
find_local(const json_t *locals, const char *name, int depth)
{
	for (size_t i = 0; i < json_array_size(locals); i++) {
		const json_t *local = json_array_get(locals, i), *items = json_object_get(local, "items"), *found;

		if (strcmp(text_get(local, "name"), name) == 0)
			return local;
		found = items && depth < DEPTH_MOST ? find_local(items, name, depth + 1) : NULL;
		if (found)
			return found;
	}
	return NULL;
}

static const json_t *
find_tensor(const struct check *check, const char *name)
{
	const json_t *local = find_local(check->locals, name, 0);

	return local && strcmp(text_get(local, "kind"), "tensor") == 0 && json_is_array(json_object_get(local, "shape")) ? local : NULL;
}

static int64_t
size_of(const json_t *tensor, int dim)
{
	const json_t *size = json_array_get(json_object_get(tensor, "shape"), dim < 0 ? SIZE_MAX : (size_t)dim);

	return json_is_integer(size) ? json_integer_value(size) : -1;
}

static int
rank_of(const json_t *tensor)
{
	return (int)json_array_size(json_object_get(tensor, "shape"));
}

static int64_t
elements_of(const json_t *tensor)
{
	int64_t elements = 1;

	for (int d = 0; d < rank_of(tensor); d++)
		if (size_of(tensor, d) < 0 || __builtin_mul_overflow(elements, size_of(tensor, d), &elements))
			return -1;
	return elements;
}

static int64_t
counted(const json_t *tensor, const char *key)
{
	const json_t *count = json_object_get(json_object_get(tensor, "summary"), key);

	return json_is_integer(count) ? json_integer_value(count) : -1;
}

/* Cuts ENDING off EXPRESSION. */
static bool
cut_ending(char *expression, const char *ending)
{
	size_t size = strlen(expression), least = strlen(ending);

	if (size <= least || strcmp(expression + size - least, ending) != 0)
		return false;
	expression[size - least] = 0;
	return true;
}

/* "x.shape[-1]" or "x.size(0)": cuts that off and gives the number. */
static bool
cut_dimension(char *expression, int *dim)
{
	static const struct { const char *open; char close; } forms[] = { { ".shape[", ']' }, { ".size(", ')' } };

	for (size_t i = 0; i < 2; i++) {
		char *open = strstr(expression, forms[i].open), *next, *end, *number;

		while (open && (next = strstr(open + 1, forms[i].open)))
			open = next;
		if (!open)
			continue;
		number = open + strlen(forms[i].open);
		*dim = (int)strtol(number, &end, 10);
		if (end == number || end[0] != forms[i].close || end[1])
			continue;
		*open = 0;
		return true;
	}
	return false;
}

/* "x[mask]" where both are tensors and the mask is counted. */
static bool
read_masked(const struct check *check, const char *expression, struct side *out)
{
	const char *open = strchr(expression, '[');
	char tensor[128], mask[128];

	if (!open || expression[strlen(expression) - 1] != ']')
		return false;
	text_format(tensor, sizeof(tensor), "%.*s", (int)(open - expression < 127 ? open - expression : 127), expression);
	text_format(mask, sizeof(mask), "%.*s", (int)strlen(open + 1) - 1, open + 1);
	out->tensor = find_tensor(check, tensor);
	out->mask = find_tensor(check, mask);
	return out->tensor && out->mask && counted(out->mask, "true") >= 0;
}

/* Elements that a mask picks from a tensor: a True picks all that lies behind the mask's dimensions. */
static int64_t
picked(const struct side *side)
{
	int64_t picked = counted(side->mask, "true");

	for (int d = rank_of(side->mask); d < rank_of(side->tensor); d++)
		picked *= size_of(side->tensor, d);
	return picked;
}

static struct side read_side(const struct check *check, const char *expression, int depth);

/* A name: a number of the frame and, where the function computed it from a tensor's size, that tensor. */
static struct side
read_name(const struct check *check, const char *name, int depth)
{
	const json_t *local = find_local(check->locals, name, 0), *value = json_object_get(local, "value");
	struct side side = { .dim = -1 }, from = { .dim = -1 };
	char assigned[256];

	if (json_is_integer(value) && strcmp(text_get(local, "kind"), "int") == 0)
		side = (struct side){ .known = true, .value = json_integer_value(value), .dim = -1 };
	else if (find_tensor(check, name) && !rank_of(local) && json_is_integer(json_object_get(json_object_get(local, "summary"), "min")))
		side = (struct side){ .known = true, .value = counted(local, "min"), .dim = -1 };
	if (depth < DEPTH_MOST && code_assigned(check->statements, check->count, name, assigned, sizeof(assigned)))
		from = read_side(check, assigned, depth + 1);
	return from.known && (!side.known || side.value == from.value) ? from : side;
}

/* The last of OPERATORS that stands between two operands on the expression's own level; NULL. */
static char *
find_operator(char *expression, const char *operators)
{
	char *found = NULL;
	int depth = 0;

	for (char *at = expression; *at; at++) {
		depth += strchr("([{", *at) ? 1 : strchr(")]}", *at) ? -1 : 0;
		if (depth == 0 && at > expression && strchr(operators, *at) && at[1] != '*' && at[-1] != '*' && (at[-1] == ' ' || at[-1] == ')'))
			found = at;
	}
	return found;
}

/* "a * b", "a // b" and their like: a number of its own, of the tensor or mask that one of them has. */
static bool
read_computed(const struct check *check, char *text, int depth, struct side *out)
{
	char *at = find_operator(text, "+-"), operator;
	struct side one, other;
	bool overflow = false;

	at = at ? at : find_operator(text, "*/%");
	if (!at || depth >= DEPTH_MOST)
		return false;
	operator = *at;
	*at = 0;
	if (operator == '/' && at > text && at[-1] == '/')
		at[-1] = 0;
	one = read_side(check, text, depth + 1);
	other = read_side(check, at + 1, depth + 1);
	*out = one.tensor || one.mask ? one : other;
	out->mask = one.mask ? one.mask : other.mask;
	out->dim = -1;
	out->known = one.known && other.known && (strchr("+-*", operator) || other.value > 0);
	if (!out->known)
		return true;
	if (operator == '+')
		overflow = __builtin_add_overflow(one.value, other.value, &out->value);
	else if (operator == '-')
		overflow = __builtin_sub_overflow(one.value, other.value, &out->value);
	else if (operator == '*')
		overflow = __builtin_mul_overflow(one.value, other.value, &out->value);
	else
		out->value = operator == '%' ? one.value % other.value : one.value / other.value;
	out->known = !overflow;
	return true;
}

static struct side
read_side(const struct check *check, const char *expression, int depth)
{
	struct side side = { .dim = -1 };
	char text[256], *end;

	text_format(text, sizeof(text), "%s", expression + strspn(expression, " "));
	while (cut_ending(text, " ") || cut_ending(text, ".item()"))
		;
	side.value = strtoll(text, &end, 10);
	if (end != text && !*end)
		side.known = true;
	else if (read_computed(check, text, depth, &side))
		return side;
	else if (strncmp(text, "int(", 4) == 0 && cut_ending(text, ")"))
		side = read_side(check, text + 4, depth + 1);
	else if (strncmp(text, "len(", 4) == 0 && cut_ending(text, ")")) {
		const json_t *list = find_local(check->locals, text + 4, 0), *length = json_object_get(list, "length");

		side.tensor = find_tensor(check, text + 4);
		side.dim = side.tensor ? 0 : -1;
		side.value = side.tensor ? size_of(side.tensor, 0) : json_is_integer(length) ? json_integer_value(length) : -1;
		side.known = side.value >= 0;
	} else if (cut_dimension(text, &side.dim)) {
		if (read_masked(check, text, &side)) {
			side.value = counted(side.mask, "true");
			side.known = side.dim == 0;
		} else if ((side.tensor = find_tensor(check, text))) {
			side.dim += side.dim < 0 ? rank_of(side.tensor) : 0;
			side.value = size_of(side.tensor, side.dim);
			side.known = side.value >= 0;
		}
	} else if (cut_ending(text, ".numel()")) {
		if (read_masked(check, text, &side))
			side.value = picked(&side);
		else if ((side.tensor = find_tensor(check, text)))
			side.value = elements_of(side.tensor);
		side.known = side.tensor && side.value >= 0;
	} else if (cut_ending(text, ".sum()")) {
		side.mask = find_tensor(check, text);
		side.value = side.mask ? counted(side.mask, "true") : -1;
		side.known = side.value >= 0;
	} else if (strchr(text, '.') && !text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.")]) {
		side.known = find_number(check, text, &side.value);
	} else if (depth < DEPTH_MOST && !text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")]) {
		side = read_name(check, text, depth);
	}
	return side;
}

static bool
add_tensor(struct subject *out, const json_t *tensor)
{
	return tensor && subject_add(out, text_get(tensor, "name"), tensor);
}

/* A mask's count against a tensor's rows (or elements, of which both may be whole rows). */
static bool
state_count(struct subject *out, const struct side *supplied, const struct side *selected, struct mismatch *found)
{
	int64_t rows = supplied->value, places = selected->value, width = size_of(supplied->tensor, rank_of(supplied->tensor) - 1);

	if (!add_tensor(out, supplied->tensor) || !add_tensor(out, selected->mask))
		return false;
	if (supplied->dim < 0 && rank_of(supplied->tensor) > 1 && width > 1 && rows % width == 0 && places % width == 0) {
		rows /= width;
		places /= width;
	}
	text_say(found->text, sizeof(found->text), "%s has %" PRId64 " %s where %s selects %" PRId64, out->operands[0].name, rows,
		    rows == supplied->value && supplied->dim < 0 ? SAY("elements") : SAY("rows"), out->operands[1].name, places);
	state_numbers(found, "count", 0, 1, 0, places, rows);
	state_mark(found, 1, -1);
	return true;
}

static bool
state_sides(struct subject *out, const struct side *one, const struct side *other, struct mismatch *found)
{
	struct mismatch_facts facts = { .event = &out->event };

	if (one->mask && other->tensor && !other->mask)
		return state_count(out, other, one, found);
	if (other->mask && one->tensor && !one->mask)
		return state_count(out, one, other, found);
	if (one->mask || other->mask || (!one->tensor && !other->tensor))
		return false;
	if (!other->tensor || other->dim < 0) { /* the tensor has the story */
		const struct side *swap = one;

		one = other;
		other = swap;
	}
	if (other->dim < 0 || !add_tensor(out, other->tensor))
		return false;
	if (!one->tensor || one->dim < 0 || !add_tensor(out, one->tensor))
		return state_size(&facts, found, 0, other->dim, -1, -1, one->value, other->value);
	return state_size(&facts, found, 0, other->dim, 1, one->dim, one->value, other->value);
}

bool
check_compares(const struct source *source, const struct failure *failure, const json_t *frames, struct subject *out,
	       struct mismatch *found)
{
	struct code_comparison comparison;
	struct check check;
	bool differs = false;

	if (!check_open(&check, source, failure, frames))
		return false;
	if (code_compares(check.statements, check.count, &comparison)) {
		struct side one = read_side(&check, comparison.left, 0), other = read_side(&check, comparison.right, 0);

		subject_start(out, SUBJECT_CHECK);
		mismatch_start(found);
		differs = one.known && other.known && one.value != other.value && state_sides(out, &one, &other, found);
		if (differs && found->against < 0 && isalpha((unsigned char)*comparison.right) && strlen(comparison.right) < 64)
			text_say(found->text, sizeof(found->text), "%s has %" PRId64 " in dimension %d where %s is %" PRId64,
				    out->operands[0].name, found->actual, found->dim,
				    out->operands[0].sizes[found->dim] == other.value && other.tensor ? comparison.left : comparison.right,
				    found->expected);
	}
	free(check.statements);
	return differs;
}

static int
add_found(const json_t *tensor, const json_t **out, int count)
{
	for (int i = 0; i < count; i++)
		if (out[i] == tensor)
			return count;
	if (tensor && count < CHECK_TENSORS_MOST)
		out[count++] = tensor;
	return count;
}

int
check_tensors(const struct source *source, const struct failure *failure, const json_t *frames, const json_t *out[CHECK_TENSORS_MOST])
{
	struct code_names *names = calloc(1, sizeof(*names));
	struct check check;
	int count = 0;

	if (names && check_open(&check, source, failure, frames)) {
		code_depends(check.statements, check.count, names);
		for (int assigned = 0; assigned < 2; assigned++)
			for (int i = 0; i < names->count; i++)
				if (names->names[i].assigned == (assigned != 0))
					count = add_found(find_tensor(&check, names->names[i].name), out, count);
		free(check.statements);
	}
	free(names);
	return count;
}
