#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

const struct config_row config_rows[CONFIG_COUNT] = {
#define CONFIG(id, variable, kind, fallback, option, letter, argument, help) \
	{ variable, CONFIG_KIND_##kind, fallback, option, letter, argument, help },
#define CONFIG_VARIABLE(id, variable, kind, fallback, help) \
	{ variable, CONFIG_KIND_##kind, fallback, NULL, 0, NULL, help },
#include "config.def"
#undef CONFIG
#undef CONFIG_VARIABLE
};

const char *
config_text(enum config_id id)
{
	const char *text = getenv(config_rows[id].variable);

	return text && text[0] ? text : config_rows[id].fallback;
}

/* Digits at the start of TEXT; returns what follows them, or NULL where there are none or too many. */
static const char *
config_digits(const char *text, uint64_t *number)
{
	uint64_t value = 0;
	const char *at = text;

	for (; *at >= '0' && *at <= '9'; at++) {
		uint64_t digit = (uint64_t)(*at - '0');

		if (value > (UINT64_MAX - digit) / 10)
			return NULL;
		value = value * 10 + digit;
	}
	if (at == text)
		return NULL;
	*number = value;
	return at;
}

bool
config_number(const char *text, uint64_t *number)
{
	uint64_t value;
	const char *rest = config_digits(text, &value);

	if (!rest || *rest)
		return false;
	*number = value;
	return true;
}

bool
config_size(const char *text, uint64_t *bytes)
{
	uint64_t value;
	unsigned shift = 0;
	const char *rest = config_digits(text, &value);

	if (!rest)
		return false;
	switch (*rest) {
	case 'k': case 'K': shift = 10; rest++; break;
	case 'm': case 'M': shift = 20; rest++; break;
	case 'g': case 'G': shift = 30; rest++; break;
	default: break;
	}
	if (shift && *rest == 'i')
		rest++;
	if (*rest == 'B' || *rest == 'b')
		rest++;
	if (*rest || value > CONFIG_SIZE_MOST >> shift)
		return false;
	value <<= shift;
	if (value < CONFIG_SIZE_LEAST)
		return false;
	*bytes = value;
	return true;
}

bool
config_depth(const char *text, int *depth)
{
	if (strcmp(text, "1") == 0)
		*depth = 1;
	else if (strcmp(text, "2") == 0)
		*depth = 2;
	else if (strcasecmp(text, "all") == 0)
		*depth = 0;
	else
		return false;
	return true;
}

bool
config_keep_all(const char *text, bool *all)
{
	if (strcasecmp(text, "all") == 0)
		*all = true;
	else if (strcasecmp(text, "ring") == 0)
		*all = false;
	else
		return false;
	return true;
}

bool
config_choice(const char *text, const char *choices, int *place)
{
	size_t size = strlen(text);

	for (int i = 0;; i++) {
		size_t choice = strcspn(choices, "|");

		if (choice == size && strncasecmp(text, choices, size) == 0) {
			*place = i;
			return true;
		}
		if (!choices[choice])
			return false;
		choices += choice + 1;
	}
}

bool
config_flag(const char *text, bool *on)
{
	static const struct { const char *word; bool on; } words[] = {
		{ "", false }, { "0", false }, { "no", false }, { "off", false }, { "false", false },
		{ "1", true }, { "yes", true }, { "on", true }, { "true", true },
	};

	for (unsigned i = 0; i < sizeof words / sizeof words[0]; i++) {
		if (strcasecmp(text, words[i].word) == 0) {
			*on = words[i].on;
			return true;
		}
	}
	return false;
}

bool
config_valid(enum config_kind kind, const char *text, const char **wanted)
{
	uint64_t number;
	int depth, place;
	bool on, valid = true;
	const char *want = "";

	switch (kind) {
	case CONFIG_KIND_PATH:
		break;
	case CONFIG_KIND_DEPTH:
		valid = config_depth(text, &depth);
		want = "1, 2 or all";
		break;
	case CONFIG_KIND_KEEP:
		valid = config_keep_all(text, &on);
		want = "ring or all";
		break;
	case CONFIG_KIND_CUDA:
		valid = config_choice(text, "off|memory|launches|all", &place);
		want = "off, memory, launches or all";
		break;
	case CONFIG_KIND_SYNC:
		valid = config_choice(text, "off|index|all", &place);
		want = "off, index or all";
		break;
	case CONFIG_KIND_SIZE:
		valid = config_size(text, &number);
		want = "bytes from 1M to 1024G, such as 64M";
		break;
	case CONFIG_KIND_FLAG:
	case CONFIG_KIND_UNFLAG:
		valid = config_flag(text, &on);
		want = "1 or 0";
		break;
	case CONFIG_KIND_NUMBER:
		valid = config_number(text, &number);
		want = "a number";
		break;
	}
	if (wanted)
		*wanted = want;
	return valid;
}
