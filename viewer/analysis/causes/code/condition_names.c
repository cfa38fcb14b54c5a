/* Names, calls, subscripts and literals of Python's expressions. */
#include "condition_parts.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../../text.h"

#define DEPTH_MOST 8


bool
condition_item(const char *text, int place, char *out, size_t size)
{
	const char *from = text;
	int depth = 0;

	for (const char *at = text;; at++) {
		depth += *at && strchr("([{", *at) ? 1 : *at && strchr(")]}", *at) ? -1 : 0;
		if (*at && (depth || *at != ','))
			continue;
		if (place-- == 0) {
			text_format(out, size, "%.*s", (int)(at - from), from);
			return true;
		}
		if (!*at)
			return false;
		from = at + 1;
	}
}

/* What NAME was set to here. */
static struct condition_value
assigned(const struct condition_reader *reader, const char *name)
{
	struct condition_value value = { .dim = -1 };
	struct condition_reader inner = { .scope = reader->scope, .depth = reader->depth + 1, .left = reader->left };
	char text[512], item[512];
	int place;

	if (reader->depth >= DEPTH_MOST || !reader->left || --*reader->left < 0 || !code_assigned(reader->scope->statements, reader->scope->count, name, text, sizeof(text), &place))
		return value;
	if (place >= 0 && condition_item(text, 1, item, sizeof(item))) { /* "a, b = c, d" */
		if (!condition_item(text, place, item, sizeof(item)))
			return value;
		inner.at = item;
		return condition_any(&inner);
	}
	inner.at = text;
	value = condition_any(&inner);
	return place < 0 ? value : value.kind == CONDITION_SHAPE ? condition_entry(&value, place) : (struct condition_value){ .dim = -1 };
}

static bool
is_assigned(const struct condition_scope *scope, const char *name)
{
	char text[512];
	int place;

	return code_assigned(scope->statements, scope->count, name, text, sizeof(text), &place);
}

/* What the function's caller gave as NAME. */
static struct condition_value
given(const struct condition_reader *reader, const char *name)
{
	const struct condition_scope *scope = reader->scope;
	struct condition_value value = { .dim = -1 };
	struct condition_reader outer = { .scope = scope->caller, .depth = reader->depth + 1, .left = reader->left };
	int place = scope->caller && scope->count ? code_parameter(&scope->statements[0], name) : -1;
	char text[512];

	if (place < 0 || reader->depth >= DEPTH_MOST || !reader->left || --*reader->left < 0 ||
	    !code_argument(scope->caller->statements[scope->caller->count - 1].text, scope->called, name, place, text, sizeof(text)))
		return value;
	outer.at = text;
	value = condition_any(&outer);
	condition_blanks(&outer);
	return *outer.at ? (struct condition_value){ .dim = -1 } : value;
}

/* What the source calls PATH ("x", "self.config.width", "batch['ids']"). */
static struct condition_value
resolve(const struct condition_reader *reader, const char *path)
{
	const json_t *local = condition_local(reader->scope->locals, path, 0), *is = json_object_get(local, "value");
	const char *kind = text_get(local, "kind");
	struct condition_value value = { .dim = -1 }, from = value;

	if (strcmp(kind, "tensor") == 0 && json_is_array(json_object_get(local, "shape"))) {
		value = (struct condition_value){ .kind = CONDITION_TENSOR, .tensor = local, .dim = -1, .direct = true };
		if (!json_array_size(json_object_get(local, "shape")) && json_is_integer(json_object_get(json_object_get(local, "summary"), "min"))) {
			value.kind = CONDITION_NUMBER;
			value.number = condition_counted(local, "min");
			value.tensor = NULL;
		} else {
			text_format(value.name, sizeof(value.name), "%s", path);
			return value;
		}
	} else if (json_is_integer(is) && strcmp(kind, "int") == 0) {
		value = condition_number(json_integer_value(is));
	} else if (json_is_real(is) && strcmp(kind, "float") == 0) {
		value = condition_float(json_real_value(is));
	} else if (condition_find_number(reader->scope, path, &value.number)) {
		value.kind = CONDITION_NUMBER;
	}
	if (!strpbrk(path, ".[")) {
		from = assigned(reader, path);
		from = from.kind == CONDITION_UNKNOWN && !is_assigned(reader->scope, path) ? given(reader, path) : from;
	}
	if ((from.kind == CONDITION_NUMBER && (value.kind == CONDITION_UNKNOWN || value.number == from.number)) ||
	    ((from.kind == CONDITION_SHAPE || from.kind == CONDITION_FLOAT) && value.kind == CONDITION_UNKNOWN)) {
		value = from;
		value.direct = false;
		if (!*value.given)
			text_format(value.given, sizeof(value.given), "%s", from.name);
	}
	text_format(value.name, sizeof(value.name), "%s", path);
	return value;
}

