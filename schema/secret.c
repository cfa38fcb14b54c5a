/* See secret.h. */
#include "secret.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static const char *const secret_words[] = { "TOKEN", "KEY", "SECRET", "PASSWORD", "PASSWD", "CREDENTIAL", "AUTHORIZATION" };

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

/* Of names and options within a text. */
static bool
is_name(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c && strchr("_-.", c));
}

/* "Bearer ", "Basic ": what follows is a secret. Returns how long that is, 0 for anything else. */
static size_t
scheme_at(const char *text)
{
	static const char *const schemes[] = { "BEARER", "BASIC" };

	for (size_t i = 0; i < COUNT(schemes); i++) {
		size_t size = strlen(schemes[i]);

		if (word_at(text, strlen(text), schemes[i]) && text[size] == ' ')
			return size + strspn(text + size, " ");
	}
	return 0;
}

/* The value that the name at TEXT (SIZE bytes of it) is given there, as a program, a shell, JSON or a header would write that; NULL: none. */
static const char *
value_of(const char *text, size_t size)
{
	const char *at = text + size + strspn(text + size, "\\\"']"), *after = at + strspn(at, " ");

	if (!secret_name(text, size))
		return NULL;
	if ((*after == '=' || *after == ':') && after[1] != '/' && after[1] != '=') {
		after++;
		return after + strspn(after, " \\\"'");
	}
	return text[0] == '-' && after > at && *after != '-' ? after + strspn(after, "\"'") : NULL; /* "--token abc" */
}

/* The secret that begins at or behind TEXT, the first byte of a word; its length in *SIZE. NULL: that word announces none. */
static const char *
secret_at(const char *text, size_t *size)
{
	size_t scheme = scheme_at(text), word = 0;
	const char *value;

	while (is_name(text[word]))
		word++;
	value = scheme ? text + scheme : value_of(text, word);
	if (!value)
		return NULL;
	value += scheme_at(value);
	*size = value[-1] == '"' || value[-1] == '\'' ? strcspn(value, (char[]){ value[-1], 0 }) : strcspn(value, " ,;&|)]}\"'");
	return *size ? value : NULL;
}

void
secret_mask(const char *value, char *text, size_t room)
{
	static const char masked[] = "//" SECRET_MASK;
	const char *whole = value;
	size_t used = 0;

	while (*value && used + 1 < room) {
		size_t hidden = 0;
		const char *secret = is_name(*value) && (value == whole || !is_name(value[-1])) ? secret_at(value, &hidden) : NULL;

		if (secret) {
			size_t before = (size_t)(secret - value);

			if (used + before + sizeof SECRET_MASK > room)
				break;
			memcpy(text + used, value, before);
			memcpy(text + used + before, SECRET_MASK, sizeof SECRET_MASK - 1);
			used += before + sizeof SECRET_MASK - 1;
			value = secret + hidden;
			continue;
		}
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
