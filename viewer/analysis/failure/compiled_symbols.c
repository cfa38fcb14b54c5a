#include "compiled_symbols.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "compiled_call.h"

#define SYMBOLS_MOST 8
#define PLACES_MOST 24
#define STAND_INS_MOST 4
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

size_t
compiled_symbol(const char *begin, const char *at)
{
	size_t digits = *at == 's' ? strspn(at + 1, "0123456789") : 0;

	return digits && (at == begin || !text_is_word(at[-1])) && !text_is_word(at[1 + digits]) ? 1 + digits : 0;
}

/* Symbols of a call's stand-ins, with what they stand for (-1: not known yet), and in which dimension of which stand-in each stands. */
struct symbols {
	int count, places, stand_ins;
	struct { char name[16]; int64_t value; } list[SYMBOLS_MOST];
	struct { int symbol, stand_in, dim; } at[PLACES_MOST];
};

static int
find_symbol(const struct symbols *symbols, const char *at, size_t length)
{
	for (int i = 0; i < symbols->count; i++)
		if (strlen(symbols->list[i].name) == length && strncmp(symbols->list[i].name, at, length) == 0)
			return i;
	return -1;
}

/* What MESSAGE tells that SYMBOL stood for: "(s27: hint = 13)"; -1. */
static int64_t
hint_of(const char *message, const char *symbol)
{
	char mark[32];
	const char *at;

	text_format(mark, sizeof(mark), "%s: hint = ", symbol);
	at = strstr(message, mark);
	return at ? strtoll(at + strlen(mark), NULL, 10) : -1;
}

/* The symbol at AT stands in dimension DIM of the last stand-in. False: there is no room for it. */
static bool
add_symbol(const char *message, const char *at, size_t length, int dim, struct symbols *out)
{
	int symbol = find_symbol(out, at, length);

	if (symbol < 0) {
		symbol = out->count;
		if (symbol == SYMBOLS_MOST || length >= sizeof(out->list[0].name))
			return false;
		text_format(out->list[symbol].name, sizeof(out->list[0].name), "%.*s", (int)length, at);
		out->list[symbol].value = hint_of(message, out->list[symbol].name);
		out->count++;
	}
	for (int i = 0; i < out->places; i++)
		if (out->at[i].symbol == symbol && out->at[i].stand_in == out->stand_ins - 1)
			return true;
	if (out->places == PLACES_MOST)
		return false;
	out->at[out->places].symbol = symbol;
	out->at[out->places].stand_in = out->stand_ins - 1;
	out->at[out->places++].dim = dim;
	return true;
}

static bool
find_symbols(const char *message, const char *call, const char *end, struct symbols *out)
{
	*out = (struct symbols){ 0 };
	for (const char *at = strstr(call, "size=("); at && at < end; at = strstr(at, "size=(")) {
		int dim = 0, depth = 0;

		out->stand_ins++;
		for (at += 6; at < end && depth >= 0; at++) {
			size_t length = compiled_symbol(call, at);

			dim += *at == ',' && depth == 0;
			depth += *at == '(' ? 1 : *at == ')' ? -1 : 0;
			if (length && !add_symbol(message, at, length, dim, out))
				return false;
			at += length ? length - 1 : 0;
		}
	}
	return out->count > 0 && out->stand_ins <= STAND_INS_MOST;
}

static bool
write_call(const char *call, const char *end, const struct symbols *symbols, char out[COMPILED_CALL_MOST])
{
	size_t used = 0;

	memset(out, 0, COMPILED_CALL_MOST);
	for (const char *at = call; at <= end; at++) {
		size_t length = compiled_symbol(call, at);
		int symbol = length ? find_symbol(symbols, at, length) : -1;

		if (used + 24 >= COMPILED_CALL_MOST)
			return false;
		if (symbol < 0) {
			out[used++] = *at;
			continue;
		}
		text_format(out + used, COMPILED_CALL_MOST - used, "%" PRId64, symbols->list[symbol].value);
		used += strlen(out + used);
		at += length - 1;
	}
	return true;
}

const json_t *
compiled_next_tensor(const json_t *frames, struct text_walk *walk)
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

struct search {
	const char *call, *end;
	struct symbols symbols;
	const json_t *tensors[ITEMS_MOST];
	int count;
	bool (*visit)(const char *call, void *context);
	void *context;
};

/* Takes LOCAL's first dimensions for those of STAND_IN; false where that is another size than a symbol has already, or none that is a symbol. */
static bool
take_sizes(struct symbols *symbols, int stand_in, const json_t *local)
{
	for (int i = 0; i < symbols->places; i++) {
		const json_t *is = json_array_get(json_object_get(local, "shape"), (size_t)symbols->at[i].dim);
		int64_t size = json_is_integer(is) ? json_integer_value(is) : -1, *value = &symbols->list[symbols->at[i].symbol].value;

		if (symbols->at[i].stand_in != stand_in)
			continue;
		if (size <= 1 || (*value != -1 && *value != size)) /* 0 and 1 are never symbols */
			return false;
		*value = size;
	}
	return true;
}

static bool
is_known(const struct symbols *symbols, int stand_in)
{
	for (int i = 0; i < symbols->places; i++)
		if (symbols->at[i].stand_in == stand_in && symbols->list[symbols->at[i].symbol].value == -1)
			return false;
	return true;
}

/* Goes on with STAND_IN, by one tensor after the other; false once the visitor wants no more. */
static bool
each_tensor(struct search *search, int stand_in)
{
	struct symbols before = search->symbols;
	char call[COMPILED_CALL_MOST];
	bool more = true;

	if (stand_in == before.stand_ins)
		return !write_call(search->call, search->end, &before, call) || search->visit(call, search->context);
	if (is_known(&before, stand_in))
		return each_tensor(search, stand_in + 1);
	for (int i = 0; i < search->count && more; i++) {
		if (take_sizes(&search->symbols, stand_in, search->tensors[i]))
			more = each_tensor(search, stand_in + 1);
		search->symbols = before;
	}
	return more;
}

static bool
is_new_shape(const struct search *search, const json_t *local)
{
	for (int i = 0; i < search->count; i++)
		if (json_equal(json_object_get(search->tensors[i], "shape"), json_object_get(local, "shape")))
			return false;
	return true;
}

void
compiled_each(const char *message, const char *call, const json_t *frames, bool (*visit)(const char *call, void *context), void *context)
{
	struct search search = { .call = call, .end = compiled_call_end(call), .visit = visit, .context = context };
	struct text_walk walk = { 0 };
	const json_t *local;

	if (!search.end || !find_symbols(message, call, search.end, &search.symbols))
		return;
	while (search.count < ITEMS_MOST && (local = compiled_next_tensor(frames, &walk)))
		if (is_new_shape(&search, local))
			search.tensors[search.count++] = local;
	each_tensor(&search, 0);
}

int64_t
compiled_entered(const json_t *frames, int dim, int64_t size)
{
	struct text_walk walk = { 0 };
	const json_t *local;

	while ((local = compiled_next_tensor(frames, &walk))) {
		const json_t *is = json_array_get(json_object_get(local, "shape"), (size_t)dim), *identity = json_object_get(local, "tensor");

		if (json_is_integer(is) && json_integer_value(is) == size && json_is_integer(identity))
			return json_integer_value(identity);
	}
	return -1;
}
