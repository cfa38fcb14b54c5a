/*
 * The language that people are spoken to in: English, or Simplified Chinese.
 *
 * Texts are written in English where they are said, as literals, and each stands once more in a table of this room (*.def),
 * English and Chinese in one row: TEXT(english, chinese). Both have the same placeholders; where their order differs, the
 * Chinese numbers them (%1$s). A text that has no row stays English. Never translated: operations, exceptions, names of
 * options and variables, errors of the command line, and JSON, which is built before a language is chosen or not at all.
 *
 * LANGUAGE_LISTED and SAY also list their literal in a section of the program, so that a test finds those without a row
 * (tests/unit/test_language.c) and rows that nobody says.
 *
 * One process-wide state: the language. Set before anything is said; single-threaded.
 */
#ifndef SHAPEBOX_VIEWER_LANGUAGE_LANGUAGE_H
#define SHAPEBOX_VIEWER_LANGUAGE_LANGUAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum language { LANGUAGE_EN, LANGUAGE_ZH };

void language_set(enum language language);
enum language language_now(void);
/* "en" or "zh". */
const char *language_code(enum language language);
/* "en", "zh", "zh_CN.UTF-8"; false for what is neither. */
bool language_parse(const char *word, enum language *out);

/* ENGLISH in the language that is set. LISTED isn't looked at. */
const char *language_text(const char *english, const void *listed) __attribute__((format_arg(1)));
/* The same of a word that isn't a literal here: a confidence, a state. */
const char *language_word(const char *english);
/* "s" of an English plural; nothing in Chinese. */
const char *language_plural(int64_t count);

/* The literal ENGLISH in the language that is set. */
#define SAY(english) language_text(english, LANGUAGE_LISTED(english))
#define LANGUAGE_LISTED(...) ({ \
	static const char *const language_literal __attribute__((section("language_said"), used)) = LANGUAGE_FIRST(__VA_ARGS__, 0); \
	(const void *)&language_literal; })
#define LANGUAGE_FIRST(first, ...) first

/* The table, for its test. */
struct language_row {
	const char *english, *chinese;
	bool word;               /* said by language_word: it need not be listed */
};
extern const struct language_row language_rows[];
extern const size_t language_row_count;

#endif
