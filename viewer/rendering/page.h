/*
 * Text that is being put together for people: escaping, marks, wrapping, numbers and times.
 *
 * A struct text grows as needed and is printed at the end. Strings from a trace are untrusted: they enter
 * through text_safe (or functions that say so), which makes every control and direction-changing character
 * visible. That leaves the control characters free for marks, which text_print turns into colour. A mark of
 * TEXT_ODD also prints as `>` and `<`, coloured or not, so that a report reads the same in an issue.
 * Out of memory: text is left out, text_print returns false. Single-threaded.
 */
#ifndef SHAPEBOX_VIEWER_RENDERING_TEXT_H
#define SHAPEBOX_VIEWER_RENDERING_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define TEXT_ODD "\x01"      /* what disagrees: `>`, red and bold ... */
#define TEXT_ODD_END "\x02"  /* ... `<` */
#define TEXT_STRONG "\x03"   /* bold */
#define TEXT_BAD "\x04"      /* red, bold */
#define TEXT_GOOD "\x05"     /* green */
#define TEXT_FAINT "\x06"
#define TEXT_END "\x07"      /* of any but TEXT_ODD */

struct text {
	char *bytes; /* NUL-terminated, or NULL while empty */
	size_t size, capacity;
	bool failed;
};

void text_free(struct text *text);

/* Append trusted text, marks allowed. */
void text_add(struct text *text, const char *trusted);
void text_format(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Append an untrusted string, escaped: control characters as \xNN, C1 and bidirectional ones as \uNNNN, bytes
 * that aren't UTF-8 as \xNN. text_words does the same but turns runs of white space into single spaces. */
void text_safe(struct text *text, const char *untrusted);
void text_words(struct text *text, const char *untrusted);

/* TEXT's bytes, "" while empty. */
const char *text_string(const struct text *text);

/* Columns that a string of this module takes. */
int text_columns(const char *string);
/* The bytes of STRING that fit into COLUMNS (marks behind the last character included). */
size_t text_fit(const char *string, int columns);

/* Append STRING (escaped before) in lines of at most WIDTH columns: the first begins where the text's last line
 * stands at column INDENT, the others are indented by INDENT. At most MOST lines (0: any number), the last ending in
 * "..." where more would follow. A line end follows. Returns the lines written. */
int text_wrap(struct text *text, int indent, int width, int most, const char *string);

/* 1234567 as "1,234,567". */
void text_count(struct text *text, int64_t count);
/* "1 process", "12,345 operations". */
void text_plural(struct text *text, int64_t count, const char *one, const char *many);
/* "0.4 s", "12 s", "3 min 20 s", "2 h 5 min", "3 days". */
void text_duration(struct text *text, double seconds);
/* "31.9 MB" */
void text_bytes(struct text *text, int64_t bytes);

/* How many line ends TEXT holds. */
int text_lines(const struct text *text);

/* Write TEXT to FILE with or without colour. False where memory ran out or writing failed. */
bool text_print(const struct text *text, FILE *file, bool color);

#endif
