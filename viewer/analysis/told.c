#include "told.h"

#include <ctype.h>
#include <string.h>

#include "findings/check.h"
#include "mismatch/mismatch_rule.h"
#include "text.h"
#include "where.h"

#define FRAMES_MOST 3
#define DEPTH_MOST 4
#define EVENTS_MOST 1024

static const char *const expecting[] = { "xpect", "should be", "must be", "same as", "compatible with", "need", "require", "want" };
static const char *const getting[] = { " got", "(got", "receive", "found", "given", " is ", " has ", " was ", "but " };

/* Where the last of COUNT WORDS begins in [FROM, TO); -1 if none does. */
static long
last_of(const char *from, const char *to, const char *const *words, size_t count)
{
	long last = -1;

	for (size_t i = 0; i < count; i++)
		for (const char *at = strstr(from, words[i]); at && at < to; at = strstr(at + 1, words[i]))
			last = at - from > last ? at - from : last;
	return last;
}

/* One shape at *AT, which is at its bracket; moves *AT on to its end. */
static bool
read_shape(const char **at, struct told_shape *out)
{
	char close = **at == '[' ? ']' : ')';
	const char *c = *at + 1;
	bool comma = false;

	out->ndim = 0;
	for (;;) {
		int64_t number = 0;

		c += strspn(c, " ");
		if (!isdigit((unsigned char)*c))
			break;
		for (; isdigit((unsigned char)*c); c++)
			if (__builtin_mul_overflow(number, 10, &number) || __builtin_add_overflow(number, *c - '0', &number))
				return false;
		if (out->ndim == TOLD_DIMS_MOST)
			return false;
		out->sizes[out->ndim++] = number;
		c += strspn(c, " ");
		if (*c != ',')
			break;
		comma = true;
		c++;
	}
	if (*c != close || !out->ndim || (close == ')' && !comma))
		return false;
	*at = c;
	return true;
}

static bool
begins_shape(const char *message, const char *at)
{
	return (*at == '[' || *at == '(') && (at == message || (!isalnum((unsigned char)at[-1]) && !strchr("_])", at[-1])));
}

void
told_rest(const char *message, char *out, size_t size)
{
	struct told_shape shape;

	text_format(out, size, "%s", message);
	for (const char *at = out; *at; at++) {
		const char *begin = at;

		if (begins_shape(out, at) && read_shape(&at, &shape))
			memset(out + (begin - out), ' ', (size_t)(at - begin) + 1);
	}
}

int
told_shapes(const char *message, struct told_shape out[TOLD_SHAPES_MOST])
{
	const char *from = message;
	int count = 0;

	for (const char *at = message; at && *at && count < TOLD_SHAPES_MOST; at++) {
		const char *begin = at;
		long expected, actual;

		if (!begins_shape(message, at) || !read_shape(&at, &out[count]))
			continue;
		expected = last_of(from, begin, expecting, sizeof(expecting) / sizeof(*expecting));
		actual = last_of(from, begin, getting, sizeof(getting) / sizeof(*getting));
		out[count++].role = expected > actual ? TOLD_EXPECTED : actual > expected ? TOLD_ACTUAL : TOLD_PLAIN;
		from = at;
	}
	return count;
}

bool
told_ranks(const char *message, int64_t *expected, int64_t *actual)
{
	const char *got = message ? strstr(message, "got") : NULL;

	*expected = *actual = -1;
	for (const char *at = got ? message : ""; *at; at++) {
		const char *after = at + 1;

		if (!isdigit((unsigned char)*at) || isdigit((unsigned char)at[1]) || (at > message && (isalnum((unsigned char)at[-1]) || at[-1] == '.')))
			continue;
		after += *after == '-' || *after == ' ';
		if ((*after != 'D' && *after != 'd') || (isalnum((unsigned char)after[1]) && strncmp(after, "dim", 3) != 0))
			continue;
		if (at > got && *actual < 0)
			*actual = *at - '0';
		else if (at < got && *expected < 0)
			*expected = *at - '0';
	}
	return *expected > 0 && *actual >= 0 && *expected != *actual;
}

