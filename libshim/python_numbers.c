/* Named numbers within reach of a frame. See python_numbers.h. */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "python_forms.h"
#include "python_numbers.h"
#include "python_values.h"

#define TYPE_DICT 264 /* PyTypeObject.tp_dict */
#define FLAG_HEAP (1ul << 9)
#define SMALLEST 3    /* 0, 1 and 2 explain nothing, but 2 if it is what sizes are divided or multiplied by, 1 and 2 if they limit a number of things, and all of a token's id */
#define LARGEST (1ll << 40) /* addresses and thread numbers explain nothing either */
#define DEPTH_MAX 2
#define ENTRIES_PER_DICT 400
#define ITEMS_PER_DICT 64   /* of a mapping that is no configuration: more are data */
#define LENGTHS_PER_DICT 8  /* lists that a mapping holds */
#define SIDES_MOST 4        /* of a tuple that is a size: (height, width) */
#define CHILDREN_MAX 64     /* modules that a module holds itself */
#define CHILDREN_DEPTH 2    /* self.backbone.stem */
#define CHILDREN_NUMBERS 48 /* of one frame */
#define PATH_BYTES 200

struct search {
	struct json_writer *json;
	struct python_numbers *numbers;
	const struct python_torch *torch;
	uint32_t reserve;
	int left;
};

static bool
is_over(const struct search *search)
{
	return search->left <= 0 || search->numbers->entries > NUMBERS_ENTRIES_MAX
	       || json_left(search->json) < search->reserve;
}

/* Whether WHAT was looked at before. Remembers it. */
static bool
was_seen(struct python_numbers *numbers, const void *what)
{
	uint32_t slot = (uint32_t)(((uintptr_t)what >> 4) * 0x9e3779b97f4a7c15u >> 40) % NUMBERS_SEEN;

	while (numbers->seen[slot]) {
		if (numbers->seen[slot] == what)
			return true;
		slot = (slot + 1) % NUMBERS_SEEN;
	}
	if (numbers->seen_count >= (int)NUMBERS_SEEN * 3 / 4)
		return true;
	numbers->seen[slot] = what;
	numbers->seen_count++;
	return false;
}

static bool
has_word(const char *name, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcasestr(name, words[i]))
			return true;
	return false;
}

static bool
is_identity(const char *name)
{
	size_t size = strlen(name);

	return size > 3 && strcmp(name + size - 3, "_id") == 0;
}

/* Does so small a VALUE tell anything, as NAME: a divisor (a merge size, a stride), a limit, a token's id? */
static bool
is_told(const char *name, int64_t value)
{
	static const char *const divisors[] = { "merge", "patch", "stride", "window", "factor", "scale", "group", "beam", "head", "temporal", "fps", "rate", "repeat", "times", "views", "crops" };
	static const char *const limits[] = { "max_", "_max", "limit", "at_most" };

	return (value >= 0 && is_identity(name)) || (value == 2 && has_word(name, divisors, sizeof divisors / sizeof divisors[0])) ||
	       ((value == 1 || value == 2) && has_word(name, limits, sizeof limits / sizeof limits[0]));
}

static void
write_number(struct search *search, const char *name, int64_t value)
{
	if ((value < SMALLEST && !is_told(name, value)) || value > LARGEST || is_over(search))
		return;
	search->left--;
	json_object_begin(search->json);
	json_key(search->json, "name");
	json_string(search->json, name);
	json_key(search->json, "value");
	json_int(search->json, value);
	json_object_end(search->json);
}

/* Whether the last part of PATH is called like a configuration. */
static bool
is_configuration(const char *path)
{
	static const char *const words[] = { "config", "cfg", "args", "param", "settings", "option" };
	const char *part = strrchr(path, '.');

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (strcasestr(part ? part : path, words[i]))
			return true;
	return false;
}

/* PATH, SEPARATOR and the str KEY into OUT; false if KEY is no str or doesn't fit. */
static bool
attribute_path(char *out, const char *path, struct python_object *key)
{
	char name[100];
	size_t used = strlen(path);

	if (!python_is(key, py.PyUnicode_Type))
		return false;
	python_text_copy(key, name, sizeof name);
	if (!name[0] || !strncmp(name, "__", 2) || used + strlen(name) + 2 > PATH_BYTES)
		return false;
	memcpy(out, path, used);
	out[used++] = '.';
	strcpy(out + used, name);
	return true;
}

static void search_value(struct search *search, const char *path, struct python_object *value, int depth);

/* A mapping of a class made in Python: what a library keeps its settings in (diffusers, Lightning), where Python's own dict is a table or a cache. */
static bool
is_own_mapping(struct python_object *value)
{
	return python_kind(value) == PYTHON_DICT && (py.PyType_GetFlags(python_type(value)) & FLAG_HEAP);
}

