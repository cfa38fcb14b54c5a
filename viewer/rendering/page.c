#include "text.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

void
text_free(struct text *text)
{
	free(text->bytes);
	*text = (struct text){ 0 };
}

static void
text_append(struct text *text, const char *bytes, size_t size)
{
	if (text->failed)
		return;
	if (text->size + size + 1 > text->capacity) {
		size_t capacity = (text->size + size + 1) * 2;
		char *grown = realloc(text->bytes, capacity);

		if (!grown) {
			text->failed = true;
			return;
		}
		text->bytes = grown;
		text->capacity = capacity;
	}
	memcpy(text->bytes + text->size, bytes, size);
	text->size += size;
	text->bytes[text->size] = 0;
}

void
text_add(struct text *text, const char *trusted)
{
	text_append(text, trusted, strlen(trusted));
}

void
text_format(struct text *text, const char *format, ...)
{
	char *line = NULL;
	va_list arguments;
	int size;

	va_start(arguments, format);
	size = vasprintf(&line, format, arguments);
	va_end(arguments);
	if (size < 0) {
		text->failed = true;
		return;
	}
	text_append(text, line, (size_t)size);
	free(line);
}

/* The character at BYTES in *POINT; returns its size, 0 at the end, -1 where the byte isn't UTF-8. */
static int
text_decode(const char *bytes, uint32_t *point)
{
	const unsigned char *at = (const unsigned char *)bytes;
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	int size;

	if (at[0] == 0)
		return 0;
	if (at[0] < 0x80) {
		*point = at[0];
		return 1;
	}
	size = at[0] >= 0xf0 && at[0] < 0xf5 ? 4 : at[0] >= 0xe0 ? 3 : 2;
	if (at[0] < 0xc2 || at[0] >= 0xf5)
		return -1;
	*point = at[0] & (0xffu >> (size + 1));
	for (int i = 1; i < size; i++) {
		if ((at[i] & 0xc0) != 0x80)
			return -1;
		*point = *point << 6 | (at[i] & 0x3fu);
	}
	if (*point < least[size] || *point > 0x10ffff || (*point >= 0xd800 && *point < 0xe000))
		return -1;
	return size;
}

/* Characters that show nothing, or change how others are shown. */
static bool
text_hidden(uint32_t point)
{
	return point < 0x20 || (point >= 0x7f && point < 0xa0) || point == 0xad || point == 0x61c ||
	       (point >= 0x200b && point <= 0x200f) || (point >= 0x2028 && point <= 0x202e) ||
	       (point >= 0x2060 && point <= 0x206f) || point == 0xfeff || (point >= 0xfff0 && point <= 0xfffb) ||
	       (point >= 0xe0000 && point <= 0xe0fff);
}

static void
text_escape(struct text *text, const char *untrusted, bool words)
{
	bool gap = false, any = false;

	for (const char *at = untrusted ? untrusted : ""; *at;) {
		uint32_t point = 0;
		int size = text_decode(at, &point);

		if (words && size == 1 && strchr(" \t\n\r\v\f", (int)point)) {
			gap = any;
			at++;
			continue;
		}
		if (gap)
			text_append(text, " ", 1);
		gap = false;
		any = true;
		if (size < 0) {
			text_format(text, "\\x%02x", (unsigned char)*at);
			at++;
		} else if (text_hidden(point)) {
			text_format(text, point < 0x80 ? "\\x%02x" : point < 0x10000 ? "\\u%04x" : "\\U%08x", point);
			at += size;
		} else {
			text_append(text, at, (size_t)size);
			at += size;
		}
	}
}

void
text_safe(struct text *text, const char *untrusted)
{
	text_escape(text, untrusted, false);
}

void
text_words(struct text *text, const char *untrusted)
{
	text_escape(text, untrusted, true);
}

const char *
text_string(const struct text *text)
{
	return text->bytes ? text->bytes : "";
}

/* Columns of the character at *AT, which moves on. */
static int
text_step(const char **at)
{
	uint32_t point = 0;
	int size = text_decode(*at, &point), columns;

	if (size < 0) {
		(*at)++;
		return 1;
	}
	*at += size;
	if (point == 1 || point == 2) /* TEXT_ODD, TEXT_ODD_END */
		return 1;
	if (point < 0x20)
		return 0;
	columns = wcwidth((wchar_t)point);
	return columns < 0 ? 1 : columns;
}

int
text_columns(const char *string)
{
	int columns = 0;

	while (*string)
		columns += text_step(&string);
	return columns;
}

