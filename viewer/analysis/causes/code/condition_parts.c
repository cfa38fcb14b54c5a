/* What a frame's record says of names, tensors and shapes: the values that condition.c puts together. */
#include "condition_parts.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

#include "../../text.h"

#define DEPTH_MOST 4
#define WHOLE_MOST 9007199254740992.0 /* 2^53: every whole number up to it is a float of its own */

struct condition_value
condition_number(int64_t number)
{
	return (struct condition_value){ .kind = CONDITION_NUMBER, .number = number, .dim = -1 };
}

struct condition_value
condition_float(double real)
{
	return isfinite(real) ? (struct condition_value){ .kind = CONDITION_FLOAT, .real = real, .dim = -1 } : (struct condition_value){ .dim = -1 };
}

const json_t *
condition_local(const json_t *locals, const char *name, int depth)
{
	for (size_t i = 0; i < json_array_size(locals); i++) {
		const json_t *local = json_array_get(locals, i), *items = json_object_get(local, "items"), *found;

		if (strcmp(text_get(local, "name"), name) == 0)
			return local;
		found = items && depth < DEPTH_MOST ? condition_local(items, name, depth + 1) : NULL;
		if (found)
			return found;
	}
	return NULL;
}

/* The number called NAME among NUMBERS, else the only one under the same last name; -1 none, or several. */
static int64_t
number_in(const json_t *numbers, const char *name)
{
	const char *last = strrchr(name, '.');
	int64_t found = -1;
	bool several = false;

	for (size_t i = 0; i < json_array_size(numbers); i++) {
		const json_t *number = json_array_get(numbers, i);
		const char *is = text_get(number, "name"), *is_last = strrchr(is, '.');
		int64_t value = json_integer_value(json_object_get(number, "value"));

		if (strcmp(is, name) == 0)
			return value;
		if (!last || !is_last || strcmp(is_last, last) != 0 || found == value)
			continue;
		several = found >= 0;
		found = value;
	}
	return several ? -1 : found;
}

bool
condition_find_number(const struct condition_scope *scope, const char *name, int64_t *out)
{
	bool constant = true;

	for (const char *at = name; *at; at++)
		constant = constant && !islower((unsigned char)*at);
	*out = number_in(scope->numbers, name);
	for (size_t i = 0; *out < 0 && (constant || strchr(name, '.')) && i < json_array_size(scope->reach); i++)
		*out = number_in(json_object_get(json_array_get(scope->reach, i), "numbers"), name);
	return *out >= 0;
}

const json_t *
condition_tensor(const struct condition_scope *scope, const char *name)
{
	const json_t *local = condition_local(scope->locals, name, 0);

	return local && strcmp(text_get(local, "kind"), "tensor") == 0 && json_is_array(json_object_get(local, "shape")) ? local : NULL;
}

int64_t
condition_counted(const json_t *tensor, const char *key)
{
	const json_t *count = json_object_get(json_object_get(tensor, "summary"), key);

	return json_is_integer(count) ? json_integer_value(count) : -1;
}

struct condition_value
condition_shape(const json_t *tensor)
{
	const json_t *shape = json_object_get(tensor, "shape");
	struct condition_value value = { .kind = CONDITION_SHAPE, .tensor = tensor, .dim = -1, .direct = true };

	if (json_array_size(shape) > CONDITION_SIZES_MOST)
		return (struct condition_value){ .dim = -1 };
	for (value.ndim = 0; value.ndim < (int)json_array_size(shape); value.ndim++) {
		const json_t *size = json_array_get(shape, (size_t)value.ndim);

		value.sizes[value.ndim] = json_is_integer(size) ? json_integer_value(size) : -1;
		value.of[value.ndim] = tensor;
		value.dims[value.ndim] = value.ndim;
	}
	return value;
}

/* Entry I (from the back, if negative) of a SHAPE. */
struct condition_value
condition_entry(const struct condition_value *shape, int64_t i)
{
	struct condition_value value = { .dim = -1 };

	i += i < 0 ? shape->ndim : 0;
	if (i < 0 || i >= shape->ndim || shape->sizes[i] < 0)
		return value;
	value = condition_number(shape->sizes[i]);
	value.tensor = shape->of[i];
	value.dim = shape->of[i] ? shape->dims[i] : -1;
	value.direct = shape->direct;
	return value;
}

struct condition_value
condition_shape_from(const struct condition_value *values, int count)
{
	struct condition_value shape = { .kind = CONDITION_SHAPE, .dim = -1, .ndim = count };

	if (count < 0 || count > CONDITION_SIZES_MOST)
		return (struct condition_value){ .dim = -1 };
	for (int i = 0; i < count; i++) {
		shape.sizes[i] = values[i].kind == CONDITION_NUMBER ? values[i].number : -1;
		shape.of[i] = values[i].dim >= 0 ? values[i].tensor : NULL;
		shape.dims[i] = values[i].dim;
	}
	return shape;
}

