/*
 * Text that is being put together for people: escaping, marks, wrapping, numbers and times.
 *
 * A struct page grows as needed and is printed at the end. Strings from a trace are untrusted: they enter
 * through page_safe (or functions that say so), which makes every control and direction-changing character
 * visible. That leaves the control characters free for marks, which page_print turns into colour. A mark of
 * PAGE_ODD also prints as `>` and `<`, coloured or not, so that a report reads the same in an issue.
 * Out of memory: text is left out, page_print returns false. Single-threaded.
 */
#ifndef SHAPEBOX_VIEWER_RENDERING_PAGE_H
#define SHAPEBOX_VIEWER_RENDERING_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "../language/language.h"

#define PAGE_ODD "\x01"      /* what disagrees: `>`, red and bold ... */
#define PAGE_ODD_END "\x02"  /* ... `<` */
#define PAGE_STRONG "\x03"   /* bold */
#define PAGE_BAD "\x04"      /* red, bold */
#define PAGE_GOOD "\x05"     /* green */
#define PAGE_FAINT "\x06"
#define PAGE_END "\x07"      /* of any but PAGE_ODD */

struct page {
	char *bytes; /* NUL-terminated, or NULL while empty */
	size_t size, capacity;
	bool failed;
};

void page_free(struct page *page);

/* Append trusted text, marks allowed. */
void page_add(struct page *page, const char *trusted);
void page_format(struct page *page, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Append an untrusted string, escaped: control characters as \xNN, C1 and bidirectional ones as \uNNNN, bytes
 * that aren't UTF-8 as \xNN. page_words does the same but turns runs of white space into single spaces. */
void page_safe(struct page *page, const char *untrusted);
void page_words(struct page *page, const char *untrusted);

/* TEXT's bytes, "" while empty. */
const char *page_string(const struct page *page);

/* Columns that a string of this module takes. */
int page_columns(const char *string);
/* The bytes of STRING that fit into COLUMNS (marks behind the last character included). */
size_t page_fit(const char *string, int columns);

/* Append STRING (escaped before) in lines of at most WIDTH columns: the first begins where the text's last line
 * stands at column INDENT, the others are indented by INDENT. Lines end at blanks and beside wide characters. At most MOST lines (0: any number), the last ending in
 * "..." where more would follow. A line end follows. Returns the lines written. */
int page_wrap(struct page *page, int indent, int width, int most, const char *string);

/* 1234567 as "1,234,567". */
void page_count(struct page *page, int64_t count);
/* "1 process", "12,345 operations". */
void page_plural(struct page *page, int64_t count, const char *one, const char *many);
/* "0.4 s", "12 s", "3 min 20 s", "2 h 5 min", "3 days". */
void page_duration(struct page *page, double seconds);
/* "31.9 MB" */
void page_bytes(struct page *page, int64_t bytes);

/* How many line ends TEXT holds. */
int page_lines(const struct page *page);

/* Write TEXT to FILE with or without colour. False where memory ran out or writing failed. */
bool page_print(const struct page *page, FILE *file, bool color);

#endif
