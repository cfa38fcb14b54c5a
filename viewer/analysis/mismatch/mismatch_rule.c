#include "mismatch_rule.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "schema/box.h"
#include "../text.h"

void
mismatch_start(struct mismatch *out)
{
	*out = (struct mismatch){ .operand = -1, .against = -1, .dim = -1, .against_dim = -1 };
}

void
mismatch_plain_name(const char *operation, char *out, size_t size)
{
	const char *colon = strrchr(operation, ':');
	size_t length;

	operation = colon ? colon + 1 : operation;
	while (*operation == '_')
		operation++;
	text_format(out, size, "%s", operation);
	for (length = strlen(out); length && out[length - 1] == '_'; length--)
		out[length - 1] = 0;
}

bool
mismatch_is_any(const char *operation, const char *names)
{
	char name[96];

	mismatch_plain_name(operation, name, sizeof(name));
	return text_among(names, name);
}

bool
mismatch_is_view(const char *operation)
{
	static const char views[] = "view view_as reshape unsafe_view select slice narrow transpose t permute squeeze unsqueeze expand expand_as unbind "
				    "split chunk split_with_sizes tensor_split alias detach as_strided diagonal flatten unflatten movedim swapaxes "
				    "swapdims numpy_T mT";

	return !mismatch_is_in_place(operation) && mismatch_is_any(operation, views);
}

bool
mismatch_is_in_place(const char *operation)
{
	size_t length = strlen(operation);

	return length > 2 && operation[length - 1] == '_' && operation[length - 2] != '_';
}

static bool
is_plain_tensor(const struct operand *operand)
{
	return operand->kind && strcmp(operand->kind, "tensor") == 0 && operand->ndim >= 0;
}

int
rule_place(const struct event *event, const char *name)
{
	for (int i = 0; i < event->operand_count; i++)
		if (event->operands[i].name && strcmp(event->operands[i].name, name) == 0)
			return i;
	return -1;
}

const struct operand *
rule_operand(const struct event *event, const char *name)
{
	int place = rule_place(event, name);

	return place >= 0 ? &event->operands[place] : NULL;
}

int
rule_tensor(const struct event *event, const char *name)
{
	int place = rule_place(event, name);

	return place >= 0 && is_plain_tensor(&event->operands[place]) ? place : -1;
}

int
rule_any(const struct event *event, const char *names)
{
	for (int i = 0; i < event->operand_count; i++)
		if (event->operands[i].name && is_plain_tensor(&event->operands[i]) && text_among(names, event->operands[i].name))
			return i;
	return -1;
}

int
rule_next(const struct event *event, int from)
{
	for (int i = from; i < event->operand_count; i++)
		if (is_plain_tensor(&event->operands[i]) && !(event->operands[i].flags & BOX_TENSOR_WRAPPED))
			return i;
	return -1;
}

int
rule_pieces(const struct event *event)
{
	int count = 0;

	for (int i = rule_next(event, 0); i >= 0; i = rule_next(event, i + 1))
		count++;
	return count;
}

bool
rule_int(const struct event *event, const char *name, int64_t *out)
{
	return rule_ints(event, name, out, 1) == 1;
}

bool
rule_bool(const struct event *event, const char *name)
{
	int place = rule_place(event, name);

	return place >= 0 && event->operands[place].value && strcmp(event->operands[place].value, "true") == 0;
}

int
rule_ints(const struct event *event, const char *name, int64_t *out, int room)
{
	int place = rule_place(event, name), count = 0;
	const char *at = place < 0 ? NULL : event->operands[place].value;
	bool list = at && *at == '[';

	if (!at || !event->operands[place].kind || strncmp(event->operands[place].kind, "int", 3) != 0)
		return -1;
	for (at += list; *at && *at != ']'; count++) {
		char *end;
		int64_t value = strtoll(at, &end, 10);

		if (end == at)
			return -1;
		if (count < room)
			out[count] = value > RULE_INT_MOST ? RULE_INT_MOST : value < -RULE_INT_MOST ? -RULE_INT_MOST : value;
		for (at = end; *at == ',' || *at == ' ';)
			at++;
	}
	return count <= room ? count : -1;
}

int64_t
rule_entry(const struct event *event, const char *name, int i, int64_t fallback)
{
	int64_t values[RULE_INTS_MOST];
	int count = rule_ints(event, name, values, RULE_INTS_MOST);

	return count <= 0 ? fallback : values[i < count ? i : 0];
}

