#include "bytes.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
bytes_free(struct bytes *bytes)
{
	free(bytes->data);
	memset(bytes, 0, sizeof *bytes);
}

void
bytes_clear(struct bytes *bytes)
{
	bytes->size_bytes = 0;
	if (bytes->data)
		bytes->data[0] = '\0';
}

bool
bytes_reserve(struct bytes *bytes, size_t more)
{
	size_t room = bytes->room ? bytes->room : 256;
	char *data;

	if (bytes->failed)
		return false;
	if (bytes->size_bytes + more + 1 <= bytes->room)
		return true;
	while (room < bytes->size_bytes + more + 1)
		room *= 2;
	data = realloc(bytes->data, room);
	if (!data) {
		bytes->failed = true;
		return false;
	}
	bytes->data = data;
	bytes->room = room;
	return true;
}

void
bytes_add(struct bytes *bytes, const char *raw, size_t size)
{
	if (!bytes_reserve(bytes, size))
		return;
	memcpy(bytes->data + bytes->size_bytes, raw, size);
	bytes->size_bytes += size;
	bytes->data[bytes->size_bytes] = '\0';
}

void
bytes_addf(struct bytes *bytes, const char *format, ...)
{
	char small[256];
	va_list arguments;
	int n;

	va_start(arguments, format);
	n = vsnprintf(small, sizeof small, format, arguments);
	va_end(arguments);
	if (n < 0)
		return;
	if ((size_t)n < sizeof small) {
		bytes_add(bytes, small, (size_t)n);
		return;
	}
	if (!bytes_reserve(bytes, (size_t)n))
		return;
	va_start(arguments, format);
	vsnprintf(bytes->data + bytes->size_bytes, (size_t)n + 1, format, arguments);
	va_end(arguments);
	bytes->size_bytes += (size_t)n;
}

void
bytes_add_integer(struct bytes *bytes, long long value)
{
	char digits[24], *at = digits + sizeof digits;
	unsigned long long left = value < 0 ? -(unsigned long long)value : (unsigned long long)value;

	do
		*--at = (char)('0' + left % 10);
	while (left /= 10);
	if (value < 0)
		*--at = '-';
	bytes_add(bytes, at, (size_t)(digits + sizeof digits - at));
}

size_t
bytes_character(const char *raw, size_t size)
{
	const unsigned char *b = (const unsigned char *)raw;
	unsigned code, least;
	size_t n;

	if (size == 0)
		return 0;
	if (b[0] < 0x80)
		return b[0] ? 1 : 0;
	if (b[0] >= 0xc2 && b[0] <= 0xdf)
		n = 2, code = b[0] & 0x1f, least = 0x80;
	else if (b[0] >= 0xe0 && b[0] <= 0xef)
		n = 3, code = b[0] & 0x0f, least = 0x800;
	else if (b[0] >= 0xf0 && b[0] <= 0xf4)
		n = 4, code = b[0] & 0x07, least = 0x10000;
	else
		return 0;
	if (size < n)
		return 0;
	for (size_t i = 1; i < n; i++) {
		if ((b[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (b[i] & 0x3f);
	}
	return code < least || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff) ? 0 : n;
}

bool
bytes_is_clean(const char *raw, size_t size)
{
	for (size_t at = 0; at < size;) {
		size_t n = bytes_character(raw + at, size - at);

		if (n == 0)
			return false;
		at += n;
	}
	return true;
}

void
bytes_add_clean(struct bytes *bytes, const char *raw, size_t size)
{
	for (size_t at = 0; at < size && raw[at];) {
		size_t n = bytes_character(raw + at, size - at);

		if (n)
			bytes_add(bytes, raw + at, n);
		else
			bytes_add(bytes, "\xef\xbf\xbd", 3);
		at += n ? n : 1;
	}
}

void
bytes_add_json(struct bytes *bytes, const char *raw, size_t size)
{
	bytes_add(bytes, "\"", 1);
	for (size_t at = 0; at < size && raw[at];) {
		size_t n = bytes_character(raw + at, size - at);
		unsigned char c = (unsigned char)raw[at];

		if (n == 0)
			bytes_add(bytes, "\xef\xbf\xbd", 3);
		else if (c == '"' || c == '\\')
			bytes_addf(bytes, "\\%c", c);
		else if (c < 0x20)
			bytes_addf(bytes, "\\u%04x", c);
		else
			bytes_add(bytes, raw + at, n);
		at += n ? n : 1;
	}
	bytes_add(bytes, "\"", 1);
}
