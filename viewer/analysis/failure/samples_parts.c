/* How many parts each sample of a batch has, by the forms of its list. See samples.h. */
#include <stdlib.h>
#include <string.h>

#include "samples.h"
#include "../text.h"

#define FRAMES_MOST 10
#define FORMS_TOLD 8  /* as many are told apart; what is more is counted with the last */
#define PARTS_MOST 12 /* of one form */
#define ITEMS_MOST 12 /* of a sample */
#define COUNT_MOST 4096
#define PART_BYTES 400

/* How many parts VALUE's form tells: items of a list, rows of a tensor; -1 if it tells none. */
static int64_t
count_parts(const char *value)
{
	char key[8], part[PART_BYTES];
	const char *at = strchr(value, '[');
	int count = 0;

	if (strncmp(value, "list of ", 8) == 0 || strncmp(value, "tuple of ", 9) == 0)
		return strtoll(strstr(value, " of ") + 4, NULL, 10);
	if ((strncmp(value, "tensor ", 7) == 0 || strncmp(value, "array ", 6) == 0) && at && at[1] != ']')
		return strtoll(at + 1, NULL, 10);
	if (*value != '[' && *value != '(')
		return -1;
	while (count <= PARTS_MOST && samples_part(value, count, key, sizeof(key), part, sizeof(part)))
		count++;
	return count <= PARTS_MOST && strchr("])", value[strlen(value) - 1]) ? count : -1;
}

/* How many parts a sample of FORM has in its item I (of a dict: under KEY), -1: in itself; -1. */
static int64_t
count_in(const char *form, int i, const char *key)
{
	char name[96], value[PART_BYTES];

	if (i < 0)
		return count_parts(form);
	if (!*key)
		return samples_part(form, i, name, sizeof(name), value, sizeof(value)) ? count_parts(value) : -1;
	for (i = 0; samples_part(form, i, name, sizeof(name), value, sizeof(value)); i++)
		if (strcmp(name, key) == 0)
			return count_parts(value);
	return -1;
}

/* COUNT samples, the first at PLACE, have PARTS each. */
static void
add_parts(struct samples_parts *out, const json_t *frames, int place, int count, int64_t parts, int64_t each)
{
	out->all += count;
	out->odd += parts == each ? 0 : count;
	if (parts == each || out->shown == SAMPLES_PARTS_MOST)
		return;
	out->few[out->shown].place = place;
	out->few[out->shown].parts = parts;
	out->few[out->shown++].number = samples_number(frames, place);
}

static bool
has_parts(const json_t *frames, const json_t *local, int item, const char *key, int64_t total, int64_t each, struct samples_parts *out)
{
	const json_t *forms = json_object_get(local, "forms"), *form;
	int64_t sum = 0;
	size_t i;

	*out = (struct samples_parts){ .list = text_get(local, "name") };
	json_array_foreach(forms, i, form) {
		int64_t parts = count_in(text_get(form, "form"), item, key), count = json_integer_value(json_object_get(form, "count"));

		if (parts < 0 || parts > total || count < 1 || count > COUNT_MOST || (i + 1 == FORMS_TOLD && count > 1))
			return false;
		sum += parts * count;
		add_parts(out, frames, (int)json_integer_value(json_object_get(form, "first")), (int)count, parts, each);
	}
	if (*key)
		text_format(out->path, sizeof(out->path), "['%s']", key);
	else if (item >= 0)
		text_format(out->path, sizeof(out->path), "[%d]", item);
	return sum == total && out->odd && out->odd < out->all;
}

/* The same of lists whose lengths were written one by one. */
static bool
has_lengths(const json_t *frames, const json_t *local, int64_t total, int64_t each, struct samples_parts *out)
{
	const json_t *lengths = json_object_get(local, "lengths"), *length;
	int64_t sum = 0;
	size_t i;

	*out = (struct samples_parts){ .list = text_get(local, "name") };
	json_array_foreach(lengths, i, length) {
		int64_t parts = json_integer_value(length);

		if (parts < 0 || parts > total || i >= COUNT_MOST)
			return false;
		sum += parts;
		add_parts(out, frames, (int)i, 1, parts, each);
	}
	return sum == total && out->odd && out->odd < out->all;
}

/* Of LOCAL: its samples themselves, or an item of each, as their first has them. */
static bool
find_parts(const json_t *frames, const json_t *local, int64_t total, int64_t each, struct samples_parts *out)
{
	const char *first = text_get(json_array_get(json_object_get(local, "forms"), 0), "form");
	char key[96], value[PART_BYTES];

	if (has_lengths(frames, local, total, each, out))
		return true;
	if (*first && has_parts(frames, local, -1, "", total, each, out))
		return true;
	for (int i = 0; *first && strchr("{[(", *first) && i < ITEMS_MOST && samples_part(first, i, key, sizeof(key), value, sizeof(value)); i++)
		if (has_parts(frames, local, i, key, total, each, out))
			return true;
	return false;
}

bool
samples_parts(const json_t *frames, int64_t total, int64_t each, struct samples_parts *out)
{
	for (size_t f = 0; f < json_array_size(frames) && f < FRAMES_MOST; f++) {
		const json_t *locals = json_object_get(json_array_get(frames, f), "locals"), *local;
		size_t i;

		json_array_foreach(locals, i, local) {
			if (find_parts(frames, local, total, each, out))
				return true;
		}
	}
	return false;
}