int
rule_columns(const struct event *event, int place, const struct operand *is)
{
	int64_t sizes[RULE_INTS_MOST];
	int count = rule_ints(event, event->operands[place].name, sizes, RULE_INTS_MOST);

	if (count < 2 || count != is->ndim || sizes[0] != -1)
		return -1;
	for (int d = 1; d < count - 1; d++)
		if (sizes[d] != is->sizes[d])
			return -1;
	return sizes[count - 1] > 0 && is->sizes[count - 1] > 0 && sizes[count - 1] % is->sizes[count - 1] ? count - 1 : -1;
}

int
rule_merged(const struct event *event, int place, const struct operand *is, int64_t *each)
{
	int64_t asked[RULE_INTS_MOST];
	int found = -1;

	if (place < 0 || !event->operands[place].name || rule_ints(event, event->operands[place].name, asked, RULE_INTS_MOST) != is->ndim)
		return -1;
	for (int d = 0; d < is->ndim; d++) {
		if (asked[d] == is->sizes[d])
			continue;
		if (found >= 0 || d + 1 >= is->ndim || is->sizes[d] < 1 || is->sizes[d + 1] < 1 || asked[d + 1] % is->sizes[d + 1])
			return -1;
		*each = asked[d + 1] / is->sizes[d + 1];
		if (*each < 2 || (asked[d] != -1 && is->sizes[d] / *each != asked[d]) || asked[d] == 0 || is->sizes[d] % *each == 0)
			return -1;
		found = d++;
	}
	return found;
}

int64_t
rule_count(const struct operand *operand)
{
	int64_t count = 1;

	for (int i = 0; i < operand->ndim; i++)
		if (__builtin_mul_overflow(count, operand->sizes[i], &count))
			return -1;
	return count;
}

int
rule_dim(int64_t dim, int ndim)
{
	return dim >= -ndim && dim < ndim ? (int)(dim < 0 ? dim + ndim : dim) : -1;
}

bool
rule_is_integral(const char *dtype)
{
	return dtype && text_among("uint8 int8 int16 int32 int64 uint16 uint32 uint64 bool", dtype);
}

bool
rule_is_floating(const char *dtype)
{
	return dtype && (strncmp(dtype, "float", 5) == 0 || strcmp(dtype, "bfloat16") == 0 || strcmp(dtype, "double") == 0);
}

/* "Long" or "torch.FloatTensor" after MARK in the message; NULL. */
static const char *
told_dtype(const char *message, const char *mark)
{
	static const char *const types[][2] = { { "BFloat16", "bfloat16" }, { "Float", "float32" }, { "float", "float32" }, { "Double", "float64" },
						{ "double", "float64" }, { "Half", "float16" }, { "Long", "int64" }, { "Int", "int32" }, { "Bool", "bool" },
						{ "Byte", "uint8" } };
	const char *at = message ? strstr(message, mark) : NULL;

	if (!at)
		return NULL;
	at += strlen(mark);
	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
		if (strncmp(at, types[i][0], strlen(types[i][0])) == 0)
			return types[i][1];
	return NULL;
}

bool
rule_told_dtypes(const char *message, const char **wanted, const char **got)
{
	static const char *const wants[] = { "scalar type ", "scalar types: ", "but expected ", "expected torch." };
	static const char *const gots[] = { "but found ", "but got torch.", "Found dtype ", "got torch." };

	*wanted = *got = NULL;
	for (size_t i = 0; i < sizeof(wants) / sizeof(*wants); i++) {
		*wanted = *wanted ? *wanted : told_dtype(message, wants[i]);
		*got = *got ? *got : told_dtype(message, gots[i]);
	}
	return *wanted && *got && strcmp(*wanted, *got) != 0;
}

bool
rule_message_number(const struct mismatch_facts *facts, const char *mark, int64_t *out)
{
	const char *at = facts->message ? strstr(facts->message, mark) : NULL;
	bool negative;

	if (!at)
		return false;
	at += strlen(mark);
	at += strcspn(at, "0123456789\n");
	negative = at[-1] == '-';
	if (*at < '0' || *at > '9')
		return false;
	*out = strtoll(at, NULL, 10) * (negative ? -1 : 1);
	return true;
}