/* The elements that a mask picks from a tensor: a True picks all that lies behind the mask's dimensions. */
static struct condition_value
elements_of(const struct condition_value *value)
{
	struct condition_value out = condition_number(1), shape = condition_shape(value->tensor);
	int from = value->mask ? (int)json_array_size(json_object_get(value->mask, "shape")) : 0;

	out.tensor = value->tensor;
	out.mask = value->mask;
	out.number = value->mask ? condition_counted(value->mask, "true") : 1;
	for (int d = from; d < shape.ndim; d++)
		if (shape.sizes[d] < 0 || __builtin_mul_overflow(out.number, shape.sizes[d], &out.number))
			return (struct condition_value){ .dim = -1 };
	return out;
}

/* VALUE.METHOD(ARGUMENTS), or the attribute METHOD where CALLED isn't set. */
struct condition_value
condition_ask(const struct condition_value *value, const char *method, bool called, const struct condition_value *arguments, int count)
{
	struct condition_value out = { .dim = -1 };
	bool tensor = value->kind == CONDITION_TENSOR;

	if (tensor && (called ? strcmp(method, "size") == 0 : strcmp(method, "shape") == 0)) {
		out = condition_shape(value->tensor);
		if (value->mask) { /* what a mask picks: its count, then what lies behind */
			out = (struct condition_value){ .kind = CONDITION_SHAPE, .tensor = value->tensor, .mask = value->mask, .dim = -1, .ndim = 1 };
			out.sizes[0] = condition_counted(value->mask, "true");
		}
		return count == 1 && arguments[0].kind == CONDITION_NUMBER ? condition_entry(&out, arguments[0].number) : out;
	}
	if (tensor && !value->mask && text_among(called ? "dim ndimension" : "ndim", method)) {
		out = condition_number((int64_t)json_array_size(json_object_get(value->tensor, "shape")));
		out.tensor = value->tensor;
		out.rank = out.direct = true;
	} else if (tensor && called && text_among("numel nelement", method)) {
		out = elements_of(value);
	} else if (tensor && called && !count && strcmp(method, "sum") == 0 && condition_counted(value->tensor, "true") >= 0) {
		out = condition_number(condition_counted(value->tensor, "true"));
		out.mask = value->tensor;
	} else if (tensor && called && !count && text_among("max min", method) && json_is_integer(json_object_get(json_object_get(value->tensor, "summary"), method))) {
		out = condition_number(condition_counted(value->tensor, method));
	} else if (value->kind == CONDITION_SHAPE && called && strcmp(method, "numel") == 0) {
		out = condition_number(1);
		for (int i = 0; i < value->ndim; i++)
			if (value->sizes[i] < 0 || __builtin_mul_overflow(out.number, value->sizes[i], &out.number))
				return (struct condition_value){ .dim = -1 };
	} else if (called && text_among("item long int cpu contiguous detach", method)) {
		out = *value;
	}
	return out;
}

/* NAME of VALUE, a FLOAT: the whole number that it makes of it. */
static struct condition_value
whole_of(const char *name, double real)
{
	double whole = strcmp(name, "int") == 0 ? trunc(real) : strcmp(name, "round") == 0 ? rint(real) : text_among("math.floor floor", name) ? floor(real)
		       : text_among("math.ceil ceil", name) ? ceil(real) : INFINITY;

	if (strcmp(name, "float") == 0)
		return condition_float(real);
	return fabs(whole) <= WHOLE_MOST ? condition_number((int64_t)whole) : (struct condition_value){ .dim = -1 };
}

struct condition_value
condition_call(const char *name, const struct condition_value *arguments, int count)
{
	struct condition_value out = { .dim = -1 };

	if (count == 1 && arguments[0].kind == CONDITION_FLOAT)
		return whole_of(name, arguments[0].real);
	if (count == 1 && arguments[0].kind == CONDITION_NUMBER && strcmp(name, "float") == 0)
		return condition_float((double)arguments[0].number);
	if (count == 1 && arguments[0].kind == CONDITION_NUMBER && text_among("round math.floor math.ceil floor ceil", name))
		return arguments[0];
	if (count == 1 && text_among("int tuple list torch.Size bool", name))
		return arguments[0];
	if (count < 1 || count > CONDITION_SIZES_MOST || !text_among("abs min max", name))
		return out;
	for (int i = 0; i < count; i++)
		if (arguments[i].kind != CONDITION_NUMBER)
			return out;
	out = condition_number(arguments[0].number);
	for (int i = 1; i < count; i++)
		if (strcmp(name, "min") == 0 ? arguments[i].number < out.number : arguments[i].number > out.number)
			out.number = arguments[i].number;
	out.number = strcmp(name, "abs") == 0 && out.number < 0 && out.number > INT64_MIN ? -out.number : out.number;
	return out;
}