size_t
text_fit(const char *string, int columns)
{
	const char *at = string;

	while (*at) {
		const char *next = at;

		columns -= text_step(&next);
		if (columns < 0)
			break;
		at = next;
	}
	return (size_t)(at - string);
}

int
text_wrap(struct text *text, int indent, int width, int most, const char *string)
{
	int lines = 0, room = width - indent;

	if (room < 20)
		room = 20;
	do {
		size_t fit = text_fit(string, room), end = fit;
		bool last = most > 0 && lines + 1 == most;

		if (lines++ > 0)
			text_format(text, "%*s", indent, "");
		if (string[fit] == 0) {
			text_append(text, string, fit);
			string += fit;
		} else {
			if (last)
				end = fit = text_fit(string, room - 4);
			while (end > 0 && string[end] != ' ')
				end--;
			/* a word that fills more than half of the line is cut, not moved */
			if (end < fit / 2)
				end = fit;
			text_append(text, string, end);
			string += end;
			while (*string == ' ')
				string++;
			if (last) {
				text_add(text, " ...");
				for (; *string; string++) /* marks must still end */
					if (*string == TEXT_END[0] || *string == TEXT_ODD_END[0])
						text_append(text, string, 1);
			}
		}
		text_add(text, "\n");
	} while (*string);
	return lines;
}

void
text_count(struct text *text, int64_t count)
{
	char digits[32];
	int size = snprintf(digits, sizeof digits, "%" PRIu64, count < 0 ? 0 - (uint64_t)count : (uint64_t)count);

	if (count < 0)
		text_add(text, "-");
	for (int i = 0; i < size; i++) {
		if (i > 0 && (size - i) % 3 == 0)
			text_add(text, ",");
		text_append(text, digits + i, 1);
	}
}

void
text_plural(struct text *text, int64_t count, const char *one, const char *many)
{
	text_count(text, count);
	text_add(text, " ");
	text_add(text, count == 1 ? one : many);
}

void
text_duration(struct text *text, double seconds)
{
	int64_t whole = seconds > 9e15 ? 0 : (int64_t)(seconds + 0.5);

	if (seconds < 0)
		whole = 0;
	if (whole < 1)
		text_format(text, "%.1f s", seconds < 0 ? 0 : seconds);
	else if (whole < 120)
		text_format(text, "%" PRId64 " s", whole);
	else if (whole < 7200)
		text_format(text, "%" PRId64 " min %" PRId64 " s", whole / 60, whole % 60);
	else if (whole < 172800)
		text_format(text, "%" PRId64 " h %" PRId64 " min", whole / 3600, whole / 60 % 60);
	else
		text_format(text, "%" PRId64 " days", whole / 86400);
}

void
text_bytes(struct text *text, int64_t bytes)
{
	static const char *const units[] = { "kB", "MB", "GB", "TB" };
	double value = (double)bytes / 1000;
	unsigned unit = 0;

	if (bytes < 1000) {
		text_format(text, "%" PRId64 " B", bytes);
		return;
	}
	while (value >= 999.95 && unit < 3) {
		value /= 1000;
		unit++;
	}
	text_format(text, value < 99.95 ? "%.1f %s" : "%.0f %s", value, units[unit]);
}

int
text_lines(const struct text *text)
{
	int lines = 0;

	for (size_t i = 0; i < text->size; i++)
		lines += text->bytes[i] == '\n';
	return lines;
}

bool
text_print(const struct text *text, FILE *file, bool color)
{
	static const char *const codes[] = {
		[1] = "\033[1;31m>", [2] = "<\033[0m", [3] = "\033[1m", [4] = "\033[1;31m", [5] = "\033[32m",
		[6] = "\033[2m", [7] = "\033[0m",
	};
	static const char *const plain[] = { [1] = ">", [2] = "<", [3] = "", [4] = "", [5] = "", [6] = "", [7] = "" };
	const char *bytes = text_string(text);
	size_t from = 0;

	for (size_t i = 0; i < text->size; i++) {
		unsigned char byte = (unsigned char)bytes[i];

		if (byte < 1 || byte > 7)
			continue;
		fwrite(bytes + from, 1, i - from, file);
		fputs(color ? codes[byte] : plain[byte], file);
		from = i + 1;
	}
	fwrite(bytes + from, 1, text->size - from, file);
	return fflush(file) == 0 && !ferror(file) && !text->failed;
}
