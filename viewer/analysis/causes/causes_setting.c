/* Which name carries a number, and whether that is more than chance. */
#include <ctype.h>
#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "causes_tool.h"

#define COMMON_NUMBER 16   /* numbers up to this explain nothing by being equal */
#define LISTS_MOST 3       /* lists of one length: more are a coincidence */
#define CARRIERS_MOST 6    /* a number that more names carry is a coincidence */
#define WORDS_MOST 24
#define PART_LEAST 5     /* letters of a module that is named after what it is */
#define WORD_LEAST 3       /* letters: a shorter name stands in many lines */

const char cause_limits[] = "max cutoff cut limit len seq trunc block_size positions context window_size";

size_t
cause_last_name(const char *name, const char **out)
{
	const char *end = name + strlen(name), *start;

	while (end > name && !isalnum((unsigned char)end[-1]) && end[-1] != '_')
		end--;
	for (start = end; start > name && (isalnum((unsigned char)start[-1]) || start[-1] == '_');)
		start--;
	*out = start;
	return (size_t)(end - start);
}

static bool
is_part(const char *name, const char *hints)
{
	char word[32];

	for (const char *at = hints ? hints : ""; *at;) {
		size_t size = strcspn(at, " ");

		if (size && size < sizeof(word)) {
			memcpy(word, at, size);
			word[size] = 0;
			if (strcasestr(name, word))
				return true;
		}
		at += size + (at[size] == ' ');
	}
	return false;
}

/* Is it a number of something else than what HINTS ask for, whatever else its name says ("max_window_layers", "num_channels")? */
static bool
is_other_count(const char *name, const char *hints)
{
	static const struct { const char *counted, *asked; } counts[] = {
		{ "layers", "layer head" }, { "heads", "head layer" }, { "experts", "expert head layer" }, { "epochs", "epoch" }, { "steps", "step" },
		{ "workers", "worker" }, { "channels", "channel" }, { "classes", "class label" }, { "labels", "class label" },
		{ "position_embeddings", "position max len" }, { "queries", "query queries" },
	};
	const char *last;
	size_t size = cause_last_name(name, &last);

	for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++) {
		size_t length = strlen(counts[i].counted);

		if (size >= length && strncasecmp(last + size - length, counts[i].counted, length) == 0)
			return !hints || !is_part(hints, counts[i].asked);
	}
	return false;
}

bool
cause_is_called(const json_t *number, const char *hints)
{
	const char *name = text_get(number, "name");

	return number && strncmp(name, "len(", 4) != 0 && is_part(name, hints) && !is_other_count(name, hints);
}

/* A plain variable may just have been measured ("max_len = max(...)"); a constant, an attribute, an option wasn't. */
static bool
is_set(const struct cause_facts *facts, const char *name, int64_t value)
{
	bool lower = false;

	for (const char *at = name; *at; at++) {
		if (*at == '.' || *at == '[')
			return true;
		lower = lower || islower((unsigned char)*at);
	}
	return !lower || settings_find(facts->settings, name, value);
}

bool
cause_is_limit(const struct cause_facts *facts, const json_t *number)
{
	return cause_is_called(number, cause_limits) &&
	       is_set(facts, text_get(number, "name"), json_integer_value(json_object_get(number, "value")));
}

/* Does LINE name it as a word of its own? */
static bool
stands_in(const char *line, const char *name)
{
	const char *last;
	size_t size = cause_last_name(name, &last);

	for (const char *at = line; at && size && (at = strcasestr(at, last)); at++) {
		if (strncasecmp(at, last, size) == 0 && (at == line || (!isalnum((unsigned char)at[-1]) && at[-1] != '_')) &&
		    !isalnum((unsigned char)at[size]) && at[size] != '_')
			return true;
		if (!*at)
			break;
	}
	return false;
}

static int
weight_of(const struct cause_facts *facts, const char *name, int64_t value, const char *hints)
{
	int weight = 1;

	if (strncmp(name, "len(", 4) == 0)
		return 0; /* what a list holds is no setting */
	if (!is_other_count(name, hints))
		weight += is_part(name, hints) ? 6 : is_part(name, cause_limits) ? 2 : 0;
	if (is_set(facts, name, value))
		weight += 1;
	if (settings_find(facts->settings, name, value))
		weight += 4;
	if (stands_in(facts->line, name))
		weight += 3;
	return weight;
}

const json_t *
cause_next_number(const struct cause_facts *facts, struct text_walk *at)
{
	return text_next(facts->numbers, "numbers", at);
}

/* ON_LINE: only of those that FACTS' line names. */
static const json_t *
named_number(const struct cause_facts *facts, int64_t value, const char *hints, bool on_line)
{
	const json_t *best = NULL, *number;
	struct text_walk at = { 0 };
	int best_weight = 0, carriers = 0;

	while ((number = cause_next_number(facts, &at))) {
		const json_t *is = json_object_get(number, "value");
		const char *name = text_get(number, "name");
		int weight;

		if (!json_is_integer(is) || json_integer_value(is) != value)
			continue;
		if (on_line && !stands_in(facts->line, name))
			continue;
		carriers++;
		weight = weight_of(facts, name, value, hints);
		if (value <= COMMON_NUMBER && !is_part(name, hints) && !stands_in(facts->line, name))
			continue; /* small: by its name only */
		if (weight > best_weight) {
			best = number;
			best_weight = weight;
		}
	}
	return carriers <= CARRIERS_MOST || cause_is_called(best, hints) || cause_is_limit(facts, best) ? best : NULL;
}