/* How many items what is called PATH holds. */
static struct condition_value
length_of(const struct condition_reader *reader, const struct condition_value *value)
{
	const json_t *length = json_object_get(condition_local(reader->scope->locals, value->name, 0), "length");
	char name[128];
	int64_t number;

	if (value->kind == CONDITION_SHAPE) {
		struct condition_value rank = condition_number(value->ndim);

		rank.tensor = value->tensor;
		rank.rank = value->tensor != NULL;
		return rank;
	}
	if (value->kind == CONDITION_TENSOR && !value->mask) {
		struct condition_value shape = condition_shape(value->tensor);

		return condition_entry(&shape, 0);
	}
	text_format(name, sizeof(name), "len(%s)", value->name);
	if (!*value->name)
		return (struct condition_value){ .dim = -1 };
	return json_is_integer(length) ? condition_number(json_integer_value(length))
	       : condition_find_number(reader->scope, name, &number) ? condition_number(number) : (struct condition_value){ .dim = -1 };
}

/* --- reading ------------------------------------------------------------------------------------------ */

void
condition_blanks(struct condition_reader *reader)
{
	reader->at += strspn(reader->at, " \t\r\n");
}

static bool
is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_' || (unsigned char)c >= 128;
}

/* Moves past WORD if it comes next as a word (or sign) of its own. */
bool
condition_take(struct condition_reader *reader, const char *word)
{
	size_t size = strlen(word);

	condition_blanks(reader);
	if (strncmp(reader->at, word, size) != 0 || (is_word(*word) && is_word(reader->at[size])))
		return false;
	reader->at += size;
	return true;
}

/* Moves past a string that begins here. */
static void
skip_string(struct condition_reader *reader)
{
	char quote = *reader->at;
	size_t size = reader->at[1] == quote && reader->at[2] == quote ? 3 : 1;

	for (reader->at += size; *reader->at; reader->at++) {
		if (*reader->at == '\\' && reader->at[1])
			reader->at++;
		else if (*reader->at == quote && (size == 1 || (reader->at[1] == quote && reader->at[2] == quote))) {
			reader->at += size;
			return;
		}
	}
}

/* Up to what closes the brackets that are open, which isn't passed. */
void
condition_skip(struct condition_reader *reader)
{
	for (int depth = 0; *reader->at; reader->at++) {
		if (*reader->at == '\'' || *reader->at == '"') {
			skip_string(reader);
			reader->at--;
			continue;
		}
		depth += strchr("([{", *reader->at) ? 1 : strchr(")]}", *reader->at) ? -1 : 0;
		if (depth < 0)
			return;
	}
}

/* Values up to CLOSE, which is passed, into OUT; how many there are, -1 where they can't be told. */
static int
read_list(struct condition_reader *reader, char close, struct condition_value *out, int room, bool *commas)
{
	int count = 0;

	*commas = false;
	for (;;) {
		struct condition_value value = { .dim = -1 };
		const char *from;

		condition_blanks(reader);
		if (*reader->at == close || !*reader->at)
			break;
		from = reader->at;
		if (*reader->at == '*') {
			condition_skip(reader);
			count = -1;
			break;
		}
		value = condition_any(reader);
		condition_blanks(reader);
		if (*reader->at == '=' && reader->at[1] != '=') { /* f(dim=1) */
			reader->at++;
			value = condition_any(reader);
			condition_blanks(reader);
		}
		if (count < room)
			out[count] = value;
		count++;
		if (*reader->at == ',') {
			*commas = true;
			reader->at++;
		} else if (*reader->at != close || reader->at == from) {
			condition_skip(reader);
			count = -1;
			break;
		}
	}
	reader->at += *reader->at == close;
	return count;
}

static struct condition_value
call(const struct condition_reader *reader, const char *name, const struct condition_value *arguments, int count)
{
	return count == 1 && strcmp(name, "len") == 0 ? length_of(reader, &arguments[0]) : condition_call(name, arguments, count);
}