bool
told_numbers(const char *message, int64_t *expected, int64_t *actual)
{
	const char *from = message;
	int count = 0;

	*expected = *actual = -1;
	for (const char *at = message; at && *at; at++) {
		const char *begin = at;
		long expects, gets;
		int64_t number = 0;

		if (!isdigit((unsigned char)*at) || (at > message && (isalnum((unsigned char)at[-1]) || strchr("_.-", at[-1]))))
			continue;
		for (; isdigit((unsigned char)*at); at++)
			if (__builtin_mul_overflow(number, 10, &number) || __builtin_add_overflow(number, *at - '0', &number))
				return false;
		if (*at == 'D' || *at == '-' || (*at == '.' && isdigit((unsigned char)at[1])) || (begin > message && begin[-1] == '[')) {
			at--;
			continue; /* a rank, a decimal, an index */
		}
		expects = last_of(from, begin, expecting, sizeof(expecting) / sizeof(*expecting));
		gets = last_of(from, begin, getting, sizeof(getting) / sizeof(*getting));
		if (*expected < 0 && expects > gets)
			*expected = number;
		else if (*actual < 0 && gets > expects)
			*actual = number;
		else if (number != *expected && number != *actual)
			return false;
		count++;
		from = at--;
	}
	return count >= 2 && *expected > 0 && *actual > 0 && *expected != *actual;
}

bool
told_is(const struct told_shape *told, const json_t *shape)
{
	if ((int)json_array_size(shape) != told->ndim)
		return false;
	for (int d = 0; d < told->ndim; d++)
		if (json_integer_value(json_array_get(shape, (size_t)d)) != told->sizes[d])
			return false;
	return true;
}

static bool
has_shape(const json_t *local, const struct told_shape *shape, int64_t rank)
{
	const json_t *sizes = json_object_get(local, "shape");

	if (strcmp(text_get(local, "kind"), "tensor") != 0 || !json_is_array(sizes))
		return false;
	if (!shape)
		return (int64_t)json_array_size(sizes) == rank;
	return told_is(shape, sizes);
}

static const json_t *
search(const json_t *locals, const struct told_shape *shape, int depth)
{
	for (size_t i = 0; i < json_array_size(locals); i++) {
		const json_t *local = json_array_get(locals, i), *items = json_object_get(local, "items"), *found;

		if (has_shape(local, shape, -1))
			return local;
		found = items && depth < DEPTH_MOST ? search(items, shape, depth + 1) : NULL;
		if (found)
			return found;
	}
	return NULL;
}

/* A tensor of SHAPE: one that the failing statement rests on, else one that the innermost frames of the program hold. */
static const json_t *
find_shape(const json_t *frames, const json_t *const *named, int named_count, const struct told_shape *shape)
{
	const json_t *found = NULL;

	for (int i = 0; i < named_count; i++)
		if (has_shape(named[i], shape, -1))
			return named[i];
	for (size_t f = 0, own = 0; f < json_array_size(frames) && own < FRAMES_MOST && !found; f++) {
		const json_t *frame = json_array_get(frames, f);

		if (where_frame_passes(frame))
			continue;
		own++;
		found = search(json_object_get(frame, "locals"), shape, 0);
	}
	return found;
}

/* No frame holds it by a name of its own (an attribute): the last tensor of SHAPE that an operation made. -1 if none. */
static int64_t
find_made(const struct source *source, const struct failure *failure, const struct told_shape *shape)
{
	struct event event;

	for (int64_t id = failure->context_event; id >= 0 && id > failure->context_event - EVENTS_MOST; id--) {
		if (!source->event(source->context, failure->process, id, &event))
			continue;
		for (int i = 0; i < event.output_count; i++)
			if (event.outputs[i].tensor > 0 && event.outputs[i].ndim == shape->ndim &&
			    memcmp(event.outputs[i].sizes, shape->sizes, (size_t)shape->ndim * sizeof(*shape->sizes)) == 0)
				return event.outputs[i].tensor;
	}
	return -1;
}

static bool
rank_subject(const struct failure *failure, const json_t *const *named, int named_count, struct subject *out, struct mismatch *found)
{
	struct mismatch_facts facts = { .event = &out->event };
	int64_t expected, actual;

	if (!told_ranks(failure->message, &expected, &actual))
		return false;
	for (int i = 0; i < named_count; i++) {
		if (!has_shape(named[i], NULL, actual))
			continue;
		subject_start(out, SUBJECT_CHECK);
		mismatch_start(found);
		if (subject_add(out, text_get(named[i], "name"), named[i]) && state_rank(&facts, found, 0, -1, expected))
			return found->from_message = true;
	}
	return false;
}

int
told_dim(const json_t *local, int64_t size)
{
	const json_t *shape = json_object_get(local, "shape");
	int found = -1;

	if (strcmp(text_get(local, "kind"), "tensor") != 0)
		return -1;
	for (size_t d = 0; d < json_array_size(shape); d++)
		if (json_integer_value(json_array_get(shape, d)) == size) {
			if (found >= 0)
				return -1;
			found = (int)d;
		}
	return found;
}

