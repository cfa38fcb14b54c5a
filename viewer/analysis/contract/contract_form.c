/* The tensors of a call: their names, dimensions, dtypes, devices, and what two calls have in common. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "contract_parts.h"
#include "../text.h"

void
form_text(const struct form_operand *operand, char *out, size_t size)
{
	char items[32] = "", sizes[FORM_DIMS * 24] = "...";
	size_t used = 0;

	if (operand->items == FORM_VARIES)
		text_format(items, sizeof(items), "(*)");
	else if (operand->items > 0)
		text_format(items, sizeof(items), "(%" PRId64 ")", operand->items);
	if (operand->ndim == 0)
		sizes[0] = 0;
	for (int d = 0; d < operand->ndim; d++) {
		if (operand->sizes[d] == FORM_VARIES)
			text_format(sizes + used, sizeof(sizes) - used, "%s*", d ? ", " : "");
		else
			text_format(sizes + used, sizeof(sizes) - used, "%s%" PRId64, d ? ", " : "", operand->sizes[d]);
		used += strlen(sizes + used);
	}
	text_format(out, size, "%s%s [%s] %s %s", operand->name, items, sizes, operand->dtype, operand->device);
}

static bool
parse_number(const char **at, int64_t *out)
{
	char *end;

	if (**at == '*') {
		*out = FORM_VARIES;
		(*at)++;
		return true;
	}
	*out = strtoll(*at, &end, 10);
	if (end == *at || *out < 0)
		return false;
	*at = end;
	return true;
}

static bool
parse_sizes(const char **at, struct form_operand *out)
{
	if (strncmp(*at, "...]", 4) == 0) {
		out->ndim = FORM_VARIES;
		*at += 4;
		return true;
	}
	for (out->ndim = 0; **at != ']'; out->ndim++) {
		if (out->ndim == FORM_DIMS || (out->ndim && strncmp(*at, ", ", 2) != 0))
			return false;
		*at += out->ndim ? 2 : 0;
		if (!parse_number(at, &out->sizes[out->ndim]))
			return false;
	}
	(*at)++;
	return true;
}

bool
form_parse(struct contract *contract, const char *text, struct form_operand *out)
{
	char name[64], dtype[32], device[32], more;
	size_t length = strcspn(text, " (");
	const char *at = text + length;

	*out = (struct form_operand){ .items = 0 };
	if (!length || length >= sizeof(name))
		return false;
	text_format(name, sizeof(name), "%.*s", (int)length, text);
	if (*at == '(') {
		at++;
		if (!parse_number(&at, &out->items) || *at++ != ')')
			return false;
	}
	if (strncmp(at, " [", 2) != 0)
		return false;
	at += 2;
	if (!parse_sizes(&at, out) || sscanf(at, " %31s %31s %c", dtype, device, &more) != 2)
		return false;
	out->name = contract_string(contract, name);
	out->dtype = contract_string(contract, dtype);
	out->device = contract_string(contract, device);
	return true;
}

static void
operand_merge(struct form_operand *into, const struct form_operand *other)
{
	if (into->ndim != other->ndim)
		into->ndim = FORM_VARIES;
	for (int d = 0; d < into->ndim; d++)
		if (into->sizes[d] != other->sizes[d])
			into->sizes[d] = FORM_VARIES;
	if (strcmp(into->dtype, other->dtype) != 0)
		into->dtype = "*";
	if (strcmp(into->device, other->device) != 0)
		into->device = "*";
}

/* One word without blanks, as a contract's text needs it. */
static const char *
word_of(struct contract *contract, const char *text, size_t length)
{
	char word[64];

	text_format(word, sizeof(word), "%.*s", (int)length, text);
	for (char *at = word; *at; at++)
		if (*at <= ' ' || *at == '(' || *at == '[')
			*at = '_';
	return contract_string(contract, *word ? word : "?");
}

