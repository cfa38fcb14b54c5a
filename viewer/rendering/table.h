/*
 * Tables: columns as wide as what stands in them, narrowed where the line would be too long.
 *
 * Cells are strings of page.h, escaped before they come here. A column in which every cell is empty is left out,
 * header and all. Owns its copies. Out of memory: rows are left out.
 */
#ifndef SHAPEBOX_VIEWER_RENDERING_TABLE_H
#define SHAPEBOX_VIEWER_RENDERING_TABLE_H

#include "page.h"

#define TABLE_COLUMNS 12

enum table_style {
	TABLE_LEFT,  /* never cut */
	TABLE_RIGHT, /* numbers; never cut */
	TABLE_CUT,   /* may lose its end to fit; its beginning, where neighbours would look alike without their ends */
	TABLE_TAIL,  /* may lose its beginning (paths) */
	TABLE_PLACE  /* "file.py:41 rest": may lose the rest, then the beginning of the name, never the line */
};

struct table {
	int columns;
	const char *headers[TABLE_COLUMNS]; /* trusted; all NULL: no header line */
	enum table_style styles[TABLE_COLUMNS];
	char **cells; /* row after row */
	size_t count, capacity;
};

/* Append one cell, left to right, row after row. NULL is an empty cell. */
void table_add(struct table *table, const char *cell);
/* TEXT is not escaped yet. */
void table_add_words(struct table *table, const char *text);
void table_add_format(struct table *table, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Write the table, each line indented by INDENT, at most WIDTH columns (0: any). The first line is not indented if
 * the text's last line is open (a label stands there). */
void table_write(const struct table *table, struct page *page, int indent, int width);
void table_free(struct table *table);

#endif
