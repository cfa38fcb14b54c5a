#include "language.h"

#include <inttypes.h>
#include <string.h>

#define TEXT(english, chinese) { english, chinese, false },
#define WORD(english, chinese) { english, chinese, true },
const struct language_row language_rows[] = {
#include "language.def"
};
#undef TEXT
#undef WORD
const size_t language_row_count = sizeof language_rows / sizeof *language_rows;

static enum language language_chosen = LANGUAGE_EN;

void
language_set(enum language language)
{
	language_chosen = language;
}

enum language
language_now(void)
{
	return language_chosen;
}

const char *
language_code(enum language language)
{
	return language == LANGUAGE_ZH ? "zh" : "en";
}

bool
language_parse(const char *word, enum language *out)
{
	size_t size = strcspn(word, "_.@-");

	if (size != 2 || (strncmp(word, "en", 2) != 0 && strncmp(word, "zh", 2) != 0))
		return false;
	*out = strncmp(word, "zh", 2) == 0 ? LANGUAGE_ZH : LANGUAGE_EN;
	return true;
}

const char *
language_word(const char *english)
{
	if (language_chosen == LANGUAGE_EN)
		return english;
	for (size_t i = 0; i < language_row_count; i++)
		if (strcmp(language_rows[i].english, english) == 0)
			return language_rows[i].chinese;
	return english;
}

const char *
language_text(const char *english, const void *listed)
{
	(void)listed;
	return language_word(english);
}

const char *
language_plural(int64_t count)
{
	return count == 1 || language_chosen == LANGUAGE_ZH ? "" : "s";
}
