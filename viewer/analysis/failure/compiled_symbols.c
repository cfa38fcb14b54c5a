#include "compiled_symbols.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define SYMBOLS_MOST 8
#define DEPTH_MOST 8
#define ITEMS_MOST 32  /* of a dictionary or list of tensors */
#define NUMBER_MOST (INT64_C(1) << 40)

/* An expression being read: where it is, and where it ends. */
struct reader { const char *at, *end; int depth; };

static bool read_sum(struct reader *reader, int64_t *out);

static bool
next_is(struct reader *reader, const char *word)
{
	size_t size = strlen(word);

	while (reader->at < reader->end && *reader->at == ' ')
		reader->at++;
	if ((size_t)(reader->end - reader->at) < size || strncmp(reader->at, word, size) != 0)
		return false;
	reader->at += size;
	return true;
}

static bool
is_bounded(int64_t value)
{
	return value > -NUMBER_MOST && value < NUMBER_MOST;
}

static bool
read_one(struct reader *reader, int64_t *out)
{
	bool minus = next_is(reader, "-");
	char *end;

	if (next_is(reader, "(")) {
		if (++reader->depth > DEPTH_MOST || !read_sum(reader, out) || !next_is(reader, ")"))
			return false;
		reader->depth--;
	} else {
		if (reader->at >= reader->end || !isdigit((unsigned char)*reader->at))
			return false;
		*out = strtoll(reader->at, &end, 10);
		reader->at = end;
	}
	*out = minus ? -*out : *out;
	return is_bounded(*out) && reader->at <= reader->end;
}

static bool
read_product(struct reader *reader, int64_t *out)
{
	int64_t next;

	if (!read_one(reader, out))
		return false;
	for (;;) {
		bool divides = next_is(reader, "//");

		if (!divides && (next_is(reader, "**") || !next_is(reader, "*")))
			return true; /* what follows isn't understood: the caller sees that it isn't the end */
		if (!read_one(reader, &next) || (divides && (next < 1 || *out < 0)))
			return false;
		if (!divides && __builtin_mul_overflow(*out, next, &next))
			return false;
		*out = divides ? *out / next : next;
		if (!is_bounded(*out))
			return false;
	}
}

static bool
read_sum(struct reader *reader, int64_t *out)
{
	int64_t next;

	if (!read_product(reader, out))
		return false;
	for (;;) {
		bool minus = next_is(reader, "-");

		if (!minus && !next_is(reader, "+"))
			return true;
		if (!read_product(reader, &next))
			return false;
		*out += minus ? -next : next;
		if (!is_bounded(*out))
			return false;
	}
}

bool
compiled_value(const char *at, const char *end, int64_t *out)
{
	struct reader reader = { at, end, 0 };

	return read_sum(&reader, out) && next_is(&reader, "") && reader.at == end;
}

/* Symbols of the first stand-in's sizes, and in which dimension each stands first. */
struct symbols { int count; struct { char name[16]; int dim; int64_t value; } list[SYMBOLS_MOST]; };

/* How long the symbol at AT is, a word of its own; 0 if there is none. */
static size_t
symbol_length(const char *begin, const char *at)
{
	size_t digits = *at == 's' ? strspn(at + 1, "0123456789") : 0;

	return digits && (at == begin || !text_is_word(at[-1])) && !text_is_word(at[1 + digits]) ? 1 + digits : 0;
}

static int
find_symbol(const struct symbols *symbols, const char *at, size_t length)
{
	for (int i = 0; i < symbols->count; i++)
		if (strlen(symbols->list[i].name) == length && strncmp(symbols->list[i].name, at, length) == 0)
			return i;
	return -1;
}

static bool
find_symbols(const char *call, struct symbols *out)
{
	const char *at = strstr(call, "size=(");
	int dim = 0;

	*out = (struct symbols){ 0 };
	for (at = at ? at + 6 : ""; *at && *at != ')'; at++) {
		size_t length = symbol_length(call, at);

		dim += *at == ',';
		if (!length || find_symbol(out, at, length) >= 0)
			continue;
		if (out->count == SYMBOLS_MOST || length >= sizeof(out->list[0].name))
			return false;
		text_format(out->list[out->count].name, sizeof(out->list[0].name), "%.*s", (int)length, at);
		out->list[out->count++].dim = dim;
	}
	return out->count > 0;
}

