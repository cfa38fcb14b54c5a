#include "samples.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../text.h"

#define FRAMES_MOST 10
#define DEPTH_MOST 4
#define PART_BYTES 400

bool
samples_part(const char *form, int i, char *key, size_t key_size, char *value, size_t value_size)
{
	const char *from = form + 1;
	int depth = 0;

	for (const char *at = form + 1; *at; at++) {
		bool ends = depth == 0 && (*at == ',' || strchr("})]", *at));
		const char *colon;

		if (!ends) {
			depth += strchr("{([", *at) ? 1 : strchr("})]", *at) ? -1 : 0;
			continue;
		}
		if (i-- == 0) {
			colon = *form == '{' ? strstr(from, ": ") : NULL;
			text_format(key, key_size, "%.*s", colon && colon < at ? (int)(colon - from) : 0, from);
			from = colon && colon < at ? colon + 2 : from;
			text_format(value, value_size, "%.*s", (int)(at - from), from);
			return at > form + 1;
		}
		if (*at != ',')
			return false;
		from = at + 1 + strspn(at + 1, " ");
	}
	return false;
}

static bool
part_of(const char *form, const char *key, char *value, size_t size)
{
	char name[96];

	for (int i = 0; samples_part(form, i, name, sizeof(name), value, size); i++)
		if (strcmp(name, key) == 0)
			return true;
	*value = 0;
	return false;
}

static void
set_form(struct samples_form *out, const char *text)
{
	const char *at = strchr(text, '['), *list = strncmp(text, "list of ", 8) == 0 ? text + 8 : strncmp(text, "tuple of ", 9) == 0 ? text + 9 : NULL;

	text_format(out->text, sizeof(out->text), "%s", text);
	out->ndim = -1;
	if (list) {
		out->ndim = 1;
		out->sizes[0] = strtoll(list, NULL, 10);
	}
	if ((strncmp(text, "tensor ", 7) != 0 && strncmp(text, "array ", 6) != 0) || !at)
		return;
	for (out->ndim = 0, at++; isdigit((unsigned char)*at) && out->ndim < SAMPLES_DIMS_MOST;) {
		char *end;

		out->sizes[out->ndim++] = strtoll(at, &end, 10);
		at = end + strspn(end, ", ");
	}
}

/* Do the sizes of two parts of an item, as far as they differ, part by the same two numbers as OUT's first that does? */
static bool
parts_alike(const struct samples_odd *out, const char *one, const char *other)
{
	struct samples_form is, usually;
	int at = 0, dims = 0, same = 0;

	set_form(&is, one);
	set_form(&usually, other);
	while (at < out->is.ndim && out->is.sizes[at] == out->usually.sizes[at])
		at++;
	if (is.ndim != usually.ndim || out->is.ndim != out->usually.ndim || at >= out->is.ndim)
		return false;
	for (int i = 0; i < is.ndim; i++) {
		dims += is.sizes[i] != usually.sizes[i];
		same += is.sizes[i] == out->is.sizes[at] && usually.sizes[i] == out->usually.sizes[at];
	}
	return dims == 1 && same == 1;
}

/* The parts of ONE and OTHER behind number FIRST that differ as that one does. */
static void
set_also(const char *one, const char *other, int first, struct samples_odd *out)
{
	char key[96], a[PART_BYTES], b[PART_BYTES];
	size_t used = 0;

	for (int i = first + 1; *one == '{' && samples_part(one, i, key, sizeof(key), a, sizeof(a)); i++)
		if (part_of(other, key, b, sizeof(b)) && parts_alike(out, a, b) && used + strlen(key) + 8 < sizeof(out->also)) {
			text_format(out->also + used, sizeof(out->also) - used, "%s['%s']", used ? ", " : "", key);
			used += strlen(out->also + used);
		}
}

/* Where ONE and OTHER part, into OUT. */
static void
part(const char *one, const char *other, struct samples_odd *out, int depth)
{
	char key[96], a[PART_BYTES] = "", b[PART_BYTES] = "", index[16];

	if (depth < DEPTH_MOST && *one == *other && strchr("{([", *one)) {
		for (int side = 0; side < 2; side++) /* what the usual one lacks, at last */
			for (int i = 0; samples_part(side ? one : other, i, key, sizeof(key), side ? a : b, PART_BYTES); i++) {
				bool has = true;

				if (*one == '{')
					has = part_of(side ? other : one, key, side ? b : a, PART_BYTES);
				else if (!samples_part(side ? other : one, i, index, sizeof(index), side ? b : a, PART_BYTES))
					*(side ? b : a) = 0;
				if (has && strcmp(a, b) == 0)
					continue;
				if (*one == '{')
					text_format(out->path + strlen(out->path), sizeof(out->path) - strlen(out->path), "['%s']", key);
				else
					text_format(out->path + strlen(out->path), sizeof(out->path) - strlen(out->path), "[%d]", i);
				part(a, b, out, depth + 1);
				if (!side)
					set_also(one, other, i, out);
				return;
			}
	}
	set_form(&out->is, one);
	set_form(&out->usually, other);
}

