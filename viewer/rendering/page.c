#include "page.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

void
page_free(struct page *page)
{
	free(page->bytes);
	*page = (struct page){ 0 };
}

static void
page_append(struct page *page, const char *bytes, size_t size)
{
	if (page->failed)
		return;
	if (page->size + size + 1 > page->capacity) {
		size_t capacity = (page->size + size + 1) * 2;
		char *grown = realloc(page->bytes, capacity);

		if (!grown) {
			page->failed = true;
			return;
		}
		page->bytes = grown;
		page->capacity = capacity;
	}
	memcpy(page->bytes + page->size, bytes, size);
	page->size += size;
	page->bytes[page->size] = 0;
}

void
page_add(struct page *page, const char *trusted)
{
	page_append(page, trusted, strlen(trusted));
}

void
page_format(struct page *page, const char *format, ...)
{
	char *line = NULL;
	va_list arguments;
	int size;

	va_start(arguments, format);
	size = vasprintf(&line, format, arguments);
	va_end(arguments);
	if (size < 0) {
		page->failed = true;
		return;
	}
	page_append(page, line, (size_t)size);
	free(line);
}

/* The character at BYTES in *POINT; returns its size, 0 at the end, -1 where the byte isn't UTF-8. */
static int
page_decode(const char *bytes, uint32_t *point)
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
page_hidden(uint32_t point)
{
	return point < 0x20 || (point >= 0x7f && point < 0xa0) || point == 0xad || point == 0x61c ||
	       (point >= 0x200b && point <= 0x200f) || (point >= 0x2028 && point <= 0x202e) ||
	       (point >= 0x2060 && point <= 0x206f) || point == 0xfeff || (point >= 0xfff0 && point <= 0xfffb) ||
	       (point >= 0xe0000 && point <= 0xe0fff);
}

static void
page_escape(struct page *page, const char *untrusted, bool words)
{
	bool gap = false, any = false;

	for (const char *at = untrusted ? untrusted : ""; *at;) {
		uint32_t point = 0;
		int size = page_decode(at, &point);

		if (words && size == 1 && strchr(" \t\n\r\v\f", (int)point)) {
			gap = any;
			at++;
			continue;
		}
		if (gap)
			page_append(page, " ", 1);
		gap = false;
		any = true;
		if (size < 0) {
			page_format(page, "\\x%02x", (unsigned char)*at);
			at++;
		} else if (page_hidden(point)) {
			page_format(page, point < 0x80 ? "\\x%02x" : point < 0x10000 ? "\\u%04x" : "\\U%08x", point);
			at += size;
		} else {
			page_append(page, at, (size_t)size);
			at += size;
		}
	}
}

void
page_safe(struct page *page, const char *untrusted)
{
	page_escape(page, untrusted, false);
}

void
page_words(struct page *page, const char *untrusted)
{
	page_escape(page, untrusted, true);
}

const char *
page_string(const struct page *page)
{
	return page->bytes ? page->bytes : "";
}

/* Columns of the character at *AT, which moves on. */
static int
page_step(const char **at)
{
	uint32_t point = 0;
	int size = page_decode(*at, &point), columns;

	if (size < 0) {
		(*at)++;
		return 1;
	}
	*at += size;
	if (point == 1 || point == 2) /* PAGE_ODD, PAGE_ODD_END */
		return 1;
	if (point < 0x20)
		return 0;
	columns = wcwidth((wchar_t)point);
	return columns < 0 ? 1 : columns;
}

int
page_columns(const char *string)
{
	int columns = 0;

	while (*string)
		columns += page_step(&string);
	return columns;
}

size_t
page_fit(const char *string, int columns)
{
	const char *at = string;

	while (*at) {
		const char *next = at;

		columns -= page_step(&next);
		if (columns < 0)
			break;
		at = next;
	}
	return (size_t)(at - string);
}

/* Does the character at AT take two columns? *POINT gets it. */
static bool
page_wide(const char *at, uint32_t *point)
{
	return page_decode(at, point) > 2 && wcwidth((wchar_t)*point) == 2;
}

/* May a line end before STRING[END]? At a blank, and beside a wide character, but not before what closes nor after what opens. */
static bool
page_breaks(const char *string, size_t end)
{
	static const char closing[] = "，。、；：！？）》」”", opening[] = "（《「“";
	size_t before = end;
	uint32_t point = 0;
	int size;

	if (string[end] == ' ')
		return true;
	size = page_decode(string + end, &point);
	if (size < 1 || point < 0x20 || ((string[end] & 0xc0) == 0x80))
		return false;
	do
		before--;
	while (before > 0 && (string[before] & 0xc0) == 0x80);
	if (size > 2 && memmem(closing, sizeof closing - 1, string + end, (size_t)size))
		return false;
	if (page_wide(string + before, &point))
		return !memmem(opening, sizeof opening - 1, string + before, end - before);
	return page_wide(string + end, &point) && string[before] != '(' && string[before] != '[';
}

