/* links: schema viewer */
#include <CUnit/Basic.h>
#include <CUnit/CUnit.h>
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "viewer/analysis/text.h"
#include "viewer/commands/command.h"
#include "viewer/language/language.h"

#define PLACES_MOST 16

/* What LANGUAGE_LISTED listed, in every file that is linked. */
extern const char *const __start_language_said[], *const __stop_language_said[];

/* The conversion at *AT ("%2$-5.1f", *AT at the '%'): its place (0: the next one) and what it takes; moves *AT behind it. */
static bool
conversion(const char **at, int *place, char takes[16])
{
	const char *c = *at + 1;
	char *end;
	long number = strtol(c, &end, 10);
	size_t used = 0;

	*place = 0;
	if (end > c && *end == '$') {
		*place = (int)number;
		c = end + 1;
	}
	while (*c && used < 15 && !strchr("diuxXfgeGsc%", *c))
		takes[used++] = *c++;
	if (!*c)
		return false;
	takes[used++] = *c;
	takes[used] = 0;
	*at = c + 1;
	return true;
}

/* What FORMAT takes, by place; how many, -1 where it is no format, or one that counts by halves. */
static int
takes_of(const char *format, char takes[PLACES_MOST][16])
{
	int count = 0, highest = 0, numbered = 0;

	memset(takes, 0, PLACES_MOST * 16);
	for (const char *at = strchr(format, '%'); at; at = strchr(at, '%')) {
		char one[16];
		int place;

		if (!conversion(&at, &place, one) || count == PLACES_MOST || place > PLACES_MOST)
			return -1;
		if (strcmp(one, "%") == 0)
			continue;
		if (place && *takes[place - 1])
			return -1; /* said twice */
		numbered += place > 0;
		strcpy(takes[place ? place - 1 : count], one);
		count++;
		highest = place > highest ? place : highest;
	}
	return numbered && (numbered != count || highest != count) ? -1 : count;
}

static void
test_rows(void)
{
	for (size_t i = 0; i < language_row_count; i++) {
		const struct language_row *row = &language_rows[i];
		char english[PLACES_MOST][16], chinese[PLACES_MOST][16];
		int count = takes_of(row->english, english), other = takes_of(row->chinese, chinese);
		bool same = *row->english && *row->chinese && count >= 0 && count == other && memcmp(english, chinese, sizeof(english)) == 0;

		if (!same)
			printf("\n  not the same placeholders: \"%s\" and \"%s\"\n", row->english, row->chinese);
		CU_ASSERT(same);
		for (size_t n = 0; n < i; n++) {
			if (strcmp(language_rows[n].english, row->english) == 0) {
				printf("\n  two rows: \"%s\"\n", row->english);
				CU_FAIL("two rows");
			}
		}
	}
}

static void
test_placeholders(void)
{
	char takes[PLACES_MOST][16];

	CU_ASSERT(takes_of("%s has %ld of %d%%", takes) == 3 && strcmp(takes[1], "ld") == 0);
	CU_ASSERT(takes_of("%2$ld of %1$s", takes) == 2 && strcmp(takes[0], "s") == 0 && strcmp(takes[1], "ld") == 0);
	CU_ASSERT(takes_of("%2$ld of %2$s", takes) == -1);
	CU_ASSERT(takes_of("%2$ld", takes) == -1);
	CU_ASSERT(takes_of("%2$ld of %s", takes) == -1);
	CU_ASSERT(takes_of("50 %", takes) == -1);
}

/* Has FORMAT a letter outside of its placeholders? */
static bool
has_words(const char *format)
{
	for (const char *at = format; *at;) {
		char takes[16];
		int place;

		if (*at == '%') {
			if (!conversion(&at, &place, takes))
				return true;
		} else if (isalpha((unsigned char)*at++)) {
			return true;
		}
	}
	return false;
}

/* Every text that is said has a row, and every row is said. */
static void
test_said(void)
{
	bool *said = calloc(language_row_count, sizeof(bool));
	size_t texts = 0;

	CU_ASSERT_FATAL(said != NULL && command_count > 0 && command_rows[0].run != NULL); /* all commands, and so all texts, are linked */
	for (const char *const *text = __start_language_said; text < __stop_language_said; text++) {
		size_t i = 0;

		while (i < language_row_count && strcmp(language_rows[i].english, *text) != 0)
			i++;
		if (i < language_row_count) {
			said[i] = true;
		} else if (has_words(*text)) {
			printf("\n  no row in viewer/language/*.def: TEXT(\"%s\", \"...\")\n", *text);
			CU_FAIL("no row");
		}
		texts++;
	}
	CU_ASSERT(texts > 500);
	for (size_t i = 0; i < language_row_count; i++) {
		if (!said[i] && !language_rows[i].word) {
			printf("\n  nobody says \"%s\"\n", language_rows[i].english);
			CU_FAIL("nobody says it");
		}
	}
	free(said);
}

static void
test_choice(void)
{
	struct text text = {{0}, 0};
	enum language language = LANGUAGE_EN;
	char out[64];

	CU_ASSERT(language_parse("zh_CN.UTF-8", &language) && language == LANGUAGE_ZH);
	CU_ASSERT(language_parse("en", &language) && language == LANGUAGE_EN);
	CU_ASSERT(!language_parse("fr", &language) && !language_parse("", &language) && !language_parse("english", &language));
	CU_ASSERT_STRING_EQUAL(language_word("likely"), "likely");
	CU_ASSERT_STRING_EQUAL(language_plural(2), "s");
	language_set(LANGUAGE_ZH);
	CU_ASSERT_STRING_EQUAL(language_word("likely"), "很可能");
	CU_ASSERT_STRING_EQUAL(language_word("aten::cat"), "aten::cat");
	CU_ASSERT_STRING_EQUAL(language_plural(2), "");
	/* the order of the arguments is the sentence's */
	text_add(&text, "%s has %" PRId64 " in dimension %d where %s asks for %" PRId64, "mask", (int64_t)40, 1, "self", (int64_t)22);
	CU_ASSERT_STRING_EQUAL(text.data, "mask 在第 1 维是 40，而 self 要求 22");
	text_say(out, sizeof(out), "%s has %" PRId64 " in dimension %d where %s asks for %" PRId64, "mask", (int64_t)40, 1, "self", (int64_t)22);
	CU_ASSERT_STRING_EQUAL(out, text.data);
	CU_ASSERT_STRING_EQUAL(SAY("why"), "原因");
	language_set(LANGUAGE_EN);
	CU_ASSERT_STRING_EQUAL(SAY("why"), "why");
}

int
main(void)
{
	CU_pSuite suite;
	unsigned failures;

	CU_initialize_registry();
	suite = CU_add_suite("language", NULL, NULL);
	CU_add_test(suite, "a row's languages have the same placeholders", test_rows);
	CU_add_test(suite, "placeholders are told apart", test_placeholders);
	CU_add_test(suite, "what is said has a row, and every row is said", test_said);
	CU_add_test(suite, "the language that is set", test_choice);
	CU_basic_set_mode(CU_BRM_NORMAL);
	CU_basic_run_tests();
	failures = CU_get_number_of_failures();
	CU_cleanup_registry();
	return failures > 0;
}
