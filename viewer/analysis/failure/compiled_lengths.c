#include "compiled_lengths.h"

#include <inttypes.h>
#include <string.h>

#include "compiled_call.h"
#include "compiled_symbols.h"

#define MULTIPLES_SEEN 64 /* of a number, that must agree */
#define MULTIPLE_MOST 4096

/* The size in dimension DIM of the operand at PLACE, as the message tells it, with n for its one symbol. False: it has none, or several. */
static bool
read_size(const char *call, const char *end, const struct event *event, int place, int dim, char out[COMPILED_SIZE_MOST])
{
	const char *at = call;
	char symbol[16] = "";
	size_t used = 0;

	for (int i = 0; i <= place && at; i++)
		if (event->operands[i].ndim >= 0 && (at = strstr(at, "size=(")))
			at += 6;
	if (!at || at >= end || event->operands[place].ndim < 0)
		return false;
	for (; dim > 0 && *(at = compiled_argument_end(at)) == ','; dim--)
		at++;
	end = compiled_argument_end(at);
	for (at += strspn(at, " "); at < end && used + 1 < COMPILED_SIZE_MOST; at++) {
		size_t length = compiled_symbol(call, at);

		if (length && ((*symbol && (strncmp(symbol, at, length) != 0 || symbol[length])) || length >= sizeof(symbol)))
			return false;
		if (length)
			text_format(symbol, sizeof(symbol), "%.*s", (int)length, at);
		out[used++] = length ? 'n' : *at;
		at += length ? length - 1 : 0;
	}
	out[used] = 0;
	return dim == 0 && at == end && *symbol;
}

/* What SIZE, an expression of n, comes to. */
static bool
value_of(const char *size, int64_t n, int64_t *out)
{
	char text[COMPILED_SIZE_MOST * 4];
	size_t used = 0;

	for (; *size && used + 24 < sizeof(text); size++)
		if (*size == 'n') {
			text_format(text + used, sizeof(text) - used, "%" PRId64, n);
			used += strlen(text + used);
		} else {
			text[used++] = *size;
		}
	text[used] = 0;
	return !*size && compiled_value(text, text + used, out);
}

static bool
agree(const struct compiled_lengths *lengths, int64_t n)
{
	int64_t one, other;

	return value_of(lengths->sizes[0], n, &one) && value_of(lengths->sizes[1], n, &other) && one == other;
}

/* The least number whose multiples all agree, which the length is none of. */
static bool
find_multiple(struct compiled_lengths *out)
{
	for (int64_t by = 2; by <= MULTIPLE_MOST && !out->multiple; by++) {
		bool all = out->length % by != 0;

		for (int64_t i = 1; all && i <= MULTIPLES_SEEN; i++)
			all = agree(out, i * by);
		out->multiple = all ? by : 0;
	}
	out->only = out->multiple > 0;
	for (int64_t n = out->multiple + 1; out->only && n < out->multiple * MULTIPLES_SEEN; n++)
		out->only = n % out->multiple == 0 || !agree(out, n);
	return out->multiple > 0;
}

/* Where the parenthesis at OPEN of SIZE is closed; 0. */
static size_t
close_of(const char *size, size_t open)
{
	int depth = 0;

	for (size_t i = open; size[i]; i++) {
		depth += size[i] == '(' ? 1 : size[i] == ')' ? -1 : 0;
		if (depth == 0)
			return i;
	}
	return 0;
}

/* Takes a pair of parentheses away that is right within another one, or around all. */
static void
make_plain(char *size)
{
	for (size_t i = 0; size[i];) {
		size_t close = size[i] == '(' ? close_of(size, i) : 0;

		if (!close || (i == 0 ? size[close + 1] != 0 : size[i - 1] != '(' || size[close + 1] != ')' || close_of(size, i - 1) != close + 1)) {
			i++;
			continue;
		}
		memmove(size + close, size + close + 1, strlen(size + close));
		memmove(size + i, size + i + 1, strlen(size + i));
		i = 0;
	}
}

/* Takes the first length of a variable from which both sizes come; false where there is none, or variables have several. */
static bool
find_length(const json_t *frames, const struct mismatch *found, const struct event *event, struct compiled_lengths *out)
{
	int64_t sizes[2] = { event->operands[found->operand].sizes[found->dim], event->operands[found->against].sizes[found->against_dim] }, one, other;
	struct text_walk walk = { 0 };
	const json_t *local;

	while ((local = compiled_next_tensor(frames, &walk)))
		for (size_t d = 0; d < json_array_size(json_object_get(local, "shape")); d++) {
			int64_t length = json_integer_value(json_array_get(json_object_get(local, "shape"), d));

			if (length < 2 || !value_of(out->sizes[0], length, &one) || !value_of(out->sizes[1], length, &other) || one != sizes[0] || other != sizes[1])
				continue;
			if (out->local && out->length != length)
				return false;
			if (!out->local) {
				out->local = local;
				out->length = length;
				out->dim = (int)d;
			}
		}
	return out->local != NULL;
}

bool
compiled_lengths(const char *message, const struct event *event, const struct mismatch *found, const json_t *frames, struct compiled_lengths *out)
{
	char name[64];
	const char *call = compiled_find_call(message, name, sizeof(name)), *end = call ? compiled_call_end(call) : NULL;

	*out = (struct compiled_lengths){ 0 };
	if (!end || found->operand < 0 || found->against < 0 || found->dim < 0 || found->against_dim < 0 ||
	    found->dim >= event->operands[found->operand].ndim || found->against_dim >= event->operands[found->against].ndim ||
	    !read_size(call, end, event, found->operand, found->dim, out->sizes[0]) || !read_size(call, end, event, found->against, found->against_dim, out->sizes[1]) ||
	    !find_length(frames, found, event, out) || !find_multiple(out))
		return false;
	make_plain(out->sizes[0]);
	make_plain(out->sizes[1]);
	return true;
}