/* The entries of DICT, as attributes of PATH or as its keys. */
static void
search_dict(struct search *search, const char *path, struct python_object *dict, bool attributes, int depth)
{
	struct python_object *key, *value;
	int most = attributes || is_configuration(path) ? ENTRIES_PER_DICT : ITEMS_PER_DICT, lengths = 0;
	char name[PATH_BYTES];
	long position = 0;

	if (was_seen(search->numbers, dict))
		return;
	for (int i = 0; i < most && !is_over(search) && py.PyDict_Next(dict, &position, &key, &value); i++) {
		search->numbers->entries++;
		if (!attributes && python_kind(value) == PYTHON_LIST && ++lengths > LENGTHS_PER_DICT)
			continue;
		if (attributes ? !attribute_path(name, path, key) : !python_values_key(name, sizeof name, path, key))
			continue;
		/* Of what is private (a module's tables, hooks and caches) only plain numbers, and settings. */
		if (!attributes || name[strlen(path) + 1] != '_' || python_is(value, py.PyLong_Type) || is_own_mapping(value))
			search_value(search, name, value, depth + 1);
	}
}

/* Integers that a class itself holds: `class Config: seq_len = 2048`. */
static void
search_class(struct search *search, const char *path, struct python_object *type)
{
	struct python_object *dict = python_at(type, TYPE_DICT), *key, *value;
	char name[PATH_BYTES];
	int64_t number;
	long position = 0;

	if (!(py.PyType_GetFlags(type) & FLAG_HEAP) || !python_is(dict, py.PyDict_Type)
	    || was_seen(search->numbers, dict))
		return;
	for (int i = 0; i < ENTRIES_PER_DICT && !is_over(search) && py.PyDict_Next(dict, &position, &key, &value); i++) {
		search->numbers->entries++;
		if (python_integer(value, &number) && attribute_path(name, path, key))
			write_number(search, name, number);
	}
}

/* What OBJECT, an instance of a class made in Python, holds. */
static void
search_object(struct search *search, const char *path, struct python_object *object, int depth)
{
	struct python_object *type = python_type(object), *dict;

	if (!(py.PyType_GetFlags(type) & FLAG_HEAP) && type != python_module_item("types", "SimpleNamespace"))
		return;
	if (python_is_tensor(search->torch, object))
		return;
	dict = python_dict(object);
	if (dict)
		search_dict(search, path, dict, true, depth);
	python_release(dict);
	if (is_configuration(path) || is_configuration(python_type_name(type)))
		search_class(search, path, type);
}

static void
write_length(struct search *search, const char *path, long length)
{
	char name[PATH_BYTES + 12] = "len(";

	strcat(name, path);
	strcat(name, ")");
	write_number(search, name, length);
}

/* VALUE, an array of numpy's: how many rows, and as "len(train.features[0])" how many columns. False if it is none. */
static bool
write_array(struct search *search, const char *path, struct python_object *value)
{
	int64_t sizes[2];
	int count = python_array_sizes(value, sizes, 2);
	char first[PATH_BYTES + 4];

	if (count > 0)
		write_length(search, path, (long)sizes[0]);
	if (count > 1) {
		strcpy(first, path);
		write_length(search, strcat(first, "[0]"), (long)sizes[1]);
	}
	return count >= 0;
}

/* VALUE, a tuple (or list) of a few integers: a size by its sides, `self.img_size[0]`. */
static void
write_sides(struct search *search, const char *path, struct python_object *value, bool list)
{
	long count = list ? py.PyList_Size(value) : py.PyTuple_Size(value);
	int64_t sides[SIDES_MOST];
	char name[PATH_BYTES + 4];
	size_t used = strlen(path);

	if (count < 2 || count > SIDES_MOST)
		return;
	for (long i = 0; i < count; i++)
		if (!python_integer(list ? py.PyList_GetItem(value, i) : py.PyTuple_GetItem(value, i), &sides[i]))
			return;
	for (long i = 0; i < count; i++) {
		memcpy(name, path, used);
		memcpy(name + used, (char[]){ '[', (char)('0' + i), ']', 0 }, 4);
		write_number(search, name, sides[i]);
	}
}

static void
search_value(struct search *search, const char *path, struct python_object *value, int depth)
{
	struct python_object *held, *dict;
	int64_t number;

	if (is_over(search))
		return;
	if (python_integer(value, &number)) {
		write_number(search, path, number);
		return;
	}
	enum python_kind kind = python_kind(value);
	if (kind == PYTHON_LIST) {
		write_length(search, path, py.PyList_Size(value));
		if (strchr(path, '.') && !strchr(path, '[')) /* an attribute: what is in a mapping or a variable is rather data */
			write_sides(search, path, value, true);
		return;
	}
	if (kind == PYTHON_TUPLE) {
		write_sides(search, path, value, false);
		return;
	}
	if (kind == PYTHON_OTHER && write_array(search, path, value))
		return;
	/* A configuration is worth one level more: self.config.vision_config.image_size. */
	if (depth >= DEPTH_MAX + is_configuration(path))
		return;
	if (kind == PYTHON_TYPE) {
		if (is_configuration(path))
			search_class(search, path, value);
		return;
	}
	dict = python_values_mapping(value, &held);
	if (dict && !is_configuration(path))
		write_length(search, path, py.PyDict_Size(dict));
	if (dict)
		search_dict(search, path, dict, false, depth);
	else if (kind == PYTHON_OTHER)
		search_object(search, path, value, depth);
	python_release(held);
}

