/*
 * What the stages of the fold share. Included by schema/fold*.c alone.
 *
 * One `struct fold` per fold_box call, single-threaded. A failing SQLite call sets `failed` and `error` once; later
 * calls do nothing, so stages need not check after each row.
 */
#ifndef SHAPEBOX_SCHEMA_FOLD_INTERNAL_H
#define SHAPEBOX_SCHEMA_FOLD_INTERNAL_H

#include <sqlite3.h>

#include "box_read.h"
#include "bytes.h"
#include "fold.h"
#include "fold_index.h"
#include "site.h"
#include "tree.h"

#define SIGNATURE_ARGUMENTS 1u
#define SIGNATURE_OUTPUTS 2u

/* A note's event, found while the events pass by. */
struct note_reference {
	uint32_t thread, slot;
	uint64_t number;     /* the thread's event number */
	bool exact;          /* else: the last kept event up to it */
	int64_t event;       /* found event id, -1 */
};

/* fold_kinds.c: what rows have in common. */
#define FOLD_KIND_WIDTH 8
struct fold_kind { int64_t key[FOLD_KIND_WIDTH]; uint32_t next; /* what was asked for after it */ };
struct fold_kinds {
	struct fold_index index;
	struct fold_kind *kinds;
	uint32_t room, count, last; /* of kinds; the newest answer */
};

/* fold_known.c: what has a number already. */
struct fold_known {
	struct fold_index index;
	struct bytes entries;
	int64_t spare;
};

/* fold_cells.c: rows of a few columns that many others refer to. */
struct fold_cell { const char *text; int64_t integer; bool known; }; /* a text, else an integer if it is known, else NULL */
struct fold_cells {
	struct fold_known known;
	int64_t last;         /* number given out last */
	struct bytes key;     /* of the one that is looked for */
};

/* fold_tables.c: the tables that are written past SQLite. X(id, name, WITHOUT ROWID) */
#define FOLD_TABLES(X) \
	X(OPERATION, "operation", false) \
	X(FRAME, "frame", false) \
	X(SITE, "site", false) \
	X(SITE_FRAME, "site_frame", true) \
	X(SITE_PRINT, "site_print", false) \
	X(SIGNATURE, "signature", false) \
	X(SIGNATURE_PRINT, "signature_print", false) \
	X(OPERAND_PLACE, "operand_place", false) \
	X(OPERAND_FORM, "operand_form", false) \
	X(OPERAND_ROW, "operand_row", true) \
	X(THREAD, "thread", false) \
	X(STEP, "step", false) \
	X(SCOPE_KIND, "scope_kind", false) \
	X(SCOPE_ROW, "scope_row", false) \
	X(EVENT_KIND, "event_kind", false) \
	X(EVENT_ROW, "event_row", false) \
	X(CUDA_CALL, "cuda_call", false)
enum fold_table {
#define X(id, name, keyed) FOLD_##id,
	FOLD_TABLES(X)
#undef X
	FOLD_TABLE_COUNT
};

/* fold_cuda.c: references of names, each at least once. */
#define FOLD_NAMES_SEEN 1024u
struct fold_names { uint32_t seen[FOLD_NAMES_SEEN]; struct bytes all; };

struct fold {
	struct box_reader box;
	sqlite3 *db;
	bool finished, failed;
	uint64_t shortage; /* shortage_count at the start */
	char *error;
	size_t error_room;
	const char *db_path;
	struct bytes scratch;

	/* fold_dictionaries.c: by reference (byte offset / 8); 0 = no valid entry there */
	uint8_t *signatures; /* SIGNATURE_* */
	uint8_t *sites;      /* SITE_* */
	uint64_t signature_slots, site_slots;
	char torch_root[512];/* "/x/site-packages/torch/", "" if unknown */

	/* fold_inline.c: signatures found in records */
	struct inline_signature *inlines;
	struct fold_index inline_index;
	uint32_t inline_room;
	int64_t next_signature;

	struct fold_prints *prints; /* fold_fingerprint.c */
	struct fold_parts *parts;   /* fold_parts.c */

	/* fold_notes.c, sorted by thread and number */
	struct note_reference *notes;
	uint32_t note_count;

	/* fold_events.c */
	int64_t total, kept;
	int64_t last_step;
	int64_t *marked;     /* events that failed or are open, oldest first */
	uint32_t marked_count;

	/* fold_rows.c */
	uint64_t ids[2 * 65536];
	struct fold_kinds event_kinds, scope_kinds;

	/* fold_operands.c */
	struct fold_cells places, forms;
	struct fold_known place_keys, form_words; /* their numbers, by what is known before any text is made */
	struct bytes operands;

	/* fold_cuda.c */
	struct fold_names functions, kernels;
	int64_t cuda_calls;

	/* fold_tables.c */
	struct tree_file pages;
	struct tree trees[FOLD_TABLE_COUNT];
	struct tree_order event_rows, scope_rows; /* of these two, instead */
};

#define FOLD_MARKED_LIMIT 65536u