/* What MESSAGE tells that SYMBOL stood for: "(s27: hint = 13)"; else what LOCAL has there; -1. */
static int64_t
value_of(const char *message, const char *symbol, int dim, const json_t *local)
{
	const json_t *size = json_array_get(json_object_get(local, "shape"), (size_t)dim);
	char mark[32];
	const char *at;

	text_format(mark, sizeof(mark), "%s: hint = ", symbol);
	at = strstr(message, mark);
	if (at)
		return strtoll(at + strlen(mark), NULL, 10);
	return json_is_integer(size) && json_integer_value(size) > 1 ? json_integer_value(size) : -1; /* 0 and 1 are never symbols */
}

static bool
write_call(const char *call, const struct symbols *symbols, char out[COMPILED_CALL_MOST])
{
	size_t used = 0;
	int depth = 0;

	for (const char *at = call; *at && used + 24 < COMPILED_CALL_MOST; at++) {
		size_t length = symbol_length(call, at);
		int symbol = length ? find_symbol(symbols, at, length) : -1;

		if (symbol >= 0) {
			text_format(out + used, COMPILED_CALL_MOST - used, "%" PRId64, symbols->list[symbol].value);
			used += strlen(out + used);
			at += length - 1;
			continue;
		}
		depth += strchr("([{", *at) ? 1 : strchr(")]}", *at) ? -1 : 0;
		out[used++] = *at;
		if (depth < 0) {
			memset(out + used, 0, COMPILED_CALL_MOST - used);
			return true;
		}
	}
	return false;
}

/* The next tensor among the variables of the innermost frame that has any, those within dictionaries and lists, too; NULL: that was all. */
static const json_t *
next_tensor(const json_t *frames, struct text_walk *walk)
{
	size_t f = 0;

	for (; f < json_array_size(frames); f++) {
		const json_t *locals = json_object_get(json_array_get(frames, f), "locals"), *local;
		size_t i;
		bool any = false;

		json_array_foreach(locals, i, local)
			any = any || strcmp(text_get(local, "kind"), "tensor") == 0 || json_array_size(json_object_get(local, "items"));
		if (any)
			break;
	}
	for (const json_t *locals = json_object_get(json_array_get(frames, f), "locals"); walk->outer < json_array_size(locals); walk->outer++, walk->inner = 0) {
		const json_t *local = json_array_get(locals, walk->outer), *items = json_object_get(local, "items");

		if (strcmp(text_get(local, "kind"), "tensor") == 0) {
			walk->outer++;
			return local;
		}
		while (walk->inner < json_array_size(items) && walk->inner < ITEMS_MOST) {
			const json_t *item = json_array_get(items, walk->inner++);

			if (strcmp(text_get(item, "kind"), "tensor") == 0)
				return item;
		}
	}
	return NULL;
}

bool
compiled_next(const char *message, const char *call, const json_t *frames, struct text_walk *walk, char out[COMPILED_CALL_MOST])
{
	struct symbols symbols;
	const json_t *local;

	if (!find_symbols(call, &symbols))
		return false;
	while ((local = next_tensor(frames, walk))) {
		bool known = true;

		for (int i = 0; i < symbols.count && known; i++) {
			symbols.list[i].value = value_of(message, symbols.list[i].name, symbols.list[i].dim, local);
			known = symbols.list[i].value > 1;
		}
		if (known && write_call(call, &symbols, out))
			return true;
	}
	return false;
}

int64_t
compiled_entered(const json_t *frames, int dim, int64_t size)
{
	struct text_walk walk = { 0 };
	const json_t *local;

	while ((local = next_tensor(frames, &walk))) {
		const json_t *is = json_array_get(json_object_get(local, "shape"), (size_t)dim), *identity = json_object_get(local, "tensor");

		if (json_is_integer(is) && json_integer_value(is) == size && json_is_integer(identity))
			return json_integer_value(identity);
	}
	return -1;
}
