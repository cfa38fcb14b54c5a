#include "table.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define TABLE_GAP 2
#define TABLE_NARROW 12   /* a column is not cut below this ... */
#define TABLE_NARROWEST 8 /* ... unless all are as narrow, and then not below this */

void
table_add(struct table *table, const char *cell)
{
	if (table->count == table->capacity) {
		size_t capacity = table->capacity ? table->capacity * 2 : 64;
		char **grown = realloc(table->cells, capacity * sizeof *grown);

		if (!grown)
			return;
		table->cells = grown;
		table->capacity = capacity;
	}
	table->cells[table->count++] = strdup(cell ? cell : "");
}

void
table_add_words(struct table *table, const char *text)
{
	struct page words = { 0 };

	page_words(&words, text);
	table_add(table, page_string(&words));
	page_free(&words);
}

void
table_add_format(struct table *table, const char *format, ...)
{
	char *cell = NULL;
	va_list arguments;
	int size;

	va_start(arguments, format);
	size = vasprintf(&cell, format, arguments);
	va_end(arguments);
	table_add(table, size < 0 ? NULL : cell);
	if (size >= 0)
		free(cell);
}

void
table_free(struct table *table)
{
	for (size_t i = 0; i < table->count; i++)
		free(table->cells[i]);
	free(table->cells);
	table->cells = NULL;
	table->count = table->capacity = 0;
}

/* Each column's width; 0 = left out. */
static void
table_measure(const struct table *table, int widths[TABLE_COLUMNS], int indent, int width)
{
	int total = indent, shown = 0;

	for (int c = 0; c < table->columns; c++) {
		widths[c] = 0;
		for (size_t i = (size_t)c; i < table->count; i += (size_t)table->columns) {
			int columns = page_columns(table->cells[i] ? table->cells[i] : "");

			if (columns > widths[c])
				widths[c] = columns;
		}
		if (widths[c] == 0)
			continue;
		if (table->headers[c] && page_columns(table->headers[c]) > widths[c])
			widths[c] = page_columns(table->headers[c]);
		total += widths[c] + (shown++ ? TABLE_GAP : 0);
	}
	for (int least = TABLE_NARROW; least >= TABLE_NARROWEST; least -= TABLE_NARROW - TABLE_NARROWEST)
		while (width > 0 && total > width) {
			int widest = -1;

			for (int c = 0; c < table->columns; c++)
				if (table->styles[c] >= TABLE_CUT && widths[c] > least && (widest < 0 || widths[c] > widths[widest]))
					widest = c;
			if (widest < 0)
				break;
			widths[widest]--;
			total--;
		}
}

/* "file.py:41 rest" in WIDTH: the place comes first. Returns how wide it is. */
static int
table_place(struct page *page, const char *cell, int width)
{
	size_t end = strcspn(cell, " ");
	struct page place = { 0 };
	int columns;

	page_format(&place, "%.*s", (int)end, cell);
	columns = page_columns(page_string(&place));
	if (columns > width) {
		page_format(page, "...%s", page_string(&place) + page_fit(page_string(&place), columns - width + 3));
		columns = width;
	} else {
		page_add(page, page_string(&place));
		if (width - columns > 5 && cell[end]) {
			page_format(page, "%.*s...", (int)page_fit(cell + end, width - columns - 3), cell + end);
			columns = width;
		}
	}
	page_free(&place);
	return columns;
}

static void
table_cell(const struct table *table, struct page *page, int column, const char *cell, int width, bool last)
{
	int columns = page_columns(cell);
	enum table_style style = table->styles[column];

	if (columns > width && style == TABLE_CUT) {
		size_t fit = page_fit(cell, width - 3);

		page_format(page, "%.*s...", (int)fit, cell);
		for (const char *at = cell + fit; *at; at++) /* marks must still end */
			if (*at == PAGE_END[0])
				page_add(page, PAGE_END);
		columns = width;
	} else if (columns > width && style == TABLE_PLACE) {
		columns = table_place(page, cell, width);
	} else if (columns > width && style == TABLE_TAIL) {
		const char *tail = cell + page_fit(cell, columns - width + 3);

		page_format(page, "...%s", tail);
		columns = 3 + page_columns(tail);
	} else {
		if (style == TABLE_RIGHT)
			page_format(page, "%*s", width - columns, "");
		page_add(page, cell);
	}
	if (style != TABLE_RIGHT && !last)
		page_format(page, "%*s", width > columns ? width - columns : 0, "");
}

static void
table_line(const struct table *table, struct page *page, int indent, const int *widths, const char *const *cells,
	   const char *style)
{
	bool open = page->size > 0 && page->bytes[page->size - 1] != '\n';
	bool first = true;
	int last = table->columns - 1;

	while (last > 0 && (widths[last] == 0 || !cells[last] || !cells[last][0]))
		last--;
	if (!open)
		page_format(page, "%*s", indent, "");
	page_add(page, style);
	for (int c = 0; c <= last; c++) {
		if (widths[c] == 0)
			continue;
		if (!first)
			page_format(page, "%*s", TABLE_GAP, "");
		first = false;
		table_cell(table, page, c, cells[c] ? cells[c] : "", widths[c], c == last);
	}
	page_add(page, style[0] ? PAGE_END "\n" : "\n");
}

/* Do two cells of COLUMN, one after the other, look alike when they are cut to WIDTH, and aren't? Then their ends tell them apart. */
static bool
table_blurs(const struct table *table, int column, int width)
{
	const char *before = NULL;

	for (size_t i = (size_t)column; width > 3 && i < table->count; i += (size_t)table->columns) {
		const char *cell = table->cells[i] ? table->cells[i] : "";

		if (strchr(cell, PAGE_END[0]))
			return false; /* marks must not lose their beginning */
		if (before && page_columns(cell) > width && page_columns(before) > width && strcmp(cell, before) != 0 &&
		    strncmp(cell, before, page_fit(cell, width - 3)) == 0)
			return true;
		before = cell;
	}
	return false;
}

void
table_write(const struct table *table, struct page *page, int indent, int width)
{
	int widths[TABLE_COLUMNS];
	struct table shown = *table;
	bool header = false;

	table_measure(table, widths, indent, width);
	for (int c = 0; c < table->columns; c++)
		if (table->styles[c] == TABLE_CUT && table_blurs(table, c, widths[c]))
			shown.styles[c] = TABLE_TAIL;
	for (int c = 0; c < table->columns; c++)
		header = header || (table->headers[c] && widths[c] > 0);
	if (header)
		table_line(&shown, page, indent, widths, table->headers, PAGE_FAINT);
	for (size_t i = 0; i + (size_t)table->columns <= table->count; i += (size_t)table->columns)
		table_line(&shown, page, indent, widths, (const char *const *)table->cells + i, "");
}