void
form_of(struct contract *contract, const struct event *event, struct form *out)
{
	int argument = -1;

	out->count = 0;
	for (int i = 0; i < event->operand_count; i++) {
		const struct operand *operand = &event->operands[i];
		const char *dtype = operand->dtype ? operand->dtype : "?", *device = operand->device ? operand->device : "?";
		struct form_operand made = { .items = operand->item >= 0, .ndim = operand->ndim >= 0 && operand->ndim <= FORM_DIMS ? operand->ndim : FORM_VARIES };

		if (strcmp(operand->kind, "tensor") != 0)
			continue;
		made.name = word_of(contract, operand->name, strcspn(operand->name, "["));
		made.dtype = word_of(contract, dtype, strlen(dtype));
		made.device = word_of(contract, device, strcspn(device, ":")); /* each rank has its own number */
		for (int d = 0; d < made.ndim; d++)
			made.sizes[d] = operand->sizes[d];
		if (operand->item >= 0 && strncmp(event->operation, "c10d::", 6) == 0)
			made.items = FORM_VARIES; /* as many as there are ranks */
		if (operand->item >= 0 && operand->argument == argument) {
			operand_merge(&out->operands[out->count - 1], &made);
			out->operands[out->count - 1].items += made.items > 0;
			continue;
		}
		if (out->count == FORM_OPERANDS)
			return;
		argument = operand->argument;
		out->operands[out->count++] = made;
	}
}

bool
form_alike(const struct form *one, const struct form *other)
{
	if (one->count != other->count)
		return false;
	for (int i = 0; i < one->count; i++)
		if (strcmp(one->operands[i].name, other->operands[i].name) != 0 || !one->operands[i].items != !other->operands[i].items)
			return false;
	return true;
}

struct form
form_merge(const struct form *one, const struct form *other)
{
	struct form merged = *one;

	for (int i = 0; i < merged.count; i++) {
		operand_merge(&merged.operands[i], &other->operands[i]);
		if (merged.operands[i].items != other->operands[i].items)
			merged.operands[i].items = FORM_VARIES;
	}
	return merged;
}

struct form
form_blur(const struct form *form)
{
	struct form blurred = *form;

	for (int i = 0; i < blurred.count; i++) {
		if (blurred.operands[i].items)
			blurred.operands[i].items = FORM_VARIES;
		for (int d = 0; d < blurred.operands[i].ndim; d++)
			blurred.operands[i].sizes[d] = FORM_VARIES;
	}
	return blurred;
}

/* Where a departure is told: the first is kept. */
struct telling { int count; const char **kind; char *text; size_t size; };

/* One more difference; is it the one that is told? */
static bool
tells(struct telling *telling, const char *kind)
{
	bool first = telling->count++ == 0 && telling->kind;

	if (first)
		*telling->kind = kind;
	return first;
}

#define TELL(telling, kind, ...) \
	do { \
		if (tells(telling, kind)) \
			text_say((telling)->text, (telling)->size, __VA_ARGS__); \
	} while (0)

static void
operand_differs(const struct form_operand *wanted, const struct form_operand *is, struct telling *telling)
{
	if (strcmp(wanted->dtype, "*") != 0 && strcmp(wanted->dtype, is->dtype) != 0)
		TELL(telling, "dtype", "%s is %s where the contract has %s", is->name, is->dtype, wanted->dtype);
	if (strcmp(wanted->device, "*") != 0 && strcmp(wanted->device, is->device) != 0)
		TELL(telling, "device", "%s is on %s where the contract has %s", is->name, is->device, wanted->device);
	if (wanted->items != FORM_VARIES && wanted->items != is->items)
		TELL(telling, "operands", "%s has %" PRId64 " tensors where the contract has %" PRId64, is->name, is->items, wanted->items);
	if (wanted->ndim == FORM_VARIES)
		return;
	if (wanted->ndim != is->ndim) {
		if (is->ndim != FORM_VARIES)
			TELL(telling, "rank", "%s has %d dimensions where the contract has %d", is->name, is->ndim, wanted->ndim);
		else
			TELL(telling, "rank", "%s holds tensors of different numbers of dimensions where the contract has one", is->name);
		return;
	}
	for (int d = 0; d < wanted->ndim; d++) {
		if (wanted->sizes[d] == FORM_VARIES || wanted->sizes[d] == is->sizes[d])
			continue;
		if (is->sizes[d] == FORM_VARIES) {
			TELL(telling, "size", "the tensors of %s aren't all alike in dimension %d, where the contract has %" PRId64, is->name, d, wanted->sizes[d]);
			continue;
		}
		TELL(telling, "size", "%s has %" PRId64 " in dimension %d where the contract has %" PRId64, is->name, is->sizes[d], d, wanted->sizes[d]);
	}
}

int
form_differs(const struct form *wanted, const struct form *is, const char **kind, char *text, size_t size)
{
	struct telling telling = { 0, kind, text, size };

	if (!form_alike(wanted, is)) {
		TELL(&telling, "operands", "it takes other tensors: %d where the contract has %d", is->count, wanted->count);
		return 1000;
	}
	for (int i = 0; i < wanted->count; i++)
		operand_differs(&wanted->operands[i], &is->operands[i], &telling);
	return telling.count;
}