void
state_mark(struct mismatch *out, int operand, int dim)
{
	if (operand >= 0 && out->mark_count < MISMATCH_MARKS_MOST) {
		out->marks[out->mark_count].operand = operand;
		out->marks[out->mark_count++].dim = dim;
	}
}

bool
state_numbers(struct mismatch *out, const char *property, int operand, int against, int dim, int64_t expected, int64_t actual)
{
	out->property = property;
	out->operand = operand;
	out->against = against;
	out->dim = dim;
	out->expected = expected;
	out->actual = actual;
	out->has_expected = out->has_actual = true;
	state_mark(out, operand, dim);
	return true;
}

static const char *
name_of(const struct mismatch_facts *facts, int place)
{
	return place >= 0 ? facts->event->operands[place].name : "";
}

bool
state_size(const struct mismatch_facts *facts, struct mismatch *out, int operand, int dim, int against, int against_dim,
	   int64_t expected, int64_t actual)
{
	if (against < 0)
		text_say(out->text, sizeof(out->text), "%s has %" PRId64 " in dimension %d where %" PRId64 " is needed",
			    name_of(facts, operand), actual, dim, expected);
	else if (against_dim >= 0 && dim == against_dim)
		text_say(out->text, sizeof(out->text), "%s has %" PRId64 " in dimension %d where %s has %" PRId64,
			    name_of(facts, operand), actual, dim, name_of(facts, against), expected);
	else if (against_dim >= 0)
		text_say(out->text, sizeof(out->text), "%s has %" PRId64 " in dimension %d where dimension %d of %s has %" PRId64,
			    name_of(facts, operand), actual, dim, against_dim, name_of(facts, against), expected);
	else
		text_say(out->text, sizeof(out->text), "%s has %" PRId64 " in dimension %d where %s asks for %" PRId64,
			    name_of(facts, operand), actual, dim, name_of(facts, against), expected);
	state_numbers(out, "size", operand, against, dim, expected, actual);
	out->against_dim = against_dim;
	if (against_dim >= 0)
		state_mark(out, against, against_dim);
	return true;
}

bool
state_rank(const struct mismatch_facts *facts, struct mismatch *out, int operand, int against, int64_t expected)
{
	int64_t actual = facts->event->operands[operand].ndim;

	if (against >= 0)
		text_say(out->text, sizeof(out->text), "%s has %" PRId64 " dimension%s where %s asks for %" PRId64,
			    name_of(facts, operand), actual, language_plural(actual), name_of(facts, against), expected);
	else
		text_say(out->text, sizeof(out->text), "%s has %" PRId64 " dimension%s where %" PRId64 " are needed",
			    name_of(facts, operand), actual, language_plural(actual), expected);
	return state_numbers(out, "rank", operand, against, -1, expected, actual);
}

bool
state_names(const struct mismatch_facts *facts, struct mismatch *out, const char *property, int operand, int against,
	    const char *expected, const char *actual)
{
	const char *verb = strcmp(property, "device") == 0 ? SAY("is on") : SAY("is");

	out->property = property;
	out->operand = operand;
	out->against = against;
	out->expected_name = expected;
	out->actual_name = actual;
	if (against >= 0)
		text_say(out->text, sizeof(out->text), "%s %s %s where %s %s %s", name_of(facts, operand), verb, actual,
			    name_of(facts, against), verb, expected);
	else
		text_say(out->text, sizeof(out->text), "%s %s %s where %s is needed", name_of(facts, operand), verb, actual,
			    expected);
	state_mark(out, operand, -1);
	state_mark(out, against, -1);
	return true;
}

bool
state_broadcast(const struct mismatch_facts *facts, struct mismatch *out, int operand, int against, bool fixed)
{
	const struct operand *a = &facts->event->operands[against], *b = &facts->event->operands[operand];

	for (int i = 1; i <= b->ndim && i <= a->ndim; i++) {
		int64_t is = b->sizes[b->ndim - i], other = a->sizes[a->ndim - i];

		if (is != other && is != 1 && (fixed || other != 1))
			return state_size(facts, out, operand, b->ndim - i, against, a->ndim - i, other, is);
	}
	if (fixed && b->ndim > a->ndim) {
		for (int i = 0; i < b->ndim - a->ndim; i++)
			if (b->sizes[i] != 1)
				return state_rank(facts, out, operand, against, a->ndim);
	}
	return false;
}