const json_t *
cause_named_number(const struct cause_facts *facts, int64_t value, const char *hints)
{
	return named_number(facts, value, hints, false);
}

const json_t *
cause_number_of_path(const struct cause_facts *facts, const char *path, int64_t value)
{
	struct text_walk at = { 0 };
	const json_t *number;

	while (strchr(path, '.') && (number = cause_next_number(facts, &at))) {
		const char *last, *in = path;
		size_t size = cause_last_name(text_get(number, "name"), &last);

		if (json_integer_value(json_object_get(number, "value")) != value || size < WORD_LEAST || strncmp(text_get(number, "name"), "len(", 4) == 0)
			continue;
		for (; in; in = strchr(in, '.') ? strchr(in, '.') + 1 : NULL)
			if (strncmp(in, last, size) == 0 && (in[size] == '.' || !in[size]))
				return number;
	}
	return NULL;
}

/* Do two names share a part that says what they are of ("cfg['projector']['in_dim']", "model.projector.fc1.weight")? */
static bool
shares_part(const char *name, const char *path)
{
	static const char common[] = "model base_model config cfg args self weight bias default module modules layers settings data";

	for (const char *at = path; *at;) {
		size_t size = strcspn(at, ".");
		char part[64];

		text_format(part, sizeof(part), "%.*s", (int)(size < 63 ? size : 63), at);
		if (size >= PART_LEAST && !isdigit((unsigned char)*part) && !text_among(common, part) && strstr(name, part))
			return true;
		at += size + (at[size] == '.');
	}
	return false;
}

const json_t *
cause_width_of_path(const struct cause_facts *facts, const char *path, int64_t value)
{
	struct text_walk at = { 0 };
	const json_t *number;

	while (strchr(path, '.') && (number = cause_next_number(facts, &at)))
		if (json_integer_value(json_object_get(number, "value")) == value && cause_is_called(number, "in_ dim width embed features channels size") &&
		    shares_part(text_get(number, "name"), path))
			return number;
	return NULL;
}

const json_t *
cause_number_on_line(const struct cause_facts *facts, int64_t value)
{
	return facts->line ? named_number(facts, value, "", true) : NULL;
}

const json_t *
cause_length(const struct cause_facts *facts, int64_t value)
{
	const json_t *found = NULL, *number;
	struct text_walk at = { 0 };
	int lists = 0;

	while (value > 2 && (number = cause_next_number(facts, &at))) {
		const char *name = text_get(number, "name");

		if (strncmp(name, "len(", 4) != 0 || json_integer_value(json_object_get(number, "value")) != value)
			continue;
		if (found && strcmp(name, text_get(found, "name")) == 0)
			continue;
		found = found ? found : number;
		lists++;
	}
	return lists <= LISTS_MOST ? found : NULL;
}

const json_t *
cause_only_number(const struct cause_facts *facts, int64_t value)
{
	const json_t *found = NULL, *number;
	struct text_walk at = { 0 };
	const char *last, *other;

	while (value > COMMON_NUMBER && (number = cause_next_number(facts, &at))) {
		const char *name = text_get(number, "name");

		if (!json_is_integer(json_object_get(number, "value")) || json_integer_value(json_object_get(number, "value")) != value || strncmp(name, "len(", 4) == 0)
			continue;
		if (found && (cause_last_name(name, &last) != cause_last_name(text_get(found, "name"), &other) || strncmp(last, other, cause_last_name(name, &last)) != 0))
			return NULL;
		found = found ? found : number; /* of one attribute, which several frames reach, the innermost way to it */
	}
	return found;
}

const json_t *
cause_number_called(const struct cause_facts *facts, const char *names)
{
	struct text_walk at = { 0 };
	const json_t *number;

	while ((number = cause_next_number(facts, &at))) {
		const char *last;
		size_t size = cause_last_name(text_get(number, "name"), &last);
		char name[64];

		if (!size || size >= sizeof(name) || strncmp(text_get(number, "name"), "len(", 4) == 0)
			continue;
		memcpy(name, last, size);
		name[size] = 0;
		if (text_among(names, name) && json_is_integer(json_object_get(number, "value")))
			return number;
	}
	return NULL;
}

const json_t *
cause_number_at(const struct cause_facts *facts, const struct lineage_step *step, int64_t value)
{
	struct cause_facts there = *facts;
	char line[512];

	if (value < 2 || !cause_source(facts, step, line, sizeof(line)))
		return NULL;
	there.line = line;
	return named_number(&there, value, "", true);
}

