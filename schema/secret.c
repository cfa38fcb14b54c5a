/* See secret.h. */
#include "secret.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static const char *const secret_words[] = { "TOKEN", "KEY", "SECRET", "PASSWORD", "PASSWD", "CREDENTIAL" };

/* At the end of a word of the name. */
static const char *const secret_ends[] = { "AUTH", "PWD" };

/* Names that hold such a word and are no secrets: tokenizers and numbers of tokens. */
static const char *const harmless_words[] = { "TOKENIZER", "TOKENS", "TOKEN_ID", "KEY_VALUE", "TOKEN_TYPE" };

/* Whether WORD is at TEXT (SIZE bytes), letter case and '-' against '_' aside. */
static bool
word_at(const char *text, size_t size, const char *word)
{
	for (size_t i = 0; word[i]; i++) {
		char c = i < size ? text[i] : 0;
		c = c >= 'a' && c <= 'z' ? (char)(c - 32) : c == '-' ? '_' : c;
		if (c != word[i])
			return false;
	}
	return true;
}

/* Whether a word ends before byte AT of TEXT. */
static bool
is_end(const char *text, size_t size, size_t at)
{
	return at >= size || strchr("_-.0123456789", text[at]);
}

bool
secret_name(const char *name, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		bool harmless = false;

		for (size_t w = 0; w < COUNT(harmless_words); w++)
			harmless |= word_at(name + i, size - i, harmless_words[w]);
		if (harmless)
			continue;
		for (size_t w = 0; w < COUNT(secret_words); w++)
			if (word_at(name + i, size - i, secret_words[w]))
				return true;
		for (size_t w = 0; w < COUNT(secret_ends); w++)
			if (word_at(name + i, size - i, secret_ends[w]) && is_end(name + i, size - i, strlen(secret_ends[w])))
				return true;
	}
	return false;
}

void
secret_mask(const char *value, char *text, size_t room)
{
	static const char masked[] = "//" SECRET_MASK;
	size_t used = 0;

	while (*value && used + 1 < room) {
		if (!strncmp(value, "//", 2)) {
			size_t at = strcspn(value + 2, "/ ?#");

			while (at && value[2 + at] != '@')
				at--;
			if (at && used + sizeof masked < room) {
				memcpy(text + used, masked, sizeof masked - 1);
				used += sizeof masked - 1;
				value += 2 + at;
				continue;
			}
			if (used + 2 >= room)
				break;
			text[used++] = *value++;
		}
		text[used++] = *value++;
	}
	text[used] = 0;
}
