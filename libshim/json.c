/* JSON into a fixed buffer. See json.h. */
#include <string.h>

#include "json.h"

#define VALUE_RESERVE 4u /* a key is written only with room for "null" behind it */

void
json_begin(struct json_writer *json, char *text, uint32_t room)
{
	memset(json, 0, sizeof *json);
	json->text = text;
	json->room = room;
}

uint32_t
json_left(const struct json_writer *json)
{
	uint64_t taken = (uint64_t)json->used + json->depth;

	return json->cut || taken >= json->room ? 0 : json->room - (uint32_t)taken;
}

static void
put_char(struct json_writer *json, char c)
{
	json->text[json->used++] = c;
}

static void
put_bytes(struct json_writer *json, const char *bytes, uint32_t size)
{
	memcpy(json->text + json->used, bytes, size);
	json->used += size;
}

static bool
in_object(const struct json_writer *json)
{
	return json->depth && !(json->arrays >> (json->depth - 1) & 1);
}

static uint32_t
comma_size(const struct json_writer *json)
{
	return !json->keyed && json->depth && json->filled >> (json->depth - 1) & 1;
}

/* Start a value of at least SIZE bytes (a comma first where one is due). False: it is not to be written. */
static bool
value_begin(struct json_writer *json, uint32_t size)
{
	if (json->cut || json->skipped || (in_object(json) && !json->keyed)
	    || (!json->depth && json->used))
		return false;
	if (json_left(json) < comma_size(json) + size) {
		/* The key that is already there took care of this much. */
		if (json->keyed)
			put_bytes(json, "null", VALUE_RESERVE);
		json->keyed = false;
		json->cut = true;
		return false;
	}
	if (comma_size(json))
		put_char(json, ',');
	if (json->depth)
		json->filled |= (uint64_t)1 << (json->depth - 1);
	json->keyed = false;
	return true;
}

static void
container_begin(struct json_writer *json, char open, bool array)
{
	if (json->depth >= JSON_DEPTH_MAX)
		json->cut = json->cut || !json->skipped;
	if (json->depth >= JSON_DEPTH_MAX && json->keyed && !json->skipped) {
		put_bytes(json, "null", VALUE_RESERVE);
		json->keyed = false;
	}
	if (!value_begin(json, 2)) {
		json->skipped++;
		return;
	}
	put_char(json, open);
	uint64_t bit = (uint64_t)1 << json->depth++;
	json->arrays = array ? json->arrays | bit : json->arrays & ~bit;
	json->filled &= ~bit;
}

static void
container_close(struct json_writer *json)
{
	if (json->keyed) {
		put_bytes(json, "null", VALUE_RESERVE);
		json->keyed = false;
	}
	json->depth--;
	put_char(json, json->arrays >> json->depth & 1 ? ']' : '}');
}

static void
container_end(struct json_writer *json)
{
	if (json->skipped)
		json->skipped--;
	else if (json->depth)
		container_close(json);
}

void
json_finish(struct json_writer *json)
{
	json->skipped = 0;
	while (json->depth)
		container_close(json);
}

void
json_object_begin(struct json_writer *json)
{
	container_begin(json, '{', false);
}

void
json_object_end(struct json_writer *json)
{
	container_end(json);
}

void
json_array_begin(struct json_writer *json)
{
	container_begin(json, '[', true);
}

void
json_array_end(struct json_writer *json)
{
	container_end(json);
}

/* Length of the UTF-8 character at TEXT (LEFT bytes), 0 if there is none. */
static uint32_t
utf8_size(const unsigned char *text, size_t left)
{
	unsigned char c = text[0];
	uint32_t size = c < 0x80 ? 1 : c < 0xc2 ? 0 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : c < 0xf5 ? 4 : 0;

	if (!size || size > left)
		return 0;
	for (uint32_t i = 1; i < size; i++)
		if ((text[i] & 0xc0) != 0x80)
			return 0;
	if ((c == 0xe0 && text[1] < 0xa0) || (c == 0xed && text[1] > 0x9f) /* surrogates */
	    || (c == 0xf0 && text[1] < 0x90) || (c == 0xf4 && text[1] > 0x8f))
		return 0;
	return size;
}