/* The number of VALUE that the line names by a word of its own, of more than a letter or two; NULL. */
static const json_t *
standing_in(const struct cause_facts *facts, int64_t value)
{
	struct text_walk at = { 0 };
	const json_t *number;

	while ((number = cause_next_number(facts, &at))) {
		const json_t *is = json_object_get(number, "value");
		const char *name = text_get(number, "name"), *last;

		if (json_is_integer(is) && json_integer_value(is) == value && strncmp(name, "len(", 4) != 0 && cause_last_name(name, &last) >= WORD_LEAST &&
		    stands_in(facts->line, name))
			return number;
	}
	return NULL;
}

/* NUMBER, or the one of the same VALUE that it got it from, as its name and where it was set tell ("args.cutoff_len" of "self.cutoff"). */
static const json_t *
set_where(const struct cause_facts *facts, const json_t *number, int64_t value)
{
	const char *last;
	size_t size = cause_last_name(text_get(number, "name"), &last);
	struct text_walk at = { 0 };
	const json_t *other;
	char word[64];

	if (settings_find(facts->settings, text_get(number, "name"), value) || size >= sizeof(word))
		return number;
	text_format(word, sizeof(word), "%.*s", (int)size, last);
	while ((other = cause_next_number(facts, &at))) {
		const char *name = text_get(other, "name"), *is;

		if (json_integer_value(json_object_get(other, "value")) == value && strncmp(name, "len(", 4) != 0 && cause_last_name(name, &is) > size &&
		    strncasecmp(is, word, size) == 0 && settings_find(facts->settings, name, value))
			return other;
	}
	return number;
}

const json_t *
cause_cut_by(const struct cause_facts *facts, const struct cause_side *side, int64_t larger)
{
	const struct lineage_step *step = cause_decider(side);
	struct cause_facts there = *facts;
	const json_t *number;
	char line[512];

	if (side->size < 2)
		return NULL;
	there.line = step && cause_source(facts, step, line, sizeof(line)) ? line : NULL;
	number = there.line ? standing_in(&there, side->size) : NULL;
	if (number && !is_set(facts, text_get(number, "name"), side->size)) { /* measured after it was cut, as its line tells: by whom, a limit's name does */
		const json_t *limit = cause_named_number(facts, side->size, cause_limits);

		number = cause_is_limit(facts, limit) ? limit : number;
	}
	if (number)
		return set_where(facts, number, side->size);
	number = cause_named_number(&there, side->size, "capacity keep limit max");
	if (!number)
		return NULL;
	if (there.line && stands_in(there.line, text_get(number, "name")))
		return number;
	if (cause_decided_by(side, "rand randn randint zeros ones full empty empty_strided arange eye randperm"))
		return NULL; /* asked for, not cut: only where its line names the number */
	if (larger > side->size && cause_is_called(number, "max limit cutoff capacity"))
		return number;
	return cause_is_limit(facts, number) || (cause_is_called(number, "capacity") && is_set(facts, text_get(number, "name"), side->size)) ? number : NULL;
}

const json_t *
cause_limit_before(const struct cause_facts *facts, const struct cause_side *side, const struct lineage_step **step)
{
	for (int i = 0; side->lineage && i < side->lineage->count; i++) {
		const struct lineage_step *at = &side->lineage->steps[i];
		const json_t *number = at->size > COMMON_NUMBER && at->size != side->size ? cause_named_number(facts, at->size, cause_limits) : NULL;

		if (cause_is_limit(facts, number)) {
			*step = at;
			return number;
		}
	}
	return NULL;
}

const json_t *
cause_number_named(const struct cause_facts *facts, const char *name, const int64_t *value)
{
	struct text_walk at = { 0 };
	const json_t *number;

	while ((number = cause_next_number(facts, &at)))
		if (strcmp(text_get(number, "name"), name) == 0 && (!value || json_integer_value(json_object_get(number, "value")) == *value))
			return number;
	return NULL;
}

int64_t
cause_value_of(const struct cause_facts *facts, const char *name)
{
	const char *last, *is;
	size_t size = cause_last_name(name, &last);
	struct text_walk at = { 0 };
	const json_t *number;

	while (size && (number = cause_next_number(facts, &at))) {
		const json_t *value = json_object_get(number, "value");

		if (cause_last_name(text_get(number, "name"), &is) == size && strncmp(is, last, size) == 0 &&
		    strncmp(text_get(number, "name"), "len(", 4) != 0 && json_is_integer(value))
			return json_integer_value(value);
	}
	return -1;
}

void
cause_add_number(const struct cause_facts *facts, struct text *text, const json_t *number)
{
	int64_t value = json_integer_value(json_object_get(number, "value"));
	const struct setting *found = number ? settings_find(facts->settings, text_get(number, "name"), value) : NULL;

	if (!number)
		return;
	text_add(text, " (%s = %" PRId64, settings_name(facts->settings, text_get(number, "name"), value), value);
	if (found && found->file >= 0)
		text_add(text, ", %s:%d", text_basename(facts->settings->files[found->file]), found->line);
	text_add(text, ")");
}
