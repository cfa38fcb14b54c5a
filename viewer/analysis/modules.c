#include "modules.h"

#include <string.h>

#include "text.h"

static int64_t
parameters_with(const json_t *rows, const char *key, const char *value)
{
	int64_t count = 0;

	for (size_t i = 0; i < json_array_size(rows); i++) {
		const json_t *row = json_array_get(rows, i);

		if (!value || strcmp(text_get(row, key), value) == 0)
			count += json_integer_value(json_object_get(row, "parameters"));
	}
	return count;
}

const char *
modules_majority(const json_t *rows, const char *key)
{
	int64_t all = parameters_with(rows, key, NULL);

	for (size_t i = 0; i < json_array_size(rows); i++) {
		const char *value = text_get(json_array_get(rows, i), key);

		if (*value && parameters_with(rows, key, value) > all / 2)
			return value;
	}
	return NULL;
}

bool
modules_has_odd(const json_t *rows, const char *key, const char *value)
{
	const char *most = modules_majority(rows, key);

	return most && value && strcmp(most, value) != 0 && parameters_with(rows, key, value) > 0;
}

/* Is a module that has parameters to train in training mode? */
static bool
trains(const json_t *rows)
{
	for (size_t i = 0; i < json_array_size(rows); i++) {
		const json_t *row = json_array_get(rows, i);

		if (json_is_true(json_object_get(row, "training")) && json_integer_value(json_object_get(row, "trainable")) > 0)
			return true;
	}
	return false;
}

const char *
modules_phase(const struct failure *failure)
{
	const char *phase = failure->phase ? failure->phase : "";

	return strcmp(phase, "eval") == 0 && failure->note && trains(json_object_get(failure->note->json, "modules")) ? "forward" : phase;
}

static bool
is_odd(const json_t *row, const char *dtype, const char *device)
{
	const char *own_dtype = text_get(row, "dtype"), *own_device = text_get(row, "device");

	return (dtype && *own_dtype && strcmp(own_dtype, dtype) != 0) || (device && *own_device && strcmp(own_device, device) != 0);
}

json_t *
modules_sorted(const json_t *rows)
{
	const char *dtype = modules_majority(rows, "dtype"), *device = modules_majority(rows, "device");
	json_t *sorted = json_array();

	for (int odd = 1; odd >= 0; odd--)
		for (size_t i = 0; i < json_array_size(rows); i++)
			if (is_odd(json_array_get(rows, i), dtype, device) == (odd != 0))
				json_array_append(sorted, json_array_get(rows, i));
	return sorted;
}