int
page_wrap(struct page *page, int indent, int width, int most, const char *string)
{
	int lines = 0, room = width - indent;

	if (room < 20)
		room = 20;
	do {
		size_t fit = page_fit(string, room), end = fit;
		bool last = most > 0 && lines + 1 == most;

		if (lines++ > 0)
			page_format(page, "%*s", indent, "");
		if (string[fit] == 0) {
			page_append(page, string, fit);
			string += fit;
		} else {
			if (last)
				end = fit = page_fit(string, room - 4);
			while (end > 0 && !page_breaks(string, end))
				end--;
			/* a word that fills more than half of the line is cut, not moved */
			if (end < fit / 2)
				end = fit;
			fit = end;
			while (fit > 0 && string[fit - 1] == ' ')
				fit--;
			page_append(page, string, fit);
			string += end;
			while (*string == ' ')
				string++;
			if (last) {
				page_add(page, " ...");
				for (; *string; string++) /* marks must still end */
					if (*string == PAGE_END[0] || *string == PAGE_ODD_END[0])
						page_append(page, string, 1);
			}
		}
		page_add(page, "\n");
	} while (*string);
	return lines;
}

void
page_count(struct page *page, int64_t count)
{
	char digits[32];
	int size = snprintf(digits, sizeof digits, "%" PRIu64, count < 0 ? 0 - (uint64_t)count : (uint64_t)count);

	if (count < 0)
		page_add(page, "-");
	for (int i = 0; i < size; i++) {
		if (i > 0 && (size - i) % 3 == 0)
			page_add(page, ",");
		page_append(page, digits + i, 1);
	}
}

void
page_plural(struct page *page, int64_t count, const char *one, const char *many)
{
	page_count(page, count);
	page_add(page, " ");
	page_add(page, count == 1 ? one : many);
}

void
page_duration(struct page *page, double seconds)
{
	int64_t whole = seconds > 9e15 ? 0 : (int64_t)(seconds + 0.5);

	if (seconds < 0)
		whole = 0;
	if (whole < 1)
		page_format(page, SAY("%.1f s"), seconds < 0 ? 0 : seconds);
	else if (whole < 120)
		page_format(page, SAY("%" PRId64 " s"), whole);
	else if (whole < 7200)
		page_format(page, SAY("%" PRId64 " min %" PRId64 " s"), whole / 60, whole % 60);
	else if (whole < 172800)
		page_format(page, SAY("%" PRId64 " h %" PRId64 " min"), whole / 3600, whole / 60 % 60);
	else
		page_format(page, SAY("%" PRId64 " days"), whole / 86400);
}

void
page_bytes(struct page *page, int64_t bytes)
{
	static const char *const units[] = { "kB", "MB", "GB", "TB" };
	double value = (double)bytes / 1000;
	unsigned unit = 0;

	if (bytes < 1000) {
		page_format(page, "%" PRId64 " B", bytes);
		return;
	}
	while (value >= 999.95 && unit < 3) {
		value /= 1000;
		unit++;
	}
	page_format(page, value < 99.95 ? "%.1f %s" : "%.0f %s", value, units[unit]);
}

int
page_lines(const struct page *page)
{
	int lines = 0;

	for (size_t i = 0; i < page->size; i++)
		lines += page->bytes[i] == '\n';
	return lines;
}

bool
page_print(const struct page *page, FILE *file, bool color)
{
	static const char *const codes[] = {
		[1] = "\033[1;31m>", [2] = "<\033[0m", [3] = "\033[1m", [4] = "\033[1;31m", [5] = "\033[32m",
		[6] = "\033[2m", [7] = "\033[0m",
	};
	static const char *const plain[] = { [1] = ">", [2] = "<", [3] = "", [4] = "", [5] = "", [6] = "", [7] = "" };
	const char *bytes = page_string(page);
	size_t from = 0;

	for (size_t i = 0; i < page->size; i++) {
		unsigned char byte = (unsigned char)bytes[i];

		if (byte < 1 || byte > 7)
			continue;
		fwrite(bytes + from, 1, i - from, file);
		fputs(color ? codes[byte] : plain[byte], file);
		from = i + 1;
	}
	fwrite(bytes + from, 1, page->size - from, file);
	return fflush(file) == 0 && !ferror(file) && !page->failed;
}