/* Two sizes are told: the tensor of the failing statement that has the wrong one, against one that has the other, if there is one. */
static bool
size_subject(const struct failure *failure, const json_t *const *named, int named_count, struct subject *out, struct mismatch *found)
{
	struct mismatch_facts facts = { .event = &out->event };
	const json_t *one = NULL, *other = NULL;
	int64_t expected, actual;

	if (!told_numbers(failure->message, &expected, &actual) || expected < 3 || actual < 3)
		return false;
	for (int i = 0; i < named_count; i++) {
		bool is = told_dim(named[i], actual) >= 0, wanted = told_dim(named[i], expected) >= 0;

		if (is && !wanted && (!one || strcmp(text_get(named[i], "dtype"), "bool") == 0))
			one = named[i];
		if (wanted && !is && !other)
			other = named[i];
	}
	if (!one)
		return false;
	subject_start(out, SUBJECT_CHECK);
	mismatch_start(found);
	if (!subject_add(out, text_get(one, "name"), one) || (other && !subject_add(out, text_get(other, "name"), other)))
		return false;
	state_size(&facts, found, 0, told_dim(one, actual), other ? 1 : -1, other ? told_dim(other, expected) : -1, expected, actual);
	return found->from_message = true;
}

/* Does one of NAMED have SHAPE? */
static bool
is_named(const json_t *const *named, int count, const struct told_shape *shape)
{
	for (int i = 0; i < count; i++)
		if (has_shape(named[i], shape, -1))
			return true;
	return false;
}

bool
told_subject(const struct source *source, const struct failure *failure, const json_t *frames, struct subject *out,
	     struct mismatch *found)
{
	const json_t *named[CHECK_TENSORS_MOST], *one, *other;
	const struct process *own;
	struct told_shape shapes[TOLD_SHAPES_MOST];
	int64_t unheld = -1; /* the one of two that no frame holds: what an operation just made */
	int named_count, actual = 0, expected = 1;

	if (!failure->message || failure->operation)
		return false;
	named_count = check_tensors(source, failure, frames, named);
	own = source->process(source->context, failure->process);
	if (own && told_of_processes(failure->message, own->rank, named, named_count, out, found))
		return true;
	if (told_shapes(failure->message, shapes) != 2)
		return rank_subject(failure, named, named_count, out, found) || size_subject(failure, named, named_count, out, found);
	if (shapes[0].role == TOLD_EXPECTED || (shapes[1].role == TOLD_ACTUAL && shapes[0].role != TOLD_ACTUAL)) {
		actual = 1;
		expected = 0;
	}
	if (shapes[expected].role == TOLD_ACTUAL || shapes[actual].role == TOLD_EXPECTED ||
	    (shapes[expected].role == TOLD_PLAIN && shapes[actual].role == TOLD_PLAIN)) {
		/* which is which, isn't said: only what the statement itself names, or at most one that it makes and hands on */
		actual = is_named(named, named_count, &shapes[0]) ? 0 : 1;
		expected = !actual;
		if (!is_named(named, named_count, &shapes[actual]))
			return false;
		if (!is_named(named, named_count, &shapes[expected]) && (shapes[0].ndim != shapes[1].ndim || shapes[0].ndim < 2 ||
									  (unheld = find_made(source, failure, &shapes[expected])) < 0))
			return false;
	}
	one = find_shape(frames, named, named_count, &shapes[actual]);
	other = unheld < 0 ? find_shape(frames, named, named_count, &shapes[expected]) : NULL;
	subject_start(out, SUBJECT_CHECK);
	if (!one && shapes[actual].ndim > 1) {
		int64_t made = find_made(source, failure, &shapes[actual]);

		if (made < 0 || !subject_add_sizes(out, "what it got", shapes[actual].sizes, shapes[actual].ndim))
			return false;
		out->operands[0].tensor = made;
	} else if (!one || !subject_add(out, text_get(one, "name"), one)) {
		return false;
	}
	if (other ? !subject_add(out, text_get(other, "name"), other)
		   : !subject_add_sizes(out, unheld < 0 ? "what is expected" : "what it meets", shapes[expected].sizes, shapes[expected].ndim))
		return false;
	out->operands[1].tensor = unheld >= 0 ? unheld : out->operands[1].tensor;
	if (!subject_differs(out, found))
		return false;
	if (!other && unheld < 0) { /* nothing holds it: a number that is asked for */
		struct mismatch_facts facts = { .event = &out->event };
		struct mismatch differs = *found;

		out->event.operand_count = 1;
		mismatch_start(found);
		if (strcmp(differs.property, "rank") == 0)
			state_rank(&facts, found, 0, -1, differs.expected);
		else
			state_size(&facts, found, 0, differs.dim, -1, -1, differs.expected, differs.actual);
		found->from_message = true;
	}
	return true;
}
