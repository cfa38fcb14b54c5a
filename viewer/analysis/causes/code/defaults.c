#include "defaults.h"

#include <ctype.h>
#include <string.h>

#include "../../text.h"

#define NAMES_LEAST 4  /* that a class and its object share */
#define OBJECTS_MOST 8 /* looked at for one class: several may be of it */

/* "self.config" of "self.config.max_positions": how many letters of NAME. */
static size_t
object_size(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot ? (size_t)(dot - name) : 0;
}

/* Is what NAME belongs to called like a class ("ModelConfig"), no more before it? */
static bool
is_of_class(const char *name)
{
	size_t size = object_size(name);
	bool lower = false;

	for (size_t i = 0; i < size; i++) {
		if (!isalnum((unsigned char)name[i]) && name[i] != '_')
			return false;
		lower = lower || islower((unsigned char)name[i]);
	}
	return size && isupper((unsigned char)*name) && lower;
}

static bool
is_object(const char *name, const char *object, size_t size)
{
	return object_size(name) == size && strncmp(name, object, size) == 0;
}

/* What OBJECT (its first SIZE letters) holds as LAST; NULL. */
static const json_t *
held(const json_t *numbers, const char *object, size_t size, const char *last)
{
	struct text_walk at = { 0 };
	const json_t *number;

	while ((number = text_next(numbers, "numbers", &at)))
		if (is_object(text_get(number, "name"), object, size) && strcmp(text_get(number, "name") + size + 1, last) == 0)
			return json_object_get(number, "value");
	return NULL;
}

/* Does OBJECT hold most of the names of the class of NAME? (Numbers that are too small to be recorded are missing on either side.) */
static bool
is_instance(const json_t *numbers, const char *name, const char *object, size_t size)
{
	struct text_walk at = { 0 };
	const json_t *number;
	int names = 0, shared = 0;

	while ((number = text_next(numbers, "numbers", &at))) {
		const char *is = text_get(number, "name");

		if (!is_object(is, name, object_size(name)))
			continue;
		names++;
		shared += held(numbers, object, size, is + object_size(is) + 1) != NULL;
	}
	return shared >= NAMES_LEAST && shared * 3 >= names * 2;
}

/* Is the class's number that of no object in reach, though there are objects of the class? */
static bool
is_overridden(const json_t *numbers, const json_t *number)
{
	const char *name = text_get(number, "name"), *last = name + object_size(name) + 1, *seen[OBJECTS_MOST];
	struct text_walk at = { 0 };
	const json_t *other;
	bool overridden = false;
	int count = 0;

	while (is_of_class(name) && count < OBJECTS_MOST && (other = text_next(numbers, "numbers", &at))) {
		const char *is = text_get(other, "name");
		size_t size = object_size(is);
		const json_t *value;
		bool known = !size || is_of_class(is);

		for (int i = 0; i < count && !known; i++)
			known = is_object(is, seen[i], object_size(seen[i]));
		if (known)
			continue;
		seen[count++] = is;
		if (!is_instance(numbers, name, is, size))
			continue;
		value = held(numbers, is, size, last);
		if (value && json_equal(value, json_object_get(number, "value")))
			return false;
		overridden = true;
	}
	return overridden;
}

void
defaults_drop(json_t *numbers)
{
	json_t *all = json_copy(numbers); /* each is asked against all, those that go as well */

	for (size_t i = 0; i < json_array_size(all); i++) {
		json_t *frame = json_copy(json_array_get(all, i)), *kept = json_array();
		const json_t *list = json_object_get(frame, "numbers");

		for (size_t n = 0; n < json_array_size(list); n++)
			if (!is_overridden(all, json_array_get(list, n)))
				json_array_append(kept, json_array_get(list, n));
		json_object_set_new(frame, "numbers", kept);
		json_array_set_new(numbers, i, frame);
	}
	json_decref(all);
}