/* The JSON form of the character at TEXT into OUT (room for 6), its size into WRITTEN. Returns the bytes read. */
static uint32_t
escape_character(const unsigned char *text, size_t left, char out[6], uint32_t *written)
{
	static const char hex[] = "0123456789abcdef";
	static const char plain[] = "\"\\\b\f\n\r\t", letters[] = "\"\\bfnrt";
	uint32_t size = utf8_size(text, left);

	if (!size) {
		memcpy(out, "\xef\xbf\xbd", 3);
		*written = 3;
		return 1;
	}
	const char *found = text[0] ? memchr(plain, text[0], sizeof plain - 1) : NULL;
	if (found) {
		out[0] = '\\';
		out[1] = letters[found - plain];
		*written = 2;
	} else if (text[0] < 0x20 || text[0] == 0x7f) {
		memcpy(out, "\\u00", 4);
		out[4] = hex[text[0] >> 4];
		out[5] = hex[text[0] & 15];
		*written = 6;
	} else {
		memcpy(out, text, size);
		*written = size;
	}
	return size;
}

/* TEXT in quotes, as much of it as leaves RESERVE bytes free. */
static void
put_string(struct json_writer *json, const char *text, size_t size, uint32_t reserve)
{
	char out[6];
	uint32_t written;

	put_char(json, '"');
	for (size_t i = 0; i < size;) {
		uint32_t read = escape_character((const unsigned char *)text + i, size - i, out, &written);
		if (json_left(json) < written + 1 + reserve) {
			put_char(json, '"');
			json->cut = true;
			return;
		}
		put_bytes(json, out, written);
		i += read;
	}
	put_char(json, '"');
}

static uint32_t
escaped_size(const char *text, size_t size)
{
	char out[6];
	uint32_t written, total = 0;

	for (size_t i = 0; i < size; total += written)
		i += escape_character((const unsigned char *)text + i, size - i, out, &written);
	return total;
}

void
json_key(struct json_writer *json, const char *key)
{
	size_t size = strlen(key);

	if (json->cut || json->skipped || !in_object(json) || json->keyed)
		return;
	/* A key is never shortened. */
	if (json_left(json) < comma_size(json) + 2 + escaped_size(key, size) + 1 + VALUE_RESERVE) {
		json->cut = true;
		return;
	}
	if (comma_size(json))
		put_char(json, ',');
	json->filled |= (uint64_t)1 << (json->depth - 1);
	put_string(json, key, size, 0);
	put_char(json, ':');
	json->keyed = true;
}

void
json_text(struct json_writer *json, const char *text, size_t size_bytes)
{
	if (!text)
		json_null(json);
	else if (value_begin(json, 2))
		put_string(json, text, size_bytes, 0);
}

void
json_string(struct json_writer *json, const char *text)
{
	json_text(json, text, text ? strlen(text) : 0);
}

static void
put_value(struct json_writer *json, const char *text, uint32_t size)
{
	if (value_begin(json, size))
		put_bytes(json, text, size);
}

void
json_int(struct json_writer *json, int64_t value)
{
	char digits[24];
	uint32_t start = sizeof digits;
	uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;

	do
		digits[--start] = (char)('0' + rest % 10);
	while (rest /= 10);
	if (value < 0)
		digits[--start] = '-';
	put_value(json, digits + start, sizeof digits - start);
}

void
json_bool(struct json_writer *json, bool value)
{
	put_value(json, value ? "true" : "false", value ? 4 : 5);
}

void
json_null(struct json_writer *json)
{
	put_value(json, "null", 4);
}

void
json_address(struct json_writer *json, uint64_t value)
{
	char text[20];
	uint32_t start = sizeof text;

	text[--start] = '"';
	do
		text[--start] = "0123456789abcdef"[value & 15];
	while (value >>= 4);
	text[--start] = 'x';
	text[--start] = '0';
	text[--start] = '"';
	put_value(json, text + start, sizeof text - start);
}

/* Whether TEXT is a JSON number: [-] digits [. digits] [e [+-] digits], no leading zero. */
static bool
is_number(const char *text, size_t size)
{
	size_t i = size && text[0] == '-', from = i;

	while (i < size && text[i] >= '0' && text[i] <= '9')
		i++;
	if (i == from || (text[from] == '0' && i > from + 1))
		return false;
	if (i < size && text[i] == '.') {
		from = ++i;
		while (i < size && text[i] >= '0' && text[i] <= '9')
			i++;
		if (i == from)
			return false;
	}
	if (i < size && (text[i] == 'e' || text[i] == 'E')) {
		i++;
		i += i < size && (text[i] == '+' || text[i] == '-');
		from = i;
		while (i < size && text[i] >= '0' && text[i] <= '9')
			i++;
		if (i == from)
			return false;
	}
	return i == size;
}

void
json_number(struct json_writer *json, const char *text, size_t size_bytes)
{
	if (text && size_bytes < 64 && is_number(text, size_bytes))
		put_value(json, text, (uint32_t)size_bytes);
	else
		json_null(json);
}