static bool
combine_numbers(int64_t one, const char *operator, int64_t other, int64_t *out)
{
	if (strcmp(operator, "+") == 0)
		return !__builtin_add_overflow(one, other, out);
	if (strcmp(operator, "-") == 0)
		return !__builtin_sub_overflow(one, other, out);
	if (strcmp(operator, "*") == 0)
		return !__builtin_mul_overflow(one, other, out);
	if (other <= 0 || one < 0)
		return false;
	if (strcmp(operator, "//") == 0 || (strcmp(operator, "/") == 0 && one % other == 0))
		*out = one / other;
	else if (strcmp(operator, "%") == 0)
		*out = one % other;
	else if (strcmp(operator, "**") == 0 && (other == 2 || other == 1))
		return !__builtin_mul_overflow(one, other == 2 ? one : 1, out);
	else
		return false;
	return true;
}

/* Numbers of which one has a point, or whose quotient has: as Python computes them, in double precision. */
static struct condition_value
combine_floats(const struct condition_value *one, const char *operator, const struct condition_value *other)
{
	double a = one->kind == CONDITION_FLOAT ? one->real : (double)one->number, b = other->kind == CONDITION_FLOAT ? other->real : (double)other->number;

	if (strcmp(operator, "+") == 0)
		return condition_float(a + b);
	if (strcmp(operator, "-") == 0)
		return condition_float(a - b);
	if (strcmp(operator, "*") == 0)
		return condition_float(a * b);
	if (strcmp(operator, "/") == 0 && b != 0)
		return condition_float(a / b);
	if (strcmp(operator, "//") == 0 && a >= 0 && b > 0)
		return condition_float(rint((a - fmod(a, b)) / b));
	return (struct condition_value){ .dim = -1 };
}

static bool
is_plain(const struct condition_value *value)
{
	return value->kind == CONDITION_FLOAT || value->kind == CONDITION_NUMBER;
}

struct condition_value
condition_combine(const struct condition_value *one, const char *operator, const struct condition_value *other)
{
	struct condition_value out = { .dim = -1 };

	if (one->kind == CONDITION_SHAPE && other->kind == CONDITION_SHAPE && strcmp(operator, "+") == 0 && one->ndim + other->ndim <= CONDITION_SIZES_MOST) {
		out = *one;
		for (int d = 0; d < other->ndim; d++, out.ndim++) {
			out.sizes[out.ndim] = other->sizes[d];
			out.of[out.ndim] = other->of[d];
			out.dims[out.ndim] = other->dims[d];
		}
		out.direct = false;
		return out;
	}
	if (is_plain(one) && is_plain(other) &&
	    (one->kind == CONDITION_FLOAT || other->kind == CONDITION_FLOAT || (strcmp(operator, "/") == 0 && other->number && one->number % other->number)))
		return combine_floats(one, operator, other);
	if (one->kind != CONDITION_NUMBER || other->kind != CONDITION_NUMBER || !combine_numbers(one->number, operator, other->number, &out.number))
		return out;
	out.kind = CONDITION_NUMBER;
	if (strcmp(operator, "%") == 0) {
		out.whole = one->number;
		out.part = other->number;
		out.whole_dim = one->tensor && !one->mask ? one->dim : -1;
	}
	out.tensor = one->tensor || one->mask ? one->tensor : other->tensor;
	out.mask = one->mask ? one->mask : other->mask;
	return out;
}

static int
shapes_hold(const struct condition_value *one, bool equal, const struct condition_value *other)
{
	if (one->ndim != other->ndim)
		return !equal;
	for (int d = 0; d < one->ndim; d++) {
		if (one->sizes[d] < 0 || other->sizes[d] < 0)
			return -1;
		if (one->sizes[d] != other->sizes[d])
			return !equal;
	}
	return equal;
}

int
condition_holds(const struct condition_value *one, const char *operator, const struct condition_value *other)
{
	int64_t a = one->number, b = other->number;
	bool equal = strcmp(operator, "==") == 0;

	if (one->kind == CONDITION_NUMBER && other->kind == CONDITION_SHAPE && text_among("in not_in", operator)) {
		for (int i = 0; i < other->ndim; i++) {
			if (other->sizes[i] < 0)
				return -1;
			if (other->sizes[i] == a)
				return strcmp(operator, "in") == 0;
		}
		return strcmp(operator, "in") != 0;
	}
	if (one->kind == CONDITION_SHAPE && other->kind == CONDITION_SHAPE && text_among("== !=", operator))
		return shapes_hold(one, equal, other);
	if (one->kind != CONDITION_NUMBER || other->kind != CONDITION_NUMBER)
		return -1;
	return equal ? a == b : strcmp(operator, "!=") == 0 ? a != b : strcmp(operator, "<") == 0 ? a < b : strcmp(operator, "<=") == 0 ? a <= b
	       : strcmp(operator, ">") == 0 ? a > b : strcmp(operator, ">=") == 0 ? a >= b : -1;
}