/* "[1]", "[-2:]", "['ids']", "[mask]" of VALUE. */
static struct condition_value
subscript(struct condition_reader *reader, const struct condition_value *value)
{
	struct condition_value index[CONDITION_SIZES_MOST] = { { .dim = -1 } }, out = { .dim = -1 };
	const char *from = reader->at, *close;
	bool commas, slice = false;
	int count;

	close = strchr(from, ']');
	for (const char *at = from; close && at < close; at++)
		slice = slice || *at == ':';
	if (slice && value->kind == CONDITION_SHAPE) {
		char *end;
		long long begin = strtoll(from, &end, 10), stop;
		const char *second = end + (*end == ':');
		bool plain = *end == ':';

		stop = strtoll(second, &end, 10);
		reader->at = close + 1;
		if (!plain || end != close)
			return out;
		stop = second == close ? value->ndim : stop < 0 ? stop + value->ndim : stop < value->ndim ? stop : value->ndim;
		begin = begin < 0 ? begin + value->ndim : begin;
		for (long long i = begin < 0 ? 0 : begin; i < stop; i++)
			index[i - (begin < 0 ? 0 : begin)] = condition_entry(value, i);
		return condition_shape_from(index, stop > begin ? (int)(stop - (begin < 0 ? 0 : begin)) : 0);
	}
	if ((*from == '\'' || *from == '"') && close) {
		skip_string(reader);
		if (*reader->at == ']' && *value->name) {
			char path[96];

			text_format(path, sizeof(path), "%s['%.*s']", value->name, (int)(reader->at - from - 2), from + 1);
			reader->at++;
			return resolve(reader, path);
		}
		condition_skip(reader);
		reader->at += *reader->at == ']';
		return out;
	}
	count = read_list(reader, ']', index, CONDITION_SIZES_MOST, &commas);
	if (count == 1 && !commas && value->kind == CONDITION_SHAPE && index[0].kind == CONDITION_NUMBER) {
		out = condition_entry(value, index[0].number);
		if (value->mask && index[0].number == 0 && value->sizes[0] >= 0) {
			out.mask = value->mask;
			out.tensor = value->tensor;
		}
		return out;
	}
	if (count == 1 && value->kind == CONDITION_TENSOR && index[0].kind == CONDITION_TENSOR && condition_counted(index[0].tensor, "true") >= 0) {
		out = *value;
		out.mask = index[0].tensor;
		return out;
	}
	if (count == 1 && index[0].kind == CONDITION_NUMBER && *value->name && value->kind != CONDITION_TENSOR) {
		char path[96];

		text_format(path, sizeof(path), "%s[%" PRId64 "]", value->name, index[0].number);
		return resolve(reader, path);
	}
	return out;
}

static struct condition_value
read_name(struct condition_reader *reader)
{
	struct condition_value value = { .dim = -1 }, arguments[CONDITION_SIZES_MOST];
	char path[96];
	const char *from = reader->at;
	bool commas;

	while (is_word(*reader->at))
		reader->at++;
	text_format(path, sizeof(path), "%.*s", (int)(reader->at - from), from);
	if (*reader->at == '\'' || *reader->at == '"') { /* a string's prefix */
		skip_string(reader);
		return value;
	}
	if (strcmp(path, "lambda") == 0) {
		condition_skip(reader);
		return value;
	}
	value = text_among("None True False", path) ? value : resolve(reader, path);
	for (;;) {
		if (*reader->at == '.' && is_word(reader->at[1])) {
			struct condition_value base = value;
			char method[64];
			bool called;
			int count = 0;

			from = ++reader->at;
			while (is_word(*reader->at))
				reader->at++;
			text_format(method, sizeof(method), "%.*s", (int)(reader->at - from), from);
			called = *reader->at == '(';
			text_format(path, sizeof(path), "%.60s%s%.30s", value.name, *value.name ? "." : "", method);
			if (called) {
				reader->at++;
				count = read_list(reader, ')', arguments, CONDITION_SIZES_MOST, &commas);
			}
			value = condition_ask(&base, method, called, arguments, count);
			if (value.kind == CONDITION_UNKNOWN && base.kind != CONDITION_TENSOR && *base.name)
				value = called ? call(reader, path, arguments, count) : resolve(reader, path);
			if (value.kind == CONDITION_UNKNOWN && called)
				*value.name = 0;
		} else if (*reader->at == '[') {
			reader->at++;
			value = subscript(reader, &value);
		} else if (*reader->at == '(') {
			int count;

			reader->at++;
			count = read_list(reader, ')', arguments, CONDITION_SIZES_MOST, &commas);
			value = call(reader, path, arguments, count);
		} else {
			return value;
		}
	}
}

struct condition_value
condition_atom(struct condition_reader *reader)
{
	struct condition_value value = { .dim = -1 }, values[CONDITION_SIZES_MOST];

	condition_blanks(reader);
	if (isdigit((unsigned char)*reader->at) || (*reader->at == '.' && isdigit((unsigned char)reader->at[1]))) {
		char *end;

		value = condition_number(strtoll(reader->at, &end, 10));
		if (*end == '.' || *end == 'e') /* as C reads it */
			value = condition_float(strtod(reader->at, &end));
		if (is_word(*end) || *end == '.') {
			value = (struct condition_value){ .dim = -1 };
			while (is_word(*end) || *end == '.')
				end++;
		}
		reader->at = end;
	} else if (*reader->at == '\'' || *reader->at == '"') {
		skip_string(reader);
	} else if (*reader->at == '(' || *reader->at == '[') {
		char close = *reader->at == '(' ? ')' : ']';
		bool commas;
		int count;

		reader->at++;
		count = read_list(reader, close, values, CONDITION_SIZES_MOST, &commas);
		value = count == 1 && !commas && close == ')' ? values[0] : condition_shape_from(values, count);
	} else if (*reader->at == '{') {
		reader->at++;
		condition_skip(reader);
		reader->at += *reader->at == '}';
	} else if (is_word(*reader->at)) {
		value = read_name(reader);
	}
	return value;
}

