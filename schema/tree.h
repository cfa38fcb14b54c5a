/*
 * Tables of a new database, written as pages of SQLite's file format (https://www.sqlite.org/fileformat2.html) past SQLite: a row
 * costs a tenth of what an INSERT does.
 *
 * SQLite makes the tables, empty, and closes the file. Trees then take new pages behind its own, leaf by leaf; each tree's uppermost page is the
 * root that SQLite gave its table. Then SQLite opens the file again, and may read and write what is here as anything else. Rows must come
 * in ascending order of their key, each once (tree_order.c: nearly so), with all columns in the table's order; there may be no index beside.
 *
 * Single-threaded. The first failure stays in the file's `error` (an errno; EINVAL: rows out of order or with other columns, or a file that isn't as expected); later
 * calls do nothing. A file with an error is worth nothing.
 */
#ifndef SHAPEBOX_SCHEMA_TREE_H
#define SHAPEBOX_SCHEMA_TREE_H

#include <stdint.h>

#include "bytes.h"

#define TREE_COLUMNS_MOST 32
#define TREE_TYPES_BYTES (9 * TREE_COLUMNS_MOST)

/* Where pages go. */
struct tree_file {
	int descriptor, error;
	uint32_t page_bytes;
	uint32_t last;             /* number of the newest page; they count from 1 */
	uint8_t *buffer;           /* pages in a row that are not written yet, `last` the last of them */
	uint32_t buffered;
};

struct tree_child {
	uint32_t page;
	uint32_t divider_bytes;    /* table without rowid: of the row that stands between this and the next */
	int64_t key;               /* the largest below it; or where that row is in `dividers` */
};

struct tree {
	struct tree_file *file;
	uint32_t root;
	bool keyed;                /* WITHOUT ROWID */
	uint32_t columns;          /* that a row has */
	int64_t last;              /* rowid of the newest row */
	uint64_t rows;

	/* The leaf that is being filled. */
	uint8_t *page;
	uint32_t cells, content;   /* cells lie from `content` to the end */

	struct tree_child *children;
	uint32_t child_count, child_room, divider_most;
	struct bytes dividers;

	/* The row that is being made: its values lie behind a gap, into which the types go at the end. */
	uint8_t types[TREE_TYPES_BYTES];
	uint32_t type_bytes, row_columns;
	struct bytes row;
};

/* tree_file.c */
void tree_file_open(struct tree_file *file, const char *path);
uint32_t tree_file_take(struct tree_file *file);                            /* a new page's number */
void tree_file_put(struct tree_file *file, uint32_t page, const uint8_t *bytes); /* right after take */
void tree_file_root(struct tree_file *file, uint32_t page, const uint8_t *bytes); /* over one that is there */
void tree_file_close(struct tree_file *file);                               /* `error` stays */
void tree_fail(struct tree_file *file, int error);                          /* the first one is kept */

/* tree.c: OPEN; for each row BEGIN, all columns, END; then CLOSE. */
void tree_open(struct tree *tree, struct tree_file *file, uint32_t root, bool keyed, uint32_t columns);
void tree_end(struct tree *tree, int64_t rowid);                            /* of a keyed tree any */
void tree_place(struct tree *tree, int64_t rowid, const uint8_t *payload, size_t bytes); /* a row from tree_payload */
void tree_close(struct tree *tree);

/* tree_row.c. Of a table with rowid BEGIN stands for its first column, INTEGER PRIMARY KEY. */
void tree_begin(struct tree *tree);
void tree_integer(struct tree *tree, int64_t value);
void tree_null(struct tree *tree);
void tree_optional(struct tree *tree, int64_t value, bool known);           /* NULL where it isn't KNOWN */
void tree_text(struct tree *tree, const char *text, size_t bytes);          /* valid UTF-8 */
uint8_t *tree_blob_room(struct tree *tree, size_t room);                    /* NULL: no memory */
void tree_blob(struct tree *tree, size_t bytes);                            /* written to that room */
const uint8_t *tree_payload(struct tree *tree, size_t *bytes);              /* the whole row; NULL: no memory */
size_t tree_varint(uint8_t *out, uint64_t value);                           /* at most 9 bytes */
size_t tree_varint_read(const uint8_t *at, uint64_t *value);

/*
 * tree_order.c: rows with numbers without gaps, from `next` on, that come nearly in order: one waits until those before it are there.
 * A row that is too late is kept, for SQLite to insert when all is closed.
 */
struct tree_waiting { size_t at; uint32_t bytes; bool here; };
struct tree_order {
	struct tree tree;
	int64_t next;
	struct tree_waiting *ring;
	uint32_t room, span, waiting; /* span: from `next` to behind the last that waits */
	struct bytes payloads;        /* of those that wait, and of some that waited */
	size_t live_bytes;            /* of those that wait */
	struct bytes late;
};

void tree_order_end(struct tree_order *order, int64_t number);
void tree_order_close(struct tree_order *order);
void tree_order_free(struct tree_order *order);
/* The next late row from *AT on (0 at first) into STATEMENT's parameters; false: there is no more. */
struct sqlite3_stmt;
bool tree_order_late(const struct tree_order *order, size_t *at, struct sqlite3_stmt *statement);

#endif