static bool
visit_variable(void *context, const char *name, struct python_object *value)
{
	struct search *search = context;

	if (strlen(name) < 100)
		search_value(search, name, value, 0);
	return !is_over(search);
}

static bool
is_constant_name(const char *name)
{
	bool letters = false;

	for (; *name; name++) {
		if (!isupper((unsigned char)*name) && !isdigit((unsigned char)*name) && *name != '_')
			return false;
		letters |= isupper((unsigned char)*name) != 0;
	}
	return letters;
}

/* The constants (UPPER_CASE) and configurations of the module that the frame's code is in. */
static void
search_globals(struct search *search, const struct python_frame *frame)
{
	struct python_object *globals = python_trace_globals(frame), *key, *value;
	char name[100];
	int64_t number;
	long position = 0;

	if (python_kind(globals) != PYTHON_DICT || was_seen(search->numbers, globals))
		return;
	while (!is_over(search) && py.PyDict_Next(globals, &position, &key, &value)) {
		search->numbers->entries++;
		if (!python_is(key, py.PyUnicode_Type))
			continue;
		python_text_copy(key, name, sizeof name);
		if (python_integer(value, &number) ? is_constant_name(name) : is_configuration(name))
			search_value(search, name, value, 0);
	}
}

/* PyTorch's own layers tell their sizes by their weights. */
static bool
is_plain_layer(struct python_object *module)
{
	const char *name = python_type_module(python_type(module));

	return name && !strncmp(name, "torch.nn.", 9);
}

/* The public integers of MODULE, and what its configuration holds. */
static void
search_module(struct search *search, const char *path, struct python_object *module)
{
	struct python_object *dict = python_dict(module), *key, *value;
	char name[PATH_BYTES];
	long position = 0;
	int64_t number;

	if (dict && !was_seen(search->numbers, dict))
		for (int i = 0; i < ENTRIES_PER_DICT && !is_over(search) && py.PyDict_Next(dict, &position, &key, &value); i++) {
			search->numbers->entries++;
			if (!attribute_path(name, path, key) || name[strlen(path) + 1] == '_')
				continue;
			if (python_integer(value, &number))
				write_number(search, name, number);
			else if (is_configuration(name))
				search_value(search, name, value, DEPTH_MAX);
		}
	python_release(dict);
}

/* The modules that MODULE holds: backbone.num_features, encoder.config.hidden_size. Those of a list are alike, and have no such name. */
static void
search_children(struct search *search, const char *path, struct python_object *module, int depth)
{
	struct python_object *dict = python_dict(module), *children = python_item(dict, "_modules"), *key, *value;
	char name[PATH_BYTES];
	long position = 0;

	for (int i = 0; python_kind(children) == PYTHON_DICT && i < CHILDREN_MAX && !is_over(search) && py.PyDict_Next(children, &position, &key, &value); i++) {
		search->numbers->entries++;
		if (!python_is_module(search->torch, value) || !attribute_path(name, path, key) || isdigit((unsigned char)name[strlen(path) + 1]))
			continue;
		if (!is_plain_layer(value))
			search_module(search, name, value);
		if (depth + 1 < CHILDREN_DEPTH)
			search_children(search, name, value, depth + 1);
	}
	python_release(dict);
}

static bool
visit_module(void *context, const char *name, struct python_object *value)
{
	struct search *search = context;

	if (strlen(name) < 100 && python_is_module(search->torch, value))
		search_children(search, name, value, 0);
	return !is_over(search);
}

void
python_numbers_write(struct json_writer *json, struct python_numbers *numbers, const struct python_torch *torch,
		     const struct python_frame *frame, uint32_t reserve)
{
	struct search search = { json, numbers, torch, reserve + 512, NUMBERS_PER_FRAME };
	struct python_visitor visitor = { visit_variable, &search }, modules = { visit_module, &search };

	json_array_begin(json);
	python_trace_variables(frame, &visitor);
	if (!python_code_is_module(frame->code))
		search_globals(&search, frame);
	search.left = search.left < CHILDREN_NUMBERS ? search.left : CHILDREN_NUMBERS;
	python_trace_variables(frame, &modules);
	json_array_end(json);
}
