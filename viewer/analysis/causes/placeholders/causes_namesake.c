/* Two settings of one name ("merge_size", "spatial_merge_size") that are to agree and don't: what prepared the data divided by another number. */
#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "../causes_tool.h"

#define SMALL_NUMBER 16

/* Is ONE the OTHER's name, or that with a word in front ("merge_size", "spatial_merge_size")? A single word ("size") is too little. */
static bool
is_like(const char *one, size_t size, const char *other, size_t other_size)
{
	const char *longer = size > other_size ? one : other, *shorter = size > other_size ? other : one;
	size_t more = size > other_size ? size - other_size : other_size - size, least = size > other_size ? other_size : size;

	if (!memchr(shorter, '_', least) || strncmp(longer + more, shorter, least) != 0)
		return false;
	return !more || longer[more - 1] == '_';
}

static bool
names_alike(const char *one, const char *other)
{
	const char *last, *other_last;
	size_t size = cause_last_name(one, &last), other_size = cause_last_name(other, &other_last);

	return is_like(last, size, other_last, other_size);
}

static bool
last_is(const char *name, const char *word)
{
	const char *last;
	size_t size = cause_last_name(name, &last);

	return size == strlen(word) && strncmp(last, word, size) == 0;
}

/* Is a number of VALUE called KEY a setting of its own, beside NAME in one object ("config.patch_size", "config.temporal_patch_size")? */
static bool
is_beside(const struct cause_facts *facts, const char *name, const char *key, int64_t value)
{
	const char *last = name, *beside;
	size_t word = cause_last_name(name, &last);
	struct text_walk at = { 0 }, other = { 0 };
	const json_t *number, *own;

	while ((number = cause_next_number(facts, &at))) {
		const char *is = text_get(number, "name");
		size_t size = cause_last_name(is, &beside), front = (size_t)(beside - is);

		if (json_integer_value(json_object_get(number, "value")) != value || size != strlen(key) || strncmp(beside, key, size) != 0)
			continue;
		for (other = (struct text_walk){ 0 }; (own = cause_next_number(facts, &other));)
			if (strncmp(text_get(own, "name"), is, front) == 0 && strncmp(text_get(own, "name") + front, last, word) == 0 && !text_is_word(text_get(own, "name")[front + word]))
				return true;
	}
	return false;
}

/* Was it set where data are prepared: in a configuration file, or where the line, or the file's name, speaks of it? */
static bool
prepares(const struct cause_facts *facts, const struct setting *setting)
{
	static const char *const words[] = { "process", "extract", "transform", "collat", "dataset", "tokeniz" };
	const char *path = setting->file >= 0 ? facts->settings->files[setting->file] : "", *file = text_basename(path), *dot = strrchr(file, '.');
	char line[512] = "";
	struct code code;
	bool found = setting->file < 0 || (dot && strcmp(dot, ".py") != 0);

	if (!found && code_open(&code, path, facts->time_ns)) {
		code_line(&code, setting->line, line, sizeof(line));
		code_close(&code);
	}
	for (size_t i = 0; i < sizeof(words) / sizeof(*words) && !found; i++)
		found = strcasestr(file, words[i]) || strcasestr(line, words[i]);
	return found;
}

/* Does what SETTING stands in say BY, too, of NAME, or of the same key? Then it isn't known which is whose. */
static bool
says_both(const struct cause_facts *facts, const struct setting *setting, const char *name, int64_t by)
{
	for (int i = 0; i < facts->settings->count; i++) {
		const struct setting *is = &facts->settings->list[i];

		if (is->file == setting->file && is->value == by && (strcmp(is->key, setting->key) == 0 || last_is(name, is->key)))
			return true;
	}
	return false;
}

/* What sets something like NAME to another number than BY, by which WHOLE divides; NULL. */
static const struct setting *
set_otherwise(const struct cause_facts *facts, const char *name, int64_t whole, int64_t by)
{
	for (int i = 0; facts->settings && i < facts->settings->count; i++) {
		const struct setting *is = &facts->settings->list[i];

		if (is->value < 1 || is->value == by || whole % is->value || !names_alike(name, is->key))
			continue;
		if (!last_is(name, is->key) && is_beside(facts, name, is->key, is->value))
			continue;
		if (!says_both(facts, is, name, by) && prepares(facts, is))
			return is;
	}
	return NULL;
}

/* The number within reach that is BY and is called like NAME: an attribute rather than a variable; NULL. */
static const json_t *
own_number(const struct cause_facts *facts, const char *name, int64_t by)
{
	struct text_walk at = { 0 };
	const json_t *number, *found = NULL;

	while ((number = cause_next_number(facts, &at))) {
		const char *is = text_get(number, "name");

		if (json_integer_value(json_object_get(number, "value")) != by || strncmp(is, "len(", 4) == 0 || !names_alike(name, is))
			continue;
		if (!found || (!strchr(text_get(found, "name"), '.') && strchr(is, '.')))
			found = number;
	}
	return found;
}

bool
cause_tell_namesake(const struct cause_facts *facts, const char *name, int64_t whole, int64_t by, struct cause *out)
{
	const struct setting *other = by > 1 && whole % by ? set_otherwise(facts, name, whole, by) : NULL;
	const json_t *own = other ? own_number(facts, name, by) : NULL;
	char place[300];

	if (!own)
		return false;
	if (other->file >= 0)
		text_format(place, sizeof(place), "%s:%d", text_basename(facts->settings->files[other->file]), other->line);
	else
		text_say(place, sizeof(place), "the command line");
	text_add(&out->evidence, "%stwo settings of one name don't agree: %s is %" PRId64 " at %s, where the data are prepared, and ", out->evidence.used ? SAY("; ") : "", other->key, other->value,
		 place);
	text_add(&out->evidence, "%s is %" PRId64 " here", text_get(own, "name"), by);
	cause_add_number(facts, &out->evidence, settings_find(facts->settings, text_get(own, "name"), by) ? own : NULL);
	text_add(&out->evidence, ": %" PRId64 " is a multiple of %" PRId64 ", not of %" PRId64, whole, other->value, by);
	text_add(&out->fix, "make both one number: %s = %" PRId64 " at %s, as %s is; else ", other->key, by, place, text_get(own, "name"));
	return true;
}

bool
cause_is_ambiguous(const struct cause_facts *facts, const json_t *number, const char *hints)
{
	int64_t value = json_integer_value(json_object_get(number, "value"));
	const char *name = text_get(number, "name");
	struct text_walk at = { 0 };
	const json_t *other;

	while (number && value <= SMALL_NUMBER && (other = cause_next_number(facts, &at))) {
		const char *is = text_get(other, "name"), *last;
		char word[64];

		text_format(word, sizeof(word), "%.*s", (int)cause_last_name(is, &last), last);
		if (json_integer_value(json_object_get(other, "value")) == value && cause_is_called(other, hints) && !last_is(name, word) && !names_alike(name, is))
			return true;
	}
	return false;
}
