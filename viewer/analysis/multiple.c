#include "multiple.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "findings/check.h"
#include "mismatch/mismatch_rule.h"
#include "mismatch/operand.h"
#include "text.h"
#include "told.h"
#include "where.h"

#define APART_MOST 60  /* characters between the words and the number */
#define WHOLE_LEAST 3
#define DEPTH_MOST 3

/* The last number of MESSAGE before AT, as a word of its own; -1. */
static int64_t
number_before(const char *message, const char *at)
{
	int64_t last = -1, number;

	for (const char *c = message; c < at; c++) {
		if (!isdigit((unsigned char)*c) || (c > message && text_is_word(c[-1])))
			continue;
		if (text_number(&c, &number) && c <= at && !text_is_word(*c))
			last = number;
		c--;
	}
	return last;
}

bool
multiple_told(const char *message, int64_t *whole, int64_t *part)
{
	static const char *const words[] = { "in chunks of", "divisible by", "multiple of", "divided by", "evenly by", "evenly into" };
	char rest[1024];

	told_rest(message ? message : "", rest, sizeof(rest)); /* the sizes of shapes are no numbers of the sentence */
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		const char *at = strstr(rest, words[i]), *after = at ? at + strlen(words[i]) : NULL, *next = after;

		if (!at || !text_number(&next, part) || next - after > APART_MOST)
			continue;
		*whole = number_before(rest, at);
		if (*part > 1 && *whole >= WHOLE_LEAST && *whole % *part)
			return true;
	}
	return false;
}

/* The first tensor of LOCALS that has SIZE in one dimension, and is of SHAPE if that is told. */
static const json_t *
find_tensor(const json_t *locals, int64_t size, const struct told_shape *shape, int depth)
{
	for (size_t i = 0; i < json_array_size(locals); i++) {
		const json_t *local = json_array_get(locals, i), *found;

		if (told_dim(local, size) >= 0 && (!shape || told_is(shape, json_object_get(local, "shape"))))
			return local;
		found = depth < DEPTH_MOST ? find_tensor(json_object_get(local, "items"), size, shape, depth + 1) : NULL;
		if (found)
			return found;
	}
	return NULL;
}

/* Is NUMBER within reach of one of the frames: a variable, an attribute? */
static bool
is_in_reach(const struct failure *failure, const json_t *frames, int64_t number)
{
	const json_t *reach = failure->note ? json_object_get(failure->note->json, "numbers") : NULL, *value;
	struct text_walk at = { 0 }, within = { 0 };

	while ((value = text_next(reach, "numbers", &at)))
		if (json_integer_value(json_object_get(value, "value")) == number)
			return true;
	while ((value = text_next(frames, "locals", &within)))
		if (strcmp(text_get(value, "kind"), "int") == 0 && json_integer_value(json_object_get(value, "value")) == number)
			return true;
	return false;
}

static bool
state(const json_t *frames, const json_t *tensor, int dim, int64_t whole, int64_t part, struct subject *out, struct mismatch *found)
{
	const json_t *identity = json_object_get(tensor, "tensor"), *local = json_is_integer(identity) ? operand_local(frames, json_integer_value(identity)) : NULL;
	const char *name = text_get(local ? local : tensor, "name");

	subject_start(out, SUBJECT_CHECK);
	mismatch_start(found);
	if (!subject_add(out, name, tensor))
		return false;
	state_numbers(found, "size", 0, -1, dim, part, whole);
	text_say(found->text, sizeof(found->text), "%s has %" PRId64 " in dimension %d, no multiple of %" PRId64, name, whole, dim, part);
	return true;
}

/* By the check's own line: what it takes the remainder of is a tensor's size. */
static bool
by_condition(const struct source *source, const struct failure *failure, const json_t *frames, struct subject *out, struct mismatch *found)
{
	struct condition condition;
	const struct condition_value *rest = &condition.one;

	if (!check_condition(source, failure, frames, &condition) || rest->part < 2 || rest->whole < WHOLE_LEAST || rest->whole % rest->part == 0 || !rest->tensor ||
	    rest->whole_dim < 0 || json_integer_value(json_array_get(json_object_get(rest->tensor, "shape"), (size_t)rest->whole_dim)) != rest->whole)
		return false;
	return state(frames, rest->tensor, rest->whole_dim, rest->whole, rest->part, out, found);
}

bool
multiple_subject(const struct source *source, const struct failure *failure, const json_t *frames, struct subject *out, struct mismatch *found)
{
	struct told_shape shapes[TOLD_SHAPES_MOST];
	const json_t *tensor = NULL, *named[CHECK_TENSORS_MOST];
	int chosen = where_choose(frames), count;
	int64_t whole, part;
	bool one;

	if (failure->operation)
		return false;
	if (by_condition(source, failure, frames, out, found))
		return true;
	if (!multiple_told(failure->message, &whole, &part))
		return false;
	one = told_shapes(failure->message, shapes) == 1;
	for (int i = 0; i <= chosen && !tensor; i++) /* from the function that checked outwards */
		tensor = find_tensor(json_object_get(json_array_get(frames, (size_t)i), "locals"), whole, one ? shapes : NULL, 0);
	count = tensor ? 0 : check_tensors(source, failure, frames, named);
	for (int i = 0; i < count && !tensor; i++)
		tensor = told_dim(named[i], whole) >= 0 && (!one || told_is(shapes, json_object_get(named[i], "shape"))) ? named[i] : NULL;
	if (!tensor || (!one && !is_in_reach(failure, frames, part)) || !state(frames, tensor, told_dim(tensor, whole), whole, part, out, found))
		return false;
	return found->from_message = true;
}