/* fold_sql.c */
sqlite3_stmt *fold_prepare(struct fold *fold, const char *sql); /* NULL after a failure */
void fold_run(struct fold *fold, const char *sql);
void fold_open(struct fold *fold, const char *path);            /* `db` */
void fold_close(struct fold *fold);
void fold_bind(sqlite3_stmt *statement, int column, int64_t value, bool known); /* NULL where it isn't KNOWN */
void fold_step(struct fold *fold, sqlite3_stmt *statement);     /* one row in, then reset */
void fold_bind_clean(struct fold *fold, sqlite3_stmt *statement, int column, const char *raw, size_t size);
/* The string REFERENCE of the box, cleaned; "" if the reference is damaged. */
void fold_bind_string(struct fold *fold, sqlite3_stmt *statement, int column, uint32_t reference);
void fold_fail(struct fold *fold, const char *what);

/* fold_dictionaries.c */
void fold_dictionaries(struct fold *fold);
bool fold_signature_known(const struct fold *fold, uint32_t reference, unsigned kind);
unsigned fold_site(const struct fold *fold, uint32_t reference); /* SITE_*; 0: no such site */

/* The rows of signature ID, whose OPERATION there is. */
void fold_signature(struct fold *fold, int64_t id, uint32_t operation, bool outputs, const uint64_t *words, uint64_t word_count,
		    uint32_t value_count);

/* fold_live.c: after the dictionaries */
void fold_live_tensors(struct fold *fold);

/* fold_history.c: after the dictionaries */
void fold_history(struct fold *fold);

/* fold_steps.c */
void fold_steps(struct fold *fold);

/* fold_operands.c: rows of operand_row for the WORDS of signature ID. */
void fold_operands(struct fold *fold, int64_t id, const struct box_op *op, bool outputs, const uint64_t *words,
		   uint64_t word_count, uint32_t value_count);

/* fold_inline.c: the signature in line after RECORD's identities (AT: first byte after them); its id, or -1. */
int64_t fold_inline(struct fold *fold, const struct box_record *record, const uint32_t *at, uint32_t op, bool outputs);
void fold_inline_free(struct fold *fold);

/* fold_fingerprint.c: begin before the dictionaries (with `db` open), end after the events (again). COUNT frames of SITE are listed. */
void fold_prints_begin(struct fold *fold);
void fold_print_signature(struct fold *fold, int64_t id, const struct box_op *op, bool outputs, const uint64_t *words,
			  uint64_t word_count, uint32_t value_count);
void fold_print_site(struct fold *fold, int64_t id, const struct box_site *site, uint32_t count);
void fold_prints_end(struct fold *fold);

/* fold_parts.c: before the events; after them, with `db` open */
void fold_parts_begin(struct fold *fold);
void fold_parts_end(struct fold *fold);

/* fold_tables.c. OPEN closes `db`, which may be opened again after CLOSE; then LATE. A row: fold_row, its columns (tree.h), an END; not
 * after a failure. */
void fold_tables_open(struct fold *fold, const char *path);
void fold_tables_close(struct fold *fold);
void fold_tables_late(struct fold *fold);
struct tree *fold_row(struct fold *fold, enum fold_table table);
void fold_row_clean(struct fold *fold, struct tree *row, const char *raw, size_t size);
void fold_row_string(struct fold *fold, struct tree *row, uint32_t reference); /* as fold_bind_string */
void fold_row_end(struct fold *fold, enum fold_table table, int64_t id);

/* fold_kinds.c: the number of KEY, from 1; *IS_NEW: it was not there. 0 after a failure. */
int64_t fold_kind(struct fold *fold, struct fold_kinds *kinds, const int64_t key[FOLD_KIND_WIDTH], bool *is_new);
void fold_kinds_free(struct fold_kinds *kinds);

/* fold_known.c: the number of what has these bytes; 0 where they are new, or there is no memory: then for the caller to set. Until the next call. */
int64_t *fold_known(struct fold *fold, struct fold_known *known, const void *key, size_t bytes);
void fold_known_free(struct fold_known *known);

/* fold_forms.c: the row of operand_form for a value of COUNT words (of a list: its head); 0 after a failure. */
int64_t fold_form(struct fold *fold, const uint64_t *words, size_t count);

/* fold_cells.c: the number, from 1, of the row with these COUNT CELLS; a new one is added to TABLE, whose first column is the number.
 * 0 after a failure. */
int64_t fold_cells(struct fold *fold, struct fold_cells *cells, const struct fold_cell *cell, int count, enum fold_table table);
void fold_cells_free(struct fold_cells *cells);

/* fold_notes.c */
void fold_notes_find(struct fold *fold);  /* before the events */
void fold_notes_write(struct fold *fold); /* after them */

/* fold_events.c */
void fold_events(struct fold *fold);

/* fold_cuda.c */
void fold_cuda_write(struct fold *fold);  /* names, counts and live memory */

/* fold_tensors.c */
void fold_event_tensors(struct fold *fold);

#endif
