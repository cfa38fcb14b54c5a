/*
 * Text of bounded size and its way into JSON, for the other stages of the analysis.
 *
 * Owns nothing but the buffers that callers put on their stacks. A trace is untrusted: what it holds
 * may not be UTF-8, so every string reaches JSON through text_json or text_set.
 */
#ifndef SHAPEBOX_VIEWER_ANALYSIS_TEXT_H
#define SHAPEBOX_VIEWER_ANALYSIS_TEXT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../language/language.h"

/* A sentence in the making; what doesn't fit is cut. Start it as {0}. */
struct text { char data[1024]; size_t used; };

/* Adds what FORMAT, a literal, says in the language that is set (language.h). */
#define text_add(text, ...) text_add_listed(text, LANGUAGE_LISTED(__VA_ARGS__), __VA_ARGS__)
void text_add_listed(struct text *text, const void *listed, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* The same into a buffer. */
#define text_say(out, size, ...) text_say_listed(out, size, LANGUAGE_LISTED(__VA_ARGS__), __VA_ARGS__)
void text_say_listed(char *out, size_t size, const void *listed, const char *format, ...) __attribute__((format(printf, 4, 5)));
/* snprintf that may cut: for what isn't said to people. */
void text_format(char *out, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* Adds the first line of STRING, cut to MOST bytes (never within a character). */
void text_add_short(struct text *text, const char *string, size_t most);
/* Adds "[2, 3]". */
void text_add_sizes(struct text *text, const int64_t *sizes, int count);

/* "13.4 MB" in OUT, which is returned. */
#define TEXT_BYTES 32
const char *text_bytes(char out[TEXT_BYTES], int64_t bytes);

/* TEXT as a JSON string, invalid bytes replaced by '?'; NULL gives JSON null. New reference. */
json_t *text_json(const char *text);
/* OBJECT[KEY] = TEXT, or null. */
void text_set(json_t *object, const char *key, const char *text);
/* OBJECT[KEY] = VALUE, or null where VALUE is NONE. */
void text_set_integer(json_t *object, const char *key, int64_t value, int64_t none);
/* The string at OBJECT[KEY], "" if there is none. Borrowed. */
const char *text_get(const json_t *object, const char *key);
/* What the lists called KEY in the objects of OUTER hold, one after the other (the locals of all frames); NULL: that was all. AT is zeros at first,
 * then AT->outer is the place of the object that it was of. */
struct text_walk { size_t outer, inner; };
const json_t *text_next(const json_t *outer, const char *key, struct text_walk *at);

/* Is C part of a word, as a name of Python's is? */
bool text_is_word(char c);
/* The first place in LINE where WORD stands as a word of its own; NULL. */
const char *text_word(const char *line, const char *word);
/* Does LINE have NAME as a word of its own that is no attribute of another? */
bool text_has_name(const char *line, const char *name);
/* Does TEXT (NULL: none) end with ENDING? */
bool text_ends(const char *text, const char *ending);
/* What follows the last '/'. */
const char *text_basename(const char *path);
/* Does WHOLE contain PART, where both say something (short texts must be equal)? */
bool text_contains(const char *whole, const char *part);
/* Does TEXT (or NULL) contain one of the COUNT PARTS, in capitals or not? */
bool text_contains_any(const char *text, const char *const *parts, size_t count);
/* WORD among the blank-separated WORDS? */
bool text_among(const char *words, const char *word);
/* The next integer (digits only, not part of a name or a decimal fraction, no line of a traceback, no tensor's version) at or after *AT;
 * moves *AT on. */
bool text_number(const char **at, int64_t *out);

#endif