int64_t
samples_number(const json_t *frames, int place)
{
	struct text_walk at = { 0 };
	const json_t *local;

	while ((local = text_next(frames, "locals", &at))) {
		const json_t *value = json_object_get(json_array_get(json_object_get(local, "items"), (size_t)place), "value");

		if (text_among("possibly_batched_index index indices batch_indices", text_get(local, "name")) && json_is_integer(value))
			return json_integer_value(value);
	}
	return -1;
}

static bool
is_odd(const json_t *local, struct samples_odd *out)
{
	const json_t *forms = json_object_get(local, "forms"), *usual = NULL, *odd = NULL;
	int64_t most = 0, all = 0;

	for (size_t i = 0; i < json_array_size(forms); i++) {
		const json_t *form = json_array_get(forms, i);
		int64_t count = json_integer_value(json_object_get(form, "count"));

		all += count;
		if (count > most) {
			most = count;
			usual = form;
		}
	}
	if (json_array_size(forms) < 2)
		return false;
	if (most * 2 <= all) {
		usual = json_array_get(forms, 0);
		most = json_integer_value(json_object_get(usual, "count"));
	}
	for (size_t i = 0; i < json_array_size(forms) && !odd; i++)
		odd = json_array_get(forms, i) != usual ? json_array_get(forms, i) : NULL;
	*out = (struct samples_odd){ .list = text_get(local, "name"), .odd = (int)json_integer_value(json_object_get(odd, "first")),
				     .usual = (int)json_integer_value(json_object_get(usual, "first")), .others = (int)most, .all = (int)all, .number = -1 };
	part(text_get(odd, "form"), text_get(usual, "form"), out, 0);
	out->ragged = most * 2 <= all;
	if (strcmp(text_get(local, "kind"), "tuple") == 0 && strncmp(out->is.text, "tensor", 6) == 0 && text_among("int float bool", out->usually.text))
		return false; /* a tensor and numbers: what a call was given, no samples */
	return !out->ragged || (out->is.ndim == out->usually.ndim && out->is.ndim > 0); /* several kinds, none of them usual: nothing is odd */
}

static bool
names(const char *line, const char *name)
{
	size_t size = strlen(name);

	for (const char *at = line; at && size && (at = strstr(at, name)); at += size)
		if ((at == line || (!isalnum((unsigned char)at[-1]) && at[-1] != '_')) && !isalnum((unsigned char)at[size]) && at[size] != '_')
			return true;
	return false;
}

bool
samples_find(const json_t *frames, const char *line, struct samples_odd *out)
{
	struct samples_odd odd;
	bool found = false, loads = false;

	for (size_t f = 0; f < json_array_size(frames); f++)
		loads = loads || strstr(text_get(json_array_get(frames, f), "file"), "/torch/utils/data/");
	for (size_t f = 0; f < json_array_size(frames) && f < FRAMES_MOST; f++) {
		const json_t *frame = json_array_get(frames, f), *locals = json_object_get(frame, "locals");
		bool loader = strstr(text_get(frame, "file"), "/torch/utils/data/") != NULL;

		for (size_t i = 0; i < json_array_size(locals); i++) {
			if (!is_odd(json_array_get(locals, i), &odd) || (!loads && !names(line, odd.list)))
				continue;
			if (found && odd.odd != out->odd)
				continue; /* of another kind than what is closer to the failure */
			*out = odd;
			found = true;
		}
		if (loader && found && strstr(text_get(frame, "function"), "fetch"))
			break;
	}
	if (found && loads)
		out->number = samples_number(frames, out->odd);
	return found;
}

int64_t
samples_asked(const json_t *frames)
{
	for (size_t f = 0; f < json_array_size(frames); f++) {
		const json_t *frame = json_array_get(frames, f), *locals = json_object_get(frame, "locals");
		const char *function = text_get(frame, "function");
		size_t size = strlen(function);

		for (size_t i = 0; size >= 11 && strcmp(function + size - 11, "__getitem__") == 0 && i < json_array_size(locals); i++) {
			const json_t *local = json_array_get(locals, i), *value = json_object_get(local, "value");

			if (text_among("i idx index item n key", text_get(local, "name")) && strcmp(text_get(local, "kind"), "int") == 0 && json_is_integer(value))
				return json_integer_value(value);
		}
	}
	return -1;
}
